"""Who may have a seat, and what it says: pure rules over the lease that rules and what the site remembers
[spec: enrollment].

Counting is the store's, the order of things `device_reply`'s.
"""

from tenure.core.lease.claims import ISSUE_SKEW, Lease
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import EPHEMERAL_REFRESH, EPHEMERAL_SEAT, device_ceiling
from tenure.core.timeline import DAY, SERVING, Instant, Phase, PhaseCause, span_at
from tenure.core.versions import refuse_below
from tenure.site.license import LicenseSnapshot
from tenure.site.store.devices import DeviceRow
from tenure.site.store.pools import ProductPool
from tenure.wire.leases import SealedLease
from tenure.wire.messages import NextSync
from tenure.wire.seats import Seat, SeatHolder

REFRESH = DAY
"""Devices refresh daily, give or take a tenth."""
ROUND = REFRESH * 11 // 10
"""In so long every device that reaches the site has refreshed."""
WAIT = 600
"""Seconds after which a device without a seat or without functions asks again: its user is waiting for it, and even
100,000 of them make fewer than 200 questions a second."""


def allowed_devices(lease: Lease) -> int:
    """How many devices may count here: the allotment, never more than the limit with its tolerance."""
    return min(lease.allotment, device_ceiling(lease.limit, lease.figures.tolerance_percent))


def refuse_unserved(look: LicenseSnapshot) -> Refused | None:
    """Why no device gets anything at all: nothing is licensed here, or the site was withdrawn."""
    if look.kept.lost is not None:
        return look.kept.lost.as_refused()
    return Refused(RefusalCode.NOT_ACTIVATED) if look.lease is None else None


def no_new_seat(look: LicenseSnapshot, pool: ProductPool) -> Refused | None:
    """Why a device without a counted seat gets none for the moment, whatever is free; None when it may claim one.

    Refuses `lease_forked` (until the fork is resolved), `unreachable` (after a start), `site_restored_waiting` (while
    seats are adopted after a restore), `subscription_paused`, `not_activated`, `subscription_canceled`,
    `subscription_ended`.
    """
    if look.kept.forked:
        return Refused(RefusalCode.LEASE_FORKED, "No new device is protected until the copy is resolved.")
    if not look.opened:
        detail = (
            "After its start the site protects new devices once the activation server has answered, or after a day."
        )
        return Refused(RefusalCode.UNREACHABLE, detail)
    if look.now < pool.adopting_until:
        detail = "The site was restored: devices that hold a seat are taken in first."
        return Refused(RefusalCode.SITE_RESTORED_WAITING, detail, when=pool.adopting_until)
    return _phase_forbids(look.standing.phase, look.standing.why)


def _phase_forbids(phase: Phase, why: PhaseCause) -> Refused | None:
    if phase in (Phase.ACTIVE, Phase.GRACE):
        return None
    if phase is Phase.PAUSED:
        return Refused(RefusalCode.SUBSCRIPTION_PAUSED)
    if phase is Phase.PENDING:
        return Refused(RefusalCode.NOT_ACTIVATED)
    if why is PhaseCause.SYNC_OVERDUE:
        return Refused(RefusalCode.UNREACHABLE, "The activation server has not answered for too long.")
    return Refused(RefusalCode.SUBSCRIPTION_CANCELED if why is PhaseCause.CANCELED else RefusalCode.SUBSCRIPTION_ENDED)


def refuse_distribution(device: DeviceRow, lease: Lease, *, automatic: bool) -> Refused | None:
    """Why distribution passes over `device`, which asks for a seat; None where it may claim one.

    Refuses `seat_not_assigned` and `version_too_old`, neither for a device to which a seat was assigned by hand.
    """
    if device.assigned:
        return None
    if not automatic:
        return Refused(RefusalCode.SEAT_NOT_ASSIGNED)
    return refuse_below(device.version, lease.min_version) if device.version else None


class SeatTerms:
    """What all seats signed in one second under one lease have in common, so that it is worked out once for them."""

    def __init__(self, sealed: SealedLease, now: Instant) -> None:
        self.sealed, self.now = sealed, now
        lease = sealed.lease
        self.allowed = allowed_devices(lease)
        spans = (feature for span in lease.spans for feature in span.features)
        self._features = tuple(dict.fromkeys((*lease.features, *spans)))[:128]
        self._contacts: dict[tuple[bool, bool], NextSync] = {}

    def seat_times(self, *, ephemeral: bool = False) -> tuple[Instant, Instant] | Refused:
        """(iat, exp) of a seat signed now: never beyond the lease's `contact_until`; refused once that is reached.

        That of an `ephemeral` device is short.
        """
        lease, now = self.sealed.lease, self.now
        iat = max(lease.nbf, now - ISSUE_SKEW)
        life = min(EPHEMERAL_SEAT, lease.figures.seat_life) if ephemeral else lease.figures.seat_life
        until = min(now + life, lease.contact_until)
        if until <= max(iat, now):
            return Refused(RefusalCode.LEASE_OUTSIDE_WINDOW, "The site's lease is over; it has to synchronize first.")
        return iat, until

    def seat_for(self, device: str, thumbprint: str, name: str, times: tuple[Instant, Instant]) -> Seat:
        """The seat of a device under the lease that rules: every feature that any of its spans has."""
        lease = self.sealed.lease
        return Seat(
            iss=lease.sub,
            sub=device,
            aud=lease.product,
            jti=name,
            iat=times[0],
            nbf=times[0],
            exp=times[1],
            cnf=SeatHolder(thumbprint),
            lease=self.sealed.digest,
            features=self._features,
        )

    def next_contact(self, *, has_seat: bool, ephemeral: bool = False) -> NextSync:
        """When the device is expected again (`next_contact`)."""
        kind = (has_seat, ephemeral)
        if kind not in self._contacts:
            self._contacts[kind] = next_contact(self.sealed.lease, self.now, has_seat=has_seat, ephemeral=ephemeral)
        return self._contacts[kind]


def next_contact(lease: Lease | None, now: Instant, *, has_seat: bool, ephemeral: bool = False) -> NextSync:
    """When the device is expected again: daily, hourly near an edge, after a quarter of its short seat where it is
    `ephemeral`; every ten minutes while it waits for a seat and while functions are withdrawn, so that the devices work
    again soon after a renewal."""
    if lease is None or not has_seat or span_at(lease.spans, now).phase not in SERVING:
        return NextSync(now + WAIT * 9 // 10, now + WAIT * 11 // 10)
    turn = sync_window(lease.spans, lease, now)
    every = EPHEMERAL_REFRESH if ephemeral else REFRESH
    latest = (now + every * 9 // 10, now + every * 11 // 10)
    begin, end = latest if turn is None else (min(turn[0], latest[0]), min(turn[1], latest[1]))
    return NextSync(begin, max(begin, end))
