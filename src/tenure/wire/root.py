"""The pinned root document: which online key may say what, for which products, when, and for how long
[spec: root-document].

Pure: bytes in, a trusted `Root` or a refusal out. Fetching, storing and choosing keys to sign with are left to others.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.wire import b64, fields, seal, strict
from tenure.wire.keys import Purpose, Signer, is_production_kid, public_from, words

CAP = 64 * 1024
"""Bytes of one root document, signatures included."""
STEPS = 256
"""Versions walked in one go."""
SIGNATURES = 32
ANY_PRODUCT = "*"

_BY_SANDBOX_TOO = (Purpose.LEASE, Purpose.ANSWER, Purpose.NOTICE)
_Version = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class RootKey(msgspec.Struct, frozen=True):
    """A key that signs root documents; kept off every server."""

    kid: fields.Kid
    x: fields.Bytes32
    """The public key, base64url."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An online key and the bounds of what it may sign."""

    kid: fields.Kid
    x: fields.Bytes32
    purpose: Purpose
    products: Annotated[tuple[fields.Product, ...], Meta(max_length=256)] = (ANY_PRODUCT,)
    nbf: fields.Moment
    """First second of what it signs (the message's own `iat`, not the reader's clock)."""
    naf: fields.Moment
    """First second of which it signs no more; what it signed before stays verifiable."""
    longest: fields.Seconds
    """Seconds that anything it signs may live; for a lease, up to `contact_until`."""
    published: fields.Moment = 0
    """When it was added to the root document; 0 for keys of version 1."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key; sound, because `check` let no other into a trusted document."""
        return b64.decode_text(self.x) or b""

    def covers(self, product: str) -> bool:
        """Whether it may sign for `product`."""
        return ANY_PRODUCT in self.products or product in self.products

    def window(self, at: Instant) -> Refused | None:
        """`key_not_for_this` when it signs nothing dated `at`; None when it does."""
        if self.nbf <= at < self.naf:
            return None
        return _unfit(f"{self.kid} signs only what is dated from {self.nbf} until before {self.naf}; this is of {at}.")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What the root keys sign. Evolution: fields are only appended, each with a default."""

    id: fields.Id
    """The same in every version: another one is another vendor's root. Salt of hardware digests
    [spec: hardware-match]."""
    version: _Version
    issued: fields.Moment
    expires: fields.Moment
    """First second at which this version, if it is still the newest, is no longer enough."""
    threshold: Annotated[int, Meta(ge=1, le=16)]
    root_keys: Annotated[tuple[RootKey, ...], Meta(min_length=1, max_length=16)]
    keys: Annotated[tuple[Key, ...], Meta(max_length=128)] = ()

    def find(self, kid: str) -> Key | None:
        """The online key of this id."""
        return next((key for key in self.keys if key.kid == kid), None)


class Root(msgspec.Struct, frozen=True):
    """A document that was verified, with the bytes that prove it (to be stored verbatim)."""

    document: Document
    token: bytes

    @property
    def version(self) -> int:
        """The document's version."""
        return self.document.version

    @property
    def sandbox(self) -> bool:
        """Whether this is the root of a sandbox alone: it holds a sandbox key and no key for real leases."""
        purposes = {key.purpose for key in self.document.keys}
        return Purpose.SANDBOX in purposes and Purpose.LEASE not in purposes

    def fingerprint(self) -> str:
        """Eight words over the signed content, to compare with those the vendor shows; signatures do not matter."""
        return words(hashlib.sha256(_payload(self.token)).digest())

    def key(
        self,
        kid: str,
        purpose: Purpose,
        *,
        product: str | None = None,
        at: Instant | None = None,
        sandbox: bool = False,
    ) -> Key | Refused:
        """The key `kid` if it may sign for `purpose`, for `product` (None: not known yet) and at `at`.

        `at` is the message's own instant of signing, never the reader's clock: a wrong clock must not disown a good
        key, and what a key signed stays verifiable after its window. `sandbox` says that the reader is one of a
        sandbox; only then do keys of purpose sandbox and ids with `dev-` or `sandbox-` count.
        Refuses with `key_unknown` or `key_not_for_this`.
        """
        key = self.document.find(kid)
        if key is None:
            return Refused(Code.KEY_UNKNOWN, f"{ascii(kid)[:40]} is not in root version {self.version}.", "header.kid")
        if not sandbox and (key.purpose is Purpose.SANDBOX or not is_production_kid(kid)):
            return _unfit(f"{kid} is a sandbox or development key, and this is production.")
        if key.purpose is not purpose and not (key.purpose is Purpose.SANDBOX and purpose in _BY_SANDBOX_TOO):
            return _unfit(f"{kid} signs for {key.purpose.value}, not for {purpose.value}.")
        if product is not None and not key.covers(product):
            return _unfit(f"{kid} does not sign for {ascii(product)[:66]}.")
        late = None if at is None else key.window(at)
        return key if late is None else late


def _unfit(detail: str) -> Refused:
    return Refused(Code.KEY_NOT_FOR_THIS, detail, "header.kid")


def _rejected(detail: str, field: str = "") -> Refused:
    return Refused(Code.ROOT_REJECTED, detail, field)


_load_document = strict.Loader(Document, CAP)


def sign(document: Document, signers: Iterable[Signer]) -> bytes:
    """The document with one compact JWS per line, all over the same payload: each line is checkable by any JWT library,
    and holders of root keys who never meet add theirs with `add_signature`."""
    payload = msgspec.json.encode(document)
    return b"\n".join(seal.seal(seal.Typ.ROOT, payload, signer) for signer in signers)


def add_signature(data: bytes, signer: Signer) -> bytes:
    """`data`, a root document from `sign`, with one more line signed by `signer`; ValueError when it is none."""
    return data.rstrip(b"\n") + b"\n" + seal.seal(seal.Typ.ROOT, _payload(data), signer)


def _payload(data: bytes) -> bytes:
    first = seal.unwrap(data.split(b"\n", 1)[0], seal.Typ.ROOT)
    if isinstance(first, Refused):
        raise ValueError(first.detail)
    return first.payload


def _read(data: bytes) -> tuple[Document, list[seal.Envelope]] | Refused:
    """Form only: lines, one payload, a document that does not contradict itself."""
    if len(data) > CAP:
        return strict.too_large(len(data), CAP)
    lines = data.removesuffix(b"\n").split(b"\n")
    if len(lines) > SIGNATURES:
        return _rejected(f"More than {SIGNATURES} signatures.")
    envelopes = []
    for line in lines:
        envelope = seal.unwrap(line, seal.Typ.ROOT)
        if isinstance(envelope, Refused):
            return envelope
        envelopes.append(envelope)
    if len({envelope.payload for envelope in envelopes}) != 1:
        return _rejected("The signatures are not all over the same document.")
    document = _load_document(envelopes[0].payload)
    if isinstance(document, Refused):
        return document
    fault = check(document)
    return fault if fault is not None else (document, envelopes)


def check(document: Document) -> Refused | None:
    """None, or `root_rejected` with what the document contradicts itself in.

    One public key under two ids would count twice towards a threshold; an online key that is also a root key would
    put the root on a server; a sandbox key without its prefix could be taken for a real one.
    """
    everything: list[Key | RootKey] = [*document.root_keys, *document.keys]
    if len({key.kid for key in everything}) != len(everything):
        return _rejected("A key id occurs twice.", "keys")
    if len({key.x for key in everything}) != len(everything):
        return _rejected("A public key occurs under two ids.", "keys")
    if any(isinstance(public_from(key.x, "x"), Refused) for key in everything):
        return _rejected("A public key is not one of Ed25519.", "keys")
    if document.threshold > len(document.root_keys):
        return _rejected("The threshold asks for more signatures than there are root keys.", "threshold")
    if document.expires <= document.issued:
        return _rejected("The document expires before it is issued.", "expires")
    for key in document.keys:
        if key.naf <= key.nbf:
            return _rejected(f"The window of {key.kid} is empty.", "keys.naf")
        if key.purpose is Purpose.SANDBOX and is_production_kid(key.kid):
            return _rejected(f"{key.kid} is for a sandbox, but its id lacks the prefix dev- or sandbox-.", "keys.kid")
    return None


def _signed_by_threshold(envelopes: list[seal.Envelope], document: Document) -> bool:
    """Whether enough *different* root keys of `document` signed; invalid and unknown signatures count for nothing."""
    publics = {key.kid: public_from(key.x, "x") for key in document.root_keys}
    signed = set()
    for envelope in envelopes:
        public = publics.get(envelope.kid)
        if isinstance(public, bytes) and not isinstance(seal.verify(envelope, public), Refused):
            signed.add(public)
    return len(signed) >= document.threshold


def pin(data: bytes) -> Root | Refused:
    """The document that came with the product or from the administrator's hand: signed by its own threshold.

    There is no trust on first use: `data` must never come from the network alone. Expiry is not looked at, because
    newer versions may follow. Refuses like `seal.unwrap`, and with `root_rejected`.
    """
    read = _read(data)
    if isinstance(read, Refused):
        return read
    document, envelopes = read
    if not _signed_by_threshold(envelopes, document):
        return _rejected(f"Version {document.version} lacks signatures of {document.threshold} of its own root keys.")
    return Root(document, data)


def step(current: Root, data: bytes) -> Root | Refused:
    """The version after `current`, which both its own threshold and that of `current` must have signed.

    To be stored before the next step is taken. Expiry is not looked at (see `expired`). Refuses like `pin`.
    """
    read = _read(data)
    if isinstance(read, Refused):
        return read
    document, envelopes = read
    if document.id != current.document.id:
        return _rejected("It is the root of somebody else.", "id")
    if document.version != current.version + 1:
        return _rejected(f"Version {document.version} does not follow {current.version}.", "version")
    for signer in (current.document, document):
        if not _signed_by_threshold(envelopes, signer):
            return _rejected(f"It lacks signatures of {signer.threshold} root keys of version {signer.version}.")
    return Root(document, data)


def expired(root: Root, now: Instant) -> Refused | None:
    """`root_rejected` when `root`, being the newest there is, has expired at `now`; None when it is good."""
    if now < root.document.expires:
        return None
    return _rejected(f"Version {root.version} expired at {root.document.expires} and no newer one is known.", "expires")


def trust(current: Root, steps: Sequence[bytes], now: Instant) -> Root | Refused:
    """`current` walked over `steps`, one version at a time, at most `STEPS`; expiry counts only for the last.

    All or nothing; whoever wants to keep what was good walks with `step` and stores each. Refuses like `step`.
    """
    if len(steps) > STEPS:
        return _rejected(f"More than {STEPS} versions at once.")
    for data in steps:
        following = step(current, data)
        if isinstance(following, Refused):
            return following
        current = following
    stale = expired(current, now)
    return current if stale is None else stale
