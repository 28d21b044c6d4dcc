"""What a holder of leases remembers between two runs, as one value that is saved whole.

Shared by applications (files, see `cache`) and administration servers (a store of their own). What it means is decided
in `apply_response` and `license_keeper`.
"""

import msgspec

from tenure.core.lease.acceptance import TrustedLeaseState
from tenure.core.lease.boots import Heartbeat
from tenure.core.lease.clock import ClockState
from tenure.core.timeline import Instant
from tenure.sdk.engine.state import ContactLog, PendingRequest
from tenure.wire.messages import AdministratorMessage, ForkEvidence, NetworkPath, SignedRefusal


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


class ExportedRequest(msgspec.Struct, frozen=True):
    """A request that was given out to be carried by hand [spec: offline-exchange]."""

    sha256: str
    """Of the sealed request's bytes, base64url."""
    made: Instant


class ClientState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything. Evolution: fields are only appended, each with a default; an older reader ignores newer ones."""

    roots: tuple[bytes, ...] = ()
    """The root documents that followed the one pinned, as received, oldest first: each start walks them again."""
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
    """The server's evidence of copies of this site, until an administrator or a provider says what they are."""
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
