import msgspec
import pytest

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY
from tenure.wire import root as roots
from tenure.wire import rotation
from tenure.wire.jwks import jwks
from tenure.wire.keys import Purpose
from tenure.wire.leases import SealedLease, read_lease, seal_lease
from tenure.wire.root import Document, Root
from tests.wire.samples import NOW, YEAR, document, key, lease, pinned, root_key, signed, signer

LATER = NOW + YEAR


def begun() -> Document:
    keys = (key("lease-1", Purpose.LEASE), key("answer-1", Purpose.ANSWER))
    made = rotation.begin("vendor-1", (root_key("root-a"), root_key("root-b")), 2, keys, NOW, LATER)
    assert isinstance(made, Document)
    return made


def published(at: int = NOW) -> Document:
    made = rotation.publish(begun(), key("lease-2", Purpose.LEASE), at, LATER)
    assert isinstance(made, Document)
    return made


def unfit(found: object, when: int | None = None) -> None:
    assert isinstance(found, Refused), found
    assert (found.code, found.when) == (Code.KEY_NOT_FOR_THIS, when)


def test_a_key_is_rotated_without_any_client_noticing() -> None:
    """Publish, wait, use, close, wait, retire: at every step whatever a client may hold verifies under its root."""
    first = begun()
    old = roots.pin(signed(first))
    assert isinstance(old, Root)
    before = seal_lease(lease(), signer("lease-1"))

    second = published()
    new = roots.step(old, signed(second))
    assert isinstance(new, Root)
    in_use = rotation.signing_key(second, Purpose.LEASE, "antivirus", NOW + DAY)
    assert isinstance(in_use, roots.Key)
    assert in_use.kid == "lease-1"

    switched = NOW + rotation.REFRESH
    in_use = rotation.signing_key(second, Purpose.LEASE, "antivirus", switched)
    assert isinstance(in_use, roots.Key)
    assert in_use.kid == "lease-2"

    third = rotation.close(second, "lease-1", switched, LATER)
    assert isinstance(third, Document)
    newest = roots.step(new, signed(third))
    assert isinstance(newest, Root)
    after = seal_lease(lease(iat=switched, nbf=switched, serial=2), signer("lease-2"))
    assert isinstance(read_lease(before, newest), SealedLease)
    assert isinstance(read_lease(after, newest), SealedLease)
    assert isinstance(read_lease(after, new), SealedLease)
    unfit(read_lease(seal_lease(lease(iat=switched, nbf=switched), signer("lease-1")), newest))

    gone = rotation.verifiable_until(third.keys[0])
    unfit(rotation.retire(third, "lease-1", gone - 1, LATER), gone)
    fourth = rotation.retire(third, "lease-1", gone, LATER)
    assert isinstance(fourth, Document)
    assert fourth.version == 4
    assert fourth.find("lease-1") is None


def test_using_a_key_before_clients_could_have_fetched_it_is_refused_with_the_instant() -> None:
    ready = NOW + rotation.REFRESH
    unfit(rotation.use(published(), "lease-2", ready - 1), ready)
    assert isinstance(rotation.use(published(), "lease-2", ready), roots.Key)
    unfit(rotation.use(published(), "lease-2", NOW + YEAR))


def test_keys_of_the_first_version_are_used_at_once_also_after_the_next_is_published() -> None:
    assert isinstance(rotation.use(begun(), "lease-1", NOW), roots.Key)
    assert isinstance(rotation.use(published(NOW + 1), "lease-1", NOW + 1), roots.Key)


def test_an_unpublished_key_is_unknown_to_every_step() -> None:
    for refused in (
        rotation.use(begun(), "lease-2", NOW),
        rotation.close(begun(), "lease-2", NOW, LATER),
        rotation.retire(begun(), "lease-2", NOW, LATER),
        rotation.revoke(begun(), "lease-2", NOW, LATER),
    ):
        assert isinstance(refused, Refused)
        assert refused.code is Code.KEY_UNKNOWN


def test_closing_the_only_ready_key_is_refused() -> None:
    unfit(rotation.close(begun(), "lease-1", NOW, LATER))
    unfit(rotation.close(published(), "lease-1", NOW + rotation.REFRESH - 1, LATER))
    narrow = rotation.publish(begun(), key("lease-2", Purpose.LEASE, products=("antivirus",)), NOW, LATER)
    assert isinstance(narrow, Document)
    unfit(rotation.close(narrow, "lease-1", NOW + rotation.REFRESH, LATER))


def test_a_key_not_yet_in_use_cannot_be_closed() -> None:
    future = rotation.publish(begun(), key("lease-2", Purpose.LEASE, nbf=NOW + 9 * DAY), NOW, LATER)
    assert isinstance(future, Document)
    for early in (NOW, NOW + 9 * DAY):
        unfit(rotation.close(future, "lease-2", early, LATER), NOW + 9 * DAY + 1)
    unfit(rotation.use(future, "lease-2", NOW + 9 * DAY - 1), NOW + 9 * DAY)


def test_retiring_waits_for_leases_their_successors_and_amnesties() -> None:
    closed = rotation.close(published(), "lease-1", NOW + rotation.REFRESH, LATER)
    assert isinstance(closed, Document)
    last = closed.find("lease-1")
    assert last is not None
    assert last.naf == NOW + rotation.REFRESH
    assert rotation.verifiable_until(last) == last.naf + 2 * 31 * DAY + 30 * DAY


def test_a_stolen_key_is_revoked_at_once_and_all_it_signed_dies() -> None:
    revoked = rotation.revoke(published(), "lease-1", NOW + DAY, LATER)
    assert isinstance(revoked, Document)
    old = roots.pin(signed(begun()))
    assert isinstance(old, Root)
    middle = roots.step(old, signed(published()))
    assert isinstance(middle, Root)
    new = roots.step(middle, signed(revoked))
    assert isinstance(new, Root)
    refused = read_lease(seal_lease(lease(), signer("lease-1")), new)
    assert isinstance(refused, Refused)
    assert refused.code is Code.KEY_UNKNOWN


@pytest.mark.parametrize("kid", ["lease-1", "answer-1", "root-a"])
def test_a_known_id_or_key_is_not_published_again(kid: str) -> None:
    for again in (key(kid, Purpose.LEASE), msgspec.structs.replace(key(kid, Purpose.LEASE), kid="fresh")):
        refused = rotation.publish(begun(), again, NOW, LATER)
        assert isinstance(refused, Refused)
        assert refused.code is Code.ALREADY_EXISTS


def test_what_no_reader_would_accept_is_not_published() -> None:
    for refused in (
        rotation.publish(begun(), key("real", Purpose.SANDBOX), NOW, LATER),
        rotation.publish(begun(), key("lease-2", Purpose.LEASE), NOW, NOW),
        rotation.begin("vendor-1", (root_key("root-a"),), 2, (), NOW, LATER),
    ):
        assert isinstance(refused, Refused)
        assert refused.code is Code.ROOT_REJECTED


def test_the_key_set_shows_lease_keys_that_still_matter_and_nothing_else() -> None:
    kids = [each["kid"] for each in jwks(pinned(), NOW)["keys"]]
    assert kids == ["lease-1", "lease-anti"]
    assert [each["kid"] for each in jwks(pinned(), NOW, sandbox=True)["keys"]] == ["sandbox-1"]
    last = document().keys[0]
    gone = rotation.verifiable_until(last)
    assert jwks(pinned(), gone - 1)["keys"]
    assert not jwks(pinned(), gone)["keys"]
    shown = jwks(pinned(), NOW)["keys"][0]
    assert shown == {"kty": "OKP", "crv": "Ed25519", "x": last.x, "kid": "lease-1", "alg": "EdDSA", "use": "sig"}
