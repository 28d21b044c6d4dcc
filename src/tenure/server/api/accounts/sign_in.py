"""Signing in and out. A wrong e-mail and a wrong password get the same answer, after the same work.

What a session then may do is told by its person's role (`roles`); how long failures make somebody wait by `attempts`.
"""

from typing import Any

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.proof import PASSWORD, ProvenEmail
from tenure.http.auth import PUBLIC, AccessRule, Principal
from tenure.http.body_types import RequestBody
from tenure.http.fairness import block_of
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.accounts.attempts import LoginAttempts, reset_attempts
from tenure.server.api.accounts.fields import BrowserWords, FactorCode, KnownDevice, Mailbox, Password, Secret
from tenure.server.api.accounts.places import note_at_home, record_audit
from tenure.server.api.accounts.sign_in_session import (
    Entrance,
    Origin,
    TracedRefusal,
    come_in,
    enter_team,
    shows_factor,
)
from tenure.server.context import ServerContext
from tenure.store import audit_log, sessions, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.sessions import SecretPurpose
from tenure.store.users import PersonRow, TeamPlace

OWN = AccessRule()
"""One's own account: any caller, no scope."""
WITHOUT_RECORD = ("idempotency_key", "dry_run")
"""Strangers have no token that would keep their keys apart, and a sign-in that does nothing proves nothing."""


class SignInBody(RequestBody, frozen=True, kw_only=True):
    """E-mail address and password."""

    email: Mailbox
    password: Password
    device: KnownDevice = ""
    """What this browser was given when it signed in last (`device`): then it waits for nobody else's failures."""
    browser: BrowserWords = ""


class SecondFactor(RequestBody, frozen=True, kw_only=True):
    """The ticket of the first step, and a code: of the authenticator application, or a recovery code."""

    ticket: Secret
    code: FactorCode
    device: KnownDevice = ""
    """As at the first step."""
    browser: BrowserWords = ""


class SignInOperations:
    """The operations of the door itself."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._attempts = LoginAttempts(context)

    async def sign_in(self, body: SignInBody, address: Address) -> ApiResponse[Entrance] | Refused:
        """Signs a person in: a session, or a ticket when a second factor is asked for."""
        email = body.email.lower()
        person = await self._context.db.read(users.person_by_email, email)
        known = None if person is None else self._attempts.of_device(person, body.device)
        account = known or self._attempts.of_account(email)
        network = None if known else self._attempts.of_address(address)
        refused = await self._attempts.count_attempt(*filter(None, (account, network)))
        if refused is not None:
            return refused
        kept = None if person is None else person.password
        held = await self._context.passwords.verify_password(kept, body.password, block_of(address))
        if isinstance(held, Refused):
            return held

        def work(conn: Connection, now: Instant) -> Entrance | TracedRefusal:
            present = users.lock_person(conn, person.id) if person is not None else None
            if not held or present is None or person is None or present.password != person.password:
                _note_refusal(conn, present, address, "wrong password" if present else "no such account", now)
                return TracedRefusal(Refused(RefusalCode.SIGN_IN_REFUSED))
            reset_attempts(conn, account, network, now)
            entered = come_in(
                conn, self._context, ProvenEmail(present.email, PASSWORD), Origin(address, body.browser), now
            )
            return entered or TracedRefusal(Refused(RefusalCode.SIGN_IN_REFUSED))

        return to_response(await self._context.write_tx(False, work))

    async def show_second_factor(self, body: SecondFactor, address: Address) -> ApiResponse[Entrance] | Refused:
        """Finishes a sign-in with the second factor, which is good once."""
        digest = self._context.keys.token_digest(body.ticket)
        ticket = await self._context.read_tx(
            lambda conn, now: sessions.find_session(conn, digest, SecretPurpose.SECOND_FACTOR, now)
        )
        if ticket is None:
            return Refused(RefusalCode.SIGN_IN_REFUSED)
        owner = await self._context.db.read(users.get_person, ticket.person)
        known = owner is not None and self._attempts.of_device(owner, body.device) is not None
        factor, network = self._attempts.of_factor(ticket.person), None if known else self._attempts.of_address(address)
        refused = await self._attempts.count_attempt(*filter(None, (factor, network)))
        if refused is not None:
            return refused

        def work(conn: Connection, now: Instant) -> Entrance | TracedRefusal | Refused:
            person = users.lock_person(conn, ticket.person)
            if person is None or sessions.find_session(conn, digest, SecretPurpose.SECOND_FACTOR, now) is None:
                return Refused(RefusalCode.SIGN_IN_REFUSED)
            shown = shows_factor(conn, self._context, person, body.code, now)
            if not shown:
                _note_refusal(conn, person, address, "wrong second factor", now)
                return TracedRefusal(Refused(RefusalCode.SIGN_IN_REFUSED))
            sessions.end_session(conn, ticket.id)
            reset_attempts(conn, factor, network, now)
            home, origin = users.memberships_of(conn, person.id)[0], Origin(address, body.browser)
            return enter_team(conn, self._context, person, home, origin, now, f"{PASSWORD} and {shown}")

        return to_response(await self._context.write_tx(False, work))

    async def sign_out(self, caller: Principal, address: Address, dry_run: bool = False) -> Refused | None:
        """Ends the session that asks, at once."""
        if not caller.person:
            return nobody_signed_in()

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            sessions.end_session(conn, caller.token_id)
            place = TeamPlace(caller.provider or None, caller.customer or None)
            record_audit(conn, place, caller, address, "signed_out", "", now)
            return json_response(None)

        done = await self._context.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        door = (RefusalCode.SIGN_IN_REFUSED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)
        return (
            make_operation("POST", "/v1/sign-in", PUBLIC, self.sign_in, refusals=door, exempt=WITHOUT_RECORD),
            make_operation(
                "POST", "/v1/sign-in/second-factor", PUBLIC, self.show_second_factor, refusals=door,
                exempt=WITHOUT_RECORD,
            ),
            # Repeating it changes nothing, and the session that would keep the key is gone.
            make_operation(
                "POST", "/v1/sign-out", OWN, self.sign_out, refusals=[RefusalCode.ACTION_NOT_PERMITTED],
                exempt=["idempotency_key"],
            ),
        )  # fmt: skip


def to_response(result: Any) -> ApiResponse[Entrance] | Refused:
    """What was kept, as an answer: an entrance, or the refusal whose traces stay."""
    match result:
        case TracedRefusal():
            return result.refused
        case Refused():
            return result
        case _:
            return json_response(result)


def nobody_signed_in() -> Refused:
    """The refusal of what only a person can do."""
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, "This is for people who have signed in; a token has no account.")


def _note_refusal(conn: Connection, person: PersonRow | None, address: str, why: str, now: Instant) -> None:
    """In the audit of the teams concerned; what was typed in vain is nobody's, and is not kept."""
    if person is None:
        audit_log.record_event(conn, TeamPlace(), AuditEvent("sign_in_refused", address=address, detail=why), now)
    else:
        note_at_home(conn, person, address, "sign_in_refused", why, now)
