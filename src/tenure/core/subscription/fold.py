"""A subscription is the fold of its facts, from the order on; what each one means is said by its kind (`facts`)."""

import msgspec

from tenure.core.subscription import facts as f
from tenure.core.subscription.evolve_periods import anchor_of_first
from tenure.core.subscription.state import CodeState, SiteState, Subscription
from tenure.core.subscription.terms import TermsChange

__all__ = ["SiteState", "Subscription", "evolve", "fold"]


def fold(history: tuple[f.Fact, ...]) -> Subscription:
    """The subscription that the facts, from the first on, amount to. Raises ValueError when the first is no order."""
    if not history or not isinstance(history[0], f.Ordered):
        raise ValueError("a history begins with Ordered")
    sub = _first_state(history[0])
    for fact in history[1:]:
        sub = evolve(sub, fact)
    return sub


def evolve(sub: Subscription, fact: f.Fact) -> Subscription:
    """`sub` after `fact`; total, never refuses: what is in the history has happened."""
    return msgspec.structs.replace(fact.apply_to(sub), revision=sub.revision + 1)


def _first_state(fact: f.Ordered) -> Subscription:
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
        changes=(TermsChange(fact.at, fact.terms),),
        codes=(CodeState(id=fact.code.id, last_group=fact.code.last_group),),
        started_at=fact.period.since if fact.period else None,
        anchor=anchor_of_first(fact.until, fact.period),
        periods=(fact.period,) if fact.period else (),
    )
