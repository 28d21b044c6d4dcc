"""Idempotency-Key: the same request sent again has one effect and gets the same answer
[spec: idempotency, sealed-responses].

Here a request becomes a `IdempotentRequest`; the service takes it into the transaction of the effect, where the store
alone can tell a repetition from a race.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from tenure.core.refusals import RefusalCode, Refused

KEY_LONGEST = 255
KEY_PATTERN = r"^[!-~]+$(?!\n)"
_KEY = re.compile(r"[!-~]{1,255}")


class IdempotentRequest(msgspec.Struct, frozen=True):
    """One request that must have one effect: who asked where (`scope`), under which `key`, for exactly what."""

    scope: str
    """Token and route: two callers, or two operations, never meet under one key."""
    key: str
    payload_hash: bytes
    """SHA-256 over method, path, query and body."""


def read_key(values: list[str]) -> str | Refused:
    """The Idempotency-Key from the headers' `values`: exactly one, 1 to 255 visible ASCII characters."""
    if not values:
        return Refused(RefusalCode.IDEMPOTENCY_KEY_MISSING, field="Idempotency-Key")
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        return Refused(
            RefusalCode.FIELD_INVALID,
            "One key of 1 to 255 letters, digits and signs is needed.",
            field="Idempotency-Key",
        )
    return values[0]


def scope_of(token_id: str, method: str, route: str) -> str:
    """The scope of a key: a token at a route (its template, not the concrete path)."""
    return f"{token_id} {method} {route}"


def payload_hash(method: str, path: str, query: bytes, body: bytes) -> bytes:
    """SHA-256 of what was asked; each part carries its length, so that none can borrow bytes from its neighbor."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), query, body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def content_keys(key: str, wanted: Iterable[tuple[str, str, bytes]]) -> list[str]:
    """An idempotency key for each (method, path, body): by what it says, never by its place in the batch.

    So a batch that is sent again with a line mended or left out does nothing twice. Of those that say the same the
    first, the second and so on are told apart.
    """
    seen: Counter[bytes] = Counter()
    found = []
    for method, path, body in wanted:
        digest = payload_hash(method, path, key.encode(), body)
        seen[digest] += 1
        found.append(f"{digest.hex()}.{seen[digest]}")
    return found
