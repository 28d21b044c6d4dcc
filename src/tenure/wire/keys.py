"""Ed25519 keys as bytes, JWK, thumbprint, id and words; what a key may sign is left to the root document.

Seeds come in as arguments: where randomness is drawn and how a key is kept is the caller's affair.
"""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign, crypto_sign_seed_keypair

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import b64
from tenure.wire.base32 import RFC_4648, number_reader, number_speller

PUBLIC_BYTES = SEED_BYTES = 32
SIGNATURE_BYTES = 64

_KID = re.compile(r"[a-z0-9_-]{1,32}")
_spell_id, _read_id = number_speller(RFC_4648, 32), number_reader(RFC_4648, 32)
_UNFIT_FOR_PRODUCTION = ("dev-", "sandbox-")

# Proquints (arXiv:0901.4016): sixteen bits as a word of five letters that can be read out on the telephone.
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


class Purpose(StrEnum):
    """What a key of the root document is for [spec: root-document]; it signs nothing else."""

    LEASE = "lease"
    ANSWER = "answer"
    NOTICE = "notice"
    CHECKPOINT = "checkpoint"
    WEBHOOK = "webhook"
    SANDBOX = "sandbox"
    """Leases, answers and notices of sandbox providers; refused wherever a sandbox is not allowed."""


class Signer(Protocol):
    """The port Keys: whatever can sign with one Ed25519 key, a hardware module included."""

    @property
    def key_id(self) -> str:
        """The key's id, as the verifier knows it."""

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the Ed25519 signature of `message`."""


class SeedSigner:
    """A signer that holds its key in memory, made from the 32 bytes of its seed (RFC 8032)."""

    def __init__(self, seed: bytes, kid: str = "") -> None:
        """`kid` defaults to the key's own id, as sites and devices use it."""
        if len(seed) != SEED_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")
        self.public, self._secret = crypto_sign_seed_keypair(seed)
        self.key_id = kid or key_id(self.public)
        if not is_kid(self.key_id):
            raise ValueError("a key id is 1 to 32 of a-z 0-9 _ -")

    def sign(self, message: bytes) -> bytes:
        """See `Signer`."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SeedSigner({self.key_id})"


def is_kid(kid: str) -> bool:
    """Whether `kid` is 1 to 32 of `a-z 0-9 _ -` and nothing else [spec: envelope]."""
    return _KID.fullmatch(kid) is not None


def is_production_kid(kid: str) -> bool:
    """Whether production may know this id: not one of a development or sandbox key [spec: client-keys]."""
    return is_kid(kid) and not kid.startswith(_UNFIT_FOR_PRODUCTION)


@lru_cache(maxsize=1_024)
def is_public(public: bytes) -> bool:
    """Whether these are 32 bytes of a sound Ed25519 public key: canonical, on the curve, in the prime-order group."""
    return len(public) == PUBLIC_BYTES and crypto_core_ed25519_is_valid_point(public)


@lru_cache(maxsize=1_024)
def key_thumbprint(public: bytes) -> str:
    """The RFC 7638 thumbprint (SHA-256, base64url) of an Ed25519 public key."""
    return b64.encode_text(_thumbprint_digest(public))


@lru_cache(maxsize=1_024)
def _thumbprint_digest(public: bytes) -> bytes:
    canonical = b'{"crv":"Ed25519","kty":"OKP","x":"' + b64.b64_encode(public) + b'"}'
    return hashlib.sha256(canonical).digest()


@lru_cache(maxsize=1_024)
def key_id(public: bytes) -> str:
    """The id under which a site or device signs with its own key: 32 characters that follow from the key.

    The first 160 bits of the RFC 7638 thumbprint in lower-case base 32 (RFC 4648), because the thumbprint itself has
    capitals and 43 characters, more than an id may have.
    """
    return _spell_id(_id_number(public))


def is_id_of(kid: str, public: bytes) -> bool:
    """Whether `kid` is `key_id(public)`; reading one id takes a tenth of what spelling the other does."""
    return _read_id(kid) == _id_number(public)


def _id_number(public: bytes) -> int:
    return int.from_bytes(_thumbprint_digest(public)[:20], "big")


def to_jwk(public: bytes) -> dict[str, str]:
    """The public key as RFC 8037 writes it, no more: `kty`, `crv`, `x`."""
    return {"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(public)}


def from_jwk(jwk: Mapping[str, object], field: str = "jwk") -> bytes | Refused:
    """The 32 bytes of an RFC 8037 public key.

    Refuses with `message_malformed`, naming `field`: another kind of key, another spelling, a private part (which
    its owner must never send), a point that is no sound key.
    """
    public = proving_key(jwk, field)
    if isinstance(public, Refused) or is_public(public):
        return public
    return _no_key(f"{field}.x")


def proving_key(jwk: Mapping[str, object], field: str = "jwk") -> bytes | Refused:
    """As `from_jwk`, but the point is not looked at, for a caller that verifies a signature by it at once.

    The verification refuses points of small order and other spellings of a point by itself (libsodium, held to the
    vectors in tests), and looking first costs almost as much as it does.
    """
    if "d" in jwk:
        return Refused(RefusalCode.MESSAGE_MALFORMED, "The private part of a key does not belong here.", f"{field}.d")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        return Refused(RefusalCode.MESSAGE_MALFORMED, "Only Ed25519 keys are used (RFC 8037).", f"{field}.kty")
    x = jwk.get("x")
    public = b64.decode_text(x) if isinstance(x, str) else None
    return _no_key(f"{field}.x") if public is None or len(public) != PUBLIC_BYTES else public


def public_from(x: str, field: str) -> bytes | Refused:
    """The public key that `x` spells in base64url, or `message_malformed` naming `field`."""
    public = b64.decode_text(x)
    return _no_key(field) if public is None or not is_public(public) else public


def _no_key(field: str) -> Refused:
    return Refused(RefusalCode.MESSAGE_MALFORMED, "These are not the 32 bytes of an Ed25519 public key.", field)


def digest_words(digest: bytes, count: int = 8) -> str:
    """The first 16 x `count` bits of `digest` as words joined by `-`, to be compared by eye or ear.

    Eight words are 128 bits: fewer could be matched by a forger who tries keys until the words agree.
    """
    if len(digest) < 2 * count:
        raise ValueError("the digest is too short for that many words")
    return "-".join(_make_word(int.from_bytes(digest[at : at + 2], "big")) for at in range(0, 2 * count, 2))


def _make_word(bits: int) -> str:
    return (
        _CONSONANTS[bits >> 12]
        + _VOWELS[bits >> 10 & 3]
        + _CONSONANTS[bits >> 6 & 15]
        + _VOWELS[bits >> 4 & 3]
        + _CONSONANTS[bits & 15]
    )
