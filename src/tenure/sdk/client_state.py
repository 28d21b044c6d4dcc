"""What a holder of leases remembers between two runs, as one value that is saved whole, and the port it is saved by.

Shared by applications (files, see `cache`) and administration servers (a store of their own). What it means is decided
in `apply_response` and `license_keeper`.
"""

from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from tenure.core.lease.acceptance import TrustedLeaseState
from tenure.core.lease.boots import Heartbeat
from tenure.core.lease.clock import ClockReading, ClockState
from tenure.core.lease.sync_schedule import Rhythm, SyncState
from tenure.core.timeline import Instant
from tenure.wire.messages import AdministratorMessage, ForkEvidence, NetworkPath, SignedRefusal


class PendingRequest(msgspec.Struct, frozen=True):
    """A sealed request that was saved before it was sent, and is sent again byte for byte until it is answered."""

    request: bytes
    sent: ClockReading
    """The clocks at its first sending: whether its answer may set the clock is measured from there."""


class LeaseSlot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lease as received, and the numbers that the next one is measured against; these outlive it."""

    token: bytes = b""
    site: str = ""
    epoch: int = 0
    serial: int = 0
    digest: str = ""
    subscription: str = ""
    revision: int = 0

    def trusted_state(self, who: TrustedLeaseState) -> TrustedLeaseState:
        """The numbers of this slot in the hands of `who`."""
        return msgspec.structs.replace(
            who,
            site=self.site,
            epoch=self.epoch,
            serial=self.serial,
            digest=self.digest,
            subscription=self.subscription,
            revision=self.revision,
        )


def make_slot(token: bytes, held: TrustedLeaseState) -> LeaseSlot:
    """The slot after `token` was accepted with `held`."""
    return LeaseSlot(
        token=token,
        site=held.site,
        epoch=held.epoch,
        serial=held.serial,
        digest=held.digest,
        subscription=held.subscription,
        revision=held.revision,
    )


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


class ExportedRequest(msgspec.Struct, frozen=True):
    """A request that was given out to be carried by hand [spec: offline-exchange]."""

    sha256: str
    """Of the sealed request's bytes, base64url."""
    made: Instant


class ClientState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything. Evolution: fields are only appended, each with a default; an older reader ignores newer ones."""

    roots: tuple[bytes, ...] = ()
    """The root documents that followed the one pinned, as received, oldest first: each start walks them anew."""
    present: LeaseSlot = LeaseSlot()
    successor: LeaseSlot = LeaseSlot()
    token: str = ""
    """The state token of the last answer."""
    clock: ClockState = ClockState()
    contact: Instant = 0
    """Server's time of the last answered synchronization."""
    contacts: ContactLog = ContactLog()
    activation: PendingRequest | None = None
    sync: PendingRequest | None = None
    notices: tuple[bytes, ...] = ()
    """Sealed notices that may still move an end."""
    lost: SignedRefusal | None = None
    """The signed refusal by which this site was withdrawn."""
    forked: bool = False
    """The last answer said that another copy uses this identity."""
    lease_wanted: bool = False
    """The server has asked for the lease it once signed (after a restore of its own)."""
    key_wanted: bool = False
    """A server has said, unsigned, that it does not know this installation: the next question brings key and lease."""
    path: NetworkPath = NetworkPath()
    messages: tuple[AdministratorMessage, ...] = ()
    """What the server has to say to the administrator, as of its last answer."""
    fork: ForkEvidence | None = None
    """What the server has seen of copies of this site, as long as nobody has said what they are."""
    exported: tuple[ExportedRequest, ...] = ()
    """Requests that were given out to be carried by hand, latest last."""
    imported: tuple[str, ...] = ()
    """SHA-256 (base64url) of answers that were carried here and taken, latest last."""
    separated: bool = False
    """It was decided that this copy is a second site: it needs a key of its own."""
    given_up: bool = False
    """The application gave its license up: nothing that still comes serves it before a code is applied again."""
    receipt: bytes = b""
    """Its signed receipt (`tenure-erased+jws`) for the lease that was erased, until the server has it."""
    unanswered: tuple[str, ...] = ()
    """Ids of activations that another one has replaced before they were answered, latest first; empty once an answer
    brings a token. The server may have granted one: named to it, the older token is not taken for a copy's."""
    beat: Heartbeat | None = None
    """Which boot saved this, and when; an administration server leaves none."""


class StateStore(Protocol):
    """Where `ClientState` lives. One product, one key, one memory."""

    @property
    def place(self) -> str:
        """Its folder or file, for people; empty where there is none."""

    def load_state(self) -> ClientState:
        """What was saved last; an empty `ClientState` when nothing was, or when nothing that was saved is sound.

        Raises OSError when what is there may not be read.
        """

    def missing_files(self) -> tuple[str, ...]:
        """Names of files that were there and are not: as of the last `load_state`; the next `save_state` writes them
        back."""

    def save_state(self, kept: ClientState) -> None:
        """Whole or not at all, and durable when it returns. Raises OSError when it cannot be saved."""

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """While it is held no other process loads, decides and saves: two would show the server one token twice.

        Yields whether it is held, which without `wait` it may not be. Raises OSError where there is no lock to be had
        (see `disk.Disk.lock`).
        """
