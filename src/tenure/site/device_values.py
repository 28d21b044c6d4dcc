"""What `device_reply` decides on and what it gives back: values, read and stored by `device_contact`."""

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.site.duplicates import TwinOutcome
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.site.store.events import Severity
from tenure.site.store.pools import ProductPool
from tenure.wire.devices import DeviceAnswer, ProvenDeviceRequest
from tenure.wire.keys import key_thumbprint
from tenure.wire.seats import Seat

UNNAMED = "seat"
"""Of a seat that is decided and not signed: names are drawn at random, which a decision is not."""


class DeviceKnowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What the site knows of a device that asks, read in one transaction."""

    device: DeviceRow | None
    """Its row; None for a device that is not known."""
    pool: ProductPool
    shown: int | None = None
    """Number of the state token that it shows, if that is authentic; of an unknown device, for the seat it shows."""
    twin: DeviceRow | None = None
    """The device that was there before on the same hardware."""
    fresh: DeviceRow | None = None
    """The device that it becomes by the enrollment token that it shows; None: that is unknown, spent, or over."""
    held: Seat | Refused | None = None
    """The seat that an unknown device shows."""
    is_taken: bool = False
    """Whether another device has the id in that seat."""
    automatic: frozenset[str] = frozenset()
    """Groups whose devices get seats by themselves."""
    displaced: int = 0
    """Devices that count and are set aside."""


class DeviceEvent(msgspec.Struct, frozen=True):
    """Something for the administrator to read."""

    severity: Severity
    kind: str
    text: str
    device: str


class DeviceEffects(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply changes beside the device's own row."""

    events: tuple[DeviceEvent, ...] = ()
    uses_token: bool = False
    """One use of the enrollment token is spent, and its group is there from now on."""
    twin: TwinOutcome | None = None
    """What became of the former self on the same hardware."""
    adopts: bool = False
    """The device counts from now on, whatever is allowed."""
    claims: int | None = None
    """The device counts from now on, as one of at most so many."""
    frees: bool = False
    """The device counts no longer."""
    stopped: bool | None = None
    """Distribution of seats stops, or goes on."""


NOTHING = DeviceEffects()


class DeviceReply(msgspec.Struct, frozen=True):
    """The answer, to be signed; the device as it is afterwards, if it is one; what else follows."""

    answer: DeviceAnswer
    device: DeviceRow | None
    seat: Seat | None
    """To be named and signed; its name and digest are the row's, too. Until then both have the name `UNNAMED`."""
    effects: DeviceEffects


def new_device(asked: ProvenDeviceRequest, name: str, group: str, now: Instant, *, count: int) -> DeviceRow:
    """A row of its own. Of an ephemeral device no hardware is kept: containers share it, and none is another's
    former self."""
    message = asked.message
    return DeviceRow(
        number=0,
        id=name,
        product=message.product,
        thumbprint=key_thumbprint(asked.public),
        name=message.name,
        group=group,
        version=message.version,
        hardware=b"{}" if message.ephemeral else msgspec.json.encode(message.hardware),
        created=now,
        last_seen=now,
        count=count,
        last_request=message.request,
        seat="",
        seat_sha256="",
        seat_until=0,
        lease_iat=0,
        state=DeviceDecision.WAITING,
        counted=0,
        counts_until=0,
        pinned=0,
        twin="",
        note="",
        ephemeral=int(message.ephemeral),
    )
