"""What keeps one's own account safe: another password, a second factor and its recovery codes, giving it up."""

from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts import passwords, totp
from tenure.http.accounts import recovery as recovery_codes
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.fairness import block_of
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.accounts.attempts import FailureCounter, LoginAttempts, reset_attempts
from tenure.server.api.accounts.fields import FactorCode, Password
from tenure.server.api.accounts.places import note_at_home
from tenure.server.api.accounts.sign_in import OWN, WITHOUT_RECORD, nobody_signed_in
from tenure.server.api.accounts.sign_in_session import (
    TracedRefusal,
    opened_factor,
    recovery_digest,
    sealed_factor,
    shows_factor,
)
from tenure.server.context import ServerContext
from tenure.store import recovery_codes as recovery
from tenure.store import sessions, users
from tenure.store.engine import Connection
from tenure.store.users import PersonRow


class NewPassword(RequestBody, frozen=True, kw_only=True):
    """The present password and the next one."""

    old: Password
    new: Password


class ShownPassword(RequestBody, frozen=True, kw_only=True):
    """The present password: a session alone, which may be a stolen one, changes nothing about the second factor."""

    password: Password


class ShownCode(RequestBody, frozen=True, kw_only=True):
    """A code of the authenticator application."""

    code: FactorCode


class ShownBoth(RequestBody, frozen=True, kw_only=True):
    """The present password, and a code of the authenticator application or a recovery code."""

    password: Password
    code: FactorCode


class FactorEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator application needs; shown once. `uri` is what a picture of it holds."""

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes for when the application is lost, each good once; shown once."""

    recovery_codes: tuple[str, ...]


class AccountSecurityOperations:
    """The operations that change how one proves who one is."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._attempts = LoginAttempts(context)

    async def change_password(self, caller: Principal, body: NewPassword, address: Address) -> Refused | None:
        """Sets another password; every other session of the person ends, and links that were sent."""
        person = await self._context.db.read(users.get_person, caller.person)
        if person is None:
            return nobody_signed_in()
        account = self._attempts.of_own(person.id)
        refused = await self._attempts.count_attempt(account)
        if refused is not None:
            return refused
        held = await self._context.passwords.verify_password(person.password, body.old, block_of(address))
        if isinstance(held, Refused):
            return held
        refused = passwords.refuse_unfit(body.new, person.email, person.name) if held else None
        hashed = (
            await self._context.passwords.hash_password(body.new, block_of(address)) if held and refused is None else ""
        )
        if isinstance(hashed, Refused):
            return hashed

        def work(conn: Connection, now: Instant) -> Any:
            present = users.lock_person(conn, person.id)
            if not held or present is None or present.password != person.password:
                note_at_home(conn, person, address, "password_refused", "", now)
                return TracedRefusal(Refused(RefusalCode.PASSWORD_REFUSED, field="old"))
            reset_attempts(conn, account, None, now)
            if refused is not None:
                return TracedRefusal(msgspec.structs.replace(refused, field="new"))
            users.set_password(conn, person.id, hashed)
            ended = sessions.end_all(conn, person.id, but=caller.token_id)
            note_at_home(conn, person, address, "password_changed", f"{ended} other sessions ended", now)
            return json_response(None)

        return _to_response(await self._context.write_tx(False, work))

    async def propose_second_factor(
        self, caller: Principal, body: ShownPassword, address: Address
    ) -> ApiResponse[FactorEnrollment] | Refused:
        """A secret for an authenticator application; it counts once a code of it was shown (`confirm`)."""
        proven = await self._proven(caller, body.password, address)
        if isinstance(proven, Refused):
            return proven

        def work(conn: Connection, now: Instant) -> ApiResponse[FactorEnrollment] | Refused:
            person = users.lock_person(conn, caller.person)
            if person is None or person.password != proven.password:
                return Refused(RefusalCode.PASSWORD_REFUSED, field="password")
            if person.factor is not None:
                return Refused(RefusalCode.ALREADY_EXISTS, "There is a second factor; remove it first.")
            secret = totp.new_secret(self._context.draw)
            users.propose_factor(conn, person.id, sealed_factor(self._context, person.id, secret))
            uri = totp.enrollment_uri(secret, person.email, self._context.issuer.partition("://")[2] or "Tenure")
            return json_response(FactorEnrollment(secret=secret, uri=uri))

        answer: ApiResponse[FactorEnrollment] | Refused = await self._context.write_tx(False, work)
        return answer

    async def _proven(self, caller: Principal, password: str, address: str) -> PersonRow | Refused:
        """The person who asks, after the present password was shown; a wrong one is counted and told in the audit."""
        person = await self._context.db.read(users.get_person, caller.person)
        if person is None:
            return nobody_signed_in()
        account = self._attempts.of_own(person.id)
        held = await self._attempts.count_attempt(account) or await self._context.passwords.verify_password(
            person.password, password, block_of(address)
        )
        if isinstance(held, Refused):
            return held

        def work(conn: Connection, now: Instant) -> Any:
            if held:
                reset_attempts(conn, account, None, now)
                return json_response(None)
            note_at_home(conn, person, address, "password_refused", "", now)
            return TracedRefusal(Refused(RefusalCode.PASSWORD_REFUSED, field="password"))

        return _to_response(await self._context.write_tx(False, work)) or person

    async def confirm_second_factor(
        self, caller: Principal, ticket: IdempotentRequest, body: ShownCode, address: Address, dry_run: bool = False
    ) -> ApiResponse[RecoveryCodes] | Refused:
        """Shows that the application works: from now on it is asked for, and every other session ends.

        The recovery codes are shown this once.
        """

        def work(conn: Connection, now: Instant) -> ApiResponse[RecoveryCodes] | Refused:
            person = users.lock_person(conn, caller.person)
            if person is None:
                return nobody_signed_in()
            secret = opened_factor(self._context, person.id, person.proposed)
            if not secret:
                return Refused(RefusalCode.NOT_FOUND, "No second factor was proposed.")
            step = totp.step_of(secret, body.code, now, 0)
            if step is None:
                return Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
            users.set_factor(conn, person.id, person.proposed, step)
            codes = recovery_codes.new_codes(self._context.draw)
            recovery.replace_codes(conn, person.id, [recovery_digest(self._context, person.id, each) for each in codes])
            ended = sessions.end_all(conn, person.id, but=caller.token_id)
            note_at_home(conn, person, address, "second_factor_set", f"{ended} other sessions ended", now)
            return json_response(RecoveryCodes(recovery_codes=() if dry_run else codes))

        answer: ApiResponse[RecoveryCodes] | Refused = await self._context.run_once(ticket, dry_run, work, secret=True)
        return answer

    async def remove_second_factor(self, caller: Principal, body: ShownBoth, address: Address) -> Refused | None:
        """Gives the second factor up, shown once more with the password: its recovery codes are good for nothing then.

        Every other session ends.
        """
        proven = await self._proven(caller, body.password, address)
        if isinstance(proven, Refused):
            return proven
        factor, network = self._attempts.of_factor(caller.person), self._attempts.of_address(address)
        refused = await self._attempts.count_attempt(factor, network)
        if refused is not None:
            return refused

        def work(conn: Connection, now: Instant) -> Any:
            present = users.lock_person(conn, proven.id)
            if present is None or present.password != proven.password:
                return Refused(RefusalCode.PASSWORD_REFUSED, field="password")
            return self._without_factor(conn, caller, body.code, address, (factor, network), now)

        return _to_response(await self._context.write_tx(False, work))

    def _without_factor(
        self,
        conn: Connection,
        caller: Principal,
        code: str,
        address: str,
        counters: tuple[FailureCounter, FailureCounter],
        now: Instant,
    ) -> Any:
        person = users.lock_person(conn, caller.person)
        if person is None:
            return nobody_signed_in()
        if person.factor is None:
            reset_attempts(conn, *counters, now)
            return TracedRefusal(Refused(RefusalCode.NOT_FOUND, "There is no second factor."))
        if not shows_factor(conn, self._context, person, code, now):
            note_at_home(conn, person, address, "second_factor_refused", "", now)
            return TracedRefusal(Refused(RefusalCode.SECOND_FACTOR_REFUSED, field="code"))
        reset_attempts(conn, *counters, now)
        users.set_factor(conn, person.id, None, person.step)
        recovery.replace_codes(conn, person.id, ())
        ended = sessions.end_all(conn, person.id, but=caller.token_id)
        note_at_home(conn, person, address, "second_factor_removed", f"{ended} other sessions ended", now)
        return json_response(None)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        person = (RefusalCode.ACTION_NOT_PERMITTED,)
        slowed = (*person, RefusalCode.TOO_MANY_REQUESTS, RefusalCode.SERVER_BUSY)
        return (
            # A record of the request would keep a fast hash of both passwords, a rehearsal would be a free guess.
            make_operation(
                "POST", "/v1/me/password", OWN, self.change_password, exempt=WITHOUT_RECORD,
                refusals=(*slowed, RefusalCode.PASSWORD_REFUSED, RefusalCode.PASSWORD_UNFIT),
            ),
            make_operation(
                "POST", "/v1/me/second-factor", OWN, self.propose_second_factor, exempt=WITHOUT_RECORD,
                refusals=(*slowed, RefusalCode.PASSWORD_REFUSED, RefusalCode.ALREADY_EXISTS),
            ),
            make_operation(
                "POST", "/v1/me/second-factor/confirm", OWN, self.confirm_second_factor,
                refusals=(*person, RefusalCode.NOT_FOUND, RefusalCode.SECOND_FACTOR_REFUSED),
            ),
            # Nothing to repeat, what is gone is not found; a rehearsal would be a free guess.
            make_operation(
                "POST", "/v1/me/second-factor/remove", OWN, self.remove_second_factor, exempt=WITHOUT_RECORD,
                refusals=(*slowed, RefusalCode.PASSWORD_REFUSED, RefusalCode.NOT_FOUND,
                RefusalCode.SECOND_FACTOR_REFUSED),
            ),
        )  # fmt: skip


def _to_response(result: Any) -> Refused | None:
    if isinstance(result, TracedRefusal):
        return result.refused
    return result if isinstance(result, Refused) else None
