"""One's own sessions at the site: where one is signed in, ending one or all others. Another's are not found."""

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.flows import nobody_signed_in
from tenure.http.accounts.own_security import Secret
from tenure.http.auth import Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.operations import Operation, make_operation
from tenure.http.responses import ApiResponse, empty_response, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.site.accounts import LIFE, AccountSecrets
from tenure.site.api.local import OWN, LocalApi
from tenure.site.store import events, people
from tenure.site.store.people import SiteSession
from tenure.site.store.writer import Connection


class SiteSessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is open. Its address is not kept: behind the console every one would be this computer's."""

    id: str
    created: str
    """When it was opened."""
    expires: str
    """When it ends at the latest."""
    browser: str
    """What it was opened with, in words, as that said of itself; empty where it said nothing."""
    current: bool
    """Whether it is the one that asks."""


class SiteSessionsView(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, newest first."""

    items: tuple[SiteSessionView, ...]


class SiteEndedView(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions have ended."""

    ended: int


class SiteSessionOperations:
    """The operations on one's own sessions."""

    def __init__(self, local: LocalApi, accounts: AccountSecrets) -> None:
        self._local, self._accounts = local, accounts

    async def list_sessions(self, caller: Principal) -> SiteSessionsView | Refused:
        """Lists one's own sessions: since when, until when, with what."""
        if not caller.person:
            return nobody_signed_in()
        found = await self._local.read_tx(lambda conn: self._find_open(conn, caller))
        return SiteSessionsView(items=tuple(_view(each, caller.token_id) for each in found))

    async def end_session(
        self, caller: Principal, session: Secret, dry_run: bool = False
    ) -> ApiResponse[None] | Refused:
        """Ends one of one's own sessions at once; the one that asks, too, if it is named."""

        def work(conn: Connection, now: Instant) -> ApiResponse[None] | Refused:
            if session not in {each.id for each in self._find_open(conn, caller)}:
                return Refused(RefusalCode.NOT_FOUND, field="session")
            people.end_session(conn, session)
            events.add(conn, now, "info", "sessions_ended", f"{caller.name} has ended a session of their own.")
            return empty_response()

        return await self._local.write_tx(dry_run, work)

    async def end_other_sessions(
        self, caller: Principal, ticket: IdempotentRequest, dry_run: bool = False
    ) -> ApiResponse[SiteEndedView] | Refused:
        """Ends every other session of one's own at once, and sign-ins that are half done."""
        if not caller.person:
            return nobody_signed_in()

        def work(conn: Connection, now: Instant) -> ApiResponse[SiteEndedView]:
            others = [each for each in self._find_open(conn, caller) if each.id != caller.token_id]
            people.end_sessions(conn, caller.person, but=caller.token_id)
            told = f"{caller.name} has ended {format_count(len(others), 'other session')} of their own."
            events.add(conn, now, "info", "sessions_ended", told)
            return json_response(SiteEndedView(ended=len(others)))

        return await self._local.run_once(ticket, dry_run, work)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        person = [RefusalCode.ACTION_NOT_PERMITTED]
        return (
            make_operation("GET", "/v1/me/sessions", OWN, self.list_sessions, refusals=person),
            make_operation(
                "DELETE", "/v1/me/sessions/{session}", OWN, self.end_session, refusals=[RefusalCode.NOT_FOUND]
            ),
            make_operation("POST", "/v1/me/sessions/end-others", OWN, self.end_other_sessions, refusals=person),
        )

    def _find_open(self, conn: Connection, caller: Principal) -> list[SiteSession]:
        return people.open_sessions(conn, caller.person, self._accounts.clock()) if caller.person else []


def _view(each: SiteSession, current: str) -> SiteSessionView:
    return SiteSessionView(
        id=each.id,
        created=format_rfc3339(each.until - LIFE),  # a session lasts as long as every other, and is never prolonged
        expires=format_rfc3339(each.until),
        browser=each.browser,
        current=each.id == current,
    )
