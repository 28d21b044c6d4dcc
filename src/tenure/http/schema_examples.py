"""Examples made from the schemas of the API's own document, so that none shows a field that is not there.

Every example is one that its operation reads; a test sends each of them through the reader of bodies.
"""

import re
from typing import Any

NAMED: dict[str, Any] = {
    "name": "Harbour Suite",
    "email": "ada@example.com",
    "password": "a long sentence as a password",
    "note": "for the new office",
    "why": "asked for by phone",
    "reference": "R-1001",
    "url": "https://example.com/hook",
    "plan": "suite-year",
    "product": "suite",
    "sandbox": False,
    "scopes": ["customers:read", "subscriptions:read"],
    "path": "/v1/customers",
    "code": "123456",
    "to": "ada@example.com",
}
"""What is shown in fields of these names, where their schema allows it."""
TEXTS = (
    "suite", "Harbour Suite", "P1Y", "EUR", "12.0", "ada@example.com", "2027-01-31T12:00:00Z", "2027-01-31", "",
    "https://example.com/", "#1f6f54", "123456", "tni_example", "{prefix}_01hx3v8kq2m4n6p8r0s2t4v6w8", "0" * 64,
    "1767225600." + "0" * 64, "subscription.*", "a" * 12,
)  # fmt: skip
"""Tried one by one until a pattern is met."""
FORMATS = {"date-time": "2027-01-31T12:00:00Z", "date": "2027-01-31"}
BYTES = "dGVudXJl"
"""Some bytes in base64."""
PREFIXES = ("sub", "cus", "prv", "off", "sit", "tok")
DEEPEST = 6
_CHOICES = re.compile(r"^\^\((\w+)\|")
"""The first of the words that a pattern such as `^(restored|retired)$` lists."""


def example_value(schema: dict[str, Any], components: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that `schema` accepts, for a field called `name`; `components` are the document's schemas.

    `{"type": "integer", "minimum": 5}` gives 5; a field that may be left out is shown where a value says something.
    """
    schema = resolve_schema(schema, components)
    if name in NAMED and _fits_schema(schema, NAMED[name], components):
        return NAMED[name]
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "anyOf" in schema:
        kept = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return example_value(kept[0] if kept else {"type": "null"}, components, name, depth)
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {}) if depth < DEEPEST else {}
        wanted = fields if depth == 0 else {each: fields[each] for each in schema.get("required", ()) if each in fields}
        return {each: example_value(inner, components, each, depth + 1) for each, inner in wanted.items()}
    if kind == "array":
        least = schema.get("minItems", 0)
        one = example_value(schema.get("items") or {}, components, name.removesuffix("s"), depth + 1)
        return [one] * max(1, least) if depth < DEEPEST and schema.get("maxItems") != 0 else []
    return _plain_value(schema, str(kind), name)


def resolve_schema(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """`schema` itself, not what refers to it."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


def _plain_value(schema: dict[str, Any], kind: str, name: str) -> Any:
    if kind in {"integer", "number"}:
        return max(schema.get("minimum", 0), min(10, schema.get("maximum", 10)))
    if kind == "boolean":
        return bool(schema.get("default", False))
    return None if kind == "null" else _example_text(schema, name)


def _example_text(schema: dict[str, Any], name: str) -> str:
    pattern, least, most = schema.get("pattern", ""), schema.get("minLength", 0), schema.get("maxLength", 10_000)
    if schema.get("contentEncoding") == "base64":
        return BYTES
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    said = [str(schema["default"])] if isinstance(schema.get("default"), str) else []
    said += _CHOICES.findall(pattern)
    for text in (*said, *(text.format(prefix=_id_prefix(name)) if "{" in text else text for text in TEXTS)):
        if least <= len(text) <= most and (not pattern or re.search(pattern, text)):
            return text
    return "…"


def _id_prefix(name: str) -> str:
    return next((each for each in PREFIXES if name.startswith(each)), "sub")


def _fits_schema(schema: dict[str, Any], value: Any, components: dict[str, Any]) -> bool:
    """Whether the schema of a field is one for this kind of value."""
    if "anyOf" in schema:
        return any(_fits_schema(resolve_schema(each, components), value, components) for each in schema["anyOf"])
    kinds = {bool: "boolean", str: "string", list: "array", int: "integer"}
    if "enum" in schema or "const" in schema or schema.get("type") != kinds[type(value)]:
        return False
    fits = not isinstance(value, str) or len(value) <= schema.get("maxLength", len(value))
    return fits and (not isinstance(value, str) or re.search(schema.get("pattern", ""), value) is not None)
