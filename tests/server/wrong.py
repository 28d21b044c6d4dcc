"""What can be wrong with a value of a given type, as raw JSON, so that it may be more than any encoder would write."""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import inspect as shapes

Path = tuple[str | int, ...]
_MARK = "@@ here @@"
_ALPHABETS = (
    "Ünïcode",
    "a b c",
    "../../etc/passwd",
    "' or 1=1 --",
    "<script>",
    "%00",
    "A" * 7,
    "-1",
    "0",
    "\u202e",
    "💥",
)
_CONTROL = ("\x07", "a\nb", "a\r\nb", "\u2028")


def cells(fields: tuple[shapes.Field, ...], example: dict[str, Any], *, closed: bool) -> Iterator[tuple[str, bytes]]:
    """(what is wrong, raw body) for each field of a message, each thing at a time; `closed`: unknown fields are too."""
    for field in fields:
        name = field.encode_name
        for raw in values(field.type, example.get(name)):
            yield f"{name}={raw[:60]}", put(example, (name,), raw)
        for path, inner in _inside(field.type, example.get(name), (name,)):
            for raw in values(inner, None):
                yield f"{'.'.join(map(str, path))}={raw[:60]}", put(example, path, raw)
        if field.required:
            yield f"without {name}", encode({key: value for key, value in example.items() if key != name})
        yield f"{name} twice", encode(example)[:-1] + b"," + encode({name: example.get(name)})[1:]
    if closed:
        yield "an unknown field", encode(example | {"nmae": 1})


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def put(example: dict[str, Any], path: Path, raw: str) -> bytes:
    """The example with `raw` JSON at `path`."""
    tree = json.loads(json.dumps(example))
    node = tree
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = _MARK
    return json.dumps(tree).replace(json.dumps(_MARK), raw, 1).encode(errors="surrogatepass")


def values(shape: shapes.Type, example: Any) -> Iterator[str]:
    """Raw JSON that is no value of `shape`."""
    if isinstance(shape, shapes.Metadata):
        shape = shape.type
    if not _nullable(shape):
        yield "null"
    match shape:
        case shapes.StrType():
            yield from _texts(shape)
        case shapes.IntType():
            yield from ('"1"', "true", "1.5", "[]", "{}", "1e999", "NaN", "-9223372036854775809", "9" * 400)
            yield str(_low(shape) - 1)
            yield str(_high(shape) + 1)
        case shapes.BoolType():
            yield from ("0", "1", '"true"', "[]", "{}")
        case shapes.EnumType() | shapes.LiteralType():
            known = shape.values if isinstance(shape, shapes.LiteralType) else ()
            yield from (json.dumps(each) for each in ("nonsense", "", 7, True, [], {}, "\0") if each not in known)
        case shapes.DateTimeType():
            yield from _dates()
        case shapes.VarTupleType() | shapes.ListType():
            yield from ('"a"', "7", "{}", "true")
            if shape.min_length:
                yield "[]"
            if shape.max_length and example:
                yield json.dumps([example[0]] * (shape.max_length + 1))
        case shapes.DictType():
            yield from ('"a"', "7", "[]", "true", '{"": 1}', '{"\\ud800": 1}')
        case shapes.StructType():
            yield from ('"a"', "7", "[]", "true")
        case shapes.UnionType():
            yield from _of_union(shape)


def _of_union(shape: shapes.UnionType) -> Iterator[str]:
    kinds = [kind for kind in shape.types if not _nullable(kind)]
    if len(kinds) == 1:
        yield from (raw for raw in values(kinds[0], None) if raw != "null")
    else:
        yield from ("{}", "1.5", "NaN")


def _nullable(shape: shapes.Type) -> bool:
    kinds = shape.types if isinstance(shape, shapes.UnionType) else (shape,)
    return any(isinstance(kind, shapes.NoneType) for kind in kinds)


def _texts(shape: shapes.StrType) -> Iterator[str]:
    yield from ("7", "true", "[]", "{}", '["a"]', '"\\ud800"', '"a\\u0000b"', '"cut off')
    if shape.min_length:
        yield '""'
    if shape.max_length:
        yield json.dumps("a" * (shape.max_length + 1))
    for text in (*_ALPHABETS, *_CONTROL):
        if shape.pattern and re.search(shape.pattern, text) is None:
            yield json.dumps(text)


def _dates() -> Iterator[str]:
    yield from ("7", "true", "[]", "{}", '""', '"soon"', '"2027-01-01"', '"2027-01-01T00:00:00"')
    yield from (f'"{day}T00:00:00Z"' for day in ("2027-02-29", "2027-13-01", "2027-00-10", "0000-01-01", "10000-01-01"))
    yield from ('"2027-01-01T24:00:00Z"', '"2027-01-01T00:00:00+25:00"', '"-2027-01-01T00:00:00Z"')


def _low(shape: shapes.IntType) -> int:
    return shape.ge if shape.ge is not None else -(2**63)


def _high(shape: shapes.IntType) -> int:
    return shape.le if shape.le is not None else 2**63 - 1


def _inside(shape: shapes.Type, example: Any, path: Path) -> Iterator[tuple[Path, shapes.Type]]:
    """Places inside a value, with their types: fields of structs, the first item of lists, one value of mappings."""
    if isinstance(shape, shapes.Metadata):
        shape = shape.type
    match shape:
        case shapes.StructType() if isinstance(example, dict):
            for field in shape.fields:
                yield (*path, field.encode_name), field.type
                yield from _inside(field.type, example.get(field.encode_name), (*path, field.encode_name))
        case shapes.VarTupleType() | shapes.ListType() if example:
            yield (*path, 0), shape.item_type
            yield from _inside(shape.item_type, example[0], (*path, 0))
        case shapes.DictType() if example:
            first = next(iter(example))
            yield (*path, first), shape.value_type
            yield from _inside(shape.value_type, example[first], (*path, first))
