"""When a balance no longer covers what falls due (B14), and what one subscription lacks: asked of what books."""

from collections.abc import Iterable

import msgspec

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.settle import catch_up, next_offer, settle
from tenure.core.subscription import facts as f
from tenure.core.subscription.renewal import automatic_runs, can_resume, due_at, total_cost
from tenure.core.subscription.terms import RenewalIntent, Settlement
from tenure.core.timeline import Instant

MOST_TURNS = 1_000
"""Each turn of a search pays one more of the things that fall due; an account has at most so many."""


class Runway(msgspec.Struct, frozen=True, kw_only=True):
    """When the balance no longer covers what falls due (B14), the sum missing then, and what will go unpaid."""

    until: Instant | None
    """None: up to the end of the forecast. Not after now: something that fell due then is not paid yet."""
    missing: int
    unpaid: tuple[tuple[str, Instant, int], ...]
    """(subscription, due instant, price); what is overdue and still tried comes first."""
    first: tuple[str, Instant, int] | None = None
    """What falls due next by itself, paid then or not; None: nothing does."""
    stopped: tuple[tuple[str, int, int], ...] = ()
    """Where automatic payment has stopped and can be resumed: (subscription, price, what is missing to renew it)."""


def runway(account: Account, items: Iterable[AccountSubscription], now: Instant, horizon: Instant) -> Runway:
    """The forecast up to `horizon` if nothing is paid in and no command is run; `settle` itself is the oracle."""
    items = tuple(items)
    ahead = settle(account, items, horizon)
    failed = [(sub_id, fact) for sub_id, fact in ahead.facts if isinstance(fact, f.PaymentFailed) and fact.at >= now]
    late = tuple(
        (item.sub.id, due_at(item.sub), next_offer(item, now).period.price)
        for item in items
        if _overdue_items(item, now)
    )
    unpaid = (*late, *((sub_id, fact.at, fact.price) for sub_id, fact in failed if fact.at > now or not late))
    first = min((each[1] for each in unpaid), default=None)
    missing = 0
    if late:
        missing = max(lacking_money(account, items, each[0], now) for each in late)
    elif first is not None:
        missing = _missing_for(account, items, first)
    coming = [
        (fact.at, sub_id, total_cost(fact.period) if isinstance(fact, f.Renewed) else fact.price)
        for sub_id, fact in ahead.facts
        if isinstance(fact, f.Renewed | f.PaymentFailed) and fact.at > now
    ]
    next_one = min(coming, default=None)
    return Runway(
        until=first,
        missing=missing,
        unpaid=unpaid,
        first=None if next_one is None else (next_one[1], next_one[0], next_one[2]),
        stopped=tuple(_to_resume(account, items, item, now) for item in items if can_resume(item.sub, now)),
    )


def _overdue_items(item: AccountSubscription, now: Instant) -> bool:
    """A period that fell due before and is still tried: its money has not come."""
    sub = item.sub
    return bool(sub.periods) and sub.reserved is None and due_at(sub) <= now and automatic_runs(sub, now)


def _to_resume(
    account: Account, items: tuple[AccountSubscription, ...], item: AccountSubscription, now: Instant
) -> tuple[str, int, int]:
    price = next_offer(item, now).period.price
    return item.sub.id, price, lacking_by_hand(account, items, price, now)


def lacking_by_hand(account: Account, items: Iterable[AccountSubscription], price: int, now: Instant) -> int:
    """What must come in now, in minor units, so that `price` is there for something bought by hand right afterwards.

    What is overdue, or may be set aside already, is paid first from whatever comes in (`catch_up`). Worked example: a
    period of 10.00 is overdue and waits for its money, the balance is 0.00: to buy another for 5.00 it takes 15.00.
    """
    items, more = tuple(items), 0
    for _ in range(MOST_TURNS):
        paid_in = msgspec.structs.replace(account, balance=account.balance + more)
        tried = catch_up(paid_in, items, now) if more else None
        short = price - max(0, (paid_in if tried is None else tried.account).available)
        if short <= 0:
            break
        more += short
    return more


def _missing_for(account: Account, items: tuple[AccountSubscription, ...], first: Instant) -> int:
    """What must come in so that nothing fails at `first`: the first payment takes what the others counted on, too."""
    more = 0
    for _ in range(MOST_TURNS):
        paid_in = msgspec.structs.replace(account, balance=account.balance + more)
        ahead = settle(paid_in, items, first)
        short = [fact.missing for _, fact in ahead.facts if isinstance(fact, f.PaymentFailed) and fact.at == first]
        if not short:
            break
        more += max(short)
    return more


def lacking_money(
    account: Account, items: Iterable[AccountSubscription], subject: str, now: Instant, *, at: Instant | None = None
) -> int:
    """What must come in now, in minor units, so that the period of `subject` is paid that falls due `at`: the next one.

    The function that books is asked, as if the subscription renewed itself: what else falls due by then takes its share
    first. Worked example: A and B cost 10.00 each and fall due on one day, A first; with a balance of 5.00 A lacks
    5.00, and B, which gets what A leaves, 15.00. With 10.00 A lacks nothing and B 10.00.
    """
    known = tuple(_asked_items(item, now) if item.sub.id == subject else item for item in items)
    before = settle(account, known, now)
    item = _first_failure(before.items, subject)
    if not item.sub.periods or item.sub.cancellation is not None:
        return 0
    end = due_at(item.sub) if at is None else at
    more, until = 0, max(now, end)
    for _ in range(MOST_TURNS):
        paid_in = msgspec.structs.replace(before.account, balance=before.account.balance + more)
        tried = catch_up(paid_in, before.items, now)
        after = settle(tried.account, tried.items, until)
        held = _first_failure(after.items, subject)
        if (held.sub.paid_until or end) > end:
            return more
        short = next_offer(held, until).period.price - max(0, after.account.available)
        if short <= 0:  # it cannot be bought, as while its clock stands still
            return 0
        more += short
    return more


def _asked_items(item: AccountSubscription, now: Instant) -> AccountSubscription:
    if item.sub.changes[0].terms.settlement is not Settlement.PREPAID:
        return item
    return msgspec.structs.replace(
        item, sub=msgspec.structs.replace(item.sub, intent=RenewalIntent.AUTO, resumed_at=now)
    )


def _first_failure(items: Iterable[AccountSubscription], subject: str) -> AccountSubscription:
    return next(item for item in items if item.sub.id == subject)
