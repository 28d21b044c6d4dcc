"""The rules of TUF for root documents, one situation each."""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import b64, jws
from tenure.wire import root as roots
from tenure.wire.b64 import encode_text
from tenure.wire.keys import Purpose
from tenure.wire.root import RootDocument, RootKey, TrustedRoot
from tests.wire.samples import NOW, YEAR, document, key, pinned, root_key, signed, signer


def following(of: RootDocument, **changes: object) -> RootDocument:
    return msgspec.structs.replace(of, version=of.version + 1, **changes)


def rejected(read: object, part: str = "") -> None:
    assert isinstance(read, Refused), read
    assert read.code is RefusalCode.ROOT_REJECTED
    assert part in read.detail


# --- the first document ---------------------------------------------------------------------------------------------


def test_the_pinned_document_is_signed_by_its_own_threshold() -> None:
    assert isinstance(roots.pin_root(signed(document())), TrustedRoot)
    assert isinstance(roots.pin_root(signed(document(), "root-a", "root-b", "root-c")), TrustedRoot)
    assert isinstance(roots.pin_root(signed(document()) + b"\n"), TrustedRoot)
    rejected(roots.pin_root(signed(document(), "root-a")), "lacks signatures")
    rejected(roots.pin_root(signed(document(), "root-a", "lease-1")), "lacks signatures")


def test_one_of_one_is_enough_for_a_start() -> None:
    assert isinstance(
        roots.pin_root(signed(document(threshold=1, root_keys=(root_key("root-a"),)), "root-a")), TrustedRoot
    )


def test_a_key_that_signs_twice_counts_once() -> None:
    rejected(roots.pin_root(signed(document(), "root-a", "root-a")), "lacks signatures")
    # Nor does it help to spell the header otherwise, so that the two lines differ.
    once = signed(document(), "root-a")
    header = b64.b64_encode(b'{"alg":"EdDSA","kid":"root-a","typ":"tenure-root+jws","n":2}')
    line = header + b"." + once.split(b".")[1]
    again = line + b"." + b64.b64_encode(signer("root-a").sign(line))
    rejected(roots.pin_root(once + b"\n" + again), "lacks signatures")
    assert isinstance(roots.pin_root(once + b"\n" + again + b"\n" + signed(document(), "root-b")), TrustedRoot)


def test_one_public_key_under_two_ids_is_refused() -> None:
    twin = RootKey("root-twin", encode_text(signer("root-a").public))
    rejected(roots.pin_root(signed(document(root_keys=(root_key("root-a"), twin)), "root-a")), "two ids")


def test_one_id_for_two_keys_is_refused() -> None:
    other = RootKey("root-a", encode_text(signer("root-b").public))
    rejected(roots.pin_root(signed(document(root_keys=(root_key("root-a"), other)), "root-a")), "id occurs twice")


def test_an_invalid_signature_counts_for_nothing_and_harms_nothing() -> None:
    wrong = roots.sign_document(document(issued=1), [signer("root-b")])
    good = signed(document(), "root-a", "root-c")
    forged_line = good.split(b"\n")[0].rpartition(b".")[0] + b"." + wrong.rpartition(b".")[2]
    assert isinstance(roots.pin_root(good + b"\n" + forged_line), TrustedRoot)
    rejected(roots.pin_root(good.split(b"\n")[0] + b"\n" + forged_line), "lacks signatures")


def test_signatures_over_different_documents_do_not_add_up() -> None:
    mixed = signed(document(), "root-a") + b"\n" + signed(document(issued=NOW), "root-b")
    rejected(roots.pin_root(mixed), "not all over the same")


def test_holders_of_root_keys_sign_one_after_another() -> None:
    alone = signed(document(), "root-a")
    together = roots.add_signature(alone + b"\n", signer("root-b"))
    assert together == signed(document())
    assert isinstance(roots.pin_root(together), TrustedRoot)


def test_each_line_is_an_ordinary_jws_of_the_context_root() -> None:
    for line, kid in zip(signed(document()).split(b"\n"), ("root-a", "root-b"), strict=True):
        assert isinstance(
            jws.open_token(line, jws.TokenType.ROOT, lambda _, k=kid: signer(k).public), jws.VerifiedToken
        )


@pytest.mark.parametrize(
    ("bad", "part"),
    [
        pytest.param(document(threshold=4), "threshold", id="threshold beyond the keys"),
        pytest.param(document(expires=NOW - 60 * DAY), "expires", id="expires before it is issued"),
        pytest.param(document(keys=(key("root-a", Purpose.LEASE),)), "twice", id="a root key on a server"),
        pytest.param(document(keys=(key("a", Purpose.LEASE, naf=0),)), "empty", id="empty window"),
        pytest.param(document(keys=(key("real", Purpose.SANDBOX),)), "prefix", id="sandbox key without its prefix"),
        pytest.param(document(keys=(key("a", Purpose.LEASE, x=encode_text(bytes(32))),)), "Ed25519", id="no key"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused_whoever_signed_it(bad: RootDocument, part: str) -> None:
    rejected(roots.pin_root(signed(bad, "root-a", "root-b", "root-c")), part)


@pytest.mark.parametrize(
    "change",
    [{"version": 0}, {"version": 2**40}, {"threshold": 0}, {"id": "Vendor One"}, {"root_keys": ()}, {"expires": 2**40}],
    ids=str,
)
def test_a_document_out_of_bounds_is_malformed_and_the_field_named(change: dict[str, object]) -> None:
    read = roots.pin_root(signed(document(**change)))
    assert isinstance(read, Refused)
    assert (read.code, read.field) == (RefusalCode.MESSAGE_MALFORMED, next(iter(change)))


def test_size_and_number_of_signatures_are_bounded() -> None:
    too_large = roots.pin_root(b"x" * (roots.CAP + 1))
    assert isinstance(too_large, Refused)
    assert too_large.code is RefusalCode.MESSAGE_TOO_LARGE
    wide = roots.pin_root(signed(document(), *["root-a", "root-b", "root-c"] * 10))
    assert isinstance(wide, Refused)
    assert wide.code is RefusalCode.MESSAGE_TOO_LARGE
    small = document(keys=(), threshold=1, root_keys=(root_key("root-a"),))
    rejected(roots.pin_root(signed(small, *["root-a"] * 33)), "More than 32")
    assert isinstance(roots.pin_root(signed(small, *["root-a"] * 32)), TrustedRoot)


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"{}", b"a.b.c", b"\xff"])
def test_what_is_no_root_document_is_malformed(data: bytes) -> None:
    read = roots.pin_root(data)
    assert isinstance(read, Refused)
    assert read.code is RefusalCode.MESSAGE_MALFORMED


# --- the walk -------------------------------------------------------------------------------------------------------


def test_the_next_version_is_signed_by_the_thresholds_of_both() -> None:
    changed = following(document(), root_keys=(root_key("root-c"), root_key("root-d"), root_key("root-e")))
    current = pinned()
    rejected(roots.step_root(current, signed(changed, "root-a", "root-b")), "of version 2")
    rejected(roots.step_root(current, signed(changed, "root-d", "root-e")), "of version 1")
    rejected(roots.step_root(current, signed(changed, "root-a", "root-d", "root-e")), "of version 1")
    assert isinstance(roots.step_root(current, signed(changed, "root-a", "root-b", "root-d", "root-e")), TrustedRoot)
    # A holder who stays counts on both sides.
    assert isinstance(roots.step_root(current, signed(changed, "root-a", "root-c", "root-d")), TrustedRoot)


def test_a_raised_threshold_needs_its_signatures_at_once() -> None:
    raised = following(document(), threshold=3)
    rejected(roots.step_root(pinned(), signed(raised, "root-a", "root-b")), "3 root keys")
    assert isinstance(roots.step_root(pinned(), signed(raised, "root-a", "root-b", "root-c")), TrustedRoot)


def test_a_removed_root_key_signs_no_later_version() -> None:
    second = following(document(), root_keys=(root_key("root-a"), root_key("root-b")))
    current = roots.step_root(pinned(), signed(second))
    assert isinstance(current, TrustedRoot)
    third = following(second, issued=NOW)
    rejected(roots.step_root(current, signed(third, "root-a", "root-c")), "of version 2")


@pytest.mark.parametrize("version", [1, 2, 4, 5, 100])
def test_versions_come_one_at_a_time_and_never_go_back(version: int) -> None:
    second = following(document())
    current = roots.step_root(pinned(), signed(second))
    assert isinstance(current, TrustedRoot)
    rejected(roots.step_root(current, signed(msgspec.structs.replace(second, version=version))), "does not follow 2")


def test_the_root_of_another_vendor_is_not_followed_even_with_the_same_keys() -> None:
    rejected(roots.step_root(pinned(), signed(following(document(), id="vendor-2"))), "another vendor's")


def chain(length: int, **last: object) -> list[bytes]:
    steps, current = [], document(keys=(), threshold=1, root_keys=(root_key("root-a"),))
    for number in range(length):
        current = following(current, **(last if number == length - 1 else {}))
        steps.append(signed(current, "root-a"))
    return steps


START = document(keys=(), threshold=1, root_keys=(root_key("root-a"),))


def start(**changes: object) -> TrustedRoot:
    read = roots.pin_root(signed(msgspec.structs.replace(START, **changes), "root-a"))
    assert isinstance(read, TrustedRoot)
    return read


def walked(root: TrustedRoot, steps: list[bytes]) -> TrustedRoot:
    for data in steps:
        following = roots.step_root(root, data)
        assert isinstance(following, TrustedRoot)
        root = following
    return root


def test_expired_versions_on_the_way_do_no_harm_and_an_expired_last_one_is_refused() -> None:
    past = NOW - DAY
    steps = chain(3)
    stale = [signed(msgspec.structs.replace(START, version=v, expires=past), "root-a") for v in (2, 3, 4)]
    for way in (steps, [*stale[:2], steps[2]]):
        assert roots.refuse_expired(walked(start(expires=past), way), NOW) is None
    rejected(roots.refuse_expired(walked(start(), [steps[0], steps[1], stale[2]]), NOW), "expired")
    rejected(roots.refuse_expired(start(expires=past), NOW), "expired")


def test_expiry_is_to_the_second() -> None:
    root = start(expires=NOW)
    assert roots.refuse_expired(root, NOW - 1) is None
    rejected(roots.refuse_expired(root, NOW), "expired")


def test_a_version_left_out_is_not_stepped_over() -> None:
    steps = chain(3)
    rejected(roots.step_root(walked(start(), steps[:1]), steps[2]), "does not follow")


# --- what a key may do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("kid", ["lease-1", "answer-1", "notice-1", "checkpoint-1", "webhook-1"])
def test_a_key_serves_its_one_purpose(kid: str, purpose: Purpose) -> None:
    found = pinned().key_for(kid, purpose)
    if kid == f"{purpose.value}-1":
        assert isinstance(found, roots.OnlineKey)
        assert found.public == signer(kid).public
    else:
        assert isinstance(found, Refused)
        assert found.code is RefusalCode.KEY_NOT_FOR_THIS


@pytest.mark.parametrize(
    ("kid", "purpose", "production", "sandbox"),
    [
        ("sandbox-1", Purpose.LEASE, False, True),
        ("sandbox-1", Purpose.ANSWER, False, True),
        ("sandbox-1", Purpose.NOTICE, False, True),
        ("sandbox-1", Purpose.CHECKPOINT, False, False),
        ("sandbox-1", Purpose.WEBHOOK, False, False),
        ("dev-lease", Purpose.LEASE, False, True),
        ("dev-lease", Purpose.ANSWER, False, False),
        ("lease-1", Purpose.LEASE, True, True),
    ],
)
def test_sandbox_and_development_keys_count_only_in_a_sandbox(
    kid: str, purpose: Purpose, production: bool, sandbox: bool
) -> None:
    root = pinned()
    assert isinstance(root.key_for(kid, purpose), roots.OnlineKey) is production
    assert isinstance(root.key_for(kid, purpose, sandbox=True), roots.OnlineKey) is sandbox


def test_a_key_serves_its_products_in_its_window() -> None:
    root = pinned()
    found = root.key_for("lease-anti", Purpose.LEASE, product="antivirus", at=NOW)
    assert isinstance(found, roots.OnlineKey)
    for refused in (
        root.key_for("lease-anti", Purpose.LEASE, product="backup"),
        root.key_for("lease-anti", Purpose.LEASE, product="antivirus", at=found.nbf - 1),
        root.key_for("lease-anti", Purpose.LEASE, product="antivirus", at=found.naf),
    ):
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.KEY_NOT_FOR_THIS
    assert isinstance(root.key_for("lease-1", Purpose.LEASE, product="anything", at=found.nbf), roots.OnlineKey)
    assert isinstance(root.key_for("lease-1", Purpose.LEASE, product="anything", at=found.naf - 1), roots.OnlineKey)


@pytest.mark.parametrize("kid", ["", "nobody", "LEASE-1", "lease-1\n", "root-a", "x" * 10_000])
def test_an_unknown_key_is_unknown(kid: str) -> None:
    found = pinned().key_for(kid, Purpose.LEASE)
    assert isinstance(found, Refused)
    assert found.code is RefusalCode.KEY_UNKNOWN
    assert len(found.detail) < 200


def test_the_fingerprint_is_of_the_content_and_not_of_who_signed() -> None:
    two, three = roots.pin_root(signed(document())), roots.pin_root(signed(document(), "root-c", "root-b", "root-a"))
    changed = roots.pin_root(signed(document(expires=NOW + YEAR + 1)))
    assert isinstance(two, TrustedRoot)
    assert isinstance(three, TrustedRoot)
    assert isinstance(changed, TrustedRoot)
    assert two.fingerprint() == three.fingerprint() != changed.fingerprint()
    assert len(two.fingerprint().split("-")) == 8


def test_a_root_of_a_sandbox_alone_is_known_as_such() -> None:
    assert not pinned().is_sandbox
    assert pinned(document(keys=(key("sandbox-1", Purpose.SANDBOX), key("answer-1", Purpose.ANSWER)))).is_sandbox
    assert not pinned(document(keys=())).is_sandbox
