"""What a code would start, for a site that only looks: the dates it would get, and nothing begins (M10)."""

import msgspec

from tenure.core.account import Account, Book, Item
from tenure.core.commands import Seen
from tenure.core.contract import timeline
from tenure.core.decide.sites import last_paid_end, take_over
from tenure.core.expected import outlook_of
from tenure.core.subscription import Subscription, evolve
from tenure.core.timeline import Instant, since
from tenure.wire.leases import OutlookClaim, SpanClaim
from tenure.wire.messages import Preview


def started(account: Account, items: tuple[Item, ...], sub: Subscription, site: str, now: Instant) -> Preview:
    """Of a code that starts now: `sub` as it would be with the site in it, among the items of the account it is of."""
    seen = outlook_of(account, items, sub.id, now)
    outlook = None if seen is None else msgspec.convert(msgspec.to_builtins(seen), OutlookClaim)
    return msgspec.structs.replace(_preview(sub, site, now), outlook=outlook)


def successor(sub: Subscription, present: Subscription, site: str, book: Book, now: Instant) -> Preview:
    """Of a code that is to follow `present`, from the takeover on, with the dates on which it runs out itself."""
    begins = max(last_paid_end(present) or now, now)
    rules, floor = book.at(begins)
    outcome = take_over(sub, present, Seen(rules=rules, floor=floor), begins, site)
    for fact in () if outcome is None else outcome.facts:
        sub = evolve(sub, fact)
    return _preview(sub, site, begins)


def _preview(sub: Subscription, site: str, begins: Instant) -> Preview:
    terms = sub.terms_at(begins)
    period = next((each for each in reversed(sub.paid) if each.since <= begins), None)
    spans = since(timeline(sub, sub.site(site)), begins)
    return Preview(
        plan=terms.plan,
        kind="trial" if period is not None and period.trial else sub.kind.value,
        limit=terms.devices,
        provider="",
        begins=begins,
        paid_until=sub.paid_until,
        spans=tuple(msgspec.convert(msgspec.to_builtins(each), SpanClaim) for each in spans),
    )
