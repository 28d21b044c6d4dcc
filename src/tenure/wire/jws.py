"""The envelope of everything signed: compact JWS with Ed25519 (RFC 7515, 8037), bytes in, verdict out [spec: envelope].

Which key may sign what is left to `root`, what a payload says to `messages`, whether it is acceptable now to the core.
"""

import hashlib
import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache, lru_cache

import msgspec
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64, strict_json
from tenure.wire.field_types import SEALED_MOST
from tenure.wire.keys import PUBLIC_BYTES, SIGNATURE_BYTES, Signer, is_id_of, is_kid


class TokenType(StrEnum):
    """The context of a sealed message; a reader names the one it expects and accepts no other."""

    LEASE = "tenure-lease+jwt"
    SEAT = "tenure-seat+jwt"
    SYNC_REQUEST = "tenure-sync-request+jws"
    SYNC_ANSWER = "tenure-sync-answer+jws"
    ACTIVATE_REQUEST = "tenure-activate-request+jws"
    ACTIVATE_ANSWER = "tenure-activate-answer+jws"
    PREVIEW_REQUEST = "tenure-preview-request+jws"
    ROOT = "tenure-root+jws"
    NOTICE = "tenure-notice+jws"
    ERASED = "tenure-erased+jws"
    CHECKPOINT = "tenure-checkpoint+jws"
    DEVICE_REQUEST = "tenure-device-request+jws"
    DEVICE_ANSWER = "tenure-device-answer+jws"


CAPS: dict[TokenType, int] = {
    TokenType.LEASE: 8 * 1024,
    TokenType.SEAT: 4 * 1024,
    TokenType.SYNC_REQUEST: 16 * 1024,
    TokenType.SYNC_ANSWER: 64 * 1024,
    TokenType.ACTIVATE_REQUEST: 16 * 1024,
    TokenType.ACTIVATE_ANSWER: 64 * 1024,
    TokenType.PREVIEW_REQUEST: 16 * 1024,
    TokenType.ROOT: 64 * 1024,
    TokenType.NOTICE: 4 * 1024,
    TokenType.ERASED: 4 * 1024,
    TokenType.CHECKPOINT: 16 * 1024,
    TokenType.DEVICE_REQUEST: 24 * 1024,
    TokenType.DEVICE_ANSWER: 64 * 1024,
}
"""Bytes of the whole compact form, looked at before anything else."""

ALG = "EdDSA"
_HEADER_CAP = 1024
_HEADER_CAP_SPELLED = _HEADER_CAP * 4 // 3 + 2

_FORBIDDEN = frozenset(("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "b64", "zip", "enc", "epk", "apu", "apv"))
"""Header members that would choose a key, fetch one, or change what is signed: all are refused."""


class TokenHeader(msgspec.Struct, frozen=True):
    """The protected header. `alg` is only ever compared: the key decides how it is verified."""

    alg: str
    kid: str
    typ: str


class ParsedToken(msgspec.Struct, frozen=True):
    """A token whose form is right. Nothing in it is believed before `verify_token`; `kid` serves to look the key up."""

    typ: TokenType
    kid: str
    payload: bytes
    signed: bytes
    """What the signature covers: header and payload as received."""
    signature: bytes
    token: bytes
    """The bytes received, to be stored verbatim."""


class VerifiedToken(msgspec.Struct, frozen=True):
    """A token whose signature holds under `public`; `payload` is not yet parsed."""

    typ: TokenType
    kid: str
    payload: bytes
    public: bytes
    token: bytes


KeyOf = Callable[[str], bytes | Refused]
"""The public key of a key id, or why there is none."""

_load_header = strict_json.StrictLoader(TokenHeader, _HEADER_CAP)
# Our own spelling, which nearly every header has: what it matches needs no second look.
_HEAD, _KID, _TAIL = rb'\{"alg":"EdDSA","kid":"', rb"([a-z0-9_-]{1,32})", rb'"\}'


@cache
def _plain_matcher(typ: TokenType) -> Callable[[bytes], re.Match[bytes] | None]:
    """Made at the first reading of the type: few programs read all, and making one takes as long as 50 readings."""
    return re.compile(_HEAD + _KID + rb'","typ":"' + re.escape(typ.encode()) + _TAIL).fullmatch


HEADERS_REMEMBERED = 8_192
"""Spellings of short headers: at half a KiB each, 4 MiB at most."""
_PLAIN_SPELLED = 160
"""As long as the spelling of a header is that says no more than it must."""


@lru_cache(maxsize=64)
def _encode_header(typ: TokenType, kid: str) -> bytes:
    return b64.b64_encode(msgspec.json.encode(TokenHeader(ALG, kid, typ))) + b"."


def typ_of(token: bytes) -> TokenType | None:
    """Which kind of message `token` says it is, to choose its reader by; None for what is none. Nothing is proven."""
    encoded, _, _ = token[: _HEADER_CAP_SPELLED + 1].partition(b".")
    header = b64.b64_decode(encoded)
    try:
        return (
            None if header is None else TokenType(str(msgspec.json.decode(header, type=dict[str, object]).get("typ")))
        )
    except (msgspec.MsgspecError, ValueError, RecursionError, UnicodeDecodeError):
        return None


def sign_token(typ: TokenType, claims: bytes | msgspec.Struct, signer: Signer) -> bytes:
    """The compact JWS of `claims` (JSON bytes as they are, or a Struct to encode) in the context `typ`.

    Raises ValueError when it would exceed its cap: a program must not sign what every reader refuses.
    """
    payload = claims if isinstance(claims, bytes) else msgspec.json.encode(claims)
    signed = _encode_header(typ, signer.key_id) + b64.b64_encode(payload)
    token = signed + b"." + b64.b64_encode(signer.sign(signed))
    if len(token) > CAPS[typ]:
        raise ValueError(f"a {typ} of {len(token)} bytes exceeds its {CAPS[typ]}")
    return token


def parse_token(token: bytes, typ: TokenType) -> ParsedToken | Refused:
    """The parts of `token`, which must be a compact JWS of the context `typ`; nothing is verified yet.

    Refuses, in this order: `message_too_large`; `message_malformed` (not three parts in their one base64url
    spelling, a header that is not strict, misses a member or holds one that chooses keys, an `alg` other than
    EdDSA, an impossible `kid`, a signature of other than 64 bytes); `type_unexpected`; `extension_unknown`.
    """
    if len(token) > CAPS[typ]:
        return strict_json.too_large(len(token), CAPS[typ])
    parts = token.split(b".")
    if len(parts) != 3:
        return strict_json.refuse_malformed("A compact JWS has three parts.")
    header = _parse_header(parts[0], typ)
    if isinstance(header, Refused):
        return header
    payload, signature = b64.b64_decode(parts[1]), b64.b64_decode(parts[2])
    if payload is None:
        return strict_json.refuse_malformed("The payload is not base64url in its one spelling.", "payload")
    if signature is None or len(signature) != SIGNATURE_BYTES:
        return strict_json.refuse_malformed(
            "The signature is not 64 bytes in their one base64url spelling.", "signature"
        )
    return ParsedToken(typ, header.kid, payload, token[: -len(parts[2]) - 1], signature, token)


def _parse_header(spelled: bytes, typ: TokenType) -> TokenHeader | Refused:
    return _known_header(spelled, typ) if len(spelled) <= _PLAIN_SPELLED else _read_header(spelled, typ)


@lru_cache(maxsize=HEADERS_REMEMBERED)
def _known_header(spelled: bytes, typ: TokenType) -> TokenHeader | Refused:
    """What a short header says, which a key's messages of one kind spell alike each time."""
    return _read_header(spelled, typ)


def _read_header(spelled: bytes, typ: TokenType) -> TokenHeader | Refused:
    raw = b64.b64_decode(spelled) if len(spelled) <= _HEADER_CAP_SPELLED else None
    if raw is None:
        return strict_json.refuse_malformed(
            "The header is not base64url in its one spelling, or is too long.", "header"
        )
    plain = _plain_matcher(typ)(raw)
    if plain is not None:
        return TokenHeader(ALG, plain[1].decode("ascii"), typ)
    header = _load_header(raw)
    if isinstance(header, Refused):
        return msgspec.structs.replace(header, field=f"header.{header.field}".rstrip("."))
    if header.alg != ALG:
        return strict_json.refuse_malformed("The algorithm is EdDSA and no other.", "header.alg")
    if not is_kid(header.kid):
        return strict_json.refuse_malformed("A key id is 1 to 32 of a-z 0-9 _ -.", "header.kid")
    if header.typ != typ:
        return Refused(RefusalCode.TYPE_UNEXPECTED, f"Expected {typ.value}.", "header.typ")
    fault = _other_members(raw)
    return header if fault is None else fault


def _other_members(raw: bytes) -> Refused | None:
    members = strict_json.parse_json(raw, _HEADER_CAP)
    if isinstance(members, Refused):
        return members
    for name in sorted(_FORBIDDEN & members.keys()):
        return strict_json.refuse_malformed("This header member is never honored.", f"header.{name}")
    if "crit" not in members:
        return None
    crit = members["crit"]
    if not isinstance(crit, list) or not crit or not all(isinstance(name, str) for name in crit):
        return strict_json.refuse_malformed("`crit` is a list of names that is not empty.", "header.crit")
    # No extension is defined yet, so whatever is critical is unknown.
    return Refused(RefusalCode.EXTENSION_UNKNOWN, f"Critical and unknown here: {ascii(crit[0])[:40]}.", "header.crit")


def verify_token(envelope: ParsedToken, public: bytes) -> VerifiedToken | Refused:
    """`envelope` proven over the bytes received by the Ed25519 key `public`, or `signature_invalid`."""
    # The library reads 32 bytes from wherever it is pointed to, so lengths are checked here.
    if len(public) != PUBLIC_BYTES or len(envelope.signature) != SIGNATURE_BYTES:
        return Refused(RefusalCode.SIGNATURE_INVALID, "Key or signature is not of the length of Ed25519.")
    try:
        crypto_sign_open(envelope.signature + envelope.signed, public)
    except (BadSignatureError, ValueError):
        return Refused(RefusalCode.SIGNATURE_INVALID, f"It does not match the key {envelope.kid}.")
    return VerifiedToken(envelope.typ, envelope.kid, envelope.payload, public, envelope.token)


def open_token(token: bytes, typ: TokenType, key_of: KeyOf) -> VerifiedToken | Refused:
    """`token` opened with the key that `key_of` gives for its id; refuses like `parse_token`, `key_of`,
    `verify_token`."""
    envelope = parse_token(token, typ)
    if isinstance(envelope, Refused):
        return envelope
    public = key_of(envelope.kid)
    return public if isinstance(public, Refused) else verify_token(envelope, public)


def by_owner(public: bytes) -> KeyOf:
    """For what a site or device signs itself: the one key `public`, under the id that follows from it."""

    def key_of(kid: str) -> bytes | Refused:
        return (
            public
            if is_id_of(kid, public)
            else Refused(RefusalCode.KEY_UNKNOWN, f"{kid} is not the key expected here.")
        )

    return key_of


def looks_sealed(text: str) -> bool:
    """Whether a message inside another has the form of `field_types.Jws`, which the pattern tells at five times the
    cost."""
    if not text:
        return True
    if len(text) > SEALED_MOST or not text.isascii():
        return False
    raw = text.encode("ascii")
    parts = raw.split(b".")
    return len(parts) == 3 and all(parts) and not raw.translate(None, b64.ALPHABET + b".")


def token_digest(token: bytes) -> str:
    """SHA-256 of sealed bytes, base64url: how requests, leases and seats refer to one another."""
    return b64.encode_text(hashlib.sha256(token).digest())
