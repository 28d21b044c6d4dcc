"""What people are told about a value that will not do: the field's label, its rule in words, its range, an example.

One table for every surface. A decoder's messages are written for programmers; `field_refusal` turns them and the
type of the field into a sentence. What a value means (money, days, states) is refused elsewhere, in sentences of its
own.
"""

import re
import types
import typing
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect as shapes

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused

LABELS: dict[str, str] = {
    "after_end_sync_days": "Daily synchronization after the end for",
    "air_gap_lease_days": "A site without a network works for",
    "amount": "Amount",
    "base_features": "Functions that stay after the end",
    "block_grace_days": "Grace after a code was blocked",
    "cancel_grace_days": "Grace after a cancellation",
    "color": "Color",
    "email": "E-mail",
    "events": "Events",
    "features": "Functions while it is paid",
    "ephemeral_hours": "An application in a container keeps its place without contact for",
    "going": "Applications that stop",
    "grace_days": "Grace after a paid period",
    "recipient": "Its devices go to",
    "id": "Id",
    "instructions": "How to pay",
    "idle_release_days": "A silent device is released after",
    "late_renewal": "A renewal after the end",
    "lease_days": "A site works without contact for",
    "logo": "Address of the logo",
    "max_devices": "Devices, at most",
    "max_sites": "Sites that may share one subscription",
    "min_devices": "Devices, at least",
    "min_version": "Lowest version that may activate",
    "offer": "Offer",
    "refund": "A cancellation at once gives back",
    "reinstate_days": "An ended subscription can be renewed for",
    "reminders": "Reminders, days before an end",
    "renew_url": "Address where customers renew",
    "renew_window_days": "Renewal is possible before the end",
    "renewal_order": "When money is short",
    "request_days": "A payment request is open for",
    "resume_days": "Automatic payment is tried after the end for",
    "seat_conflict_days": "Notice before a lower limit holds",
    "stop_clock": "A pause stops the clock",
    "sync_interval": "Sites synchronize every",
    "tolerance_percent": "Devices beyond the limit",
    "trial_grace_days": "Grace after a trial",
    "until": "Last day",
    "url": "Address",
    "why": "Note",
}
"""How people call a field whose name does not say it; the others are called by their name.

The one home of labels: forms, complaints, what another user saved meanwhile, the impact of a policy, the command line.
"""
MINOR_UNITS = frozenset({"amount", "credit_limit", "unit"})
"""Fields that count minor units: programs send them so, people never."""
_ID = "an id as it is listed, such as {prefix}_01hx3v8kq2m4n6p8r0s2t4v6w8"
PATTERNS: tuple[tuple[str, str], ...] = (
    ("/v1/", "a path of this API such as /v1/customers"),
    ("@", "an address such as ana@example.com"),
    ("_[0-9a-z]{26}", _ID),
    ("[a-z0-9][a-z0-9_.-]*", "lower case letters, digits and . _ -, beginning with a letter or digit: suite-year"),
    (r"[0-9]+(\.[0-9]+)*(", "a version such as 12.0"),
    ("[A-Z]{3}", "a currency in three capitals, such as EUR"),
    ("P[0-9YMWD]+", "a length of time such as P1Y (a year), P1M (a month) or P30D (30 days)"),
    (r"[0-9]+\.[0-9a-f]{64}", "the `plan` of the dry run, as it came"),
    ("#[0-9a-fA-F]{6}", "a # and six hex digits, such as #1f6f54"),
    ("(https://", "an address that begins with https://"),
    ("https?://", "an address that begins with https:// or http://"),
    ("[0-9A-Za-z -]+", "a code of digits and letters, such as 123456"),
    (r"[a-z_]+\.(", "an event such as subscription.renewed or subscription.*"),
    ("[0-9a-f]{64}", "64 digits from 0 to 9 and a to f"),
    ("[A-Za-z0-9_.-]", "letters, digits and . _ -"),
    ("[a-z0-9_]", "lower case letters, digits and _"),
    ("[a-z_]", "a name in lower case letters and _"),
    ("[!-~]", "letters, digits and signs without blanks, accents or emoji"),
    ("[ -~", "letters, digits and signs without accents or emoji"),
    (r"[^\x00-\x1f", "one line of text without control characters"),
    (r"[^\x00-\x08", "text without control characters"),
)
"""A piece of a pattern, and what the whole of it asks for; the first that is found counts."""
_PREFIXES = {
    "customer": "cus", "offer": "off", "provider": "prv", "site": "site", "recipient": "site", "going": "site",
    "code": "cod", "devices": "dev", "into": "dev", "id": "mem", "subscription": "sub",
}  # fmt: skip
_ONE_OF = re.compile(r"^\^\(([a-z_]+(?:\|[a-z_]+)+)\)\$")
_PATH = re.compile(r" - at (`key` in )?`\$\.?(.*)`\Z", re.DOTALL)
_NAMED = re.compile(r"(missing required|contains unknown) field `([^`]*)`")
_LIMIT = re.compile(r"(>=|<=|>|<) ?(-?[0-9]+)")
_PATTERN = re.compile(r"matching regex (.*)\Z", re.DOTALL)
_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_SHOWN = 12
"""Choices that are told; a longer list is in the documentation."""


class _FieldPath(NamedTuple):
    """Where a complaint is about: its path in words of the request, and the type there (None: not known)."""

    path: str
    kind: Any


def field_refusal(message: str, field: str = "", kind: Any = None, value: Any = None) -> Refused:
    """`field_invalid` with field and sentence for a decoder's `message` about `value` as a `kind`, below `field`.

    With `kind` the sentence tells the whole rule, with `value` the key of a mapping as well. "Expected `int` >= 1 - at
    `$.amount`" becomes, for an integer from 1 to 90: field `amount`, "Amount: a whole number from 1 to 90 is needed."
    """
    found, named = _PATH.search(message), _NAMED.search(message)
    place = _resolve_path(found[2] if found else "", kind, value, key=bool(found and found[1]))
    parts = [field, place.path, named[2] if named else ""]
    # What was sent is repeated only in part: a field's name may be as long as the body.
    path = ".".join(filter(None, parts)).replace(".[", "[")[:200]
    if named:
        inner = _field_type(place.kind, named[2]) if named[1] == "missing required" else None
        said = _missing_field(path, inner) if named[1] == "missing required" else _unknown_field(named[2])
    else:
        said = f"{field_label(path)}: {_describe_need(_PATH.sub('', message), path, place.kind)}."
    return Refused(RefusalCode.FIELD_INVALID, said[:300], path)


def field_label(path: str) -> str:
    """How people call the field at `path`: `rules.grace_days` is "Grace after a paid period", `lines[1].unit` "Unit".

    An item of a list is called by its list and number, counted from 1.
    """
    steps = [step for step in _STEP.findall(path) if step[1] or step[0].isdigit()]
    names = [name for _, name in steps if name]
    if not names:
        return "The request"
    name = names[-1]
    words = LABELS.get(name) or name.replace("_", " ").replace("-", " ").strip().capitalize()[:80] or "This field"
    return f"{words}, number {int(steps[-1][0][:9]) + 1}" if steps[-1][0] else words


def without_label(field: str, detail: str) -> str:
    """The sentence without the label that a form already shows: "Amount: a whole number …" as "A whole number …"."""
    begin = f"{field_label(field)}: "
    rest = detail.removeprefix(begin)
    return rest[:1].upper() + rest[1:] if rest != detail else detail


def describe_pattern(pattern: str, name: str = "") -> str:
    """What `pattern` asks for, in words, for the field called `name`; empty for one that no words were found for."""
    if choices := _ONE_OF.match(pattern):
        return _one_of(choices[1].split("|"))
    words = next((words for piece, words in PATTERNS if piece in pattern), "")
    return words.format(prefix=_PREFIXES.get(name, "sub")) if "{" in words else words


def _missing_field(path: str, kind: Any) -> str:
    wanted = "" if kind is None else _describe_type(path, kind)
    return f"{field_label(path)}: this field is missing" + (f"; {wanted} is needed." if wanted else ".")


def _unknown_field(name: str) -> str:
    shown = "".join(char for char in name if char.isprintable())[:60]
    return f"There is no field called `{shown}` here; look for a misspelled name."


def _describe_need(message: str, path: str, kind: Any) -> str:
    """What is needed, from the type; where that is not known, what the message alone tells."""
    if "of length" in message:
        return _of_length(message)
    if kind is not None and (wanted := _describe_type(path, kind)):
        return f"{wanted} is needed"
    if message.startswith("Invalid enum value"):
        return "this is none of the values there are"
    if pattern := _PATTERN.search(message):
        words = describe_pattern(pattern[1].replace("\\\\", "\\").strip("'\""), _last_name(path))
        return f"{words} is needed" if words else "this is not written as it should be"
    if (limit := _LIMIT.search(message)) and "`int`" in message:
        return f"a whole number of at {'least' if '>' in limit[1] else 'most'} {int(limit[2]):,} is needed"
    if "datetime" in message:
        return "a moment such as 2027-03-31T12:00:00Z is needed"
    expected = message.partition("`")[2].partition("`")[0].split(" | ")
    words = " or ".join(_KINDS[each] for each in expected if each in _KINDS and each != "null")
    return f"{words} is needed" if words else "this value cannot be used"


_KINDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "a group of fields", "null": "nothing",
}  # fmt: skip


def _of_length(message: str) -> str:
    limit = _LIMIT.search(message)
    many = int(limit[2]) if limit else 1
    what = "item" if "`array`" in message or "`object`" in message else "character"
    counted = format_count(many, what)
    if limit and "<" in limit[1]:
        return f"this is too long, at most {counted} fit"
    return "please fill this in" if many == 1 and what == "character" else f"at least {counted} must be there"


def _describe_type(path: str, kind: Any) -> str:
    """What a value of `kind` looks like: "a whole number from 1 to 90"; empty where there are no words for it."""
    shape = _describe_shape(kind)
    while isinstance(shape, shapes.Metadata):
        shape = shape.type
    if isinstance(shape, shapes.UnionType):
        kept = [each for each in shape.types if not isinstance(each, shapes.NoneType)]
        words = [_of_shape(each, path) for each in kept]
        return words[0] if len(words) == 1 else "a value that this rule may have"
    return _of_shape(shape, path)


def _of_shape(shape: Any, path: str) -> str:
    while isinstance(shape, shapes.Metadata):
        shape = shape.type
    match shape:
        case shapes.IntType():
            what = (
                "a whole number of minor units (such as cents)" if _last_name(path) in MINOR_UNITS else "a whole number"
            )
            return what + _describe_range(shape.ge, shape.le)
        case shapes.StrType():
            return (describe_pattern(shape.pattern, _last_name(path)) if shape.pattern else "") or "text"
        case shapes.BoolType():
            return "true or false"
        case shapes.EnumType():
            return _one_of([str(each.value) for each in shape.cls])
        case shapes.LiteralType():
            return _one_of([str(each) for each in shape.values if each != ""])
        case shapes.DateTimeType():
            return "a moment such as 2027-03-31T12:00:00Z"
        case shapes.VarTupleType() | shapes.ListType() | shapes.SetType() | shapes.FrozenSetType():
            return "a list"
        case shapes.StructType() | shapes.DictType():
            return "a group of fields"
    return ""


def _describe_range(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f" from {least:,} to {most:,}"
    if least is not None:
        return f" of at least {least:,}"
    return "" if most is None else f" of at most {most:,}"


def _one_of(choices: list[str]) -> str:
    shown = ", ".join(choices[:_SHOWN])
    return f"one of {shown}" + (", …" if len(choices) > _SHOWN else "")


def _last_name(path: str) -> str:
    names = [name for _, name in _STEP.findall(path) if name]
    return names[-1] if names else ""


@lru_cache(maxsize=512)
def _describe_shape(kind: Any) -> shapes.Type:
    return shapes.type_info(kind)


def _resolve_path(path: str, kind: Any, value: Any, *, key: bool) -> _FieldPath:
    """`path` of a decoder with the keys of mappings written out (`rules[...]` becomes `rules.grace_days`)."""
    said: list[str] = []
    for index, name in _STEP.findall(path):
        kind, step = _without_meta(kind), name
        if name:
            kind = _field_type(kind, name)
            value = value.get(name) if isinstance(value, dict) else None
        elif index.isdigit():
            kind, step = _type_argument(kind, 0), f"[{index}]"
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            kind, items = _type_argument(kind, -1), value.items() if isinstance(value, dict) else ()
            found, value = next((item for item in items if kind and not _is_instance(item[1], kind)), ("", None))
            step = "." + "".join(char for char in found if char.isprintable())[:60] if found else "[...]"
        said.append(step if step.startswith(("[", ".")) else f".{step}")
    if key:
        kind = _type_argument(_without_meta(kind), 0)
    return _FieldPath("".join(said).removeprefix("."), kind)


def _is_instance(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _without_meta(kind: Any) -> Any:
    """The one type in `kind` that has parts: without what is only said about it, and without None."""
    while typing.get_origin(kind) in (typing.Annotated, typing.Union, types.UnionType):
        if typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
            continue
        parts = [each for each in typing.get_args(kind) if each is not type(None)]
        kind = next((each for each in parts if _type_argument(_is_plain(each), 0) is not None), parts[0])
        if len(parts) > 1:
            return _is_plain(kind)
    return kind


def _is_plain(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _type_argument(kind: Any, number: int) -> Any:
    """An argument of a list, tuple or mapping; None for another type."""
    found = typing.get_args(kind) if typing.get_origin(kind) in (list, tuple, dict, set, frozenset) else ()
    return found[number if typing.get_origin(kind) is dict else 0] if found else None


def _field_type(kind: Any, name: str) -> Any:
    """The type of a field of a message by its name on the wire; None where that is not known."""
    kind = _without_meta(kind)
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    named = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    return typing.get_type_hints(kind, include_extras=True).get(named.get(name, ""))
