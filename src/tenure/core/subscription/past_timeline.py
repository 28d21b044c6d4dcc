"""What has held, as it held: a pause that is over stays a pause, whatever the contract says of those days today (B1).

`contract.timeline` says what holds and will hold; it knows nothing of a hold that was released.
"""

from collections.abc import Iterable

from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve, fold
from tenure.core.timeline import Instant, Timeline, cut_at, merge_spans, starting_at


def as_it_held(history: Iterable[f.Fact]) -> Timeline:
    """Every span that has held, and what follows if no command changes it: each fact tells of the time from it on.

    A fact that was booked late, as of its own instant, tells of that time too. Example: paid for January, held from the
    10th to the 13th, released: active until the 10th, paused until the 13th, active until the end of the month.
    """
    facts = tuple(history)
    sub = fold(facts[:1])
    return gone_on(timeline(sub), sub, facts[1:])


def gone_on(spans: Timeline, sub: Subscription, facts: Iterable[f.Fact]) -> Timeline:
    """`spans` of `sub`, and what the `facts` that follow make of the time from each of them on."""
    for fact in facts:
        sub = evolve(sub, fact)
        if fact.in_timeline:
            spans = _from_then_on(spans, sub, fact.at)
    return spans


def _from_then_on(spans: Timeline, sub: Subscription, moment: Instant) -> Timeline:
    return merge_spans((*cut_at(spans, moment), *starting_at(timeline(sub), moment)))
