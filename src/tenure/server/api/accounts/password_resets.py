"""A password that was lost: a link by mail to set a new one. The answer never tells whether there is an account, by
neither its words nor the time it takes.
"""

import asyncio
import math
from typing import Final

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import passwords
from tenure.http.accounts.account_store import FailureCounter
from tenure.http.accounts.login_backoff import BackoffPolicy
from tenure.http.accounts.own_security import WITHOUT_RECORD, Password, Secret
from tenure.http.auth import PUBLIC
from tenure.http.body_types import RequestBody
from tenure.http.fairness import block_of
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.problems import RefusedError, accept
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.account_port import make_flows
from tenure.server.api.accounts.attempts import LoginAttempts
from tenure.server.api.accounts.fields import Mailbox
from tenure.server.api.accounts.places import SecretPrefix, fresh_secret, link_of, note_at_home
from tenure.server.api.operations import ServerOperations
from tenure.server.context import ServerContext
from tenure.store import emails, ending_rows, ids, sessions, throttle, users
from tenure.store.engine import Connection
from tenure.store.sessions import AccountSession, SecretPurpose
from tenure.store.users import UserRow

RESET_LIFE: Final = 3_600
"""Seconds for which a link is good."""
ONE_MAILBOX: Final = BackoffPolicy(free=3, first=600, most=3 * 3_600)
"""Strangers must not fill a user's mailbox: three mails, then fewer and fewer."""
ONE_NETWORK: Final = BackoffPolicy(free=20, first=60, most=3_600)
BEAT: Final = 0.25
"""Seconds: the answer to a request for a link comes a whole number of these after it. Sealing and noting a mail takes a
few milliseconds, which would tell who has an account."""


class ResetRequest(RequestBody, frozen=True, kw_only=True):
    """Whose password was lost."""

    email: Mailbox


class PasswordReset(RequestBody, frozen=True, kw_only=True):
    """What the link carries, and the password from now on."""

    token: Secret
    password: Password


_ASKING = (RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)
_FINISHING = (RefusalCode.LINK_UNKNOWN, RefusalCode.PASSWORD_UNFIT, RefusalCode.SERVER_BUSY)


class PasswordResetOperations(ServerOperations):
    """The operations for a lost password."""

    def __init__(self, context: ServerContext) -> None:
        super().__init__(context)
        self._flows = make_flows(context)
        self._attempts = LoginAttempts(context)

    @operation_at("POST", "/v1/password-reset", PUBLIC, exempt=WITHOUT_RECORD, refusals=_ASKING)
    async def request_password_reset(self, body: ResetRequest, address: Address) -> None:
        """Sends a link by mail if there is such an account; the answer is the same if there is none."""
        email = body.email.lower()
        mailbox = FailureCounter(f"reset {self._attempts.of_account(email).key}", ONE_MAILBOX)
        network = FailureCounter(f"reset {self._attempts.of_address(address).key}", ONE_NETWORK)

        def work(conn: Connection, now: Instant) -> Refused | None:
            refused = self._flows.count_attempts(conn, now, network)
            if refused is not None:
                return refused
            user = users.user_by_email(conn, email)
            if self._flows.count_attempts(conn, now, mailbox) is None and user is not None:
                self._send_link(conn, user, address, now)
            return None

        began = asyncio.get_running_loop().time()
        done = await self._context.write_tx(False, work)
        await asyncio.sleep(until_beat(asyncio.get_running_loop().time() - began))
        accept(done)

    def _send_link(self, conn: Connection, user: UserRow, address: str, now: Instant) -> None:
        secret, digest = fresh_secret(self._context.keys, self._context.draw, SecretPrefix.RESET)
        until = now + RESET_LIFE
        link = AccountSession(
            digest, ids.new_id("res", now), user.id, None, SecretPurpose.PASSWORD_RESET, now, until, now, address
        )
        sessions.open_session(conn, link)
        values = {
            "name": user.name,
            "email": user.email,
            "address": address,
            "token": secret,
            "link": link_of(self._context, "password-reset", secret),
            "expires": format_rfc3339(until),
        }
        home = users.home_team(conn, user.id)
        whose = None if home is None else home.provider
        emails.add_email(conn, self._context.safe, whose, user.email, "password_reset", values, now)
        state = ending_rows.recorded_state(conn, ending_rows.SESSION, link.id)
        note_at_home(conn, user, address, "password_reset_asked", "", now, about=link.id, state=state)

    @operation_at("POST", "/v1/password-reset/finish", PUBLIC, exempt=WITHOUT_RECORD, refusals=_FINISHING)
    async def finish_password_reset(self, body: PasswordReset, address: Address) -> None:
        """Sets a new password by the link; all sessions end.

        A second factor stays, and is asked for at sign-in, unless it was set before this mailbox was proven.
        """
        digest = self._context.keys.token_digest(body.token)
        link = await self._read(
            lambda conn, now: sessions.find_session(conn, digest, SecretPurpose.PASSWORD_RESET, now)
        )
        user = None if link is None else await self._context.db.read(users.get_user, link.user)
        if link is None or user is None:
            raise RefusedError(Refused(RefusalCode.LINK_UNKNOWN, field="token"))
        accept(passwords.refuse_unfit(body.password, user.email, user.name))
        hashed = accept(await self._context.passwords.hash_password(body.password, block_of(address)))

        def work(conn: Connection, now: Instant) -> Refused | None:
            present = users.lock_user(conn, user.id)
            if present is None or sessions.find_session(conn, digest, SecretPurpose.PASSWORD_RESET, now) is None:
                return Refused(RefusalCode.LINK_UNKNOWN, field="token")
            if present.verified is None:
                users.claim_user(conn, user.id, hashed, now)
            else:
                users.set_password(conn, user.id, hashed)
                sessions.end_all(conn, user.id)
            throttle.reset_counter(conn, self._attempts.of_account(user.email).key)
            note_at_home(conn, user, address, "password_reset", "", now)
            return None

        await self._write_public(work)


def until_beat(seconds: float) -> float:
    """How long to wait after that many seconds of work: 0.004 and 0.017 seconds both end at 0.25."""
    return max(1, math.ceil(seconds / BEAT)) * BEAT - seconds
