"""Devices that come to an end without a word, and a reinstalled one that is the same as before
[spec: device-counting, hardware-match].

A device counts as long as a seat of it may still be in use; only then is silence, or its successor on the same
hardware, a reason to count it no longer. Silence proves nothing before a contact was due, and never for good.
"""

import msgspec

from tenure.core.lease.standing import moved_by
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import counts_until
from tenure.core.timeline import Instant
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import ROUND
from tenure.site.store import devices, events, merged_devices, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection


def device_label(device: DeviceRow) -> str:
    """The device as people know it."""
    return device.name or device.id


def amnesty_of(device: DeviceRow, look: LicenseSnapshot) -> int:
    """Seconds by which amnesties move the end of the device's seat."""
    return moved_by(device.lease_iat, look.amnesties) if look.amnesties else 0


def counting_until(device: DeviceRow, state: DeviceDecision, figures: tuple[int, int]) -> int:
    """The first instant at which `device` no longer counts in `state`; `figures`: amnesty seconds, idle days."""
    changed = msgspec.structs.replace(device, state=state)
    return counts_until(changed.as_counted(figures[0]), figures[1])


def seat_over(device: DeviceRow, look: LicenseSnapshot) -> bool:
    """Whether nothing that was signed for the device can still be in use."""
    return (
        not device.seat
        or look.now >= device.seat_until + amnesty_of(device, look)
        or device.state == DeviceDecision.RELEASED
    )


class TwinOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the device that was there before on the same hardware."""

    device: DeviceRow
    """The device that asks, as it is afterwards."""
    event: tuple[events.Severity, str, str] | None = None
    """Severity, kind and text of what is to be told."""
    merged: DeviceRow | None = None
    """The former self, which goes."""
    inherits: bool = False
    """The device counts in its stead."""

    @property
    def freed(self) -> int:
        """Places that are free by that: 0 or 1."""
        return int(self.merged is not None and bool(self.merged.counted) and not self.inherits)

    @property
    def freed_aside(self) -> int:
        """The same, as far as the former self was set aside."""
        return self.freed if self.merged is not None and self.merged.state == DeviceDecision.DISPLACED else 0


def twin_outcome(old: DeviceRow | None, device: DeviceRow, look: LicenseSnapshot) -> TwinOutcome:
    """What became of `old`, which was there before `device` on the same hardware, as far as it can be told now.

    It has spoken since: then this is a clone, and both count. It was silent since before, has missed a contact that was
    due, and its seat is over: then they are one, and the old self goes. Otherwise it stays open. Worked example: the
    old self was heard of at 12:00, the new one enrolled at 13:00; each device speaks once in 26.4 hours, so that before
    14:24 of the next day its silence says nothing, and later if the site was down meanwhile.
    """
    if old is None:
        return TwinOutcome(device=msgspec.structs.replace(device, twin="") if device.twin else device)
    if old.last_seen >= device.created:
        text = f"{device_label(old)} and {device_label(device)} look alike and are both alive: likely clones."
        alone = msgspec.structs.replace(device, twin="")
        return TwinOutcome(device=alone, event=("warning", "device_cloned", text))
    over = seat_over(old, look) and _was_missed(old, look)
    return merge_outcome(old, device, look) if over else TwinOutcome(device=device)


def merge_outcome(old: DeviceRow, device: DeviceRow, look: LicenseSnapshot) -> TwinOutcome:
    """The old self gives its place to the new one, which counts in its stead if it did not yet."""
    aside = old.state == DeviceDecision.DISPLACED  # its place is not one that it may keep
    inherits = bool(old.counted) and not device.counted and look.lease_terms is not None and not aside
    days = 0 if look.lease_terms is None else look.lease_terms.figures.idle_release_days
    after = msgspec.structs.replace(
        device, twin="", group=device.group or old.group, pinned=device.pinned or old.pinned
    )
    if inherits:
        until = counts_until(after.as_counted(0), days)
        after = msgspec.structs.replace(after, counted=1, counts_until=until)
    text = f"{device_label(device)} is {device_label(old)}, installed again."
    return TwinOutcome(device=after, event=("info", "device_merged", text), merged=old, inherits=inherits)


def store_merge(conn: Connection, outcome: TwinOutcome, now: Instant) -> None:
    """The former self is deleted, with its place unless the device inherits that, and remembered for a year."""
    old = outcome.merged
    if old is not None:
        devices.delete_device(conn, msgspec.structs.replace(old, counted=outcome.freed))
        merged_devices.keep_device(conn, old, now)


def _was_missed(old: DeviceRow, look: LicenseSnapshot) -> bool:
    """Whether `old` was due and did not come while the site could hear it; one that said goodbye never is."""
    return old.state == DeviceDecision.RELEASED or look.now >= max(old.last_seen, look.up_since) + ROUND


def merge_by_hand(conn: Connection, old: DeviceRow, device: DeviceRow, look: LicenseSnapshot) -> DeviceRow | Refused:
    """The administrator says that both are one computer: the count goes over at once.

    Refuses `nothing_to_change` unless they share enough of their hardware, for the same product, and the old one has
    been silent since before the new one was enrolled.
    """
    twin = devices.twin_of(conn, device)
    alike = old.product == device.product and twin is not None and old.number != device.number
    if not alike or not _is_alike(old, device):
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "They do not share enough of their hardware.", "into")
    if old.last_seen >= device.created:
        detail = "The older one has spoken since the newer one was enrolled: they are two computers."
        return Refused(RefusalCode.NOTHING_TO_CHANGE, detail, "into")
    outcome = merge_outcome(old, device, look)
    if outcome.event is not None:
        _event_once(conn, look, *outcome.event, device)
    store_merge(conn, outcome, look.now)
    return devices.save_device(conn, outcome.device)


def _is_alike(old: DeviceRow, device: DeviceRow) -> bool:
    one, other = (msgspec.json.decode(each.hardware, type=dict[str, str]) for each in (old, device))
    return sum(one.get(part) == digest for part, digest in other.items()) >= devices.ALIKE


def come_back(conn: Connection, product: str, key: str, look: LicenseSnapshot) -> DeviceRow | None:
    """The device of this key that was taken for another's former self, and is there: a device of its own again.

    A seat of it that is still in use counts, whatever is allowed; else it waits its turn like any other.
    """
    device = merged_devices.take_device(conn, product, key)
    if device is None or devices.by_id(conn, device.id) is not None:
        return None
    device = msgspec.structs.replace(device, number=0, twin="", state=DeviceDecision.WAITING, counted=0, counts_until=0)
    if not seat_over(device, look):
        pools.adopt_place(conn, product)
        device = msgspec.structs.replace(
            device, state=DeviceDecision.PROTECTED, counted=1, counts_until=device.seat_until + amnesty_of(device, look)
        )
    text = f"{device_label(device)} was taken for a device installed again, but is still in use."
    _event_once(conn, look, "warning", "device_returned", text, device)
    return devices.save_device(conn, device)


def release_due(conn: Connection, product: str, look: LicenseSnapshot) -> int:
    """Counts no longer what was removed or silent long enough by now; how many were looked at (at most 500).

    Amnesties may have moved a seat's end since its row was written: then only the row is brought up to date.
    """
    if look.lease_terms is None:
        return 0
    found = devices.due_devices(conn, product, look.now)
    for device in found:
        until = counts_until(device.as_counted(amnesty_of(device, look)), look.lease_terms.figures.idle_release_days)
        if until > look.now:
            devices.save_device(conn, msgspec.structs.replace(device, counts_until=until))
        elif device.state in (DeviceDecision.REMOVED, DeviceDecision.WITHDRAWN):
            devices.stop_counting(conn, device, DeviceDecision(device.state))
        elif device.state == DeviceDecision.DISPLACED:
            devices.stop_counting(conn, device, DeviceDecision.WAITING)
        elif device.ephemeral:  # as expected: it comes and goes without an event
            devices.stop_counting(conn, device, DeviceDecision.IDLE)
        else:
            text = f"{device_label(device)} has been silent for so long that it no longer counts."
            events.add(conn, look.now, "info", "device_idle", text, product=product, device=device.id)
            devices.stop_counting(conn, device, DeviceDecision.IDLE)
    return len(found)


def _event_once(
    conn: Connection, look: LicenseSnapshot, severity: events.Severity, kind: str, text: str, device: DeviceRow
) -> None:
    events.add_once_an_hour(conn, look.now, severity, kind, text, product=device.product, device=device.id)
