"""The pinned root document: which online key may say what, for which products, when, and for how long
[spec: root-document].

Pure: bytes in, a trusted `TrustedRoot` or a refusal out. Fetching, storing and choosing keys to sign with are left to
others.
"""

import hashlib
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.wire import b64, field_types, jws, strict_json
from tenure.wire.keys import Purpose, Signer, digest_words, is_production_kid, public_from

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

    kid: field_types.Kid
    x: field_types.Bytes32
    """The public key, base64url."""


class OnlineKey(msgspec.Struct, frozen=True, kw_only=True):
    """An online key and the bounds of what it may sign."""

    kid: field_types.Kid
    x: field_types.Bytes32
    purpose: Purpose
    products: Annotated[tuple[field_types.Product, ...], Meta(max_length=256)] = (ANY_PRODUCT,)
    nbf: field_types.Moment
    """First second of what it signs (the message's own `iat`, not the reader's clock)."""
    naf: field_types.Moment
    """First second of which it signs no more; what it signed before stays verifiable."""
    longest: field_types.Seconds
    """Seconds that anything it signs may live; for a lease, up to `contact_until`."""
    published: field_types.Moment = 0
    """When it was added to the root document; 0 for keys of version 1."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key; sound, because `check_document` let no other into a trusted document."""
        return b64.decode_text(self.x) or b""

    def covers(self, product: str) -> bool:
        """Whether it may sign for `product`."""
        return ANY_PRODUCT in self.products or product in self.products

    def refuse_outside_window(self, at: Instant) -> Refused | None:
        """`key_not_for_this` when it signs nothing dated `at`; None when it does."""
        if self.nbf <= at < self.naf:
            return None
        return _refuse_key(
            f"{self.kid} signs only what is dated from {self.nbf} until before {self.naf}; this is of {at}."
        )


class RootDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What the root keys sign. Evolution: fields are only appended, each with a default."""

    id: field_types.Id
    """The same in every version: another one is another vendor's root. Salt of hardware digests
    [spec: hardware-match]."""
    version: _Version
    issued: field_types.Moment
    expires: field_types.Moment
    """First second at which this version, if it is still the newest, is no longer enough."""
    threshold: Annotated[int, Meta(ge=1, le=16)]
    root_keys: Annotated[tuple[RootKey, ...], Meta(min_length=1, max_length=16)]
    keys: Annotated[tuple[OnlineKey, ...], Meta(max_length=128)] = ()

    def find_key(self, kid: str) -> OnlineKey | None:
        """The online key of this id."""
        return next((key for key in self.keys if key.kid == kid), None)


class TrustedRoot(msgspec.Struct, frozen=True):
    """A document that was verified, with the bytes that prove it (to be stored verbatim)."""

    document: RootDocument
    token: bytes

    @property
    def version(self) -> int:
        """The document's version."""
        return self.document.version

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the root of a sandbox alone: it holds a sandbox key and no key for real leases."""
        purposes = {key.purpose for key in self.document.keys}
        return Purpose.SANDBOX in purposes and Purpose.LEASE not in purposes

    def fingerprint(self) -> str:
        """Eight words over the signed content, to compare with those the vendor shows; signatures do not matter."""
        return digest_words(hashlib.sha256(_shared_payload(self.token)).digest())

    def key_for(
        self,
        kid: str,
        purpose: Purpose,
        *,
        product: str | None = None,
        at: Instant | None = None,
        sandbox: bool = False,
    ) -> OnlineKey | Refused:
        """The key `kid` if it may sign for `purpose`, for `product` (None: not known yet) and at `at`.

        `at` is the message's own instant of signing, never the reader's clock: a wrong clock must not disown a good
        key, and what a key signed stays verifiable after its window. `sandbox` says that the reader is one of a
        sandbox; only then do keys of purpose sandbox and ids with `dev-` or `sandbox-` count.
        Refuses with `key_unknown` or `key_not_for_this`.
        """
        key = self.document.find_key(kid)
        if key is None:
            return Refused(
                RefusalCode.KEY_UNKNOWN, f"{ascii(kid)[:40]} is not in root version {self.version}.", "header.kid"
            )
        if not sandbox and (key.purpose is Purpose.SANDBOX or not is_production_kid(kid)):
            return _refuse_key(f"{kid} is a sandbox or development key, and this is production.")
        if key.purpose is not purpose and not (key.purpose is Purpose.SANDBOX and purpose in _BY_SANDBOX_TOO):
            return _refuse_key(f"{kid} signs for {key.purpose.value}, not for {purpose.value}.")
        if product is not None and not key.covers(product):
            return _refuse_key(f"{kid} does not sign for {ascii(product)[:66]}.")
        late = None if at is None else key.refuse_outside_window(at)
        return key if late is None else late


def _refuse_key(detail: str) -> Refused:
    return Refused(RefusalCode.KEY_NOT_FOR_THIS, detail, "header.kid")


def _refuse_root(detail: str, field: str = "") -> Refused:
    return Refused(RefusalCode.ROOT_REJECTED, detail, field)


_load_document = strict_json.StrictLoader(RootDocument, CAP)


def sign_document(document: RootDocument, signers: Iterable[Signer]) -> bytes:
    """The document with one compact JWS per line, all over the same payload: each line is checkable by any JWT library,
    and holders of root keys who never meet add theirs with `add_signature`."""
    payload = msgspec.json.encode(document)
    return b"\n".join(jws.sign_token(jws.TokenType.ROOT, payload, signer) for signer in signers)


def add_signature(data: bytes, signer: Signer) -> bytes:
    """`data`, a root document from `sign_document`, with one more line signed by `signer`; ValueError when it
    is none."""
    return data.rstrip(b"\n") + b"\n" + jws.sign_token(jws.TokenType.ROOT, _shared_payload(data), signer)


def _shared_payload(data: bytes) -> bytes:
    first = jws.parse_token(data.split(b"\n", 1)[0], jws.TokenType.ROOT)
    if isinstance(first, Refused):
        raise ValueError(first.detail)
    return first.payload


def _read_document(data: bytes) -> tuple[RootDocument, list[jws.ParsedToken]] | Refused:
    """Form only: lines, one payload, a document that does not contradict itself."""
    if len(data) > CAP:
        return strict_json.too_large(len(data), CAP)
    lines = data.removesuffix(b"\n").split(b"\n")
    if len(lines) > SIGNATURES:
        return _refuse_root(f"More than {SIGNATURES} signatures.")
    envelopes = []
    for line in lines:
        envelope = jws.parse_token(line, jws.TokenType.ROOT)
        if isinstance(envelope, Refused):
            return envelope
        envelopes.append(envelope)
    if len({envelope.payload for envelope in envelopes}) != 1:
        return _refuse_root("The signatures are not all over the same document.")
    document = _load_document(envelopes[0].payload)
    if isinstance(document, Refused):
        return document
    fault = check_document(document)
    return fault if fault is not None else (document, envelopes)


def check_document(document: RootDocument) -> Refused | None:
    """None, or `root_rejected` with what the document contradicts itself in.

    One public key under two ids would count twice towards a threshold; an online key that is also a root key would
    put the root on a server; a sandbox key without its prefix could be taken for a real one.
    """
    everything: list[OnlineKey | RootKey] = [*document.root_keys, *document.keys]
    if len({key.kid for key in everything}) != len(everything):
        return _refuse_root("A key id occurs twice.", "keys")
    if len({key.x for key in everything}) != len(everything):
        return _refuse_root("A public key occurs under two ids.", "keys")
    if any(isinstance(public_from(key.x, "x"), Refused) for key in everything):
        return _refuse_root("A public key is not one of Ed25519.", "keys")
    if document.threshold > len(document.root_keys):
        return _refuse_root("The threshold asks for more signatures than there are root keys.", "threshold")
    if document.expires <= document.issued:
        return _refuse_root("The document expires before it is issued.", "expires")
    for key in document.keys:
        if key.naf <= key.nbf:
            return _refuse_root(f"The window of {key.kid} is empty.", "keys.naf")
        if key.purpose is Purpose.SANDBOX and is_production_kid(key.kid):
            return _refuse_root(
                f"{key.kid} is for a sandbox, but its id lacks the prefix dev- or sandbox-.", "keys.kid"
            )
    return None


def _signed_by_threshold(envelopes: list[jws.ParsedToken], document: RootDocument) -> bool:
    """Whether enough *different* root keys of `document` signed; invalid and unknown signatures count for nothing."""
    publics = {key.kid: public_from(key.x, "x") for key in document.root_keys}
    signed = set()
    for envelope in envelopes:
        public = publics.get(envelope.kid)
        if isinstance(public, bytes) and not isinstance(jws.verify_token(envelope, public), Refused):
            signed.add(public)
    return len(signed) >= document.threshold


def pin_root(data: bytes) -> TrustedRoot | Refused:
    """The document that came with the product or from the administrator's hand: signed by its own threshold.

    There is no trust on first use: `data` must never come from the network alone. Expiry is not looked at, because
    newer versions may follow. Refuses like `jws.parse_token`, and with `root_rejected`.
    """
    read = _read_document(data)
    if isinstance(read, Refused):
        return read
    document, envelopes = read
    if not _signed_by_threshold(envelopes, document):
        return _refuse_root(
            f"Version {document.version} lacks signatures of {document.threshold} of its own root keys."
        )
    return TrustedRoot(document, data)


def step_root(current: TrustedRoot, data: bytes) -> TrustedRoot | Refused:
    """The version after `current`, which both its own threshold and that of `current` must have signed.

    To be stored before the next step is taken. Expiry is not looked at (see `refuse_expired`). Refuses like `pin_root`.
    """
    read = _read_document(data)
    if isinstance(read, Refused):
        return read
    document, envelopes = read
    if document.id != current.document.id:
        return _refuse_root("It is another vendor's root document.", "id")
    if document.version != current.version + 1:
        return _refuse_root(f"Version {document.version} does not follow {current.version}.", "version")
    for signer in (current.document, document):
        if not _signed_by_threshold(envelopes, signer):
            return _refuse_root(f"It lacks signatures of {signer.threshold} root keys of version {signer.version}.")
    return TrustedRoot(document, data)


def refuse_expired(root: TrustedRoot, now: Instant) -> Refused | None:
    """`root_rejected` when `root`, being the newest there is, has expired at `now`; None when it is good."""
    if now < root.document.expires:
        return None
    return _refuse_root(
        f"Version {root.version} expired at {root.document.expires} and no newer one is known.", "expires"
    )
