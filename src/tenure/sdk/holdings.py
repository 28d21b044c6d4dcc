"""The leases and amnesties of a client, proven again from the bytes kept, and the standing that follows.

Bytes may have lain on a disk for months, so nothing in them is believed because it was believed once. What time it is
is `clock`'s, what a standing is `lease.standing`'s.
"""

import msgspec

from tenure.core.installation import Installation, installation_mismatch
from tenure.core.lease.acceptance import TrustedLeaseState, take_over
from tenure.core.lease.claims import Lease
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import UNLICENSED, OutageAmnesty, Standing, effective_lease, standing
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sdk.client_state import ClientState, LeaseSlot
from tenure.sdk.engine.answers import NoticeReader
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.root import TrustedRoot


class LeaseReader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads leases: the application or administration server, by its product, version and key."""

    product: str
    version: str
    jwk: dict[str, str]
    sandbox: bool = False
    """Set only under the root of a sandbox."""
    installation: Installation = Installation.SERVER

    @property
    def empty_state(self) -> TrustedLeaseState:
        """This reader with empty hands."""
        return TrustedLeaseState(
            product=self.product,
            version=self.version,
            key=self.jwk,
            sandbox=self.sandbox,
            installation=self.installation,
        )

    def under(self, root: TrustedRoot) -> "LeaseReader":
        """This reader under `root`: in a sandbox only as long as the root is one of a sandbox."""
        return msgspec.structs.replace(self, sandbox=self.sandbox and root.is_sandbox)

    def notices(self, root: TrustedRoot) -> NoticeReader:
        """This reader of notices under `root`."""
        return NoticeReader(root, self.product, self.sandbox)


class ProvenHoldings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything proven that a standing is made of."""

    reader: LeaseReader
    contact: Instant = 0
    present: SealedLease | None = None
    successor: SealedLease | None = None
    successor_slot: LeaseSlot = LeaseSlot()
    amnesties: tuple[OutageAmnesty, ...] = ()
    lost: Refused | None = None
    fault: Refused | None = None
    """Why the present lease that was kept counts no longer, such as a key that its root has disowned."""

    def lease_at(self, now: Instant) -> Lease | None:
        """The lease that rules at `now`: a successor is checked whole once more, as of its takeover
        [spec: successor-slot]."""
        present = None if self.present is None else self.present.lease
        staged = self.successor
        if staged is None or effective_lease(present, staged.lease, now) is not staged.lease:
            return present
        slot = self.successor_slot.trusted_state(self.reader.empty_state)
        # As of that instant, for it goes on ruling when it is over itself; its end is the standing's to tell.
        taken = take_over(slot, staged.lease, staged.digest, staged.lease.nbf, self.amnesties)
        return present if isinstance(taken, Refused) else staged.lease

    def standing(self, estimate: TimeEstimate) -> Standing:
        """What may be done now [spec: standing]."""
        lease = self.lease_at(estimate.now)
        if lease is None:
            return msgspec.structs.replace(UNLICENSED, refusal=self.fault, warning=estimate.refusal)
        return standing(lease, self.contact, self.amnesties, estimate, version=self.reader.version, lost=self.lost)


def prove_holdings(kept: ClientState, root: TrustedRoot, reader: LeaseReader) -> ProvenHoldings:
    """What of `kept` still holds under `root`."""
    present = _prove_slot(kept.present, root, reader)
    successor = _prove_slot(kept.successor, root, reader)
    return ProvenHoldings(
        reader=reader,
        contact=kept.contact,
        present=present if isinstance(present, SealedLease) else None,
        successor=successor if isinstance(successor, SealedLease) else None,
        successor_slot=kept.successor,
        amnesties=reader.notices(root).proven_amnesties(kept.notices),
        lost=None if kept.lost is None else kept.lost.as_refused(),
        fault=present if isinstance(present, Refused) else None,
    )


def _prove_slot(slot: LeaseSlot, root: TrustedRoot, reader: LeaseReader) -> SealedLease | Refused | None:
    if not slot.token:
        return None
    read = read_lease(slot.token, root, product=reader.product, sandbox=reader.sandbox)
    if isinstance(read, Refused):
        return read
    return installation_mismatch(read.lease.installation, reader.installation) or read
