"""What renews automatically if no command changes it, and how far the money reaches, computed by the function that
books (B1).

`settle` is run ahead of time over the whole account, so that every drawing and sentence about a renewal to come says
what will be booked. Nothing of it is promised: what a lease grants is what is paid or reserved (`contract.timeline`).
"""

from collections.abc import Iterable

import msgspec

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.runway import lacking_money
from tenure.core.business.settle import next_offer, settle
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.past_timeline import gone_on
from tenure.core.subscription.renewal import automatic_runs, due_at, pays_itself, total_cost
from tenure.core.timeline import DAY, Instant, Phase, Timeline, cut_at

LOOK_AHEAD = 400 * DAY
"""How far the forecast goes, at least: over a year, so that the next period of a yearly plan is seen."""


class ExpectedRenewal(msgspec.Struct, frozen=True, kw_only=True):
    """One period that will be bought at `at` from what is on the balance or set aside; `price` in minor units."""

    at: Instant
    since: Instant
    until: Instant
    price: int


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """The next period that the balance does not pay: what it costs and what must come in for it, minor units."""

    at: Instant
    price: int
    missing: int


class ExpectedCourse(msgspec.Struct, frozen=True, kw_only=True):
    """The future of one subscription if no command changes it and no money comes in."""

    timeline: Timeline
    """From now on; without an end where the money lasts to the end of the forecast."""
    paid_until: Instant | None
    """Up to here it is paid or reserved; what is drawn as in service after it is expected. None before the term."""
    renewals: tuple[ExpectedRenewal, ...] = ()
    shortfall: Shortfall | None = None
    facts: tuple[f.Fact, ...] = ()
    """What `settle` will book on it."""
    outlook: RenewalOutlook | None = None
    """The same in short; None where no period is bought without anybody asking."""


def expected_course(
    account: Account, items: Iterable[AccountSubscription], subject: str, now: Instant
) -> ExpectedCourse:
    """What will become of `subject`, an item of the account, which is settled up to `now`.

    Worked example: 75.00 a month, next due on 30 Dec, 200.00 on the balance and nothing else that falls due: renewals
    on 30 Dec and 30 Jan, covered until 28 Feb (28 Feb is the edge after 30 Jan); a shortfall then, 75.00, of which
    25.00 are missing; the timeline goes on to grace and the end from there.
    """
    ahead = _LookAhead.at(account, tuple(items), subject, now)
    spans = gone_on(timeline(ahead.sub), ahead.sub, ahead.booked)
    return ExpectedCourse(
        timeline=spans if ahead.short else _without_known_end(spans, ahead.after, ahead.renewals),
        paid_until=ahead.sub.paid_until,
        renewals=ahead.renewals,
        shortfall=ahead.short,
        facts=ahead.booked,
        outlook=ahead.outlook(now),
    )


def outlook_of(
    account: Account, items: Iterable[AccountSubscription], subject: str, now: Instant
) -> RenewalOutlook | None:
    """The outlook of `expected_course`, without its drawing; None at once for what is renewed by hand."""
    items = tuple(items)
    if not pays_itself(_item_of(items, subject).sub):
        return None
    return _LookAhead.at(account, items, subject, now).outlook(now)


class _LookAhead(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription now, and what `settle` made of it up to the end of the forecast."""

    sub: Subscription
    after: Subscription
    booked: tuple[f.Fact, ...]
    renewals: tuple[ExpectedRenewal, ...]
    short: Shortfall | None

    @classmethod
    def at(cls, account: Account, items: tuple[AccountSubscription, ...], subject: str, now: Instant) -> "_LookAhead":
        item = _item_of(items, subject)
        ahead = settle(account, items, _look_until(item.sub, now))
        booked = tuple(fact for name, fact in ahead.facts if name == subject and fact.at > now)
        return cls(
            sub=item.sub,
            after=_item_of(ahead.items, subject).sub,
            booked=booked,
            renewals=tuple(_as_renewal(fact) for fact in booked if isinstance(fact, f.Renewed)),
            short=_first_shortfall(account, items, item, booked, now)
            or _silent_end(account, items, _item_of(ahead.items, subject), now, _look_until(item.sub, now)),
        )

    def outlook(self, now: Instant) -> RenewalOutlook | None:
        """What is bought next, or what is not; a period bought only after a failure is not what comes next."""
        currency = self.sub.terms_at(now).currency if self.renewals or self.short else ""
        short = self.short
        covered = [each for each in self.renewals if short is None or each.at < short.at]
        if not covered:
            return None if short is None or not short.missing else RenewalOutlook(
                at=short.at, price=short.price, currency=currency, missing=short.missing
            )  # fmt: skip
        return RenewalOutlook(
            at=covered[0].at,
            price=covered[0].price,
            currency=currency,
            covered_until=max(each.until for each in covered),
            lasts=short is None,
            missing=0 if short is None else short.missing,
        )


def _item_of(items: Iterable[AccountSubscription], subject: str) -> AccountSubscription:
    return next(item for item in items if item.sub.id == subject)


def _first_shortfall(
    account: Account,
    items: tuple[AccountSubscription, ...],
    item: AccountSubscription,
    booked: tuple[f.Fact, ...],
    now: Instant,
) -> Shortfall | None:
    """The payment that will fail first; a period that is overdue, or due next, lacks what pays it and all before it."""
    failed = next((fact for fact in booked if isinstance(fact, f.PaymentFailed)), None)
    bought = failed is not None and any(isinstance(fact, f.Renewed) and fact.at < failed.at for fact in booked)
    if failed is not None and bought:
        return Shortfall(
            at=failed.at, price=failed.price, missing=lacking_money(account, items, item.sub.id, now, at=failed.at)
        )
    overdue = due_at(item.sub) <= now if item.sub.periods else False
    if failed is None and not (overdue and automatic_runs(item.sub, now)):
        return None
    price = next_offer(item, now).period.price if failed is None else failed.price
    missing = lacking_money(account, items, item.sub.id, now)
    return Shortfall(at=due_at(item.sub), price=price, missing=missing) if missing else None


def _silent_end(
    account: Account, items: tuple[AccountSubscription, ...], after: AccountSubscription, now: Instant, horizon: Instant
) -> Shortfall | None:
    """The period that nothing buys although no payment was refused: left by every site, it is bought ahead or not."""
    sub = after.sub
    if not pays_itself(sub) or sub.stopped is not None or not now < due_at(sub) <= horizon:
        return None
    end, price = due_at(sub), next_offer(after, due_at(sub)).period.price
    return Shortfall(at=end, price=price, missing=lacking_money(account, items, sub.id, now, at=end))


def _look_until(sub: Subscription, now: Instant) -> Instant:
    """The forecast covers a period longer than a year up to the instant at which the next one is due."""
    return max(now + LOOK_AHEAD, due_at(sub)) if pays_itself(sub) else now + LOOK_AHEAD


def _as_renewal(fact: f.Renewed) -> ExpectedRenewal:
    period = fact.period
    return ExpectedRenewal(at=fact.at, since=period.since, until=period.until, price=total_cost(period))


def _without_known_end(spans: Timeline, after: Subscription, renewals: tuple[ExpectedRenewal, ...]) -> Timeline:
    """Where no payment fails within the forecast, the end of the last period bought is not shown as an end."""
    if not renewals or after.paid_until is None or not pays_itself(after) or after.stopped is not None:
        return spans
    before = cut_at(spans, after.paid_until)
    if not before or before[-1].phase not in (Phase.ACTIVE, Phase.PAUSED):
        return spans
    return (*before[:-1], msgspec.structs.replace(before[-1], until=None))
