import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import jws, leases, messages, notices, root, seats, strict_json
from tests.wire import samples
from tests.wire.reading import load_json

CAP = 4096
Small = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Inner(msgspec.Struct, omit_defaults=True):
    a: Small = 0
    b: str = ""


class Outer(msgspec.Struct, omit_defaults=True):
    a: Small = 0
    b: str = ""
    inner: Inner | None = None
    several: tuple[Inner, ...] = ()
    d: dict[str, Small] = {}


read = strict_json.StrictLoader(Outer, CAP)


# --- JSON as text, with the knowledge of whether a key occurs twice in it -------------------------------------------

KEYS = ("a", "b", "inner", "several", "d", "z")


def spell(key: str, escaped: bool) -> str:
    """`key` as JSON, its first character maybe as an escape: another spelling of the same key."""
    return f'"\\u{ord(key[0]):04x}{key[1:]}"' if escaped else json.dumps(key)


@st.composite
def an_object(draw: st.DrawFn, typed: bool, depth: int = 0) -> tuple[str, bool]:
    """Text of an object and whether it holds a duplicate; the known fields of `typed` ones fit `Outer`."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=5))
    twice = len(set(keys)) != len(keys)
    members = []
    for name in keys:
        text, inside = draw(a_value(name if typed else "z", depth))
        twice |= inside
        gap = draw(st.sampled_from(("", "", " ", "\n", "\t ")))
        members.append(f"{gap}{spell(name, draw(st.booleans()))}{gap}:{gap}{text}")
    return "{" + ",".join(members) + "}", twice


@st.composite
def a_value(draw: st.DrawFn, name: str, depth: int) -> tuple[str, bool]:
    if name == "a":
        return str(draw(st.integers(-9, 9))), False
    if name == "b":
        return json.dumps(draw(st.text(alphabet='a":{}\\,[]', max_size=6))), False
    if name == "d":
        keys = draw(st.lists(st.sampled_from("xyz"), max_size=3))
        members = ",".join(f"{spell(key, draw(st.booleans()))}:1" for key in keys)
        return "{" + members + "}", len(set(keys)) != len(keys)
    if depth > 3:
        return "null", False
    if name == "inner":
        return draw(an_object(typed=False, depth=depth + 2).filter(lambda made: _fits_inner(made[0])))
    if name == "several":
        items = [draw(an_object(typed=False, depth=depth + 2).filter(lambda made: _fits_inner(made[0])))]
        return "[" + ",".join(text for text, _ in items) + "]", any(twice for _, twice in items)
    kind = draw(st.sampled_from(("object", "array", "string", "number")))
    if kind == "object":
        return draw(an_object(typed=False, depth=depth + 1))
    if kind == "array":
        items = draw(st.lists(a_value("z", depth + 1), max_size=2))
        return "[" + ",".join(text for text, _ in items) + "]", any(twice for _, twice in items)
    return ('"{\\"a\\":1,\\"a\\":2}"', False) if kind == "string" else ("1.5", False)


def _fits_inner(text: str) -> bool:
    try:
        msgspec.json.decode(text, type=Inner)
    except msgspec.MsgspecError:
        return False
    return True


def oracle(text: str) -> bool:
    """Whether the standard library sees a duplicate, looking at every object's pairs."""
    found = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len({key for key, _ in pairs}) != len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return any(found)


@given(an_object(typed=True))
def test_a_duplicate_key_anywhere_and_however_spelled_is_found_and_nothing_else_is(made: tuple[str, bool]) -> None:
    text, twice = made
    assert oracle(text) is twice
    data = text.encode()
    typed, tree = read(data), strict_json.parse_json(data, CAP)
    assert isinstance(typed, Refused) is twice, typed
    assert isinstance(tree, Refused) is twice, tree
    if not twice:
        assert tree == json.loads(text)
        assert typed == msgspec.json.decode(data, type=Outer)


@given(st.text(alphabet='{}[]",:ab1\\u0 ', max_size=24))
def test_scraps_of_json_agree_with_the_oracle(text: str) -> None:
    data = text.encode()
    tree = strict_json.parse_json(data, CAP)
    try:
        expected = not oracle(text)
    except ValueError:
        expected = False
    if "\\u" not in text:
        assert isinstance(tree, Refused) is not expected
    elif not isinstance(tree, Refused):
        assert expected


@given(st.binary(max_size=64))
def test_no_bytes_whatsoever_raise(data: bytes) -> None:
    for answer in (read(data), strict_json.parse_json(data, CAP)):
        if isinstance(answer, Refused):
            assert answer.code is RefusalCode.MESSAGE_MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"a":1,"a":1}', id="known field"),
        pytest.param(b'{"a":1,"\\u0061":1}', id="escaped spelling"),
        pytest.param(b'{"z":1,"z":1}', id="unknown field"),
        pytest.param(b'{"z":{"y":[{"x":1,"x":2}]}}', id="deep in an unknown field"),
        pytest.param(b'{"inner":{"a":1,"a":1}}', id="nested"),
        pytest.param(b'{"several":[{},{"b":"","b":""}]}', id="in an array"),
        pytest.param(b'{"d":{"x":1,"x":1}}', id="dict"),
        pytest.param(b'{"d":{"":1,"":1}}', id="empty key"),
    ],
)
def test_duplicates_are_refused_and_the_key_is_named(data: bytes) -> None:
    answer = read(data)
    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.MESSAGE_MALFORMED
    assert "twice" in answer.detail


def test_a_key_inside_a_string_is_no_key() -> None:
    text = '{"a":1,"b":"\\"a\\":2,\\"a\\":3"}'
    assert read(text.encode()) == Outer(1, '"a":2,"a":3')


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="byte order mark"),
        pytest.param(b'{"b":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"z":"\xff"}', id="not UTF-8 in an unknown field"),
        pytest.param(b'{"z":"\xed\xa0\x80"}', id="encoded surrogate"),
        pytest.param(b'{"z":"\xc0\xaf"}', id="overlong"),
        pytest.param(b'{"b":"\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"z":"\\ud800"}', id="lone surrogate in an unknown field"),
        pytest.param(b'{"\\udc00":1}', id="lone surrogate in a key"),
        pytest.param(b'{"z":"\\udc00\\ud800"}', id="pair the wrong way round"),
        pytest.param(b'{"z":NaN}', id="NaN"),
        pytest.param(b'{"z":Infinity}', id="Infinity"),
        pytest.param(b'{"z":-Infinity}', id="-Infinity"),
        pytest.param(b'{"z":1e999}', id="overflowing fraction"),
        pytest.param(b'{"a":9223372036854775808}', id="2^63"),
        pytest.param(b'{"z":9223372036854775808}', id="2^63 in an unknown field"),
        pytest.param(b'{"z":-9223372036854775809}', id="below -2^63"),
        pytest.param(b'{"z":' + b"9" * 3000 + b"}", id="3000 digits"),
        pytest.param(b'{"z":' + b"[" * 32 + b"]" * 32 + b"}", id="33 deep"),
        pytest.param(b'{"z":' + b"[" * 1900 + b"]" * 1900 + b"}", id="1900 deep"),
        pytest.param(b"[" * 4000, id="4000 open brackets"),
        pytest.param(b'{"a":01}', id="leading zero"),
        pytest.param(b'{"a":1,}', id="trailing comma"),
        pytest.param(b'{"a":1}{}', id="something behind"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b'{"b":"\x01"}', id="raw control character"),
        pytest.param(b'{"a":1 /* */}', id="comment"),
        pytest.param('{"a":１}'.encode(), id="full-width digit"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"a":1}'.decode().encode("utf-16"), id="UTF-16"),
    ],
)
def test_what_is_not_strict_is_malformed(data: bytes) -> None:
    for answer in (read(data), strict_json.parse_json(data, CAP)):
        assert isinstance(answer, Refused)
        assert answer.code is RefusalCode.MESSAGE_MALFORMED


@pytest.mark.parametrize("data", [b"null", b"[]", b"1", b'"a"', b"true"])
def test_what_is_no_object_is_no_message(data: bytes) -> None:
    assert isinstance(read(data), Refused)


def test_the_limits_themselves_are_within() -> None:
    assert read(b'{"a":9223372036854775807}') == Outer(2**63 - 1)
    assert read(b'{"a":-9223372036854775808,"z":9223372036854775807}') == Outer(-(2**63))
    assert read(b'{"z":' + b"[" * 31 + b"]" * 31 + b"}") == Outer()
    assert strict_json.parse_json(b'["\\ud83d\\ude00"]', CAP) == ["\U0001f600"]


def test_a_byte_too_many_is_too_large_before_anything_is_read() -> None:
    data = b'{"b":"' + b"x" * 100 + b'"}'
    assert load_json(data, Outer, len(data)) == Outer(b="x" * 100)
    for answer in (load_json(data, Outer, len(data) - 1), strict_json.parse_json(b"\xff" * 10, 9)):
        assert isinstance(answer, Refused)
        assert answer.code is RefusalCode.MESSAGE_TOO_LARGE


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"a":"1"}', "a"),
        (b'{"inner":{"a":[]}}', "inner.a"),
        (b'{"several":[{},{"b":1}]}', "several[1].b"),
        (b'{"d":{"x":null}}', "d[...]"),
        (b'{"a":1,"a":2}', "a"),
    ],
)
def test_the_field_to_blame_is_named(data: bytes, field: str) -> None:
    answer = read(data)
    assert isinstance(answer, Refused)
    assert answer.field == field


class Needed(msgspec.Struct):
    it: Small


class Needs(msgspec.Struct):
    inner: Needed


def test_a_missing_field_is_named_with_its_path() -> None:
    answer = load_json(b'{"inner":{}}', Needs, CAP)
    assert isinstance(answer, Refused)
    assert answer.field == "inner.it"


def test_what_a_message_holds_cannot_forge_a_log_line() -> None:
    answer = strict_json.parse_json(b'{"a\\r\\n\\u001b[2J\\u2028x":1,"a\\r\\n\\u001b[2J\\u2028x":2}', CAP)
    assert isinstance(answer, Refused)
    assert answer.field.isascii()
    assert answer.field.isprintable()


class Holes(msgspec.Struct):
    free: int
    any: Any
    low: Annotated[int, msgspec.Meta(ge=0)]
    fine: Annotated[int, msgspec.Meta(ge=0, le=9)]


class Tree(msgspec.Struct):
    below: "tuple[Tree, ...]" = ()


def test_types_whose_equal_spelling_proves_nothing_are_known() -> None:
    assert list(strict_json.open_parts(Holes)) == ["free", "any", "low"]
    assert list(strict_json.open_parts(Tree)) == ["below"]
    assert not strict_json.is_closed(Tree)
    # Such a type is read all the same, by the slow way: our own spelling does not let it off.
    deep = b'{"below":[' * 20 + b"]}" * 20
    answer = load_json(deep, Tree, CAP)
    assert isinstance(answer, Refused)
    assert "deep" in answer.detail
    beyond = load_json(b'{"free":9223372036854775808,"any":1,"low":1,"fine":1}', Holes, CAP)
    assert isinstance(beyond, Refused)


WIRE_TYPES = (
    messages.ActivateRequest,
    messages.ActivateAnswer,
    messages.SyncRequest,
    messages.SyncAnswer,
    leases.LeaseClaims,
    root.RootDocument,
    seats.Seat,
    seats.SeatBundle,
    seats.ErasureReceipt,
    notices.SignedNotice,
    jws.TokenHeader,
)


@pytest.mark.parametrize("type_", WIRE_TYPES, ids=lambda type_: type_.__name__)
def test_every_message_bounds_every_number(type_: type) -> None:
    assert list(strict_json.open_parts(type_)) == []


@pytest.mark.parametrize(
    "type_", [one for one in WIRE_TYPES if one is not jws.TokenHeader], ids=lambda type_: type_.__name__
)
def test_every_message_bounds_every_text_and_every_list(type_: type) -> None:
    assert list(unbounded(msgspec.inspect.type_info(type_), "")) == []


def unbounded(info: msgspec.inspect.Type, path: str) -> list[str]:
    inspect = msgspec.inspect
    match info:
        case inspect.StrType(max_length=None):
            return [path]
        case inspect.StructType():
            return [bad for field in info.fields for bad in unbounded(field.type, f"{path}.{field.name}")]
        case inspect.DictType():
            inner = unbounded(info.key_type, path) + unbounded(info.value_type, path)
            return inner + ([path] if info.max_length is None else [])
        case inspect.VarTupleType() | inspect.ListType():
            return unbounded(info.item_type, path) + ([path] if info.max_length is None else [])
        case inspect.UnionType():
            return [bad for one in info.types for bad in unbounded(one, path)]
    return []


def test_the_check_for_bounds_finds_a_field_without() -> None:
    class Loose(msgspec.Struct):
        name: str
        several: tuple[int, ...]

    assert unbounded(msgspec.inspect.type_info(Loose), "") == [".name", ".several"]


@pytest.mark.parametrize(
    "message",
    [samples.sync_request(), samples.activate_request(), samples.sync_answer(), samples.document()],
    ids=lambda message: type(message).__name__,
)
def test_what_we_write_reads_back_to_the_same_bytes(message: msgspec.Struct) -> None:
    """Only then is one decode and one encode enough to know that nothing occurs twice."""
    data = msgspec.json.encode(message)
    back = load_json(data, type(message), 64 * 1024)
    assert back == message
    assert msgspec.json.encode(back) == data


def test_a_lease_reads_back_to_the_same_bytes_through_its_bounds() -> None:
    data = msgspec.json.encode(samples.lease())
    assert msgspec.json.encode(load_json(data, leases.LeaseClaims, 8 * 1024)) == data
