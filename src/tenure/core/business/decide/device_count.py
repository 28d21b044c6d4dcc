"""More or fewer devices [spec: day-prices, fewer-devices]: more at once and paid at once, fewer when the paid days are
over."""

import msgspec

from tenure.core.business.commands import ChangeDevices, CommandHeader, DecisionContext
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.money import out_of_range
from tenure.core.business.decide.repricing import with_terms
from tenure.core.business.decide.scheduled_changes import (
    agreed_already,
    dropped_changes,
    not_changeable,
    prices_nothing_yet,
    scheduled_changes,
)
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import coming_ends
from tenure.core.subscription.terms import TermsField
from tenure.core.timeline import DAY, Instant, Phase


def change_devices(
    sub: Subscription, command: ChangeDevices, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """TermsChanged for more, ChangeScheduled for fewer devices; the number in force or agreed again changes nothing.

    Whatever else was agreed for the number of devices is replaced, a plan agreed stays agreed. Refuses
    device_count_out_of_range, nothing_to_change, insufficient_balance, awaiting_payment, seat_conflict_open,
    period_paid_ahead and whatever the subscription's state forbids.
    """
    return not_changeable(sub, now) or change_count(sub, command, command.devices, seen, now, at_once=command.at_once)


def change_count(
    sub: Subscription,
    command: CommandHeader,
    devices: int,
    seen: DecisionContext,
    now: Instant,
    *,
    at_once: bool = False,
) -> Accepted | Refused:
    """As `change_devices`, for whichever command names a number."""
    present = sub.terms_at(now)
    if devices == present.devices:
        return agreed_already(sub, now, TermsField.DEVICES, f"The limit is {devices} already.")
    if devices > present.devices:
        return raise_devices(sub, command, devices, seen, now, confirmed=False)
    if at_once or contract_at(sub, now).phase is Phase.GRACE:
        return _lower_at_once(sub, command, devices, seen, now)
    return _lower_count(sub, command, devices, seen, now)


def raise_devices(
    sub: Subscription, command: CommandHeader, devices: int, seen: DecisionContext, now: Instant, *, confirmed: bool
) -> Accepted | Refused:
    """More devices at once, paid for the running, every later paid and the reserved period [spec: day-prices].

    `confirmed`: it was paid outside the ledger.
    """
    refused = not_changeable(sub, now)
    if refused is not None:
        return refused
    present = sub.terms_at(now)
    if not present.min_devices <= devices <= present.max_devices:
        return out_of_range(present)
    if devices <= present.devices:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, f"The limit is {present.devices} already.", "devices")
    if contract_at(sub, now).phase is not Phase.ACTIVE:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, "The paid period is over; renew first, then raise.")
    changed = _at_once(sub, command, devices, now, paid_devices=devices)
    return with_terms(sub, command, changed, seen, now, confirmed=confirmed)


def _at_once(
    sub: Subscription, command: CommandHeader, devices: int, now: Instant, paid_devices: int = 0
) -> tuple[f.ChangeDropped | f.TermsChanged, ...]:
    terms = msgspec.structs.replace(sub.terms_at(now), devices=devices)
    changed = f.TermsChanged(
        **fact_header(command, now), terms=terms, paid_devices=paid_devices, field=TermsField.DEVICES
    )
    return (
        *dropped_changes(scheduled_changes(sub, now, TermsField.DEVICES), command, now, TermsField.DEVICES),
        changed,
    )


def _lower_at_once(
    sub: Subscription, command: CommandHeader, devices: int, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    if seen.in_use > devices:
        return seat_conflict(seen.in_use, devices)
    return with_terms(sub, command, _at_once(sub, command, devices, now), seen, now)


def _lower_count(
    sub: Subscription, command: CommandHeader, devices: int, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """From the edge of a number as low that was agreed before, or from the first end that is far enough away."""
    coming = scheduled_changes(sub, now, TermsField.DEVICES)
    if coming and coming[-1].terms.devices == devices:
        return agreed_already(sub, now, TermsField.DEVICES, f"The limit is {sub.terms_at(now).devices}.")
    announced = next((change for change in coming if change.terms.devices <= devices), None)
    effective = lowering_edge(sub, now) if announced is None else announced.effective
    replaced = [
        change
        for change in coming
        if change.effective >= effective or (announced is None and prices_nothing_yet(sub, change))
    ]
    if announced is not None and announced.terms.devices == devices:
        return with_terms(sub, command, dropped_changes(replaced[1:], command, now, TermsField.DEVICES), seen, now)
    terms = msgspec.structs.replace(sub.terms_for(effective), devices=devices)
    agreed = f.ChangeScheduled(**fact_header(command, now), effective=effective, terms=terms, field=TermsField.DEVICES)
    return with_terms(sub, command, (*dropped_changes(replaced, command, now, TermsField.DEVICES), agreed), seen, now)


def seat_conflict(in_use: int, devices: int) -> Refused:
    """More devices are in use than there are to be."""
    detail = f"{format_count(in_use, 'device is', 'devices are')} in use; release {in_use - devices:,} first."
    return Refused(RefusalCode.SEAT_CONFLICT_OPEN, detail, "devices")


def lowering_edge(sub: Subscription, now: Instant) -> Instant:
    """The first end at least `seat_conflict_days` away, so that the conflict can run before it (B11).

    Not before the end of what is paid for: nothing comes back for those days.
    """
    earliest = sub.contract_clock(now) + sub.rules_at(now).seat_conflict_days * DAY
    return next(end for end in coming_ends(sub) if end >= earliest)
