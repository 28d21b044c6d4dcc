"""A customer's account and subscriptions, out of the store and back: what `business.execute` works on, and what it
returned.

Everything here runs inside one transaction of the caller and reads no clock. What falls due is for `settlement`.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from tenure.core.business.account import Account, AccountSubscription, PolicyHistory
from tenure.core.business.commands import OutstandingLease
from tenure.core.business.ledger import Posting
from tenure.core.business.outstanding_leases import prolong_leases
from tenure.core.business.settle import Settled
from tenure.core.periods import Duration
from tenure.core.policy.rules import Rules
from tenure.core.refusals import Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.reminders import next_reminder
from tenure.core.subscription.renewal import due_at, next_period, pays_itself, total_cost
from tenure.core.timeline import Instant, Phase, span_at
from tenure.server import policies
from tenure.server.folding import subscriptions_of
from tenure.server.notices import current_outages
from tenure.server.real_time import RealTime
from tenure.server.values import PlanValue
from tenure.store import accounts, facts, leases, ledger, outbox, projections, sites, subscriptions, tenants
from tenure.store.catalog import PLANS
from tenure.store.chain import ChainPosition, StoredFact
from tenure.store.engine import Connection, WriteConflict
from tenure.store.provider_chain import VENDOR

BY = "settlement"
"""Who books what falls due by itself."""


HISTORIES_REMEMBERED = 512
"""Of plans under policies, and of plans."""

_histories: dict[tuple[int, str, bytes], tuple[policies.PublishedPolicies, PolicyHistory]] = {}


class AccountBooks(msgspec.Struct, frozen=True):
    """An account as loaded: its row, the core's view of it, and its own provider's now."""

    row: accounts.AccountRow
    account: Account
    items: tuple[AccountSubscription, ...]
    now: Instant

    def find_item(self, subscription: str) -> AccountSubscription | None:
        """The subscription of that id, if it belongs to the account."""
        return next((item for item in self.items if item.sub.id == subscription), None)


def load_books(
    conn: Connection, provider: str, customer: str, time: RealTime, *, lock: bool = True
) -> AccountBooks | None:
    """The customer's account with every subscription of it, at its provider's now; None when there is no such account.

    Locked unless it is only to be looked at: a transaction that must not write must not lock either.
    """
    row = (accounts.lock_account if lock else accounts.get_account)(conn, provider, customer)
    if row is None:
        return None
    rows = subscriptions.of_customer(conn, provider, customer)
    names = [each.id for each in rows]
    ends = {each.id: ChainPosition(each.revision, each.head_hash) for each in rows}
    policy = policies.load_policies(conn, provider)
    known: dict[str, PolicyHistory] = {}
    held = outstanding_leases(conn, provider, names)
    items = tuple(
        _make_item(conn, sub, policy, known, held[sub.id]) for sub in subscriptions_of(conn, provider, names, ends)
    )
    account = Account(
        balance=row.balance,
        reserve=row.reserve,
        credit_limit=row.credit_limit,
        settled_at=row.settled_at,
        orders=tuple((published, body.renewal_order) for published, body in policy.editions),
    )
    return AccountBooks(row, account, items, time.now_at(conn, provider))


def books_of(conn: Connection, provider: str, subscription: str, likely: str, time: RealTime) -> AccountBooks | None:
    """The books that the provider's subscription is paid from, as `load_books`; None when there is none.

    `likely`: the customer whose it was when last heard of; another one is looked up.
    """
    loaded = load_books(conn, provider, likely, time) if likely else None
    if loaded is not None and loaded.find_item(subscription) is not None:
        return loaded
    customer = customer_of(conn, provider, subscription)
    return None if customer is None else load_books(conn, provider, customer, time)


def load_subscription(conn: Connection, provider: str, name: str) -> Subscription | None:
    """One subscription as its facts say, without settling; None when it is not this provider's."""
    return next(iter(subscriptions_of(conn, provider, [name])), None)


def _make_item(
    conn: Connection,
    sub: Subscription,
    policy: policies.PublishedPolicies,
    known: dict[str, PolicyHistory],
    held: tuple[OutstandingLease, ...],
) -> AccountSubscription:
    plan = sub.terms_at_last.plan
    if plan not in known:  # an account with many subscriptions has few plans
        known[plan] = policy_history(conn, policy, plan)
    grace_extensions = policy.grace_extensions(sub, lambda name: period_of(conn, name))
    return AccountSubscription(sub, known[plan], held, grace_extensions)


def policy_history(conn: Connection, policy: policies.PublishedPolicies, plan_id: str) -> PolicyHistory:
    """What was published over time for a plan: the provider's rules and the plan's lowest versions.

    Kept by the very policies and the plan's bytes, so that it is never another's or an earlier one's.
    """
    item = PLANS.get(conn, VENDOR, plan_id)
    key = (id(policy), plan_id, b"" if item is None else item.body)
    known = _histories.get(key)
    if known is not None and known[0] is policy:
        return known[1]
    made = _make_history(policy, plan_id, None if item is None else _read_plan(item.body))
    if len(_histories) >= HISTORIES_REMEMBERED:
        _histories.pop(next(iter(_histories)), None)
    _histories[key] = (policy, made)
    return made


def _make_history(policy: policies.PublishedPolicies, plan_id: str, plan: PlanValue | None) -> PolicyHistory:
    floors = [(each.since, each.version) for each in plan.floors] if plan else []
    period = plan.period if plan else None
    moments = sorted(
        {
            0,
            *(since for since, _ in policy.editions),
            *(since for since, _ in policy.bounded),
            *(since for since, _ in floors),
        }
    )
    return PolicyHistory(
        tuple((moment, policy.rules_at(moment, plan_id, period), _floor_at(floors, moment)) for moment in moments)
    )


def plan_of(conn: Connection, plan_id: str) -> PlanValue | None:
    """The vendor's plan."""
    found = PLANS.get(conn, VENDOR, plan_id)
    return None if found is None else _read_plan(found.body)


@lru_cache(maxsize=HISTORIES_REMEMBERED)
def _read_plan(body: bytes) -> PlanValue:
    return msgspec.json.decode(body, type=PlanValue)


def plan_names(conn: Connection, plans: Iterable[str]) -> dict[str, str]:
    """The vendor's names of the plans, by id; of one that is not there the id."""
    found = {each: plan_of(conn, each) for each in set(plans)}
    return {each: plan.name if plan else each for each, plan in found.items()}


def names_of(conn: Connection, sub: Subscription, viewer: str) -> dict[str, str]:
    """The names, by id, of all plans that the subscription is, was or will be on, and of its customer.

    `viewer`: the customer who looks, empty for a provider's side; another customer's name is not told.
    """
    names = plan_names(conn, (change.terms.plan for change in sub.changes))
    owner = tenants.get_customer(conn, sub.provider, sub.customer) if not viewer or viewer == sub.customer else None
    return names if owner is None else names | {owner.id: owner.name}


def period_of(conn: Connection, plan_id: str) -> Duration | None:
    """How long the plan's periods are; None for a plan that is not there."""
    plan = plan_of(conn, plan_id)
    return None if plan is None else plan.period


def _floor_at(floors: list[tuple[Instant, str]], moment: Instant) -> str:
    """The lowest version in force; the first one also holds for what was before it."""
    held = floors[0][1] if floors else ""
    for since, version in floors:
        if since <= moment:
            held = version
    return held


def outstanding_leases(conn: Connection, provider: str, names: list[str]) -> dict[str, tuple[OutstandingLease, ...]]:
    """What every site still has in its hands of these subscriptions (rule *Giving back*)."""
    held, published = leases.outstanding_leases(conn, provider, names), current_outages(conn)
    return {name: prolong_leases(held.get(name, ()), published) for name in names}


def is_due(books: AccountBooks) -> bool:
    """Whether something is to be booked before anybody may read this."""
    return books.row.next_due is not None and books.row.next_due <= books.now


def books_after(books: AccountBooks, result: Settled) -> AccountBooks:
    """The books as a settlement, just stored, has left them."""
    row = msgspec.structs.replace(
        books.row,
        balance=result.account.balance,
        reserve=result.account.reserve,
        settled_at=result.account.settled_at,
        next_due=result.next_due,
    )
    return AccountBooks(row, result.account, result.items, books.now)


def save_settlement(conn: Connection, books: AccountBooks, result: Settled) -> Settled:
    """Store what a settlement did: facts, postings, and when to look again."""
    provider, customer = books.row.provider, books.row.customer
    append_facts(conn, provider, result.facts, result.items, books.now)
    book_postings(conn, provider, customer, BY, result.postings)
    accounts.mark_settled(conn, provider, customer, result.account.settled_at, result.next_due)
    return result


def book_postings(conn: Connection, provider: str, customer: str, by: str, postings: Iterable[Posting]) -> None:
    """Book what was decided; a refusal here means that the account changed meanwhile, so decide again."""
    wanted = tuple(postings)
    if not wanted:
        return
    sites.tell_again(conn, provider, customer)  # how far the balance reaches is another question now
    booked = ledger.book_postings(conn, provider, customer, by, wanted)
    if isinstance(booked, Refused):
        raise WriteConflict(f"the ledger disagrees: {booked.code} {booked.detail}")


def append_facts(
    conn: Connection,
    provider: str,
    new: Iterable[tuple[str, f.Fact]],
    items: Iterable[AccountSubscription],
    now: Instant,
) -> None:
    """Append facts to their histories and bring the projections and the outbox up to them."""
    by_subscription: dict[str, list[f.Fact]] = {}
    for name, fact in new:
        by_subscription.setdefault(name, []).append(fact)
    after = {item.sub.id: item.sub for item in items}
    for name, added in by_subscription.items():
        sub = after[name]
        facts.append_facts(conn, provider, name, sub.revision - len(added), [_stored_fact(fact) for fact in added])
        _save_projection(conn, sub, now)
        if not _is_unannounced(conn, sub, now):
            look_again(conn, sub, now)
        for offset, fact in enumerate(added):
            _add_to_feed(conn, sub, fact, sub.revision - len(added) + offset + 1, now)


def append_to(conn: Connection, sub: Subscription, added: Iterable[f.Fact], now: Instant) -> Subscription:
    """Append facts to the history of `sub`; the subscription as they make it."""
    added = tuple(added)
    for fact in added:
        sub = evolve(sub, fact)
    append_facts(
        conn,
        sub.provider,
        ((sub.id, fact) for fact in added),
        (AccountSubscription(sub, PolicyHistory(((0, Rules(), ""),))),),
        now,
    )
    return sub


def _stored_fact(fact: f.Fact) -> StoredFact:
    return StoredFact(type(fact).__name__, fact.at, fact.recorded_at, fact.by, f.encode_fact(fact))


class FactEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the feed says of a fact; never a code, never more than the API shows."""

    subscription: str
    customer: str
    revision: int
    fact: str
    at: Instant
    phase: str
    why: str


def _add_to_feed(conn: Connection, sub: Subscription, fact: f.Fact, revision: int, now: Instant) -> None:
    span = span_at(timeline(sub), now)
    told = FactEvent(
        subscription=sub.id,
        customer=sub.customer,
        revision=revision,
        fact=type(fact).__name__,
        at=fact.at,
        phase=span.phase,
        why=span.why,
    )
    kind = f"subscription.{snake_case(type(fact).__name__)}"
    outbox.add_note(conn, sub.provider, kind, sub.id, fact.at, now, msgspec.json.encode(told))


def snake_case(name: str) -> str:
    """`SiteActivated` as `site_activated`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def project_subscription(conn: Connection, sub: Subscription, now: Instant) -> None:
    """The subscription's row in lists, made from its facts alone (`tenure rebuild` calls nothing else)."""
    _save_projection(conn, sub, now)
    look_again(conn, sub, now)


def look_again(conn: Connection, sub: Subscription, now: Instant) -> None:
    """When the sweep has to look at it next: at the first change or reminder after `now`.

    Terms agreed for a day to come are one too: lists show them from then on, also of a subscription that is over.
    """
    moments = [each for each in (span_at(timeline(sub), now).until, next_reminder(sub, now)) if each is not None]
    # Where the clock is stopped meanwhile this comes too early, and that look sets the next one.
    ahead = (each.effective - (sub.contract_clock(now) if each.scheduled else now) for each in sub.changes)
    moments += [now + wait for wait in ahead if wait > 0]
    subscriptions.look_again(conn, sub.provider, sub.id, min(moments, default=None))


def _is_unannounced(conn: Connection, sub: Subscription, now: Instant) -> bool:
    """Whether the sweep has yet to tell of a change that time brought: it must not be sent to the next one before."""
    known = subscriptions.get_subscription(conn, sub.provider, sub.id)
    return known is not None and known.next_change is not None and known.next_change <= now


def _save_projection(conn: Connection, sub: Subscription, now: Instant) -> None:
    projections.save_standing(conn, projection_row(sub, now))


def projection_row(sub: Subscription, now: Instant) -> projections.StandingRow:
    """The row in lists: instants from which every phase follows, and what falls due next."""
    terms = sub.terms_at(now)
    spans = timeline(sub)
    paused = next((span for span in spans if span.phase is Phase.PAUSED and (span.until or now + 1) > now), None)
    due_at, price = falls_due(sub, now)
    return projections.StandingRow(
        subscription=sub.id,
        provider=sub.provider,
        customer=sub.customer,
        product=sub.product,
        plan=terms.plan,
        kind="trial" if sub.trial and len(sub.periods) < 2 else sub.kind.value,
        devices=terms.devices,
        last_group=sub.codes[-1].last_group,
        active_from=sub.started_at,
        paid_until=sub.paid_until if sub.cancellation is None else min(sub.paid_until or 0, spans[-1].since),
        ended_at=spans[-1].since if spans[-1].phase is Phase.ENDED else None,
        paused_from=paused.since if paused else None,
        paused_until=paused.until if paused else None,
        canceled_at=sub.cancellation.at if sub.cancellation else None,
        ordered_at=sub.ordered_at,
        due_at=due_at,
        price=price,
        automatic=int(pays_itself(sub)),
        reserved=int(sub.reserved is not None),
        failed_at=sub.failed_at if sub.cancellation is None else None,
    )


def falls_due(sub: Subscription, now: Instant) -> tuple[Instant | None, int]:
    """When the next period falls due and what it costs; nothing while canceled, stopped or not begun."""
    if not sub.periods or sub.cancellation is not None or sub.stopped is not None:
        return None, 0
    if sub.reserved is not None:
        return due_at(sub), total_cost(sub.reserved)
    return due_at(sub), next_period(sub, due_at(sub), sub.rules, "", now).period.price


def customer_of(conn: Connection, provider: str, name: str) -> str | None:
    """The customer of the provider's subscription; None when it is not this provider's."""
    found = subscriptions.get_subscription(conn, provider, name)
    return None if found is None else found.customer
