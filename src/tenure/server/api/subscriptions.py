"""Subscriptions: ordering, reading, and every action on one [spec: commands], each with preview and plan (B4)."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandRow, CommandTopic
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.facts import decode_fact, describe_fact
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import RenewalIntent
from tenure.http.auth import AccessRule
from tenure.http.body_types import OptionalLine, RequestBody
from tenure.http.etags import IfMatch, entity_tag
from tenure.http.operation_groups import operation_at
from tenure.http.operations import Operation, make_operation
from tenure.http.paging import PageRequest, ResultPage, cut_page
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import actor_names, code_delivery, order_requests, subscription_service
from tenure.server.api.actions import ALWAYS, ReasonBody, body_cap, body_of, command_header, make_command
from tenure.server.api.fields import Devices, Id, LastDay, OutcomeHash
from tenure.server.api.operations import NOTHING_SEEN, ServerOperations, TenantPost, TenantQuery
from tenure.server.context import Tenant
from tenure.server.ordering import FreshCode, OrderWish, new_code, place_order
from tenure.server.subscription_service import CommandResult, OpenedSubscription, WriteRequest
from tenure.server.subscription_views import OutcomeView, SubscriptionView
from tenure.server.views import ExplainView, SpanView
from tenure.store import facts
from tenure.store.chain import ChainLink
from tenure.store.engine import Connection

T = TypeVar("T")
READ = AccessRule("subscriptions:read")
WRITE = AccessRule("subscriptions:write")
Make = Callable[[Connection, Tenant, Subscription], c.Command]


class NewOrder(RequestBody, frozen=True, kw_only=True):
    """What a customer buys: an offer, so many devices, for the plan's period or up to `until`."""

    customer: Id
    offer: Id
    devices: Devices
    until: LastDay | None = None
    """A date (its last day) or an instant; absent: the plan's period."""
    renewal_intent: RenewalIntent = RenewalIntent.MANUAL
    trial: bool = False
    why: OptionalLine = ""
    outcome_hash: OutcomeHash = ""
    """Of a preview, to order exactly what it showed."""
    order_request: Id | None = None
    """The customer's request that this order fulfills, and closes."""


class FactView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its place in the hash chain (B12)."""

    seq: int
    kind: str
    at: str
    recorded_at: str
    by: str
    detail: str
    """What it changed, in words: amounts, counts, days; instants in RFC 3339, amounts as `12.50 EUR`."""
    by_name: str
    """Who that is, as far as the reader may know it; `by itself` for what fell due."""
    hash: str
    previous: str
    body: msgspec.Raw


_ORDERING = (
    RefusalCode.UNKNOWN_PLAN, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE, RefusalCode.TERM_AMBIGUOUS,
    RefusalCode.TERM_TOO_SHORT,
    RefusalCode.TRIAL_ALREADY_USED, RefusalCode.AUTOMATIC_NEEDS_PREPAID, RefusalCode.INSUFFICIENT_BALANCE,
    RefusalCode.ORDER_REQUEST_CLOSED, *ALWAYS,
)  # fmt: skip


class SubscriptionOperations(ServerOperations):
    """The operations on subscriptions."""

    @operation_at("POST", "/v1/subscriptions", WRITE, status=201, refusals=_ORDERING)
    async def create_order(self, request: TenantPost, body: NewOrder) -> ApiResponse[OutcomeView]:
        """Orders a subscription; the activation code is in this answer only."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any] | Refused:
            self._refuse_stopped_money()
            asked = None
            if body.order_request:
                asked = accept(order_requests.lock_request(conn, tenant, body.order_request, body.customer))
            wish = copy_fields(OrderWish, body, intent=body.renewal_intent)
            view = accept(place_order(conn, self._context, tenant, wish, tenant.real, dry_run=request.dry_run))
            if asked is not None:
                order_requests.close_request(conn, asked, ordered_at=tenant.now, subscription=view.subscription.id)
            return json_response(view, 201, etag=entity_tag(view.subscription.revision))

        return await self._write_as(request, work, secret=True)

    @operation_at("GET", "/v1/subscriptions/{subscription}", READ)
    async def read_subscription(self, request: TenantQuery, subscription: Id) -> ApiResponse[SubscriptionView]:
        """Reads a subscription with what the caller may do to it."""

        def show(conn: Connection, tenant: Tenant, opened: OpenedSubscription) -> ApiResponse[SubscriptionView]:
            shown = subscription_service.show_subscription(conn, tenant, opened)
            return json_response(shown, etag=entity_tag(opened.item.sub.revision))

        return await self._show_subscription(request, subscription, show)

    @operation_at("GET", "/v1/subscriptions/{subscription}/timeline", READ)
    async def read_timeline(self, request: TenantQuery, subscription: Id) -> tuple[SpanView, ...]:
        """Every phase that has held, and every phase to come if no user acts (B1)."""
        return await self._show_subscription(request, subscription, subscription_service.full_timeline)

    @operation_at("GET", "/v1/subscriptions/{subscription}/explain", READ)
    async def explain_subscription(self, request: TenantQuery, subscription: Id) -> ExplainView:
        """Why it is as it is, until when, what follows and who can act (B2)."""

        def show(conn: Connection, tenant: Tenant, opened: OpenedSubscription) -> ExplainView:
            return subscription_service.explain_subscription(tenant, opened)

        return await self._show_subscription(request, subscription, show)

    @operation_at("GET", "/v1/subscriptions/{subscription}/history", READ)
    async def read_history(self, request: TenantQuery, subscription: Id, paging: PageRequest) -> ResultPage[FactView]:
        """The subscription's facts with their hash chain (B12)."""
        after = accept(paging.after_key(int))

        def show(conn: Connection, tenant: Tenant, opened: OpenedSubscription) -> list[FactView]:
            links = facts.links_after(conn, tenant.id, opened.item.sub.id, after or 0, paging.limit + 1)
            sub = opened.item.sub
            names = {by: actor_names.actor_name(conn, tenant, sub, by) for by in {link.fact.by for link in links}}
            told = [decode_fact(link.fact.body) for link in links]
            called = actor_names.fact_names(conn, tenant, sub, told)
            details = [describe_fact(fact, called) for fact in told]
            return [_fact_view(link, names, detail) for link, detail in zip(links, details, strict=True)]

        found = await self._show_subscription(request, subscription, show)
        return cut_page(found, paging.limit, lambda each: each.seq)

    async def _show_subscription(
        self, request: TenantQuery, name: str, show: Callable[[Connection, Tenant, OpenedSubscription], T]
    ) -> T:
        def work(conn: Connection, tenant: Tenant, writing: bool) -> Any:
            opened = subscription_service.look_up_subscription(conn, tenant, name, writing=writing)
            return show(conn, tenant, opened) if isinstance(opened, OpenedSubscription) else opened

        shown: T = await self._read_settled(request, work)
        return shown

    async def _run_command(
        self,
        request: TenantPost,
        name: str,
        body: ReasonBody,
        if_match: IfMatch,
        make: Make,
        *,
        fresh: "list[FreshCode] | None" = None,
    ) -> ApiResponse[OutcomeView]:
        """One command; `make` builds it inside the transaction from what is there, the last of `fresh` goes with it."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            self._refuse_stopped_money()
            opened = accept(subscription_service.current_subscription(conn, tenant, name))
            command = make(conn, tenant, opened.item.sub)
            asking = WriteRequest(
                command=command,
                outcome_hash=body.outcome_hash,
                check=lambda sub: if_match.refuse_mismatch(entity_tag(sub.revision)),
            )
            done = accept(subscription_service.run_command(conn, tenant, opened, asking))
            code = fresh[-1].text if fresh else ""
            if code:
                code_delivery.queue_code(conn, self._context, tenant, done.outcome.subscription, code, tenant.real)
            return _outcome_response(done, "" if request.dry_run else code)

        return await self._write_as(request, work, secret=fresh is not None)

    def _action_operation(self, row: CommandRow) -> Callable[..., Any]:
        """The operation's function for one command of the table: they differ in body and command only."""

        async def run(
            request: TenantPost, subscription: Id, body: ReasonBody, if_match: IfMatch = NOTHING_SEEN
        ) -> ApiResponse[OutcomeView]:
            return await self._run_command(request, subscription, body, if_match, partial(make_command, row, body))

        run.__name__ = run.__qualname__ = row.name
        run.__doc__ = row.effect
        run.__annotations__["body"] = body_of(row)
        return run

    async def reissue_code(
        self, request: TenantPost, subscription: Id, body: ReasonBody, if_match: IfMatch = NOTHING_SEEN
    ) -> ApiResponse[OutcomeView]:
        """Gives a new activation code, shown in this answer only; earlier ones activate nothing any more."""
        fresh: list[FreshCode] = []

        def make(conn: Connection, tenant: Tenant, sub: Subscription) -> c.Command:
            code = new_code(conn, self._context, tenant, sub.id)
            fresh.append(code)
            return c.ReissueCode(**command_header(tenant, body), code=code.ref)

        return await self._run_command(request, subscription, body, if_match, make, fresh=fresh)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        own = {"reissue_code": self.reissue_code}
        actions = tuple(
            make_operation(
                "POST",
                f"/v1/subscriptions/{{subscription}}/{row.verb}",
                WRITE,
                own.get(row.name) or self._action_operation(row),
                refusals=(*ALWAYS, *row.refusals),
                cap=body_cap(row),
            )
            for row in COMMANDS
            if row.topic is not CommandTopic.PAYMENT  # with the payments of several subscriptions: `confirming`
        )
        return (*super().operations(), *actions)


def _outcome_response(done: CommandResult, code: str) -> ApiResponse[OutcomeView]:
    view = msgspec.structs.replace(done.view, activation_code=code)
    return json_response(view, etag=entity_tag(view.subscription.revision))


def _fact_view(link: ChainLink, names: dict[str, str], detail: str) -> FactView:
    return copy_fields(
        FactView,
        link.fact,
        seq=link.seq,
        detail=detail,
        by_name=names[link.fact.by],
        hash=link.hash.hex(),
        previous=link.prev_hash.hex(),
        body=msgspec.Raw(link.fact.body),
    )
