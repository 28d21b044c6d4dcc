"""What a device and its site say to each other, proven: the device by its own key, the site by the one its lease names.

What a request leads to is decided at the site, what an answer changes at the device; neither is looked at here
[spec: enrollment]. Evolution: as in `messages`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, field_types, jws, strict_json
from tenure.wire.jws import CAPS, TokenType, token_digest
from tenure.wire.keys import Signer, is_id_of, proving_key
from tenure.wire.messages import Jwk, NextSync, SignedRefusal
from tenure.wire.seats import Seat

Ask = Literal["enroll", "refresh", "release"]
Result = Literal["seat", "send_seat", "erase", "released", "copied", "refused"]
"""`copied`: another copy of this device uses its identity; this one takes a new key and enrolls with it."""

TICKET_CAP = 1_024
NOTICES = 4
"""Notices that one answer passes on at most."""


class DeviceRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-device-request+jws`, signed by the key it names: proof that the device holds it."""

    nonce: field_types.Bytes32
    request: field_types.RequestId
    ask: Ask
    product: field_types.Id
    key: Jwk
    wall: field_types.Moment
    uptime: field_types.Seconds
    root: field_types.Serial
    """Version of the root document known."""
    device: field_types.MaybeId = ""
    """The device's id; empty until the site has given it one."""
    token: field_types.Token = ""
    """The state token of the last answer."""
    enrollment: Annotated[str, Meta(max_length=64, pattern=r"\A[A-Za-z0-9_-]*\Z")] = ""
    """The secret of an enrollment token, with `enroll`."""
    name: field_types.Name = ""
    """Of the device, for people."""
    version: field_types.Version = ""
    """Of the protected application."""
    hardware: Annotated[dict[field_types.Id, field_types.Bytes32], Meta(max_length=8)] = {}
    """Salted digests of hardware parts by name; raw ids never leave."""
    lease: field_types.MaybeBytes32 = ""
    """Digest of the lease held: the answer leaves out a lease that is there already."""
    seat: field_types.Jws = ""
    """The seat held, only after the site has asked for it by `send_seat`."""
    erased: field_types.Jws = ""
    """The receipt (`tenure-erased+jws`), with `release`."""
    ephemeral: bool = False
    """It does not last (a container): what it was enrolled as, it stays; its seats are short."""


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-device-answer+jws`, signed by the site's key."""

    nonce: field_types.Bytes32
    """The question's."""
    request_sha256: field_types.Bytes32
    time: field_types.Moment
    """The site's estimate of the present."""
    root: field_types.Serial
    """Newest version of the root document known at the site."""
    result: Result
    device: field_types.MaybeId = ""
    token: field_types.Token = ""
    seat: field_types.Jws = ""
    lease: field_types.Jws = ""
    """The lease that the seat stands on, or that proves the site's key, unless the device holds it already."""
    next_contact: NextSync | None = None
    notices: Annotated[tuple[field_types.Jws, ...], Meta(max_length=NOTICES)] = ()
    """Sealed `tenure-notice+jws`, passed on as received."""
    refusal: SignedRefusal | None = None


class EnrollmentToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an enrollment token says: where the site is, by which key it is known there, and the secret
    [spec: device-port]."""

    host: field_types.Host
    """Name or IP address, as the certificate has it."""
    port: Annotated[int, Meta(ge=1, le=65_535)]
    pin: field_types.Bytes32
    """SHA-256 of the public key (SPKI) of the device port's certificate."""
    product: field_types.Id
    secret: Annotated[str, Meta(min_length=16, max_length=64, pattern=r"\A[A-Za-z0-9_-]+\Z")]


class ProvenDeviceRequest(msgspec.Struct, frozen=True):
    """A proven request: the message, who signed it, and what its answer must carry."""

    message: DeviceRequest
    public: bytes
    sha256: str


_load_request = strict_json.StrictLoader(DeviceRequest, CAPS[TokenType.DEVICE_REQUEST])
_load_answer = strict_json.StrictLoader(DeviceAnswer, CAPS[TokenType.DEVICE_ANSWER])
_load_seat = strict_json.StrictLoader(Seat, CAPS[TokenType.SEAT])
_load_ticket = strict_json.StrictLoader(EnrollmentToken, TICKET_CAP)


def seal_device_request(message: DeviceRequest, signer: Signer) -> bytes:
    """The sealed request, to be stored before it is sent and sent again byte for byte."""
    return jws.sign_token(TokenType.DEVICE_REQUEST, message, signer)


def read_request(token: bytes) -> ProvenDeviceRequest | Refused:
    """A request proven by the very key it names, under the id that follows from it.

    Refuses like `jws.parse_token`, `strict_json.StrictLoader`, `keys.proving_key`, and with `key_unknown`,
    `signature_invalid`.
    """
    envelope = jws.parse_token(token, TokenType.DEVICE_REQUEST)
    if isinstance(envelope, Refused):
        return envelope
    message = _load_request(envelope.payload)
    if isinstance(message, Refused):
        return message
    public = proving_key(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if not is_id_of(envelope.kid, public):
        return Refused(RefusalCode.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    opened = jws.verify_token(envelope, public)
    return opened if isinstance(opened, Refused) else ProvenDeviceRequest(message, public, token_digest(token))


def claimed_ask(token: bytes) -> Ask | None:
    """What a request asks for, for the device that made it; nothing is proven. None for bytes that are no request."""
    envelope = jws.parse_token(token, TokenType.DEVICE_REQUEST)
    message = envelope if isinstance(envelope, Refused) else _load_request(envelope.payload)
    return None if isinstance(message, Refused) else message.ask


def seal_device_answer(message: DeviceAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError, naming the field, for one that no device would take."""
    fault = _load_answer.refuse_own(msgspec.json.encode(_without_sealed(message))) or refuse_incoherent_device_answer(
        message
    )
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return jws.sign_token(TokenType.DEVICE_ANSWER, message, signer)


def _without_sealed(message: DeviceAnswer) -> DeviceAnswer:
    """The answer without the messages sealed in it, if their form is right: they are most of its bytes."""
    inside = (message.seat, message.lease, *message.notices)
    right = len(message.notices) <= NOTICES and all(map(jws.looks_sealed, inside))
    return msgspec.structs.replace(message, seat="", lease="", notices=()) if right else message


def answers_key(token: bytes) -> str | Refused:
    """The id of the key an answer claims to be by; nothing is proven yet."""
    envelope = jws.parse_token(token, TokenType.DEVICE_ANSWER)
    return envelope if isinstance(envelope, Refused) else envelope.kid


def claimed_lease(token: bytes) -> bytes:
    """The lease inside an unproven answer, which names the key that is to prove it; empty when there is none."""
    envelope = jws.parse_token(token, TokenType.DEVICE_ANSWER)
    message = envelope if isinstance(envelope, Refused) else _load_answer(envelope.payload)
    return b"" if isinstance(message, Refused) else message.lease.encode("ascii")


def read_answer(token: bytes, request: bytes, site: bytes) -> DeviceAnswer | Refused:
    """The answer to the sealed `request`, proven by the public key of the site.

    Refuses like `jws.parse_token` and `strict_json.StrictLoader`, with `key_unknown`, `signature_invalid`;
    `not_the_answer` when nonce or request hash are another question's.
    """
    asked = jws.parse_token(request, TokenType.DEVICE_REQUEST)
    question = asked if isinstance(asked, Refused) else _load_request(asked.payload)
    if isinstance(question, Refused):
        return question
    opened = jws.open_token(token, TokenType.DEVICE_ANSWER, jws.by_owner(site))
    message = opened if isinstance(opened, Refused) else _load_answer(opened.payload)
    if isinstance(message, Refused):
        return message
    if message.nonce != question.nonce:
        return Refused(RefusalCode.NOT_THE_ANSWER, field="nonce")
    if message.request_sha256 != token_digest(request):
        return Refused(RefusalCode.NOT_THE_ANSWER, field="request_sha256")
    fault = refuse_incoherent_device_answer(message)
    return message if fault is None else fault


def refuse_incoherent_device_answer(message: DeviceAnswer) -> Refused | None:
    """`message_malformed` when the parts of an answer contradict one another; None when they agree."""
    window = message.next_contact
    if window is not None and window.not_after < window.not_before:
        return strict_json.refuse_malformed("The window for the next contact ends before it begins.", "next_contact")
    if (message.result == "refused") != (message.refusal is not None):
        return strict_json.refuse_malformed("An answer refuses exactly when it says why.", "refusal")
    if (message.result == "seat") != bool(message.seat):
        return strict_json.refuse_malformed("A seat comes with the result `seat` and with no other.", "seat")
    return None


def read_lone_seat(token: bytes, site: bytes) -> Seat | Refused:
    """A seat without its lease, proven by the key of the site that signed it: what a device shows a restored site."""
    opened = jws.open_token(token, TokenType.SEAT, jws.by_owner(site))
    return opened if isinstance(opened, Refused) else _load_seat(opened.payload)


def write_ticket(ticket: EnrollmentToken) -> str:
    """The enrollment token as people copy it: one word of letters, digits, `-` and `_`."""
    return b64.encode_text(msgspec.json.encode(ticket))


def read_ticket(text: str, field: str = "token") -> EnrollmentToken | Refused:
    """The enrollment token in `text`, blanks around it allowed; `field_invalid` for anything else."""
    raw = b64.decode_text("".join(text.split())) if len(text) <= 2 * TICKET_CAP else None
    read = None if raw is None else _load_ticket(raw)
    if isinstance(read, EnrollmentToken):
        return read
    return Refused(RefusalCode.FIELD_INVALID, "This is not an enrollment token of an administration server.", field)
