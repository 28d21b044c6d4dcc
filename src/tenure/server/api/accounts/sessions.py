"""One's own sessions: where one is signed in, ending one of them, ending all others. Another person's are not found."""

from typing import Any

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import nobody_signed_in
from tenure.http.auth import Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.server.api.accounts.places import note_at_home
from tenure.server.api.accounts.sign_in import OWN
from tenure.server.api.fields import Id
from tenure.server.context import ServerContext
from tenure.store import sessions, users
from tenure.store.engine import Connection
from tenure.store.sessions import AccountSession


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is open."""

    id: str
    created: str
    """When it was opened."""
    last_use: str
    """The last request, to the minute."""
    expires: str
    """When it ends at the latest."""
    address: str
    """The network address that it was opened from."""
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


class Sessions:
    """The operations on one's own sessions."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def list_sessions(self, caller: Principal) -> SessionsView | Refused:
        """Lists one's own sessions: since when, last use, from where and with what."""
        if not caller.person:
            return nobody_signed_in()
        found = await self._context.read_tx(lambda conn, now: sessions.open_sessions(conn, caller.person, now))
        return SessionsView(items=tuple(_view(each, caller.token_id) for each in found))

    async def end_session(
        self, caller: Principal, session: Id, address: Address, dry_run: bool = False
    ) -> Refused | None:
        """Ends one of one's own sessions at once; the one that asks, too, if it is named."""
        if not caller.person:  # a token has no sessions, so that none is found
            return Refused(RefusalCode.NOT_FOUND, field="session")

        def work(conn: Connection, now: Instant) -> ApiResponse[Any] | Refused:
            person = users.lock_person(conn, caller.person)
            mine = {each.id for each in sessions.open_sessions(conn, caller.person, now)}
            if person is None or session not in mine:
                return Refused(RefusalCode.NOT_FOUND, field="session")
            sessions.end_session(conn, session)
            note_at_home(conn, person, address, "session_ended", session, now)
            return json_response(None)

        done = await self._context.write_tx(dry_run, work)
        return done if isinstance(done, Refused) else None

    async def end_other_sessions(
        self, caller: Principal, ticket: IdempotentRequest, address: Address, dry_run: bool = False
    ) -> ApiResponse[EndedView] | Refused:
        """Ends every other session of one's own at once, and sign-ins that are half done; sent links stay good."""
        if not caller.person:
            return nobody_signed_in()

        def work(conn: Connection, now: Instant) -> ApiResponse[EndedView] | Refused:
            person = users.lock_person(conn, caller.person)
            if person is None:
                return nobody_signed_in()
            others = [each for each in sessions.open_sessions(conn, person.id, now) if each.id != caller.token_id]
            sessions.end_others(conn, person.id, but=caller.token_id)
            note_at_home(conn, person, address, "other_sessions_ended", format_count(len(others), "session"), now)
            return json_response(EndedView(ended=len(others)))

        answer: ApiResponse[EndedView] | Refused = await self._context.run_once(ticket, dry_run, work)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        person = (RefusalCode.ACTION_NOT_PERMITTED,)
        return (
            make_operation("GET", "/v1/me/sessions", OWN, self.list_sessions, refusals=person),
            make_operation(
                "DELETE", "/v1/me/sessions/{session}", OWN, self.end_session, refusals=[RefusalCode.NOT_FOUND]
            ),
            make_operation("POST", "/v1/me/sessions/end-others", OWN, self.end_other_sessions, refusals=person),
        )


def _view(each: AccountSession, current: str) -> SessionView:
    return SessionView(
        id=each.id,
        created=format_rfc3339(each.created),
        last_use=format_rfc3339(each.last_use),
        expires=format_rfc3339(each.expires),
        address=each.address,
        browser=each.browser or "",
        current=each.id == current,
    )
