"""The judge: looks at everybody after each step and says which promise was broken (P1, P2, P5, forks, books).

Knows the truth that no program knows: the true instant, which disks were copied, what went over which wire.
"""

import logging
from collections import Counter

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.sandbox.simulation.clocks import TrueTime
from tenure.sandbox.simulation.devices import SimulatedDevice
from tenure.sandbox.simulation.granted_places import GrantedPlaces
from tenure.sandbox.simulation.promises import jws_payload, lease_claims
from tenure.sandbox.simulation.seeded_random import WorldTrace
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.vendor import SimulatedVendor
from tenure.server import subscription_service
from tenure.store import integrity, projections
from tenure.store.engine import Connection

AFTER_A_COPY = 17 * DAY
"""B7 after two copies of a site lived: one round of adoption and one seat life [spec: new-seats]."""

AFTER_A_RESTORE = 45 * DAY
"""P5 after the server's database was put back: what it signed for sites that joined since the backup is known to them
alone, until each has come or its leases and seats are over. By so much, and no more, the limit may be exceeded."""


class BrokenPromise(AssertionError):
    """A promise was broken; says which, where and when, and how to see it again."""


class SyncQuestion(msgspec.Struct, frozen=True):
    """What the judge reads of a synchronization request."""

    request: str
    site: str
    token: str = ""
    pending: tuple[str, ...] = ()


class SyncReply(msgspec.Struct, frozen=True):
    """What the judge reads of its answer."""

    result: str
    forked: bool = False
    token: str = ""


class ActivationQuestion(msgspec.Struct, frozen=True):
    """What the judge reads of a request to activate."""

    request: str
    token: str = ""
    pending: tuple[str, ...] = ()


class WitnessedActivation(msgspec.Struct, frozen=True):
    """What the judge reads of an activation's answer."""

    site: str = ""
    token: str = ""
    forked: bool = False


class WitnessedSite(msgspec.Struct):
    """A site as the wire shows it."""

    tokens: dict[str, int]
    """Every token ever given to it, with its place in their order."""
    current: int
    request: str = ""
    answer: bytes = b""
    awaited: bool = False
    """A fork was resolved as restored: whichever copy comes next is the site."""

    def behind(self, asked: "SyncQuestion | ActivationQuestion") -> int:
        """How many tokens the asking installation is behind the last one given; below 1 for the site itself.

        A disk imaged before its first answer shows none, and is older than any. Who names the request whose answer
        brought the last token is the site, though that answer never reached it.
        """
        if self.awaited or self.request in asked.pending:
            return 0
        return self.current - self.tokens.get(asked.token, -1)


class LoggedFaults(logging.Handler):
    """Collects what programs log as their own fault: nothing may ever raise."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        self.seen.append(self.format(record))


class WorldJudge:
    """Sees one world."""

    def __init__(self, seed: int, time: TrueTime, trace: WorldTrace) -> None:
        self._seed, self._time, self._trace = seed, time, trace
        self.looks = self.synchronizations = self.forks = 0
        self.excused: dict[str, Instant] = {}
        """Until when the device limit of a subscription is not judged, because two copies of a site lived."""
        self.copied: set[str] = set()
        """Ids of sites that have had a copy or were put back."""
        self._sites: dict[str, WitnessedSite] = {}
        self._limits: dict[str, int] = {}
        self._forgotten: dict[str, list[tuple[Instant, int]]] = {}
        """By subscription how many devices the server has forgotten to have granted, and until when that counts."""
        self._seats: dict[str, dict[str, tuple[str, Instant]]] = {}
        """By subscription the devices that hold a seat: whose, and until when."""
        self._counted: dict[str, tuple[str, str]] = {}
        """By machine the subscription and the device as which its seat counts there."""
        self._granted = GrantedPlaces()
        self._unseen: dict[str, str] = {}
        """By machine the device whose process died: whether it had erased its seat is seen when it is back."""
        self.faults = LoggedFaults()
        self._first: BrokenPromise | None = None

    def broken(self, promise: str, who: str, what: str) -> BrokenPromise:
        """The violation as it is raised."""
        self._trace.note(self._time.now, who, f"VIOLATION of {promise}:", what)
        found = BrokenPromise(
            f"{promise} broken by {who}: {what}\nrepeat with --seed {self._seed}\n{self._trace.told(30, who)}"
        )
        # It may be raised in the midst of a program that goes on whatever happens to one of its turns.
        self._first = self._first or found
        return found

    # P1 and P2

    def look(self, who: SimulatedDevice | SimulatedSite) -> None:
        """Held against what it was promised: nothing more is on, and nothing less."""
        self.looks += 1
        promised, on, now = who.promised, who.features, self._time.now
        if promised is None:
            if on:
                raise self.broken("P2", who.name, f"{sorted(on)} without any promise")
            return
        if isinstance(who, SimulatedSite):
            lease = promised.at(now).lease
            self._granted.note_lease(lease.sub, lease.subscription, lease.allotment)
        low, high = who.bounds.low(now), who.bounds.high(now)
        more = on - promised.ever(low)
        if more:
            raise self.broken("P2", who.name, f"{sorted(more)} on, {now - promised.end} s after its end")
        less = promised.throughout(min(low, high), max(low, high)) - on
        if less:
            raise self.broken("P1", who.name, f"{sorted(less)} off, {promised.end - now} s before its end")

    def faultless(self) -> None:
        """Nothing was broken in the midst of a program's turn, and none has logged a fault of its own."""
        if self._first is not None:
            raise self._first
        if self.faults.seen:
            raise self.broken("faultlessness", "a program", self.faults.seen[0][:2_000])

    # P5

    def seat(self, device: SimulatedDevice) -> None:
        """Counts the seat that a device holds, or holds no longer; where it is a new one, all must fit."""
        promised, counted = device.promised, self._counted.get(device.name)
        if promised is None or promised.seat is None:
            if counted is not None:
                self._seats[counted[0]].pop(counted[1], None)
                del self._counted[device.name]
            return
        limit = promised.lease.limit
        name, seats = promised.lease.subscription, self._seats.setdefault(promised.lease.subscription, {})
        before = seats.get(promised.seat.sub)
        if counted is not None and counted[0] != name:
            self._seats[counted[0]].pop(counted[1], None)  # the same device, now under another subscription
        self._counted[device.name] = name, promised.seat.sub
        seats[promised.seat.sub] = (promised.seat.iss, promised.end)
        now = self._time.now
        if before is not None and before[1] > now:
            return
        self._limits[name] = max(limit, self._limits.get(name, 0))
        living, most = self._protected_devices(name), self._most_devices(name)
        if living > most and now >= self.excused.get(name, 0):
            raise self.broken("P5", device.name, f"{living} devices protected where {most} may be")

    def _protected_devices(self, subscription: str) -> int:
        """Devices that take a place of the subscription, each counted in one alone (`GrantedPlaces`)."""
        now, out_of_sight = self._time.now, set(self._unseen.values())
        living: dict[str, Counter[str]] = {}
        for name, seats in self._seats.items():
            for seat, (site, until) in seats.items():
                if until > now and seat not in out_of_sight:
                    living.setdefault(site, Counter()).update([name])
        return sum(self._granted.count_devices(site, subscription, seats) for site, seats in living.items())

    def unseen(self, device: SimulatedDevice) -> None:
        """A device's process died amid something: its seat may be erased on disk, and the site may know."""
        if device.name in self._counted:
            self._unseen[device.name] = self._counted[device.name][1]

    def back(self, device: SimulatedDevice) -> None:
        """It runs again: what it holds now counts, and has to fit as if it were new."""
        seat = self._unseen.pop(device.name, "")
        if seat:
            self._seats[self._counted[device.name][0]].pop(seat, None)
            self.seat(device)

    def limit(self, subscription: str, devices: int) -> None:
        """The provider sells so many devices from now on; lowered ones are judged by what was sold before."""
        self._limits[subscription] = max(devices, self._limits.get(subscription, 0))

    def allotments(self, sites: list[SimulatedSite]) -> None:
        """What the sites of each subscription may sign by the leases in their hands (B7)."""
        out: dict[str, dict[str, int]] = {}
        for site in sites:
            token = site.lease_on_disk()
            lease = lease_claims(token) if token else None
            if lease is not None and self._time.now < lease.contact_until:
                parts = out.setdefault(lease.subscription, {})
                parts[lease.sub] = max(lease.allotment, parts.get(lease.sub, 0))
        for name, parts in out.items():
            most = self._most_devices(name)
            if sum(parts.values()) > most and self._time.now >= self.excused.get(name, 0):
                raise self.broken("P5", name, f"allotments {parts} where {most} may be out")

    def _most_devices(self, subscription: str) -> int:
        """How many devices may be protected: limit and tolerance, and what a restored server cannot know of."""
        forgotten = (many for until, many in self._forgotten.get(subscription, ()) if self._time.now < until)
        return self._limits.get(subscription, 0) * 11 // 10 + sum(forgotten)

    def _forget_allotments(self, known: set[str], sites: list[SimulatedSite]) -> None:
        """The server knows these sites from now on, and waits for them; of the others it has never heard."""
        now, until = self._time.now, self._time.now + AFTER_A_RESTORE
        out: dict[tuple[str, str], int] = {}
        for name, seats in self._seats.items():
            for site, end in seats.values():
                out[name, site] = out.get((name, site), 0) + (end > now)
        for lease in (lease_claims(token) for token in (site.lease_on_disk() for site in sites) if token):
            place = lease.subscription, lease.sub
            out[place] = max(out.get(place, 0), lease.allotment if now < lease.contact_until else 0)
        for (name, site), many in out.items():
            if site not in known:
                self._forgotten.setdefault(name, []).append((until, many))

    # forks

    def synchronized(self, body: bytes, reply: bytes | Refused) -> None:
        """Judge one synchronization as it went over the wire: a copy is one that shows an old token, and only that."""
        self.synchronizations += 1
        asked = msgspec.json.decode(jws_payload(body), type=SyncQuestion)
        if isinstance(reply, Refused):
            return
        said = msgspec.json.decode(jws_payload(reply), type=SyncReply)
        known = self._sites.get(asked.site)
        if known is None:
            known = self._sites[asked.site] = WitnessedSite({asked.token: 0}, 0)
        if asked.request == known.request:
            if reply != known.answer:
                raise self.broken("P4", asked.site, "a repeated request got another answer")
            return
        behind = known.behind(asked)
        known.awaited = False
        self._fork_judged(asked.site, behind, forked=said.forked, refused=said.result == "refused")
        self.forks += said.forked
        if said.token:
            known.current = max(known.tokens.values()) + 1
            known.tokens[said.token] = known.current
            known.request, known.answer = asked.request, reply

    def activated(self, body: bytes, reply: bytes | Refused) -> None:
        """An activation as it went over the wire: where it was granted it brought the first token, or the next."""
        if isinstance(reply, Refused):
            return
        asked = msgspec.json.decode(jws_payload(body), type=ActivationQuestion)
        for name, known in self._sites.items():
            if asked.request == known.request and reply != known.answer:
                # With a second answer, the repetition would show an older token, and be taken for a copy's.
                raise self.broken("P4", name, "a repeated activation got another answer")
        said = msgspec.json.decode(jws_payload(reply), type=WitnessedActivation)
        if not said.site:
            return
        known = self._sites.setdefault(said.site, WitnessedSite({}, -1))
        if asked.request != known.request:
            self._fork_judged(said.site, known.behind(asked), forked=said.forked)
        if said.token and said.token not in known.tokens:
            known.awaited = False
            known.current = max(known.tokens.values(), default=-1) + 1
            known.tokens[said.token] = known.current
            known.request, known.answer = asked.request, reply

    def _fork_judged(self, site: str, behind: int, *, forked: bool, refused: bool = False) -> None:
        """A copy is found at once, and the site never is one; a refusal may be for a reason that comes before that."""
        if behind > 0 and not refused and not forked:
            raise self.broken("B9", site, f"a copy {behind} tokens behind was not found")
        if forked and behind <= 0:
            raise self.broken("B9", site, "a false fork: it showed the token given to it last")

    def resolved(self, site: str) -> None:
        """The provider says that a site was restored."""
        if site in self._sites:
            self._sites[site].awaited = True

    def restored(self, backup: list[tuple[str, bytes]], sites: list[SimulatedSite]) -> None:
        """The server's database was put back, with these rows (name, token): it goes by the tokens it knew then;
        newer ones prove a site genuine."""
        known = {name: token.decode() for name, token in backup}
        for name, site in self._sites.items():
            site.current = site.tokens.get(known.get(name, ""), -1)
            site.request, site.answer = "", b""
        self._forget_allotments(set(known), sites)

    # books and histories

    def books(self, vendor: SimulatedVendor) -> None:
        """Every balance is what its postings sum up to and not below its credit; every history verifies."""
        rows = vendor.read("select customer, balance, reserve, credit_limit from accounts")
        for customer, balance, reserve, credit in rows:
            if balance < -credit or reserve < 0:
                raise self.broken("P5", customer, f"balance {balance}, reserve {reserve}, credit {credit}")
        drifted = vendor.inspect(integrity.drifted_accounts)
        if drifted:
            raise self.broken("the ledger", "the server", f"{drifted}")

    def histories(self, vendor: SimulatedVendor) -> None:
        """Every history verifies, link by link."""
        findings = vendor.inspect(lambda conn: list(integrity.verify_histories(conn)))
        if findings:
            raise self.broken("P7", "the server", f"{findings}")

    def replayed(self, vendor: SimulatedVendor) -> None:
        """What is shown in lists is what the facts say when they are read again from the first one on."""
        now = self._time.now
        for provider, name in vendor.read("select provider, id from subscriptions"):

            def again(conn: Connection, provider: str = provider, name: str = name) -> tuple[object, object]:
                before = projections.get_standing(conn, provider, name)
                subscription_service.rebuild_projections(conn, provider, name, now)
                return before, projections.get_standing(conn, provider, name)

            before, after = vendor.inspect(again)
            if before != after:
                raise self.broken("replay", name, f"shown {before}, by its facts {after}")

    def agreed(self, vendor: SimulatedVendor, sites: list[SimulatedSite]) -> None:
        """After days of calm every site goes by the server's newest word, but for copies that were told to go."""
        known = {name: (epoch, serial) for name, epoch, serial in vendor.read("select id, epoch, serial from sites")}
        for site in sites:
            token = site.lease_on_disk()
            if not token or not site.up or site.withdrawn is not False:
                continue
            lease = lease_claims(token)
            goes_by = lease.epoch, lease.serial
            newest = known.get(lease.sub, goes_by)
            if goes_by != newest:
                raise self.broken("agreement", site.name, f"it goes by {goes_by}, the server by {newest}")
