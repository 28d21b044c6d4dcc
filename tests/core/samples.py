"""One value of any declared kind (a fact, a command), made from its declaration: for tests that walk all kinds."""

from typing import Any, TypeVar

import msgspec
from msgspec import inspect as shapes

from tenure.core.periods import Duration

K = TypeVar("K", bound=msgspec.Struct)
IDS = {"site", "replacement", "recipient", "code", "customer", "subscription", "provider", "present"}
"""Fields that name something by its id."""
AN_ID = "site_" + "a" * 26


def sample_of(kind: type[K]) -> K:
    """A value of `kind` in which every field says something: texts their field's name, ids an id, numbers one."""
    return msgspec.convert(_sample(shapes.type_info(kind), ""), kind)


def _sample(shape: shapes.Type, name: str) -> Any:
    match shape:
        case shapes.StructType(cls=cls) if cls is Duration:
            return {"months": 1}  # months or days, never both
        case shapes.StructType():
            tag = {} if shape.tag_field is None else {shape.tag_field: shape.tag}
            return tag | {each.encode_name: _sample(each.type, each.name) for each in shape.fields}
        case shapes.UnionType():
            return _sample(next(each for each in shape.types if not isinstance(each, shapes.NoneType)), name)
        case shapes.VarTupleType() | shapes.ListType() | shapes.SetType() | shapes.FrozenSetType():
            return [_sample(shape.item_type, name)]
        case shapes.TupleType():
            return [_sample(each, name) for each in shape.item_types]
        case shapes.DictType():
            return {_sample(shape.key_type, name): _sample(shape.value_type, name)}
        case shapes.EnumType():
            return next(iter(shape.cls)).value
        case shapes.LiteralType():
            return shape.values[0]
        case shapes.BoolType():
            return True
        case shapes.IntType():
            return max(1, shape.ge or 0)
        case shapes.StrType():
            return AN_ID if name in IDS else name
        case _:
            raise TypeError(f"no sample of {shape} for {name}")
