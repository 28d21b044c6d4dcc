"""A lease as what the engine holds: what of it is proven, what stands by it, and who of a program is told so.

How it is kept, proven again and dated is `engine.holder`'s; who may change it, and when, is `license_keeper`'s.
"""

import msgspec

from tenure.core.lease.claims import Lease
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import Standing
from tenure.core.refusals import RefusalCode
from tenure.sdk.boots import BootWatch
from tenure.sdk.client_state import ClientState
from tenure.sdk.clock import Timekeeper
from tenure.sdk.engine.holder import LOOK_AGAIN, LOOK_AGAIN_IN_SANDBOX, ClockBasis, StateHolder
from tenure.sdk.engine.state import StateStore
from tenure.sdk.holdings import LeaseReader, ProvenHoldings, prove_holdings
from tenure.sdk.presentation import LicenseStanding, show_standing
from tenure.wire.root import TrustedRoot


class LeasePayload(msgspec.Struct, frozen=True):
    """Leases, as the engine sees them (see `engine.holder.Payload`)."""

    reader: LeaseReader
    """As configured."""
    empty: ClientState = ClientState()

    def proof_of(self, kept: ClientState) -> tuple[object, ...]:
        """What holdings are proven from; as long as it stays the same they need no second proof."""
        return kept.roots, kept.present, kept.successor, kept.notices, kept.lost

    def prove(self, kept: ClientState, root: TrustedRoot) -> ProvenHoldings:
        """What of `kept` still holds under `root`."""
        return prove_holdings(kept, root, self.reader.under(root))

    def update_proven(self, proven: ProvenHoldings, kept: ClientState) -> ProvenHoldings:
        """`proven`, and when the server was last heard of."""
        return msgspec.structs.replace(proven, contact=kept.contact)

    def is_served(self, kept: ClientState) -> bool:
        """Whether there is a lease."""
        return bool(kept.present.token)

    def standing(self, proven: ProvenHoldings, kept: ClientState, estimate: TimeEstimate) -> Standing:
        """What may be done now [spec: standing]."""
        return proven.standing(estimate)

    def clock_basis(self, proven: ProvenHoldings, kept: ClientState) -> ClockBasis:
        """What the clock estimate goes by: the present lease."""
        life = 0 if proven.present is None else proven.present.lease.life
        held = (proven.present, proven.successor)
        sandbox = proven.reader.sandbox and any(each is not None and each.lease.sandbox for each in held)
        return ClockBasis(kept.present.serial, life, sandbox)


class LeaseHolder(StateHolder[ClientState, ProvenHoldings]):
    """Possession of one product's lease."""

    def __init__(
        self,
        reader: LeaseReader,
        pinned: TrustedRoot,
        memory: StateStore[ClientState],
        time: Timekeeper,
        *,
        told: bool = False,
        boots: BootWatch | None = None,
    ) -> None:
        """`told`: a sandbox's clock file tells the time. `boots`: see `StateHolder`."""
        look_again = LOOK_AGAIN_IN_SANDBOX if told else LOOK_AGAIN
        super().__init__(LeasePayload(reader), pinned, memory, time, boots=boots, look_again=look_again)

    @property
    def reader(self) -> LeaseReader:
        """Who reads; a sandbox only as long as the root is one of a sandbox."""
        return self.proven.reader

    @property
    def proven_holdings(self) -> ProvenHoldings:
        """Everything proven."""
        return self.proven

    def lease(self) -> Lease | None:
        """The lease that rules now."""
        return self.proven.lease_at(self.now().instant)

    def standing(self) -> LicenseStanding:
        """What is licensed now, with words."""
        kept = self.kept
        forked = RefusalCode.LEASE_FORKED if kept.forked else None
        return show_standing(
            self.proven,
            self.now().estimate,
            forked=RefusalCode.COPY_SEPARATED if kept.separated else forked,
            faults=self.current_faults,
            elsewhere=self.refuse_elsewhere,
        )
