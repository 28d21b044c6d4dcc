import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.wire import exchanges, jws, messages
from tenure.wire.b64 import encode_text
from tenure.wire.exchanges import ProvenAnswer, ProvenRequest
from tenure.wire.jws import TokenType, token_digest
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.leases import seal_lease
from tenure.wire.messages import ActivateAnswer
from tests.wire.samples import (
    ACTIVATE,
    NONCE,
    NOW,
    OTHER_SITE,
    SITE,
    SYNC,
    YEAR,
    activate_request,
    document,
    key,
    lease,
    pinned,
    seed,
    signer,
    sync_answer,
    sync_request,
)

ANSWER = exchanges.answer_sync(sync_answer(), signer("answer-1"))


def refused(read: object, code: RefusalCode) -> Refused:
    assert isinstance(read, Refused), read
    assert read.code is code, read
    return read


def synced(token: bytes) -> object:
    envelope = exchanges.unwrap_sync(token)
    return envelope if isinstance(envelope, Refused) else exchanges.read_sync(envelope, SITE.public)


# --- questions ------------------------------------------------------------------------------------------------------


def test_a_synchronization_is_proven_by_the_registered_key() -> None:
    asked = synced(SYNC)
    assert isinstance(asked, ProvenRequest)
    assert asked == ProvenRequest(sync_request(), SITE.public, token_digest(SYNC), SYNC)
    envelope = exchanges.unwrap_sync(SYNC)
    assert isinstance(envelope, jws.ParsedToken)
    assert envelope.kid == SITE.key_id
    refused(exchanges.read_sync(envelope, OTHER_SITE.public), RefusalCode.SIGNATURE_INVALID)


def test_a_forger_who_borrows_the_key_id_is_found_out() -> None:
    forged = exchanges.seal_request(sync_request(), SeedSigner(seed("thief"), SITE.key_id))
    refused(synced(forged), RefusalCode.SIGNATURE_INVALID)


def test_an_activation_proves_possession_of_the_key_it_names() -> None:
    asked = exchanges.read_activate(ACTIVATE)
    assert asked == ProvenRequest(activate_request(), SITE.public, token_digest(ACTIVATE), ACTIVATE)
    refused(exchanges.read_activate(exchanges.seal_request(activate_request(), OTHER_SITE)), RefusalCode.KEY_UNKNOWN)
    stolen = exchanges.seal_request(activate_request(), SeedSigner(seed("thief"), SITE.key_id))
    refused(exchanges.read_activate(stolen), RefusalCode.SIGNATURE_INVALID)


def test_an_activation_with_a_key_that_is_none_is_malformed() -> None:
    low = activate_request(key=messages.Jwk("OKP", "Ed25519", encode_text(bytes(32))))
    assert (
        refused(exchanges.read_activate(exchanges.seal_request(low, SITE)), RefusalCode.MESSAGE_MALFORMED).field
        == "key.x"
    )


def test_each_question_is_read_only_as_what_it_is() -> None:
    refused(exchanges.read_activate(SYNC), RefusalCode.TYPE_UNEXPECTED)
    refused(exchanges.unwrap_sync(ACTIVATE), RefusalCode.TYPE_UNEXPECTED)


def test_a_question_out_of_bounds_is_refused_though_well_signed() -> None:
    assert (
        refused(synced(exchanges.seal_request(sync_request(serial=-1), SITE)), RefusalCode.MESSAGE_MALFORMED).field
        == "serial"
    )
    beyond = exchanges.seal_request(activate_request(hardware={"Disk!": NONCE}), SITE)
    assert refused(exchanges.read_activate(beyond), RefusalCode.MESSAGE_MALFORMED).field == "hardware"


def test_the_largest_question_that_fits_its_fields_fits_its_cap() -> None:
    line = "x" * 128
    full = activate_request(
        name=line, lease=f"{'a' * 2000}.{'b' * 6000}.{'c' * 100}", hardware={f"part-{n}": NONCE for n in range(8)}
    )
    assert isinstance(exchanges.read_activate(exchanges.seal_request(full, SITE)), ProvenRequest)
    use = messages.DeviceUse(10_000_000, {f"{n:02}" + "x" * 62: 10_000_000 for n in range(64)})
    wide = sync_request(use=use, token="t" * 256)
    assert isinstance(synced(exchanges.seal_request(wide, SITE)), ProvenRequest)


# --- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_is_believed_for_the_question_it_answers() -> None:
    assert exchanges.read_sync_answer(ANSWER, SYNC, pinned()) == ProvenAnswer(sync_answer(), ANSWER)


def test_a_lease_in_an_answer_comes_through_verbatim() -> None:
    sealed = seal_lease(lease(), signer("lease-1")).decode()
    token = exchanges.answer_sync(sync_answer(result="lease", lease=sealed), signer("answer-1"))
    read = exchanges.read_sync_answer(token, SYNC, pinned())
    assert isinstance(read, ProvenAnswer)
    assert read.message.lease == sealed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonce": encode_text(bytes(32))}, "nonce"),
        ({"request_sha256": encode_text(bytes(32))}, "request_sha256"),
        ({"request_sha256": token_digest(ANSWER)}, "request_sha256"),
    ],
)
def test_the_answer_to_another_question_changes_nothing(changes: dict[str, str], field: str) -> None:
    token = exchanges.answer_sync(sync_answer(**changes), signer("answer-1"))
    assert refused(exchanges.read_sync_answer(token, SYNC, pinned()), RefusalCode.NOT_THE_ANSWER).field == field


def test_a_recorded_answer_is_no_answer_to_any_later_question() -> None:
    root = pinned()
    for number in range(500):
        later = exchanges.seal_request(sync_request(nonce=encode_text(seed(f"nonce {number}"))), SITE)
        refused(exchanges.read_sync_answer(ANSWER, later, root), RefusalCode.NOT_THE_ANSWER)
    # The same nonce, carelessly used twice, is caught by the hash of the question.
    again = exchanges.seal_request(sync_request(serial=2), SITE)
    refused(exchanges.read_sync_answer(ANSWER, again, root), RefusalCode.NOT_THE_ANSWER)


@pytest.mark.parametrize("kid", ["lease-1", "notice-1", "webhook-1", "sandbox-1", "dev-lease", "checkpoint-1"])
def test_only_a_key_for_answers_answers(kid: str) -> None:
    token = exchanges.answer_sync(sync_answer(), signer(kid))
    refused(exchanges.read_sync_answer(token, SYNC, pinned()), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_sandbox_answers_with_its_own_key_in_a_sandbox_only() -> None:
    token = exchanges.answer_sync(sync_answer(), signer("sandbox-1"))
    assert isinstance(exchanges.read_sync_answer(token, SYNC, pinned(), sandbox=True), ProvenAnswer)
    refused(exchanges.read_sync_answer(token, SYNC, pinned()), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_foreign_server_is_unknown_and_a_forger_found_out() -> None:
    refused(
        exchanges.read_sync_answer(exchanges.answer_sync(sync_answer(), signer("foreign")), SYNC, pinned()),
        RefusalCode.KEY_UNKNOWN,
    )
    forged = exchanges.answer_sync(sync_answer(), SeedSigner(seed("thief"), "answer-1"))
    refused(exchanges.read_sync_answer(forged, SYNC, pinned()), RefusalCode.SIGNATURE_INVALID)


def test_the_answers_own_time_lies_in_the_window_of_its_key_and_the_readers_clock_is_not_asked() -> None:
    early = exchanges.answer_sync(sync_answer(time=NOW - YEAR), signer("answer-1"))
    refused(exchanges.read_sync_answer(early, SYNC, pinned()), RefusalCode.KEY_NOT_FOR_THIS)
    late = exchanges.answer_sync(sync_answer(time=NOW + 2 * YEAR), signer("answer-1"))
    refused(exchanges.read_sync_answer(late, SYNC, pinned()), RefusalCode.KEY_NOT_FOR_THIS)


def test_a_key_bound_to_a_product_answers_for_no_other() -> None:
    narrow = document(keys=(key("answer-1", Purpose.ANSWER, products=("backup",)),))
    refused(exchanges.read_sync_answer(ANSWER, SYNC, pinned(narrow)), RefusalCode.KEY_NOT_FOR_THIS)


def test_an_answer_that_contradicts_itself_is_neither_sealed_nor_read() -> None:
    absurd = sync_answer(result="lease")
    with pytest.raises(ValueError, match="lease"):
        exchanges.answer_sync(absurd, signer("answer-1"))
    token = jws.sign_token(TokenType.SYNC_ANSWER, absurd, signer("answer-1"))
    refused(exchanges.read_sync_answer(token, SYNC, pinned()), RefusalCode.MESSAGE_MALFORMED)
    with pytest.raises(ValueError, match="time"):
        exchanges.answer_sync(sync_answer(time=-1), signer("answer-1"))


@pytest.mark.parametrize(
    "token",
    [b"", b"<html>Please sign in</html>", b'{"status":500}', SYNC, ACTIVATE, b"\xff" * 100, b"." * 70_000],
    ids=["nothing", "captive page", "JSON error", "the question itself", "another question", "noise", "too much"],
)
def test_what_is_no_answer_at_all_is_refused(token: bytes) -> None:
    assert isinstance(exchanges.read_sync_answer(token, SYNC, pinned()), Refused)


def test_activations_are_granted_and_refused_in_the_same_way() -> None:
    sealed = seal_lease(lease(), signer("lease-1")).decode()
    bound = {"nonce": NONCE, "request_sha256": token_digest(ACTIVATE), "time": NOW, "root": 1}
    granted = ActivateAnswer(**bound, result="granted", site="site_0001", lease=sealed)  # type: ignore[arg-type]
    unknown = messages.unknown_code(NONCE, token_digest(ACTIVATE), NOW, 1)
    for message in (granted, unknown):
        token = exchanges.answer_activate(message, signer("answer-1"))
        assert exchanges.read_activate_answer(token, ACTIVATE, pinned()) == ProvenAnswer(message, token)
        refused(exchanges.read_sync_answer(token, SYNC, pinned()), RefusalCode.TYPE_UNEXPECTED)
    assert unknown.refusal is not None
    assert unknown.refusal.as_refused().code is RefusalCode.CODE_UNKNOWN


def test_tokens_that_refuse_an_unknown_code_are_of_one_length() -> None:
    lengths = set()
    for number in range(20):
        asked = exchanges.seal_request(activate_request(nonce=encode_text(seed(f"{number}")), name="x" * number), SITE)
        no = messages.unknown_code(encode_text(seed(f"{number}")), token_digest(asked), NOW + number * DAY, 1)
        lengths.add(len(exchanges.answer_activate(no, signer("answer-1"))))
    assert len(lengths) == 1


def test_every_flipped_bit_of_an_answer_is_refused() -> None:
    root = pinned()
    for position in range(len(ANSWER)):
        for bit in range(8):
            token = bytearray(ANSWER)
            token[position] ^= 1 << bit
            assert isinstance(exchanges.read_sync_answer(bytes(token), SYNC, root), Refused)


def test_a_site_checks_its_own_question_too() -> None:
    refused(exchanges.read_sync_answer(ANSWER, ACTIVATE, pinned()), RefusalCode.TYPE_UNEXPECTED)
    broken = jws.sign_token(TokenType.SYNC_REQUEST, b"{}", SITE)
    refused(exchanges.read_sync_answer(ANSWER, broken, pinned()), RefusalCode.MESSAGE_MALFORMED)
