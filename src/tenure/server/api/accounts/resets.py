"""A password that was lost: a link by mail to set a new one. The answer never tells whether there is an account, by
neither its words nor the time it takes.
"""

import asyncio
import math
from typing import Any, Final

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import passwords
from tenure.http.accounts.delay import Patience
from tenure.http.answers import made
from tenure.http.auth import PUBLIC
from tenure.http.fairness import block_of
from tenure.http.fields import Body
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.server.api.accounts.attempts import Attempts, Counter, begin
from tenure.server.api.accounts.fields import Mailbox, Password, Secret
from tenure.server.api.accounts.places import Prefix, fresh_secret, link_of, note_at_home
from tenure.server.api.accounts.signing import WITHOUT_RECORD
from tenure.server.context import Context
from tenure.store import ids, letters, passing, persons, sessions, throttle
from tenure.store.engine import Connection
from tenure.store.persons import Person
from tenure.store.sessions import Purpose, Session

RESET_LIFE: Final = 3_600
"""Seconds for which a link is good."""
ONE_MAILBOX: Final = Patience(free=3, first=600, most=3 * 3_600)
"""Nobody's mailbox is filled by strangers: three mails, then fewer and fewer."""
ONE_NETWORK: Final = Patience(free=20, first=60, most=3_600)
BEAT: Final = 0.25
"""Seconds: an answer to somebody's wish for a link comes a whole number of these after it. Sealing and noting a mail
takes a few milliseconds, which would tell who has an account."""


class ResetRequest(Body, frozen=True, kw_only=True):
    """Whose password was lost."""

    email: Mailbox


class Reset(Body, frozen=True, kw_only=True):
    """What the link carries, and the password from now on."""

    token: Secret
    password: Password


class Resets:
    """The operations for a lost password."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._attempts = Attempts(context)

    async def request_password_reset(self, body: ResetRequest, address: Address) -> Refused | None:
        """Sends a link by mail if there is such an account; the answer is the same if there is none."""
        email = body.email.lower()
        mailbox = Counter(f"reset {self._attempts.of_account(email).key}", ONE_MAILBOX)
        network = Counter(f"reset {self._attempts.of_address(address).key}", ONE_NETWORK)

        def work(conn: Connection, now: Instant) -> Any:
            refused = begin(conn, now, network)
            if refused is not None:
                return refused
            person = persons.person_by_email(conn, email)
            if begin(conn, now, mailbox) is None and person is not None:
                self._send(conn, person, address, now)
            return made(None)

        began = asyncio.get_running_loop().time()
        done = await self._context.write(False, work)
        if isinstance(done, Refused):
            return done
        await asyncio.sleep(until_beat(asyncio.get_running_loop().time() - began))
        return None

    def _send(self, conn: Connection, person: Person, address: str, now: Instant) -> None:
        secret, digest = fresh_secret(self._context.keys, self._context.draw, Prefix.RESET)
        until = now + RESET_LIFE
        link = Session(digest, ids.new("res", now), person.id, None, Purpose.PASSWORD_RESET, now, until, now, address)
        sessions.open_session(conn, link)
        values = {
            "name": person.name,
            "email": person.email,
            "address": address,
            "token": secret,
            "link": link_of(self._context, "password-reset", secret),
            "expires": rfc3339(until),
        }
        home = persons.home(conn, person.id)
        whose = None if home is None else home.provider
        letters.put(conn, self._context.safe, whose, person.email, "password_reset", values, now)
        state = passing.state(conn, passing.SESSION, link.id)
        note_at_home(conn, person, address, "password_reset_asked", "", now, about=link.id, state=state)

    async def finish_password_reset(self, body: Reset, address: Address) -> Refused | None:
        """Sets a new password by the link; all sessions end.

        A second factor stays, and is asked for at sign-in, unless it was set before this mailbox was proven.
        """
        digest = self._context.keys.token_digest(body.token)
        link = await self._context.read(lambda conn, now: sessions.find(conn, digest, Purpose.PASSWORD_RESET, now))
        person = None if link is None else await self._context.db.read(persons.person, link.person)
        if link is None or person is None:
            return Refused(Code.LINK_UNKNOWN, field="token")
        refused = passwords.unfit(body.password, person.email, person.name)
        hashed = refused or await self._context.passwords.hash(body.password, block_of(address))
        if isinstance(hashed, Refused):
            return hashed

        def work(conn: Connection, now: Instant) -> Any:
            present = persons.lock(conn, person.id)
            if present is None or sessions.find(conn, digest, Purpose.PASSWORD_RESET, now) is None:
                return Refused(Code.LINK_UNKNOWN, field="token")
            if present.verified is None:
                persons.claim(conn, person.id, hashed, now)
            else:
                persons.set_password(conn, person.id, hashed)
                sessions.end_all(conn, person.id)
            throttle.forgive(conn, self._attempts.of_account(person.email).key)
            note_at_home(conn, person, address, "password_reset", "", now)
            return made(None)

        done = await self._context.write(False, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation(
                "POST", "/v1/password-reset", PUBLIC, self.request_password_reset, exempt=WITHOUT_RECORD,
                refusals=[Code.TOO_MANY_REQUESTS, Code.SERVER_BUSY],
            ),
            operation(
                "POST", "/v1/password-reset/finish", PUBLIC, self.finish_password_reset, exempt=WITHOUT_RECORD,
                refusals=[Code.LINK_UNKNOWN, Code.PASSWORD_UNFIT, Code.SERVER_BUSY],
            ),
        )  # fmt: skip


def until_beat(seconds: float) -> float:
    """How long to wait after that many seconds of work: 0.004 and 0.017 seconds both end at 0.25."""
    return max(1, math.ceil(seconds / BEAT)) * BEAT - seconds
