"""What changes of devices and of plan share: what is scheduled, field by field; dropping it; another customer
[spec: agreed-terms]."""

from collections.abc import Iterable

from tenure.core.business.commands import CommandHeader, DecisionContext, DropChange, Transfer
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.repricing import with_terms
from tenure.core.periods import format_date
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import due_at
from tenure.core.subscription.terms import TermsChange, TermsField
from tenure.core.timeline import Instant, Phase


def not_changeable(sub: Subscription, now: Instant) -> Refused | None:
    """Why nothing can be agreed for `sub` at present."""
    if sub.awaiting_payment:
        return Refused(RefusalCode.AWAITING_PAYMENT)
    if sub.cancellation is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED)
    if not sub.paid_periods:
        code = (
            RefusalCode.SUBSCRIPTION_ENDED if contract_at(sub, now).phase is Phase.ENDED else RefusalCode.NOT_ACTIVATED
        )
        return Refused(code, "The order can be changed once the term has begun.")
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "Renew it first.")
    return None


def scheduled_changes(sub: Subscription, now: Instant, *fields: TermsField) -> tuple[TermsChange, ...]:
    """What is agreed for one of `fields` and has not taken effect, in order of effect."""
    waiting = (change for change in sub.changes[1:] if change.scheduled and change.effective > sub.contract_clock(now))
    return tuple(change for change in waiting if change.field is None or change.field in fields)


def prices_nothing_yet(sub: Subscription, change: TermsChange) -> bool:
    """Whether no period that is paid for or reserved was bought at what `change` says."""
    return sub.paid_until is None or change.effective >= sub.paid_until


def dropped_changes(
    changes: Iterable[TermsChange], command: CommandHeader, now: Instant, *fields: TermsField
) -> tuple[f.ChangeDropped, ...]:
    """What is replaced is dropped visibly, and only in the fields named."""
    return tuple(
        f.ChangeDropped(**fact_header(command, now), effective=change.effective, field=field)
        for change in changes
        for field in ([change.field] if change.field is not None else fields)
    )


def agreed_already(sub: Subscription, now: Instant, field: TermsField, present: str) -> Refused:
    """The refusal of what is asked for again; it names what is agreed, so that nothing is dropped by accident."""
    coming = scheduled_changes(sub, now, field)
    if not coming:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, present, field.value)
    last = coming[-1]
    devices = format_count(last.terms.devices, "device is", "devices are")
    value = devices if field is TermsField.DEVICES else f"plan {last.terms.plan} is"
    detail = f"{present} From {format_date(last.effective)} on {value} agreed; drop that change to withdraw it."
    return Refused(RefusalCode.NOTHING_TO_CHANGE, detail, field.value)


def drop_change(sub: Subscription, command: DropChange, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """ChangeDropped for what has not taken effect; a period bought at its terms is paid for at those that then hold.

    Refuses nothing_to_change, and as `with_terms` does.
    """
    fields = tuple(TermsField) if command.field is None else (command.field,)
    found = [change for change in scheduled_changes(sub, now, *fields) if change.effective == command.effective]
    if not found:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "No such change is scheduled for that instant.", "effective")
    return with_terms(sub, command, dropped_changes(found, command, now, *fields), seen, now)


def transfer_subscription(sub: Subscription, command: Transfer, now: Instant) -> Accepted | Refused:
    """Transferred; not while the present customer's money is reserved for the next period."""
    if sub.customer == command.customer:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, field="customer")
    if sub.reserved is not None:
        return Refused(
            RefusalCode.RENEWAL_IS_AUTOMATIC,
            "The next period is reserved from the present customer's balance; transfer after it has begun.",
            when=due_at(sub),
        )
    if sub.owed is not None:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED, "A refund to the present customer is still due.")
    return Accepted(facts=(f.Transferred(**fact_header(command, now), customer=command.customer),))
