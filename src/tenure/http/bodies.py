"""Reading a request's body: its size counted as it streams, its type checked, its JSON strict; nothing is guessed.

Slow senders are bounded by the server (see `serve`), which ends the connection.
"""

from typing import Any, TypeVar

import msgspec

from tenure.core.field_errors import field_refusal
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.whole_numbers import read_whole_number
from tenure.http.asgi import RawHeaders, Receive
from tenure.wire import strict_json

T = TypeVar("T")

BODY_CAP = 64 * 1024
"""The most bytes a body may have where an operation says nothing else."""


def check_headers(headers: RawHeaders, media_type: bytes, cap: int) -> Refused | None:
    """Refuse by the headers alone: `media_type_unsupported` (wrong, missing, compressed), `body_too_large`."""
    found = b""
    for name, value in headers:
        if name == b"content-type":
            found = value
        elif name == b"content-length":
            if not value.isdigit():
                return Refused(RefusalCode.BODY_UNREADABLE, "Content-Length is not a number.", field="Content-Length")
            length = read_whole_number(value, 18)
            if length is None or length > cap:
                return _too_large(cap)
        elif name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            return Refused(
                RefusalCode.MEDIA_TYPE_UNSUPPORTED, "A compressed body is not read.", field="Content-Encoding"
            )
    if found == media_type or _same_type(found, media_type):
        return None
    return Refused(
        RefusalCode.MEDIA_TYPE_UNSUPPORTED, f"The body is sent as {media_type.decode()}.", field="Content-Type"
    )


def _same_type(found: bytes, media_type: bytes) -> bool:
    kind, _, parameters = found.lower().partition(b";")
    charset = parameters.replace(b" ", b"").replace(b'"', b"")
    return kind.strip() == media_type and charset in {b"", b"charset=utf-8"}


async def read_body(receive: Receive, cap: int) -> bytes | Refused:
    """The whole body, at most `cap` bytes: `body_too_large` as soon as it is more, `body_unreadable` when cut off."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        # Nearly always the body arrives at once.
        body: bytes = message.get("body", b"")
        return body if len(body) <= cap else _too_large(cap)
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] != "http.request":
            return Refused(RefusalCode.BODY_UNREADABLE, "The connection ended before the body did.")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > cap:
            return _too_large(cap)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()


def load_body(body: bytes, kind: type[T], cap: int) -> T | Refused:
    """`body` as strict JSON of `kind`: `body_unreadable`, or `field_invalid` with the field named."""
    tree = strict_json.parse_json(body, cap)
    if isinstance(tree, Refused):
        return _too_large(cap) if tree.code is RefusalCode.MESSAGE_TOO_LARGE else _refuse_unreadable(tree)
    # Stores and C libraries end a text at NUL; no field of this API has a use for it.
    whole = {"": tree}
    if (field := _normalize_tree(whole, "")) is not None:
        return Refused(RefusalCode.FIELD_INVALID, "The character U+0000 is not accepted in text.", field=field)
    try:
        return msgspec.convert(whole[""], kind)
    except msgspec.ValidationError as error:
        return field_refusal(str(error), kind=kind, value=whole[""])


def _refuse_unreadable(refused: Refused) -> Refused:
    return Refused(RefusalCode.BODY_UNREADABLE, refused.detail, refused.field)


def _normalize_tree(node: dict[str, Any] | list[Any], path: str) -> str | None:
    """Where NUL stands in `node`, or None; on the way 5.0 becomes 5, which are the same number to JSON Schema."""
    for name, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        inner = f"{path}.{name}".strip(".")
        if "\x00" in str(name) or (isinstance(value, str) and "\x00" in value):
            return inner.replace("\x00", "")
        if isinstance(value, dict | list) and (found := _normalize_tree(value, inner)) is not None:
            return found
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            node[name] = int(value)  # type: ignore[index, call-overload]
    return None


def _too_large(cap: int) -> Refused:
    return Refused(RefusalCode.BODY_TOO_LARGE, f"At most {cap} bytes are read here.")
