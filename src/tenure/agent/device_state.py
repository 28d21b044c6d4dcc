"""What a device remembers between two runs, as one value that is saved whole, and where it lies.

What it means is decided in `apply_response` and `seat_keeper`. Evolution: fields are only appended, each with a
default.
"""

import msgspec

from tenure.core.lease.acceptance import TrustedLeaseState, TrustedSeatState
from tenure.core.lease.boots import Heartbeat
from tenure.core.lease.clock import ClockState
from tenure.core.timeline import Instant
from tenure.sdk.client_state import LeaseSlot
from tenure.sdk.disk import Disk
from tenure.sdk.engine.generations import Draw, FolderForm, GenerationFolder
from tenure.sdk.engine.state import ContactLog, PendingRequest
from tenure.wire.devices import EnrollmentToken
from tenure.wire.messages import SignedRefusal
from tenure.wire.seats import SeatBundle

SEAL = "seal"


class DeviceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything."""

    roots: tuple[bytes, ...] = ()
    """The root documents that followed the one pinned, as received, oldest first."""
    ticket: EnrollmentToken | None = None
    """The enrollment token last given: where the site is, and how a copy of this device enrolls again."""
    certificate: str = ""
    """The device port's certificate (PEM), whose key is the one pinned."""
    seed: bytes = b""
    """Of the device's own key, made here; empty before the first enrollment."""
    seat_seed: bytes = b""
    """Of the key that the seat held names: another one only while a copy has no seat of its own yet."""
    device: str = ""
    token: str = ""
    """The state token of the last answer."""
    site: bytes = b""
    """Public key of the site that answers."""
    seat: str = ""
    """The seat as received; empty when there is none, or none any more."""
    held: LeaseSlot = LeaseSlot()
    """The lease as received, and the numbers that the next one is measured against; both outlive the seat."""
    seat_iat: Instant = 0
    clock: ClockState = ClockState()
    contact: Instant = 0
    """The site's time when it last gave a seat."""
    contacts: ContactLog = ContactLog()
    pending: PendingRequest | None = None
    notices: tuple[bytes, ...] = ()
    seat_wanted: bool = False
    """The site has forgotten this device and asks for the seat that it once signed."""
    receipt: bytes = b""
    """The signed receipt of an erased seat, until the site has it."""
    refusal: SignedRefusal | None = None
    """Why the site gave no seat, when it last said so."""
    given_up: bool = False
    """This device has released its seat by its own will; it asks for none until it is enrolled again."""
    beat: Heartbeat | None = None
    """Which boot saved this, and when."""
    ephemeral: bool = False
    """It does not last, and was enrolled as such."""

    @property
    def bundle(self) -> bytes:
        """Seat and lease as `wire.seats` reads them; empty without a seat."""
        return msgspec.json.encode(SeatBundle(self.seat, self.held.token.decode("ascii"))) if self.seat else b""

    def held_seat(self, who: TrustedLeaseState, thumbprint: str) -> TrustedSeatState:
        """The numbers in the hands of this device."""
        return TrustedSeatState(lease=self.held.trusted_state(who), thumbprint=thumbprint, iat=self.seat_iat)


class DeviceStateFolder(GenerationFolder[DeviceState]):
    """`DeviceState` in a folder, beside the key of its seal (see `sdk.engine.generations`)."""

    def __init__(self, disk: Disk, draw: Draw) -> None:
        """Reads the seal's key or makes it; raises OSError when that cannot be saved."""
        super().__init__(disk, _FORM, draw)


def _read_seal(data: bytes) -> bytes | None:
    return data or None


def _same_bytes(key: bytes) -> bytes:
    return key


_FORM = FolderForm(
    empty=DeviceState(),
    mark=b"tenure-agent-1 ",
    secret=SEAL,
    read_secret=_read_seal,
    write_secret=_same_bytes,
    mac_key=_same_bytes,
)
