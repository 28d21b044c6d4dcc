"""The subscription service: one command on one subscription, from the token's permissions to what is stored and shown.

Loads, lets `business.execute` decide, stores, shows. Everything a command does happens in one transaction of the
caller.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.account import AccountSubscription
from tenure.core.business.execute import CommandOutcome, check_outcome_hash, make_outcome_hash
from tenure.core.business.expected_renewals import ExpectedCourse, expected_course
from tenure.core.business.remedies import remedies_for
from tenure.core.lease.standing import OutageAmnesty
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.facts import SeatConflictListed
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant, cut_at, merge_spans, span_at, starting_at
from tenure.server import (
    account_repository,
    places,
    policies,
    seat_conflicts,
    settlement,
    site_projection,
    takeover,
)
from tenure.server.account_repository import AccountBooks
from tenure.server.allotments import pools_of
from tenure.server.context import DUE, Tenant
from tenure.server.folding import held_timeline
from tenure.server.notices import current_outages
from tenure.server.site_record import rows_of
from tenure.server.subscription_views import OutcomeView, SubscriptionView, subscription_view
from tenure.server.views import ExplainView, SpanView, explain_view, posting_view, timeline_view
from tenure.store import accounts, sites, subscriptions
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One command as it came: what is asked, and the plan and revision the caller has seen, if it says so."""

    command: c.Command
    outcome_hash: str = ""
    """Hash of a previewed plan (B4)."""
    check: Callable[[Subscription], Refused | None] = lambda _: None
    """What else must hold inside the transaction, such as If-Match."""


class CommandResult(msgspec.Struct, frozen=True):
    """An accepted command: what it did, and how that is shown."""

    outcome: CommandOutcome
    view: OutcomeView


class OpenedSubscription(msgspec.Struct, frozen=True):
    """A subscription in its customer's books."""

    books: AccountBooks
    item: AccountSubscription


def load_books(conn: Connection, tenant: Tenant, name: str, *, lock: bool = True) -> AccountBooks | Refused:
    """The books that a tenant's subscription is in; a foreign one is `not_found`, like an unknown one."""
    customer = account_repository.customer_of(conn, tenant.id, name)
    mine = customer is not None and tenant.may_see(customer)
    loaded = (
        account_repository.load_books(conn, tenant.id, customer, tenant.time, lock=lock)
        if mine and customer is not None
        else None
    )
    return Refused(RefusalCode.NOT_FOUND, field="subscription") if loaded is None else loaded


def current_subscription(conn: Connection, tenant: Tenant, name: str) -> OpenedSubscription | Refused:
    """The subscription with everything booked that was due up to the tenant's now [spec: settlement]."""
    takeover.take_over_all(conn, tenant.id, name, tenant.time)
    loaded = load_books(conn, tenant, name)
    if isinstance(loaded, Refused):
        return loaded
    settled = settlement.settle_books(conn, loaded)
    item = settled.find_item(name)
    return Refused(RefusalCode.NOT_FOUND, field="subscription") if item is None else OpenedSubscription(settled, item)


def read_subscription(conn: Connection, tenant: Tenant, name: str) -> OpenedSubscription | Refused | Literal["due"]:
    """As `current_subscription`, without writing; `DUE` when something must be booked first."""
    loaded = load_books(conn, tenant, name, lock=False)
    if isinstance(loaded, Refused):
        return loaded
    waiting = sites.sites_with_successor(conn, tenant.id, name)
    if waiting or account_repository.is_due(loaded):
        return DUE
    item = loaded.find_item(name)
    return Refused(RefusalCode.NOT_FOUND, field="subscription") if item is None else OpenedSubscription(loaded, item)


def look_up_subscription(
    conn: Connection, tenant: Tenant, name: str, *, writing: bool
) -> OpenedSubscription | Refused | Literal["due"]:
    """`current_subscription` where it may write, else `read_subscription` (see `ServerContext.on_settled_books`)."""
    return (current_subscription if writing else read_subscription)(conn, tenant, name)


def seen_for(conn: Connection, tenant: Tenant, sub: Subscription, available: int) -> c.DecisionContext:
    """What lies outside the subscription, for its tenant's role."""
    policy = policies.load_policies(conn, tenant.id)
    plan = sub.terms_at(tenant.now).plan
    plan_row = account_repository.plan_of(conn, plan)
    held, published = rows_of(conn, tenant.id, sub.id), current_outages(conn)
    return c.DecisionContext(
        rules=policy.rules_at(tenant.now, plan, plan_row.period if plan_row else None),
        actions=policy.permitted_actions(tenant.role),
        floor=plan_row.min_version_at if plan_row else "",
        available=available,
        in_use=sum(_in_use(sub, row, published, tenant.now) for row in held)
        + places.count_taken(conn, sub, tenant.now, 0),
        words=account_repository.outstanding_leases(conn, tenant.id, [sub.id])[sub.id],
        parts=tuple(pools_of(row).part_of(sub.id).prolonged(published) for row in held),
        seat_conflict=seat_conflicts.coming_conflict(conn, sub, tenant.now),
    )


def _in_use(sub: Subscription, row: SiteRow, published: tuple[OutageAmnesty, ...], now: Instant) -> int:
    """Devices of an administration server that count here: not where it only waits; where it left as long as it may
    still go by what it had [spec: leaving]."""
    state = sub.find_site(row.id)
    if row.subscription != sub.id or state is None or state.is_staged:
        return 0
    return (
        row.devices
        if state.is_active
        else min(row.devices, pools_of(row).part_of(sub.id).prolonged(published).counted_at(now))
    )


def run_command(
    conn: Connection, tenant: Tenant, opened: OpenedSubscription, asking: WriteRequest
) -> CommandResult | Refused:
    """Decide on what `current_subscription` opened, and store; a refusal leaves nothing behind, not even what
    was due."""
    loaded, item = opened.books, opened.item
    refused = asking.check(item.sub)
    if refused is not None:
        return refused
    seen = seen_for(conn, tenant, item.sub, loaded.row.available)
    outcome = settlement.execute_command(loaded, item.sub.id, asking.command, seen)
    if isinstance(outcome, Refused):
        return outcome
    changed = (
        check_outcome_hash(asking.outcome_hash, outcome, asking.command, tenant.now) if asking.outcome_hash else None
    )
    if changed is not None:
        return changed
    save_outcome(conn, tenant, loaded, outcome)
    ahead = _in_its_books(conn, tenant, loaded, outcome)
    after = seat_conflicts.relist_conflict(conn, outcome.subscription, tenant.now)
    view = outcome_view(conn, outcome, asking.command, tenant, ahead=ahead)
    if after is not outcome.subscription:  # the list of a seat conflict follows from what was done
        shown = subscription_view(after, tenant.now, ahead, account_repository.names_of(conn, after, tenant.customer))
        view = msgspec.structs.replace(view, subscription=shown, facts=(*view.facts, SeatConflictListed.__name__))
    warned = _delays_a_successor(conn, item.sub, outcome.subscription)
    return CommandResult(outcome, msgspec.structs.replace(view, warnings=warned))


def _delays_a_successor(conn: Connection, before: Subscription, after: Subscription) -> tuple[str, ...]:
    """That what is paid now reaches further, and a successor staged at a site takes over so much later
    [spec: successor]."""
    until, later = before.paid_until, after.paid_until
    if until is None or later is None or later <= until:
        return ()
    using = [row for row in rows_of(conn, after.provider, after.id) if row.subscription == after.id]
    waiting = sum(row.successor is not None for row in using)
    if not waiting:
        return ()
    where = "a site" if waiting == 1 else format_count(waiting, "site")
    moved = f"on {format_instant(later)} instead of {format_instant(until)}"
    return (f"Another subscription waits at {where} to follow this one: it takes over {moved}.",)


def save_outcome(conn: Connection, tenant: Tenant, loaded: AccountBooks, outcome: CommandOutcome) -> None:
    """Store an outcome: what was due before, the command's own facts and postings, and what followed."""
    now, by = tenant.now, tenant.by
    account_repository.save_settlement(conn, loaded, outcome.before)
    subs = {item.sub.id: item for item in outcome.after.items}
    sub = outcome.subscription
    account_repository.append_facts(conn, tenant.id, outcome.facts, subs.values(), now)
    account_repository.book_postings(conn, tenant.id, loaded.row.customer, by, outcome.postings)
    accounts.mark_settled(
        conn, tenant.id, loaded.row.customer, outcome.after.account.settled_at, outcome.after.next_due
    )
    site_projection.project_sites(conn, sub, (fact for name, fact in outcome.facts if name == sub.id), now)
    if sub.customer != loaded.row.customer:
        _hand_over(conn, tenant, sub)


def _hand_over(conn: Connection, tenant: Tenant, sub: Subscription) -> None:
    """From now on another account pays: not for what fell due before, so that account is settled up to now first."""
    receiver = account_repository.load_books(conn, tenant.id, sub.customer, tenant.time)
    if receiver is not None:
        settlement.settle_now(conn, receiver)
    subscriptions.move_to_customer(conn, tenant.id, sub.id, sub.customer)
    accounts.mark_due(conn, tenant.id, sub.customer, tenant.now)


def _in_its_books(conn: Connection, tenant: Tenant, loaded: AccountBooks, outcome: CommandOutcome) -> ExpectedCourse:
    """What will become of the subscription; of one that was handed over, by its new owner's balance."""
    sub, after = outcome.subscription, outcome.after
    same = sub.customer == loaded.row.customer
    receiver = None if same else account_repository.load_books(conn, tenant.id, sub.customer, tenant.time, lock=False)
    return (
        ahead_of(receiver, sub.id)
        if receiver is not None
        else expected_course(after.account, after.items, sub.id, tenant.now)
    )


def ahead_of(loaded: AccountBooks, name: str) -> ExpectedCourse:
    """The course of a subscription of the books if no user acts (`business.expected_renewals`)."""
    return expected_course(loaded.account, loaded.items, name, loaded.now)


def outcome_view(
    conn: Connection,
    outcome: CommandOutcome,
    asked: c.Command,
    tenant: Tenant,
    code: str = "",
    ahead: ExpectedCourse | None = None,
) -> OutcomeView:
    """An outcome as the API shows it; `code` only in the one answer that may.

    `ahead`: what will become of the subscription, where another account than the outcome's pays for it.
    """
    sub, after = outcome.subscription, outcome.after
    ahead = ahead or expected_course(after.account, after.items, sub.id, tenant.now)
    return OutcomeView(
        subscription=subscription_view(sub, tenant.now, ahead, account_repository.names_of(conn, sub, tenant.customer)),
        facts=tuple(type(fact).__name__ for _, fact in outcome.facts),
        postings=tuple(map(posting_view, outcome.postings)),
        timeline=timeline_view(ahead.timeline, sub.paid_until if ahead.renewals else None),
        affected_leases=len(sub.sites_holding) if outcome.facts else 0,
        outcome_hash=make_outcome_hash(outcome, asked, tenant.now),
        activation_code=code,
    )


def show_subscription(conn: Connection, tenant: Tenant, opened: OpenedSubscription) -> SubscriptionView:
    """A subscription with what the caller may do to it (B3)."""
    books, sub, now = opened.books, opened.item.sub, tenant.now
    seen = seen_for(conn, tenant, sub, books.row.available)
    allowed = settlement.try_actions(books, sub.id, _acting_role(tenant.role), seen)
    return subscription_view(
        sub, now, ahead_of(books, sub.id), account_repository.names_of(conn, sub, tenant.customer), allowed
    )


def full_timeline(conn: Connection, tenant: Tenant, opened: OpenedSubscription) -> tuple[SpanView, ...]:
    """Every span that has held, as it held, and every span to come if no user acts (B1)."""
    sub, ahead = opened.item.sub, ahead_of(opened.books, opened.item.sub.id)
    held = held_timeline(conn, tenant.id, sub.id)
    spans = (
        merge_spans((*cut_at(held, tenant.now), *starting_at(ahead.timeline, tenant.now))) if ahead.renewals else held
    )
    return timeline_view(spans, sub.paid_until if ahead.renewals else None)


def explain_subscription(tenant: Tenant, opened: OpenedSubscription) -> ExplainView:
    """Why it is as it is, and what helps it (B2)."""
    account, item = opened.books.account, opened.item
    ahead = ahead_of(opened.books, item.sub.id)
    span = span_at(ahead.timeline, tenant.now)
    remedies = remedies_for(account, opened.books.items, item.sub.id, ahead.outlook, span, tenant.now)
    return explain_view(ahead, remedies, tenant.now)


def _acting_role(role: Role) -> Role:
    return Role.PROVIDER if role is Role.SITE else role


def rebuild_projections(conn: Connection, provider: str, name: str, now: Instant) -> None:
    """Write the subscription's projections again, from its facts alone."""
    sub = account_repository.load_subscription(conn, provider, name)
    if sub is not None:
        account_repository.project_subscription(conn, sub, now)
