"""An operation's answer as bytes: what is sent, what an idempotency record keeps, and what is sent again.

Handlers return a plain value when 200 and JSON are all there is to say, an `ApiResponse` made here otherwise.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

JSON = "application/json"


class ApiResponse(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """A finished answer; `T_co` says for the documentation what the body holds."""

    status: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def json_response(
    value: T, status: int = 200, *, etag: str = "", headers: Iterable[tuple[str, str]] = ()
) -> ApiResponse[T]:
    """`value` as JSON under `status`; `etag` (see `etags.entity_tag`) becomes the ETag header."""
    tags = (("ETag", etag),) if etag else ()
    return ApiResponse(status=status, body=msgspec.json.encode(value), headers=(*tags, *headers))


def empty_response(status: int = 204) -> ApiResponse[None]:
    """An answer without a body."""
    return ApiResponse(status=status)


def mark_replayed(answer: ApiResponse[T]) -> ApiResponse[T]:
    """A stored answer, marked with `Idempotency-Replayed: true` as one whose effect is older than this request."""
    return msgspec.structs.replace(answer, headers=(*answer.headers, ("Idempotency-Replayed", "true")))


def pack_response(answer: ApiResponse[T]) -> bytes:
    """`answer` as bytes for a store (which seals them: they may hold an activation code, [spec: sealed-responses])."""
    return msgspec.msgpack.encode(answer)


def unpack_response(stored: bytes) -> ApiResponse[object]:
    """The answer that `pack_response` made into `stored`."""
    return msgspec.msgpack.decode(stored, type=ApiResponse[object])
