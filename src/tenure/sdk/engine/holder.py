"""The one place in a process where what is kept, what is proven of it, and the time come together.

Every value handed out is immutable and replaced whole, so that readers never wait and never see half a change. Who may
change it, and when, is `keeper`'s; what is held, a lease or a seat, is the payload's.
"""

import logging
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

import msgspec

from tenure.core.lease.clock import ClockState, TimeEstimate, certain_estimate
from tenure.core.lease.standing import Standing, compile_snapshot
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import PresentMoment, Timekeeper
from tenure.sdk.engine.state import S, StateStore, change_fields
from tenure.sdk.faults import refuse_incomplete, refuse_unreadable, refuse_unwritable
from tenure.sdk.root_store import TrustedRoots, walk_roots
from tenure.wire.root import TrustedRoot

log = logging.getLogger("tenure.license")

LOOK_AGAIN = 60
"""Seconds after which the clocks are looked at again, whatever is due: a jump of the wall clock has to be noticed."""
LOOK_AGAIN_IN_SANDBOX = 0.05
"""A sandbox's clock file jumps without notice."""

P = TypeVar("P")
"""What is proven of a kept state: an immutable value."""


class ReadyFeatures(msgspec.Struct, frozen=True):
    """The functions that are on, and until when (ticks) that needs no second look."""

    until: float
    features: frozenset[str]
    standing: Standing


class ClockBasis(msgspec.Struct, frozen=True):
    """What of the word held the clock estimate goes by (`lease.clock.observe`)."""

    serial: int = 0
    life: int = 0
    """Seconds for which it is good."""
    sandbox: bool = False
    """Whether root and lease are both a sandbox's, whose time is its own."""


class Payload(Protocol[S, P]):
    """What is held, as the engine sees it. Pure: no clock, no I/O."""

    @property
    def empty(self) -> S:
        """The state of a client that was never answered."""

    def proof_of(self, kept: S) -> tuple[object, ...]:
        """What is proven; as long as it stays the same it needs no second proof."""

    def prove(self, kept: S, root: TrustedRoot) -> P:
        """What of `kept` still holds under `root`."""

    def update_proven(self, proven: P, kept: S) -> P:
        """`proven` beside another state of which the same is to be proven."""

    def is_served(self, kept: S) -> bool:
        """Whether it serves this computer, so that no other boot may use its folder."""

    def standing(self, proven: P, kept: S, estimate: TimeEstimate) -> Standing:
        """What may be done now [spec: standing]."""

    def clock_basis(self, proven: P, kept: S) -> ClockBasis:
        """What the clock estimate goes by."""


class StateHolder(Generic[S, P]):
    """Possession of one payload: kept, proven, dated."""

    def __init__(
        self,
        payload: Payload[S, P],
        pinned: TrustedRoot,
        memory: StateStore[S],
        time: Timekeeper,
        *,
        boots: BootWatch | None = None,
        look_again: float = LOOK_AGAIN,
    ) -> None:
        """`boots`: looks whether another boot uses the folder; None where the memory is no folder that could be shared.

        `look_again`: seconds after which the clocks are looked at again.
        """
        self._payload, self._pinned, self._memory, self._time = payload, pinned, memory, time
        self._boots, self._look_again = boots, look_again
        self._unread: Refused | None = None
        self._unsaved: Refused | None = None
        self.hindered: Refused | None = None
        """Why this computer's own settings prevented the last exchange."""
        self._saved = self._kept = payload.empty
        try:
            self._saved = self._kept = memory.load_state()
        except OSError as fault:
            self._unread = refuse_unreadable(fault, memory.place)
        self._trusted: TrustedRoots
        self._proven: P
        self._prove_state()
        time.adopt_state(self._kept.clock)
        if self._unread is None:
            self._look_for_boots()
        self.ready: ReadyFeatures
        self.refresh_features()

    @property
    def kept(self) -> S:
        """What is kept, with the clock as it has gone on since."""
        return change_fields(self._kept, clock=self._time.state)

    @property
    def saved_clock(self) -> ClockState:
        """The clock as it was saved last."""
        return self._saved.clock

    @property
    def root(self) -> TrustedRoot:
        """The newest root document proven."""
        return self._trusted.root

    @property
    def proven(self) -> P:
        """Everything proven."""
        return self._proven

    @property
    def place(self) -> str:
        """Where it is kept, for people."""
        return self._memory.place

    @property
    def serves(self) -> bool:
        """Whether there is anything held that could serve this computer."""
        return self._payload.is_served(self._kept)

    @property
    def has_missing_files(self) -> bool:
        """Whether files are missing that the next save writes back."""
        return bool(self._memory.missing_files())

    @property
    def current_faults(self) -> tuple[Refused, ...]:
        """What is wrong with the place where it is kept, as far as this process has met with it."""
        missing = self._memory.missing_files()
        gone = refuse_incomplete(missing, self._memory.place) if missing else None
        return tuple(each for each in (self._unread, self._unsaved, gone, self.hindered) if each is not None)

    @property
    def refuse_elsewhere(self) -> Refused | None:
        """`folder_served_elsewhere` while another boot uses the folder, as of the last look at it."""
        return None if self._boots is None else self._boots.refused

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `state.StateStore`."""
        return self._memory.hold_lock(wait=wait)

    def note_fault(self, refused: Refused) -> Refused:
        """Shows from now on, until something was saved, that nothing can be; hands `refused` on."""
        if refused.code in {RefusalCode.FOLDER_UNWRITABLE, RefusalCode.FOLDER_UNLOCKABLE}:
            self._unsaved = refused
        return refused

    # what is kept

    def reload_state(self) -> Refused | None:
        """Take over what another process has saved since. Only for a caller that holds the turn: else a state read
        before this process saved would replace the saved one.

        Refuses `folder_unreadable`; until it is readable this process must not ask, for its state may be older than the
        saved one. Refuses `folder_served_elsewhere` while another boot uses the folder: nothing may be asked or saved
        then.
        """
        try:
            loaded = self._memory.load_state()
        except OSError as fault:
            if self._unread is None:
                log.warning("the stored state cannot be read: %s", fault)
            self._unread = refuse_unreadable(fault, self._memory.place)
            return self._unread
        self._unread = None
        # What is only in memory, because it could not be saved, is newer than what was saved before it.
        if loaded == self._payload.empty != self._saved:
            log.warning("the stored state is gone or cannot be read; what this process knows goes on")
        elif loaded != self._saved:
            self._saved = loaded
            self.apply_state(loaded)
        return self._look_for_boots()

    def apply_state(self, kept: S) -> None:
        """Goes by `kept` from now on, whether it could be saved or not."""
        before, self._kept = self._kept, kept
        if self._payload.proof_of(kept) != self._payload.proof_of(before):
            self._prove_state()
        else:
            self._proven = self._payload.update_proven(self._proven, kept)
        self._time.adopt_state(kept.clock)
        self.refresh_features()

    def save_state(self, kept: S) -> Refused | None:
        """Saves `kept` and goes by it; a refusal, and no change, when it cannot be saved."""
        served = self._boots is not None and self._payload.is_served(kept)
        return self._write_state(
            change_fields(kept, beat=self._boots.current_heartbeat() if self._boots and served else None)
        )

    def advance_root(self, data: bytes) -> Refused | None:
        """Takes the next root document, saved before anything is believed because of it; refuses like
        `root.step_root`."""
        following = self._trusted.with_next(data)
        if isinstance(following, Refused):
            return following
        return self.save_state(change_fields(self.kept, roots=following.followed))

    def leave_folder(self) -> None:
        """Notes in the folder that this boot uses it no longer, unless other programs of it do."""
        if self._boots is None:
            return
        with self._boots.leave_folder(self._saved.beat) as beat:
            if beat is not None:
                self._write_state(change_fields(self.kept, beat=beat))
        # A program that still uses the folder looks again at once.
        self.ready = msgspec.structs.replace(self.ready, until=0.0)

    def after_fork(self) -> None:
        """See `keeper.ContactKeeper.after_fork`."""
        self._time.after_fork()
        if self._boots is not None:
            self._boots.after_fork()

    # what holds now

    def now(self) -> PresentMoment:
        """Reads the clocks."""
        basis = self._payload.clock_basis(self._proven, self._kept)
        return self._time.now(basis.serial, basis.life, sandbox=basis.sandbox)

    def standing_at(self, estimate: TimeEstimate) -> Standing:
        """What may be done at `estimate`: nothing that is licensed, where another boot uses the folder."""
        standing, elsewhere = self._payload.standing(self._proven, self._kept, estimate), self.refuse_elsewhere
        return standing if elsewhere is None else msgspec.structs.replace(standing, refusal=elsewhere, features=())

    def features_changed(self) -> bool:
        """Whether functions have come or gone since the time was saved: it is to be saved now.

        Else, after a restart with a wall clock that has yet to be believed, they would come and go again. True, too,
        in a folder that was left: the next save notes that this program uses it again.
        """
        if self._boots is not None and self._boots.is_left(self._saved.beat):
            return True
        then = self._payload.standing(self._proven, self._kept, certain_estimate(self._saved.clock.highest))
        now = self._payload.standing(self._proven, self._kept, self.now().estimate)
        return then.features != now.features

    def refresh_features(self) -> ReadyFeatures:
        """Look again which functions are on now, and how long that is certain."""
        now = self.now()
        snapshot = compile_snapshot(self.standing_at(now.estimate), now.instant)
        # The estimate moves on with whole ticks, so that the change comes exactly at a whole tick.
        steady = min(self._look_again, snapshot.valid_until - now.instant)
        self.ready = ReadyFeatures(now.reading.uptime + steady, snapshot.features, snapshot.standing)
        return self.ready

    def _write_state(self, kept: S) -> Refused | None:
        try:
            self._memory.save_state(kept)
        except OSError as fault:
            log.warning("the state cannot be saved: %s", fault)
            self._unsaved = refuse_unwritable(fault, self._memory.place)
            return self._unsaved
        self._saved, self._unsaved = kept, None
        self.apply_state(kept)
        return None

    def _look_for_boots(self) -> Refused | None:
        if self._boots is not None and self._boots.observe_heartbeat(self._saved.beat, self.place, self.now().instant):
            self.refresh_features()
        return self.refuse_elsewhere

    def _prove_state(self) -> None:
        self._trusted = walk_roots(self._pinned, self._kept.roots)
        self._proven = self._payload.prove(self._kept, self._trusted.root)
