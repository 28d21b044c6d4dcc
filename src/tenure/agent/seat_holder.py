"""A seat as what the engine holds: what of it is proven, and what a device may do by it.

How it is kept, proven again and dated is `sdk.engine.holder`'s; who may change it, and when, is `seat_keeper`'s.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.device_state import DeviceState
from tenure.agent.requests import DeviceIdentity
from tenure.core.lease.claims import SHORT, Lease
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import UNLICENSED, OutageAmnesty, Standing, device_standing, device_timeline
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import RenewalOutlook, carried_on
from tenure.core.timeline import Timeline
from tenure.sdk.boots import BootWatch
from tenure.sdk.clock import Timekeeper
from tenure.sdk.engine.answers import NoticeReader
from tenure.sdk.engine.holder import ClockBasis, StateHolder
from tenure.sdk.engine.state import StateStore
from tenure.wire import jws
from tenure.wire.jws import TokenType
from tenure.wire.keys import SeedSigner, key_thumbprint
from tenure.wire.root import TrustedRoot
from tenure.wire.seats import SealedSeat, read_seat


class ProvenSeat(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the kept state that still holds, proven again from root to seat."""

    who: DeviceIdentity
    """Who reads; a sandbox only as long as the root is one of a sandbox."""
    seat: SealedSeat | None = None
    amnesties: tuple[OutageAmnesty, ...] = ()
    fault: Refused | None = None
    """Why the seat that is kept counts no longer."""

    @property
    def lease(self) -> Lease | None:
        """The lease that the seat stands on."""
        return None if self.seat is None else self.seat.lease.lease

    @property
    def life(self) -> int:
        """Seconds for which seat and lease are good: by the shorter a jump of the clock is measured."""
        if self.seat is None:
            return 0
        term, lease = self.seat.seat.as_term(), self.seat.lease.lease
        own = term.until - term.iat
        return min(own, lease.life) if own < SHORT else lease.life


class SeatPayload:
    """Seats, as the engine sees them (see `sdk.engine.holder.Payload`)."""

    empty = DeviceState()

    def __init__(self, who: DeviceIdentity, draw: Callable[[int], bytes]) -> None:
        """`who`: as configured. `draw`: what a device's key is put to the proof with."""
        self._who, self._draw = who, draw
        self._owned: tuple[bytes, str] | None = None
        """The key that was put to the proof, and the thumbprint it has."""

    def proof_of(self, kept: DeviceState) -> tuple[object, ...]:
        """What is proven; as long as it stays the same it needs no second proof."""
        return kept.roots, kept.seat, kept.seat_seed, kept.held.token, kept.notices

    def prove(self, kept: DeviceState, root: TrustedRoot) -> ProvenSeat:
        """What of `kept` still holds under `root`."""
        return prove_seat(kept, root, self._who.under(root), self._owns_key)

    def update_proven(self, proven: ProvenSeat, kept: DeviceState) -> ProvenSeat:
        """What is proven says nothing of the rest."""
        return proven

    def is_served(self, kept: DeviceState) -> bool:
        """Whether there is a seat."""
        return bool(kept.seat)

    def standing(self, proven: ProvenSeat, kept: DeviceState, estimate: TimeEstimate) -> Standing:
        """What this device may do now [spec: standing], bounded by its seat."""
        seat = proven.seat
        if seat is None:
            return msgspec.structs.replace(UNLICENSED, refusal=proven.fault, warning=estimate.refusal)
        lease, term = seat.lease.lease, seat.seat.as_term()
        return device_standing(lease, term, kept.contact, proven.amnesties, estimate, version=proven.who.version)

    def clock_basis(self, proven: ProvenSeat, kept: DeviceState) -> ClockBasis:
        """What the clock estimate goes by: the lease beneath the seat."""
        lease = proven.lease
        sandbox = proven.who.sandbox and lease is not None and lease.sandbox
        return ClockBasis(kept.held.serial, proven.life, sandbox)

    def _owns_key(self, seed: bytes, jkt: str) -> Refused | None:
        """See `not_held`; a key that has been put to the proof in this process is not put to it with every seat."""
        if (seed, jkt) == self._owned:
            return None
        refused = not_held(seed, jkt, self._draw)
        self._owned = (seed, jkt) if refused is None else None
        return refused


class SeatKeyHolder(StateHolder[DeviceState, ProvenSeat]):
    """Possession of one seat."""

    def __init__(
        self,
        who: DeviceIdentity,
        pinned: TrustedRoot,
        memory: StateStore[DeviceState],
        time: Timekeeper,
        draw: Callable[[int], bytes],
        boots: BootWatch | None = None,
    ) -> None:
        """`boots`: this boot's view of the others; made of `who` and the clocks where none is given."""
        boots = boots or BootWatch(time.clocks, who.name, who.hardware.values())
        super().__init__(SeatPayload(who, draw), pinned, memory, time, boots=boots)

    @property
    def current_reader(self) -> DeviceIdentity:
        """Who reads; a sandbox only as long as the root is one of a sandbox."""
        return self.proven.who

    @property
    def proven_seat(self) -> ProvenSeat:
        """Everything proven."""
        return self.proven

    def timeline(self) -> Timeline:
        """Everything that will happen to this device if no user acts; empty without a seat.

        For people, with the renewals that are expected: what is granted is `standing_at`'s and knows of none.
        """
        seat = self.proven.seat
        if seat is None:
            return ()
        lease, now = seat.lease.lease, self.now().instant
        told = msgspec.structs.replace(lease, spans=carried_on(lease.spans, lease.outlook_at(now), lease.prepaid_until))
        return device_timeline(told, seat.seat.as_term(), self.kept.contact, self.proven.amnesties)

    def outlook(self) -> RenewalOutlook | None:
        """What is known of the next renewal, as the lease beneath the seat says it; None: nothing."""
        lease = self.proven.lease
        return None if lease is None else lease.outlook_at(self.now().instant)


def prove_seat(
    kept: DeviceState, root: TrustedRoot, who: DeviceIdentity, owns: Callable[[bytes, str], Refused | None]
) -> ProvenSeat:
    """What of `kept` still holds under `root`: the lease by the root, the seat by the lease, the key by this device.

    `owns`: why the key made from a seed is not the one of a thumbprint (`not_held`).
    """
    amnesties = NoticeReader(root, who.product, who.sandbox).proven_amnesties(kept.notices)
    if not kept.seat:
        return ProvenSeat(who=who, amnesties=amnesties)
    seat = read_seat(kept.bundle, root, product=who.product, sandbox=who.sandbox)
    if isinstance(seat, Refused):
        return ProvenSeat(who=who, amnesties=amnesties, fault=seat)
    fault = owns(kept.seat_seed, seat.seat.cnf.jkt)
    return ProvenSeat(who=who, seat=None if fault is not None else seat, amnesties=amnesties, fault=fault)


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
