"""A device's requests as bytes, and what a reply amounts to: proven and bound to its question, or inconclusive and why.

Pure: no sending, no clock, no randomness of its own. What a proven answer changes is `taking`'s.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.kept import Kept
from tenure.core.acceptance import Heard
from tenure.core.clock import Reading
from tenure.core.refusals import Code, Refused
from tenure.sdk.exchange import Inconclusive, retry_after
from tenure.sdk.names.path import Exchange
from tenure.wire import devices, fields
from tenure.wire.answers import jwk
from tenure.wire.b64 import encode_text
from tenure.wire.devices import Ask, DeviceAnswer, DeviceRequest
from tenure.wire.keys import SeedSigner, from_jwk, key_id
from tenure.wire.leases import read_lease
from tenure.wire.root import Root

DEVICE = "/v1/device"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the device shows itself."""

    product: str
    version: str
    name: str = ""
    hardware: dict[str, str] = {}
    """Salted digests of hardware parts (`sdk.hardware.digests`)."""
    sandbox: bool = False


def request_for(
    ask: Ask, who: Identity, kept: Kept, reading: Reading, root: int, draw: Callable[[int], bytes]
) -> bytes:
    """The sealed request; it carries the seat only where the site has asked for it, the receipt only with a release."""
    signer = SeedSigner(kept.seed)
    ticket = kept.ticket
    message = DeviceRequest(
        nonce=encode_text(draw(32)),
        request=f"req_{draw(16).hex()}",
        ask=ask,
        product=who.product,
        key=jwk(signer.public),
        wall=min(max(reading.wall, 0), fields.YEAR_9999),
        uptime=min(max(reading.uptime, 0), 100 * fields.YEAR),
        root=root,
        device=kept.device,
        token=kept.token,
        enrolment=ticket.secret if ask == "enrol" and ticket is not None else "",
        name=who.name,
        version=who.version,
        hardware=who.hardware,
        lease=kept.held.digest if kept.held.token else "",
        seat=kept.seat if kept.seat_wanted else "",
        erased=kept.receipt.decode("ascii") if ask == "release" else "",
        ephemeral=kept.ephemeral,
    )
    return devices.ask(message, signer)


def asks(request: bytes) -> Ask:
    """What a request that was made here asks for."""
    return devices.claimed_ask(request) or "refresh"


def hear(
    reply: Exchange | Refused, request: bytes, kept: Kept, who: Identity, root: Root
) -> DeviceAnswer | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing.

    Proven by the key of the site known, or by the one that a genuine lease names together with the device port that
    was spoken to: a site that had to begin anew has another key, but the same port.
    """
    if isinstance(reply, Refused):
        return Inconclusive(reply.code, reply.detail, reply.field, reply.when)
    claimed = devices.answers_key(reply.body)
    site = claimed if isinstance(claimed, Refused) else _site(reply.body, claimed, kept, who, root)
    read = site if isinstance(site, Refused) else devices.read_answer(reply.body, request, site)
    return _unproven(reply, read) if isinstance(read, Refused) else read


def _site(answer: bytes, kid: str, kept: Kept, who: Identity, root: Root) -> bytes | Refused:
    if kept.site and key_id(kept.site) == kid:
        return kept.site
    lease = read_lease(devices.claimed_lease(answer), root, product=who.product, sandbox=who.sandbox)
    if isinstance(lease, Refused):
        return lease if lease.code is not Code.MESSAGE_MALFORMED else Refused(Code.KEY_UNKNOWN)
    if kept.ticket is None or lease.lease.device_port != kept.ticket.pin:
        return Refused(Code.KEY_UNKNOWN, "The lease names another device port than the one spoken to.")
    return from_jwk(lease.lease.cnf.jwk, "cnf.jwk")


_FOREIGN = frozenset({Code.KEY_UNKNOWN, Code.KEY_NOT_FOR_THIS, Code.SIGNATURE_INVALID, Code.LEASE_NOT_MINE})


def _unproven(reply: Exchange, refused: Refused) -> Inconclusive:
    if refused.code in _FOREIGN:
        return Inconclusive(refused.code, refused.detail, refused.field, heard=Heard.FOREIGN)
    if refused.code is Code.NOT_THE_ANSWER:
        return Inconclusive(refused.code, refused.detail, refused.field, heard=Heard.UNBOUND)
    told = _problem(reply)
    detail = f"What came back (HTTP {reply.status}) is not signed and counts for nothing. {told}".strip()
    return Inconclusive(Code.UNREACHABLE, detail, heard=Heard.UNSIGNED, retry_after=retry_after(reply))


class _Said(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""


def _problem(reply: Exchange) -> str:
    """The words of an unsigned refusal, for the log alone."""
    try:
        said = msgspec.json.decode(reply.body, type=_Said)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return "".join(char if char.isprintable() else " " for char in f"{said.title} {said.detail}")[:300].strip()
