"""The site's users, sessions and counters as the flows of accounts see them (`http.accounts.account_store`)."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.account_store import OpenSession
from tenure.http.accounts.login_backoff import FailedTries
from tenure.site.accounts import LIFE, TICKET, SiteAccountSecrets
from tenure.site.api.local import LocalApi
from tenure.site.store import events, users
from tenure.site.store.users import SiteUser
from tenure.site.store.writer import Connection

T = TypeVar("T")
TOLD: dict[str, tuple[events.Severity, str, str]] = {
    "sign_in_refused": ("warning", "sign_in_refused", "A sign-in as {name} failed: {detail}."),
    "password_changed": ("info", "password_changed", "{name} has changed the password."),
    "second_factor_set": ("info", "second_factor_on", "{name} signs in with a second factor."),
    "session_ended": ("info", "sessions_ended", "{name} has ended a session of their own."),
    "other_sessions_ended": (
        "info",
        "sessions_ended",
        "{name} has ended {detail} of their own, all but the present one.",
    ),
    "second_factor_removed": ("warning", "second_factor_off", "{name} has given the second factor up."),
}
"""Of what the flows note, what becomes an event: severity, kind and sentence."""


class SiteAccountStore:
    """`AccountStore` of the administration server; offered second factors are kept in memory until confirmed."""

    def __init__(self, local: LocalApi, accounts: SiteAccountSecrets) -> None:
        self._local, self._clock = local, accounts.clock
        self._offered: dict[str, bytes] = {}

    async def read(self, work: Callable[[Connection, Instant], T]) -> T:
        """See `AccountStore.read`."""
        return await self._local.read_tx(lambda conn: work(conn, self._clock()))

    async def write(self, work: Callable[[Connection, Instant], T | Refused]) -> T | Refused:
        """See `AccountStore.write`."""
        now = self._clock()
        kept: Future[T | Refused] = self._local.site.store.write(lambda conn: work(conn, now))
        return await asyncio.wrap_future(kept)

    use_step = staticmethod(users.use_step)
    use_recovery = staticmethod(users.use_recovery)
    end_session = staticmethod(users.end_session)
    end_sessions = end_others = staticmethod(users.end_sessions)
    add_try = staticmethod(users.add_try)
    reset_tries = staticmethod(users.reset_tries)

    def find_user(self, conn: Connection, user: str, /, *, lock: bool = False) -> SiteUser | None:
        """See `AccountStore.find_user`; the one writer locks by itself."""
        return users.find(conn, user)

    def set_password(self, conn: Connection, user: str, hashed: str, /) -> None:
        """See `AccountStore.set_password`: chosen by its owner, and so no temporary one."""
        users.set_password(conn, user, hashed, temporary=False)

    def offer_factor(self, conn: Connection, user: str, sealed: bytes, /) -> None:
        """See `AccountStore.offer_factor`."""
        self._offered[user] = sealed

    def offered_factor(self, conn: Connection, user: str, /) -> bytes | None:
        """See `AccountStore.offered_factor`."""
        return self._offered.get(user)

    def set_factor(
        self, conn: Connection, user: str, sealed: bytes | None, step: int, recovery: Sequence[bytes], /
    ) -> None:
        """See `AccountStore.set_factor`."""
        self._offered.pop(user, None)
        users.set_factor(conn, user, sealed, step)
        users.keep_recovery(conn, user, recovery)

    def find_ticket(self, conn: Connection, digest: bytes, now: Instant, /) -> tuple[str, str] | None:
        """See `AccountStore.find_ticket`."""
        found = users.find_session(conn, digest, TICKET, now)
        return None if found is None else (found.id, found.user)

    def open_sessions(self, conn: Connection, user: str, _now: Instant, /) -> Sequence[OpenSession]:
        """See `AccountStore.open_sessions`; behind a console every address would be this computer's."""
        # A session lasts as long as every other, and is never prolonged.
        return [
            OpenSession(id=each.id, created=each.until - LIFE, expires=each.until, browser=each.browser)
            for each in users.open_sessions(conn, user, self._clock())
        ]

    def failed_tries(self, conn: Connection, key: str, now: Instant, /) -> FailedTries:
        """See `AccountStore.failed_tries`."""
        return users.failed_tries(conn, key)

    def take_back(self, conn: Connection, key: str, now: Instant, /) -> None:
        """See `AccountStore.take_back`."""
        users.take_back(conn, key)

    def note(
        self, conn: Connection, user: SiteUser | None, what: str, detail: str, address: str, now: Instant, /
    ) -> None:
        """See `AccountStore.note`: an event by the site's clock. A name without an account is not kept."""
        told = TOLD.get(what)
        if user is None or told is None:
            return
        severity, kind, sentence = told
        add = events.add_once_an_hour if what == "sign_in_refused" else events.add
        add(conn, self._local.site.now(), severity, kind, sentence.format(name=user.name, detail=detail))
