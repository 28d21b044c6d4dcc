"""What the local API shows: values with instants in RFC 3339, made from what the site knows; nothing is decided."""

import msgspec

from tenure.core.explain import Remedy
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant, Phase, Span, Timeline
from tenure.core.usage import ceiling
from tenure.http.instants import rfc3339
from tenure.sdk.kept import Kept
from tenure.sdk.outcomes import Declined, Difference, Granted, Looked, Synchronized
from tenure.sdk.shown import Standing, words
from tenure.sdk.steps import Step
from tenure.site.license import Look, ProductLicense
from tenure.site.seats import allowed, no_new_seat
from tenure.site.store import devices, enrolments, events, pools
from tenure.site.store.writer import Connection
from tenure.wire.messages import Copy, Message


def moment(instant: Instant | None) -> str | None:
    """RFC 3339, or None."""
    return None if instant is None else rfc3339(instant)


class SpanView(msgspec.Struct, frozen=True):
    """One stretch of the timeline."""

    since: str
    until: str | None
    phase: str
    cause: str
    features: tuple[str, ...]
    limit: int
    note: str


class SuccessorView(msgspec.Struct, frozen=True):
    """A subscription that waits to follow."""

    begins: str
    plan: str
    code_last_group: str
    timeline: tuple[SpanView, ...]


class Reason(msgspec.Struct, frozen=True):
    """Why something is withheld or wrong."""

    code: str
    text: str


class CopyView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the copies of this site, as the licensing server has seen it; `current` is the one it goes by."""

    which: str
    at: str | None
    serial: int
    version: str
    devices: int
    path: str
    clock: str | None
    running_seconds: int


class ForkView(msgspec.Struct, frozen=True, kw_only=True):
    """Two copies use this site's identity (B9)."""

    found: str | None
    you_are_the_copy: bool
    """This one's state was overtaken by the other's: it protects no new device until it is settled."""
    separated: bool
    """It was decided that this is a second site: `tenure site anew`, then the activation code."""
    restores_left: int
    """How often `restored` may still be said here; after that it takes the provider."""
    copies: tuple[CopyView, ...]


class LicenseView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the Licenses folder, with everything that its page shows."""

    product: str
    phase: str
    cause: str
    message: str
    remedies: tuple[Remedy, ...]
    since: str | None
    until: str | None
    kind: str
    plan: str
    provider: str
    renew_url: str
    code_last_group: str
    subscription: str
    paid_until: str | None
    grace_until: str | None
    contact_until: str | None
    features: tuple[str, ...]
    device_limit: int
    ceiling: int
    """The limit with the tolerance that the provider grants: what all servers of the subscription share."""
    allotment: int
    """What this server may protect of it."""
    in_use: int
    waiting: int
    free: int
    new_seats: Reason | None
    """Why no new device is protected for the moment, apart from the limit; None when devices may be."""
    min_version: str
    last_answered: str | None
    next_contact: str | None
    pending: bool
    """Whether an activation waits for its answer."""
    refusal: Reason | None
    warnings: tuple[Reason, ...]
    forked: bool
    fork: ForkView | None
    path: str
    messages: tuple[Message, ...]
    successor: SuccessorView | None
    timeline: tuple[SpanView, ...]
    as_of: str


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the site knows it."""

    id: str
    product: str
    name: str
    group: str
    version: str
    state: str
    counted: bool
    seat_until: str | None
    enrolled: str
    last_seen: str
    looks_like: str
    """Another device with the same hardware, as long as it is open what became of it."""
    reason: str
    """Why it has no seat, as the code of a refusal."""
    why: Reason | None
    """The same in words, with what to do."""
    assigned: bool
    """The administrator gave it a seat by hand."""
    pinned: bool
    """It is never proposed for release."""


class EnrolmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment token, without its word."""

    id: str
    product: str
    group: str
    uses: int
    used: int
    until: str | None
    created: str
    withdrawn: bool


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    number: int
    at: str
    severity: str
    kind: str
    product: str
    device: str
    text: str
    acknowledged: bool
    forwarding: str
    """Id of the forwarding that it is about; empty for all others."""


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation code would start, as the licensing server says."""

    role: str
    plan: str
    kind: str
    devices: int
    provider: str
    begins: str
    """Now, or when a successor would take over."""
    paid_until: str | None
    timeline: tuple[SpanView, ...]


class SyncView(msgspec.Struct, frozen=True, kw_only=True):
    """What a synchronisation or activation has come to."""

    result: str
    message: str
    steps: tuple[Step, ...]
    path: str
    differences: tuple[Difference, ...]
    license: LicenseView
    preview: PreviewView | None = None
    """To a dry run: what the code would start; the license is as it is."""


def license_view(conn: Connection, license_: ProductLicense, look: Look) -> LicenseView:
    """Everything about one product's license."""
    standing = license_.keeper.holder.standing()
    lease, kept = look.terms, look.kept
    pool, waiting = pools.pool(conn, license_.product), devices.waiting(conn, license_.product)
    most = 0 if lease is None else allowed(lease)
    barred = None if lease is None else no_new_seat(look, pool)
    return LicenseView(
        product=license_.product,
        phase=standing.phase.value,
        cause=standing.cause.value,
        message=standing.message,
        remedies=standing.remedies,
        since=moment(standing.since),
        until=moment(standing.until),
        kind="" if lease is None else lease.kind,
        plan=standing.plan,
        provider=standing.provider,
        renew_url=standing.renew_url,
        code_last_group="" if lease is None else lease.code_last_group,
        subscription="" if lease is None else lease.subscription,
        paid_until=moment(standing.paid_until),
        grace_until=moment(None if lease is None else _grace_until(lease.spans, look.now)),
        contact_until=moment(standing.contact_until),
        features=standing.features,
        device_limit=0 if lease is None else lease.limit,
        ceiling=0 if lease is None else ceiling(lease.limit, lease.figures.tolerance_percent),
        allotment=most,
        in_use=pool.counted,
        waiting=waiting,
        free=max(0, most - pool.counted),
        new_seats=reason(barred),
        min_version=standing.min_version,
        last_answered=moment(kept.contact or None),
        next_contact=moment(license_.keeper.due()),
        pending=kept.activation is not None,
        refusal=reason(standing.refusal),
        warnings=tuple(Reason(each.code.value, words(each)) for each in standing.warnings),
        forked=kept.forked,
        fork=_fork(kept),
        path=f"{kept.path.kind} {kept.path.resolver}".strip(),
        messages=kept.messages,
        successor=_successor(license_, standing),
        timeline=() if lease is None else spans(lease.spans),
        as_of=rfc3339(look.now),
    )


def _fork(kept: Kept) -> ForkView | None:
    fork = kept.fork
    if fork is None and not kept.forked:
        return None
    return ForkView(
        found=None if fork is None else rfc3339(fork.found),
        you_are_the_copy=kept.forked,
        separated=kept.separated,
        restores_left=0 if fork is None else fork.restores_left,
        copies=() if fork is None else tuple(map(_copy, fork.copies)),
    )


def _copy(copy: Copy) -> CopyView:
    return CopyView(
        which=copy.which,
        at=moment(copy.at or None),
        serial=copy.serial,
        version=copy.version,
        devices=copy.devices,
        path=copy.path,
        clock=moment(copy.wall or None),
        running_seconds=copy.uptime,
    )


def _grace_until(timeline: Timeline, now: Instant) -> Instant | None:
    """The end of the first grace that runs or follows."""
    ends = (span.until for span in timeline if span.phase is Phase.GRACE and (span.until is None or now < span.until))
    return next(ends, None)


def _successor(license_: ProductLicense, standing: Standing) -> SuccessorView | None:
    staged = license_.keeper.holder.holdings.successor
    if staged is None or standing.successor_from is None:
        return None
    lease = staged.lease
    return SuccessorView(rfc3339(lease.nbf), lease.plan, lease.code_last_group, spans(lease.spans))


def spans(timeline: Timeline) -> tuple[SpanView, ...]:
    """A timeline for people."""
    return tuple(_span(each) for each in timeline)


def _span(span: Span) -> SpanView:
    return SpanView(
        rfc3339(span.since), moment(span.until), span.phase.value, span.why.value, span.features, span.limit, span.note
    )


def reason(refused: Refused | None) -> Reason | None:
    """A refusal as something to show beside what works."""
    return None if refused is None else Reason(refused.code.value, words(refused))


def device_view(device: devices.Device) -> DeviceView:
    """One device."""
    return DeviceView(
        id=device.id,
        product=device.product,
        name=device.name,
        group=device.group,
        version=device.version,
        state=device.state,
        counted=bool(device.counted),
        seat_until=moment(device.seat_until or None),
        enrolled=rfc3339(device.created),
        last_seen=rfc3339(device.last_seen),
        looks_like=device.twin,
        reason=device.note,
        why=None if device.counted or not device.note else reason(_noted(device.note)),
        assigned=bool(device.assigned),
        pinned=bool(device.pinned),
    )


def _noted(note: str) -> Refused:
    """The refusal that was noted, also by a newer program."""
    known = {code.value: code for code in Code}
    return Refused(known.get(note, Code.NOT_FOUND), "" if note in known else note)


def enrolment_view(enrolment: enrolments.Enrolment) -> EnrolmentView:
    """One enrolment token."""
    return EnrolmentView(
        id=enrolment.id,
        product=enrolment.product,
        group=enrolment.group,
        uses=enrolment.uses,
        used=enrolment.used,
        until=moment(enrolment.until),
        created=rfc3339(enrolment.created),
        withdrawn=bool(enrolment.withdrawn),
    )


def event_view(event: events.Event) -> EventView:
    """One event."""
    return EventView(
        number=event.number,
        at=rfc3339(event.at),
        severity=event.severity,
        kind=event.kind,
        product=event.product,
        device=event.device,
        text=event.text,
        acknowledged=bool(event.acknowledged),
        forwarding=event.forwarding,
    )


def sync_view(outcome: Synchronized | Granted, license_: LicenseView) -> SyncView:
    """What has come of an exchange that was answered."""
    if isinstance(outcome, Granted):
        return SyncView(
            result="granted", message=outcome.message, steps=outcome.steps, path="", differences=(), license=license_
        )
    return SyncView(
        result=outcome.result,
        message=outcome.message,
        steps=outcome.steps,
        path=outcome.path,
        differences=outcome.differences,
        license=license_,
    )


def preview_view(looked: Looked, license_: LicenseView) -> SyncView:
    """What a dry run of a code has come to."""
    preview = PreviewView(
        role=looked.role,
        plan=looked.plan,
        kind=looked.kind,
        devices=looked.limit,
        provider=looked.provider,
        begins=rfc3339(looked.begins),
        paid_until=moment(looked.paid_until),
        timeline=spans(looked.spans),
    )
    return SyncView(
        result="preview", message=looked.message, steps=looked.steps, path="", differences=(), license=license_,
        preview=preview,
    )  # fmt: skip


def unasked_view(license_: LicenseView) -> SyncView:
    """Of a code that would be sent; what it starts, only the server can say."""
    text = "The code is well typed."
    return SyncView(result="not_asked", message=text, steps=(), path="", differences=(), license=license_)


def declined(outcome: Declined) -> Refused:
    """A "no" as the API says it."""
    return Refused(outcome.code, outcome.detail, outcome.field, outcome.when)
