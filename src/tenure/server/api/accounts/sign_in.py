"""Signing in and out. A wrong e-mail and a wrong password get the same answer, after the same work.

`roles` says what a session may then do, by its user's role; `attempts` how long a user waits after failures.
"""

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import Counters, not_signed_in
from tenure.http.accounts.own_security import WITHOUT_RECORD, FactorCode, Password, Secret
from tenure.http.auth import PUBLIC, AccessRule
from tenure.http.body_types import RequestBody
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.problems import RefusedError, accept
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.accounts.account_port import make_flows
from tenure.server.api.accounts.attempts import LoginAttempts
from tenure.server.api.accounts.fields import BrowserWords, KnownDevice, Mailbox
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.accounts.sign_in_session import PASSWORD, Entrance, Origin, ProvenEmail, come_in, enter_team
from tenure.server.api.operations import CallerChange, ServerOperations
from tenure.server.context import ServerContext
from tenure.store import sessions, users
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace, UserRow

OWN = AccessRule()
"""One's own account: any caller, no scope."""


class SignInBody(RequestBody, frozen=True, kw_only=True):
    """E-mail address and password."""

    email: Mailbox
    password: Password
    device: KnownDevice = ""
    """The `device` that this browser was given at its last sign-in: failures elsewhere then do not make it wait."""
    browser: BrowserWords = ""


class SecondFactor(RequestBody, frozen=True, kw_only=True):
    """The ticket of the first step, and a code: of the authenticator application, or a recovery code."""

    ticket: Secret
    code: FactorCode
    device: KnownDevice = ""
    """As at the first step."""
    browser: BrowserWords = ""


_REFUSALS = (RefusalCode.SIGN_IN_REFUSED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)


class SignInOperations(ServerOperations):
    """The operations that sign users in and out."""

    def __init__(self, context: ServerContext) -> None:
        super().__init__(context)
        self._flows = make_flows(context)
        self._attempts = LoginAttempts(context)

    @operation_at("POST", "/v1/sign-in", PUBLIC, refusals=_REFUSALS, exempt=WITHOUT_RECORD)
    async def sign_in(self, body: SignInBody, address: Address) -> ApiResponse[Entrance]:
        """Signs a user in: a session, or a ticket when a second factor is asked for."""
        email = body.email.lower()
        user = await self._context.db.read(users.user_by_email, email)
        known = None if user is None else self._attempts.of_device(user, body.device)
        counters = (known,) if known else (self._attempts.of_account(email), self._attempts.of_address(address))

        def enter(conn: Connection, present: UserRow, now: Instant) -> Entrance | Refused:
            proven, origin = ProvenEmail(present.email, PASSWORD), Origin(address, body.browser)
            return come_in(conn, self._context, proven, origin, now) or Refused(RefusalCode.SIGN_IN_REFUSED)

        return json_response(accept(await self._flows.sign_in(user, body.password, counters, address, enter)))

    @operation_at("POST", "/v1/sign-in/second-factor", PUBLIC, refusals=_REFUSALS, exempt=WITHOUT_RECORD)
    async def show_second_factor(self, body: SecondFactor, address: Address) -> ApiResponse[Entrance]:
        """Finishes a sign-in with the second factor, which is good once."""

        def counters(owner: UserRow) -> Counters:
            every = self._flows.factor_counters(owner, address)
            return every[:1] if self._attempts.of_device(owner, body.device) else every

        def enter(conn: Connection, user: UserRow, shown: str, now: Instant) -> Entrance:
            home, origin = users.memberships_of(conn, user.id)[0], Origin(address, body.browser)
            return enter_team(conn, self._context, user, home, origin, now, f"{PASSWORD} and {shown}")

        return json_response(accept(await self._flows.show_factor(body.ticket, body.code, counters, address, enter)))

    # Repeating it changes nothing, and the session that would keep the key is gone.
    @operation_at("POST", "/v1/sign-out", OWN, refusals=[RefusalCode.ACTION_NOT_PERMITTED], exempt=["idempotency_key"])
    async def sign_out(self, request: CallerChange) -> None:
        """Ends the session that asks, at once."""
        if not request.caller.user:
            raise RefusedError(not_signed_in())

        def work(conn: Connection, now: Instant) -> None:
            sessions.end_session(conn, request.caller.token_id)
            place = TeamPlace(request.caller.provider or None, request.caller.customer or None)
            record_audit(conn, place, request, "signed_out", "", now)

        await self._write(request, work)
