"""Seat conflicts: more devices count than a lower limit will allow; opened before it, settled on its day
([spec: seat-conflict], B11).

Nothing is stripped silently: the list is shown with a date, pinned devices leave it, and what is withdrawn is told.
"""

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.subscription.device_usage import device_ceiling
from tenure.core.timeline import DAY, Instant
from tenure.site import duplicates
from tenure.site.license import LicenseSnapshot
from tenure.site.seats import allowed_devices
from tenure.site.store import conflicts, devices, events, pools
from tenure.site.store.conflicts import OpenConflict
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection

REMIND = (30, 14, 7, 3, 1)
"""Days before the lower limit begins, at which people are reminded."""
AT_ONCE = 500
"""Devices withdrawn in one turn, so that others are answered in between."""


def due_conflict(look: LicenseSnapshot, counted: int, known: OpenConflict | None) -> OpenConflict | None:
    """The conflict that follows from the lease: a lower limit to come, or one that fell without notice.

    The latter is enforced only after the days that a conflict is given, counted from when it was first seen.
    """
    lease = look.lease_terms
    if lease is None or look.kept.lost is not None:
        return None
    now_allowed = allowed_devices(lease)
    if counted > now_allowed:
        given = look.now + lease.figures.seat_conflict_days * DAY
        return OpenConflict(given if known is None else min(known.at, given), now_allowed, 0)
    coming = [
        each for each in (_coming_limit(lease), _successor_limit(look)) if each is not None and counted > each.most
    ]
    return min(coming, key=lambda each: each.at, default=None)


def _coming_limit(lease: Lease) -> OpenConflict | None:
    """A lower limit that is agreed for a day to come."""
    coming = lease.coming
    if coming is None:
        return None
    return OpenConflict(
        coming.at, min(coming.allotment, device_ceiling(coming.limit, lease.figures.tolerance_percent)), 0
    )


def _successor_limit(look: LicenseSnapshot) -> OpenConflict | None:
    """What a successor that is kept ready allows from its takeover on."""
    ready = look.holdings.successor
    if ready is None or look.lease_terms is None or look.holdings.lease_at(ready.lease.nbf) is not ready.lease:
        return None
    return OpenConflict(ready.lease.nbf, allowed_devices(ready.lease), 0) if look.now < ready.lease.nbf else None


def look_after(conn: Connection, product: str, look: LicenseSnapshot) -> None:
    """Opens, reminds of, settles and closes the product's conflict."""
    counted = pools.get_pool(conn, product).counted - devices.count_displaced(conn, product)
    known = conflicts.get_conflict(conn, product)
    found = due_conflict(look, counted, known)
    if found is None:
        if known is not None:
            conflicts.set_conflict(conn, product, None)
            events.add(conn, look.now, "info", "seat_conflict_closed", "The seat conflict is over.", product=product)
        return
    if known is None or (known.at > look.now and (known.at, known.most) != (found.at, found.most)):
        told = next((days for days in reversed(REMIND) if look.now >= found.at - days * DAY), REMIND[0] + 1)
        known = msgspec.structs.replace(found, told=told)
        conflicts.set_conflict(conn, product, known)
        _announce_conflict(conn, product, look.now, known, counted, "warning")
        return
    days = [each for each in REMIND if each < known.told and look.now >= known.at - each * DAY]
    if days and look.now < known.at:
        known = msgspec.structs.replace(known, told=min(days))
        conflicts.set_conflict(conn, product, known)
        _announce_conflict(conn, product, look.now, known, counted, "critical" if min(days) <= 3 else "warning")
    if look.now >= known.at:
        release_devices(conn, product, look, propose_devices(conn, product, found.most, AT_ONCE))


def propose_devices(conn: Connection, product: str, most: int, limit: int) -> list[DeviceRow]:
    """The devices to release so that `most` count: the longest silent first, pinned ones left alone."""
    leaving = conn.execute(
        "select count(*) from devices where product = ? and counted = 1"
        " and state in ('withdrawn', 'removed', 'idle', 'displaced')",
        (product,),
    ).fetchone()[0]
    over = pools.get_pool(conn, product).counted - leaving - most
    return devices.most_idle(conn, product, min(max(0, over), limit)) if over > 0 else []


def release_devices(conn: Connection, product: str, look: LicenseSnapshot, chosen: list[DeviceRow]) -> int:
    """Withdraws the seats of `chosen`; each frees by its receipt or at its seat's end. How many."""
    idle_days = 0 if look.lease_terms is None else look.lease_terms.figures.idle_release_days
    for device in chosen:
        until = duplicates.counting_until(
            device, DeviceDecision.WITHDRAWN, (duplicates.amnesty_of(device, look), idle_days)
        )
        devices.save_device(
            conn, msgspec.structs.replace(device, state=DeviceDecision.WITHDRAWN, counts_until=until, assigned=0)
        )
        text = f"{device.name or device.id} was withdrawn, because fewer devices are allowed."
        events.add(conn, look.now, "warning", "device_withdrawn", text, product=product, device=device.id)
    return len(chosen)


def _announce_conflict(
    conn: Connection, product: str, now: Instant, conflict: OpenConflict, counted: int, severity: events.Severity
) -> None:
    text = (
        f"{format_count(counted, 'device counts', 'devices count')}, and from {format_instant(conflict.at)} on"
        f" {conflict.most:,} may: {format_count(counted - conflict.most, 'device has', 'devices have')} to be released."
        " Look at the proposed list."
    )
    events.add(conn, now, severity, "seat_conflict", text, product=product)
