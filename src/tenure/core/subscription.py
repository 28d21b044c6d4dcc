"""A subscription is the fold of its facts: `evolve` says what each one means, and never refuses."""

from typing import assert_never

import msgspec

from tenure.core import facts as f
from tenure.core.policy import Refund
from tenure.core.state import Cancellation, CodeState, Owed, SiteState, Stopped, Subscription
from tenure.core.terms import Change, Hold, Intent, Period
from tenure.core.timeline import DAY, Instant

__all__ = ["SiteState", "Subscription", "evolve", "fold"]


def fold(history: tuple[f.Fact, ...]) -> Subscription:
    """The subscription that the facts, from the first on, amount to. Raises ValueError when the first is no order."""
    if not history or not isinstance(history[0], f.Ordered):
        raise ValueError("a history begins with Ordered")
    sub = _ordered(history[0])
    for fact in history[1:]:
        sub = evolve(sub, fact)
    return sub


def evolve(sub: Subscription, fact: f.Fact) -> Subscription:
    """`sub` after `fact`; total, never refuses: what is in the history has happened."""
    return msgspec.structs.replace(_fold_one(sub, fact), revision=sub.revision + 1)


def _ordered(fact: f.Ordered) -> Subscription:
    return Subscription(
        id=fact.subscription,
        provider=fact.provider,
        customer=fact.customer,
        ordered_at=fact.at,
        activate_by=fact.activate_by,
        revision=1,
        first_price=fact.price,
        until_ordered=fact.until,
        trial=fact.trial,
        trial_period=fact.trial_period,
        awaiting_payment=fact.awaiting_payment,
        intent=fact.intent,
        intent_at_order=fact.intent,
        rules_at_order=fact.rules,
        changes=(Change(fact.at, fact.terms),),
        codes=(CodeState(id=fact.code.id, last_group=fact.code.last_group),),
        started_at=fact.period.since if fact.period else None,
        anchor=_anchor_of_first(fact.until, fact.period),
        periods=(fact.period,) if fact.period else (),
    )


def _anchor_of_first(until: Instant | None, period: Period | None) -> Instant | None:
    """An `until` order and a trial are anchored at their end (spec 2.4 Order), a period order at its beginning."""
    if period is None:
        return None
    return period.until if until is not None or period.trial else period.since


def _fold_one(sub: Subscription, fact: f.Fact) -> Subscription:
    """One branch per fact, grouped by what they touch; a fact without a branch does not type-check."""
    match fact:
        case f.Ordered():
            return sub  # only the first fact orders; a second one would say nothing new
        case f.PaymentConfirmed() | f.Activated() | f.Renewed() | f.RenewalReserved() | f.ReserveReleased():
            return _money(sub, fact)
        case f.PaymentFailed() | f.Refunded() | f.RenewalIntentSet() | f.Reanchored() | f.GraceExtended():
            return _course(sub, fact)
        case f.TermsChanged() | f.ChangeScheduled() | f.ChangeDropped():
            return _terms(sub, fact)
        case f.HoldPlaced() | f.HoldReleased() | f.Cancelled() | f.CancellationUndone():
            return _stops(sub, fact)
        case f.CodeReissued() | f.CodeBlocked() | f.CodeUnblocked():
            return _codes(sub, fact)
        case (
            f.SiteActivated()
            | f.SiteLeft()
            | f.SuccessorStaged()
            | f.SuccessorDropped()
            | f.SuccessorStarted()
            | f.SiteDeclaredLost()
            | f.AllotmentSet()
            | f.ForkFound()
            | f.ForkResolved()
        ):
            return _sites(sub, fact)
        case f.Transferred():
            return msgspec.structs.replace(sub, customer=fact.customer)
        case f.DevicesReleased() | f.Learned():
            return sub  # evidence: kept in the history, folded nowhere
        case _:
            assert_never(fact)


_Money = f.PaymentConfirmed | f.Activated | f.Renewed | f.RenewalReserved | f.ReserveReleased


def _money(sub: Subscription, fact: _Money) -> Subscription:
    match fact:
        case f.PaymentConfirmed():
            paid = msgspec.structs.replace(sub, awaiting_payment=sub.awaiting_payment and fact.covers != "order")
            return paid if fact.period is None else _begin(paid, fact.period)
        case f.Activated():
            return _begin(sub, fact.period)
        case f.Renewed():
            return msgspec.structs.replace(
                _edges_moved(sub, fact.period),
                periods=(*sub.periods, fact.period),
                reserved=None if fact.paid_by == "reserve" else sub.reserved,
                anchor=sub.anchor if fact.anchor is None else fact.anchor,
                failed_at=None,
                resumed_at=None,
            )
        case f.RenewalReserved():
            return msgspec.structs.replace(_edges_moved(sub, fact.period), reserved=fact.period)
        case f.ReserveReleased():
            return msgspec.structs.replace(sub, reserved=fact.kept)


def _begin(sub: Subscription, period: Period) -> Subscription:
    anchor = _anchor_of_first(sub.until_ordered, period)
    return msgspec.structs.replace(sub, started_at=period.since, anchor=anchor, periods=(period,))


def _edges_moved(sub: Subscription, bought: Period) -> Subscription:
    """A change agreed for an edge that now lies inside a paid period waits for its end: those days are paid for."""

    def later(change: Change) -> Change:
        inside = change.scheduled and bought.since < change.effective < bought.until
        return msgspec.structs.replace(change, effective=bought.until) if inside else change

    return msgspec.structs.replace(sub, changes=(sub.changes[0], *map(later, sub.changes[1:])))


_Course = f.PaymentFailed | f.Refunded | f.RenewalIntentSet | f.Reanchored | f.GraceExtended


def _course(sub: Subscription, fact: _Course) -> Subscription:
    match fact:
        case f.PaymentFailed():
            return msgspec.structs.replace(sub, failed_at=fact.at)
        case f.Refunded():
            return msgspec.structs.replace(sub, owed=None, refunded=True)
        case f.RenewalIntentSet():
            return msgspec.structs.replace(sub, intent=fact.intent, resumed_at=fact.at)
        case f.Reanchored():
            return msgspec.structs.replace(sub, anchor=fact.anchor)
        case f.GraceExtended():
            return _extend_grace(sub, fact.days) if fact.period is None else _lengthen(sub, fact.period, fact.days)


def _extend_grace(sub: Subscription, days: int) -> Subscription:
    """The last paid period alone has a longer grace; what was before it stays as it was."""
    if not sub.paid:
        return sub
    last = sub.paid[-1]
    rules = msgspec.structs.replace(last.rules, grace_days=last.rules.grace_days + days)
    longer = msgspec.structs.replace(last, rules=rules)
    if sub.reserved is not None:
        return msgspec.structs.replace(sub, reserved=longer)
    return msgspec.structs.replace(sub, periods=(*sub.periods[:-1], longer))


def _lengthen(sub: Subscription, since: Instant, days: int) -> Subscription:
    """The bought period of that beginning has a longer grace, by the figure that concerns it."""

    def longer(period: Period) -> Period:
        figure = "trial_grace_days" if period.trial else "grace_days"
        rules = msgspec.structs.replace(period.rules, **{figure: getattr(period.rules, figure) + days})
        return msgspec.structs.replace(period, rules=rules) if period.since == since else period

    return msgspec.structs.replace(sub, periods=tuple(map(longer, sub.periods)))


def _terms(sub: Subscription, fact: f.TermsChanged | f.ChangeScheduled | f.ChangeDropped) -> Subscription:
    match fact:
        case f.ChangeScheduled():
            return _with_change(sub, Change(fact.effective, fact.terms, scheduled=True))
        case f.ChangeDropped():
            kept = tuple(change for change in sub.changes[1:] if change.effective != fact.effective)
            return msgspec.structs.replace(sub, changes=(sub.changes[0], *kept))
        case f.TermsChanged():
            return _paid_for(_with_change(sub, Change(fact.at, fact.terms)), fact, _other_plan(sub, fact))


def _with_change(sub: Subscription, change: Change) -> Subscription:
    """Changes stay in order of effect; one that takes effect at the same instant replaces the earlier."""
    first, *rest = sub.changes
    if change.effective <= first.effective:
        return msgspec.structs.replace(sub, changes=(Change(first.effective, change.terms), *rest))
    others = [known for known in rest if known.effective != change.effective]
    ordered = sorted([*others, change], key=lambda known: known.effective)
    return msgspec.structs.replace(sub, changes=(first, *ordered))


def _other_plan(sub: Subscription, fact: f.TermsChanged) -> bool:
    old = sub.terms_at(fact.at)
    return (old.plan, old.bands) != (fact.terms.plan, fact.terms.bands)


def _paid_for(sub: Subscription, fact: f.TermsChanged, other_plan: bool) -> Subscription:
    """What was paid on top, noted in its periods; a count paid under another plan's prices says nothing any more."""
    more, moment = dict(fact.raises), sub.clock(fact.at)

    def raised(period: Period) -> Period:
        if not fact.paid_devices or period.until <= moment:
            return period
        paid = ((max(period.since, moment), more[period.since]),) if more.get(period.since) else ()
        devices = fact.paid_devices if other_plan else max(period.devices, fact.paid_devices)
        return msgspec.structs.replace(period, devices=devices, raises=(*period.raises, *paid))

    reserved = raised(sub.reserved) if sub.reserved else None
    return msgspec.structs.replace(sub, periods=tuple(map(raised, sub.periods)), reserved=reserved)


_Stops = f.HoldPlaced | f.HoldReleased | f.Cancelled | f.CancellationUndone


def _stops(sub: Subscription, fact: _Stops) -> Subscription:
    match fact:
        case f.HoldPlaced():
            return _hold(sub, fact.hold)
        case f.HoldReleased():
            return _release(sub, fact)
        case f.Cancelled():
            return _cancel(sub, fact)
        case f.CancellationUndone():
            intent = sub.cancellation.former_intent if sub.cancellation else sub.intent
            return msgspec.structs.replace(sub, cancellation=None, intent=intent)


def _cancel(sub: Subscription, fact: f.Cancelled) -> Subscription:
    stop = Cancellation(
        at=fact.at,
        effective=fact.effective,
        at_once=fact.at_once,
        grace_days=fact.grace_days,
        former_intent=fact.former_intent,
    )
    owed = _owed(sub, fact.at) if fact.at_once else sub.owed
    return msgspec.structs.replace(sub, cancellation=stop, intent=Intent.MANUAL, owed=owed)


def _owed(sub: Subscription, moment: Instant) -> Owed | None:
    """Periods not begun are always given back, the running one if its rules say so, a payment never made is not."""
    begun = sub.rules_at(moment).refund is Refund.UNUSED_DAYS
    unbegun_order = not sub.paid and not sub.awaiting_payment and sub.first_price > 0
    back = any(period.since > moment or (begun and period.until > moment) for period in sub.paid)
    return Owed(revision=sub.revision + 1, since=moment, begun=begun) if unbegun_order or back else None


def _hold(sub: Subscription, hold: Hold) -> Subscription:
    stopped = sub.stopped
    if hold.stop_clock and stopped is None:
        stopped = Stopped(since=hold.since, revision=sub.revision + 1)
    return msgspec.structs.replace(sub, holds=(*sub.holds, hold), stopped=stopped)


def _release(sub: Subscription, fact: f.HoldReleased) -> Subscription:
    left = tuple(hold for hold in sub.holds if hold.owner != fact.owner)
    if sub.stopped is None or any(hold.stop_clock for hold in left):
        return msgspec.structs.replace(sub, holds=left)
    shifted = _shift(sub, sub.stopped.since, fact.shift_days * DAY)
    return msgspec.structs.replace(shifted, holds=left, stopped=None)


def _shift(sub: Subscription, stood_still_from: Instant, by: int) -> Subscription:
    """Everything that was not over when the clock stopped moves back by whole days, and the anchor with it.

    A period that had begun keeps its beginning, so that no gap opens before it; `given_days` says what it gained.
    """
    if not by:
        return sub

    def moved(period: Period) -> Period:
        if period.until <= stood_still_from:
            return period
        since = period.since if period.since <= stood_still_from else period.since + by
        return msgspec.structs.replace(period, since=since, until=period.until + by)

    def later(change: Change) -> Change:
        if not change.scheduled or change.effective <= stood_still_from:
            return change
        return msgspec.structs.replace(change, effective=change.effective + by)

    stop = sub.cancellation
    if stop is not None and stop.effective > stood_still_from:
        stop = msgspec.structs.replace(stop, effective=stop.effective + by)
    return msgspec.structs.replace(
        sub,
        periods=tuple(map(moved, sub.periods)),
        reserved=moved(sub.reserved) if sub.reserved else None,
        anchor=None if sub.anchor is None else sub.anchor + by,
        changes=(sub.changes[0], *map(later, sub.changes[1:])),
        cancellation=stop,
        given_days=(*sub.given_days, (stood_still_from, by // DAY)),
    )


def _codes(sub: Subscription, fact: f.CodeReissued | f.CodeBlocked | f.CodeUnblocked) -> Subscription:
    match fact:
        case f.CodeReissued():
            old = tuple(msgspec.structs.replace(code, withdrawn=True) for code in sub.codes)
            new = CodeState(id=fact.code.id, last_group=fact.code.last_group)
            return msgspec.structs.replace(sub, codes=(*old, new))
        case f.CodeBlocked():
            return _change_code(sub, fact.code, fact.at, fact.ends)
        case f.CodeUnblocked():
            return _change_code(sub, fact.code, None, None)


def _change_code(sub: Subscription, code_id: str, at: Instant | None, ends: Instant | None) -> Subscription:
    codes = tuple(
        msgspec.structs.replace(code, blocked_at=at, block_ends=ends) if code.id == code_id else code
        for code in sub.codes
    )
    return msgspec.structs.replace(sub, codes=codes)


_Sites = (
    f.SiteActivated | f.SiteLeft | f.SuccessorStaged | f.SuccessorDropped | f.SuccessorStarted | f.SiteDeclaredLost
    | f.AllotmentSet | f.ForkFound | f.ForkResolved
)  # fmt: skip


def _sites(sub: Subscription, fact: _Sites) -> Subscription:
    match fact:
        case f.SiteActivated():
            return _join(sub, fact, "")
        case f.SuccessorStaged():
            return _join(sub, fact, fact.present)
        case f.SuccessorStarted():
            started = sub if fact.period is None else _begin(sub, fact.period)
            return _change_site(started, fact.site, present="", since=fact.at)
        case f.SiteLeft() | f.SuccessorDropped():
            return _change_site(sub, fact.site, left_at=fact.at, allotment=0)
        case f.SiteDeclaredLost():
            heir = sub.site(fact.heir)
            lost = _change_site(sub, fact.site, lost=True, allotment=0)
            return lost if heir is None else _change_site(lost, heir.id, allotment=heir.allotment + fact.allotment)
        case f.AllotmentSet():
            return _change_site(sub, fact.site, allotment=fact.allotment)
        case f.ForkFound():
            return _change_site(sub, fact.site, forked_at=fact.at, evidence=fact.evidence)
        case f.ForkResolved():
            return _resolve(sub, fact)


def _resolve(sub: Subscription, fact: f.ForkResolved) -> Subscription:
    site = sub.site(fact.site)
    counts = site is not None and fact.own and fact.resolution == "restored"
    restores = () if site is None else (*site.restores, fact.at) if counts else site.restores
    return _change_site(sub, fact.site, forked_at=None, evidence="", restores=restores)


def _join(sub: Subscription, fact: f.SiteActivated | f.SuccessorStaged, present: str) -> Subscription:
    before = sub.site(fact.site)
    site = SiteState(
        id=fact.site,
        key=fact.key,
        code=fact.code,
        name=fact.name,
        version=fact.version,
        since=fact.at,
        floor=fact.floor if isinstance(fact, f.SiteActivated) else "",
        allotment=fact.allotment,
        hardware=fact.hardware,
        present=present,
        restores=() if before is None else before.restores,
    )
    others = tuple(known for known in sub.sites if known.id != site.id)
    return msgspec.structs.replace(sub, sites=(*others, site))


def _change_site(sub: Subscription, site_id: str, **values: object) -> Subscription:
    sites = tuple(msgspec.structs.replace(site, **values) if site.id == site_id else site for site in sub.sites)
    return msgspec.structs.replace(sub, sites=sites)
