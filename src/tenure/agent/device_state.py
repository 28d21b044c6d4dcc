"""What a device remembers between two runs, as one value that is saved whole, and where it lies.

What it means is decided in `apply_response` and `seat_keeper`. Evolution: fields are only appended, each with a
default.
"""

import errno
import hmac
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from tenure.core.lease.acceptance import TrustedLeaseState, TrustedSeatState
from tenure.core.lease.boots import Heartbeat
from tenure.core.lease.clock import ClockState
from tenure.core.timeline import Instant
from tenure.sdk.cache import IdentityReset, write_whole
from tenure.sdk.client_state import ContactLog, LeaseSlot, PendingRequest
from tenure.sdk.disk import Disk
from tenure.wire.devices import EnrollmentToken
from tenure.wire.messages import SignedRefusal
from tenure.wire.seats import SeatBundle

log = logging.getLogger("tenure.agent")

SEAL, LOCK = "seal", "lock"
_MARK = b"tenure-agent-1 "


class DeviceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything."""

    roots: tuple[bytes, ...] = ()
    """The root documents that followed the one pinned, as received, oldest first."""
    ticket: EnrollmentToken | None = None
    """The enrollment token last given: where the site is, and how a copy of this device enrolls anew."""
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


class SavedDeviceState(msgspec.Struct, frozen=True):
    """One saved state and its number, one higher than that of the state before it."""

    number: int
    kept: DeviceState


class DeviceStateFolder:
    """`DeviceState` in a folder, in two generations: a save touches only the older one (as `sdk.cache` does for
    leases)."""

    def __init__(self, disk: Disk, draw: Callable[[int], bytes]) -> None:
        """Reads the seal's key or makes it; raises OSError when that cannot be saved."""
        self._disk = disk
        self._key = disk.read(SEAL) or self._make_key(draw)
        self._last = SavedDeviceState(0, DeviceState())
        """The newest generation that this process has read or saved."""
        self._missing: tuple[str, ...] = ()
        self._seen: dict[int, tuple[bytes, SavedDeviceState | None]] = {}
        """Of each file the bytes it held when it was last read, and what they were."""

    @property
    def place(self) -> str:
        """The folder's path, for people."""
        return self._disk.place

    def load_state(self) -> DeviceState:
        """The newest generation that is sound; an empty `DeviceState` when there is none.

        As in `sdk.cache`: what this process knows goes before files that have disappeared, and OSError is raised for a
        file that may not be read.
        """
        found = [each for each in (self._read_generation(0), self._read_generation(1)) if each is not None]
        newest = max(found, key=lambda each: each.number, default=SavedDeviceState(0, DeviceState()))
        gone = (f"state.{self._last.number % 2}",) if newest.number < self._last.number else ()
        self._missing = (*(() if self._disk.read(SEAL) else (SEAL,)), *gone)
        if not gone:
            self._last = newest
        return self._last.kept

    def missing_files(self) -> tuple[str, ...]:
        """Names of files that were there and are not: as of the last `load_state`; the next `save_state` writes them
        back."""
        return self._missing

    def save_state(self, kept: DeviceState) -> None:
        """Writes the next generation over the older one; durable when it returns. Raises OSError when that fails.

        The seal's key is written back where it has disappeared; `IdentityReset` where another has taken its place.
        """
        seal = self._disk.read(SEAL)
        if not seal:
            log.warning("the file %s is missing; it is written back", SEAL)
            write_whole(self._disk, SEAL, self._key)
        elif seal != self._key:
            raise IdentityReset("another process has reset this folder, under a new seal")
        number = self._last.number + 1
        body = msgspec.json.encode(kept)
        data = _MARK + f"{number} {self._authenticate(number, body)}\n".encode() + body
        write_whole(self._disk, f"state.{number % 2}", data)
        self._last, self._missing = SavedDeviceState(number, kept), ()
        self._seen[number % 2] = (data, self._last)

    def hold_lock(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """While it is held no other process of this device asks the site or saves; yields whether it is held."""
        return self._disk.lock(LOCK, wait=wait)

    def _make_key(self, draw: Callable[[int], bytes]) -> bytes:
        with self._disk.lock(LOCK):
            made = self._disk.read(SEAL)
            if not made:
                made = draw(32)
                write_whole(self._disk, SEAL, made)
        return made

    def _authenticate(self, number: int, body: bytes) -> str:
        return hmac.digest(self._key, b"%d\n" % number + body, "sha256").hex()

    def _read_generation(self, which: int) -> SavedDeviceState | None:
        try:
            data = self._disk.read(f"state.{which}")
        except OSError as fault:
            if fault.errno != errno.EIO:
                raise
            log.warning("state.%d cannot be read: %s", which, fault)
            return None
        if data is None:
            return None
        before = self._seen.get(which)
        if before is None or before[0] != data:
            self._seen[which] = before = (data, self._open_generation(which, data))
        return before[1]

    def _open_generation(self, which: int, data: bytes) -> SavedDeviceState | None:
        head, _, body = data.partition(b"\n")
        number, _, mac = head.removeprefix(_MARK).partition(b" ")
        formed = head.startswith(_MARK) and number.isdigit() and len(number) < 19
        if formed and hmac.compare_digest(self._authenticate(int(number), body).encode(), mac):
            return self._decode_generation(int(number), body)
        log.warning("state.%d was torn or edited and is not used", which)
        return None

    def _decode_generation(self, number: int, body: bytes) -> SavedDeviceState | None:
        try:
            return SavedDeviceState(number, msgspec.json.decode(body, type=DeviceState))
        except (msgspec.MsgspecError, RecursionError):
            return None
