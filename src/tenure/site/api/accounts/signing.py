"""Signing in and out at the site. A wrong name and a wrong password get the same answer, after the same work."""

import asyncio
from typing import Annotated

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.accounts.passwords import Passwords
from tenure.http.answers import Answer, made, nothing
from tenure.http.auth import PUBLIC, Principal
from tenure.http.fairness import block_of
from tenure.http.fields import Body
from tenure.http.inputs import Address
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.site.accounts import LIFE, SESSION, TICKET, TICKET_LIFE, Accounts
from tenure.site.api.local import OWN, Local
from tenure.site.store import events, people
from tenure.site.store.people import Person
from tenure.site.store.writer import Connection

Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[a-z0-9_]+$(?!\n)")]
FactorCode = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z -]+$(?!\n)")]
WITHOUT_RECORD = ("idempotency_key", "dry_run")
"""Strangers have no token that would keep their keys apart, and a sign-in that does nothing proves nothing."""
DOOR = (Code.SIGN_IN_REFUSED, Code.TOO_MANY_REQUESTS, Code.SERVER_BUSY)


class SignIn(Body, frozen=True, kw_only=True):
    """Name (or e-mail address) and password."""

    name: Typed
    password: Typed


class SecondFactor(Body, frozen=True, kw_only=True):
    """The ticket of the first step, and a code of the application or a recovery code."""

    ticket: Secret
    code: FactorCode


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """Signed in, with `session`; or on the way there with `ticket`, when a second factor is asked for."""

    second_factor: bool
    expires: str
    session: str = ""
    ticket: str = ""


class Came(msgspec.Struct, frozen=True):
    """What came of a try: an entrance, or a refusal that leaves its traces (what was counted and noted stays)."""

    of_it: Entrance | Refused


class Signing:
    """The operations of the door."""

    def __init__(self, local: Local, accounts: Accounts, passwords: Passwords) -> None:
        self._local, self._accounts, self._passwords = local, accounts, passwords

    async def sign_in(self, body: SignIn, address: Address) -> Answer[Entrance] | Refused:
        """Signs a person in: a session, or a ticket when a second factor is asked for."""
        name = body.name.strip().lower()
        counter = self._accounts.counter("account", name)
        store = self._local.site.store
        refused = await asyncio.wrap_future(store.write(lambda conn: self._accounts.begin(conn, counter)))
        if isinstance(refused, Refused):
            return refused
        known = await self._local.read(lambda conn: people.by_name(conn, name))
        kept = None if known is None else known.password
        held = await self._passwords.holds(kept, body.password, block_of(address))
        if isinstance(held, Refused):
            return held

        def work(conn: Connection) -> Came:
            present = None if known is None else people.find(conn, known.id)
            if not held or known is None or present is None or present.password != known.password:
                return self._refused(conn, present, "wrong password")
            people.forgive(conn, counter)
            return Came(self._let_in(conn, present))

        return _answered(await asyncio.wrap_future(store.write(work)))

    async def show_second_factor(self, body: SecondFactor) -> Answer[Entrance] | Refused:
        """Finishes a sign-in with the second factor, which is good once."""
        digest = self._accounts.digest(body.ticket)

        def work(conn: Connection) -> Came | Refused:
            ticket = people.session(conn, digest, TICKET, self._accounts.clock())
            person = None if ticket is None else people.find(conn, ticket.person)
            if ticket is None or person is None:
                return Refused(Code.SIGN_IN_REFUSED)
            counter = self._accounts.counter("factor", person.id)
            refused = self._accounts.begin(conn, counter)
            if refused is not None:
                return refused
            if not self._accounts.shows_factor(conn, person, body.code):
                return self._refused(conn, person, "wrong code")
            people.forgive(conn, counter)
            people.end_session(conn, ticket.id)
            return Came(self._entered(conn, person))

        return _answered(await asyncio.wrap_future(self._local.site.store.write(work)))

    async def sign_out(self, caller: Principal, dry_run: bool = False) -> Answer[None] | Refused:
        """Ends the session that asks; the token of the folder has none."""
        if not caller.person:
            return Refused(Code.ACTION_NOT_PERMITTED, "This is for people who have signed in.")

        def work(conn: Connection, _now: int) -> Answer[None]:
            people.end_session(conn, caller.token_id)
            return nothing()

        return await self._local.write(dry_run, work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("POST", "/v1/sign-in", PUBLIC, self.sign_in, refusals=DOOR, exempt=WITHOUT_RECORD),
            operation(
                "POST", "/v1/sign-in/second-factor", PUBLIC, self.show_second_factor, refusals=DOOR,
                exempt=WITHOUT_RECORD,
            ),
            # Repeating it changes nothing, and the session that would keep the key is gone.
            operation("POST", "/v1/sign-out", OWN, self.sign_out, exempt=["idempotency_key"]),
        )  # fmt: skip

    def _let_in(self, conn: Connection, person: Person) -> Entrance:
        if person.factor is None:
            return self._entered(conn, person)
        secret, ticket = self._accounts.open(conn, person.id, TICKET, TICKET_LIFE)
        return Entrance(second_factor=True, expires=rfc3339(ticket.until), ticket=secret)

    def _entered(self, conn: Connection, person: Person) -> Entrance:
        secret, session = self._accounts.open(conn, person.id, SESSION, LIFE)
        self._note(conn, "info", "signed_in", f"{person.name} ({person.role}) signed in.")
        return Entrance(second_factor=False, expires=rfc3339(session.until), session=secret)

    def _refused(self, conn: Connection, person: Person | None, why: str) -> Came:
        # What was typed in vain is nobody's, and is not kept.
        if person is not None:
            text = f"Somebody could not sign in as {person.name}: {why}."
            events.add_once_an_hour(conn, self._local.site.now(), "warning", "sign_in_refused", text)
        return Came(Refused(Code.SIGN_IN_REFUSED))

    def _note(self, conn: Connection, severity: events.Severity, kind: str, text: str) -> None:
        events.add(conn, self._local.site.now(), severity, kind, text)


def _answered(came: Came | Refused) -> Answer[Entrance] | Refused:
    found = came if isinstance(came, Refused) else came.of_it
    return found if isinstance(found, Refused) else made(found)
