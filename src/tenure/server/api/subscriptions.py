"""Subscriptions: ordering, reading, and every action on one [spec: commands], each with preview and plan (B4)."""

from collections.abc import Callable
from typing import Any

import msgspec

from tenure.core import commands as c
from tenure.core.fact_words import describe_fact
from tenure.core.facts import decode
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.terms import Intent
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.bodies import BODY_CAP
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import asking, desk, doers, handing
from tenure.server.api.actions import ACTIONS, ALWAYS, CAPS, MakeFrom, Why, by
from tenure.server.api.fields import Devices, Id, LastDay, Plan_hash
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.desk import Asking, Done, Opened
from tenure.server.ordering import FreshCode, Wish, new_code, order
from tenure.server.subscribed import OutcomeView, SubscriptionView
from tenure.server.views import ExplainView, SpanView, shown
from tenure.store import facts
from tenure.store.chain import Link
from tenure.store.engine import Connection

READ = Rule("subscriptions:read")
WRITE = Rule("subscriptions:write")
NOTHING_SEEN = IfMatch()
Make = Callable[[Connection, Tenant, Subscription], c.Command | Refused]


class NewOrder(Body, frozen=True, kw_only=True):
    """What a customer buys: an offer, so many devices, for the plan's period or up to `until`."""

    customer: Id
    offer: Id
    devices: Devices
    until: LastDay | None = None
    """A date (its last day) or an instant; absent: the plan's period."""
    renewal_intent: Intent = Intent.MANUAL
    trial: bool = False
    why: OptionalLine = ""
    plan: Plan_hash = ""
    """Of a preview, to order exactly what it showed."""
    order_request: Id | None = None
    """The customer's request that this order fulfils, and closes."""


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


class Subscriptions:
    """The operations on subscriptions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create_order(
        self, caller: Principal, ticket: Ticket, body: NewOrder, provider: Id | None = None, dry_run: bool = False
    ) -> Answer[OutcomeView] | Refused:
        """Orders a subscription; the activation code is in this answer only."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if self._context.stopped_money:
                return Refused(Code.LEDGER_DRIFT)
            wish = Wish(
                customer=body.customer,
                offer=body.offer,
                devices=body.devices,
                until=body.until,
                intent=body.renewal_intent,
                trial=body.trial,
                why=body.why,
                plan=body.plan,
            )
            asked = asking.opened(conn, tenant, body.order_request, body.customer) if body.order_request else None
            if isinstance(asked, Refused):
                return asked
            view = order(conn, self._context, tenant, wish, real, dry_run=dry_run)
            if isinstance(view, Refused):
                return view
            if asked is not None:
                asking.close(conn, asked, ordered_at=tenant.now, subscription=view.subscription.id)
            return made(view, 201, etag=etag(view.subscription.revision))

        answer: Answer[OutcomeView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def read_subscription(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> Answer[SubscriptionView] | Refused:
        """Reads a subscription with what the caller may do to it."""

        def show(conn: Connection, tenant: Tenant, opened: Opened) -> Answer[SubscriptionView]:
            return made(desk.view(conn, tenant, opened), etag=etag(opened.item.sub.revision))

        answer: Answer[SubscriptionView] | Refused = await self._shown(caller, subscription, provider, show)
        return answer

    async def read_timeline(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> tuple[SpanView, ...] | Refused:
        """Everything that has held and will hold if nobody does anything (B1)."""

        spans: tuple[SpanView, ...] | Refused = await self._shown(caller, subscription, provider, desk.history)
        return spans

    async def explain_subscription(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> ExplainView | Refused:
        """Why it is as it is, until when, what follows and who can act (B2)."""
        told: ExplainView | Refused = await self._shown(
            caller, subscription, provider, lambda conn, tenant, opened: desk.explanation(tenant, opened)
        )
        return told

    async def read_history(
        self, caller: Principal, subscription: Id, paging: Paging, provider: Id | None = None
    ) -> Page[FactView] | Refused:
        """The subscription's facts with their hash chain (B12)."""
        after = paging.after(int)
        if isinstance(after, Refused):
            return after

        def show(conn: Connection, tenant: Tenant, opened: Opened) -> list[FactView]:
            links = facts.history(conn, tenant.id, opened.item.sub.id, after or 0, paging.limit + 1)
            sub = opened.item.sub
            names = {by: doers.called(conn, tenant, sub, by) for by in {link.fact.by for link in links}}
            told = [decode(link.fact.body) for link in links]
            called = doers.fact_names(conn, tenant, sub, told)
            details = [describe_fact(fact, called) for fact in told]
            return [_fact_view(link, names, detail) for link, detail in zip(links, details, strict=True)]

        found = await self._shown(caller, subscription, provider, show)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.seq)

    async def _shown(
        self,
        caller: Principal,
        name: str,
        provider: str | None,
        show: Callable[[Connection, Tenant, Opened], Any],
    ) -> Any:
        def work(conn: Connection, real: Instant, writing: bool) -> Any:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            opened = (desk.current if writing else desk.look)(conn, tenant, name)
            return show(conn, tenant, opened) if isinstance(opened, Opened) else opened

        return await self._context.settled(work)

    async def _do(
        self,
        caller: Principal,
        name: str,
        provider: str | None,
        once: "Once",
        make: Make,
        *,
        fresh: "list[FreshCode] | None" = None,
    ) -> Any:
        """One command; `make` builds it inside the transaction from what is there, the last of `fresh` goes with it."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if self._context.stopped_money:
                return Refused(Code.LEDGER_DRIFT)
            opened = desk.current(conn, tenant, name)
            if isinstance(opened, Refused):
                return opened
            command = make(conn, tenant, opened.item.sub)
            if isinstance(command, Refused):
                return command
            asking = Asking(
                command=command, plan=once.plan, check=lambda sub: once.if_match.refusal(etag(sub.revision))
            )
            done = desk.command(conn, tenant, opened, asking)
            if isinstance(done, Refused):
                return done
            code = fresh[-1].text if fresh else ""
            if code:
                handing.keep(conn, self._context, tenant, done.outcome.subscription, code, real)
            return _answer(done, "" if once.dry_run else code)

        return await self._context.once(once.ticket, once.dry_run, work, secret=fresh is not None)

    def _acting(self, name: str, body_type: type[Why], make: MakeFrom, doc: str) -> Callable[..., Any]:
        """The operation's function for one kind of command: they differ in body and command only."""

        async def run(
            caller: Principal,
            subscription: Id,
            ticket: Ticket,
            body: Why,
            provider: Id | None = None,
            if_match: IfMatch = NOTHING_SEEN,
            dry_run: bool = False,
        ) -> Answer[OutcomeView] | Refused:
            once = Once(ticket=ticket, dry_run=dry_run, if_match=if_match, plan=body.plan)
            answer: Answer[OutcomeView] | Refused = await self._do(
                caller, subscription, provider, once, lambda conn, tenant, sub: make(conn, tenant, sub, body)
            )
            return answer

        run.__name__ = run.__qualname__ = name
        run.__doc__ = doc
        run.__annotations__["body"] = body_type
        return run

    async def reissue_code(
        self,
        caller: Principal,
        subscription: Id,
        ticket: Ticket,
        body: Why,
        provider: Id | None = None,
        if_match: IfMatch = NOTHING_SEEN,
        dry_run: bool = False,
    ) -> Answer[OutcomeView] | Refused:
        """Gives a new activation code, shown in this answer only; earlier ones activate nothing any more."""
        once = Once(ticket=ticket, dry_run=dry_run, if_match=if_match, plan=body.plan)
        fresh: list[FreshCode] = []

        def make(conn: Connection, tenant: Tenant, sub: Subscription) -> c.Command | Refused:
            code = new_code(conn, self._context, tenant, sub.id)
            fresh.append(code)
            return c.ReissueCode(**by(tenant, body), code=code.ref)

        answer: Answer[OutcomeView] | Refused = await self._do(caller, subscription, provider, once, make, fresh=fresh)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        one = "/v1/subscriptions/{subscription}"
        actions = tuple(
            operation(
                "POST",
                f"{one}/{name.replace('_', '-')}",
                WRITE,
                self._acting(name, body, make, doc),
                refusals=(*ALWAYS, *refusals),
                cap=CAPS.get(name, BODY_CAP),
            )
            for name, body, make, doc, refusals in ACTIONS
        )
        return (
            operation("POST", "/v1/subscriptions", WRITE, self.create_order, status=201, refusals=_ORDERING),
            operation("GET", one, READ, self.read_subscription),
            operation("GET", f"{one}/timeline", READ, self.read_timeline),
            operation("GET", f"{one}/explain", READ, self.explain_subscription),
            operation("GET", f"{one}/history", READ, self.read_history),
            operation("POST", f"{one}/reissue-code", WRITE, self.reissue_code, refusals=ALWAYS),
            *actions,
        )


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """How often and under what conditions a command may take effect."""

    ticket: Ticket
    dry_run: bool
    if_match: IfMatch
    plan: str


def _answer(done: Done, code: str) -> Answer[OutcomeView]:
    view = msgspec.structs.replace(done.view, activation_code=code)
    return made(view, etag=etag(view.subscription.revision))


def _fact_view(link: Link, names: dict[str, str], detail: str) -> FactView:
    return FactView(
        seq=link.seq,
        kind=link.fact.kind,
        at=shown(link.fact.at) or "",
        recorded_at=shown(link.fact.recorded_at) or "",
        by=link.fact.by,
        detail=detail,
        by_name=names[link.fact.by],
        hash=link.hash.hex(),
        previous=link.prev_hash.hex(),
        body=msgspec.Raw(link.fact.body),
    )


_ORDERING = (
    Code.UNKNOWN_PLAN, Code.DEVICE_COUNT_OUT_OF_RANGE, Code.TERM_AMBIGUOUS, Code.TERM_TOO_SHORT,
    Code.TRIAL_ALREADY_USED, Code.AUTOMATIC_NEEDS_PREPAID, Code.INSUFFICIENT_BALANCE,
    Code.ORDER_REQUEST_CLOSED, *ALWAYS,
)  # fmt: skip
