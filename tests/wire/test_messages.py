"""Every field of every message, with what does not belong into it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.timeline import Phase, PhaseCause
from tenure.wire import messages
from tenure.wire.b64 import encode_text
from tenure.wire.leases import SpanClaim
from tenure.wire.messages import ActivateRequest, CodePreview, NextSync, SignedRefusal, SyncAnswer, SyncRequest
from tests.wire.reading import load_json
from tests.wire.samples import NONCE, NOW, activate_request, sync_answer, sync_request

CAP = 64 * 1024
LONG = "x" * 10_000

IDS = (1, None, "", "A", "a b", "a\n", "-a", "ä", "x" * 65, [], {})
NUMBERS = (-1, 1.5, "1", None, True, [], 2**53, 2**63, 2**64, 10**30)
INSTANTS = (*NUMBERS, 253_402_300_800)
COUNTS = (*NUMBERS, 10_000_001)
DIGESTS = (1, None, "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "A" * 42 + "+", "A" * 42 + "\n", "Ａ" * 43)
LINES = (1, None, "a\nb", "a\x00", "\x1b[2J", "a\u2028b", "a\x85b", LONG)
TOKENS = (1, None, "a b", "a\n", "ä", "x" * 257)
SEALED = (1, None, "a", "a.b", "a.b.c.d", "a.b.", "a.b.c\n", "a. b.c", "x" * 9_000)
UNANSWERED = (1, None, "req_" + "a" * 32, ["Req 1"], ["a"], ["a" * 65], [1], ["req_" + "a" * 32] * 9)

KEYS = (
    1,
    [],
    {},
    {"kty": "EC", "crv": "Ed25519", "x": NONCE},
    {"kty": "OKP", "crv": "X25519", "x": NONCE},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
)

BAD: dict[type, dict[str, tuple[Any, ...]]] = {
    SyncRequest: {
        "nonce": (*DIGESTS, ""),
        "request": (*IDS, "short", "REQ_0197b2c3d4e5f6a7b8c9", "a" * 19),
        "site": IDS,
        "subscription": IDS,
        "product": IDS,
        "serial": NUMBERS,
        "epoch": NUMBERS,
        "revision": NUMBERS,
        "token": TOKENS,
        "version": (1, None, "1 0", "1\n", "v" * 65, "１"),
        "wall": INSTANTS,
        "uptime": INSTANTS,
        "trigger": (1, None, "", "TIMER", "cron"),
        "use": (
            1,
            None,
            [],
            {"total": -1},
            {"total": 10_000_001},
            {"digest": "x"},
            {"by_product": {"A": 1}},
            {"by_product": {"a": -1}},
        ),
        "wanted": COUNTS,
        "path": (1, None, [], {"kind": "magic"}, {"resolver": "a b"}, {"resolver": "x" * 257}),
        "lease": SEALED,
        "resolve": (1, None, "forgotten"),
        "drop_successor": (1, None, "Sub_1", "a b", "s" * 65),
        "erased": SEALED,
        "key": KEYS,
        "pending": UNANSWERED,
    },
    ActivateRequest: {
        "nonce": (*DIGESTS, ""),
        "request": IDS,
        "code": (1, None, "", "é", "a\n", "x" * 65),
        "product": IDS,
        "version": (1, None, "1 0", "v" * 65),
        "name": LINES,
        "key": (None, *KEYS),
        "wall": INSTANTS,
        "world": (1, None, "both", ""),
        "pending": UNANSWERED,
        "uptime": INSTANTS,
        "root": NUMBERS,
        "device_port": DIGESTS,
        "lease": SEALED,
        "token": TOKENS,
        "hardware": (1, None, [], {"Disk": NONCE}, {"disk": "x"}, {str(number): NONCE for number in range(9)}),
        "role": (1, None, "", "admin"),
        "installation": (1, None, "", "Server", "device"),
        "ephemeral": (1, None, "no"),
    },
    CodePreview: {
        "plan": IDS,
        "plan_name": LINES,
        "outlook": (1, [], {}, {"at": "soon", "price": 1, "currency": "EUR"}),
        "kind": (1, None, "", "eternal"),
        "limit": COUNTS,
        "provider": LINES,
        "begins": INSTANTS,
        "paid_until": (-1, 1.5, "2027-01-01"),
        "spans": (1, None, [], [{}], [{"since": 1}], [{"since": -1, "until": None, "phase": "active", "why": "paid"}]),
    },
    SyncAnswer: {
        "nonce": DIGESTS,
        "request_sha256": DIGESTS,
        "time": INSTANTS,
        "root": NUMBERS,
        "lease": SEALED,
        "successor": SEALED,
        "token": TOKENS,
        "next_sync": (1, [], {"not_before": 1}, {"not_before": -1, "not_after": 1}),
        "notices": (1, None, ["a"], ["a.b.c"] * 9),
        "messages": (
            1,
            None,
            [{}],
            [{"id": "m", "at": NOW, "text": "a\nb"}],
            [{"id": "m", "at": NOW, "text": "", "severity": "loud"}],
        ),
        "refusal": (
            1,
            [],
            {},
            {"code": "No", "conclusive": True},
            {"code": "no", "conclusive": 1},
            {"code": "no", "conclusive": True, "detail": LONG},
        ),
        "result": (1, None, "", "granted"),
        "forked": (1, None, "no"),
        "changes": (
            1,
            None,
            [{}],
            [{"revision": 1, "at": NOW, "what": "Renewed"}],
            [{"revision": 1, "at": NOW, "what": "renewed"}] * 17,
        ),
        "fork": (
            1,
            [],
            {},
            {"found": -1},
            {"found": NOW, "copies": [{}]},
            {"found": NOW, "copies": [{"which": "mine", "at": NOW, "serial": 1, "epoch": 1}]},
            {"found": NOW, "copies": [{"which": "copy", "at": NOW, "serial": 1, "epoch": 1}] * 17},
        ),
        "free_from": (-1, 1.5, "2027-01-01"),
    },
}
SAMPLES: dict[type, msgspec.Struct] = {
    SyncRequest: sync_request(),
    ActivateRequest: activate_request(),
    SyncAnswer: sync_answer(),
    CodePreview: CodePreview(
        plan="editor-year",
        kind="limited",
        limit=10,
        provider="North",
        begins=1_767_225_600,
        paid_until=1_798_761_600,
        spans=(SpanClaim(1_767_225_600, None, Phase.ACTIVE, PhaseCause.PAID, ("edit",), 10),),
    ),
}
CASES = [
    pytest.param(type_, field, bad, id=f"{type_.__name__}.{field}={bad!r:.20}-{at}")
    for type_, fields in BAD.items()
    for field, values in fields.items()
    for at, bad in enumerate(values)
]


@pytest.mark.parametrize(("type_", "field", "bad"), CASES)
def test_what_does_not_belong_into_a_field_is_refused_by_its_name(type_: type, field: str, bad: Any) -> None:
    body = {**msgspec.json.decode(msgspec.json.encode(SAMPLES[type_])), field: bad}
    refused = load_json(json_of(body), type_, CAP)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.MESSAGE_MALFORMED
    # An integer beyond 64 bits is refused while reading, before the field is known.
    assert refused.field.startswith(field) or bad in (10**30,)


@pytest.mark.parametrize("type_", list(BAD), ids=lambda type_: type_.__name__)
def test_no_field_is_left_out_of_the_table_and_each_needed_one_is_missed(type_: type) -> None:
    assert set(BAD[type_]) == {field.name for field in msgspec.structs.fields(type_)}
    body = msgspec.json.decode(msgspec.json.encode(SAMPLES[type_]))
    for field in msgspec.structs.fields(type_):
        if not field.required:
            continue
        refused = load_json(json_of({name: value for name, value in body.items() if name != field.name}), type_, CAP)
        assert isinstance(refused, Refused)
        assert refused.field == field.name


def json_of(body: dict[str, Any]) -> bytes:
    """JSON of whatever value, also of integers that msgspec would not write."""
    return json.dumps(body).encode()


SHORT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)
NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,30}\Z")


@given(
    name=SHORT,
    serial=st.integers(0, 2**53 - 1),
    wall=st.integers(0, 253_402_300_799),
    product=NAMES,
    by_product=st.dictionaries(NAMES, st.integers(0, 10_000_000), max_size=5),
)
def test_whatever_fits_the_bounds_comes_back_as_it_went(
    name: str, serial: int, wall: int, product: str, by_product: dict[str, int]
) -> None:
    activate = activate_request(name=name, product=product, wall=wall)
    sync = sync_request(serial=serial, wall=wall, use=messages.DeviceUse(1, by_product))
    assert load_json(msgspec.json.encode(activate), ActivateRequest, CAP) == activate
    assert load_json(msgspec.json.encode(sync), SyncRequest, CAP) == sync


def test_an_older_reader_ignores_what_a_newer_writer_adds() -> None:
    data = msgspec.json.encode(sync_request())[:-1] + b',"later":{"a":[1]}}'
    assert load_json(data, SyncRequest, CAP) == sync_request()


# --- refusals inside answers ----------------------------------------------------------------------------------------


def test_a_refusal_travels_with_whether_it_is_conclusive_and_when_to_try_again() -> None:
    busy = messages.to_signed_refusal(Refused(RefusalCode.SERVER_BUSY, "Queue full.", when=NOW))
    assert busy == SignedRefusal("server_busy", False, "Queue full.", NOW)
    assert busy.as_refused() == Refused(RefusalCode.SERVER_BUSY, "Queue full.", when=NOW)
    assert messages.to_signed_refusal(Refused(RefusalCode.SITE_LIMIT)).conclusive


@pytest.mark.parametrize("code", list(RefusalCode))
def test_every_refusal_of_the_table_can_be_sent(code: RefusalCode) -> None:
    sent = messages.to_signed_refusal(Refused(code, "Because of\nthis \u2028" + LONG))
    answer = sync_answer(result="refused", refusal=sent, token="")
    assert load_json(msgspec.json.encode(answer), SyncAnswer, CAP) == answer
    assert sent.conclusive is TABLE[code].conclusive
    assert sent.as_refused().code is code


def test_a_refusal_newer_than_the_reader_keeps_its_words() -> None:
    assert SignedRefusal("of_tomorrow", True).as_refused() == Refused(RefusalCode.NOT_FOUND, "of_tomorrow")


# --- answers that agree with themselves -----------------------------------------------------------------------------

NO = SignedRefusal("site_limit", True)
LEASE = "a.b.c"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"result": "lease"}, "lease"),
        ({"result": "lease", "successor": LEASE}, "lease"),
        ({"result": "unchanged", "lease": LEASE}, "lease"),
        ({"result": "send_lease", "successor": LEASE}, "lease"),
        ({"result": "refused"}, "refusal"),
        ({"result": "refused", "refusal": NO, "lease": LEASE}, "lease"),
        ({"result": "unchanged", "refusal": NO}, "refusal"),
        ({"next_sync": NextSync(2, 1)}, "next_sync"),
        ({"result": "unchanged", "free_from": 1}, "free_from"),
    ],
)
def test_an_answer_that_contradicts_itself_is_malformed(changes: dict[str, Any], field: str) -> None:
    fault = messages.refuse_incoherent_answer(sync_answer(**changes))
    assert fault is not None
    assert (fault.code, fault.field) == (RefusalCode.MESSAGE_MALFORMED, field)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"result": "lease", "lease": LEASE},
        {"result": "lease", "lease": LEASE, "successor": LEASE, "forked": True},
        {"result": "send_lease"},
        {"result": "refused", "refusal": NO},
        {"next_sync": NextSync(1, 1)},
        {"result": "released"},
        {"result": "released", "free_from": 1},
    ],
)
def test_an_answer_that_agrees_with_itself_is_fine(changes: dict[str, Any]) -> None:
    assert messages.refuse_incoherent_answer(sync_answer(**changes)) is None


# --- strangers learn nothing ----------------------------------------------------------------------------------------


@given(st.integers(1_000_000_000, 9_999_999_999), st.binary(min_size=32, max_size=32))
def test_an_unknown_code_always_gets_an_answer_of_the_same_length(time: int, digest: bytes) -> None:
    answer = messages.unknown_code(encode_text(digest), encode_text(digest[::-1]), time, 1)
    same = messages.unknown_code(NONCE, NONCE, NOW, 1)
    assert len(msgspec.json.encode(answer)) == messages.REFUSAL_BLOCK
    alike = msgspec.structs.replace(answer, nonce=NONCE, request_sha256=NONCE, time=NOW)
    assert alike == same


@given(st.text(alphabet="aé€😀 ", max_size=512))
def test_refusals_of_an_activation_fill_whole_blocks(detail: str) -> None:
    answer = messages.ActivateAnswer(
        nonce=NONCE, request_sha256=NONCE, time=NOW, root=1, result="refused", refusal=SignedRefusal("x", True, detail)
    )
    padded = messages.pad_refusal(answer)
    data = msgspec.json.encode(padded)
    assert len(data) % messages.REFUSAL_BLOCK == 0
    assert load_json(data, messages.ActivateAnswer, CAP) == padded
    assert msgspec.structs.replace(padded, pad="") == answer
