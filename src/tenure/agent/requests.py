"""What a device asks its site, as sealed bytes, and who asks.

Pure: no sending, no clock, no randomness of its own. How the answers are read is `seat_question`'s.
"""

import msgspec

from tenure.agent.device_state import DeviceState
from tenure.core.lease.acceptance import TrustedLeaseState
from tenure.core.lease.clock import ClockReading
from tenure.sdk.engine.replies import Draw, request_head
from tenure.wire import devices
from tenure.wire.devices import Ask, DeviceRequest
from tenure.wire.exchanges import public_jwk
from tenure.wire.keys import SeedSigner
from tenure.wire.root import TrustedRoot

DEVICE = "/v1/device"


class DeviceIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the device shows itself."""

    product: str
    version: str
    name: str = ""
    hardware: dict[str, str] = {}
    """Salted digests of hardware parts (`sdk.hardware.hardware_digests`)."""
    sandbox: bool = False

    @property
    def empty_state(self) -> TrustedLeaseState:
        """This reader with empty hands. A device holds another key than the lease names, and goes by the site."""
        return TrustedLeaseState(product=self.product, version=self.version, key=None, sandbox=self.sandbox)

    def under(self, root: TrustedRoot) -> "DeviceIdentity":
        """This device under `root`: in a sandbox only as long as the root is one of a sandbox."""
        return msgspec.structs.replace(self, sandbox=self.sandbox and root.is_sandbox)


def request_for(
    ask: Ask, who: DeviceIdentity, kept: DeviceState, reading: ClockReading, root: int, draw: Draw
) -> bytes:
    """The sealed request; it carries the seat only where the site has asked for it, the receipt only with a release."""
    signer, ticket = SeedSigner(kept.seed), kept.ticket
    head = request_head(draw, reading)
    message = DeviceRequest(
        nonce=head.nonce,
        request=head.request,
        ask=ask,
        product=who.product,
        key=public_jwk(signer.public),
        wall=head.wall,
        uptime=head.uptime,
        root=root,
        device=kept.device,
        token=kept.token,
        enrollment=ticket.secret if ask == "enroll" and ticket is not None else "",
        name=who.name,
        version=who.version,
        hardware=who.hardware,
        lease=kept.held.digest if kept.held.token else "",
        seat=kept.seat if kept.seat_wanted else "",
        erased=kept.receipt.decode("ascii") if ask == "release" else "",
        ephemeral=kept.ephemeral,
    )
    return devices.seal_device_request(message, signer)


def request_kind(request: bytes) -> Ask:
    """What a request that was made here asks for."""
    return devices.claimed_ask(request) or "refresh"
