"""Signing in and out at the site. A wrong name and a wrong password get the same answer, after the same work."""

import asyncio
from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.auth import PUBLIC, Principal
from tenure.http.body_types import RequestBody
from tenure.http.fairness import block_of
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.site.accounts import LIFE, SESSION, TICKET, TICKET_LIFE, AccountSecrets
from tenure.site.api.local import OWN, LocalApi
from tenure.site.store import events, people
from tenure.site.store.people import SitePerson
from tenure.site.store.writer import Connection

Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[a-z0-9_]+$(?!\n)")]
FactorCode = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z -]+$(?!\n)")]
SiteBrowserWords = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
"""With what somebody signs in, in words, such as "Firefox on Linux"; for the list of one's own sessions."""
WITHOUT_RECORD = ("idempotency_key", "dry_run")
"""Strangers have no token that would keep their keys apart, and a sign-in that does nothing proves nothing."""
DOOR = (RefusalCode.SIGN_IN_REFUSED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)


class SiteSignIn(RequestBody, frozen=True, kw_only=True):
    """Name (or e-mail address) and password."""

    name: Typed
    password: Typed
    browser: SiteBrowserWords = ""


class SiteSecondFactor(RequestBody, frozen=True, kw_only=True):
    """The ticket of the first step, and a code of the application or a recovery code."""

    ticket: Secret
    code: FactorCode
    browser: SiteBrowserWords = ""


class SiteEntrance(msgspec.Struct, frozen=True, kw_only=True):
    """Signed in, with `session`; or on the way there with `ticket`, when a second factor is asked for."""

    second_factor: bool
    expires: str
    session: str = ""
    ticket: str = ""


class SignInResult(msgspec.Struct, frozen=True):
    """What came of a try: an entrance, or a refusal that leaves its traces (what was counted and noted stays)."""

    of_it: SiteEntrance | Refused


class SiteSignInOperations:
    """The operations of the door."""

    def __init__(self, local: LocalApi, accounts: AccountSecrets, passwords: PasswordHashes) -> None:
        self._local, self._accounts, self._passwords = local, accounts, passwords

    async def sign_in(self, body: SiteSignIn, address: Address) -> ApiResponse[SiteEntrance] | Refused:
        """Signs a person in: a session, or a ticket when a second factor is asked for."""
        name = body.name.strip().lower()
        counter = self._accounts.counter_key("account", name)
        store = self._local.site.store
        refused = await asyncio.wrap_future(store.write(lambda conn: self._accounts.count_attempt(conn, counter)))
        if isinstance(refused, Refused):
            return refused
        known = await self._local.read_tx(lambda conn: people.by_name(conn, name))
        kept = None if known is None else known.password
        held = await self._passwords.verify_password(kept, body.password, block_of(address))
        if isinstance(held, Refused):
            return held

        def work(conn: Connection) -> SignInResult:
            present = None if known is None else people.find(conn, known.id)
            if not held or known is None or present is None or present.password != known.password:
                return self._refuse_attempt(conn, present, "wrong password")
            people.reset_tries(conn, counter)
            return SignInResult(self._let_in(conn, present, body.browser))

        return _to_response(await asyncio.wrap_future(store.write(work)))

    async def show_second_factor(self, body: SiteSecondFactor) -> ApiResponse[SiteEntrance] | Refused:
        """Finishes a sign-in with the second factor, which is good once."""
        digest = self._accounts.secret_digest(body.ticket)

        def work(conn: Connection) -> SignInResult | Refused:
            ticket = people.find_session(conn, digest, TICKET, self._accounts.clock())
            person = None if ticket is None else people.find(conn, ticket.person)
            if ticket is None or person is None:
                return Refused(RefusalCode.SIGN_IN_REFUSED)
            counter = self._accounts.counter_key("factor", person.id)
            refused = self._accounts.count_attempt(conn, counter)
            if refused is not None:
                return refused
            if not self._accounts.shows_factor(conn, person, body.code):
                return self._refuse_attempt(conn, person, "wrong code")
            people.reset_tries(conn, counter)
            people.end_session(conn, ticket.id)
            return SignInResult(self._enter(conn, person, body.browser))

        return _to_response(await asyncio.wrap_future(self._local.site.store.write(work)))

    async def sign_out(self, caller: Principal, dry_run: bool = False) -> ApiResponse[None] | Refused:
        """Ends the session that asks; the token of the folder has none."""
        if not caller.person:
            return Refused(RefusalCode.ACTION_NOT_PERMITTED, "This is for people who have signed in.")

        def work(conn: Connection, _now: int) -> ApiResponse[None]:
            people.end_session(conn, caller.token_id)
            return empty_response()

        return await self._local.write_tx(dry_run, work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            make_operation("POST", "/v1/sign-in", PUBLIC, self.sign_in, refusals=DOOR, exempt=WITHOUT_RECORD),
            make_operation(
                "POST", "/v1/sign-in/second-factor", PUBLIC, self.show_second_factor, refusals=DOOR,
                exempt=WITHOUT_RECORD,
            ),
            # Repeating it changes nothing, and the session that would keep the key is gone.
            make_operation("POST", "/v1/sign-out", OWN, self.sign_out, exempt=["idempotency_key"]),
        )  # fmt: skip

    def _let_in(self, conn: Connection, person: SitePerson, browser: str) -> SiteEntrance:
        if person.factor is None:
            return self._enter(conn, person, browser)
        secret, ticket = self._accounts.open_session(conn, person.id, TICKET, TICKET_LIFE)
        return SiteEntrance(second_factor=True, expires=format_rfc3339(ticket.until), ticket=secret)

    def _enter(self, conn: Connection, person: SitePerson, browser: str) -> SiteEntrance:
        secret, session = self._accounts.open_session(conn, person.id, SESSION, LIFE, browser)
        self._add_event(conn, "info", "signed_in", f"{person.name} ({person.role}) signed in.")
        return SiteEntrance(second_factor=False, expires=format_rfc3339(session.until), session=secret)

    def _refuse_attempt(self, conn: Connection, person: SitePerson | None, why: str) -> SignInResult:
        # What was typed in vain is nobody's, and is not kept.
        if person is not None:
            text = f"Somebody could not sign in as {person.name}: {why}."
            events.add_once_an_hour(conn, self._local.site.now(), "warning", "sign_in_refused", text)
        return SignInResult(Refused(RefusalCode.SIGN_IN_REFUSED))

    def _add_event(self, conn: Connection, severity: events.Severity, kind: str, text: str) -> None:
        events.add(conn, self._local.site.now(), severity, kind, text)


def _to_response(came: SignInResult | Refused) -> ApiResponse[SiteEntrance] | Refused:
    found = came if isinstance(came, Refused) else came.of_it
    return found if isinstance(found, Refused) else json_response(found)
