"""Explain (B2): a standing in plain words: what holds, by which rule, until when, what follows, and who can act.

Works on any timeline, so that provider, site and device read the same sentences.
"""

import msgspec

from tenure.core.renewal_outlook import RenewalOutlook, format_moment, outlook_sentence, will_renew
from tenure.core.timeline import Instant, Phase, PhaseCause, Span, Timeline, span_at


class Remedy(msgspec.Struct, frozen=True):
    """One action that a person can take."""

    who: str
    how: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks first: how is it, why, until when, what then, and what can be done."""

    phase: Phase
    why: PhaseCause
    sentence: str
    rule: str
    since: Instant
    until: Instant | None
    renewal: str
    """What is known of the next renewal; empty where nothing renews itself."""
    follows: str
    remedies: tuple[Remedy, ...]


class ContactWords(msgspec.Struct, frozen=True):
    """Who has to answer so that a lease or seat goes on: said of a silence, and of the end that it would bring."""

    overdue: str
    before: str
    """What prevents that end; `{when}` is its instant."""


SERVER_CONTACT = ContactWords(
    "The activation server has not answered for too long.", "Unless the activation server answers before {when}"
)
SITE_CONTACT = ContactWords(
    "The administration server has not renewed the seat of this device for too long.",
    "Unless the administration server renews the seat of this device before {when}",
)
"""For a device: true when its administration server is silent, and when that one waits for the activation server."""

RULES: dict[PhaseCause, tuple[str, str]] = {
    PhaseCause.NOT_ACTIVATED: (
        "It waits for its first activation.",
        "The term begins when the activation code is applied; unused it lapses after 365 days.",
    ),
    PhaseCause.AWAITING_PAYMENT: (
        "It waits for its payment.",
        "Its offer is paid outside the prepaid balance and begins when the provider confirms the payment.",
    ),
    PhaseCause.PAID: ("It is paid for.", "A paid period runs; all features of the plan are on."),
    PhaseCause.TRIAL: ("It is a trial.", "A customer may try each product once, for a set time."),
    PhaseCause.PAYMENT_ENDED: (
        "The paid period is over.",
        "Functions stay on for the provider's grace period after it, where one is granted.",
    ),
    PhaseCause.CANCELED: ("It was canceled.", "A canceled subscription ends with what is paid for, or at once."),
    PhaseCause.CODE_BLOCKED: (
        "The activation code of this site is blocked.",
        "A blocked code keeps its functions for a set number of days, unless it was blocked for fraud.",
    ),
    PhaseCause.SYNC_OVERDUE: (
        SERVER_CONTACT.overdue,
        "A lease is good for a set time without contact; after seven days without an answer, or a quarter of a shorter"
        " lease, the countdown is shown.",
    ),
    PhaseCause.HELD: ("It is on hold.", "While any side holds it, only the base features are on."),
    PhaseCause.BLOCKED: (
        "The activation code of this site is blocked for good.",
        "The announced days of grace are over.",
    ),
    PhaseCause.NEVER_ACTIVATED: ("It was never activated.", "Without activation a subscription lapses after 365 days."),
    PhaseCause.SEAT_CONFLICT: (
        "Fewer devices are ordered than are in use, and this application is struck out.",
        "When fewer devices are ordered than are in use, a list at the provider says which applications stop on the"
        " day; until then the customer can edit it.",
    ),
}

REMEDIES: dict[PhaseCause, tuple[Remedy, ...]] = {
    PhaseCause.NOT_ACTIVATED: (Remedy("administrator", "Apply the activation code in the application."),),
    PhaseCause.AWAITING_PAYMENT: (
        Remedy("customer", "Pay the provider as agreed."),
        Remedy("provider", "Confirm the payment with its reference."),
    ),
    PhaseCause.PAID: (),
    PhaseCause.TRIAL: (Remedy("customer", "Renew it, or order a paid subscription, before the trial ends."),),
    PhaseCause.PAYMENT_ENDED: (
        Remedy("customer", "Renew on the provider's website; top the prepaid balance up first if money is missing."),
        Remedy("provider", "Renew it, or extend the grace period."),
    ),
    PhaseCause.CANCELED: (
        Remedy("customer", "Undo the cancellation while it has not taken effect, or order again."),
        Remedy("administrator", "Apply another activation code."),
    ),
    PhaseCause.CODE_BLOCKED: (Remedy("provider", "Lift the block, or give out a new code."),),
    PhaseCause.SYNC_OVERDUE: (
        Remedy("administrator", "Synchronize now; if that fails run `tenure doctor` and mend the path it names."),
    ),
    PhaseCause.HELD: (Remedy("the side that placed the hold", "Release the hold."),),
    PhaseCause.BLOCKED: (Remedy("provider", "Lift the block, or give out a new code."),),
    PhaseCause.NEVER_ACTIVATED: (Remedy("customer", "Order again."),),
    PhaseCause.SEAT_CONFLICT: (
        Remedy("customer", "Order more devices in the provider's portal, or apply another activation code."),
        Remedy(
            "administrator",
            "Give up the license of an application that is no longer needed: this one then gets its place.",
        ),
    ),
}
BEFOREHAND: dict[PhaseCause, tuple[Remedy, ...]] = {
    PhaseCause.CANCELED: (Remedy("customer", "Undo the cancellation while it has not taken effect."),),
    PhaseCause.SEAT_CONFLICT: (
        Remedy(
            "customer",
            "Before that day say in the provider's portal that another application stops instead, or order more"
            " devices.",
        ),
        Remedy("administrator", "Give up the license of an application that is no longer needed."),
    ),
}
"""What can be done about an end that is decided and has not come yet."""

PHASES = {
    Phase.PENDING: "Nothing is licensed yet",
    Phase.ACTIVE: "All functions are on",
    Phase.GRACE: "All functions are on, in grace",
    Phase.PAUSED: "Paused",
    Phase.ENDED: "Ended",
}


def explain(
    timeline: Timeline, now: Instant, outlook: RenewalOutlook | None = None, contact: ContactWords = SERVER_CONTACT
) -> Explanation:
    """The story of what holds at `now`; `outlook`: what is known of its next renewal; `contact`: who has to answer.

    `timeline` may have the expected renewals in it or not: the end that follows is told as what missing money does.
    """
    span = span_at(timeline, now)
    told, rule = RULES[span.why]
    told = contact.overdue if span.why is PhaseCause.SYNC_OVERDUE else told
    note = f" ({span.note})" if span.note else ""
    return Explanation(
        phase=span.phase,
        why=span.why,
        sentence=f"{PHASES[span.phase]}: {told[0].lower()}{told[1:-1]}{note}.",
        rule=rule,
        since=span.since,
        until=span.until,
        renewal="" if outlook is None else outlook_sentence(outlook, now),
        follows=_describe_next(timeline, span, outlook, contact),
        remedies=_remedies(timeline, span, outlook),
    )


def _remedies(timeline: Timeline, span: Span, outlook: RenewalOutlook | None) -> tuple[Remedy, ...]:
    if span.why is PhaseCause.TRIAL and will_renew(outlook):
        return ()
    return (
        _preventing_remedies(timeline, span) if span.why in (PhaseCause.PAID, PhaseCause.TRIAL) else REMEDIES[span.why]
    )


def _preventing_remedies(timeline: Timeline, span: Span) -> tuple[Remedy, ...]:
    """In normal service no action is needed, except where an end was decided and can still be undone."""
    after = None if span.until is None else span_at(timeline, span.until)
    return REMEDIES[span.why] if after is None else BEFOREHAND.get(after.why, REMEDIES[span.why])


def _describe_next(timeline: Timeline, span: Span, outlook: RenewalOutlook | None, contact: ContactWords) -> str:
    if span.until is None:
        lasting = outlook is not None and outlook.lasts and span.phase is Phase.ACTIVE
        return (
            "It goes on like this while the money is there." if lasting else "There are no further automatic changes."
        )
    after = span_at(timeline, span.until)
    lost = [feature for feature in span.features if feature not in after.features]
    effect = f"; withdrawn then: {', '.join(lost)}" if lost else ""
    when, then = format_moment(span.until), PHASES[after.phase].lower()
    if after.why is PhaseCause.SYNC_OVERDUE:
        return f"{contact.before.replace('{when}', when)}: {then}{effect}."
    why = RULES[after.why][0]
    what = f"{then}, {why[0].lower()}{why[1:-1]}{effect}."
    if outlook is None or after.why is not PhaseCause.PAYMENT_ENDED:
        return f"On {when}: {what}"
    if outlook.covered_until is not None and span.until < outlook.covered_until:
        return f"Only if the money is missing on {when}: {what}"
    return f"On {when}, if no money comes in: {what}"
