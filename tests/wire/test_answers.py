import pytest

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY
from tenure.wire import answers, messages, seal
from tenure.wire.answers import Answered, Asked
from tenure.wire.b64 import encode_text
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.leases import seal_lease
from tenure.wire.messages import ActivateAnswer
from tenure.wire.seal import Typ, digest
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

ANSWER = answers.answer_sync(sync_answer(), signer("answer-1"))


def refused(read: object, code: Code) -> Refused:
    assert isinstance(read, Refused), read
    assert read.code is code, read
    return read


def synced(token: bytes) -> object:
    envelope = answers.unwrap_sync(token)
    return envelope if isinstance(envelope, Refused) else answers.read_sync(envelope, SITE.public)


# --- questions ------------------------------------------------------------------------------------------------------


def test_a_synchronisation_is_proven_by_the_registered_key() -> None:
    asked = synced(SYNC)
    assert isinstance(asked, Asked)
    assert asked == Asked(sync_request(), SITE.public, digest(SYNC), SYNC)
    envelope = answers.unwrap_sync(SYNC)
    assert isinstance(envelope, seal.Envelope)
    assert envelope.kid == SITE.kid
    refused(answers.read_sync(envelope, OTHER_SITE.public), Code.SIGNATURE_INVALID)


def test_a_forger_who_borrows_the_key_id_is_found_out() -> None:
    forged = answers.ask(sync_request(), SeedSigner(seed("thief"), SITE.kid))
    refused(synced(forged), Code.SIGNATURE_INVALID)


def test_an_activation_proves_possession_of_the_key_it_names() -> None:
    asked = answers.read_activate(ACTIVATE)
    assert asked == Asked(activate_request(), SITE.public, digest(ACTIVATE), ACTIVATE)
    refused(answers.read_activate(answers.ask(activate_request(), OTHER_SITE)), Code.KEY_UNKNOWN)
    stolen = answers.ask(activate_request(), SeedSigner(seed("thief"), SITE.kid))
    refused(answers.read_activate(stolen), Code.SIGNATURE_INVALID)


def test_an_activation_with_a_key_that_is_none_is_malformed() -> None:
    low = activate_request(key=messages.Jwk("OKP", "Ed25519", encode_text(bytes(32))))
    assert refused(answers.read_activate(answers.ask(low, SITE)), Code.MESSAGE_MALFORMED).field == "key.x"


def test_each_question_is_read_only_as_what_it_is() -> None:
    refused(answers.read_activate(SYNC), Code.TYPE_UNEXPECTED)
    refused(answers.unwrap_sync(ACTIVATE), Code.TYPE_UNEXPECTED)


def test_a_question_out_of_bounds_is_refused_though_well_signed() -> None:
    assert refused(synced(answers.ask(sync_request(serial=-1), SITE)), Code.MESSAGE_MALFORMED).field == "serial"
    beyond = answers.ask(activate_request(hardware={"Disk!": NONCE}), SITE)
    assert refused(answers.read_activate(beyond), Code.MESSAGE_MALFORMED).field == "hardware"


def test_the_largest_question_that_fits_its_fields_fits_its_cap() -> None:
    line = "x" * 128
    full = activate_request(
        name=line, lease=f"{'a' * 2000}.{'b' * 6000}.{'c' * 100}", hardware={f"part-{n}": NONCE for n in range(8)}
    )
    assert isinstance(answers.read_activate(answers.ask(full, SITE)), Asked)
    use = messages.Use(10_000_000, {f"{n:02}" + "x" * 62: 10_000_000 for n in range(64)})
    wide = sync_request(use=use, token="t" * 256)
    assert isinstance(synced(answers.ask(wide, SITE)), Asked)


# --- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_is_believed_for_the_question_it_answers() -> None:
    assert answers.read_sync_answer(ANSWER, SYNC, pinned()) == Answered(sync_answer(), ANSWER)


def test_a_lease_in_an_answer_comes_through_verbatim() -> None:
    sealed = seal_lease(lease(), signer("lease-1")).decode()
    token = answers.answer_sync(sync_answer(result="lease", lease=sealed), signer("answer-1"))
    read = answers.read_sync_answer(token, SYNC, pinned())
    assert isinstance(read, Answered)
    assert read.message.lease == sealed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonce": encode_text(bytes(32))}, "nonce"),
        ({"request_sha256": encode_text(bytes(32))}, "request_sha256"),
        ({"request_sha256": digest(ANSWER)}, "request_sha256"),
    ],
)
def test_the_answer_to_another_question_changes_nothing(changes: dict[str, str], field: str) -> None:
    token = answers.answer_sync(sync_answer(**changes), signer("answer-1"))
    assert refused(answers.read_sync_answer(token, SYNC, pinned()), Code.NOT_THE_ANSWER).field == field


def test_a_recorded_answer_is_no_answer_to_any_later_question() -> None:
    root = pinned()
    for number in range(500):
        later = answers.ask(sync_request(nonce=encode_text(seed(f"nonce {number}"))), SITE)
        refused(answers.read_sync_answer(ANSWER, later, root), Code.NOT_THE_ANSWER)
    # The same nonce, carelessly used twice, is caught by the hash of the question.
    again = answers.ask(sync_request(serial=2), SITE)
    refused(answers.read_sync_answer(ANSWER, again, root), Code.NOT_THE_ANSWER)


@pytest.mark.parametrize("kid", ["lease-1", "notice-1", "webhook-1", "sandbox-1", "dev-lease", "checkpoint-1"])
def test_only_a_key_for_answers_answers(kid: str) -> None:
    token = answers.answer_sync(sync_answer(), signer(kid))
    refused(answers.read_sync_answer(token, SYNC, pinned()), Code.KEY_NOT_FOR_THIS)


def test_a_sandbox_answers_with_its_own_key_in_a_sandbox_only() -> None:
    token = answers.answer_sync(sync_answer(), signer("sandbox-1"))
    assert isinstance(answers.read_sync_answer(token, SYNC, pinned(), sandbox=True), Answered)
    refused(answers.read_sync_answer(token, SYNC, pinned()), Code.KEY_NOT_FOR_THIS)


def test_a_foreign_server_is_unknown_and_a_forger_found_out() -> None:
    refused(
        answers.read_sync_answer(answers.answer_sync(sync_answer(), signer("foreign")), SYNC, pinned()),
        Code.KEY_UNKNOWN,
    )
    forged = answers.answer_sync(sync_answer(), SeedSigner(seed("thief"), "answer-1"))
    refused(answers.read_sync_answer(forged, SYNC, pinned()), Code.SIGNATURE_INVALID)


def test_the_answers_own_time_lies_in_the_window_of_its_key_and_the_readers_clock_is_not_asked() -> None:
    early = answers.answer_sync(sync_answer(time=NOW - YEAR), signer("answer-1"))
    refused(answers.read_sync_answer(early, SYNC, pinned()), Code.KEY_NOT_FOR_THIS)
    late = answers.answer_sync(sync_answer(time=NOW + 2 * YEAR), signer("answer-1"))
    refused(answers.read_sync_answer(late, SYNC, pinned()), Code.KEY_NOT_FOR_THIS)


def test_a_key_bound_to_a_product_answers_for_no_other() -> None:
    narrow = document(keys=(key("answer-1", Purpose.ANSWER, products=("backup",)),))
    refused(answers.read_sync_answer(ANSWER, SYNC, pinned(narrow)), Code.KEY_NOT_FOR_THIS)


def test_an_answer_that_contradicts_itself_is_neither_sealed_nor_read() -> None:
    absurd = sync_answer(result="lease")
    with pytest.raises(ValueError, match="lease"):
        answers.answer_sync(absurd, signer("answer-1"))
    token = seal.seal(Typ.SYNC_ANSWER, absurd, signer("answer-1"))
    refused(answers.read_sync_answer(token, SYNC, pinned()), Code.MESSAGE_MALFORMED)
    with pytest.raises(ValueError, match="time"):
        answers.answer_sync(sync_answer(time=-1), signer("answer-1"))


@pytest.mark.parametrize(
    "token",
    [b"", b"<html>Please sign in</html>", b'{"status":500}', SYNC, ACTIVATE, b"\xff" * 100, b"." * 70_000],
    ids=["nothing", "captive page", "JSON error", "the question itself", "another question", "noise", "too much"],
)
def test_what_is_no_answer_at_all_is_refused(token: bytes) -> None:
    assert isinstance(answers.read_sync_answer(token, SYNC, pinned()), Refused)


def test_activations_are_granted_and_refused_in_the_same_way() -> None:
    sealed = seal_lease(lease(), signer("lease-1")).decode()
    bound = {"nonce": NONCE, "request_sha256": digest(ACTIVATE), "time": NOW, "root": 1}
    granted = ActivateAnswer(**bound, result="granted", site="site_0001", lease=sealed)  # type: ignore[arg-type]
    unknown = messages.unknown_code(NONCE, digest(ACTIVATE), NOW, 1)
    for message in (granted, unknown):
        token = answers.answer_activate(message, signer("answer-1"))
        assert answers.read_activate_answer(token, ACTIVATE, pinned()) == Answered(message, token)
        refused(answers.read_sync_answer(token, SYNC, pinned()), Code.TYPE_UNEXPECTED)
    assert unknown.refusal is not None
    assert unknown.refusal.refused().code is Code.CODE_UNKNOWN


def test_tokens_that_refuse_an_unknown_code_are_of_one_length() -> None:
    lengths = set()
    for number in range(20):
        asked = answers.ask(activate_request(nonce=encode_text(seed(f"{number}")), name="x" * number), SITE)
        no = messages.unknown_code(encode_text(seed(f"{number}")), digest(asked), NOW + number * DAY, 1)
        lengths.add(len(answers.answer_activate(no, signer("answer-1"))))
    assert len(lengths) == 1


def test_every_flipped_bit_of_an_answer_is_refused() -> None:
    root = pinned()
    for position in range(len(ANSWER)):
        for bit in range(8):
            token = bytearray(ANSWER)
            token[position] ^= 1 << bit
            assert isinstance(answers.read_sync_answer(bytes(token), SYNC, root), Refused)


def test_a_site_checks_its_own_question_too() -> None:
    refused(answers.read_sync_answer(ANSWER, ACTIVATE, pinned()), Code.TYPE_UNEXPECTED)
    broken = seal.seal(Typ.SYNC_REQUEST, b"{}", SITE)
    refused(answers.read_sync_answer(ANSWER, broken, pinned()), Code.MESSAGE_MALFORMED)
