"""What a code would start, for a site that asks before it applies it: its dates, and nothing begins (M10)."""

import msgspec

from tenure.core.business.account import Account, AccountSubscription, PolicyHistory
from tenure.core.business.commands import DecisionContext
from tenure.core.business.decide.installations import last_paid_end, take_over
from tenure.core.business.expected_renewals import outlook_of
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.timeline import Instant, spans_since
from tenure.wire.leases import OutlookClaim, SpanClaim
from tenure.wire.messages import CodePreview


def preview_start(
    account: Account, items: tuple[AccountSubscription, ...], sub: Subscription, site: str, now: Instant
) -> CodePreview:
    """Of a code that starts now: `sub` as it would be with the site in it, among the items of the account it is of."""
    seen = outlook_of(account, items, sub.id, now)
    outlook = None if seen is None else msgspec.convert(msgspec.to_builtins(seen), OutlookClaim)
    return msgspec.structs.replace(_make_preview(sub, site, now), outlook=outlook)


def preview_successor(
    sub: Subscription, present: Subscription, site: str, book: PolicyHistory, now: Instant
) -> CodePreview:
    """Of a code that is to follow `present`, from the takeover on, with the dates on which it runs out itself."""
    begins = max(last_paid_end(present) or now, now)
    rules, floor = book.at(begins)
    outcome = take_over(sub, present, DecisionContext(rules=rules, floor=floor), begins, site)
    for fact in () if outcome is None else outcome.facts:
        sub = evolve(sub, fact)
    return _make_preview(sub, site, begins)


def _make_preview(sub: Subscription, site: str, begins: Instant) -> CodePreview:
    terms = sub.terms_at(begins)
    period = next((each for each in reversed(sub.paid_periods) if each.since <= begins), None)
    spans = spans_since(timeline(sub, sub.find_site(site)), begins)
    return CodePreview(
        plan=terms.plan,
        kind="trial" if period is not None and period.trial else sub.kind.value,
        limit=terms.devices,
        provider="",
        begins=begins,
        paid_until=sub.paid_until,
        spans=tuple(msgspec.convert(msgspec.to_builtins(each), SpanClaim) for each in spans),
    )
