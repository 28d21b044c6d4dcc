"""What an application or a site asks the activation server, as sealed bytes, and who asks.

Pure: no sending, no clock, no randomness of its own. How the answers are read is `lease_questions`'.
"""

from typing import Protocol

import msgspec

from tenure.core.activation_codes import ActivationCode
from tenure.core.installation import Installation
from tenure.core.lease.clock import ClockReading
from tenure.core.refusals import Refused
from tenure.sdk.client_state import ClientState
from tenure.sdk.engine.replies import Draw, request_head
from tenure.wire.exchanges import (
    claimed_request,
    public_jwk,
    read_activate,
    seal_preview_request,
    seal_request,
    unwrap_sync,
)
from tenure.wire.keys import Signer
from tenure.wire.messages import ActivateRequest, DeviceUse, Resolution, SyncRequest, Trigger

ACTIVATE, PREVIEW, SYNC = "/v1/activate", "/v1/activation-preview", "/v1/sync"

REPLACED = 6
"""Activations that were replaced before they were answered, of which a request still tells."""


class SiteKey(Signer, Protocol):
    """The site's own key: it signs here, and its private part never leaves."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""


class ClientIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: what is licensed, and the site as it shows itself."""

    product: str
    version: str
    name: str = ""
    """Of the site, for people."""
    hardware: dict[str, str] = {}
    """Salted digests of hardware parts (`hardware.hardware_digests`)."""
    device_port: str = ""
    """SHA-256 (base64url) of the device port's public key; an application has none."""
    sandbox: bool = False
    installation: Installation = Installation.STANDALONE
    ephemeral: bool = False
    """Whether it asks for a short lease, as a container does."""


class UseReport(msgspec.Struct, frozen=True):
    """What a synchronization tells the server about use; an application alone leaves it as it is."""

    use: DeviceUse = DeviceUse()
    wanted: int = 0
    """Allotment wanted."""


class SyncWish(msgspec.Struct, frozen=True, kw_only=True):
    """What the site's administrator asks for with a synchronization."""

    resolve: Resolution = ""
    """What the copies of this site are, while a fork is open [spec: fork-resolution]."""
    drop_successor: str = ""
    """The subscription of a staged successor that is not wanted any more."""


NO_WISH = SyncWish()


def activate_request(
    who: ClientIdentity,
    signer: SiteKey,
    code: ActivationCode,
    role: str,
    kept: ClientState,
    reading: ClockReading,
    root: int,
    draw: Draw,
    *,
    preview: bool = False,
) -> bytes:
    """The sealed request to activate `code`, as the `active` subscription or to stage it as `successor`.

    `preview`: only to be told what it would start.
    """
    head = request_head(draw, reading)
    message = ActivateRequest(
        nonce=head.nonce,
        request=head.request,
        code=code.reveal(),
        product=who.product,
        version=who.version,
        name=who.name,
        key=public_jwk(signer.public),
        wall=head.wall,
        uptime=head.uptime,
        root=root,
        device_port=who.device_port,
        lease=kept.present.token.decode("ascii"),
        token=kept.token,
        hardware=who.hardware,
        role="successor" if role == "successor" else "active",
        pending=unanswered_requests(kept),
        world="sandbox" if who.sandbox else "production",
        installation=who.installation.value,
        ephemeral=who.ephemeral,
    )
    return seal_preview_request(message, signer) if preview else seal_request(message, signer)


def sync_request(
    who: ClientIdentity,
    signer: SiteKey,
    report: UseReport,
    trigger: Trigger,
    kept: ClientState,
    reading: ClockReading,
    draw: Draw,
    wish: SyncWish = NO_WISH,
) -> bytes:
    """The sealed request to synchronize; it carries the lease only where the server has asked for it."""
    held, head = kept.present, request_head(draw, reading)
    message = SyncRequest(
        nonce=head.nonce,
        request=head.request,
        site=held.site,
        subscription=held.subscription,
        product=who.product,
        serial=held.serial,
        epoch=held.epoch,
        revision=held.revision,
        token=kept.token,
        version=who.version,
        wall=head.wall,
        uptime=head.uptime,
        trigger=trigger,
        use=report.use,
        wanted=report.wanted,
        path=kept.path,
        lease=held.token.decode("ascii") if kept.lease_wanted or kept.key_wanted else "",
        key=public_jwk(signer.public) if kept.key_wanted else None,
        resolve=wish.resolve,
        drop_successor=wish.drop_successor,
        erased=kept.receipt.decode("ascii"),
        pending=unanswered_requests(kept),
    )
    return seal_request(message, signer)


def unanswered_requests(kept: ClientState) -> tuple[str, ...]:
    """Ids of what was sent and is not answered, latest first: the server may have done so, and replaced the token."""
    activation = None if kept.activation is None else asks_for(kept.activation.request)
    sent = None if kept.sync is None else unwrap_sync(kept.sync.request)
    return (
        *(() if activation is None else (activation.request,)),
        *kept.unanswered[:REPLACED],
        *(() if sent is None or isinstance(sent, Refused) else (claimed_request(sent),)),
    )


def asks_for(request: bytes) -> ActivateRequest | None:
    """What a pending activation asks for; None when it cannot be read."""
    read = read_activate(request)
    return None if isinstance(read, Refused) else read.message
