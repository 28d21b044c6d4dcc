"""What a device and its site say to each other, proven: the device by its own key, the site by the one its lease names.

What a request leads to is decided at the site, what an answer changes at the device; neither is looked at here
[spec: enrollment]. Evolution: as in `messages`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.refusals import Code, Refused
from tenure.wire import b64, fields, seal, strict
from tenure.wire.keys import Signer, from_jwk, key_id
from tenure.wire.messages import Jwk, NextSync, Refusal
from tenure.wire.seal import CAPS, Typ, digest
from tenure.wire.seats import Seat

Ask = Literal["enrol", "refresh", "release"]
Result = Literal["seat", "send_seat", "erase", "released", "copied", "refused"]
"""`copied`: another copy of this device uses its identity; this one takes a new key and enrols with it."""

TICKET_CAP = 1_024


class DeviceRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-device-request+jws`, signed by the key it names: proof that the device holds it."""

    nonce: fields.Bytes32
    request: fields.RequestId
    ask: Ask
    product: fields.Id
    key: Jwk
    wall: fields.Moment
    uptime: fields.Seconds
    root: fields.Serial
    """Version of the root document known."""
    device: fields.MaybeId = ""
    """The device's id; empty until the site has given it one."""
    token: fields.Token = ""
    """The state token of the last answer."""
    enrolment: Annotated[str, Meta(max_length=64, pattern=r"\A[A-Za-z0-9_-]*\Z")] = ""
    """The secret of an enrolment token, with `enrol`."""
    name: fields.Name = ""
    """Of the device, for people."""
    version: fields.Version = ""
    """Of the protected application."""
    hardware: Annotated[dict[fields.Id, fields.Bytes32], Meta(max_length=8)] = {}
    """Salted digests of hardware parts by name; raw ids never leave."""
    lease: fields.MaybeBytes32 = ""
    """Digest of the lease held: the answer leaves out a lease that is there already."""
    seat: fields.Jws = ""
    """The seat held, only after the site has asked for it by `send_seat`."""
    erased: fields.Jws = ""
    """The receipt (`tenure-erased+jws`), with `release`."""
    ephemeral: bool = False
    """It does not last (a container): what it was enrolled as, it stays; its seats are short."""


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-device-answer+jws`, signed by the site's key."""

    nonce: fields.Bytes32
    """The question's."""
    request_sha256: fields.Bytes32
    time: fields.Moment
    """The site's estimate of the present."""
    root: fields.Serial
    """Newest version of the root document known at the site."""
    result: Result
    device: fields.MaybeId = ""
    token: fields.Token = ""
    seat: fields.Jws = ""
    lease: fields.Jws = ""
    """The lease that the seat stands on, or that proves the site's key, unless the device holds it already."""
    next_contact: NextSync | None = None
    notices: Annotated[tuple[fields.Jws, ...], Meta(max_length=4)] = ()
    """Sealed `tenure-notice+jws`, passed on as received."""
    refusal: Refusal | None = None


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an enrolment token says: where the site is, by which key it is known there, and the secret
    [spec: device-port]."""

    host: fields.Host
    """Name or IP address, as the certificate has it."""
    port: Annotated[int, Meta(ge=1, le=65_535)]
    pin: fields.Bytes32
    """SHA-256 of the public key (SPKI) of the device port's certificate."""
    product: fields.Id
    secret: Annotated[str, Meta(min_length=16, max_length=64, pattern=r"\A[A-Za-z0-9_-]+\Z")]


class Asked(msgspec.Struct, frozen=True):
    """A proven request: the message, who signed it, and what its answer must carry."""

    message: DeviceRequest
    public: bytes
    sha256: str


_load_request = strict.Loader(DeviceRequest, CAPS[Typ.DEVICE_REQUEST])
_load_answer = strict.Loader(DeviceAnswer, CAPS[Typ.DEVICE_ANSWER])
_load_seat = strict.Loader(Seat, CAPS[Typ.SEAT])
_load_ticket = strict.Loader(Ticket, TICKET_CAP)


def ask(message: DeviceRequest, signer: Signer) -> bytes:
    """The sealed request, to be stored before it is sent and sent again byte for byte."""
    return seal.seal(Typ.DEVICE_REQUEST, message, signer)


def read_request(token: bytes) -> Asked | Refused:
    """A request proven by the very key it names, under the id that follows from it.

    Refuses like `seal.unwrap`, `strict.Loader`, `keys.from_jwk`, and with `key_unknown`, `signature_invalid`.
    """
    envelope = seal.unwrap(token, Typ.DEVICE_REQUEST)
    if isinstance(envelope, Refused):
        return envelope
    message = _load_request(envelope.payload)
    if isinstance(message, Refused):
        return message
    public = from_jwk(msgspec.structs.asdict(message.key), "key")
    if isinstance(public, Refused):
        return public
    if envelope.kid != key_id(public):
        return Refused(Code.KEY_UNKNOWN, "The key id does not follow from the key.", "header.kid")
    opened = seal.verify(envelope, public)
    return opened if isinstance(opened, Refused) else Asked(message, public, digest(token))


def claimed_ask(token: bytes) -> Ask | None:
    """What a request asks for, for whoever has made it; nothing is proven. None for what is no request."""
    envelope = seal.unwrap(token, Typ.DEVICE_REQUEST)
    message = envelope if isinstance(envelope, Refused) else _load_request(envelope.payload)
    return None if isinstance(message, Refused) else message.ask


def answer(message: DeviceAnswer, signer: Signer) -> bytes:
    """The sealed answer. Raises ValueError, naming the field, for one that no device would take."""
    payload = msgspec.json.encode(message)
    read = _load_answer(payload)
    fault = read if isinstance(read, Refused) else incoherent(message)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return seal.seal(Typ.DEVICE_ANSWER, payload, signer)


def answers_key(token: bytes) -> str | Refused:
    """The id of the key an answer claims to be by; nothing is proven yet."""
    envelope = seal.unwrap(token, Typ.DEVICE_ANSWER)
    return envelope if isinstance(envelope, Refused) else envelope.kid


def claimed_lease(token: bytes) -> bytes:
    """The lease inside an unproven answer, which names the key that is to prove it; empty when there is none."""
    envelope = seal.unwrap(token, Typ.DEVICE_ANSWER)
    message = envelope if isinstance(envelope, Refused) else _load_answer(envelope.payload)
    return b"" if isinstance(message, Refused) else message.lease.encode("ascii")


def read_answer(token: bytes, request: bytes, site: bytes) -> DeviceAnswer | Refused:
    """The answer to the sealed `request`, proven by the public key of the site.

    Refuses like `seal.unwrap` and `strict.Loader`, with `key_unknown`, `signature_invalid`; `not_the_answer` when
    nonce or request hash are another question's.
    """
    asked = seal.unwrap(request, Typ.DEVICE_REQUEST)
    question = asked if isinstance(asked, Refused) else _load_request(asked.payload)
    if isinstance(question, Refused):
        return question
    opened = seal.open_(token, Typ.DEVICE_ANSWER, seal.by_owner(site))
    message = opened if isinstance(opened, Refused) else _load_answer(opened.payload)
    if isinstance(message, Refused):
        return message
    if message.nonce != question.nonce:
        return Refused(Code.NOT_THE_ANSWER, field="nonce")
    if message.request_sha256 != digest(request):
        return Refused(Code.NOT_THE_ANSWER, field="request_sha256")
    fault = incoherent(message)
    return message if fault is None else fault


def incoherent(message: DeviceAnswer) -> Refused | None:
    """`message_malformed` when the parts of an answer contradict one another; None when they agree."""
    window = message.next_contact
    if window is not None and window.not_after < window.not_before:
        return strict.malformed("The window for the next contact ends before it begins.", "next_contact")
    if (message.result == "refused") != (message.refusal is not None):
        return strict.malformed("An answer refuses exactly when it says why.", "refusal")
    if (message.result == "seat") != bool(message.seat):
        return strict.malformed("A seat comes with the result `seat` and with no other.", "seat")
    return None


def read_lone_seat(token: bytes, site: bytes) -> Seat | Refused:
    """A seat without its lease, proven by the key of the site that signed it: what a device shows a restored site."""
    opened = seal.open_(token, Typ.SEAT, seal.by_owner(site))
    return opened if isinstance(opened, Refused) else _load_seat(opened.payload)


def write_ticket(ticket: Ticket) -> str:
    """The enrolment token as people copy it: one word of letters, digits, `-` and `_`."""
    return b64.encode_text(msgspec.json.encode(ticket))


def read_ticket(text: str, field: str = "token") -> Ticket | Refused:
    """The enrolment token in `text`, blanks around it allowed; `field_invalid` for anything else."""
    raw = b64.decode_text("".join(text.split())) if len(text) <= 2 * TICKET_CAP else None
    read = None if raw is None else _load_ticket(raw)
    if isinstance(read, Ticket):
        return read
    return Refused(Code.FIELD_INVALID, "This is not an enrolment token of an administration server.", field)
