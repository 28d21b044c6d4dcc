"""One way to read JSON that others wrote: no duplicate keys, no NaN, nothing too deep or too large, never an exception.

msgspec alone keeps the last of duplicate keys and skips unknown fields unseen; what fields mean is left to the types.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Generic, NoReturn, TypeVar

import msgspec
from msgspec import inspect

from tenure.core.refusals import RefusalCode, Refused

INT64_LOW, INT64_HIGH = -(2**63), 2**63 - 1
DEPTH = 32
"""Objects and arrays that may enclose one another."""

T = TypeVar("T")

_PATH = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`\Z", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING = re.compile(r"missing required field `([^`]*)`")


class _Unstrict(ValueError):
    """Raised inside the standard library's parser, never out of this module."""

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


def _printable(text: str, most: int = 160) -> str:
    """`text` fit for a log line or a terminal: ASCII, no control characters, cut."""
    return ascii(text)[1:-1][:most]


def refuse_malformed(detail: str, field: str = "") -> Refused:
    """`message_malformed`, in words that are safe to print whatever the message held."""
    return Refused(RefusalCode.MESSAGE_MALFORMED, _printable(detail), _printable(field))


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Unstrict("A key occurs twice in one object.", Counter(key for key, _ in pairs).most_common(1)[0][0])
    return made


def _bounded_integer(text: str) -> int:
    if len(text) > 20 or not INT64_LOW <= (number := int(text)) <= INT64_HIGH:
        raise _Unstrict("An integer does not fit into 64 bits.")
    return number


def _finite_fraction(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _Unstrict("A number is too large.")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise _Unstrict(f"{text} is not JSON.")


_strict = json.JSONDecoder(
    object_pairs_hook=_unique_pairs,
    parse_int=_bounded_integer,
    parse_float=_finite_fraction,
    parse_constant=_refuse_constant,
)


def _walk_strings(tree: object) -> Iterator[tuple[int, str]]:
    """Every string in `tree` and "" for every container, each with its depth; iterative, so that it cannot overflow."""
    waiting: list[tuple[int, object]] = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        if isinstance(node, str):
            yield depth - 1, node
        elif isinstance(node, dict):
            yield depth, ""
            waiting.extend((depth + 1, part) for item in node.items() for part in item)
        elif isinstance(node, list):
            yield depth, ""
            waiting.extend((depth + 1, part) for part in node)


def parse_json(data: bytes, cap: int) -> Any:
    """The value of one strict JSON text as dicts, lists, strings, numbers, or Refused.

    Refuses with `message_too_large` above `cap` bytes, otherwise with `message_malformed`: what is not UTF-8 JSON
    (RFC 8259), a byte order mark, a duplicate key however spelled, NaN and infinities, integers beyond 64 bits, lone
    surrogates, more than `DEPTH` levels.
    """
    if len(data) > cap:
        return too_large(len(data), cap)
    try:
        text = data.decode("utf-8")
        tree = _strict.decode(text)
    except RecursionError:
        return refuse_malformed("Nested too deeply.")
    except ValueError as error:
        return refuse_malformed(str(error), error.field if isinstance(error, _Unstrict) else "")
    # Without that many brackets and without an escaped surrogate there is nothing for the slow walk to find.
    if text.count("[") + text.count("{") > DEPTH or "\\u" in text:
        for depth, string in _walk_strings(tree):
            if depth > DEPTH:
                return refuse_malformed("Nested too deeply.")
            if _SURROGATE.search(string):
                return refuse_malformed("Half of a surrogate pair stands alone.")
    return tree


def too_large(size: int, cap: int) -> Refused:
    """`message_too_large` with both figures."""
    return Refused(RefusalCode.MESSAGE_TOO_LARGE, f"{size} bytes, of which {cap} are allowed.")


def _name_field(error: msgspec.MsgspecError | UnicodeDecodeError) -> Refused:
    """msgspec's complaint as a refusal that names the field as a path such as `path.resolver`."""
    told = str(error)
    path, missing = _PATH.search(told), _MISSING.search(told)
    parts = [part.group(1) for part in (path, missing) if part and part.group(1)]
    return refuse_malformed(_PATH.sub("", told), ".".join(parts))


def is_closed(type_: Any) -> bool:
    """Whether no value of `type_` can hold anything strict reading must refuse: every integer bounded within 64
    bits, no free-form part, no recursion. Only of such a type does equal re-encoding prove strictness."""
    return not list(open_parts(type_))


def open_parts(type_: Any) -> Iterator[str]:
    """Paths of the parts of `type_` that keep it from being `is_closed`."""
    yield from _open_parts_of(inspect.type_info(type_), "", ())


def _open_parts_of(info: Any, path: str, above: tuple[Any, ...]) -> Iterator[str]:
    match info:
        case inspect.IntType():
            low = info.ge if info.ge is not None else info.gt
            high = info.le if info.le is not None else info.lt
            # A bound beyond 64 bits is none that msgspec would take.
            if low is None or high is None:
                yield path
        case inspect.StructType() if info.cls in above:
            yield path
        case inspect.StructType():
            for field in info.fields:
                yield from _open_parts_of(field.type, f"{path}.{field.name}".lstrip("."), (*above, info.cls))
        case inspect.DictType():
            yield from _open_parts_of(info.key_type, path, above)
            yield from _open_parts_of(info.value_type, path, above)
        case inspect.ListType() | inspect.VarTupleType():
            yield from _open_parts_of(info.item_type, path, above)
        case inspect.TupleType():
            for item in info.item_types:
                yield from _open_parts_of(item, path, above)
        case inspect.UnionType():
            for item in info.types:
                yield from _open_parts_of(item, path, above)
        case inspect.StrType() | inspect.BoolType() | inspect.NoneType() | inspect.LiteralType() | inspect.EnumType():
            return
        case _:
            yield path


class StrictLoader(Generic[T]):
    """Reads one type strictly.

    The hot path costs one typed decode and one encode: if the value, encoded again, gives the very bytes received,
    then these hold no duplicate, no unknown field and no odd number, because our encoder writes none. Only what is
    spelled otherwise (white space, another order, unknown fields, escapes) is parsed a second time by `parse_json`.
    """

    def __init__(self, type_: type[T], cap: int) -> None:
        self.cap = cap
        self._type = type_

    # Made at the first reading: a module that declares loaders is imported without what they take to make.

    @cached_property
    def _decode(self) -> Callable[[bytes], T]:
        return msgspec.json.Decoder(self._type).decode

    @cached_property
    def _encode(self) -> Callable[[T], bytes]:
        return msgspec.json.Encoder().encode

    @cached_property
    def _closed(self) -> bool:
        return is_closed(self._type)

    def __call__(self, data: bytes) -> T | Refused:
        """The value; refuses `message_too_large`, and `message_malformed` with the name of the field at fault."""
        if len(data) > self.cap:
            return too_large(len(data), self.cap)
        try:
            value = self._decode(data)
        except RecursionError:
            return refuse_malformed("Nested too deeply.")
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _name_field(error)
        if self._closed and self._encode(value) == data:
            return value
        tree = parse_json(data, self.cap)
        return tree if isinstance(tree, Refused) else value

    def refuse_own(self, data: bytes) -> Refused | None:
        """What a reader would refuse of bytes that were encoded here to be sealed: all but what our encoder cannot
        write."""
        try:
            self._decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _name_field(error)
        return None
