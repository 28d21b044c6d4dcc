"""The audit of access, for callers who may read it: sign-ins, refusals, changes of users, tokens and policies."""

from typing import Annotated

import msgspec

from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule
from tenure.http.operation_groups import operation_at
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept
from tenure.http.timestamps import Moment, instant_of
from tenure.http.views import copy_fields
from tenure.server.api.accounts.places import place_of
from tenure.server.api.fields import Id, Words
from tenure.server.api.operations import ServerOperations, TenantQuery
from tenure.store import audit_log
from tenure.store.engine import Connection

READ = AccessRule("audit:read")
Kind = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z_]+$(?!\n)", description="Such as `signed_in`.")]


class _AuditPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins, as cursors carry it."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    id: Id


class AuditEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, from where; `who` is a user's or a token's id, `name` its e-mail or name as of then."""

    id: str
    at: str
    who: str
    name: str
    kind: str
    address: str
    what: str
    detail: str
    customer: str | None


class AuditOperations(ServerOperations):
    """The operation on the audit."""

    @operation_at("GET", "/v1/audit", READ)
    async def read_audit(
        self,
        request: TenantQuery,
        paging: PageRequest,
        customer: Id | None = None,
        who: Words | None = None,
        what: Kind | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> ResultPage[AuditEntryView]:
        """Lists what was done about access, newest first; a provider's includes that of its customers' teams.

        `who` is an id or part of a name, `what` a kind such as `signed_in`, `since` is included, `until` is not.
        """
        before = accept(paging.after_key(_AuditPosition))
        begin = None if before is None else (before.seq, before.id)

        def work(conn: Connection, now: Instant) -> list[audit_log.AuditEntry]:
            place = accept(place_of(conn, request, customer))
            wanted = audit_log.AuditFilter(
                customer=place.customer,
                who=who or "",
                what=(what,) if what else (),
                since=None if since is None else instant_of(since),
                until=None if until is None else instant_of(until),
            )
            return audit_log.entries_before(conn, place.provider, wanted, begin, paging.limit + 1)

        found = await self._read(work)
        page = cut_page(found, paging.limit, lambda each: _AuditPosition(each.seq, each.id))
        return ResultPage(tuple(map(entry_view, page.items)), page.next)


def entry_view(row: audit_log.AuditEntry) -> AuditEntryView:
    """An entry as shown."""
    return copy_fields(AuditEntryView, row)
