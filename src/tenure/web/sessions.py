"""Who is signed in at this program's pages: what a browser's secret stands for, kept on the server.

Only a digest of the secret is kept. What a session holds (`value`) is the program's own, such as the API's token;
persistent stores implement `Keeping` themselves.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import msgspec

from tenure.core.timeline import HOUR, Instant

MOST, EACH = 20_000, 50
"""Sessions of one program, and of one owner."""
COLLECT_EVERY = 60
"""Seconds after which sessions that are over are looked for again."""

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

    async def open(self, value: T, now: Instant, owner: str, address: str) -> str | None:
        """A new session of `owner` from `address`; the secret for the browser's cookie, None when there is no place."""

    async def find(self, secret: str, now: Instant) -> Session[T] | None:
        """The session behind a secret, None when there is none (any more)."""

    async def save(self, secret: str, session: Session[T]) -> None:
        """Keep what was changed in it."""

    async def close(self, secret: str) -> None:
        """End it; ending what is no session does nothing."""


class Places(Protocol):
    """How many sessions one owner and one block of networks may have (see `http.fairness.FairPlaces`)."""

    def has_room(self, network: str, block: str) -> bool:
        """Whether there is a place for one more session of the owner `network`."""

    def own(self, network: str, block: str) -> str | None:
        """Which session makes room at nobody else's cost."""

    def take(self, holder: str, network: str, block: str) -> None:
        """A session has a place."""

    def give_back(self, holder: str) -> None:
        """It has none any more."""


def digest(secret: str) -> str:
    """What is kept instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class MemorySessions(Generic[T]):
    """Sessions of one process, gone with it: so many of one owner, so many in all, shared fairly between networks.

    One more than its owner may have ends the owner's oldest; nobody's session ends for another's.
    """

    def __init__(self, places: Places, block_of: Callable[[str], str], lives: Lives | None = None) -> None:
        """`places` say who may have one more; `block_of` names the networks that may be in one hand, by an address."""
        self._lives = lives or Lives()
        self._places, self._block_of = places, block_of
        self._kept: dict[str, Session[T]] = {}
        self._collect_at = 0

    async def open(self, value: T, now: Instant, owner: str, address: str) -> str | None:
        """See `Keeping.open`."""
        block = self._block_of(address)
        if now >= self._collect_at:
            self._collect(now)
        if not self._places.has_room(owner, block):
            oldest = self._places.own(owner, block)
            if oldest is None:
                return None
            self._forget(oldest)
        secret = secrets.token_urlsafe(32)
        self._kept[digest(secret)] = Session(value, now, now)
        self._places.take(digest(secret), owner, block)
        return secret

    def _collect(self, now: Instant) -> None:
        self._collect_at = now + COLLECT_EVERY
        for name in [name for name, each in self._kept.items() if each.over(self._lives, now)]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._kept.pop(name, None)
        self._places.give_back(name)

    async def find(self, secret: str, now: Instant) -> Session[T] | None:
        """See `Keeping.find`; notes that it was used."""
        name = digest(secret)
        session = self._kept.get(name)
        if session is None:
            return None
        if session.over(self._lives, now):
            self._forget(name)
            return None
        session.seen = now
        return session

    async def save(self, secret: str, session: Session[T]) -> None:
        """See `Keeping.save`: in memory the session itself was changed."""
        if digest(secret) in self._kept:
            self._kept[digest(secret)] = session

    async def close(self, secret: str) -> None:
        """See `Keeping.close`."""
        self._forget(digest(secret))
