"""An operation's answer as bytes: what is sent, what an idempotency record keeps, and what is sent again.

Handlers return a plain value when 200 and JSON are all there is to say, an `Answer` made here otherwise.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

JSON = "application/json"


class Answer(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """A finished answer; `T_co` says for the documentation what the body holds."""

    status: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def made(value: T, status: int = 200, *, etag: str = "", headers: Iterable[tuple[str, str]] = ()) -> Answer[T]:
    """`value` as JSON under `status`; `etag` (see `etags.etag`) becomes the ETag header."""
    tags = (("ETag", etag),) if etag else ()
    return Answer(status=status, body=msgspec.json.encode(value), headers=(*tags, *headers))


def nothing(status: int = 204) -> Answer[None]:
    """An answer without a body."""
    return Answer(status=status)


def replayed(answer: Answer[T]) -> Answer[T]:
    """A stored answer, marked with `Idempotency-Replayed: true` as one whose effect is older than this request."""
    return msgspec.structs.replace(answer, headers=(*answer.headers, ("Idempotency-Replayed", "true")))


def pack(answer: Answer[T]) -> bytes:
    """`answer` as bytes for a store (which seals them: they may hold an activation code, [spec: sealed-responses])."""
    return msgspec.msgpack.encode(answer)


def unpack(stored: bytes) -> Answer[object]:
    """The answer that `pack` made into `stored`."""
    return msgspec.msgpack.decode(stored, type=Answer[object])
