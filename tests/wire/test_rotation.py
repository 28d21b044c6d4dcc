import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import root as roots
from tenure.wire import rotation
from tenure.wire.jwks import jwk_set
from tenure.wire.keys import Purpose
from tenure.wire.leases import SealedLease, read_lease, seal_lease
from tenure.wire.root import RootDocument, TrustedRoot
from tests.wire.samples import NOW, YEAR, document, key, lease, pinned, root_key, signed, signer

LATER = NOW + YEAR


def begun() -> RootDocument:
    keys = (key("lease-1", Purpose.LEASE), key("answer-1", Purpose.ANSWER))
    made = rotation.first_document("vendor-1", (root_key("root-a"), root_key("root-b")), 2, keys, NOW, LATER)
    assert isinstance(made, RootDocument)
    return made


def published(at: int = NOW) -> RootDocument:
    made = rotation.publish_key(begun(), key("lease-2", Purpose.LEASE), at, LATER)
    assert isinstance(made, RootDocument)
    return made


def unfit(found: object, when: int | None = None) -> None:
    assert isinstance(found, Refused), found
    assert (found.code, found.when) == (RefusalCode.KEY_NOT_FOR_THIS, when)


def test_a_key_is_rotated_without_any_client_noticing() -> None:
    """Publish, wait, use, close, wait, retire: at every step whatever a client may hold verifies under its root."""
    first = begun()
    old = roots.pin_root(signed(first))
    assert isinstance(old, TrustedRoot)
    before = seal_lease(lease(), signer("lease-1"))

    second = published()
    new = roots.step_root(old, signed(second))
    assert isinstance(new, TrustedRoot)
    in_use = rotation.signing_key(second, Purpose.LEASE, "antivirus", NOW + DAY)
    assert isinstance(in_use, roots.OnlineKey)
    assert in_use.kid == "lease-1"

    switched = NOW + rotation.REFRESH
    in_use = rotation.signing_key(second, Purpose.LEASE, "antivirus", switched)
    assert isinstance(in_use, roots.OnlineKey)
    assert in_use.kid == "lease-2"

    third = rotation.close_key(second, "lease-1", switched, LATER)
    assert isinstance(third, RootDocument)
    newest = roots.step_root(new, signed(third))
    assert isinstance(newest, TrustedRoot)
    after = seal_lease(lease(iat=switched, nbf=switched, serial=2), signer("lease-2"))
    assert isinstance(read_lease(before, newest), SealedLease)
    assert isinstance(read_lease(after, newest), SealedLease)
    assert isinstance(read_lease(after, new), SealedLease)
    unfit(read_lease(seal_lease(lease(iat=switched, nbf=switched), signer("lease-1")), newest))

    gone = rotation.verifiable_until(third.keys[0])
    unfit(rotation.retire_key(third, "lease-1", gone - 1, LATER), gone)
    fourth = rotation.retire_key(third, "lease-1", gone, LATER)
    assert isinstance(fourth, RootDocument)
    assert fourth.version == 4
    assert fourth.find_key("lease-1") is None


def test_using_a_key_before_clients_could_have_fetched_it_is_refused_with_the_instant() -> None:
    ready = NOW + rotation.REFRESH
    unfit(rotation.usable_key(published(), "lease-2", ready - 1), ready)
    assert isinstance(rotation.usable_key(published(), "lease-2", ready), roots.OnlineKey)
    unfit(rotation.usable_key(published(), "lease-2", NOW + YEAR))


def test_keys_of_the_first_version_are_used_at_once_also_after_the_next_is_published() -> None:
    assert isinstance(rotation.usable_key(begun(), "lease-1", NOW), roots.OnlineKey)
    assert isinstance(rotation.usable_key(published(NOW + 1), "lease-1", NOW + 1), roots.OnlineKey)


def test_an_unpublished_key_is_unknown_to_every_step() -> None:
    for refused in (
        rotation.usable_key(begun(), "lease-2", NOW),
        rotation.close_key(begun(), "lease-2", NOW, LATER),
        rotation.retire_key(begun(), "lease-2", NOW, LATER),
        rotation.revoke_key(begun(), "lease-2", NOW, LATER),
    ):
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.KEY_UNKNOWN


def test_closing_the_only_ready_key_is_refused() -> None:
    unfit(rotation.close_key(begun(), "lease-1", NOW, LATER))
    unfit(rotation.close_key(published(), "lease-1", NOW + rotation.REFRESH - 1, LATER))
    narrow = rotation.publish_key(begun(), key("lease-2", Purpose.LEASE, products=("antivirus",)), NOW, LATER)
    assert isinstance(narrow, RootDocument)
    unfit(rotation.close_key(narrow, "lease-1", NOW + rotation.REFRESH, LATER))


def test_a_key_not_yet_in_use_cannot_be_closed() -> None:
    future = rotation.publish_key(begun(), key("lease-2", Purpose.LEASE, nbf=NOW + 9 * DAY), NOW, LATER)
    assert isinstance(future, RootDocument)
    for early in (NOW, NOW + 9 * DAY):
        unfit(rotation.close_key(future, "lease-2", early, LATER), NOW + 9 * DAY + 1)
    unfit(rotation.usable_key(future, "lease-2", NOW + 9 * DAY - 1), NOW + 9 * DAY)


def test_retiring_waits_for_leases_their_successors_and_amnesties() -> None:
    closed = rotation.close_key(published(), "lease-1", NOW + rotation.REFRESH, LATER)
    assert isinstance(closed, RootDocument)
    last = closed.find_key("lease-1")
    assert last is not None
    assert last.naf == NOW + rotation.REFRESH
    assert rotation.verifiable_until(last) == last.naf + 2 * 31 * DAY + 30 * DAY


def test_a_stolen_key_is_revoked_at_once_and_all_it_signed_dies() -> None:
    revoked = rotation.revoke_key(published(), "lease-1", NOW + DAY, LATER)
    assert isinstance(revoked, RootDocument)
    old = roots.pin_root(signed(begun()))
    assert isinstance(old, TrustedRoot)
    middle = roots.step_root(old, signed(published()))
    assert isinstance(middle, TrustedRoot)
    new = roots.step_root(middle, signed(revoked))
    assert isinstance(new, TrustedRoot)
    refused = read_lease(seal_lease(lease(), signer("lease-1")), new)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.KEY_UNKNOWN


@pytest.mark.parametrize("kid", ["lease-1", "answer-1", "root-a"])
def test_a_known_id_or_key_is_not_published_again(kid: str) -> None:
    for again in (key(kid, Purpose.LEASE), msgspec.structs.replace(key(kid, Purpose.LEASE), kid="fresh")):
        refused = rotation.publish_key(begun(), again, NOW, LATER)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.ALREADY_EXISTS


def test_what_no_reader_would_accept_is_not_published() -> None:
    for refused in (
        rotation.publish_key(begun(), key("real", Purpose.SANDBOX), NOW, LATER),
        rotation.publish_key(begun(), key("lease-2", Purpose.LEASE), NOW, NOW),
        rotation.first_document("vendor-1", (root_key("root-a"),), 2, (), NOW, LATER),
    ):
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.ROOT_REJECTED


def test_the_key_set_shows_lease_keys_that_still_matter_and_nothing_else() -> None:
    kids = [each["kid"] for each in jwk_set(pinned(), NOW)["keys"]]
    assert kids == ["lease-1", "lease-anti"]
    assert [each["kid"] for each in jwk_set(pinned(), NOW, sandbox=True)["keys"]] == ["sandbox-1"]
    last = document().keys[0]
    gone = rotation.verifiable_until(last)
    assert jwk_set(pinned(), gone - 1)["keys"]
    assert not jwk_set(pinned(), gone)["keys"]
    shown = jwk_set(pinned(), NOW)["keys"][0]
    assert shown == {"kty": "OKP", "crv": "Ed25519", "x": last.x, "kid": "lease-1", "alg": "EdDSA", "use": "sig"}
