"""The one place in a process where what is kept, what is proven of it, and the time come together.

Every value handed out is immutable and replaced whole, so that readers never wait and never see half a change. Who may
change it, and when, is `license_keeper`'s.
"""

import logging
from contextlib import AbstractContextManager

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.lease.clock import ClockState, certain_estimate
from tenure.core.lease.standing import compile_snapshot
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.boots import BootWatch
from tenure.sdk.client_state import ClientState, StateStore
from tenure.sdk.clock import PresentMoment, Timekeeper
from tenure.sdk.faults import refuse_incomplete, refuse_unreadable, refuse_unwritable
from tenure.sdk.holdings import LeaseReader, ProvenHoldings, prove_holdings
from tenure.sdk.presentation import LicenseStanding, show_standing
from tenure.sdk.root_store import TrustedRoots, walk_roots
from tenure.wire.root import TrustedRoot

log = logging.getLogger("tenure.license")

LOOK_AGAIN = 60
"""Seconds after which the clocks are looked at again, whatever is due: a jump of the wall clock has to be noticed."""
LOOK_AGAIN_IN_SANDBOX = 0.05
"""A sandbox's clock file jumps without notice."""


class ReadyFunctions(msgspec.Struct, frozen=True):
    """The functions that are on, and until when (ticks) that needs no second look."""

    until: float
    features: frozenset[str]


class LeaseHolder:
    """Possession of one product's lease: kept, proven, dated."""

    def __init__(
        self,
        reader: LeaseReader,
        pinned: TrustedRoot,
        memory: StateStore,
        time: Timekeeper,
        *,
        told: bool = False,
        boots: BootWatch | None = None,
    ) -> None:
        """`told`: a sandbox's clock file tells the time. `boots`: looks whether another boot uses the folder; None
        where the memory is no folder that could be shared."""
        self._configured = reader
        self._pinned = pinned
        self._memory = memory
        self._time = time
        self._look_again = LOOK_AGAIN_IN_SANDBOX if told else LOOK_AGAIN
        self._holdings: ProvenHoldings
        self._boots = boots
        self._unread: Refused | None = None
        self._unsaved: Refused | None = None
        self.hindered: Refused | None = None
        """Why this computer's own settings prevented the last exchange."""
        self._saved = self._kept = ClientState()
        try:
            self._saved = self._kept = memory.load_state()
        except OSError as error:
            self._unread = refuse_unreadable(error, memory.place)
        self._prove_state()
        time.adopt_state(self._kept.clock)
        if self._unread is None:
            self._look_for_boots()
        self.ready = self._compile_features()

    @property
    def kept(self) -> ClientState:
        """What is kept, with the clock as it has gone on since."""
        return msgspec.structs.replace(self._kept, clock=self._time.state)

    @property
    def saved_clock(self) -> ClockState:
        """The clock as it was saved last."""
        return self._saved.clock

    @property
    def root(self) -> TrustedRoot:
        """The newest root document proven."""
        return self._trusted.root

    @property
    def reader(self) -> LeaseReader:
        """Who reads; a sandbox only as long as the root is one of a sandbox."""
        return self._reader

    @property
    def proven_holdings(self) -> ProvenHoldings:
        """Everything proven."""
        return self._holdings

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """See `client_state.StateStore`."""
        return self._memory.hold_lock(wait=wait)

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

    @property
    def place(self) -> str:
        """Where it is kept, for people."""
        return self._memory.place

    def note_fault(self, refused: Refused) -> Refused:
        """Shows from now on, until something was saved, that nothing can be; hands `refused` on."""
        if refused.code in {RefusalCode.FOLDER_UNWRITABLE, RefusalCode.FOLDER_UNLOCKABLE}:
            self._unsaved = refused
        return refused

    @property
    def has_missing_files(self) -> bool:
        """Whether files are missing that the next save writes back."""
        return bool(self._memory.missing_files())

    def reload_state(self) -> Refused | None:
        """Takes over what another process has saved since. Only for whoever has the turn: what was read before this
        process saved something would take its place.

        Refuses `folder_unreadable`; until it is readable nobody may ask under a state that may be overtaken. Refuses
        `folder_served_elsewhere` while another boot uses the folder: nothing may be asked or saved then.
        """
        try:
            loaded = self._memory.load_state()
        except OSError as error:
            if self._unread is None:
                log.warning("the stored state cannot be read: %s", error)
            self._unread = refuse_unreadable(error, self._memory.place)
            return self._unread
        self._unread = None
        if loaded == ClientState() != self._saved:
            log.warning("the stored state is gone or cannot be read; what this process knows goes on")
            return None
        # What is only in memory, because it could not be saved, is newer than what was saved before it.
        if loaded != self._saved:
            self._saved = loaded
            self.apply_state(loaded)
        return self._look_for_boots()

    def apply_state(self, kept: ClientState) -> None:
        """Goes by `kept` from now on, whether it could be saved or not."""
        before, self._kept = self._kept, kept
        if _proof_of(kept) != _proof_of(before):
            self._prove_state()
        else:
            self._holdings = msgspec.structs.replace(self._holdings, contact=kept.contact)
        self._time.adopt_state(kept.clock)
        self.ready = self._compile_features()

    def save_state(self, kept: ClientState) -> Refused | None:
        """Saves `kept` and goes by it; a refusal, and no change, when it cannot be saved."""
        served = self._boots is not None and kept.present.token
        return self._write_state(
            msgspec.structs.replace(kept, beat=self._boots.current_heartbeat() if self._boots and served else None)
        )

    def leave_folder(self) -> None:
        """Notes in the folder that this boot uses it no longer, unless other programs of it do."""
        if self._boots is None:
            return
        with self._boots.leave_folder(self._saved.beat) as beat:
            if beat is not None:
                self._write_state(msgspec.structs.replace(self.kept, beat=beat))
        self.ready = ReadyFunctions(0.0, self.ready.features)  # whoever uses it all the same looks again at once

    def _write_state(self, kept: ClientState) -> Refused | None:
        try:
            self._memory.save_state(kept)
        except OSError as error:
            log.warning("the license state cannot be saved: %s", error)
            self._unsaved = refuse_unwritable(error, self._memory.place)
            return self._unsaved
        self._saved, self._unsaved = kept, None
        self.apply_state(kept)
        return None

    def advance_root(self, data: bytes) -> Refused | None:
        """Takes the next root document, saved before anything is believed because of it; refuses like
        `root.step_root`."""
        following = self._trusted.with_next(data)
        if isinstance(following, Refused):
            return following
        return self.save_state(msgspec.structs.replace(self.kept, roots=following.followed))

    def after_fork(self) -> None:
        """See `keeper.Keeper.after_fork`."""
        self._time.after_fork()
        if self._boots is not None:
            self._boots.after_fork()

    def now(self) -> PresentMoment:
        """Reads the clocks."""
        present = self._holdings.present
        life = 0 if present is None else present.lease.life
        return self._time.now(
            self._kept.present.serial, life, sandbox=self._reader.sandbox and self._holds_sandbox_lease()
        )

    def lease(self) -> Lease | None:
        """The lease that rules now."""
        return self._holdings.lease_at(self.now().instant)

    def standing(self) -> LicenseStanding:
        """What is licensed now, with words."""
        forked = (
            RefusalCode.COPY_SEPARATED
            if self._kept.separated
            else RefusalCode.LEASE_FORKED
            if self._kept.forked
            else None
        )
        return show_standing(
            self._holdings,
            self.now().estimate,
            forked=forked,
            faults=self.current_faults,
            elsewhere=self.refuse_elsewhere,
        )

    def features_changed(self) -> bool:
        """Whether functions have come or gone since the time was saved: it is to be saved now.

        Else, after a restart with a wall clock that has yet to be believed, they would come and go again. So it is in a
        folder that was left, which whoever uses it takes again.
        """
        if self._boots is not None and self._boots.is_left(self._saved.beat):
            return True
        then = self._holdings.standing(certain_estimate(self._saved.clock.highest))
        return then.features != self._holdings.standing(self.now().estimate).features

    def refresh_features(self) -> ReadyFunctions:
        """The functions that are on now, looked at anew."""
        self.ready = self._compile_features()
        return self.ready

    def _compile_features(self) -> ReadyFunctions:
        now = self.now()
        snapshot = compile_snapshot(self._holdings.standing(now.estimate), now.instant)
        # The estimate moves on with whole ticks, so that the change comes exactly at a whole tick.
        steady = min(self._look_again, snapshot.valid_until - now.instant)
        return ReadyFunctions(now.reading.uptime + steady, frozenset() if self.refuse_elsewhere else snapshot.features)

    def _look_for_boots(self) -> Refused | None:
        if self._boots is not None and self._boots.observe_heartbeat(self._saved.beat, self.place, self.now().instant):
            self.ready = self._compile_features()
        return self.refuse_elsewhere

    def _prove_state(self) -> None:
        self._trusted: TrustedRoots = walk_roots(self._pinned, self._kept.roots)
        sandbox = self._configured.sandbox and self._trusted.root.is_sandbox
        self._reader = msgspec.structs.replace(self._configured, sandbox=sandbox)
        self._holdings = prove_holdings(self._kept, self._trusted.root, self._reader)

    def _holds_sandbox_lease(self) -> bool:
        held = (self._holdings.present, self._holdings.successor)
        return any(each is not None and each.lease.sandbox for each in held)


def _proof_of(kept: ClientState) -> tuple[object, ...]:
    """What holdings are proven from; as long as it stays the same they need no second proof."""
    return kept.roots, kept.present, kept.successor, kept.notices, kept.lost
