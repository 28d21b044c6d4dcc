"""Signing in and out at the site. A wrong name and a wrong password get the same answer, after the same work."""

from typing import Annotated

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.account_store import FailureCounter
from tenure.http.accounts.flows import TICKET_LIFE, AccountFlows, Counters, not_signed_in
from tenure.http.accounts.login_backoff import ACCOUNT
from tenure.http.accounts.own_security import WITHOUT_RECORD, FactorCode, Password, Secret
from tenure.http.auth import PUBLIC
from tenure.http.body_types import RequestBody
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.site.accounts import LIFE, SESSION, TICKET, SiteAccountSecrets
from tenure.site.api.local import OWN, LocalApi, LocalChange, LocalOperations
from tenure.site.store import events, users
from tenure.site.store.users import SiteUser
from tenure.site.store.writer import Connection

SiteBrowserWords = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
"""The user's browser in words, such as "Firefox on Linux"; for the list of one's own sessions."""
SIGN_IN = (RefusalCode.SIGN_IN_REFUSED, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)


class SiteSignIn(RequestBody, frozen=True, kw_only=True):
    """Name (or e-mail address) and password."""

    name: Password
    password: Password
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


class SiteSignInOperations(LocalOperations):
    """The operations of the sign-in."""

    def __init__(self, local: LocalApi, accounts: SiteAccountSecrets, flows: AccountFlows[SiteUser]) -> None:
        super().__init__(local)
        self._accounts, self._flows = accounts, flows

    @operation_at("POST", "/v1/sign-in", PUBLIC, refusals=SIGN_IN, exempt=WITHOUT_RECORD)
    async def sign_in(self, body: SiteSignIn, address: Address) -> ApiResponse[SiteEntrance] | Refused:
        """Signs a user in: a session, or a ticket when a second factor is asked for."""
        name = body.name.strip().lower()
        counters = (FailureCounter(self._accounts.counter_key("account", name), ACCOUNT),)
        known = await self._local.read_tx(lambda conn: users.by_name(conn, name))

        def enter(conn: Connection, user: SiteUser, _now: Instant) -> SiteEntrance:
            if user.factor is None:
                return self._enter(conn, user, body.browser)
            secret, ticket = self._accounts.open_session(conn, user.id, TICKET, TICKET_LIFE)
            return SiteEntrance(second_factor=True, expires=format_rfc3339(ticket.until), ticket=secret)

        return _to_response(await self._flows.sign_in(known, body.password, counters, address, enter))

    @operation_at("POST", "/v1/sign-in/second-factor", PUBLIC, refusals=SIGN_IN, exempt=WITHOUT_RECORD)
    async def show_second_factor(self, body: SiteSecondFactor, address: Address) -> ApiResponse[SiteEntrance] | Refused:
        """Finishes a sign-in with the second factor, which is good once."""

        def counters(user: SiteUser) -> Counters:
            return self._flows.factor_counters(user, address)

        def enter(conn: Connection, user: SiteUser, _shown: str, _now: Instant) -> SiteEntrance:
            return self._enter(conn, user, body.browser)

        return _to_response(await self._flows.show_factor(body.ticket, body.code, counters, address, enter))

    # Repeating it changes nothing, and the session that would keep the key is gone.
    @operation_at("POST", "/v1/sign-out", OWN, exempt=["idempotency_key"])
    async def sign_out(self, request: LocalChange) -> ApiResponse[None] | Refused:
        """Ends the session that asks; the token of the folder has none."""
        if not request.caller.user:
            return not_signed_in()

        def work(conn: Connection, _now: int) -> ApiResponse[None]:
            users.end_session(conn, request.caller.token_id)
            return empty_response()

        return await self._write(request, work)

    def _enter(self, conn: Connection, user: SiteUser, browser: str) -> SiteEntrance:
        secret, session = self._accounts.open_session(conn, user.id, SESSION, LIFE, browser)
        said = f"{user.name} ({user.role}) signed in."
        events.add(conn, self._local.site.now(), "info", "signed_in", said)
        return SiteEntrance(second_factor=False, expires=format_rfc3339(session.until), session=secret)


def _to_response(found: SiteEntrance | Refused) -> ApiResponse[SiteEntrance] | Refused:
    return found if isinstance(found, Refused) else json_response(found)
