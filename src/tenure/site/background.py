"""What a site does by itself: asks the server when it is due, counts silent devices no longer, notes what has changed.

It is looked at about twice a minute; nothing becomes true here, so a look that comes late makes nothing wrong.
"""

import logging

import msgspec

from tenure.core.explain import RULES
from tenure.core.plurals import format_count
from tenure.core.renewal_outlook import carried_on, format_moment
from tenure.core.subscription.allotment import should_ask
from tenure.core.subscription.device_usage import UsageLevel, step_level
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, span_at
from tenure.sdk.outcomes import Rejected, Synchronized
from tenure.sdk.sync_changes import PHASES
from tenure.site import seat_conflict, subscription_change
from tenure.site.assembly import OpenedSite
from tenure.site.duplicates import release_due
from tenure.site.folder_guard import FolderGuard
from tenure.site.license import LicenseSnapshot, ProductLicense
from tenure.site.seats import ROUND
from tenure.site.store import devices, events, pools, users, uses
from tenure.site.store.writer import Connection

log = logging.getLogger("tenure.site")

TURN = 30.0
"""Seconds between two looks."""
REMEMBERED = 60 * DAY
"""For so long a removed device that returns is told that it was."""
ASK_AGAIN = 600
"""Seconds between two synchronizations for the sake of a larger allotment."""


class LastAnnounced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the administrator was told last, so that each change is told once."""

    phase: Phase = Phase.PENDING
    why: PhaseCause = PhaseCause.NOT_ACTIVATED
    level: UsageLevel = UsageLevel.NORMAL
    successor: Instant | None = None


class SiteWatch:
    """The site's turns."""

    def __init__(self, site: OpenedSite) -> None:
        self._site = site
        self._guard = FolderGuard(site)
        self._asked: dict[str, tuple[int, int]] = {}

    def tick(self) -> None:
        """One look at the folder and at every product; a fault at one harms no other."""
        self._guard.restore_missing()
        for license_ in self._site.licenses.values():
            try:
                self._look_after(license_)
            except Exception:
                log.exception("looking after %s failed; the next turn comes all the same", license_.product)
        now = self._site.now()
        self._site.store.write(lambda conn: self._prune_old(conn, now)).result()

    def network_returned(self) -> None:
        """The network is back: every keeper asks within 15 minutes."""
        for license_ in self._site.licenses.values():
            license_.keeper.network_returned()

    def note_change(self, license_: ProductLicense) -> None:
        """Takes in what a synchronization or activation has brought; also after one by hand."""
        look = license_.take_snapshot()
        self._site.store.write(lambda conn: self._note_license(conn, license_, look)).result()

    def _look_after(self, license_: ProductLicense) -> None:
        outcome = license_.tick()
        if outcome is not None:
            self.note_sync(license_, outcome)
        license_.remember_wait()
        self._ask_for_more(license_)
        self.note_change(license_)

    def _ask_for_more(self, license_: ProductLicense) -> None:
        """Less than half of the margin is free: the server is asked for more, unless it knows of the need
        [spec: allotments]."""
        holder = license_.keeper.holder
        lease, uptime = holder.lease(), holder.now().reading.uptime
        need = self._site.store.read(license_.device_need)
        if lease is None or holder.kept.contacts.failures or license_.keeper.asked_before_start():
            return
        if not should_ask(need, lease.allotment, lease.limit):
            return
        known, asked = self._asked.get(license_.product, (-1, -ASK_AGAIN))
        if known == need or uptime - asked < ASK_AGAIN:
            return
        self._asked[license_.product] = (need, uptime)
        self.note_sync(license_, license_.synchronize("edge"))

    def note_sync(self, license_: ProductLicense, outcome: Synchronized | Rejected) -> None:
        """Notes what a synchronization has changed."""
        if isinstance(outcome, Synchronized) and outcome.differences:
            text, now = outcome.message, license_.take_snapshot().now
            self._site.store.write(
                lambda conn: events.add(conn, now, "info", "synchronized", text, product=license_.product)
            ).result()

    def _note_license(self, conn: Connection, license_: ProductLicense, look: LicenseSnapshot) -> None:
        subscription_change.notice_switch(conn, license_.product, look)
        release_due(conn, license_.product, look)
        seat_conflict.look_after(conn, license_.product, look)
        uses.note_use(conn, license_.product, look.now)
        self._note_history(conn, license_.product, look)
        self._announce_changes(conn, license_.product, look)

    def _note_history(self, conn: Connection, product: str, look: LicenseSnapshot) -> None:
        """Forks and restores: after a resolved fork one round of refreshes goes by before any new seat
        [spec: new-seats]."""
        pool = pools.get_pool(conn, product)
        epoch = look.kept.present.epoch or pool.epoch
        adopting = pool.adopting_until
        if pool.epoch and epoch > pool.epoch and pool.forked:
            adopting = look.now + ROUND
            text = "The site was restored; devices that hold a seat are taken in first."
            events.add(conn, look.now, "warning", "site_restored", text, product=product)
        if look.kept.forked != pool.forked:
            kind, text, severity = _FORK[look.kept.forked]
            events.add(conn, look.now, severity, kind, text, product=product)
        if (epoch, look.kept.forked, adopting) != (pool.epoch, pool.forked, pool.adopting_until):
            pools.noticed_epoch(conn, product, epoch, look.kept.forked, adopting)

    def _announce_changes(self, conn: Connection, product: str, look: LicenseSnapshot) -> None:
        pool, standing = pools.get_pool(conn, product), look.standing
        told = msgspec.json.decode(pool.told, type=LastAnnounced) if pool.told else LastAnnounced()
        if (standing.phase, standing.why) != (told.phase, told.why):
            since = look.now if standing.since is None else min(standing.since, look.now)
            severity = _SEVERITY.get(standing.phase, "warning")
            events.add(
                conn,
                since,
                severity,
                "phase_changed",
                _phase_sentence(standing.phase, standing.why, _told_until(look)),
                product=product,
            )
        limit = 0 if look.lease_terms is None else look.lease_terms.limit
        seen = step_level(told.level, pool.counted, limit)
        if seen.event is not None and limit:
            text = f"{pool.counted:,} of {format_count(limit, 'device is', 'devices are')} in use."
            severity = "info" if seen.event is UsageLevel.INFO else "warning"
            events.add(conn, look.now, severity, f"use_{seen.event.value}", text, product=product)
        now = LastAnnounced(phase=standing.phase, why=standing.why, level=seen.announced)
        if now != told:
            pools.noticed_told(conn, product, msgspec.json.encode(now))

    def _prune_old(self, conn: Connection, now: Instant) -> None:
        events.prune(conn, now)
        uses.prune(conn, now)
        devices.forget_removed(conn, now - REMEMBERED)
        devices.forget_ephemeral(conn, now - DAY)
        users.prune_sessions(conn, self._site.computer.clocks.wall())
        self._site.answers.prune_old(conn, now)


_SEVERITY: dict[Phase, events.Severity] = {Phase.ACTIVE: "info", Phase.GRACE: "warning", Phase.ENDED: "critical"}

_FORK: dict[bool, tuple[str, str, events.Severity]] = {
    True: ("fork_found", "A copy of this site uses the same identity: no new device is protected.", "critical"),
    False: ("fork_resolved", "It is settled which copy of this site is which.", "info"),
}


def _told_until(look: LicenseSnapshot) -> Instant | None:
    """When what holds now ends: by the contract while all is well, by silence only where that is the cause.

    Two clocks, never in one label [spec: contact-clock]: until when a lease is good without contact is no end of what
    is paid.
    """
    if look.lease_terms is None or look.standing.phase is not Phase.ACTIVE:
        return look.standing.until
    drawn = carried_on(look.lease_terms.spans, look.lease_terms.outlook_at(look.now), look.lease_terms.prepaid_until)
    return span_at(drawn, look.now).until


def _phase_sentence(phase: Phase, why: PhaseCause, until: Instant | None) -> str:
    end, reason = "" if until is None else f" until {format_moment(until)}", RULES[why][0]
    return f"The license {PHASES[phase]}{end}: {reason[0].lower()}{reason[1:]}"
