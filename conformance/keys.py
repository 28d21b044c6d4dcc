"""The vendor's keys and root documents for the scenarios; every key follows from its name, nothing is drawn.

Root versions are made by named moves, honest and dishonest ones.
"""

import hashlib

import msgspec

from tenure.core.timeline import DAY, Instant
from tenure.wire import root as roots
from tenure.wire.b64 import encode_text
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.root import OnlineKey, RootDocument, RootKey

START: Instant = 1_800_000_000
"""When every scenario begins: 2027-01-15T08:00:00Z."""
YEAR = 365 * DAY
LONG = 30 * YEAR
"""How long keys and root documents are good where a scenario does not say otherwise."""


def signer(kid: str) -> SeedSigner:
    """The holder of the key named; the same name gives the same key."""
    return SeedSigner(hashlib.sha256(kid.encode()).digest(), kid)


def key(kid: str, purpose: Purpose, **bounds: object) -> OnlineKey:
    """An online key as a root document lists it: good for years, for leases of at most 40 days."""
    made = OnlineKey(
        kid=kid,
        x=encode_text(signer(kid).public),
        purpose=purpose,
        nbf=START - YEAR,
        naf=START + LONG,
        longest=40 * DAY,
    )
    return msgspec.structs.replace(made, **bounds)


def root_key(kid: str) -> RootKey:
    """A key that signs root documents."""
    return RootKey(kid, encode_text(signer(kid).public))


KEYS = (
    key("lease-1", Purpose.LEASE),
    key("answer-1", Purpose.ANSWER),
    key("answer-retired", Purpose.ANSWER, naf=START - DAY),
    key("answer-other-product", Purpose.ANSWER, products=("other",)),
    key("notice-1", Purpose.NOTICE),
    key("notice-other-product", Purpose.NOTICE, products=("other",)),
    key("checkpoint-1", Purpose.CHECKPOINT),
    key("webhook-1", Purpose.WEBHOOK),
    key("sandbox-1", Purpose.SANDBOX),
    key("dev-answer", Purpose.ANSWER),
    key("dev-lease", Purpose.LEASE),
)

SANDBOX_KEYS = (key("sandbox-1", Purpose.SANDBOX),)


def first(*, sandbox: bool = False) -> RootDocument:
    """Version 1: two of three root keys must sign."""
    return RootDocument(
        id="vendor-1",
        version=1,
        issued=START - YEAR,
        expires=START + LONG,
        threshold=2,
        root_keys=tuple(map(root_key, ("root-a", "root-b", "root-c"))),
        keys=SANDBOX_KEYS if sandbox else KEYS,
    )


def signed(document: RootDocument, *kids: str) -> bytes:
    """`document` signed by the root keys named, two of its own by default."""
    return roots.sign_document(document, [signer(kid) for kid in kids or ("root-a", "root-b")])


def following(document: RootDocument, now: Instant, **changes: object) -> RootDocument:
    """The next version."""
    return msgspec.structs.replace(document, version=document.version + 1, issued=now, **changes)


def rotated(document: RootDocument, now: Instant) -> RootDocument:
    """The next version, with one more key for leases and one more for answers."""
    number = document.version + 1
    fresh = (key(f"lease-{number}", Purpose.LEASE), key(f"answer-{number}", Purpose.ANSWER))
    return following(document, now, keys=(*document.keys, *fresh))


def revoked(document: RootDocument, now: Instant, *kids: str) -> RootDocument:
    """The next version, without the keys named."""
    return following(document, now, keys=tuple(each for each in document.keys if each.kid not in kids))
