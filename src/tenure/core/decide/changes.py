"""What changes of devices and of plan share: what is scheduled, field by field; dropping it; another customer
[spec: agreed-terms]."""

from collections.abc import Iterable

from tenure.core import facts as f
from tenure.core.commands import Asked, DropChange, Seen, Transfer
from tenure.core.contract import contract_at
from tenure.core.decide.outcome import Accepted, stamp
from tenure.core.decide.repricing import with_terms
from tenure.core.periods import format_date
from tenure.core.plurals import format_count
from tenure.core.refusals import Code, Refused
from tenure.core.renewal import due
from tenure.core.subscription import Subscription
from tenure.core.terms import Change, Field
from tenure.core.timeline import Instant, Phase


def not_changeable(sub: Subscription, now: Instant) -> Refused | None:
    """Why nothing can be agreed for `sub` at present."""
    if sub.awaiting_payment:
        return Refused(Code.AWAITING_PAYMENT)
    if sub.cancellation is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED)
    if not sub.paid:
        code = Code.SUBSCRIPTION_ENDED if contract_at(sub, now).phase is Phase.ENDED else Code.NOT_ACTIVATED
        return Refused(code, "What was ordered can be changed once the term has begun.")
    if contract_at(sub, now).phase is Phase.ENDED:
        return Refused(Code.SUBSCRIPTION_ENDED, "Renew it first.")
    return None


def scheduled(sub: Subscription, now: Instant, *fields: Field) -> tuple[Change, ...]:
    """What is agreed for one of `fields` and has not taken effect, in order of effect."""
    waiting = (change for change in sub.changes[1:] if change.scheduled and change.effective > sub.clock(now))
    return tuple(change for change in waiting if change.field is None or change.field in fields)


def prices_nothing_yet(sub: Subscription, change: Change) -> bool:
    """Whether no period that is paid for or reserved was bought at what `change` says."""
    return sub.paid_until is None or change.effective >= sub.paid_until


def dropped(changes: Iterable[Change], command: Asked, now: Instant, *fields: Field) -> tuple[f.ChangeDropped, ...]:
    """What is replaced is dropped visibly, and only in the fields named."""
    return tuple(
        f.ChangeDropped(**stamp(command, now), effective=change.effective, field=field)
        for change in changes
        for field in ([change.field] if change.field is not None else fields)
    )


def agreed_already(sub: Subscription, now: Instant, field: Field, present: str) -> Refused:
    """The refusal of what is asked for again; it names what is agreed, so that nothing is dropped by accident."""
    coming = scheduled(sub, now, field)
    if not coming:
        return Refused(Code.NOTHING_TO_CHANGE, present, field.value)
    last = coming[-1]
    devices = format_count(last.terms.devices, "device is", "devices are")
    value = devices if field is Field.DEVICES else f"plan {last.terms.plan} is"
    detail = f"{present} From {format_date(last.effective)} on {value} agreed; drop that change to withdraw it."
    return Refused(Code.NOTHING_TO_CHANGE, detail, field.value)


def drop_change(sub: Subscription, command: DropChange, seen: Seen, now: Instant) -> Accepted | Refused:
    """ChangeDropped for what has not taken effect; a period bought at its terms is paid for at those that then hold.

    Refuses nothing_to_change, and as `with_terms` does.
    """
    fields = tuple(Field) if command.field is None else (command.field,)
    found = [change for change in scheduled(sub, now, *fields) if change.effective == command.effective]
    if not found:
        return Refused(Code.NOTHING_TO_CHANGE, "No such change is scheduled for that instant.", "effective")
    return with_terms(sub, command, dropped(found, command, now, *fields), seen, now)


def transfer(sub: Subscription, command: Transfer, now: Instant) -> Accepted | Refused:
    """Transferred; not while the present customer's money is reserved for the next period."""
    if sub.customer == command.customer:
        return Refused(Code.NOTHING_TO_CHANGE, field="customer")
    if sub.reserved is not None:
        return Refused(
            Code.RENEWAL_IS_AUTOMATIC,
            "The next period is reserved from the present customer's balance; transfer after it has begun.",
            when=due(sub),
        )
    if sub.owed is not None:
        return Refused(Code.SUBSCRIPTION_CANCELLED, "A refund to the present customer is still due.")
    return Accepted(facts=(f.Transferred(**stamp(command, now), customer=command.customer),))
