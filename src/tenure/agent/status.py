"""A device's standing with words, for `tenure-agent status`: what holds, why, until when, what to do."""

import msgspec

from tenure.agent.seat_keeper import SeatKeeper
from tenure.core.audience import Audience, remedy_for, remedy_of_cause
from tenure.core.explain import SITE_CONTACT, Explanation, Remedy, explain
from tenure.core.periods import format_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import format_moments_in
from tenure.core.timeline import Instant, PhaseCause
from tenure.sdk.presentation import refusal_words

NOT_ENROLLED = "This device is not enrolled at any site: ask its administrator for an enrollment token."
NO_SEAT = "This device has no seat yet."
GIVEN_UP = "This device has given its seat up."


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say; instants in RFC 3339, None where there is none."""

    product: str
    version: str
    device: str
    site: str
    """Where the site is."""
    phase: str
    cause: str
    message: str
    remedies: tuple[Remedy, ...]
    since: str | None
    until: str | None
    """When what `message` says changes by itself, expected renewals included; None: never."""
    features: tuple[str, ...]
    seat_until: str | None
    last_contact: str | None
    next_contact: str | None
    reason: str
    """Why the site gave no seat, or why functions are withheld, as the code of a refusal."""
    clock_plausible: bool


def device_status(keeper: SeatKeeper) -> DeviceStatus:
    """Everything about this device now; sends no request."""
    holder = keeper.holder
    now, kept, proven = holder.now(), holder.kept, holder.proven_seat
    standing = holder.standing_at(now.estimate)
    said = None if kept.refusal is None else kept.refusal.as_refused()
    faults = holder.current_faults
    unread = next((each for each in faults if each.code is RefusalCode.FOLDER_UNREADABLE and proven.seat is None), None)
    refusal = unread or standing.refusal or (None if proven.seat is not None else said)
    timeline = holder.timeline()
    # While the server is silent, what it foresaw is not what is asked.
    outlook = None if standing.why is PhaseCause.SYNC_OVERDUE else holder.outlook()
    told = explain(timeline, now.instant, outlook, SITE_CONTACT) if timeline else None
    if told is not None:
        follows = told.follows if told.until else ""
        message = " ".join(part for part in (told.sentence, told.renewal, follows) if part)
    elif unread is not None:
        message = ""
    elif kept.given_up:
        message = GIVEN_UP
    else:
        message = NO_SEAT if kept.ticket is not None else NOT_ENROLLED
    said_of_refusal = "" if refusal is None else refusal_words(refusal, remedy_for(refusal, Audience.DEVICE))
    warned = [format_moments_in(f"{each.row.sentence} {each.detail}") for each in faults if each is not unread]
    return DeviceStatus(
        product=holder.current_reader.product,
        version=holder.current_reader.version,
        device=kept.device,
        site="" if kept.ticket is None else f"{kept.ticket.host}:{kept.ticket.port}",
        phase=standing.phase.value,
        cause=standing.why.value,
        message=" ".join(part for part in (message, said_of_refusal, *warned) if part),
        remedies=_remedy_words((refusal, *faults), () if told is None else _for_device(told)),
        since=_format_instant(standing.since),
        until=_format_instant(standing.until if told is None else told.until),
        features=standing.features,
        seat_until=None if proven.seat is None else _format_instant(standing.contact_until),
        last_contact=_format_instant(kept.contact or None),
        next_contact=_format_instant(keeper.next_contact_at(now)),
        reason="" if refusal is None else refusal.code.value,
        clock_plausible=now.estimate.is_plausible,
    )


def _for_device(told: Explanation) -> tuple[Remedy, ...]:
    return tuple(Remedy(each.who, remedy_of_cause(told.why, each.how, Audience.DEVICE)) for each in told.remedies)


def _remedy_words(refused: tuple[Refused | None, ...], others: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    told = dict.fromkeys(
        Remedy(each.row.who, remedy_for(each, Audience.DEVICE)) for each in refused if each is not None
    )
    return (*told, *others)


def _format_instant(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
