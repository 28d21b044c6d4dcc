"""What helps a subscription in its present state, with the sum it takes: only what works is named (B2, B6).

`explain` has the remedies of a cause; here stands what its facts and its money add to them.
"""

from collections.abc import Iterable

from tenure.core.business.account import Account, AccountSubscription
from tenure.core.business.runway import lacking_by_hand
from tenure.core.business.settle import next_offer
from tenure.core.explain import BEFOREHAND, REMEDIES, Remedy
from tenure.core.renewal_outlook import RenewalOutlook, format_moment, in_words
from tenure.core.subscription.contract import contract_at, service_end
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import automatic_runs, can_resume, pays_itself
from tenure.core.subscription.terms import Settlement
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span

ORDER_AGAIN = Remedy("customer", "Order again: this subscription cannot be renewed any more.")


def remedies_for(
    account: Account,
    items: Iterable[AccountSubscription],
    subject: str,
    outlook: RenewalOutlook | None,
    span: Span,
    now: Instant,
) -> tuple[Remedy, ...]:
    """What can be done about `span` of `subject`, which holds at `now`; nothing where nothing is wrong.

    The customer's remedy comes first. Money is named in the subscription's currency, as it would have to come in now.
    """
    items = tuple(items)
    item = next(each for each in items if each.sub.id == subject)
    sub = item.sub
    if span.why is PhaseCause.CANCELED and sub.cancellation is not None and now >= sub.cancellation.effective:
        return (
            Remedy("customer", "Order again: the cancellation has taken effect."),
            *REMEDIES[PhaseCause.CANCELED][1:],
        )
    if sub.cancellation is not None and span.why in (PhaseCause.PAID, PhaseCause.TRIAL, PhaseCause.PAYMENT_ENDED):
        return BEFOREHAND[PhaseCause.CANCELED]
    if span.why is PhaseCause.PAYMENT_ENDED:
        return _after_the_end(account, items, item, outlook, now)
    if (
        span.why in (PhaseCause.PAID, PhaseCause.TRIAL)
        and outlook is not None
        and outlook.missing
        and outlook.covered_until is None
    ):
        return (_top_up(outlook, f"by {format_moment(outlook.at)}"),)
    if span.why is PhaseCause.TRIAL and outlook is not None:
        return ()
    return REMEDIES[span.why]


def _after_the_end(
    account: Account,
    items: tuple[AccountSubscription, ...],
    item: AccountSubscription,
    outlook: RenewalOutlook | None,
    now: Instant,
) -> tuple[Remedy, ...]:
    """The paid period is over: in grace, or ended."""
    sub = item.sub
    if sub.changes[0].terms.settlement is Settlement.EXTERNAL:
        confirm = Remedy("provider", "Confirm the payment of the renewal with its reference.")
        return (Remedy("customer", "Pay the renewal as agreed with the provider."), confirm)
    if pays_itself(sub) and automatic_runs(sub, now):
        return () if outlook is None or not outlook.missing else (_top_up(outlook, ""), *_goodwill_remedy(sub, now))
    over = service_end(sub)
    if over is not None and now >= over + sub.rules.reinstate_days * DAY:
        return (ORDER_AGAIN,)
    return (_renew_remedy(account, items, item, now), *_goodwill_remedy(sub, now))


def _top_up(outlook: RenewalOutlook, when: str) -> Remedy:
    missing = in_words(outlook.missing, outlook.currency)
    how = f"Top the prepaid balance up{' ' if when else ''}{when}: {missing} are missing"
    return Remedy("customer", f"{how}. The next period is then paid by itself.")


def _renew_remedy(
    account: Account, items: tuple[AccountSubscription, ...], item: AccountSubscription, now: Instant
) -> Remedy:
    """The period is bought by hand; automatic payment that has stopped runs again afterwards."""
    price, currency = next_offer(item, now).period.price, item.sub.terms_at(now).currency
    missing = lacking_by_hand(account, items, price, now)
    again = ' Or choose "Resume automatic renewal".' if can_resume(item.sub, now) and not missing else ""
    cost = in_words(price, currency)
    if not missing:
        return Remedy("customer", f'Press "Renew": {cost} are taken from the prepaid balance.{again}')
    short = in_words(missing, currency)
    how = f'{cost} are needed and {short} are missing: top the prepaid balance up, then press "Renew".'
    return Remedy("customer", how)


def _goodwill_remedy(sub: Subscription, now: Instant) -> tuple[Remedy, ...]:
    """The provider's own way out, while grace lasts."""
    if contract_at(sub, now).phase is not Phase.GRACE:
        return ()
    return (Remedy("provider", "Extend the grace period."),)
