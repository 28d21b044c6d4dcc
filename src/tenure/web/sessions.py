"""Who is signed in at this program's pages: what a browser's secret stands for, kept on the server.

Only a digest of the secret is kept. What a session holds (`value`) is the program's own, such as the API's token;
persistent stores implement `Keeping` themselves.
"""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import msgspec

from tenure.core.timeline import HOUR, Instant

T = TypeVar("T")


class Flash(msgspec.Struct, frozen=True):
    """A sentence for the next page: what was done, or why not. `tone` is `good`, `info`, `warn` or `bad`."""

    tone: str
    text: str


class Lives(msgspec.Struct, frozen=True, kw_only=True):
    """How long a session lasts, in seconds: without use, and at most."""

    idle: int = 12 * HOUR
    longest: int = 14 * 24 * HOUR


@dataclass
class Session(Generic[T]):
    """One browser that is signed in."""

    value: T
    opened: Instant
    seen: Instant
    flashes: list[Flash] = field(default_factory=list)

    def over(self, lives: Lives, now: Instant) -> bool:
        """Whether it has ended by `now`."""
        return now >= self.seen + lives.idle or now >= self.opened + lives.longest


class Keeping(Protocol[T]):
    """Where sessions are kept, by the secret that the browser shows."""

    async def open(self, value: T, now: Instant) -> str:
        """A new session; the secret for the browser's cookie."""

    async def find(self, secret: str, now: Instant) -> Session[T] | None:
        """The session behind a secret, None when there is none (any more)."""

    async def save(self, secret: str, session: Session[T]) -> None:
        """Keep what was changed in it."""

    async def close(self, secret: str) -> None:
        """End it; ending what is no session does nothing."""


def digest(secret: str) -> str:
    """What is kept instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class MemorySessions(Generic[T]):
    """Sessions of one process: gone with it, at most `capacity`; the one unused for longest is forgotten first."""

    def __init__(self, lives: Lives | None = None, capacity: int = 20_000) -> None:
        self._lives = lives or Lives()
        self._capacity = capacity
        self._kept: OrderedDict[str, Session[T]] = OrderedDict()

    async def open(self, value: T, now: Instant) -> str:
        """See `Keeping.open`."""
        secret = secrets.token_urlsafe(32)
        self._kept[digest(secret)] = Session(value, now, now)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return secret

    async def find(self, secret: str, now: Instant) -> Session[T] | None:
        """See `Keeping.find`; notes that it was used."""
        name = digest(secret)
        session = self._kept.get(name)
        if session is None:
            return None
        if session.over(self._lives, now):
            del self._kept[name]
            return None
        session.seen = now
        self._kept.move_to_end(name)
        return session

    async def save(self, secret: str, session: Session[T]) -> None:
        """See `Keeping.save`: in memory the session itself was changed."""
        if digest(secret) in self._kept:
            self._kept[digest(secret)] = session

    async def close(self, secret: str) -> None:
        """See `Keeping.close`."""
        self._kept.pop(digest(secret), None)
