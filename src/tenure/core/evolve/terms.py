"""What changes of plan and devices mean for a subscription; never refuses."""

import msgspec

from tenure.core import facts as f
from tenure.core.state import Subscription
from tenure.core.terms import Change, Period

Terms = f.TermsChanged | f.ChangeScheduled | f.ChangeDropped


def terms(sub: Subscription, fact: Terms) -> Subscription:
    """`sub` after its terms changed, or are to change at a later instant."""
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
