"""Who is signed in at this program's pages: what a browser's secret stands for, kept on the server.

Only a digest of the secret is kept. What a session holds (`value`) is the program's own, such as the API's token;
persistent stores implement `SessionStore` themselves.
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


class FlashMessage(msgspec.Struct, frozen=True):
    """A sentence for the next page: what was done, or why not. `tone` is `good`, `info`, `warn` or `bad`."""

    tone: str
    text: str


class SessionLifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long a session lasts, in seconds: without use, and at most."""

    idle: int = 12 * HOUR
    longest: int = 14 * 24 * HOUR


@dataclass
class PageSession(Generic[T]):
    """One browser that is signed in."""

    value: T
    opened: Instant
    seen: Instant
    flashes: list[FlashMessage] = field(default_factory=list)

    def is_over(self, lives: SessionLifetimes, now: Instant) -> bool:
        """Whether it has ended by `now`."""
        return now >= self.seen + lives.idle or now >= self.opened + lives.longest


class SessionStore(Protocol[T]):
    """Where sessions are kept, by the secret that the browser shows."""

    async def open_session(self, value: T, now: Instant, owner: str, address: str) -> str | None:
        """A new session of `owner` from `address`; the secret for the browser's cookie, None when there is no place."""

    async def find_session(self, secret: str, now: Instant, address: str = "") -> PageSession[T] | None:
        """The session behind a secret, None when there is none (any more); `address`: where the browser is seen."""

    async def save_session(self, secret: str, session: PageSession[T]) -> None:
        """Keep what was changed in it."""

    async def close_session(self, secret: str) -> None:
        """End it; ending what is no session does nothing."""


class SessionPlaces(Protocol):
    """How many sessions one owner and one block of networks may have (see `http.fairness.FairPlaces`)."""

    def has_room(self, network: str, block: str) -> bool:
        """Whether there is a place for one more session of the owner `network`."""

    def own_oldest(self, network: str, block: str) -> str | None:
        """The session that makes room, so that no other owner loses one."""

    def take_place(self, holder: str, network: str, block: str) -> None:
        """A session has a place."""

    def give_back(self, holder: str) -> None:
        """It has none any more."""


def secret_digest(secret: str) -> str:
    """What is kept instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class MemorySessions(Generic[T]):
    """Sessions of one process, gone with it: so many of one owner, so many in all, shared fairly between networks.

    One more than its owner may have ends the owner's oldest; no session ends for one of another owner.
    """

    def __init__(
        self, places: SessionPlaces, block_of: Callable[[str], str], lives: SessionLifetimes | None = None
    ) -> None:
        """`places` say who may have one more; `block_of` names the networks that may be in one hand, by an address."""
        self._lives = lives or SessionLifetimes()
        self._places, self._block_of = places, block_of
        self._kept: dict[str, PageSession[T]] = {}
        self._collect_at = 0

    async def open_session(self, value: T, now: Instant, owner: str, address: str) -> str | None:
        """See `SessionStore.open_session`."""
        block = self._block_of(address)
        if now >= self._collect_at:
            self._collect_ended(now)
        if not self._places.has_room(owner, block):
            oldest = self._places.own_oldest(owner, block)
            if oldest is None:
                return None
            self._forget_session(oldest)
        secret = secrets.token_urlsafe(32)
        self._kept[secret_digest(secret)] = PageSession(value, now, now)
        self._places.take_place(secret_digest(secret), owner, block)
        return secret

    def _collect_ended(self, now: Instant) -> None:
        self._collect_at = now + COLLECT_EVERY
        for name in [name for name, each in self._kept.items() if each.is_over(self._lives, now)]:
            self._forget_session(name)

    def _forget_session(self, name: str) -> None:
        self._kept.pop(name, None)
        self._places.give_back(name)

    async def find_session(self, secret: str, now: Instant, address: str = "") -> PageSession[T] | None:
        """See `SessionStore.find_session`; notes that it was used."""
        name = secret_digest(secret)
        session = self._kept.get(name)
        if session is None:
            return None
        if session.is_over(self._lives, now):
            self._forget_session(name)
            return None
        session.seen = now
        return session

    async def save_session(self, secret: str, session: PageSession[T]) -> None:
        """See `SessionStore.save_session`: in memory the session itself was changed."""
        if secret_digest(secret) in self._kept:
            self._kept[secret_digest(secret)] = session

    async def close_session(self, secret: str) -> None:
        """See `SessionStore.close_session`."""
        self._forget_session(secret_digest(secret))
