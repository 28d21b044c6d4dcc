"""The server's people, sessions and counters as the flows of accounts see them (`http.accounts.account_store`)."""

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
from tenure.store.users import PersonRow, TeamPlace


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

    def find_person(self, conn: Connection, person: str, /, *, lock: bool = False) -> PersonRow | None:
        """See `AccountStore.find_person`."""
        return (users.lock_person if lock else users.get_person)(conn, person)

    def offered_factor(self, conn: Connection, person: str, /) -> bytes | None:
        """See `AccountStore.offered_factor`."""
        found = users.get_person(conn, person)
        return None if found is None else found.proposed

    def set_factor(
        self, conn: Connection, person: str, sealed: bytes | None, step: int, recovery: Sequence[bytes], /
    ) -> None:
        """See `AccountStore.set_factor`."""
        users.set_factor(conn, person, sealed, step)
        recovery_codes.replace_codes(conn, person, recovery)

    def find_ticket(self, conn: Connection, digest: bytes, now: Instant, /) -> tuple[str, str] | None:
        """See `AccountStore.find_ticket`."""
        found = sessions.find_session(conn, digest, SecretPurpose.SECOND_FACTOR, now)
        return None if found is None else (found.id, found.person)

    def open_sessions(self, conn: Connection, person: str, now: Instant, /) -> Sequence[OpenSession]:
        """See `AccountStore.open_sessions`."""
        return [
            OpenSession(
                id=each.id, created=each.created, expires=each.expires, last_use=each.last_use, address=each.address,
                browser=each.browser or "",
            )
            for each in sessions.open_sessions(conn, person, now)
        ]  # fmt: skip

    def failed_tries(self, conn: Connection, key: str, now: Instant, /) -> FailedTries:
        """See `AccountStore.failed_tries`."""
        return FailedTries(*throttle.count_tries(conn, key, now))

    def note(
        self, conn: Connection, person: PersonRow | None, what: str, detail: str, address: str, now: Instant, /
    ) -> None:
        """See `AccountStore.note`: in the audit of the person's own team, of nobody in the vendor's."""
        if person is None:
            audit_log.record_event(conn, TeamPlace(), AuditEvent(what, address=address, detail=detail), now)
        else:
            note_at_home(conn, person, address, what, detail, now)

    def seal_factor(self, person: str, secret: str) -> bytes:
        """See `AccountSecrets.seal_factor`."""
        return self._context.safe.encrypt(secret.encode(), f"second factor of {person}")

    def open_factor(self, person: str, sealed: bytes | None) -> str:
        """See `AccountSecrets.open_factor`."""
        opened = self._context.safe.decrypt(sealed, f"second factor of {person}") if sealed else None
        return "" if opened is None else opened.decode()

    def recovery_digest(self, person: str, code: str) -> bytes:
        """See `AccountSecrets.recovery_digest`."""
        return self.secret_digest(f"recovery:{person}:{code}")

    def network_counters(self, address: str) -> tuple[FailureCounter, ...]:
        """See `AccountSecrets.network_counters`."""
        return (self._attempts.of_address(address),)


def make_flows(context: ServerContext) -> AccountFlows[PersonRow]:
    """The flows of accounts over the server's store."""
    accounts = ServerAccounts(context)
    return AccountFlows(accounts, accounts, context.passwords)
