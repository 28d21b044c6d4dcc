"""Which period comes next, what it costs, and when its money is set aside; shared by decisions and by `settle`."""

from collections.abc import Iterator

import msgspec

from tenure.core import pricing
from tenure.core.periods import Duration, begun_days, index_after, period_boundary, whole_days
from tenure.core.policy.rules import LateRenewal, Rules
from tenure.core.subscription.contract import contract_timeline, service_end
from tenure.core.subscription.day_prices import round_total
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import DayPrice, Period, RenewalIntent, Settlement, SubscriptionKind, Terms
from tenure.core.timeline import DAY, Instant, Phase, span_at

RESERVE_DAYS = 10
"""Money is set aside at most so long before the due instant (and at most a third of the period,
[spec: automatic-renewal])."""
PROMISE_DAYS = 7
"""A lease signed while money is reserved reaches at most so far beyond the due instant."""
AHEAD = 3
"""At most so many periods that have not begun may be paid for."""


class OfferedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A period that can be bought, and the new anchor if it does not begin at the old end."""

    period: Period
    anchor: Instant | None = None


def price_of(terms: Terms, devices: int) -> int:
    """Minor units for one whole period of `devices`; ValueError when the bands do not cover them (checked at order)."""
    price = pricing.total_price(terms.bands, devices)
    if isinstance(price, int):
        return price
    raise ValueError(price.detail)


def first_period(sub: Subscription, since: Instant, rules: Rules, floor: str) -> Period:
    """The period that begins with the term: to the end named in the order, or one period from `since`."""
    terms = sub.terms_at(since)
    full = price_of(terms, terms.devices)
    whole = period_boundary(since, terms.period, 1)
    until = sub.until_ordered if sub.until_ordered is not None else whole
    until = period_boundary(since, sub.trial_period, 1) if sub.trial_period is not None else until
    days = begun_days(since, until)
    return Period(
        since=since,
        until=until,
        devices=terms.devices,
        price=sub.first_price,
        rules=rules,
        min_version=floor,
        trial=sub.trial,
        day_prices=(DayPrice(days, 0 if sub.trial else full, whole_days(since, whole)),),
        length=terms.period,
        whole=whole_days(since, whole),
        waived=full if sub.trial else 0,
    )


def next_period(sub: Subscription, since: Instant, rules: Rules, floor: str, now: Instant) -> OfferedPeriod:
    """The period that begins at `since`: at the old end it runs to the anchor's next edge, elsewhere it re-anchors.

    So it does where it is the first under a plan whose period has another length: it is whole. It is bought by the
    terms of its beginning, in grace by those of `now`: a limit lowered meanwhile is not paid for.

    An example. Ten devices by the month at 12.00 EUR each, paid until 2026-03-31, anchor 2026-01-31.
    - Bought at the old end: 2026-03-31 to 2026-04-30, the anchor's next edge clipped to the month, 120.00 EUR.
    - Moved to another anchor, the 15th: 2026-03-31 to 2026-04-15 would be 15 of 31 days, less than half a period, so
      it joins the next one: until 2026-05-15, 45 days at 120.00 / 31 each, 174.19 EUR.
    - Bought on 2026-05-02, ended and `from_now`: from 2026-05-02 to 2026-06-02, which is the anchor from then on.
    """
    terms = sub.terms_for(max(since, sub.contract_clock(now)))
    if since != sub.paid_until or sub.anchor is None or terms.period != length_of(sub, sub.paid_periods[-1]):
        until = period_boundary(since, terms.period, 1)
        return OfferedPeriod(
            period=_make_period(since, until, terms, whole_days(since, until), rules, floor), anchor=since
        )
    k = index_after(sub.anchor, terms.period, since)
    begin, until = period_boundary(sub.anchor, terms.period, k - 1), period_boundary(sub.anchor, terms.period, k)
    whole = whole_days(begin, until)
    if 2 * (until - since) < until - begin or until <= now < (service_end(sub) or now):
        # A remainder shorter than half a period joins the next one, and so does one that grace has used up already.
        until = period_boundary(sub.anchor, terms.period, k + 1)
    return OfferedPeriod(period=_make_period(since, until, terms, whole, rules, floor))


def _make_period(since: Instant, until: Instant, terms: Terms, whole: int, rules: Rules, floor: str) -> Period:
    """`whole`: how many days the price of a whole period stands for."""
    day_prices = (DayPrice(begun_days(since, until), price_of(terms, terms.devices), whole),)
    return Period(
        since=since,
        until=until,
        devices=terms.devices,
        price=round_total(day_prices),
        rules=rules,
        min_version=floor,
        day_prices=day_prices,
        length=terms.period,
        whole=whole,
    )


def length_of(sub: Subscription, period: Period) -> Duration:
    """The length of the plan's period that `period` was bought under."""
    return period.length if period.length is not None else sub.terms_at(period.since).period


def coming_ends(sub: Subscription) -> Iterator[Instant]:
    """When periods end, from the last one that is paid for (not merely reserved) on, without an end."""
    yield due_at(sub)
    anchor = due_at(sub) if sub.anchor is None else sub.anchor
    length = length_of(sub, sub.periods[-1])
    end = due_at(sub)
    while True:
        reserved = sub.reserved if sub.reserved is not None and end == due_at(sub) else None
        coming = length_of(sub, reserved) if reserved is not None else sub.terms_for(end).period
        anchor, length = (anchor if coming == length else end), coming
        end = (
            reserved.until
            if reserved is not None
            else period_boundary(anchor, length, index_after(anchor, length, end))
        )
        yield end


def total_cost(period: Period) -> int:
    """All that was paid or reserved for `period`, later raises included."""
    return period.price + sum(amount for _, amount in period.raises)


def payment_name(sub: Subscription) -> str:
    """What tells the payment for a period from one for the same instant that was given back; empty for the first.

    A period is paid once in the books, by its beginning. Where a plan with another period length began, what was paid
    for ahead came back, and a later period may begin at the very instant at which one of those did.
    """
    return str(sub.begin_again) if sub.begin_again else ""


def late_start(sub: Subscription, now: Instant, late: LateRenewal | None = None) -> Instant:
    """Where a period bought at `now` begins: at the old end up to the end of grace, afterwards by `late`
    [spec: late-renewal].

    `late` is the policy's unless named. `from_end` is bought by hand only, so as a policy it means charging the grace.
    Grace longer than the period to buy (after a change of plan) is charged so far that a day of the period is left.
    """
    end, over = sub.paid_until, service_end(sub)
    if end is None or over is None:
        raise ValueError("the term has not started")
    if late is LateRenewal.FROM_END or now < end:
        return end
    if now >= over and (late or sub.rules.late_renewal) is LateRenewal.FROM_NOW:
        return now
    served = min(now, over) - end
    period = sub.terms_at(now).period
    length = period_boundary(now, period, 1) - now
    return max(end, now - min(served, length - DAY))


def pays_itself(sub: Subscription) -> bool:
    """Whether periods of `sub` are bought from the balance without anybody asking; a trial only if so ordered."""
    if not sub.periods or sub.cancellation is not None or sub.changes[0].terms.settlement is not Settlement.PREPAID:
        return False
    return sub.intent is RenewalIntent.AUTO or (sub.kind is SubscriptionKind.UNLIMITED and not sub.periods[-1].trial)


def automatic_until(sub: Subscription) -> Instant | None:
    """The instant from which automatic payment has stopped; None when it does not run at all.

    It stops `resume_days` after the end of service, or after it was last resumed, at the latest when an ended
    subscription can no longer be revived [spec: late-payment].
    """
    over = service_end(sub)
    if over is None or not pays_itself(sub):
        return None
    stop = max(over, sub.resumed_at or 0) + sub.rules.resume_days * DAY
    return min(stop, over + sub.rules.reinstate_days * DAY)


def automatic_runs(sub: Subscription, now: Instant) -> bool:
    """Whether automatic payment would still buy a period at `now`; left by every site it stops until it is resumed."""
    stop = automatic_until(sub)
    if stop is None or now >= stop or sub.stopped is not None:
        return False
    return not _all_sites_left(sub) or span_at(contract_timeline(sub), now).phase is Phase.ACTIVE


def can_resume(sub: Subscription, now: Instant) -> bool:
    """Whether automatic payment has stopped and can be resumed: up to `reinstate_days` after the end of service."""
    over = service_end(sub)
    if over is None or not pays_itself(sub) or sub.stopped is not None or automatic_runs(sub, now):
        return False
    return now < over + sub.rules.reinstate_days * DAY


def _all_sites_left(sub: Subscription) -> bool:
    """Every site has left, and automatic renewal was not confirmed since."""
    if not sub.sites or any(site.is_active or site.is_staged for site in sub.sites):
        return False
    return sub.resumed_at is None or sub.resumed_at < max(site.left_at or 0 for site in sub.sites)


def due_at(sub: Subscription) -> Instant:
    """The instant at which the next period falls due: the end of what is paid (not merely reserved)."""
    return sub.periods[-1].until


def reserve_from(sub: Subscription) -> Instant:
    """When the money for the next period may be set aside: 10 days or a third of the period before it falls due."""
    end = due_at(sub)
    terms = sub.terms_at(end)
    length = period_boundary(end, terms.period, 1) - end
    return end - min(RESERVE_DAYS * DAY, length // 3)
