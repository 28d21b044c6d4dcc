"""Devices and enrolment tokens as the local API shows them."""

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.instants import rfc3339
from tenure.site.api.views import Reason, moment, reason
from tenure.site.store import devices, enrolments


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
    ephemeral: bool
    """It was enrolled as one that does not last: it counts until its seat of an hour ends, no longer."""


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
        ephemeral=bool(device.ephemeral),
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
