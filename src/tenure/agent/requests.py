"""A device's requests as bytes, and what a reply amounts to: proven and bound to its question, or inconclusive and why.

Pure: no sending, no clock, no randomness of its own. What a proven answer changes is `apply_response`'s.
"""

from collections.abc import Callable

import msgspec

from tenure.agent.device_state import DeviceState
from tenure.core.lease.acceptance import ResponseKind
from tenure.core.lease.clock import ClockReading
from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.requests import Inconclusive, retry_after
from tenure.wire import devices, field_types
from tenure.wire.b64 import encode_text
from tenure.wire.devices import Ask, DeviceAnswer, DeviceRequest
from tenure.wire.exchanges import public_jwk
from tenure.wire.keys import SeedSigner, from_jwk, key_id
from tenure.wire.leases import read_lease
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


def request_for(
    ask: Ask, who: DeviceIdentity, kept: DeviceState, reading: ClockReading, root: int, draw: Callable[[int], bytes]
) -> bytes:
    """The sealed request; it carries the seat only where the site has asked for it, the receipt only with a release."""
    signer = SeedSigner(kept.seed)
    ticket = kept.ticket
    message = DeviceRequest(
        nonce=encode_text(draw(32)),
        request=f"req_{draw(16).hex()}",
        ask=ask,
        product=who.product,
        key=public_jwk(signer.public),
        wall=min(max(reading.wall, 0), field_types.YEAR_9999),
        uptime=min(max(reading.uptime, 0), 100 * field_types.YEAR),
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


def prove_reply(
    reply: HttpExchange | Refused, request: bytes, kept: DeviceState, who: DeviceIdentity, root: TrustedRoot
) -> DeviceAnswer | Inconclusive:
    """The answer that `reply` proves to be, or why it counts for nothing.

    Proven by the key of the site known, or by the one that a genuine lease names together with the device port that
    was spoken to: a site that had to begin anew has another key, but the same port.
    """
    if isinstance(reply, Refused):
        return Inconclusive(reply.code, reply.detail, reply.field, reply.when)
    claimed = devices.answers_key(reply.body)
    site = claimed if isinstance(claimed, Refused) else _site_key(reply.body, claimed, kept, who, root)
    read = site if isinstance(site, Refused) else devices.read_answer(reply.body, request, site)
    return _refuse_unproven(reply, read) if isinstance(read, Refused) else read


def _site_key(answer: bytes, kid: str, kept: DeviceState, who: DeviceIdentity, root: TrustedRoot) -> bytes | Refused:
    if kept.site and key_id(kept.site) == kid:
        return kept.site
    lease = read_lease(devices.claimed_lease(answer), root, product=who.product, sandbox=who.sandbox)
    if isinstance(lease, Refused):
        return lease if lease.code is not RefusalCode.MESSAGE_MALFORMED else Refused(RefusalCode.KEY_UNKNOWN)
    if kept.ticket is None or lease.lease.device_port != kept.ticket.pin:
        return Refused(RefusalCode.KEY_UNKNOWN, "The lease names another device port than the one spoken to.")
    return from_jwk(lease.lease.cnf.jwk, "cnf.jwk")


_FOREIGN = frozenset(
    {RefusalCode.KEY_UNKNOWN, RefusalCode.KEY_NOT_FOR_THIS, RefusalCode.SIGNATURE_INVALID, RefusalCode.LEASE_NOT_MINE}
)


def _refuse_unproven(reply: HttpExchange, refused: Refused) -> Inconclusive:
    if refused.code in _FOREIGN:
        return Inconclusive(refused.code, refused.detail, refused.field, heard=ResponseKind.FOREIGN)
    if refused.code is RefusalCode.NOT_THE_ANSWER:
        return Inconclusive(refused.code, refused.detail, refused.field, heard=ResponseKind.UNBOUND)
    told = _problem_words(reply)
    detail = f"The response (HTTP {reply.status}) is not signed and counts for nothing. {told}".strip()
    return Inconclusive(
        RefusalCode.SITE_UNREACHABLE, detail, heard=ResponseKind.UNSIGNED, retry_after=retry_after(reply)
    )


class _ProblemWords(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""


def _problem_words(reply: HttpExchange) -> str:
    """The words of an unsigned refusal, for the log alone."""
    try:
        said = msgspec.json.decode(reply.body, type=_ProblemWords)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return "".join(char if char.isprintable() else " " for char in f"{said.title} {said.detail}")[:300].strip()
