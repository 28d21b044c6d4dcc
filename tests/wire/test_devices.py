from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import devices, field_types, jws
from tenure.wire.devices import (
    DeviceAnswer,
    DeviceRequest,
    EnrollmentToken,
    ProvenDeviceRequest,
    read_answer,
    read_request,
)
from tenure.wire.exchanges import public_jwk
from tenure.wire.jws import TokenType, token_digest
from tenure.wire.keys import SeedSigner
from tenure.wire.messages import NextSync, SignedRefusal
from tests.wire.samples import DEVICE, NONCE, NOW, OTHER_SITE, SITE, seed


def request(**changes: object) -> DeviceRequest:
    made = DeviceRequest(
        nonce=NONCE,
        request="req_0197b2c3d4e5f6a7b8c9d0e1f2a3b4c5",
        ask="refresh",
        product="antivirus",
        key=public_jwk(DEVICE.public),
        wall=NOW,
        uptime=60,
        root=1,
        device="dev_0001",
        token="3.abc",
    )
    return msgspec.structs.replace(made, **changes)


ASKED = devices.seal_device_request(request(), DEVICE)


def answer(**changes: object) -> DeviceAnswer:
    made = DeviceAnswer(
        nonce=NONCE,
        request_sha256=token_digest(ASKED),
        time=NOW,
        root=1,
        result="refused",
        device="dev_0001",
        token="4.abc",
        refusal=SignedRefusal("device_limit_reached", True),
    )
    return msgspec.structs.replace(made, **changes)


def refused(read: object, code: RefusalCode, field: str = "") -> None:
    assert isinstance(read, Refused), read
    assert read.code is code
    assert read.field.startswith(field)


def test_a_request_proves_that_its_sender_holds_the_key_it_names() -> None:
    assert read_request(ASKED) == ProvenDeviceRequest(request(), DEVICE.public, token_digest(ASKED))


def test_a_request_under_another_key_or_name_is_refused() -> None:
    refused(read_request(devices.seal_device_request(request(), OTHER_SITE)), RefusalCode.KEY_UNKNOWN, "header.kid")
    refused(
        read_request(devices.seal_device_request(request(), SeedSigner(seed("thief"), DEVICE.key_id))),
        RefusalCode.SIGNATURE_INVALID,
    )
    refused(read_request(jws.sign_token(TokenType.SYNC_REQUEST, request(), DEVICE)), RefusalCode.TYPE_UNEXPECTED)


BAD: list[dict[str, Any]] = [
    {"ask": "steal"},
    {"enrollment": "a b"},
    {"enrollment": "x" * 65},
    {"device": "Dev 1"},
    {"token": "x" * 257},
    {"hardware": {"machine": "short"}},
    {"hardware": {f"part-{number}": NONCE for number in range(9)}},
    {"name": "a\nb"},
    {"wall": -1},
    {"seat": "not a seat"},
    {"erased": "a.b"},
    {"nonce": "x"},
    {"product": "*"},
]


@pytest.mark.parametrize("changes", BAD, ids=lambda changes: next(iter(changes)))
def test_what_does_not_belong_into_a_request_is_refused_by_its_field(changes: dict[str, Any]) -> None:
    bad = jws.sign_token(TokenType.DEVICE_REQUEST, msgspec.structs.replace(request(), **changes), DEVICE)
    refused(read_request(bad), RefusalCode.MESSAGE_MALFORMED, next(iter(changes)))


def test_an_answer_is_bound_to_its_question_and_proven_by_the_site() -> None:
    token = devices.seal_device_answer(answer(), SITE)
    assert read_answer(token, ASKED, SITE.public) == answer()
    assert devices.answers_key(token) == SITE.key_id
    refused(read_answer(token, ASKED, OTHER_SITE.public), RefusalCode.KEY_UNKNOWN)
    other = devices.seal_device_request(request(request="req_0000b2c3d4e5f6a7b8c9d0e1f2a3b4c5"), DEVICE)
    refused(read_answer(token, other, SITE.public), RefusalCode.NOT_THE_ANSWER, "request_sha256")
    fresh = devices.seal_device_request(request(nonce=jws.token_digest(b"another")), DEVICE)
    refused(read_answer(token, fresh, SITE.public), RefusalCode.NOT_THE_ANSWER, "nonce")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"refusal": None}, "refusal"),
        ({"result": "released"}, "refusal"),
        ({"result": "seat", "refusal": None}, "seat"),
        ({"result": "erase", "refusal": None, "seat": "a.b.c"}, "seat"),
        ({"next_contact": NextSync(NOW + 1, NOW)}, "next_contact"),
    ],
)
def test_answers_whose_parts_contradict_one_another_are_neither_made_nor_read(
    changes: dict[str, Any], field: str
) -> None:
    bad = answer(**changes)
    with pytest.raises(ValueError, match=field):
        devices.seal_device_answer(bad, SITE)
    refused(
        read_answer(jws.sign_token(TokenType.DEVICE_ANSWER, bad, SITE), ASKED, SITE.public),
        RefusalCode.MESSAGE_MALFORMED,
        field,
    )


BAD_ANSWERS: list[dict[str, Any]] = [
    {"device": "Dev 1"},
    {"time": -1},
    {"token": "x" * 257},
    {"lease": "a.b"},
    {"lease": "a.b.ü"},
    {"notices": ("a.b.c", "a..c")},
    {"notices": ("a.b.c",) * 5},
]


@pytest.mark.parametrize("changes", BAD_ANSWERS)
def test_an_answer_that_no_device_would_take_is_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        devices.seal_device_answer(answer(**changes), SITE)


FORM = msgspec.json.Decoder(field_types.Jws)
PIECES = st.text("aZ0-_.", max_size=12) | st.text(max_size=6) | st.just("a" * field_types.SEALED_MOST)


@given(st.lists(PIECES, min_size=1, max_size=4).map(".".join))
def test_what_looks_sealed_is_what_the_pattern_takes(text: str) -> None:
    try:
        FORM.decode(msgspec.json.encode(text))
    except msgspec.ValidationError:
        assert not jws.looks_sealed(text)
    else:
        assert jws.looks_sealed(text)


@given(st.binary(max_size=300))
def test_junk_is_refused_and_never_raises(junk: bytes) -> None:
    for read in (read_request(junk), devices.answers_key(junk), read_answer(junk, ASKED, SITE.public)):
        assert isinstance(read, Refused)
    assert devices.claimed_lease(junk) == b""
    assert isinstance(devices.read_lone_seat(junk, SITE.public), Refused)


TICKET = EnrollmentToken(host="site.example", port=8_482, pin=NONCE, product="antivirus", secret="s" * 32)


def test_an_enrollment_token_is_one_word_that_survives_being_copied() -> None:
    word = devices.write_ticket(TICKET)
    assert word.replace("-", "").replace("_", "").isalnum()
    assert devices.read_ticket(word) == TICKET
    assert devices.read_ticket(f"  {word[:40]}\n {word[40:]} \n") == TICKET


@pytest.mark.parametrize("text", ["", "x", "eyJ9", "ä" * 50, "a" * 3_000, devices.write_ticket(TICKET)[:-3]])
def test_what_is_no_enrollment_token_is_refused(text: str) -> None:
    refused(devices.read_ticket(text), RefusalCode.FIELD_INVALID, "token")


@given(st.binary(min_size=1, max_size=200), st.integers(0, 2_000), st.integers(1, 255))
def test_no_flipped_bit_is_accepted(_: bytes, at: int, flip: int) -> None:
    token = bytearray(devices.seal_device_answer(answer(), SITE))
    token[at % len(token)] ^= flip
    assert isinstance(read_answer(bytes(token), ASKED, SITE.public), Refused)
