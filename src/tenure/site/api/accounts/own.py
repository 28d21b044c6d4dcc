"""One's own account at the site: who one is, the password, the second factor with its recovery codes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import recovery, totp
from tenure.http.accounts.passwords import Passwords, unfit
from tenure.http.answers import Answer, nothing
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.site.accounts import Accounts
from tenure.site.api.accounts.signing import FactorCode, Typed
from tenure.site.api.local import OWN, Local
from tenure.site.store import events, people
from tenure.site.store.people import Person
from tenure.site.store.writer import Connection

T = TypeVar("T")


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; `person` is null for the token of the folder."""

    person: str | None
    name: str
    role: str
    scopes: tuple[str, ...]
    second_factor: bool
    recovery_codes: int
    """How many are left."""
    change_password: bool
    """Nothing else is permitted until it was changed."""


class NewPassword(Body, frozen=True, kw_only=True):
    """The present password and the next one."""

    old: Typed
    new: Typed


class Shown(Body, frozen=True, kw_only=True):
    """A code of the application; for giving the factor up, a recovery code too."""

    code: FactorCode


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor that is not used before it is confirmed."""

    secret: str
    uri: str
    """What the application reads out of a picture."""


class Codes(msgspec.Struct, frozen=True, kw_only=True):
    """Shown once."""

    recovery_codes: tuple[str, ...]


class Own:
    """The operations."""

    def __init__(self, local: Local, accounts: Accounts, passwords: Passwords) -> None:
        self._local, self._accounts, self._passwords = local, accounts, passwords
        self._offered: dict[str, str] = {}

    async def read_me(self, caller: Principal) -> Me:
        """Reads who asks, and what the role permits."""

        def work(conn: Connection) -> tuple[Person | None, int]:
            return people.find(conn, caller.person), people.recovery_left(conn, caller.person)

        person, left = await self._local.read(work)
        return Me(
            person=caller.person or None,
            name=caller.name,
            role=caller.role,
            scopes=tuple(sorted(caller.scopes)),
            second_factor=person is not None and person.factor is not None,
            recovery_codes=left,
            change_password=person is not None and bool(person.temporary),
        )

    async def change_password(
        self, body: NewPassword, caller: Principal, ticket: Ticket, dry_run: bool = False
    ) -> Answer[None] | Refused:
        """Changes one's password; every other session of one's own ends."""
        person = await self._local.read(lambda conn: people.find(conn, caller.person))
        if person is None:
            return _nobody()
        counter = self._accounts.counter("password", person.id)
        wait = await self._local.write(False, lambda conn, _: _counted(self._accounts.begin(conn, counter)))
        held = wait if isinstance(wait, Refused) else await self._passwords.holds(person.password, body.old, person.id)
        if isinstance(held, Refused):
            return held
        if not held:
            return Refused(Code.PASSWORD_REFUSED, field="old")
        refused = unfit(body.new, person.name, body.old)
        hashed = refused or await self._passwords.hash(body.new, person.id)
        if isinstance(hashed, Refused):
            return hashed if hashed.field != "password" else Refused(hashed.code, hashed.detail, "new")

        def work(conn: Connection, now: Instant) -> Answer[None]:
            people.forgive(conn, counter)
            people.set_password(conn, person.id, hashed, temporary=False)
            people.end_sessions(conn, person.id, but=caller.token_id)
            events.add(conn, now, "info", "password_changed", f"{person.name} has changed the password.")
            return nothing()

        return await self._local.once(ticket, dry_run, work)

    async def begin_second_factor(self, caller: Principal) -> Enrolment | Refused:
        """Begins a second factor: a secret for the application; it holds once a code of it was shown."""

        def work(_conn: Connection, person: Person, _now: Instant) -> Enrolment:
            secret = totp.new_secret(self._accounts.draw)
            self._offered[person.id] = secret
            return Enrolment(secret=secret, uri=totp.enrolment(secret, person.name, f"Tenure {self._local.site.name}"))

        return await self._of(caller, work)

    async def confirm_second_factor(self, body: Shown, caller: Principal) -> Codes | Refused:
        """Confirms the second factor with a code of it; ten recovery codes are shown, once."""

        def work(conn: Connection, person: Person, now: Instant) -> Codes | Refused:
            secret = self._offered.get(person.id, "")
            step = totp.step_of(secret, body.code, self._accounts.clock(), 0) if secret else None
            if step is None:
                return Refused(Code.SECOND_FACTOR_REFUSED, field="code")
            del self._offered[person.id]
            codes = recovery.new_codes(self._accounts.draw)
            people.set_factor(conn, person.id, self._accounts.sealed(person.id, secret), step)
            people.keep_recovery(conn, person.id, [self._accounts.recovery_digest(person.id, each) for each in codes])
            events.add(conn, now, "info", "second_factor_on", f"{person.name} signs in with a second factor.")
            return Codes(recovery_codes=codes)

        return await self._of(caller, work)

    async def remove_second_factor(self, body: Shown, caller: Principal) -> Refused | None:
        """Gives one's second factor up, with a code of it or a recovery code."""

        def counted(conn: Connection, person: Person, _now: Instant) -> str | Refused:
            counter = self._accounts.counter("factor", person.id)
            return self._accounts.begin(conn, counter) or counter

        def work(conn: Connection, person: Person, now: Instant) -> Refused | str:
            if not self._accounts.shows_factor(conn, person, body.code):
                return Refused(Code.SECOND_FACTOR_REFUSED, field="code")
            people.set_factor(conn, person.id, None)
            people.forgive(conn, self._accounts.counter("factor", person.id))
            events.add(conn, now, "warning", "second_factor_off", f"{person.name} has given the second factor up.")
            return ""

        begun = await self._of(caller, counted)
        done = begun if isinstance(begun, Refused) else await self._of(caller, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each = "/v1/me/second-factor"
        # A secret lies in no record, and a code is good once: these neither repeat nor rehearse.
        plain = ("idempotency_key", "dry_run")
        factor = [Code.SECOND_FACTOR_REFUSED, Code.ACTION_NOT_PERMITTED, Code.TOO_MANY_REQUESTS]
        return (
            operation("GET", "/v1/me", OWN, self.read_me),
            operation(
                "POST", "/v1/me/password", OWN, self.change_password,
                refusals=[Code.PASSWORD_REFUSED, Code.PASSWORD_UNFIT, Code.TOO_MANY_REQUESTS],
            ),
            operation("POST", each, OWN, self.begin_second_factor, exempt=plain, refusals=[Code.ACTION_NOT_PERMITTED]),
            operation("POST", f"{each}/confirm", OWN, self.confirm_second_factor, exempt=plain, refusals=factor),
            operation("POST", f"{each}/remove", OWN, self.remove_second_factor, exempt=plain, refusals=factor),
        )  # fmt: skip

    async def _of(self, caller: Principal, work: Callable[[Connection, Person, Instant], T | Refused]) -> T | Refused:
        """`work` for the person who asks, in one transaction."""

        now = self._local.site.now()

        def run(conn: Connection) -> T | Refused:
            person = people.find(conn, caller.person)
            return _nobody() if person is None else work(conn, person, now)

        kept: Future[T | Refused] = self._local.site.store.write(run)
        return await asyncio.wrap_future(kept)


def _nobody() -> Refused:
    return Refused(Code.ACTION_NOT_PERMITTED, "This is for people who have signed in; a token has no account.")


def _counted(refused: Refused | None) -> Answer[None] | Refused:
    return refused or nothing()
