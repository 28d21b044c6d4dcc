"""Devices and enrollment tokens as the local API shows them."""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.site.api.views import RefusalReason, optional_rfc3339, refusal_reason
from tenure.site.store import devices, enrollments


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
    why: RefusalReason | None
    """The same in words, with what to do."""
    assigned: bool
    """The administrator gave it a seat by hand."""
    pinned: bool
    """It is never proposed for release."""
    ephemeral: bool
    """It was enrolled as one that does not last: it counts until its seat of an hour ends, no longer."""


class EnrollmentTokenView(msgspec.Struct, frozen=True, kw_only=True):
    """An enrollment token, without its word."""

    id: str
    product: str
    group: str
    uses: int
    used: int
    until: str | None
    created: str
    withdrawn: bool


def device_view(device: devices.DeviceRow) -> DeviceView:
    """One device."""
    return copy_fields(
        DeviceView,
        device,
        counted=bool(device.counted),
        seat_until=optional_rfc3339(device.seat_until or None),
        enrolled=format_rfc3339(device.created),
        looks_like=device.twin,
        reason=device.note,
        why=None if device.counted or not device.note else refusal_reason(_noted_refusal(device.note)),
        assigned=bool(device.assigned),
        pinned=bool(device.pinned),
        ephemeral=bool(device.ephemeral),
    )


def _noted_refusal(note: str) -> Refused:
    """The refusal that was noted, also by a newer program."""
    known = {code.value: code for code in RefusalCode}
    return Refused(known.get(note, RefusalCode.NOT_FOUND), "" if note in known else note)


def enrollment_view(enrollment: enrollments.EnrollmentRow) -> EnrollmentTokenView:
    """One enrollment token."""
    return copy_fields(EnrollmentTokenView, enrollment, withdrawn=bool(enrollment.withdrawn))
