"""Requests as bytes, and what a reply amounts to: proven and bound to its question, or inconclusive and why.

Pure: no sending, no clock, no randomness of its own. What a proven answer changes is `taking`'s.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Protocol

import msgspec

from tenure.core.acceptance import Heard
from tenure.core.clock import Reading
from tenure.core.codes import ActivationCode
from tenure.core.installation import Installation
from tenure.core.refusals import TABLE, Code, Refused
from tenure.sdk.kept import Kept
from tenure.sdk.names.path import Exchange
from tenure.wire import fields
from tenure.wire.answers import (
    Answered,
    ask,
    ask_to_look,
    claimed_request,
    jwk,
    read_activate,
    read_activate_answer,
    read_sync_answer,
    unwrap_sync,
)
from tenure.wire.b64 import encode_text
from tenure.wire.keys import Signer
from tenure.wire.messages import ActivateAnswer, ActivateRequest, Resolution, SyncAnswer, SyncRequest, Trigger, Use
from tenure.wire.root import Root

ACTIVATE, LOOK, SYNC = "/v1/activate", "/v1/look", "/v1/sync"

Draw = Callable[[int], bytes]
"""So many random bytes from the system's source."""


REPLACED = 6
"""Activations that were replaced before they were answered, of which a request still tells."""


class SiteKey(Signer, Protocol):
    """The site's own key: it signs here, and its private part never leaves."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: what is licensed, and the site as it shows itself."""

    product: str
    version: str
    name: str = ""
    """Of the site, for people."""
    hardware: dict[str, str] = {}
    """Salted digests of hardware parts (`hardware.digests`)."""
    device_port: str = ""
    """SHA-256 (base64url) of the device port's public key; an application has none."""
    sandbox: bool = False
    installation: Installation = Installation.STANDALONE
    ephemeral: bool = False
    """Whether it asks for a short lease, as a container does."""


class Report(msgspec.Struct, frozen=True):
    """What a synchronisation tells the server about use; an application alone leaves it as it is."""

    use: Use = Use()
    wanted: int = 0
    """Allotment wanted."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the site's administrator asks for with a synchronisation."""

    resolve: Resolution = ""
    """What the copies of this site are, while a fork is open [spec: fork-resolution]."""
    drop_successor: str = ""
    """The subscription of a staged successor that is not wanted any more."""


NO_WISH = Wish()


class Inconclusive(Refused, frozen=True):
    """A reply that changes nothing, or none: the request stands and is repeated."""

    heard: Heard = Heard.SILENCE
    retry_after: int | None = None
    """Seconds the reply asked for."""
    unknown: bool = False
    """It says that it does not know this installation: unsigned, so that it takes nothing away."""
    declined: bool = False
    """The server itself said no, unsigned (4xx), so that this very request is not being worked on."""


def activate_request(
    who: Identity,
    signer: SiteKey,
    code: ActivationCode,
    role: str,
    kept: Kept,
    reading: Reading,
    root: int,
    draw: Draw,
    *,
    look: bool = False,
) -> bytes:
    """The sealed request to activate `code`, as the `active` subscription or to stage it as `successor`.

    `look`: only to be told what it would start.
    """
    message = ActivateRequest(
        nonce=encode_text(draw(32)),
        request=_request_id(draw),
        code=code.reveal(),
        product=who.product,
        version=who.version,
        name=who.name,
        key=jwk(signer.public),
        wall=_moment(reading.wall),
        uptime=_seconds(reading.uptime),
        root=root,
        device_port=who.device_port,
        lease=kept.present.token.decode("ascii"),
        token=kept.token,
        hardware=who.hardware,
        role="successor" if role == "successor" else "active",
        pending=unanswered(kept),
        world="sandbox" if who.sandbox else "production",
        installation=who.installation.value,
        ephemeral=who.ephemeral,
    )
    return ask_to_look(message, signer) if look else ask(message, signer)


def sync_request(
    who: Identity,
    signer: SiteKey,
    report: Report,
    trigger: Trigger,
    kept: Kept,
    reading: Reading,
    draw: Draw,
    wish: Wish = NO_WISH,
) -> bytes:
    """The sealed request to synchronise; it carries the lease only where the server has asked for it."""
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
        wall=_moment(reading.wall),
        uptime=_seconds(reading.uptime),
        trigger=trigger,
        use=report.use,
        wanted=report.wanted,
        path=kept.path,
        lease=held.token.decode("ascii") if kept.lease_wanted or kept.key_wanted else "",
        key=jwk(signer.public) if kept.key_wanted else None,
        resolve=wish.resolve,
        drop_successor=wish.drop_successor,
        erased=kept.receipt.decode("ascii"),
        pending=unanswered(kept),
    )
    return ask(message, signer)


def unanswered(kept: Kept) -> tuple[str, ...]:
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
    reply: Exchange | Refused, request: bytes, root: Root, sandbox: bool
) -> Answered[ActivateAnswer] | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing."""
    if isinstance(reply, Refused):
        return _silence(reply)
    read = read_activate_answer(reply.body, request, root, sandbox=sandbox)
    return _unproven(reply, read) if isinstance(read, Refused) else read


def hear_sync(
    reply: Exchange | Refused, request: bytes, root: Root, sandbox: bool
) -> Answered[SyncAnswer] | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing."""
    if isinstance(reply, Refused):
        return _silence(reply)
    read = read_sync_answer(reply.body, request, root, sandbox=sandbox)
    return _unproven(reply, read) if isinstance(read, Refused) else read


_FOREIGN = frozenset({Code.KEY_UNKNOWN, Code.KEY_NOT_FOR_THIS, Code.SIGNATURE_INVALID, Code.ROOT_REJECTED})
_STRANGER = "The licensing server says that it does not know this installation; what is licensed goes on meanwhile."
_WAIT = frozenset({408, 409, 425, 429})


class _Problem(msgspec.Struct, frozen=True):
    """What is read of a problem document (RFC 9457)."""

    code: str = ""


def _unproven(reply: Exchange, refused: Refused) -> Inconclusive:
    if refused.code in _FOREIGN:
        return _inconclusive(reply, refused, Heard.FOREIGN)
    if refused.code is Code.NOT_THE_ANSWER:
        return _inconclusive(reply, refused, Heard.UNBOUND)
    if reply.status == TABLE[Code.KEY_UNKNOWN].status and _code(reply) == Code.KEY_UNKNOWN:
        strange = _inconclusive(reply, Refused(Code.SITE_UNKNOWN, _STRANGER), Heard.UNSIGNED)
        return msgspec.structs.replace(strange, unknown=True)
    detail = f"What came back (HTTP {reply.status}) is not signed and counts for nothing."
    code = {429: Code.TOO_MANY_REQUESTS, 503: Code.SERVER_BUSY}.get(reply.status, Code.UNREACHABLE)
    return _inconclusive(reply, Refused(code, detail), Heard.UNSIGNED)


def _code(reply: Exchange) -> str:
    """The code of a problem document; empty for anything else."""
    try:
        return msgspec.json.decode(reply.body, type=_Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _inconclusive(reply: Exchange, refused: Refused, heard: Heard) -> Inconclusive:
    return Inconclusive(
        refused.code,
        refused.detail,
        refused.field,
        heard=heard,
        retry_after=retry_after(reply),
        declined=400 <= reply.status < 500 and reply.status not in _WAIT,
    )


def _silence(refused: Refused) -> Inconclusive:
    return Inconclusive(refused.code, refused.detail, refused.field, refused.when)


def retry_after(reply: Exchange) -> int | None:
    """Seconds that the reply's Retry-After asks for (RFC 9110), as a number or as a date against the reply's own
    Date, so that our clock plays no part; None when it has none that can be read. Bounds are the schedule's."""
    text = (reply.header("retry-after") or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:10])
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.header("date") or "")
    except (ValueError, TypeError, IndexError):
        return None
    return max(0, int(wait.total_seconds()))


def _request_id(draw: Draw) -> str:
    return f"req_{draw(16).hex()}"


def _moment(instant: int) -> int:
    """The wall clock as reported: within what the field can carry, however wrong the clock is."""
    return min(max(instant, 0), fields.YEAR_9999)


def _seconds(count: int) -> int:
    return min(max(count, 0), 100 * fields.YEAR)
