"""One's own sessions: where one is signed in, ending one of them, ending all others. Another user's are not found."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, Protocol

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.account_store import AccountStore, OpenSession, P
from tenure.http.accounts.flows import not_signed_in
from tenure.http.auth import AccessRule, Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.views import copy_fields

SessionId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z]{2,4}_[0-9a-z]{26}$(?!\n)")]
"""An id that the server chose."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is open."""

    id: str
    created: str
    """When it was opened."""
    last_use: str | None
    """The last request, to the minute; null where it is not noted."""
    expires: str
    """When it ends at the latest."""
    address: str
    """The network address that it was opened from; empty where it is not kept."""
    browser: str
    """What it was opened with, in words, as that said of itself; empty where it said nothing."""
    current: bool
    """Whether it is the one that asks."""


class SessionsView(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, last used first."""

    items: tuple[SessionView, ...]


class EndedView(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions have ended."""

    ended: int


class Transactions(Protocol):
    """How a program writes for a request."""

    async def write_tx(self, dry_run: bool, work: Callable[[Any, Instant], Any], /) -> Any:
        """`work` in one transaction, for writes that are repeatable by nature."""

    async def run_once(self, ticket: IdempotentRequest, dry_run: bool, work: Callable[[Any, Instant], Any], /) -> Any:
        """`work` in one transaction with its idempotency record."""


class OwnSessionOperations(Generic[P]):
    """The operations on one's own sessions; `own`: who has an account."""

    def __init__(self, store: AccountStore[P], transactions: Transactions, own: AccessRule) -> None:
        self._store, self._transactions, self._own = store, transactions, own

    async def list_sessions(self, caller: Principal) -> SessionsView | Refused:
        """Lists one's own sessions: since when, until when, from where and with what."""
        if not caller.user:
            return not_signed_in()
        found = await self._store.read(lambda conn, now: self._store.open_sessions(conn, caller.user, now))
        return SessionsView(items=tuple(_session_view(each, caller.token_id) for each in found))

    async def end_session(
        self, caller: Principal, session: SessionId, address: Address, dry_run: bool = False
    ) -> Refused | None:
        """Ends one of one's own sessions at once; the one that asks, too, if it is named."""
        if not caller.user:  # a token has no sessions, so that none is found
            return Refused(RefusalCode.NOT_FOUND, field="session")

        def work(conn: Any, now: Instant) -> ApiResponse[None] | Refused:
            user = self._store.find_user(conn, caller.user, lock=True)
            mine = {each.id for each in self._store.open_sessions(conn, caller.user, now)}
            if user is None or session not in mine:
                return Refused(RefusalCode.NOT_FOUND, field="session")
            self._store.end_session(conn, session)
            self._store.note(conn, user, "session_ended", session, address, now)
            return empty_response()

        done = await self._transactions.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None

    async def end_other_sessions(
        self, caller: Principal, ticket: IdempotentRequest, address: Address, dry_run: bool = False
    ) -> ApiResponse[EndedView] | Refused:
        """Ends every other session of one's own at once, and sign-ins that are half done; sent links stay good."""

        def work(conn: Any, now: Instant) -> ApiResponse[EndedView] | Refused:
            user = self._store.find_user(conn, caller.user, lock=True)
            if user is None:
                return not_signed_in()
            mine = self._store.open_sessions(conn, user.id, now)
            others = [each for each in mine if each.id != caller.token_id]
            self._store.end_others(conn, user.id, but=caller.token_id)
            self._store.note(conn, user, "other_sessions_ended", format_count(len(others), "session"), address, now)
            return json_response(EndedView(ended=len(others)))

        answer: ApiResponse[EndedView] | Refused = await self._transactions.run_once(ticket, dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        each, user = "/v1/me/sessions", (RefusalCode.ACTION_NOT_PERMITTED,)
        return (
            make_operation("GET", each, self._own, self.list_sessions, refusals=user),
            make_operation(
                "DELETE", f"{each}/{{session}}", self._own, self.end_session, refusals=[RefusalCode.NOT_FOUND]
            ),
            make_operation("POST", f"{each}/end-others", self._own, self.end_other_sessions, refusals=user),
        )


def _session_view(each: OpenSession, current: str) -> SessionView:
    return copy_fields(SessionView, each, current=each.id == current)
