"""The one place of the agent where what is kept, what is proven of it, and the time come together.

Every value handed out is immutable and replaced whole. Who may change it, and when, is `keeper`'s.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from tenure.agent.exchange import Identity
from tenure.agent.kept import Kept, Memory
from tenure.core.acceptance import Held
from tenure.core.clock import Estimate, certain
from tenure.core.lease import SHORT, Lease
from tenure.core.outlook import Outlook, carried_on
from tenure.core.refusals import Code, Refused
from tenure.core.standing import UNLICENSED, Amnesty, Standing, compiled, device_standing, device_timeline
from tenure.core.timeline import Timeline
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import Now, Timekeeper
from tenure.sdk.faults import incomplete, unreadable, unwritable
from tenure.sdk.trusted import Trusted, walk
from tenure.wire import seal
from tenure.wire.keys import SeedSigner, thumbprint
from tenure.wire.notices import Notice, read_notice
from tenure.wire.root import Root
from tenure.wire.seal import Typ
from tenure.wire.seats import SealedSeat, read_seat

log = logging.getLogger("tenure.agent")

LOOK_AGAIN = 60
"""Seconds after which the clocks are looked at again, whatever is due: a leap of the wall clock has to be noticed."""


class Ready(msgspec.Struct, frozen=True):
    """The functions that are on, and until when (ticks) that needs no second look."""

    until: float
    features: frozenset[str]
    standing: Standing


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What of the state kept still holds, proven anew from root to seat."""

    seat: SealedSeat | None = None
    amnesties: tuple[Amnesty, ...] = ()
    fault: Refused | None = None
    """Why the seat that is kept counts no longer."""

    @property
    def lease(self) -> Lease | None:
        """The lease that the seat stands on."""
        return None if self.seat is None else self.seat.lease.lease


class Holder:
    """Possession of one seat."""

    def __init__(
        self,
        who: Identity,
        pinned: Root,
        memory: Memory,
        time: Timekeeper,
        draw: Callable[[int], bytes],
        boots: BootWatch | None = None,
    ) -> None:
        """`boots`: this boot's view of the others; made of `who` and the clocks where none is given."""
        self._configured = who
        self._pinned = pinned
        self._memory, self._time, self._draw = memory, time, draw
        self._owned: tuple[bytes, str] | None = None
        """The key that was put to the proof, and the thumbprint it has."""
        self._boots = boots or BootWatch(time.clocks, who.name, who.hardware.values())
        self._unread: Refused | None = None
        self._unsaved: Refused | None = None
        self._saved = self._kept = Kept()
        try:
            self._saved = self._kept = memory.load()
        except OSError as fault:
            self._unread = unreadable(fault, memory.place)
        self._prove()
        time.adopt(self._kept.clock)
        if self._unread is None:
            self._look_for_boots()
        self.ready = self.compiled()

    @property
    def kept(self) -> Kept:
        """What is kept, with the clock as it has gone on since."""
        return msgspec.structs.replace(self._kept, clock=self._time.state)

    @property
    def saved(self) -> Kept:
        """What is on disk."""
        return self._saved

    @property
    def root(self) -> Root:
        """The newest root document proven."""
        return self._trusted.root

    @property
    def who(self) -> Identity:
        """Who reads; a sandbox only as long as the root is one of a sandbox."""
        return self._who

    @property
    def held(self) -> Held:
        """This reader with empty hands. A device holds another key than the lease names, and goes by the site."""
        return Held(product=self._who.product, version=self._who.version, key=None, sandbox=self._who.sandbox)

    @property
    def proven(self) -> Proven:
        """Everything proven."""
        return self._proven

    @property
    def memory(self) -> Memory:
        """Where it is kept."""
        return self._memory

    @property
    def faults(self) -> tuple[Refused, ...]:
        """What is wrong with the folder, as far as this process has met with it."""
        missing = self._memory.missing()
        gone = incomplete(missing, self._memory.place) if missing else None
        return tuple(each for each in (self._unread, self._unsaved, gone) if each is not None)

    def note(self, refused: Refused) -> Refused:
        """Shows from now on, until something was saved, that nothing can be; hands `refused` on."""
        if refused.code in {Code.FOLDER_UNWRITABLE, Code.FOLDER_UNLOCKABLE}:
            self._unsaved = refused
        return refused

    def reload(self) -> Refused | None:
        """Takes over what another process of this device has saved since; refuses `folder_unreadable`.

        Refuses `folder_served_elsewhere` while another boot uses the folder: nothing may be asked or saved then.
        """
        try:
            loaded = self._memory.load()
        except OSError as fault:
            if self._unread is None:
                log.warning("what is kept cannot be read: %s", fault)
            self._unread = unreadable(fault, self._memory.place)
            return self._unread
        self._unread = None
        if loaded == Kept() != self._saved:
            log.warning("what was kept is gone or cannot be read; what this process knows goes on")
        elif loaded != self._saved:
            self._saved = loaded
            self.adopt(loaded)
        return self._look_for_boots()

    def adopt(self, kept: Kept) -> None:
        """Goes by `kept` from now on, whether it could be saved or not."""
        before, self._kept = self._kept, kept
        if _proof_of(kept) != _proof_of(before):
            self._prove()
        self._time.adopt(kept.clock)
        self.ready = self.compiled()

    def save(self, kept: Kept) -> Refused | None:
        """Saves `kept` and goes by it; a refusal, and no change, when it cannot be saved."""
        return self._write(msgspec.structs.replace(kept, beat=self._boots.beat() if kept.seat else None))

    @property
    def place(self) -> str:
        """The folder's path."""
        return self._memory.place

    def alone(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `kept.Memory`."""
        return self._memory.alone(wait=wait)

    def leave(self) -> None:
        """Notes in the folder that this boot uses it no longer, unless other programs of it do."""
        with self._boots.leaving(self._saved.beat) as beat:
            if beat is not None:
                self._write(msgspec.structs.replace(self.kept, beat=beat))

    def _write(self, kept: Kept) -> Refused | None:
        try:
            self._memory.save(kept)
        except OSError as fault:
            log.warning("the state cannot be saved: %s", fault)
            self._unsaved = unwritable(fault, self._memory.place)
            return self._unsaved
        self._saved, self._unsaved = kept, None
        self.adopt(kept)
        return None

    def further(self, data: bytes) -> Refused | None:
        """Takes the next root document, saved before anything is believed because of it."""
        following = self._trusted.then(data)
        if isinstance(following, Refused):
            return following
        return self.save(msgspec.structs.replace(self.kept, roots=following.followed))

    def now(self) -> Now:
        """Reads the clocks."""
        lease = self._proven.lease
        return self._time.now(
            self._kept.held.serial, self._life(), sandbox=self._who.sandbox and lease is not None and lease.sandbox
        )

    def _life(self) -> int:
        """Seconds for which seat and lease are good: by the shorter a leap of the clock is measured."""
        seat = self._proven.seat
        if seat is None:
            return 0
        term, lease = seat.seat.term(), seat.lease.lease
        own = term.until - term.iat
        return min(own, lease.life) if own < SHORT else lease.life

    def standing(self, estimate: Estimate) -> Standing:
        """What this device may do now [spec: standing], bounded by its seat."""
        seat, kept = self._proven.seat, self._kept
        if seat is None:
            return msgspec.structs.replace(UNLICENSED, refusal=self._proven.fault, warning=estimate.refusal)
        standing = device_standing(
            seat.lease.lease,
            seat.seat.term(),
            kept.contact,
            self._proven.amnesties,
            estimate,
            version=self._who.version,
        )
        elsewhere = self._boots.refused
        return standing if elsewhere is None else msgspec.structs.replace(standing, refusal=elsewhere, features=())

    def outrun(self) -> bool:
        """Whether functions have come or gone since the time was saved: it is to be saved now.

        Else, after a restart with a wall clock that has yet to be believed, they would come and go again. So it is in a
        folder that was left, which whoever uses it takes again.
        """
        if self._boots.is_left(self._saved.beat):
            return True
        then = self.standing(certain(self._saved.clock.highest))
        return then.features != self.standing(self.now().estimate).features

    def timeline(self) -> Timeline:
        """Everything that will happen to this device if nobody does anything; empty without a seat.

        For people, with the renewals that are expected: what is granted is `standing`'s and knows of none.
        """
        seat = self._proven.seat
        if seat is None:
            return ()
        lease, now = seat.lease.lease, self.now().instant
        told = msgspec.structs.replace(lease, spans=carried_on(lease.spans, lease.outlook_at(now), lease.prepaid_until))
        return device_timeline(told, seat.seat.term(), self._kept.contact, self._proven.amnesties)

    def outlook(self) -> Outlook | None:
        """What is known of the next renewal, as the lease beneath the seat says it; None: nothing."""
        seat = self._proven.seat
        return None if seat is None else seat.lease.lease.outlook_at(self.now().instant)

    def compiled(self) -> Ready:
        """The functions that are on now, and how long that is certain."""
        now = self.now()
        snapshot = compiled(self.standing(now.estimate), now.instant)
        # The estimate moves on with whole ticks, so that the change comes exactly at a whole tick.
        steady = min(LOOK_AGAIN, snapshot.valid_until - now.instant)
        self.ready = Ready(now.reading.uptime + steady, snapshot.features, snapshot.standing)
        return self.ready

    def _look_for_boots(self) -> Refused | None:
        if self._boots.look(self._saved.beat, self._memory.place, self.now().instant):
            self.ready = self.compiled()
        return self._boots.refused

    def _prove(self) -> None:
        self._trusted: Trusted = walk(self._pinned, self._kept.roots)
        sandbox = self._configured.sandbox and self._trusted.root.sandbox
        self._who = msgspec.structs.replace(self._configured, sandbox=sandbox)
        self._proven = prove(self._kept, self._trusted.root, self._who, self._owns)

    def _owns(self, seed: bytes, jkt: str) -> Refused | None:
        """See `not_held`; a key that has been put to the proof in this process is not put to it with every seat."""
        if (seed, jkt) == self._owned:
            return None
        refused = not_held(seed, jkt, self._draw)
        self._owned = (seed, jkt) if refused is None else None
        return refused


def _proof_of(kept: Kept) -> tuple[object, ...]:
    """What is proven; as long as it stays the same it needs no second proof."""
    return kept.roots, kept.seat, kept.seat_seed, kept.held.token, kept.notices


def prove(kept: Kept, root: Root, who: Identity, owns: Callable[[bytes, str], Refused | None]) -> Proven:
    """What of `kept` still holds under `root`: the lease by the root, the seat by the lease, the key by this device.

    `owns`: why the key made from a seed is not the one of a thumbprint (`not_held`).
    """
    read = (read_notice(token, root, product=who.product, sandbox=who.sandbox) for token in kept.notices)
    amnesties = tuple(notice.amnesty() for notice in read if isinstance(notice, Notice))
    if not kept.seat:
        return Proven(amnesties=amnesties)
    seat = read_seat(kept.bundle, root, product=who.product, sandbox=who.sandbox)
    if isinstance(seat, Refused):
        return Proven(amnesties=amnesties, fault=seat)
    fault = owns(kept.seat_seed, seat.seat.cnf.jkt)
    return Proven(seat=None if fault is not None else seat, amnesties=amnesties, fault=fault)


def not_held(seed: bytes, jkt: str, draw: Callable[[int], bytes]) -> Refused | None:
    """`lease_not_mine` unless this device can sign as the key that the seat names; it is put to the proof."""
    if not seed:
        return Refused(Code.LEASE_NOT_MINE, "The device's key is gone.")
    signer = SeedSigner(seed)
    opened = seal.open_(
        seal.seal(Typ.DEVICE_REQUEST, draw(32), signer), Typ.DEVICE_REQUEST, seal.by_owner(signer.public)
    )
    if isinstance(opened, Refused) or thumbprint(opened.public) != jkt:
        return Refused(Code.LEASE_NOT_MINE, "The seat names another device's key.")
    return None
