"""What every client remembers between two runs, whatever it holds, and the port by which that is saved whole.

What the fields mean for leases and seats is the payload's.
"""

from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, cast

import msgspec

from tenure.core.lease.boots import Heartbeat
from tenure.core.lease.clock import ClockReading, ClockState
from tenure.core.lease.sync_schedule import Rhythm, SyncState
from tenure.core.timeline import Instant


class PendingRequest(msgspec.Struct, frozen=True):
    """A sealed request that was saved before it was sent, and is sent again byte for byte until it is answered."""

    request: bytes
    sent: ClockReading
    """The clocks at its first sending: whether its answer may set the clock is measured from there."""


class ContactLog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the last contacts went, for `lease.sync_schedule`; instants by the clock estimate."""

    answered: Instant | None = None
    window: tuple[Instant, Instant] | None = None
    failed: Instant | None = None
    failures: int = 0
    retry_after: int | None = None
    by_hand: Instant | None = None
    """The last synchronization by hand."""
    attempted: Instant | None = None
    """When the last attempt began, whatever became of it."""
    returned: Instant | None = None
    """The network's return that no attempt has followed yet."""
    lot: float | None = None
    """In [0, 1): drawn with the last attempt for the next, so that another process does not draw again."""

    def schedule_state(self, rhythm: Rhythm, woke: Instant) -> SyncState:
        """As the schedule reads it, by the rhythm of the lease held, in a program that started at `woke`."""
        return SyncState(
            rhythm=rhythm,
            woke=woke,
            returned=self.returned,
            attempted=self.attempted,
            answered=self.answered,
            window=self.window,
            failed=self.failed,
            failures=self.failures,
            retry_after=self.retry_after,
        )

    def after_schedule(self, state: SyncState) -> "ContactLog":
        """These contacts as the schedule has moved them on."""
        return ContactLog(
            answered=state.answered,
            window=state.window,
            failed=state.failed,
            failures=state.failures,
            retry_after=state.retry_after,
            by_hand=self.by_hand,
            attempted=state.attempted,
            returned=state.returned,
            lot=self.lot,
        )

    def begin_attempt(self, now: Instant, lot: float) -> "ContactLog":
        """These contacts when an attempt begins at `now`; to be saved before anything is sent."""
        return msgspec.structs.replace(self, attempted=now, lot=lot)


class KeptState(Protocol):
    """The fields that the engine reads of what is kept: an immutable value, replaced whole.

    Evolution of such a value: fields are only appended, each with a default; an older reader ignores newer ones.
    """

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The root documents that followed the one pinned, as received, oldest first: each start walks them again."""

    @property
    def clock(self) -> ClockState:
        """How far time has come."""

    @property
    def contacts(self) -> ContactLog:
        """How the last contacts went."""

    @property
    def beat(self) -> Heartbeat | None:
        """Which boot saved this, and when; None where several boots cannot share the place."""


S = TypeVar("S", bound=KeptState)


def change_fields(kept: S, **changes: Any) -> S:
    """`kept` with other values for some fields: `msgspec.structs.replace` for a kind of state that is not named."""
    return cast("S", msgspec.structs.replace(cast("msgspec.Struct", kept), **changes))


class StateStore(Protocol[S]):
    """Where a kept state lives. One product, one key, one memory."""

    @property
    def place(self) -> str:
        """Its folder or file, for people; empty where there is none."""

    def load_state(self) -> S:
        """What was saved last; an empty state when nothing was, or when nothing that was saved is sound.

        Raises OSError when what is there may not be read.
        """

    def missing_files(self) -> tuple[str, ...]:
        """Names of files that were there and are not: as of the last `load_state`; the next `save_state` writes them
        back."""

    def save_state(self, kept: S) -> None:
        """Whole or not at all, and durable when it returns. Raises OSError when it cannot be saved."""

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """While it is held no other process loads, decides and saves: two would show the server one token twice.

        Yields whether it is held, which without `wait` it may not be. Raises OSError where there is no lock to be had
        (see `disk.Disk.lock`).
        """
