"""A copy of a site: found at the stale copy's first synchronisation, and no seat too many until it is settled (B9)."""

import shutil

import msgspec

from tenure.core.refusals import Code
from tenure.core.timeline import DAY, HOUR
from tenure.sdk.outcomes import Declined, Synchronized
from tests.site.town import FEATURES, House, Town


def clone(house: House) -> House:
    """The whole disk, copied while the site runs."""
    folder = house.folder.with_name(f"{house.folder.name}-clone")
    house.site.store.close()
    shutil.copytree(house.folder, folder)
    house.open()
    made = House(house.town, folder)
    house.town.sites.append(made)
    return made


def test_b09_the_stale_copy_is_found_and_signs_no_new_seat_but_its_devices_go_on(house: House) -> None:
    desk = house.agent()
    assert desk.enrol(house.ticket()) is None
    ticket = house.ticket(uses=5)
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    found = copy.sync()
    assert isinstance(found, Synchronized)
    assert found.result == "forked"
    assert "fork_found" in copy.events()
    assert copy.look().terms.contact_until <= house.town.time.now + 7 * DAY  # type: ignore[union-attr]
    fresh = copy.agent("fresh")
    refused = fresh.enrol(ticket)
    assert refused is not None
    assert refused.code is Code.LEASE_FORKED
    assert fresh.on == frozenset()
    assert [device.state for device in copy.devices()] == ["protected", "waiting"]
    desk.house = copy
    assert desk.refresh() is None
    assert desk.on == FEATURES
    assert house.agent("honest").enrol(ticket) is None


def test_a_forks_answer_does_not_open_a_site_that_has_just_started(house: House) -> None:
    copy = clone(house)
    assert isinstance(house.sync(), Synchronized)
    copy.sync()
    assert not copy.look().opened
    house.town.wait(DAY)
    assert copy.look().opened, "after a day it would, but the fork still forbids"
    assert copy.agent("fresh").enrol(copy.ticket()) is not None


def test_no_fork_is_found_where_only_answers_were_lost(house: House) -> None:
    for number in range(6):
        house.cable.loses_answer = number % 2 == 0
        outcome = house.sync()
        house.town.wait(2 * HOUR)
        if number % 2:
            assert isinstance(outcome, Synchronized)
            assert outcome.result != "forked"


def test_a_killed_site_sends_its_last_request_again_byte_for_byte(house: House) -> None:
    house.cable.loses_answer = True
    assert isinstance(house.sync(), Declined)
    house.cable.loses_answer = False
    house.restart()
    first = house.cable.sent[-1].body
    assert isinstance(house.sync(), Synchronized)
    again = [request.body for request in house.cable.sent if request.path == "/v1/sync"]
    assert again.count(first) == 2


def test_after_a_resolved_fork_one_round_of_refreshes_goes_by_before_a_new_seat(here: Town) -> None:
    house = here.house()
    name, code = here.order()
    house.activate(code)
    copy = clone(house)
    house.sync()
    copy.sync()
    assert copy.look().kept.forked
    look = copy.look()
    pretended = look.kept.present.epoch + 10
    copy.watch.note(copy.license)
    site = here.get(f"/v1/subscriptions/{name}")["sites"][0]
    assert site["forked"]
    # The server's word after the resolution: a lease of a later epoch, and no fork any more.
    kept = copy.license.keeper.holder.kept
    settled = msgspec.structs.replace(
        kept, forked=False, present=msgspec.structs.replace(kept.present, epoch=pretended)
    )
    copy.license.keeper.holder.save(settled)
    copy.license._answered = True
    copy.watch.note(copy.license)
    refused = copy.agent("fresh").enrol(copy.ticket(uses=3))
    assert refused is not None
    assert refused.code is Code.UNREACHABLE
    here.wait(27 * HOUR)
    assert copy.agent("later").enrol(copy.ticket()) is None
