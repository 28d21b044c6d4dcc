"""What is made of another value field by field, such as an API's view of what core and store know.

Fields of the same name are copied, and instants become RFC 3339 where text is shown; which fields there are, the view
says.
"""

import types
import typing
from functools import cache
from typing import Any, TypeVar

import msgspec

from tenure.http.timestamps import format_rfc3339

View = TypeVar("View", bound=msgspec.Struct)


def copy_fields(view: type[View], source: object, **own: Any) -> View:
    """A `view` of `source`, with the fields `own` as they are given.

    An instant is told as RFC 3339 where the view has text. A field with a default keeps it where `source` has none of
    that name. Raises AttributeError for a field that nothing says.
    """
    shown = dict(own)
    for name, is_text, is_optional in _fields_of(view):
        if name in own or (is_optional and not hasattr(source, name)):
            continue
        value = getattr(source, name)
        shown[name] = format_rfc3339(value) if is_text and type(value) is int else value
    return view(**shown)


@cache
def _fields_of(view: type[msgspec.Struct]) -> tuple[tuple[str, bool, bool], ...]:
    """Each field's name, whether it is text (or absent) and nothing else, and whether it may be left out."""
    return tuple((each.name, _is_text(each.type), not each.required) for each in msgspec.structs.fields(view))


def _is_text(kind: Any) -> bool:
    members = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    return str in members and {*members} <= {str, types.NoneType}
