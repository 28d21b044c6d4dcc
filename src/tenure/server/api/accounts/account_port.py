"""The server's users, sessions and counters as the flows of accounts see them (`http.accounts.account_store`)."""

from collections.abc import Callable, Sequence
from typing import Any

from tenure.core.timeline import Instant
from tenure.http.accounts.account_store import FailureCounter, OpenSession
from tenure.http.accounts.flows import AccountFlows
from tenure.http.accounts.login_backoff import FailedTries
from tenure.server.api.accounts.attempts import LoginAttempts
from tenure.server.api.accounts.places import note_at_home
from tenure.server.context import ServerContext
from tenure.store import audit_log, recovery_codes, sessions, throttle, users
from tenure.store.audit_log import AuditEvent
from tenure.store.engine import Connection
from tenure.store.sessions import SecretPurpose
from tenure.store.users import TeamPlace, UserRow


class ServerAccounts:
    """`AccountStore` and `AccountSecrets` of the activation server."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._attempts = LoginAttempts(context)
        self.draw = context.draw
        self.secret_digest = context.keys.token_digest
        self.counter_key = self._attempts.counter_key

    async def read(self, work: Callable[[Connection, Instant], Any]) -> Any:
        """See `AccountStore.read`."""
        return await self._context.read_tx(work)

    async def write(self, work: Callable[[Connection, Instant], Any]) -> Any:
        """See `AccountStore.write`."""
        return await self._context.write_tx(False, work)

    set_password = staticmethod(users.set_password)
    offer_factor = staticmethod(users.propose_factor)
    use_step = staticmethod(users.use_step)
    use_recovery = staticmethod(recovery_codes.use_code)
    end_session = staticmethod(sessions.end_session)
    end_sessions = staticmethod(sessions.end_all)
    end_others = staticmethod(sessions.end_others)
    add_try = staticmethod(throttle.add_try)
    take_back = staticmethod(throttle.take_back)
    reset_tries = staticmethod(throttle.reset_counter)

    def find_user(self, conn: Connection, user: str, /, *, lock: bool = False) -> UserRow | None:
        """See `AccountStore.find_user`."""
        return (users.lock_user if lock else users.get_user)(conn, user)

    def offered_factor(self, conn: Connection, user: str, /) -> bytes | None:
        """See `AccountStore.offered_factor`."""
        found = users.get_user(conn, user)
        return None if found is None else found.proposed

    def set_factor(
        self, conn: Connection, user: str, sealed: bytes | None, step: int, recovery: Sequence[bytes], /
    ) -> None:
        """See `AccountStore.set_factor`."""
        users.set_factor(conn, user, sealed, step)
        recovery_codes.replace_codes(conn, user, recovery)

    def find_ticket(self, conn: Connection, digest: bytes, now: Instant, /) -> tuple[str, str] | None:
        """See `AccountStore.find_ticket`."""
        found = sessions.find_session(conn, digest, SecretPurpose.SECOND_FACTOR, now)
        return None if found is None else (found.id, found.user)

    def open_sessions(self, conn: Connection, user: str, now: Instant, /) -> Sequence[OpenSession]:
        """See `AccountStore.open_sessions`."""
        return [
            OpenSession(
                id=each.id, created=each.created, expires=each.expires, last_use=each.last_use, address=each.address,
                browser=each.browser or "",
            )
            for each in sessions.open_sessions(conn, user, now)
        ]  # fmt: skip

    def failed_tries(self, conn: Connection, key: str, now: Instant, /) -> FailedTries:
        """See `AccountStore.failed_tries`."""
        return FailedTries(*throttle.count_tries(conn, key, now))

    def note(
        self, conn: Connection, user: UserRow | None, what: str, detail: str, address: str, now: Instant, /
    ) -> None:
        """See `AccountStore.note`: in the audit of the user's own team; without a user in the vendor's."""
        if user is None:
            audit_log.record_event(conn, TeamPlace(), AuditEvent(what, address=address, detail=detail), now)
        else:
            note_at_home(conn, user, address, what, detail, now)

    def seal_factor(self, user: str, secret: str) -> bytes:
        """See `AccountSecrets.seal_factor`."""
        return self._context.safe.encrypt(secret.encode(), f"second factor of {user}")

    def open_factor(self, user: str, sealed: bytes | None) -> str:
        """See `AccountSecrets.open_factor`."""
        opened = self._context.safe.decrypt(sealed, f"second factor of {user}") if sealed else None
        return "" if opened is None else opened.decode()

    def recovery_digest(self, user: str, code: str) -> bytes:
        """See `AccountSecrets.recovery_digest`."""
        return self.secret_digest(f"recovery:{user}:{code}")

    def network_counters(self, address: str) -> tuple[FailureCounter, ...]:
        """See `AccountSecrets.network_counters`."""
        return (self._attempts.of_address(address),)


def make_flows(context: ServerContext) -> AccountFlows[UserRow]:
    """The flows of accounts over the server's store."""
    accounts = ServerAccounts(context)
    return AccountFlows(accounts, accounts, context.passwords)
