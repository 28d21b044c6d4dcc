"""What every operation of the local API is handed, and how a request's effect happens once.

A refusal that an operation only passes on is raised (`RefusedError`): it undoes what was begun, and `http` answers it.
"""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar, cast

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import AccessRule, Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import InputGroup
from tenure.http.operation_groups import OperationGroup
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, mark_replayed
from tenure.site.assembly import OpenedSite
from tenure.site.background import SiteWatch
from tenure.site.license import ProductLicense
from tenure.site.roles import LOOK, RULE, WORK
from tenure.site.store.writer import Connection
from tenure.site.sync_progress import SyncRuns

T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")
Outcome = ApiResponse[T] | Refused
Work = Callable[[Connection, Instant], ApiResponse[T] | Refused]

_HERE = frozenset({Role.SITE})
LOOKS = AccessRule(scope=LOOK, kinds=_HERE)
"""Open to all who may read: every role, and the token in the site's folder."""
WORKS = AccessRule(scope=WORK, kinds=_HERE)
"""The daily work with devices, seats and codes: operators and administrators."""
RULES = AccessRule(scope=RULE, kinds=_HERE)
"""What decides over others, over the way out, or takes a license away: administrators alone."""
OWN = AccessRule(kinds=_HERE)
"""One's own account, whatever the role."""


class LocalChange(InputGroup, frozen=True, kw_only=True):
    """A change: by whom, and whether it is only tried."""

    caller: Principal
    dry_run: bool = False


class LocalPost(LocalChange, frozen=True, kw_only=True):
    """A change that has its effect once."""

    ticket: IdempotentRequest


class LocalApi:
    """The parts, and three ways to do something."""

    def __init__(self, site: OpenedSite, watch: SiteWatch, device_port: Callable[[], int]) -> None:
        """`device_port`: the number on which devices are listened to, known once that server runs."""
        self.site, self.watch, self.device_port = site, watch, device_port
        self.runs = SyncRuns()

    def find_license(self, product: str) -> ProductLicense:
        """The license of a product. Raises `not_found` for one that is not kept here."""
        return require_found(self.site.licenses.get(product), "product")

    async def read_page(
        self,
        paging: PageRequest,
        kind: type[K],
        rows: Callable[[Connection, K | None, int], Iterable[R]],
        key_of: Callable[[R], K],
        view: Callable[[R], T],
    ) -> ResultPage[T]:
        """A page of a list: `view` of the `rows` after the key (None: from the start), at most so many.

        Raises `field_invalid` for a cursor of another list.
        """
        after = accept(paging.after_key(kind))
        found = await self.read_tx(lambda conn: list(islice(rows(conn, after, paging.limit + 1), paging.limit + 1)))
        page = cut_page(found, paging.limit, key_of)
        return ResultPage(tuple(map(view, page.items)), page.next)

    async def read_tx(self, work: Callable[[Connection], T]) -> T:
        """What `work` finds; in a thread, because a long list must not hold others up."""
        return await asyncio.to_thread(self.site.store.read, work)

    async def write_tx(self, dry_run: bool, work: Work[T]) -> Outcome[T]:
        """`work` in one transaction, for writes that are repeatable by nature."""
        now = self.site.now()
        do = self.site.store.dry_run if dry_run else self.site.store.write
        return await asyncio.wrap_future(do(lambda conn: work(conn, now)))

    async def run_once(self, ticket: IdempotentRequest, dry_run: bool, work: Work[T]) -> Outcome[T]:
        """`work` in one transaction with its idempotency record."""
        answers = self.site.answers

        def run(conn: Connection, now: Instant) -> Outcome[T]:
            known = answers.begin_request(conn, ticket, now)
            if known is not None:
                return known if isinstance(known, Refused) else cast(ApiResponse[T], mark_replayed(known))
            answer = work(conn, now)
            if not isinstance(answer, Refused):
                answers.finish_request(conn, ticket, answer, now)
            return answer

        return await self.write_tx(dry_run, run)

    async def run_aside(self, ticket: IdempotentRequest, work: Callable[[], Outcome[T]]) -> Outcome[T]:
        """`work` in a thread, for what waits for the network; its record is made before and finished after it."""
        answers, now = self.site.answers, self.site.now()
        store = self.site.store
        known = await asyncio.wrap_future(store.write(lambda conn: answers.begin_request(conn, ticket, now)))
        if known is not None:
            return known if isinstance(known, Refused) else cast(ApiResponse[T], mark_replayed(known))
        answer: Outcome[T] = Refused(RefusalCode.INTERNAL)
        try:
            answer = await asyncio.to_thread(work)
        finally:
            if isinstance(answer, Refused):
                await asyncio.wrap_future(store.write(lambda conn: answers.drop_request(conn, ticket)))
            else:
                done = answer
                await asyncio.wrap_future(store.write(lambda conn: answers.finish_request(conn, ticket, done, now)))
        return answer


class LocalOperations(OperationGroup):
    """Operations over the parts."""

    def __init__(self, local: LocalApi) -> None:
        self._local = local

    async def _write(self, request: LocalChange, work: Work[T]) -> ApiResponse[T]:
        """`work` in one transaction, of a POST once under its key. Raises what it refuses."""
        if isinstance(request, LocalPost):
            return accept(await self._local.run_once(request.ticket, request.dry_run, work))
        return accept(await self._local.write_tx(request.dry_run, work))

    async def _run_aside(self, ticket: IdempotentRequest, work: Callable[[], Outcome[T]]) -> ApiResponse[T]:
        """`LocalApi.run_aside`. Raises what `work` refuses."""
        return accept(await self._local.run_aside(ticket, work))
