"""Subscriptions: ordering, reading, and every action on one (spec 2.4), each with preview and plan (B4)."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from tenure.core import commands as c
from tenure.core.contract import timeline
from tenure.core.policy import LateRenewal
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.terms import Intent
from tenure.core.timeline import Instant, Phase
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.etags import IfMatch, etag
from tenure.http.fields import Body, Line, OptionalLine
from tenure.http.idempotency import Ticket
from tenure.http.instants import Moment, instant_of
from tenure.http.operations import Operation, operation
from tenure.http.paging import Page, Paging, cut_page
from tenure.server import desk
from tenure.server.api.fields import Days, Devices, Id, Plan_hash, Reference, Slug
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.desk import Asking, Done
from tenure.server.ordering import Wish, new_code, order, terms_for
from tenure.server.views import (
    ExplainView,
    OutcomeView,
    SpanView,
    SubscriptionView,
    explain_view,
    shown,
    timeline_view,
)
from tenure.store import facts, people, standings
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
    until: str | None = None
    """A date (its last day) or an instant; absent: the plan's period."""
    renewal_intent: Intent = Intent.MANUAL
    trial: bool = False
    why: OptionalLine = ""


class Why(Body, frozen=True, kw_only=True):
    """A command that needs nothing but its reason; `plan` applies exactly what was previewed."""

    why: OptionalLine = ""
    plan: Plan_hash = ""


class RenewBody(Why, frozen=True, kw_only=True):
    """Buy the next period."""

    late: LateRenewal | None = None
    """Where a period bought after the end begins, instead of what the policy says."""


class IntentBody(Why, frozen=True, kw_only=True):
    """Switch automatic renewal."""

    intent: Intent


class CancelBody(Why, frozen=True, kw_only=True):
    """Buy nothing any more: at the end of what is paid for, or at once."""

    at_once: bool = False


class HoldBody(Why, frozen=True, kw_only=True):
    """Pause the service."""

    reason: Line
    until: Moment | None = None


class DevicesBody(Why, frozen=True, kw_only=True):
    """Another number of devices."""

    devices: Devices
    at_once: bool = False


class OtherPlanBody(Why, frozen=True, kw_only=True):
    """Another offer for the same product."""

    offer: Id
    devices: Devices | None = None


class DropBody(Why, frozen=True, kw_only=True):
    """A scheduled change that shall not happen."""

    effective: Moment


class CodeBody(Why, frozen=True, kw_only=True):
    """Which code is meant."""

    code: Id


class BlockBody(CodeBody, frozen=True, kw_only=True):
    """Block a code: after days of grace, for fraud at once."""

    fraud: bool = False


class GraceBody(Why, frozen=True, kw_only=True):
    """Goodwill days."""

    days: Days


class TransferBody(Why, frozen=True, kw_only=True):
    """The customer who gets it."""

    customer: Id


class AnchorBody(Why, frozen=True, kw_only=True):
    """Another day on which periods turn."""

    anchor: Moment


class PaymentBody(Why, frozen=True, kw_only=True):
    """A payment that came outside the prepaid balance."""

    reference: Reference
    covers: Annotated[str, msgspec.Meta(pattern=r"^(order|renewal|raise)$(?!\n)")]
    devices: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class SiteBody(Why, frozen=True, kw_only=True):
    """Which site is meant."""

    site: Id


class LostBody(SiteBody, frozen=True, kw_only=True):
    """A site that is gone for good, and the one that gets its allotment."""

    heir: Id | None = None


class ForkBody(SiteBody, frozen=True, kw_only=True):
    """What two copies of a site are."""

    resolution: Annotated[str, msgspec.Meta(pattern=r"^(restored|second_site|retired)$(?!\n)")]


class ListedView(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription in a list."""

    id: str
    customer: str
    product: str
    plan: str
    kind: str
    devices: int
    paid_until: str | None
    ends_at: str | None
    cancelled_at: str | None
    code_last_group: str


class FactView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its place in the hash chain (B12)."""

    seq: int
    kind: str
    at: str
    recorded_at: str
    by: str
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
            )
            view = order(conn, self._context, tenant, wish, real, dry_run=dry_run)
            return view if isinstance(view, Refused) else made(view, 201, etag=etag(view.subscription.revision))

        answer: Answer[OutcomeView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    async def list_subscriptions(
        self,
        caller: Principal,
        paging: Paging,
        provider: Id | None = None,
        customer: Id | None = None,
        product: Slug | None = None,
        phase: str | None = None,
    ) -> Page[ListedView] | Refused:
        """Lists subscriptions, narrowed to a customer, a product, a phase."""
        after = paging.after(str)
        if isinstance(after, Refused):
            return after
        if phase is not None and phase not in set(Phase):
            return Refused(Code.FIELD_INVALID, f"A phase is one of {', '.join(Phase)}.", "phase")

        def work(conn: Connection, real: Instant) -> list[standings.Standing] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if customer is not None and not tenant.owns(customer):
                return Refused(Code.NOT_FOUND, field="customer")
            wanted = standings.Wanted(
                customer=tenant.customer or customer, product=product, phase=Phase(phase) if phase else None
            )
            return standings.page(conn, tenant.id, wanted, tenant.now, after or "", paging.limit + 1)

        found = await self._context.read(work)
        if isinstance(found, Refused):
            return found
        return cut_page(map(listed_view, found), paging.limit, lambda each: each.id)

    async def read_subscription(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> Answer[SubscriptionView] | Refused:
        """Reads a subscription with what the caller may do to it."""

        def show(conn: Connection, tenant: Tenant, sub: Subscription) -> Answer[SubscriptionView]:
            return made(desk.view(conn, tenant, sub), etag=etag(sub.revision))

        answer: Answer[SubscriptionView] | Refused = await self._shown(caller, subscription, provider, show)
        return answer

    async def read_timeline(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> tuple[SpanView, ...] | Refused:
        """Everything that has held and will hold if nobody does anything (B1)."""
        spans: tuple[SpanView, ...] | Refused = await self._shown(
            caller, subscription, provider, lambda conn, tenant, sub: timeline_view(timeline(sub))
        )
        return spans

    async def explain_subscription(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> ExplainView | Refused:
        """Why it is as it is, until when, what follows and who can act (B2)."""
        told: ExplainView | Refused = await self._shown(
            caller, subscription, provider, lambda conn, tenant, sub: explain_view(timeline(sub), tenant.now)
        )
        return told

    async def read_history(
        self, caller: Principal, subscription: Id, paging: Paging, provider: Id | None = None
    ) -> Page[FactView] | Refused:
        """The subscription's facts with their hash chain (B12)."""
        after = paging.after(int)
        if isinstance(after, Refused):
            return after

        def show(conn: Connection, tenant: Tenant, sub: Subscription) -> list[FactView]:
            links = facts.history(conn, tenant.id, sub.id, after or 0, paging.limit + 1)
            return [_fact_view(link) for link in links]

        found = await self._shown(caller, subscription, provider, show)
        return found if isinstance(found, Refused) else cut_page(found, paging.limit, lambda each: each.seq)

    async def _shown(
        self,
        caller: Principal,
        name: str,
        provider: str | None,
        show: Callable[[Connection, Tenant, Subscription], Any],
    ) -> Any:
        def due(conn: Connection, real: Instant) -> bool:
            tenant = tenant_of(conn, caller, provider, real)
            return not isinstance(tenant, Refused) and desk.unsettled(conn, tenant, name)

        def work(conn: Connection, real: Instant) -> Any:
            tenant = tenant_of(conn, caller, provider, real)
            item = tenant if isinstance(tenant, Refused) else desk.current(conn, tenant, name)
            if isinstance(item, Refused) or isinstance(tenant, Refused):
                return item
            return show(conn, tenant, item.sub)

        return await self._context.settled(due, work)

    async def _do(
        self,
        caller: Principal,
        name: str,
        provider: str | None,
        once: "Once",
        make: Make,
        *,
        secret: Callable[[], str] | None = None,
    ) -> Any:
        """One command; `make` builds it inside the transaction from what is there, `secret` is shown this once."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            if self._context.stopped_money:
                return Refused(Code.LEDGER_DRIFT)
            item = desk.current(conn, tenant, name)
            command = item if isinstance(item, Refused) else make(conn, tenant, item.sub)
            if isinstance(command, Refused):
                return command
            asking = Asking(
                command=command, plan=once.plan, check=lambda sub: once.if_match.refusal(etag(sub.revision))
            )
            done = desk.command(conn, tenant, name, asking)
            return done if isinstance(done, Refused) else _answer(done, secret() if secret else "")

        return await self._context.once(once.ticket, once.dry_run, work, secret=secret is not None)

    def _acting(self, name: str, body_type: type[Why], make: "MakeFrom", doc: str) -> Callable[..., Any]:
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
        fresh: list[str] = []

        def make(conn: Connection, tenant: Tenant, sub: Subscription) -> c.Command | Refused:
            code = new_code(conn, self._context, tenant, sub.id)
            fresh.append(code.text)
            return c.ReissueCode(**by(tenant, body), code=code.ref)

        answer: Answer[OutcomeView] | Refused = await self._do(
            caller, subscription, provider, once, make, secret=lambda: "" if dry_run else fresh[-1]
        )
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
                refusals=(*_ALWAYS, *refusals),
            )
            for name, body, make, doc, refusals in ACTIONS
        )
        return (
            operation("GET", "/v1/subscriptions", READ, self.list_subscriptions),
            operation("POST", "/v1/subscriptions", WRITE, self.create_order, status=201, refusals=_ORDERING),
            operation("GET", one, READ, self.read_subscription),
            operation("GET", f"{one}/timeline", READ, self.read_timeline),
            operation("GET", f"{one}/explain", READ, self.explain_subscription),
            operation("GET", f"{one}/history", READ, self.read_history),
            operation("POST", f"{one}/reissue-code", WRITE, self.reissue_code, refusals=_ALWAYS),
            *actions,
        )


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """How often and under what conditions a command may take effect."""

    ticket: Ticket
    dry_run: bool
    if_match: IfMatch
    plan: str


def by(tenant: Tenant, body: Why) -> dict[str, Any]:
    """Who asks, in which role, and why."""
    return {"by": tenant.by, "role": tenant.role, "why": body.why}


def _answer(done: Done, code: str) -> Answer[OutcomeView]:
    view = msgspec.structs.replace(done.view, activation_code=code)
    return made(view, etag=etag(view.subscription.revision))


def listed_view(row: standings.Standing) -> ListedView:
    """A subscription as listed."""
    return ListedView(
        id=row.subscription,
        customer=row.customer,
        product=row.product,
        plan=row.plan,
        kind=row.kind,
        devices=row.devices,
        paid_until=shown(row.paid_until),
        ends_at=shown(row.ended_at),
        cancelled_at=shown(row.cancelled_at),
        code_last_group=row.last_group,
    )


def _fact_view(link: Link) -> FactView:
    return FactView(
        seq=link.seq,
        kind=link.fact.kind,
        at=shown(link.fact.at) or "",
        recorded_at=shown(link.fact.recorded_at) or "",
        by=link.fact.by,
        hash=link.hash.hex(),
        previous=link.prev_hash.hex(),
        body=msgspec.Raw(link.fact.body),
    )


MakeFrom = Callable[[Connection, Tenant, Subscription, Any], c.Command | Refused]


def _plain(kind: type[Any], *names: str) -> MakeFrom:
    """A command whose fields are those of the body, under the same names."""

    def make(_: Connection, tenant: Tenant, __: Subscription, body: Why) -> c.Command | Refused:
        command: c.Command = kind(**by(tenant, body), **{name: getattr(body, name) for name in names})
        return command

    return make


def _hold(_: Connection, tenant: Tenant, __: Subscription, body: HoldBody) -> c.Command | Refused:
    until = None if body.until is None else instant_of(body.until)
    return c.Hold(**by(tenant, body), reason=body.reason, until=until)


def _change_plan(conn: Connection, tenant: Tenant, sub: Subscription, body: OtherPlanBody) -> c.Command | Refused:
    devices = sub.terms_at(tenant.now).devices if body.devices is None else body.devices
    terms = terms_for(conn, tenant, body.offer, devices)
    return terms if isinstance(terms, Refused) else c.ChangePlan(**by(tenant, body), terms=terms.terms)


def _drop(_: Connection, tenant: Tenant, __: Subscription, body: DropBody) -> c.Command | Refused:
    return c.DropChange(**by(tenant, body), effective=instant_of(body.effective))


def _reanchor(_: Connection, tenant: Tenant, __: Subscription, body: AnchorBody) -> c.Command | Refused:
    return c.Reanchor(**by(tenant, body), anchor=instant_of(body.anchor))


def _transfer(conn: Connection, tenant: Tenant, __: Subscription, body: TransferBody) -> c.Command | Refused:
    if people.customer(conn, tenant.id, body.customer) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    return c.Transfer(**by(tenant, body), customer=body.customer)


def _lost(_: Connection, tenant: Tenant, __: Subscription, body: LostBody) -> c.Command | Refused:
    return c.DeclareSiteLost(**by(tenant, body), site=body.site, heir=body.heir or "")


_ALWAYS = (Code.PLAN_CHANGED_MEANWHILE, Code.LEDGER_DRIFT)
_ORDERING = (
    Code.UNKNOWN_PLAN, Code.DEVICE_COUNT_OUT_OF_RANGE, Code.TERM_AMBIGUOUS, Code.TERM_TOO_SHORT,
    Code.TRIAL_ALREADY_USED, Code.AUTOMATIC_NEEDS_PREPAID, Code.INSUFFICIENT_BALANCE, Code.LEDGER_DRIFT,
)  # fmt: skip
_STATE = (
    Code.SUBSCRIPTION_ENDED, Code.SUBSCRIPTION_CANCELLED, Code.NOT_ACTIVATED, Code.AWAITING_PAYMENT,
    Code.NOTHING_TO_CHANGE,
)  # fmt: skip
_PAYING = (
    *_STATE, Code.INSUFFICIENT_BALANCE, Code.RENEWAL_TOO_EARLY, Code.RENEWAL_TOO_LATE, Code.RENEWAL_IS_AUTOMATIC,
    Code.RENEWAL_AMBIGUOUS, Code.SUBSCRIPTION_PAUSED,
)  # fmt: skip
_DEVICES = (*_STATE, Code.INSUFFICIENT_BALANCE, Code.DEVICE_COUNT_OUT_OF_RANGE, Code.SEAT_CONFLICT_OPEN)

ACTIONS: tuple[tuple[str, type[Why], MakeFrom, str, tuple[Code, ...]], ...] = (
    ("renew", RenewBody, _plain(c.Renew, "late"), "Buys the next period from the balance (M3).", _PAYING),
    (
        "set_renewal_intent", IntentBody, _plain(c.SetRenewalIntent, "intent"),
        "Switches automatic renewal, or resumes it after it stopped.",
        (*_STATE, Code.RENEWAL_IS_AUTOMATIC, Code.AUTOMATIC_NEEDS_PREPAID, Code.RENEWAL_TOO_LATE),
    ),
    (
        "cancel", CancelBody, _plain(c.Cancel, "at_once"),
        "Cancels at the end of what is paid for, or at once.", (Code.ALREADY_CANCELLED, Code.SUBSCRIPTION_ENDED),
    ),
    (
        "undo_cancellation", Why, _plain(c.UndoCancellation), "Takes back a cancellation that has not taken effect.",
        (Code.NOTHING_TO_UNDO, Code.INSUFFICIENT_BALANCE),
    ),
    ("hold", HoldBody, _hold, "Pauses the service.", (*_STATE, Code.ALREADY_PAUSED)),
    ("release", Why, _plain(c.Release), "Ends your side's pause.", (Code.NOT_PAUSED,)),
    (
        "change_devices", DevicesBody, _plain(c.ChangeDevices, "devices", "at_once"),
        "More devices at once, fewer at the first period end far enough away.", _DEVICES,
    ),
    (
        "change_plan", OtherPlanBody, _change_plan,
        "Another plan of the same product: dearer at once, cheaper at the next period end.",
        (*_DEVICES, Code.UNKNOWN_PLAN, Code.CODE_NOT_FOR_PRODUCT),
    ),
    ("drop_change", DropBody, _drop, "Drops a scheduled change.", (Code.NOTHING_TO_CHANGE,)),
    (
        "block_code", BlockBody, _plain(c.BlockCode, "code", "fraud"),
        "Blocks a code: sites that used it end after days of grace, for fraud at once.", (Code.CODE_BLOCKED,),
    ),
    ("unblock_code", CodeBody, _plain(c.UnblockCode, "code"), "Lifts a block.", (Code.NOT_BLOCKED,)),
    (
        "extend_grace", GraceBody, _plain(c.ExtendGrace, "days"), "Gives goodwill days of grace.",
        (*_STATE, Code.GRACE_OUT_OF_BOUNDS),
    ),
    (
        "transfer", TransferBody, _transfer, "Moves it to another customer.",
        (Code.NOTHING_TO_CHANGE, Code.RENEWAL_IS_AUTOMATIC, Code.SUBSCRIPTION_CANCELLED),
    ),
    (
        "reanchor", AnchorBody, _reanchor, "Lets later periods turn at another day.",
        (*_STATE, Code.RENEWAL_IS_AUTOMATIC),
    ),
    (
        "confirm_payment", PaymentBody, _plain(c.ConfirmPayment, "reference", "covers", "devices"),
        "Confirms a payment made outside the prepaid balance, and does what it pays for.",
        (*_PAYING, Code.NOT_AWAITING_PAYMENT, Code.DEVICE_COUNT_OUT_OF_RANGE, Code.TERM_TOO_SHORT),
    ),
    (
        "leave_site", SiteBody, _plain(c.LeaveSite, "site"), "Takes the subscription from a site.",
        (Code.SITE_UNKNOWN,),
    ),
    (
        "resolve_fork", ForkBody, _plain(c.ResolveFork, "site", "resolution"), "Says what two copies of a site are.",
        (Code.SITE_UNKNOWN, Code.NOTHING_TO_CHANGE),
    ),
    (
        "declare_site_lost", LostBody, _lost,
        "Declares a site gone: its key is refused for good, its allotment moves at once.", (Code.SITE_UNKNOWN,),
    ),
)  # fmt: skip
