"""What falls due by itself: reserving, capturing, late attempts, refunds, ends of holds, longer grace
[spec: automatic-renewal, settlement].

`settle` works in order of instants and is the only place where money moves without a command. Every read and every
write settles up to now first, so that a sweep that was down for a week books exactly what a running one would have
booked.
"""

import heapq
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tenure.core.business import ledger
from tenure.core.business.account import Account, AccountSubscription, after_postings
from tenure.core.business.commands import DecisionContext
from tenure.core.business.decide.holds import shift_days
from tenure.core.business.decide.money import can_afford
from tenure.core.business.due_events import DueEvent, DueKind, may_try, next_event, order_key
from tenure.core.business.ledger import Posting
from tenure.core.business.outstanding_leases import SUCCESSOR_DAYS
from tenure.core.periods import begun_days, whole_days
from tenure.core.subscription import facts as f
from tenure.core.subscription.day_prices import unused_price
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.grace_extension import most_grace, next_gain
from tenure.core.subscription.renewal import (
    OfferedPeriod,
    automatic_runs,
    due_at,
    first_period,
    late_start,
    length_of,
    next_period,
    payment_name,
    total_cost,
)
from tenure.core.subscription.terms import Settlement
from tenure.core.timeline import DAY, Instant

BY = "settlement"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """The account and its subscriptions as of now, and what was booked on the way."""

    account: Account
    items: tuple[AccountSubscription, ...]
    facts: tuple[tuple[str, f.Fact], ...]
    postings: tuple[Posting, ...]
    next_due: Instant | None
    """When there is something to settle again if no command is run."""


class _Settlement:
    """One settlement in progress; mutable, and gone when it is over."""

    def __init__(self, account: Account, items: Iterable[AccountSubscription], now: Instant) -> None:
        self.account = account
        self.items = {item.sub.id: item for item in items}
        self.now = now
        self.facts: list[tuple[str, f.Fact]] = []
        self.postings: list[Posting] = []

    def add(self, item: AccountSubscription, fact: f.Fact, posting: Posting | None = None) -> None:
        """One fact and its posting take effect together."""
        self.facts.append((item.sub.id, fact))
        self.items[item.sub.id] = msgspec.structs.replace(item, sub=evolve(item.sub, fact))
        if posting is not None:
            self.post(posting)

    def post(self, posting: Posting) -> None:
        """Money moves."""
        self.postings.append(posting)
        self.account = after_postings(self.account, (posting,))

    def result(self, settled_at: Instant) -> Settled:
        """What has become of everything."""
        account = msgspec.structs.replace(self.account, settled_at=max(settled_at, self.account.settled_at))
        upcoming = [event.at for item in self.items.values() if (event := next_event(item, settled_at, account))]
        return Settled(
            account=account,
            items=tuple(self.items.values()),
            facts=tuple(self.facts),
            postings=tuple(self.postings),
            next_due=min(upcoming, default=None),
        )


def settle(account: Account, items: Iterable[AccountSubscription], now: Instant) -> Settled:
    """Everything that became reservable or due after `account.settled_at`, up to and including `now`, in order.

    Invariants: an event is handled once, at its own instant, no matter when `settle` runs; of one instant the order is
    that of `order_key`; nothing is booked that the balance and the credit limit do not cover.

    An example. Ten devices by the month at 12.00 EUR each, no end, prepaid on 2026-01-01; the balance is 130.00 EUR.
    Nothing is read or written until 2026-03-05. Then `settle` books, each at its own instant:
    - 2026-01-22 16:00 (a third of the 28 days of February before the due instant): 120.00 EUR reserved, 10.00 left.
    - 2026-02-01: the reserve is captured, `Renewed` until 2026-03-01.
    - 2026-03-01: `PaymentFailed`, 110.00 EUR are missing; what was due to be reserved on 2026-02-19 could not be.
    Daily reads would have given the same facts with the same `at`; only `recorded_at` differs.
    """
    run = _Settlement(account, items, now)
    cursor = {item.sub.id: account.settled_at for item in run.items.values()}
    queue = [event for item in run.items.values() if (event := next_event(item, account.settled_at, account))]
    heapq.heapify(queue)
    while queue and queue[0].at <= now:
        event = heapq.heappop(queue)
        sub_id = event.key[1]
        if event == next_event(run.items[sub_id], cursor[sub_id], account):  # else a refund has paid it meanwhile
            _apply_event(run, run.items[sub_id], event)
            cursor[sub_id] = max(event.at, cursor[sub_id])
        follower = next_event(run.items[sub_id], cursor[sub_id], account)
        if follower is not None:
            heapq.heappush(queue, follower)
    return run.result(now)


def catch_up(account: Account, items: Iterable[AccountSubscription], now: Instant) -> Settled:
    """After a credit or a change at `now`: every item whose money may be set aside or is overdue is tried at once."""
    run = _Settlement(account, items, now)
    _try_open(run, now)
    return run.result(now)


def _try_open(run: _Settlement, at: Instant) -> None:
    open_items = [item for item in run.items.values() if may_try(item.sub, at)]
    for item in sorted(open_items, key=lambda one: order_key(one, run.account.order_at(at))):
        _attempt_payment(run, item, at, announce=False)


def _apply_event(run: _Settlement, item: AccountSubscription, event: DueEvent) -> None:
    match event.kind:
        case DueKind.HOLD_ENDS:
            _end_hold(run, item, event.at)
        case DueKind.REFUND:
            _refund_unused(run, item, event.at)
        case DueKind.CAPTURE:
            _capture_reserve(run, item, event.at)
        case DueKind.GRACE_EXTENSION:
            _extend_grace(run, item, event.at)
        case DueKind.ATTEMPT:
            _attempt_payment(run, item, event.at, announce=True)


def _fact_header(run: _Settlement, at: Instant, why: str) -> dict[str, Any]:
    return {"at": at, "recorded_at": run.now, "by": BY, "why": why}


def _end_hold(run: _Settlement, item: AccountSubscription, at: Instant) -> None:
    over = next(hold for hold in item.sub.holds if hold.until == at)
    days = shift_days(item.sub, over.owner, DecisionContext(words=item.words), at)
    run.add(item, f.HoldReleased(**_fact_header(run, at, "the hold's end"), owner=over.owner, shift_days=days))


def _refund_unused(run: _Settlement, item: AccountSubscription, at: Instant) -> None:
    """Money goes back for the days that are no longer promised to a site: of a canceled or a never activated
    subscription.
    """
    if item.sub.reserved is not None:
        _release_unpromised(run, item, at)
        item = run.items[item.sub.id]
    sub, amount = item.sub, _unused_amount(item, at)
    inside = sub.changes[0].terms.settlement is Settlement.PREPAID
    posting = None
    if amount and inside:
        posting = ledger.refund(amount, at=at, recorded_at=run.now, subscription=sub.id, reference=str(sub.revision))
    run.add(item, f.Refunded(**_fact_header(run, at, "given back"), amount=amount, since=at), posting)
    _try_open(run, at)


def _unused_amount(item: AccountSubscription, at: Instant) -> int:
    sub, owed = item.sub, item.sub.owed
    if not sub.periods:
        return _unused_order(item, at)
    begun, since = (owed.begun, owed.since) if owed else (False, at)
    return sum(unused_price(period, at) for period in sub.periods if begun or period.since > since)


def _unused_order(item: AccountSubscription, at: Instant) -> int:
    """Of an order whose term never began: all of it, less the days on which a staged site may have used its lease."""
    sub = item.sub
    since = sub.owed.since if sub.owed else at
    longest = min(SUCCESSOR_DAYS, sub.rules.lease_days) * DAY
    days = max((begun_days(max(since, word.until - longest), min(word.until, at)) for word in item.words), default=0)
    whole = first_period(sub, since, sub.rules, "")
    return sub.first_price - min(sub.first_price, sub.first_price * days // whole_days(whole.since, whole.until))


def _release_unpromised(run: _Settlement, item: AccountSubscription, at: Instant) -> None:
    """The reserve of a subscription canceled at once: back, less the days that signed leases went on promising."""
    sub, reserved = item.sub, item.sub.reserved
    if reserved is None:
        return
    free = unused_price(reserved, at)
    kept = total_cost(reserved) - free
    posting = None
    if free:
        posting = _kept_apart(ledger.release, free, sub, reserved.since, at, run.now)
    run.add(item, f.ReserveReleased(**_fact_header(run, at, "canceled"), amount=free), posting)
    if kept:
        run.post(_pay_period(ledger.capture, kept, sub, reserved.since, at, run.now))


def _kept_apart(
    book: Callable[..., Posting], amount: int, sub: Subscription, period: Instant, at: Instant, now: Instant
) -> Posting:
    """Reserving and releasing may happen again for the same period, so the revision tells them apart."""
    return book(amount, at=at, recorded_at=now, subscription=sub.id, period=period, reference=str(sub.revision))


def _pay_period(
    book: Callable[..., Posting], amount: int, sub: Subscription, period: Instant, at: Instant, now: Instant
) -> Posting:
    """The one payment of a period."""
    named = {"subscription": sub.id, "period": period, "reference": payment_name(sub)}
    return book(amount, at=at, recorded_at=now, **named)


def _capture_reserve(run: _Settlement, item: AccountSubscription, at: Instant) -> None:
    reserved = item.sub.reserved
    if reserved is None:
        return
    # The policy version of its start counts [spec: policy-version], whichever was known when it was reserved: a sweep
    # that was down meanwhile knows only that one. Goodwill days given while it was reserved stay with it.
    rules, floor = item.book.at(at)
    period = msgspec.structs.replace(reserved, rules=rules, min_version=floor)
    if item.sub.goodwill_days:
        days = min(rules.grace_days + item.sub.goodwill_days, most_grace(item.sub, period))
        period = msgspec.structs.replace(period, rules=msgspec.structs.replace(rules, grace_days=days))
    posting = None
    if total_cost(reserved):
        posting = _pay_period(ledger.capture, total_cost(reserved), item.sub, at, at, run.now)
    sub = item.sub
    anchor = at if length_of(sub, period) != length_of(sub, sub.periods[-1]) else None
    run.add(item, f.Renewed(**_fact_header(run, at, "due"), period=period, paid_by="reserve", anchor=anchor), posting)


def _extend_grace(run: _Settlement, item: AccountSubscription, at: Instant) -> None:
    gain = next_gain(item.sub, item.grace_extensions, at)
    if gain is not None:
        stamped = _fact_header(run, at, "the policy was applied now")
        run.add(item, f.GraceExtended(**stamped, days=gain.days, period=gain.period))


def _attempt_payment(run: _Settlement, item: AccountSubscription, at: Instant, *, announce: bool) -> None:
    if not automatic_runs(item.sub, at):
        return
    offered = next_offer(item, at)
    price, available = offered.period.price, run.account.available
    if can_afford(price, available):
        _buy_period(run, item, at, offered)
    elif announce and at == due_at(item.sub):
        failed = f.PaymentFailed(**_fact_header(run, at, "due"), price=price, missing=price - available)
        run.add(item, failed)


def next_offer(item: AccountSubscription, at: Instant) -> OfferedPeriod:
    """What can be bought at `at`: the next period from the old end, or by `late_renewal` once service has ended."""
    sub = item.sub
    start = max(due_at(sub), late_start(sub, at))
    rules, floor = item.book.at(start)
    return next_period(sub, start, rules, floor, at)


def _buy_period(run: _Settlement, item: AccountSubscription, at: Instant, offered: OfferedPeriod) -> None:
    sub, period = item.sub, offered.period
    if at < due_at(sub):
        posting = None
        if period.price:
            posting = _kept_apart(ledger.reserve, period.price, sub, period.since, at, run.now)
        run.add(item, f.RenewalReserved(**_fact_header(run, at, "renewal"), period=period), posting)
        return
    posting = None
    if period.price:
        posting = _pay_period(ledger.charge, period.price, sub, period.since, at, run.now)
    paid_by = "balance" if period.price else "nothing"
    renewed = f.Renewed(**_fact_header(run, at, "due"), period=period, paid_by=paid_by, anchor=offered.anchor)
    run.add(item, renewed, posting)
