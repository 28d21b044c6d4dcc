"""What an operation takes, read from its signature: the one source of how requests are read and documented."""

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, NewType

import msgspec
from msgspec import inspect as shapes

from tenure.core.field_errors import field_label, field_refusal
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import Principal
from tenure.http.etags import IfMatch
from tenure.http.idempotency import IdempotentRequest
from tenure.http.paging import CURSOR_LONGEST, LIMIT_DEFAULT, LIMIT_MOST, PageRequest

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BOOLEANS = {"true": True, "false": False}


class InputPlace(StrEnum):
    """Where an input comes from."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    CALLER = "caller"
    TICKET = "ticket"
    IF_MATCH = "if_match"
    PAGING = "paging"
    ADDRESS = "address"
    PORTAL = "portal"


Address = NewType("Address", str)
"""The type of an input that receives the caller's network address."""

FromPortal = NewType("FromPortal", bool)
"""The type of an input that says whether the server's own portal asks (see `portal_key`)."""

# An input of one of these types is filled from the request as a whole, whatever its name.
_BY_TYPE: dict[Any, InputPlace] = {
    Principal: InputPlace.CALLER,
    IdempotentRequest: InputPlace.TICKET,
    IfMatch: InputPlace.IF_MATCH,
    PageRequest: InputPlace.PAGING,
    Address: InputPlace.ADDRESS,
    FromPortal: InputPlace.PORTAL,
}


class InputGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs that many operations take together: in an operation's signature a group stands for its fields."""


class OperationInput(msgspec.Struct, frozen=True):
    """One parameter of an operation's function."""

    name: str
    place: InputPlace
    type: Any
    required: bool = True
    default: Any = None

    def parse_text(self, text: str) -> Any:
        """`text` from path or query as this input's type, in its one spelling; `field_invalid` names the input."""
        if _CONTROL.search(text):
            return Refused(RefusalCode.FIELD_INVALID, "Control characters are not accepted.", field=self.name)
        plain: Any = text
        match scalar_type(self.type):
            case shapes.BoolType():
                plain = _BOOLEANS.get(text)
            case shapes.IntType():
                plain = int(text) if _INTEGER.fullmatch(text) else None
        if plain is None:
            return Refused(
                RefusalCode.FIELD_INVALID,
                f"{field_label(self.name)}: {describe_scalar(self.type)} is needed.",
                field=self.name,
            )
        try:
            return msgspec.convert(plain, self.type)
        except msgspec.ValidationError as error:
            return field_refusal(str(error), self.name, self.type)


_LIMIT = msgspec.Meta(ge=1, le=LIMIT_MOST, description="How many items at most.")
_CURSOR = msgspec.Meta(
    max_length=CURSOR_LONGEST, pattern=r"^[A-Za-z0-9_-]+$(?!\n)", description="The `next` of the page before."
)
PAGING_INPUTS = (
    OperationInput("limit", InputPlace.QUERY, Annotated[int, _LIMIT], False, LIMIT_DEFAULT),
    OperationInput("cursor", InputPlace.QUERY, Annotated[str, _CURSOR], False, ""),
)
"""The query parameters that `PageRequest` stands for."""


def inputs_of(function: Callable[..., Any], path: str) -> tuple[OperationInput, ...]:
    """The inputs of `function` at the route template `path`, by these rules.

    A name in the template is a path parameter; `body` is the JSON body; `Principal`, `IdempotentRequest`, `IfMatch`,
    `PageRequest`, `Address` and `FromPortal` are filled by their type; an `InputGroup` stands for its fields; anything
    else is a query parameter. What has a default may be left out, If-Match included.
    """
    in_path = set(path_names(path))
    found = tuple(_make_input(parameter, hint, in_path) for parameter, hint in _all_parameters(function))
    if missing := in_path - {one.name for one in found}:
        raise TypeError(f"{function.__qualname__} does not take {sorted(missing)} of its path {path}")
    return found


def groups_of(function: Callable[..., Any]) -> dict[str, type[InputGroup]]:
    """The parameters of `function` that are groups of inputs, by name."""
    hints, parameters = _read_signature(function)
    return {each.name: hints[each.name] for each in parameters if _is_group(hints[each.name])}


def _all_parameters(function: Callable[..., Any]) -> Iterator[tuple[inspect.Parameter, Any]]:
    """Each parameter with its type, groups taken apart."""
    hints, parameters = _read_signature(function)
    for each in parameters:
        if _is_group(hints[each.name]):
            yield from _all_parameters(hints[each.name])
        else:
            yield each, hints[each.name]


def _is_group(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, InputGroup)


_Signature = tuple[dict[str, Any], tuple[inspect.Parameter, ...]]


def _read_signature(function: Callable[..., Any]) -> _Signature:
    """The types by name, "return" among them, and the parameters."""
    if not inspect.ismethod(function):
        return _read_plain(function)
    hints, parameters = _read_method(function.__func__)
    return hints, parameters[1:]


def _read_plain(function: Callable[..., Any]) -> _Signature:
    return typing.get_type_hints(function, include_extras=True), tuple(inspect.signature(function).parameters.values())


@cache
def _read_method(function: Callable[..., Any]) -> _Signature:
    """Kept, because a process may put together many applications from the same methods, as tests do."""
    return _read_plain(function)


def path_names(path: str) -> list[str]:
    """The names in a route template such as `/v1/things/{thing}`."""
    return re.findall(r"{(\w+)}", path)


def result_of(function: Callable[..., Any]) -> Any:
    """What `function` answers with when it does not refuse: its return type without `Refused`."""
    hint = _read_signature(function)[0].get("return")
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint
    kept = [one for one in typing.get_args(hint) if one is not Refused]
    return typing.Union[tuple(kept)]  # noqa: UP007 - the members are known only now


def _make_input(parameter: inspect.Parameter, hint: Any, in_path: set[str]) -> OperationInput:
    place = next((known for kind, known in _BY_TYPE.items() if hint is kind), None)
    if parameter.name in in_path:
        place = InputPlace.PATH
    elif parameter.name == "body":
        place = InputPlace.BODY
    required = parameter.default is inspect.Parameter.empty
    if place is None:
        hint = _without_none(hint)
    return OperationInput(
        parameter.name, place or InputPlace.QUERY, hint, required, None if required else parameter.default
    )


@cache
def loose_structs(kind: Any) -> tuple[str, ...]:
    """The names of Structs inside the body type `kind` that would ignore unknown fields or could be changed."""
    found: set[type[msgspec.Struct]] = set()
    waiting: list[Any] = [shapes.type_info(kind)]
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, shapes.StructType) and shape.cls not in found:
            found.add(shape.cls)
            waiting += [field.type for field in shape.fields]
        elif not isinstance(shape, shapes.StructType):
            values = (value if isinstance(value, tuple) else (value,) for value in msgspec.structs.astuple(shape))
            waiting += [part for value in values for part in value if isinstance(part, shapes.Type)]
    configs = {one.__name__: one.__struct_config__ for one in found}
    return tuple(
        sorted(name for name, config in configs.items() if not (config.forbid_unknown_fields and config.frozen))
    )


def _without_none(hint: Any) -> Any:
    """A text parameter is there or not; that it may be None only says what the function gets when it is not."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint
    return typing.Union[tuple(one for one in typing.get_args(hint) if one is not type(None))]  # noqa: UP007


def scalar_type(kind: Any) -> shapes.Type:
    """The shape of a text parameter, without what is only said about it."""
    shape = shapes.type_info(kind)
    return shape.type if isinstance(shape, shapes.Metadata) else shape


def describe_scalar(kind: Any) -> str:
    """How a person is told what a text parameter must look like."""
    match scalar_type(kind):
        case shapes.BoolType():
            return "`true` or `false`"
        case shapes.IntType():
            return "a whole number in decimal digits"
        case _:
            return "another form"
