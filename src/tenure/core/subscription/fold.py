"""A subscription is the fold of its facts: `evolve` says what each one means, and never refuses."""

from typing import assert_never

import msgspec

from tenure.core.subscription import evolve_periods, evolve_sites, evolve_stops, evolve_terms
from tenure.core.subscription import facts as f
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
    return msgspec.structs.replace(_fold_one(sub, fact), revision=sub.revision + 1)


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
        anchor=evolve_periods.anchor_of_first(fact.until, fact.period),
        periods=(fact.period,) if fact.period else (),
    )


def _fold_one(sub: Subscription, fact: f.Fact) -> Subscription:
    """One branch per fact, grouped by what they touch; a fact without a branch does not type-check."""
    match fact:
        case f.Ordered():
            return sub  # only the first fact orders; a second one would say nothing new
        case f.PaymentConfirmed() | f.Activated() | f.Renewed() | f.RenewalReserved() | f.ReserveReleased():
            return evolve_periods.evolve_money(sub, fact)
        case f.PaymentFailed() | f.Refunded() | f.RenewalIntentSet() | f.Reanchored() | f.GraceExtended():
            return evolve_periods.evolve_course(sub, fact)
        case f.TermsChanged() | f.ChangeScheduled() | f.ChangeDropped():
            return evolve_terms.evolve_terms(sub, fact)
        case f.HoldPlaced() | f.HoldReleased() | f.Canceled() | f.CancellationUndone():
            return evolve_stops.evolve_stops(sub, fact)
        case f.CodeReissued() | f.CodeBlocked() | f.CodeUnblocked():
            return evolve_sites.evolve_codes(sub, fact)
        case (
            f.SiteActivated()
            | f.SiteReplaced()
            | f.SiteReleaseOrdered()
            | f.SiteLeft()
            | f.SuccessorStaged()
            | f.SuccessorDropped()
            | f.SuccessorStarted()
            | f.SiteDeclaredLost()
            | f.AllotmentSet()
            | f.AllotmentFreed()
            | f.ForkFound()
            | f.ForkResolved()
            | f.SeatConflictListed()
        ):
            return evolve_sites.evolve_sites(sub, fact)
        case f.Transferred():
            return msgspec.structs.replace(sub, customer=fact.customer)
        case f.DevicesReleased() | f.Learned():
            return sub  # evidence: kept in the history, folded nowhere
        case f.EphemeralCounted():
            return msgspec.structs.replace(sub, ephemeral_until=max(sub.ephemeral_until, fact.at))
        case _:
            assert_never(fact)
