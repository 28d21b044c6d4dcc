"""The one place of the agent where what is kept, what is proven of it, and the time come together.

Every value handed out is immutable and replaced whole. Who may change it, and when, is `seat_keeper`'s.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from tenure.agent.device_state import DeviceState, DeviceStateFolder
from tenure.agent.requests import DeviceIdentity
from tenure.core.lease.acceptance import TrustedLeaseState
from tenure.core.lease.claims import SHORT, Lease
from tenure.core.lease.clock import TimeEstimate, certain_estimate
from tenure.core.lease.standing import (
    UNLICENSED,
    OutageAmnesty,
    Standing,
    compile_snapshot,
    device_standing,
    device_timeline,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import RenewalOutlook, carried_on
from tenure.core.timeline import Timeline
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import PresentMoment, Timekeeper
from tenure.sdk.faults import refuse_incomplete, refuse_unreadable, refuse_unwritable
from tenure.sdk.root_store import TrustedRoots, walk_roots
from tenure.wire import jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import SeedSigner, key_thumbprint
from tenure.wire.notices import SignedNotice, read_notice
from tenure.wire.root import TrustedRoot
from tenure.wire.seats import SealedSeat, read_seat

log = logging.getLogger("tenure.agent")

LOOK_AGAIN = 60
"""Seconds after which the clocks are looked at again, whatever is due: a jump of the wall clock has to be noticed."""


class ReadyFeatures(msgspec.Struct, frozen=True):
    """The functions that are on, and until when (ticks) that needs no second look."""

    until: float
    features: frozenset[str]
    standing: Standing


class ProvenSeat(msgspec.Struct, frozen=True, kw_only=True):
    """What of the state kept still holds, proven anew from root to seat."""

    seat: SealedSeat | None = None
    amnesties: tuple[OutageAmnesty, ...] = ()
    fault: Refused | None = None
    """Why the seat that is kept counts no longer."""

    @property
    def lease(self) -> Lease | None:
        """The lease that the seat stands on."""
        return None if self.seat is None else self.seat.lease.lease


class SeatKeyHolder:
    """Possession of one seat."""

    def __init__(
        self,
        who: DeviceIdentity,
        pinned: TrustedRoot,
        memory: DeviceStateFolder,
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
        self._saved = self._kept = DeviceState()
        try:
            self._saved = self._kept = memory.load_state()
        except OSError as fault:
            self._unread = refuse_unreadable(fault, memory.place)
        self._prove_state()
        time.adopt_state(self._kept.clock)
        if self._unread is None:
            self._look_for_boots()
        self.ready = self.compile_features()

    @property
    def kept(self) -> DeviceState:
        """What is kept, with the clock as it has gone on since."""
        return msgspec.structs.replace(self._kept, clock=self._time.state)

    @property
    def saved_state(self) -> DeviceState:
        """What is on disk."""
        return self._saved

    @property
    def root(self) -> TrustedRoot:
        """The newest root document proven."""
        return self._trusted.root

    @property
    def current_reader(self) -> DeviceIdentity:
        """Who reads; a sandbox only as long as the root is one of a sandbox."""
        return self._who

    @property
    def empty_state(self) -> TrustedLeaseState:
        """This reader with empty hands. A device holds another key than the lease names, and goes by the site."""
        return TrustedLeaseState(
            product=self._who.product, version=self._who.version, key=None, sandbox=self._who.sandbox
        )

    @property
    def proven_seat(self) -> ProvenSeat:
        """Everything proven."""
        return self._proven

    @property
    def state_store(self) -> DeviceStateFolder:
        """Where it is kept."""
        return self._memory

    @property
    def current_faults(self) -> tuple[Refused, ...]:
        """What is wrong with the folder, as far as this process has met with it."""
        missing = self._memory.missing_files()
        gone = refuse_incomplete(missing, self._memory.place) if missing else None
        return tuple(each for each in (self._unread, self._unsaved, gone) if each is not None)

    def note_fault(self, refused: Refused) -> Refused:
        """Shows from now on, until something was saved, that nothing can be; hands `refused` on."""
        if refused.code in {RefusalCode.FOLDER_UNWRITABLE, RefusalCode.FOLDER_UNLOCKABLE}:
            self._unsaved = refused
        return refused

    def reload_state(self) -> Refused | None:
        """Takes over what another process of this device has saved since; refuses `folder_unreadable`.

        Refuses `folder_served_elsewhere` while another boot uses the folder: nothing may be asked or saved then.
        """
        try:
            loaded = self._memory.load_state()
        except OSError as fault:
            if self._unread is None:
                log.warning("the stored state cannot be read: %s", fault)
            self._unread = refuse_unreadable(fault, self._memory.place)
            return self._unread
        self._unread = None
        if loaded == DeviceState() != self._saved:
            log.warning("the stored state is gone or cannot be read; what this process knows goes on")
        elif loaded != self._saved:
            self._saved = loaded
            self.apply_state(loaded)
        return self._look_for_boots()

    def apply_state(self, kept: DeviceState) -> None:
        """Goes by `kept` from now on, whether it could be saved or not."""
        before, self._kept = self._kept, kept
        if _proof_of(kept) != _proof_of(before):
            self._prove_state()
        self._time.adopt_state(kept.clock)
        self.ready = self.compile_features()

    def save_state(self, kept: DeviceState) -> Refused | None:
        """Saves `kept` and goes by it; a refusal, and no change, when it cannot be saved."""
        return self._write_state(
            msgspec.structs.replace(kept, beat=self._boots.current_heartbeat() if kept.seat else None)
        )

    @property
    def place(self) -> str:
        """The folder's path."""
        return self._memory.place

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `device_state.DeviceStateFolder`."""
        return self._memory.hold_lock(wait=wait)

    def leave_folder(self) -> None:
        """Notes in the folder that this boot uses it no longer, unless other programs of it do."""
        with self._boots.leave_folder(self._saved.beat) as beat:
            if beat is not None:
                self._write_state(msgspec.structs.replace(self.kept, beat=beat))

    def _write_state(self, kept: DeviceState) -> Refused | None:
        try:
            self._memory.save_state(kept)
        except OSError as fault:
            log.warning("the state cannot be saved: %s", fault)
            self._unsaved = refuse_unwritable(fault, self._memory.place)
            return self._unsaved
        self._saved, self._unsaved = kept, None
        self.apply_state(kept)
        return None

    def advance_root(self, data: bytes) -> Refused | None:
        """Takes the next root document, saved before anything is believed because of it."""
        following = self._trusted.with_next(data)
        if isinstance(following, Refused):
            return following
        return self.save_state(msgspec.structs.replace(self.kept, roots=following.followed))

    def now(self) -> PresentMoment:
        """Reads the clocks."""
        lease = self._proven.lease
        return self._time.now(
            self._kept.held.serial,
            self._shorter_life(),
            sandbox=self._who.sandbox and lease is not None and lease.sandbox,
        )

    def _shorter_life(self) -> int:
        """Seconds for which seat and lease are good: by the shorter a jump of the clock is measured."""
        seat = self._proven.seat
        if seat is None:
            return 0
        term, lease = seat.seat.as_term(), seat.lease.lease
        own = term.until - term.iat
        return min(own, lease.life) if own < SHORT else lease.life

    def standing(self, estimate: TimeEstimate) -> Standing:
        """What this device may do now [spec: standing], bounded by its seat."""
        seat, kept = self._proven.seat, self._kept
        if seat is None:
            return msgspec.structs.replace(UNLICENSED, refusal=self._proven.fault, warning=estimate.refusal)
        standing = device_standing(
            seat.lease.lease,
            seat.seat.as_term(),
            kept.contact,
            self._proven.amnesties,
            estimate,
            version=self._who.version,
        )
        elsewhere = self._boots.refused
        return standing if elsewhere is None else msgspec.structs.replace(standing, refusal=elsewhere, features=())

    def features_changed(self) -> bool:
        """Whether functions have come or gone since the time was saved: it is to be saved now.

        Else, after a restart with a wall clock that has yet to be believed, they would come and go again. So it is in a
        folder that was left, which whoever uses it takes again.
        """
        if self._boots.is_left(self._saved.beat):
            return True
        then = self.standing(certain_estimate(self._saved.clock.highest))
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
        return device_timeline(told, seat.seat.as_term(), self._kept.contact, self._proven.amnesties)

    def outlook(self) -> RenewalOutlook | None:
        """What is known of the next renewal, as the lease beneath the seat says it; None: nothing."""
        seat = self._proven.seat
        return None if seat is None else seat.lease.lease.outlook_at(self.now().instant)

    def compile_features(self) -> ReadyFeatures:
        """The functions that are on now, and how long that is certain."""
        now = self.now()
        snapshot = compile_snapshot(self.standing(now.estimate), now.instant)
        # The estimate moves on with whole ticks, so that the change comes exactly at a whole tick.
        steady = min(LOOK_AGAIN, snapshot.valid_until - now.instant)
        self.ready = ReadyFeatures(now.reading.uptime + steady, snapshot.features, snapshot.standing)
        return self.ready

    def _look_for_boots(self) -> Refused | None:
        if self._boots.observe_heartbeat(self._saved.beat, self._memory.place, self.now().instant):
            self.ready = self.compile_features()
        return self._boots.refused

    def _prove_state(self) -> None:
        self._trusted: TrustedRoots = walk_roots(self._pinned, self._kept.roots)
        sandbox = self._configured.sandbox and self._trusted.root.is_sandbox
        self._who = msgspec.structs.replace(self._configured, sandbox=sandbox)
        self._proven = prove_seat(self._kept, self._trusted.root, self._who, self._owns_key)

    def _owns_key(self, seed: bytes, jkt: str) -> Refused | None:
        """See `not_held`; a key that has been put to the proof in this process is not put to it with every seat."""
        if (seed, jkt) == self._owned:
            return None
        refused = not_held(seed, jkt, self._draw)
        self._owned = (seed, jkt) if refused is None else None
        return refused


def _proof_of(kept: DeviceState) -> tuple[object, ...]:
    """What is proven; as long as it stays the same it needs no second proof."""
    return kept.roots, kept.seat, kept.seat_seed, kept.held.token, kept.notices


def prove_seat(
    kept: DeviceState, root: TrustedRoot, who: DeviceIdentity, owns: Callable[[bytes, str], Refused | None]
) -> ProvenSeat:
    """What of `kept` still holds under `root`: the lease by the root, the seat by the lease, the key by this device.

    `owns`: why the key made from a seed is not the one of a thumbprint (`not_held`).
    """
    read = (read_notice(token, root, product=who.product, sandbox=who.sandbox) for token in kept.notices)
    amnesties = tuple(notice.as_amnesty() for notice in read if isinstance(notice, SignedNotice))
    if not kept.seat:
        return ProvenSeat(amnesties=amnesties)
    seat = read_seat(kept.bundle, root, product=who.product, sandbox=who.sandbox)
    if isinstance(seat, Refused):
        return ProvenSeat(amnesties=amnesties, fault=seat)
    fault = owns(kept.seat_seed, seat.seat.cnf.jkt)
    return ProvenSeat(seat=None if fault is not None else seat, amnesties=amnesties, fault=fault)


def not_held(seed: bytes, jkt: str, draw: Callable[[int], bytes]) -> Refused | None:
    """`lease_not_mine` unless this device can sign as the key that the seat names; it is put to the proof."""
    if not seed:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The device's key is gone.")
    signer = SeedSigner(seed)
    opened = jws.open_token(
        jws.sign_token(TokenType.DEVICE_REQUEST, draw(32), signer),
        TokenType.DEVICE_REQUEST,
        jws.by_owner(signer.public),
    )
    if isinstance(opened, Refused) or key_thumbprint(opened.public) != jkt:
        return Refused(RefusalCode.LEASE_NOT_MINE, "The seat names another device's key.")
    return None
