"""What the server's operations take together, and how each does its work: in one transaction, on behalf of a tenant.

What an operation decides is its own; a refusal in it is raised here and told by the API (ADR 9).
"""

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.http.etags import IfMatch
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address, InputGroup
from tenure.http.operation_groups import OperationGroup
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import RefusedError, accept
from tenure.server.api.fields import Id
from tenure.server.context import ServerContext, Tenant, Work, tenant_of
from tenure.store.engine import Connection

T = TypeVar("T")
P = ParamSpec("P")
NOTHING_SEEN = IfMatch()
"""The default of an If-Match that may be left out."""


class CallerChange(InputGroup, frozen=True, kw_only=True):
    """A change: by whom, from where, and whether it is only tried."""

    caller: Principal
    address: Address
    dry_run: bool = False


class CallerPost(CallerChange, frozen=True, kw_only=True):
    """A change that has its effect once."""

    ticket: IdempotentRequest


class TenantQuery(InputGroup, frozen=True, kw_only=True):
    """A question about one provider's data; the vendor names whose."""

    caller: Principal
    provider: Id | None = None


class TenantChange(TenantQuery, frozen=True, kw_only=True):
    """A change of one provider's data."""

    address: Address
    dry_run: bool = False


class TenantPost(TenantChange, frozen=True, kw_only=True):
    """A change of one provider's data that has its effect once."""

    ticket: IdempotentRequest


AnyChange = CallerChange | TenantChange


class Identified(Protocol):
    """What lists are ordered by."""

    @property
    def id(self) -> str:
        """Its id."""


Shown = TypeVar("Shown", bound=Identified)


class ServerOperations(OperationGroup):
    """Operations over the server's parts.

    Each method runs `work` in one transaction and answers what it answers; it raises RefusedError for what `work`
    refuses or raises so, and nothing of that stays.
    """

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def _read(self, work: Work[T]) -> T:
        return accept(await self._context.read_tx(_returning(work)))

    async def _read_as(self, request: TenantQuery, work: Callable[[Connection, Tenant], T | Refused]) -> T:
        """For the tenant whose data the caller means; refuses like `tenant_of`."""
        return await self._read(lambda conn, real: work(conn, _tenant_of(conn, request, real)))

    async def _read_settled(self, request: TenantQuery, work: Callable[[Connection, Tenant, bool], Any]) -> Any:
        """`_read_as` on settled books, see `ServerContext.on_settled_books`."""

        def run(conn: Connection, real: Instant, writing: bool) -> Any:
            return work(conn, _tenant_of(conn, request, real), writing)

        return accept(await self._context.on_settled_books(_returning(run)))

    async def _write(self, request: AnyChange, work: Work[T], *, secret: bool = False) -> T:
        """A POST has its effect once under its key; `secret`: its answer holds a code or a token (`run_once`)."""
        if isinstance(request, CallerPost | TenantPost):
            return accept(
                await self._context.run_once(request.ticket, request.dry_run, _returning(work), secret=secret)
            )
        return accept(await self._context.write_tx(request.dry_run, _returning(work)))

    async def _write_public(self, work: Work[T]) -> T:
        """A write of a stranger, who has neither a key nor a dry run."""
        return accept(await self._context.write_tx(False, _returning(work)))

    async def _write_as(
        self, request: TenantChange, work: Callable[[Connection, Tenant], T | Refused], *, secret: bool = False
    ) -> T:
        """`_write` for the tenant whose data the caller means."""
        return await self._write(request, lambda conn, real: work(conn, _tenant_of(conn, request, real)), secret=secret)

    async def _list(
        self, paging: PageRequest, rows: Callable[[Connection, Instant, str, int], Iterable[Shown]]
    ) -> ResultPage[Shown]:
        """A page of what is ordered by id; `rows`: so many that come after an id."""
        after = accept(paging.after_key(str)) or ""
        return cut_page(
            await self._read(lambda conn, now: list(rows(conn, now, after, paging.limit + 1))),
            paging.limit,
            lambda each: each.id,
        )

    async def _list_as(
        self,
        request: TenantQuery,
        paging: PageRequest,
        rows: Callable[[Connection, Tenant, str, int], Iterable[Shown]],
    ) -> ResultPage[Shown]:
        """`_list` for the tenant whose data the caller means."""
        return await self._list(
            paging, lambda conn, real, after, most: rows(conn, _tenant_of(conn, request, real), after, most)
        )

    def _refuse_stopped_money(self) -> None:
        """Raises RefusedError while money cannot be written."""
        if self._context.stopped_money:
            raise RefusedError(Refused(RefusalCode.LEDGER_DRIFT))


def _tenant_of(conn: Connection, request: TenantQuery, real: Instant) -> Tenant:
    return accept(tenant_of(conn, request.caller, request.provider, real))


def _returning(work: Callable[P, T | Refused]) -> Callable[P, T | Refused]:
    """`work` with a refusal as its value, by which the store knows that nothing of it stays."""

    def run(*args: P.args, **kwargs: P.kwargs) -> T | Refused:
        try:
            return work(*args, **kwargs)
        except RefusedError as error:
            return error.refused

    return run
