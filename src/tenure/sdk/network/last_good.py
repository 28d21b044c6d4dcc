"""Addresses that worked lately: the second step, for the day on which no resolver answers [spec: name-resolution].

Hints without authority: what is reached there must show a certificate for the name. When they are tried: `connect`.
"""

import contextlib
import os
import threading
from pathlib import Path
from typing import Protocol

import msgspec

from tenure.core.timeline import Instant
from tenure.sdk.owners import give_to_owner

ADDRESSES = 6
"""Kept per host: as many as are ever tried."""
HOSTS = 16


class GoodAddress(msgspec.Struct, frozen=True):
    """An IP address and when it last worked."""

    address: str
    at: Instant


class LastGood(Protocol):
    """Where addresses that worked are kept; both methods return at once and never raise."""

    def recall_addresses(self, host: str) -> tuple[GoodAddress, ...]:
        """What worked for `host`, latest first, however old."""

    def remember_address(self, host: str, address: str, at: Instant) -> None:
        """Notes that `address` worked for `host`; the oldest beyond six is forgotten."""


Kept = dict[str, tuple[GoodAddress, ...]]


class LastGoodInMemory:
    """Kept as long as the program runs."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept: Kept = dict(kept or {})
        self._lock = threading.Lock()

    def recall_addresses(self, host: str) -> tuple[GoodAddress, ...]:
        """What worked for `host`, latest first."""
        return self._kept.get(host, ())

    def remember_address(self, host: str, address: str, at: Instant) -> None:
        """Notes that `address` worked for `host`."""
        with self._lock:
            others = (good for good in self._kept.pop(host, ()) if good.address != address)
            self._kept[host] = (GoodAddress(address, at), *others)[:ADDRESSES]
            while len(self._kept) > HOSTS:
                del self._kept[next(iter(self._kept))]

    def as_json(self) -> bytes:
        """Everything kept, for a caller who stores it with its own state; `from_json` reads it."""
        return msgspec.json.encode(self._kept)

    @classmethod
    def from_json(cls, text: bytes) -> "LastGoodInMemory":
        """What `as_json` wrote; anything unreadable counts as nothing kept, for these are only hints."""
        try:
            return cls(msgspec.json.decode(text, type=Kept))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return cls()


class LastGoodFile:
    """Kept in one small JSON file of the caller's, replaced whole; a file lost or damaged costs only hints."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory = LastGoodInMemory.from_json(_read_file(path))

    def recall_addresses(self, host: str) -> tuple[GoodAddress, ...]:
        """What worked for `host`, latest first."""
        return self._memory.recall_addresses(host)

    def remember_address(self, host: str, address: str, at: Instant) -> None:
        """Notes that `address` worked for `host`, on disk too if that is possible."""
        self._memory.remember_address(host, address, at)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{threading.get_ident()}.new")
        try:
            draft.write_bytes(self._memory.as_json())
            give_to_owner(draft, self._path.parent)
            draft.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()[: 64 * 1024]
    except OSError:
        return b""
