"""A stolen key, seen from a real site and a real device: they walk to the new root document and go on working."""

from pathlib import Path
from secrets import token_bytes

import pytest

from tenure.sdk.outcomes import Rejected, Synchronized
from tenure.server import keyring
from tenure.wire import rotation
from tenure.wire.keys import Purpose
from tests.server.server_env import START
from tests.server.test_keys import Vault, with_spare
from tests.site.site_env import FEATURES, SiteEnv, site_env

UNTIL = START + 700 * 86_400


def replaced(place: SiteEnv, vault: Vault, purpose: Purpose) -> None:
    """The vendor replaces the one key of that purpose, while the server runs."""
    now = place.time()
    (gone,) = [key for key in vault.document.keys if key.purpose is purpose]
    spare = next(key for key in vault.founded.secrets.keys if key.purpose is purpose and key.kid != gone.kid)
    document = rotation.replace_key(vault.document, gone.kid, keyring.online_entry(spare, now), now, UNTIL)
    assert place.ask(vault.put(document)) == "published"


@pytest.mark.parametrize("purpose", [Purpose.LEASE, Purpose.ANSWER, Purpose.NOTICE])
def test_a_site_and_its_devices_go_on_after_a_stolen_key_was_replaced(tmp_path: Path, purpose: Purpose) -> None:
    founded, _ = with_spare(purpose)
    with site_env(tmp_path, founded=founded) as place:
        vault = Vault(place.env, founded)
        house = place.site()
        _, code = place.order()
        house.activate(code)
        agent = house.agent()
        assert agent.enroll(house.ticket()) is None
        place.wait(3_600)
        replaced(place, vault, purpose)
        assert isinstance(house.sync("manual"), Synchronized)
        standing = house.license.take_snapshot().standing
        assert (standing.phase, set(standing.features) >= FEATURES) == ("active", True)
        place.wait(2 * 86_400)
        assert isinstance(house.sync(), Synchronized)
        assert agent.refresh() is None
        assert agent.on >= FEATURES
        other = place.site("other")
        other.activate(code)


def test_a_site_that_is_not_answered_for_want_of_a_key_loses_nothing(tmp_path: Path) -> None:
    founded = keyring.found_server("root-test", token_bytes, START)
    with site_env(tmp_path, founded=founded) as place:
        vault = Vault(place.env, founded)
        house = place.site()
        _, code = place.order()
        house.activate(code)
        (answer,) = [key.kid for key in vault.document.keys if key.purpose is Purpose.ANSWER]
        assert place.ask(vault.put(rotation.revoke_key(vault.document, answer, place.time(), UNTIL))) == "published"
        place.wait(3_600)
        told = house.sync("manual")
        assert isinstance(told, Rejected)
        assert not told.conclusive
        assert set(house.license.take_snapshot().standing.features) >= FEATURES
