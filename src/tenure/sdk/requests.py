"""Requests as bytes, and what a reply amounts to: proven and bound to its question, or inconclusive and why.

Pure: no sending, no clock, no randomness of its own. What a proven answer changes is `apply_response`'s.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from tenure.core.activation_codes import ActivationCode
from tenure.core.installation import Installation
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.lease.clock import ClockReading
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.sdk.client_state import ClientState
from tenure.sdk.network.path import HttpExchange
from tenure.wire import field_types
from tenure.wire.b64 import encode_text
from tenure.wire.exchanges import (
    ProvenAnswer,
    claimed_request,
    public_jwk,
    read_activate,
    read_activate_answer,
    read_sync_answer,
    seal_preview_request,
    seal_request,
    unwrap_sync,
)
from tenure.wire.keys import Signer
from tenure.wire.messages import (
    ActivateAnswer,
    ActivateRequest,
    DeviceUse,
    Resolution,
    SyncAnswer,
    SyncRequest,
    Trigger,
)
from tenure.wire.root import TrustedRoot

ACTIVATE, PREVIEW, SYNC = "/v1/activate", "/v1/activation-preview", "/v1/sync"

Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""


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


class Inconclusive(Refused, frozen=True):
    """A reply that changes nothing, or none: the request stands and is repeated."""

    heard: ResponseKind = ResponseKind.SILENCE
    retry_after: int | None = None
    """Seconds the reply asked for."""
    unknown: bool = False
    """It says that it does not know this installation: unsigned, so that it takes nothing away."""
    declined: bool = False
    """The server itself said no, unsigned (4xx), so that this very request is not being worked on."""


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
    message = ActivateRequest(
        nonce=encode_text(draw(32)),
        request=_request_id(draw),
        code=code.reveal(),
        product=who.product,
        version=who.version,
        name=who.name,
        key=public_jwk(signer.public),
        wall=_clamp_instant(reading.wall),
        uptime=_parse_seconds(reading.uptime),
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
    held = kept.present
    message = SyncRequest(
        nonce=encode_text(draw(32)),
        request=_request_id(draw),
        site=held.site,
        subscription=held.subscription,
        product=who.product,
        serial=held.serial,
        epoch=held.epoch,
        revision=held.revision,
        token=kept.token,
        version=who.version,
        wall=_clamp_instant(reading.wall),
        uptime=_parse_seconds(reading.uptime),
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


def hear_activation(
    reply: HttpExchange | Refused, request: bytes, root: TrustedRoot, sandbox: bool
) -> ProvenAnswer[ActivateAnswer] | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing."""
    if isinstance(reply, Refused):
        return _refuse_silence(reply)
    read = read_activate_answer(reply.body, request, root, sandbox=sandbox)
    return _refuse_unproven(reply, read) if isinstance(read, Refused) else read


def hear_sync(
    reply: HttpExchange | Refused, request: bytes, root: TrustedRoot, sandbox: bool
) -> ProvenAnswer[SyncAnswer] | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing."""
    if isinstance(reply, Refused):
        return _refuse_silence(reply)
    read = read_sync_answer(reply.body, request, root, sandbox=sandbox)
    return _refuse_unproven(reply, read) if isinstance(read, Refused) else read


_FOREIGN = frozenset(
    {RefusalCode.KEY_UNKNOWN, RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SIGNATURE_INVALID, RefusalCode.ROOT_REJECTED}
)
_STRANGER = "The activation server says that it does not know this installation; existing licenses go on meanwhile."
_WAIT = frozenset({408, 409, 425, 429})


class _Problem(msgspec.Struct, frozen=True):
    """What is read of a problem document (RFC 9457)."""

    code: str = ""


def _refuse_unproven(reply: HttpExchange, refused: Refused) -> Inconclusive:
    if refused.code in _FOREIGN:
        return _make_inconclusive(reply, refused, ResponseKind.FOREIGN)
    if refused.code is RefusalCode.NOT_THE_ANSWER:
        return _make_inconclusive(reply, refused, ResponseKind.UNBOUND)
    if reply.status == TABLE[RefusalCode.KEY_UNKNOWN].status and _problem_code(reply) == RefusalCode.KEY_UNKNOWN:
        strange = _make_inconclusive(reply, Refused(RefusalCode.SITE_UNKNOWN, _STRANGER), ResponseKind.UNSIGNED)
        return msgspec.structs.replace(strange, unknown=True)
    detail = f"The response (HTTP {reply.status}) is not signed and counts for nothing."
    code = {429: RefusalCode.TOO_MANY_REQUESTS, 503: RefusalCode.SERVER_BUSY}.get(reply.status, RefusalCode.UNREACHABLE)
    return _make_inconclusive(reply, Refused(code, detail), ResponseKind.UNSIGNED)


def _problem_code(reply: HttpExchange) -> str:
    """The code of a problem document; empty for anything else."""
    try:
        return msgspec.json.decode(reply.body, type=_Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _make_inconclusive(reply: HttpExchange, refused: Refused, heard: ResponseKind) -> Inconclusive:
    return Inconclusive(
        refused.code,
        refused.detail,
        refused.field,
        heard=heard,
        retry_after=retry_after(reply),
        declined=400 <= reply.status < 500 and reply.status not in _WAIT,
    )


def _refuse_silence(refused: Refused) -> Inconclusive:
    return Inconclusive(refused.code, refused.detail, refused.field, refused.when)


def retry_after(reply: HttpExchange) -> int | None:
    """Seconds that the reply's Retry-After asks for (RFC 9110), as a number or as a date against the reply's own
    Date, so that our clock plays no part; None when it has none that can be read. Bounds are the schedule's."""
    text = (reply.first_header("retry-after") or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:10])
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.first_header("date") or "")
    except (ValueError, TypeError, IndexError):
        return None
    return max(0, int(wait.total_seconds()))


def _request_id(draw: Draw) -> str:
    return f"req_{draw(16).hex()}"


def _clamp_instant(instant: int) -> int:
    """The wall clock as reported: within what the field can carry, however wrong the clock is."""
    return min(max(instant, 0), field_types.YEAR_9999)


def _parse_seconds(count: int) -> int:
    return min(max(count, 0), 100 * field_types.YEAR)
