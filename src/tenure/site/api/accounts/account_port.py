"""The site's people, sessions and counters as the flows of accounts see them (`http.accounts.account_store`)."""

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
from tenure.site.store import events, people
from tenure.site.store.people import SitePerson
from tenure.site.store.writer import Connection

T = TypeVar("T")
TOLD: dict[str, tuple[events.Severity, str, str]] = {
    "sign_in_refused": ("warning", "sign_in_refused", "Somebody could not sign in as {name}: {detail}."),
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

    use_step = staticmethod(people.use_step)
    use_recovery = staticmethod(people.use_recovery)
    end_session = staticmethod(people.end_session)
    end_sessions = end_others = staticmethod(people.end_sessions)
    add_try = staticmethod(people.add_try)
    reset_tries = staticmethod(people.reset_tries)

    def find_person(self, conn: Connection, person: str, /, *, lock: bool = False) -> SitePerson | None:
        """See `AccountStore.find_person`; the one writer locks by itself."""
        return people.find(conn, person)

    def set_password(self, conn: Connection, person: str, hashed: str, /) -> None:
        """See `AccountStore.set_password`: chosen by its owner, and so no temporary one."""
        people.set_password(conn, person, hashed, temporary=False)

    def offer_factor(self, conn: Connection, person: str, sealed: bytes, /) -> None:
        """See `AccountStore.offer_factor`."""
        self._offered[person] = sealed

    def offered_factor(self, conn: Connection, person: str, /) -> bytes | None:
        """See `AccountStore.offered_factor`."""
        return self._offered.get(person)

    def set_factor(
        self, conn: Connection, person: str, sealed: bytes | None, step: int, recovery: Sequence[bytes], /
    ) -> None:
        """See `AccountStore.set_factor`."""
        self._offered.pop(person, None)
        people.set_factor(conn, person, sealed, step)
        people.keep_recovery(conn, person, recovery)

    def find_ticket(self, conn: Connection, digest: bytes, now: Instant, /) -> tuple[str, str] | None:
        """See `AccountStore.find_ticket`."""
        found = people.find_session(conn, digest, TICKET, now)
        return None if found is None else (found.id, found.person)

    def open_sessions(self, conn: Connection, person: str, _now: Instant, /) -> Sequence[OpenSession]:
        """See `AccountStore.open_sessions`; behind a console every address would be this computer's."""
        # A session lasts as long as every other, and is never prolonged.
        return [
            OpenSession(id=each.id, created=each.until - LIFE, expires=each.until, browser=each.browser)
            for each in people.open_sessions(conn, person, self._clock())
        ]

    def failed_tries(self, conn: Connection, key: str, now: Instant, /) -> FailedTries:
        """See `AccountStore.failed_tries`."""
        return people.failed_tries(conn, key)

    def take_back(self, conn: Connection, key: str, now: Instant, /) -> None:
        """See `AccountStore.take_back`."""
        people.take_back(conn, key)

    def note(
        self, conn: Connection, person: SitePerson | None, what: str, detail: str, address: str, now: Instant, /
    ) -> None:
        """See `AccountStore.note`: an event by the site's clock. What was typed in vain is nobody's and not kept."""
        told = TOLD.get(what)
        if person is None or told is None:
            return
        severity, kind, sentence = told
        add = events.add_once_an_hour if what == "sign_in_refused" else events.add
        add(conn, self._local.site.now(), severity, kind, sentence.format(name=person.name, detail=detail))
