"""When the next question is due, and that only one is under way: what the keepers of leases and of seats share.

How bytes travel is the way's, when to ask `lease.sync_schedule`'s, what is asked the payload's keeper's; the caller of
`tick` decides how often.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from typing import Generic, TypeVar

from tenure.core.lease.clock import worth_saving
from tenure.core.lease.sync_schedule import Rhythm
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant, PhaseCause
from tenure.sdk.call_schedule import CallSchedule
from tenure.sdk.clock import PresentMoment
from tenure.sdk.engine.holder import P, StateHolder
from tenure.sdk.engine.state import S, change_fields
from tenure.sdk.faults import refuse_unlocked
from tenure.sdk.leaving import leave_folder
from tenure.sdk.locks import LONGEST_WAIT
from tenure.sdk.progress import ProgressStep, ProgressWatch, Watch

O = TypeVar("O")  # noqa: E741 - outcome
"""What came of a contact."""


class ContactNeed(Enum):
    """What there is to ask by itself."""

    NOTHING = 0
    REPEAT = 1
    """A request waits for its answer: it is sent again as soon as the back-off allows."""
    USUAL = 2
    """The present truth, by the rhythm of the lease."""


class ContactKeeper(ABC, Generic[S, P, O]):
    """One client's contacts with its server or site. Safe to call from any thread."""

    def __init__(
        self,
        holder: StateHolder[S, P],
        draw: Callable[[int], bytes],
        progress: ProgressWatch | None = None,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        """`longest_wait`: seconds for which another exchange of this program is waited for."""
        self._held = holder
        self._progress = progress or ProgressWatch()
        self._longest_wait = longest_wait
        self._turn = threading.Lock()
        self._calls = CallSchedule(holder.now().instant, draw)

    @abstractmethod
    def _contact_need(self) -> ContactNeed:
        """What there is to ask by itself, by what is kept."""

    @abstractmethod
    def _sync_rhythm(self, now: Instant) -> Rhythm:
        """The rhythm that the word held sets."""

    @abstractmethod
    def _contact_when_due(self, steps: list[ProgressStep]) -> O:
        """Ask what is due. The caller holds the turn."""

    @abstractmethod
    def _outcome_of_prevented(self, refused: Refused, steps: list[ProgressStep]) -> O | None:
        """What came of a contact that nothing could be asked for."""

    # time

    def tick(self) -> O | None:
        """Does what is due, tells what came of it. Call it about twice a minute, in a thread that may block."""
        outcome: O | None = None
        self.reload_if_changed()
        if self._is_due():
            outcome = self._ask_when_alone()
        else:
            self.remember_time()
        self._held.refresh_features()
        return outcome

    def reload_if_changed(self) -> None:
        """Takes over what another process has learned, unless this one is just learning something newer, and writes
        back what has disappeared from the folder. Never waits for another."""
        with self._turn_if_free() as free:
            if free:
                self._held.reload_state()
                if self._held.has_missing_files:
                    self._save_again()

    def remember_time(self) -> None:
        """Saves how far time has come, so that running time always counts (`core.clock.worth_saving`), and whenever
        functions have come or gone.

        Never waits: while another exchange is under way, it saves the time anyway.
        """
        if not (self.is_time_to_save() or self._held.has_missing_files):
            return
        with self._turn_if_free() as free:
            if free:
                self._save_again()

    def is_time_to_save(self) -> bool:
        """Whether `remember_time` would save the time; told without a look at the folder."""
        if not self._held.serves:
            return False
        return worth_saving(self._held.saved_clock, self._held.now().reading) or self._held.features_changed()

    def leave_folder(self) -> None:
        """Gives the folder up, so that another computer can use it at once: this program ends. See `leave_folder`."""
        leave_folder(self._turn, self._held)

    def next_contact_at(self, now: PresentMoment | None = None) -> Instant | None:
        """When it is asked next by itself; None: not any more, or not yet."""
        now, need, contacts = now or self._held.now(), self._contact_need(), self._held.kept.contacts
        if need is ContactNeed.NOTHING:
            return None
        rhythm = self._sync_rhythm(now.instant)
        if need is ContactNeed.REPEAT:
            return self._calls.repeat_due(contacts, rhythm, now)
        overdue = self._held.standing_at(now.estimate).why is PhaseCause.SYNC_OVERDUE
        return self._calls.due_at(contacts, rhythm, now, overdue=overdue)

    def asked_before_start(self) -> bool:
        """Whether a program before this one has asked within the last minute: what is started again and again waits."""
        return self._calls.asked_before_start(self._held.kept.contacts, self._held.now().instant)

    def network_returned(self) -> None:
        """The network is back: the next contact comes within 15 minutes, spread so that not all come at once.

        Never waits: an exchange that is under way is that contact.
        """
        with self._turn_if_free() as free:
            if free:
                kept = self._held.kept
                contacts = self._calls.after_network_return(kept.contacts, self._held.now().instant)
                self._held.apply_state(change_fields(kept, contacts=contacts))
                if self._held.serves:
                    self._save_again()

    def after_fork(self) -> None:
        """This is a child process: a lock that another thread of the parent held would never be released here."""
        self._turn = threading.Lock()
        self._held.after_fork()

    # one at a time

    @contextmanager
    def _hold_turn(self, watch: Watch | None = None) -> Iterator[tuple[list[ProgressStep], Refused | None]]:
        """The turn of this process, the lock of the folder and what lies there now: for one exchange at a time.

        Each is waited for no longer than one exchange takes. Yields the list in which steps gather, and why nothing may
        be asked: `folder_in_use`, `folder_unwritable` without a lock, `folder_unreadable`.
        """
        turn = self._turn
        if not turn.acquire(timeout=self._longest_wait):
            yield [], Refused(RefusalCode.FOLDER_IN_USE, "Another exchange of this program has not come to its end.")
            return
        try:
            with self._progress.watching(watch) as steps, ExitStack() as stack:
                prevented = self._enter_folder(stack)
                faults = self._held.current_faults if prevented is None else (prevented,)
                for each in faults:
                    self._progress.add_step("prepare", f"{each.row.sentence} {each.detail}", ok=False)
                yield steps, prevented
        finally:
            turn.release()

    def _enter_folder(self, stack: ExitStack) -> Refused | None:
        """Takes the lock for as long as `stack` is open, and what lies there now; or why that cannot be."""
        try:
            stack.enter_context(self._held.hold_lock())
        except OSError as fault:
            return self._held.note_fault(refuse_unlocked(fault, self._held.place))
        return self._held.reload_state()

    @contextmanager
    def _turn_if_free(self) -> Iterator[bool]:
        """The turn, unless another thread has it; yields whether it is held now."""
        turn = self._turn
        free = turn.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                turn.release()

    def _save_again(self) -> None:
        """Save what is known, unless another process has the folder. The caller holds the turn."""
        try:
            with self._held.hold_lock(wait=False) as held:
                if held and self._held.reload_state() is None:
                    self._held.save_state(self._held.kept)
        except OSError as fault:
            self._held.note_fault(refuse_unlocked(fault, self._held.place))

    def _is_due(self) -> bool:
        now = self._held.now()
        due = self.next_contact_at(now)
        return due is not None and due <= now.instant

    def _ask_when_alone(self) -> O | None:
        """Ask, unless another process has just done so for this folder: `_is_due` is read again under its lock."""
        with self._hold_turn() as (steps, prevented):
            if prevented is not None:
                return self._outcome_of_prevented(prevented, steps)
            return self._contact_when_due(steps) if self._is_due() else None
