"""What a site does by itself: asks the server when it is due, counts silent devices no longer, notes what has changed.

It is looked at about twice a minute; nothing becomes true here, so a look that comes late makes nothing wrong.
"""

import logging

import msgspec

from tenure.core.allotment import should_ask
from tenure.core.explain import RULES
from tenure.core.outlook import carried_on, moment
from tenure.core.plurals import format_count
from tenure.core.timeline import DAY, Instant, Phase, Why, at
from tenure.core.usage import Level, step
from tenure.sdk.changed import PHASES
from tenure.sdk.outcomes import Declined, Synchronized
from tenure.site import conflict, switching
from tenure.site.guarding import Guard
from tenure.site.license import Look, ProductLicense
from tenure.site.merging import release_due
from tenure.site.opening import Site
from tenure.site.seats import ROUND
from tenure.site.store import devices, events, people, pools, uses
from tenure.site.store.writer import Connection

log = logging.getLogger("tenure.site")

TURN = 30.0
"""Seconds between two looks."""
REMEMBERED = 60 * DAY
"""For so long a removed device that returns is told that it was."""
ASK_AGAIN = 600
"""Seconds between two synchronisations for the sake of a larger allotment."""


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the administrator was told last, so that each change is told once."""

    phase: Phase = Phase.PENDING
    why: Why = Why.NOT_ACTIVATED
    level: Level = Level.NORMAL
    successor: Instant | None = None


class Watch:
    """The site's turns."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._guard = Guard(site)
        self._asked: dict[str, tuple[int, int]] = {}

    def turn(self) -> None:
        """One look at the folder and at every product; a fault at one harms no other."""
        self._guard.look()
        for license_ in self._site.licenses.values():
            try:
                self._look_after(license_)
            except Exception:
                log.exception("looking after %s failed; the next turn comes all the same", license_.product)
        now = self._site.now()
        self._site.store.write(lambda conn: self._prune(conn, now)).result()

    def network_returned(self) -> None:
        """The network is back: every keeper asks within 15 minutes."""
        for license_ in self._site.licenses.values():
            license_.keeper.network_returned()

    def note(self, license_: ProductLicense) -> None:
        """Takes in what a synchronisation or activation has brought; also after one by hand."""
        look = license_.look()
        self._site.store.write(lambda conn: self._noted(conn, license_, look)).result()

    def _look_after(self, license_: ProductLicense) -> None:
        outcome = license_.tick()
        if outcome is not None:
            self.synchronized(license_, outcome)
        license_.remember_wait()
        self._ask_for_more(license_)
        self.note(license_)

    def _ask_for_more(self, license_: ProductLicense) -> None:
        """Less than half of the margin is free: the server is asked for more, unless it knows of the need
        [spec: allotments]."""
        holder = license_.keeper.holder
        lease, uptime = holder.lease(), holder.now().reading.uptime
        need = self._site.store.read(license_.need)
        if lease is None or holder.kept.contacts.failures or license_.keeper.asked_before_start():
            return
        if not should_ask(need, lease.allotment, lease.limit):
            return
        known, asked = self._asked.get(license_.product, (-1, -ASK_AGAIN))
        if known == need or uptime - asked < ASK_AGAIN:
            return
        self._asked[license_.product] = (need, uptime)
        self.synchronized(license_, license_.synchronize("edge"))

    def synchronized(self, license_: ProductLicense, outcome: Synchronized | Declined) -> None:
        """Notes what a synchronisation has changed."""
        if isinstance(outcome, Synchronized) and outcome.differences:
            text, now = outcome.message, license_.look().now
            self._site.store.write(
                lambda conn: events.add(conn, now, "info", "synchronised", text, product=license_.product)
            ).result()

    def _noted(self, conn: Connection, license_: ProductLicense, look: Look) -> None:
        switching.noticed(conn, license_.product, look)
        release_due(conn, license_.product, look)
        conflict.look_after(conn, license_.product, look)
        uses.note(conn, license_.product, look.now)
        self._note_history(conn, license_.product, look)
        self._tell(conn, license_.product, look)

    def _note_history(self, conn: Connection, product: str, look: Look) -> None:
        """Forks and restores: after a resolved fork one round of refreshes goes by before any new seat
        [spec: new-seats]."""
        pool = pools.pool(conn, product)
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

    def _tell(self, conn: Connection, product: str, look: Look) -> None:
        pool, standing = pools.pool(conn, product), look.standing
        told = msgspec.json.decode(pool.told, type=Told) if pool.told else Told()
        if (standing.phase, standing.why) != (told.phase, told.why):
            since = look.now if standing.since is None else min(standing.since, look.now)
            severity = _SEVERITY.get(standing.phase, "warning")
            events.add(
                conn,
                since,
                severity,
                "phase_changed",
                _changed(standing.phase, standing.why, _told_until(look)),
                product=product,
            )
        limit = 0 if look.terms is None else look.terms.limit
        seen = step(told.level, pool.counted, limit)
        if seen.event is not None and limit:
            text = f"{pool.counted:,} of {format_count(limit, 'device is', 'devices are')} in use."
            severity = "info" if seen.event is Level.INFO else "warning"
            events.add(conn, look.now, severity, f"use_{seen.event.value}", text, product=product)
        now = Told(phase=standing.phase, why=standing.why, level=seen.announced)
        if now != told:
            pools.noticed_told(conn, product, msgspec.json.encode(now))

    def _prune(self, conn: Connection, now: Instant) -> None:
        events.prune(conn, now)
        uses.prune(conn, now)
        devices.forget_removed(conn, now - REMEMBERED)
        devices.forget_ephemeral(conn, now - DAY)
        people.prune(conn, self._site.computer.clocks.wall())
        self._site.answers.prune(conn, now)


_SEVERITY: dict[Phase, events.Severity] = {Phase.ACTIVE: "info", Phase.GRACE: "warning", Phase.ENDED: "critical"}

_FORK: dict[bool, tuple[str, str, events.Severity]] = {
    True: ("fork_found", "A copy of this site uses the same identity: no new device is protected.", "critical"),
    False: ("fork_resolved", "It is settled which copy of this site is which.", "info"),
}


def _told_until(look: Look) -> Instant | None:
    """When what holds now ends: by the contract while all is well, by silence only where that is the cause.

    Two clocks, never in one label [spec: contact-clock]: until when a lease is good without contact is no end of what
    is paid.
    """
    if look.terms is None or look.standing.phase is not Phase.ACTIVE:
        return look.standing.until
    drawn = carried_on(look.terms.spans, look.terms.outlook_at(look.now), look.terms.prepaid_until)
    return at(drawn, look.now).until


def _changed(phase: Phase, why: Why, until: Instant | None) -> str:
    end, reason = "" if until is None else f" until {moment(until)}", RULES[why][0]
    return f"The license {PHASES[phase]}{end}: {reason[0].lower()}{reason[1:]}"
