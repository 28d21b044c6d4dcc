"""The server's word for a site as a sealed token: lease in, bytes out, and back under the root document [spec: lease].

Form, key, signature and bounds are proven here; whether a genuine lease may replace the one held is `core.acceptance`.
"""

from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.lease import Brand, Coming, Confirmation, Figures, Lease
from tenure.core.outlook import Outlook
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Span
from tenure.wire import fields, seal, strict
from tenure.wire.keys import Purpose, Signer, from_jwk
from tenure.wire.root import Key, Root
from tenure.wire.seal import CAPS, Envelope, Typ, digest

READ = 64
"""Leases whose bytes need no second verification: at 8 KiB each, half a MiB."""

_Features = Annotated[tuple[fields.Id, ...], Meta(max_length=128)]


class _Cnf(Confirmation, frozen=True):
    jwk: Annotated[dict[fields.Id, fields.Name], Meta(max_length=8)]


class SpanClaim(Span, frozen=True, omit_defaults=True):
    """A piece of a timeline with its bounds."""

    since: fields.Moment
    until: fields.Moment | None
    features: _Features = ()
    limit: fields.Count = 0
    note: fields.Line = ""


class _Brand(Brand, frozen=True):
    name: fields.Name = ""
    logo: fields.Url = ""
    colour: Annotated[str, Meta(max_length=32, pattern=r"\A[#a-zA-Z0-9]*\Z")] = ""
    support: fields.Line = ""
    renew_url: fields.Url = ""


class _Figures(Figures, frozen=True, kw_only=True):
    tolerance_percent: fields.Percent = 10
    idle_release_days: fields.Days = 60
    seat_conflict_days: fields.Days = 30
    reminders: Annotated[tuple[fields.Days, ...], Meta(max_length=32)] = (60, 30, 14, 7, 3, 1, 0)
    sync_interval: fields.Seconds = 86_400
    after_end_sync_days: fields.Days = 90
    warn_after: fields.Seconds = 7 * 86_400
    seat_life: fields.Seconds = 14 * 86_400
    dns: Literal["auto", "list", "off"] = "auto"
    reinstate_days: fields.Days = 365


class _Coming(Coming, frozen=True):
    at: fields.Moment
    limit: fields.Count
    allotment: fields.Count


class OutlookClaim(Outlook, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a renewal, with its bounds."""

    at: fields.Moment
    price: fields.Amount
    currency: Annotated[str, Meta(max_length=3, pattern=r"\A[A-Z]{3}\Z")]
    covered_until: fields.Moment | None = None
    lasts: bool = False
    missing: fields.Amount = 0


class Claims(Lease, frozen=True, kw_only=True):
    """Every field of a lease with its bounds; read once to prove them, then forgotten in favour of the plain value."""

    iss: fields.Issuer
    sub: fields.Id
    aud: fields.Id
    jti: fields.Id
    iat: fields.Moment
    nbf: fields.Moment
    exp: fields.Moment
    cnf: _Cnf
    serial: fields.Serial
    epoch: fields.Serial
    prev: fields.MaybeBytes32 = ""
    subscription: fields.Id
    revision: fields.Serial
    product: fields.Id
    plan: fields.Id
    kind: Literal["limited", "unlimited", "trial"]
    spans: Annotated[tuple[SpanClaim, ...], Meta(min_length=1, max_length=64)]
    contact_until: fields.Moment
    refresh_after: fields.Moment
    features: _Features = ()
    base_features: _Features = ()
    allotment: fields.Count = 0
    limit: fields.Count = 0
    min_version: fields.Version = ""
    device_port: fields.MaybeBytes32 = ""
    figures: _Figures = _Figures()
    provider: fields.Name = ""
    brand: _Brand = _Brand()
    code_last_group: Annotated[str, Meta(max_length=8, pattern=r"\A[0-9A-Z]*\Z")] = ""
    role: Literal["active", "successor"] = "active"
    prepaid_until: fields.Moment | None = None
    sandbox: bool = False
    coming: _Coming | None = None
    installation: Literal["server", "standalone"] = "server"
    ephemeral: bool = False
    outlook: OutlookClaim | None = None
    plan_name: fields.Name = ""


class SealedLease(msgspec.Struct, frozen=True):
    """A proven lease with its bytes as received, to be stored verbatim, and the key that spoke for it."""

    lease: Lease
    token: bytes
    digest: str
    """SHA-256 of `token`, base64url."""
    kid: str


_load = strict.Loader(Claims, CAPS[Typ.LEASE])
_decode = msgspec.json.Decoder(Lease).decode


def _parse(payload: bytes) -> Lease | Refused:
    bounded = _load(payload)
    if isinstance(bounded, Refused):
        return bounded
    lease = _decode(payload)
    fault = _contradiction(lease)
    return lease if fault is None else fault


def _contradiction(lease: Lease) -> Refused | None:
    holder = from_jwk(lease.cnf.jwk, "cnf.jwk")
    if isinstance(holder, Refused):
        return holder
    if lease.aud != lease.product:
        return strict.malformed("The audience of a lease is its product.", "aud")
    if not lease.iat <= lease.nbf < lease.exp <= lease.contact_until:
        return strict.malformed("iat, nbf, exp and contact_until do not follow one another.", "exp")
    if lease.role == "active" and lease.nbf != lease.iat:
        return strict.malformed("Only a successor begins later than it was signed.", "nbf")
    if lease.refresh_after < lease.iat:
        return strict.malformed("A lease cannot be refreshed before it was signed.", "refresh_after")
    return None


def seal_lease(lease: Lease, signer: Signer) -> bytes:
    """The `tenure-lease+jwt` of `lease`. Raises ValueError, naming the field, for one that no reader would accept."""
    payload = msgspec.json.encode(lease)
    read = _parse(payload)
    if isinstance(read, Refused):
        raise ValueError(f"{read.field}: {read.detail}")
    return seal.seal(Typ.LEASE, payload, signer)


def read_lease(token: bytes, root: Root, *, product: str | None = None, sandbox: bool = False) -> SealedLease | Refused:
    """A lease proven under `root`, in the order of [spec: acceptance-order] up to and including the key's window; no
    clock is read.

    `product`: the one expected, None where any will do. `sandbox`: the reader belongs to a sandbox.
    Refuses like `seal.unwrap`, `Root.key`, `seal.verify`, `strict.Loader`; `key_not_for_this` too when the key may
    not sign for the lease's product, at its date or for so long, and when a lease and its key disagree on whether
    this is a sandbox; `lease_not_mine` when it is for another product than expected.
    """
    envelope = _unwrapped(token)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key(envelope.kid, Purpose.LEASE, product=product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    sealed = _opened(token, key.public)
    if isinstance(sealed, Refused):
        return sealed
    beyond = _beyond(sealed.lease, key)
    if beyond is not None:
        return beyond
    if product is not None and sealed.lease.product != product:
        return Refused(Code.LEASE_NOT_MINE, f"It is for {sealed.lease.product}.", "product")
    return sealed


# One lease is read again whenever anything around it changes, by a site for each of its devices. What its bytes are,
# and whether a key has signed them, is the same each time; whether that key counts is asked of the root each time.


@lru_cache(maxsize=READ)
def _unwrapped(token: bytes) -> Envelope | Refused:
    return seal.unwrap(token, Typ.LEASE)


@lru_cache(maxsize=READ)
def _opened(token: bytes, public: bytes) -> SealedLease | Refused:
    """`token`, whose form is right, proven by the key `public`."""
    envelope = _unwrapped(token)
    if isinstance(envelope, Refused):
        return envelope
    opened = seal.verify(envelope, public)
    lease = opened if isinstance(opened, Refused) else _parse(opened.payload)
    return lease if isinstance(lease, Refused) else SealedLease(lease, token, digest(token), envelope.kid)


def _beyond(lease: Lease, key: Key) -> Refused | None:
    """What of `lease` its key may not say. A successor's length counts from its beginning [spec: successor-slot]."""
    if not key.covers(lease.product):
        return Refused(Code.KEY_NOT_FOR_THIS, f"{key.kid} does not sign for {lease.product}.", "product")
    if lease.sandbox != (key.purpose is Purpose.SANDBOX):
        return Refused(Code.KEY_NOT_FOR_THIS, "Lease and key disagree on whether this is a sandbox.", "sandbox")
    if lease.contact_until - lease.nbf > key.longest:
        return Refused(
            Code.KEY_NOT_FOR_THIS, f"{key.kid} signs leases of at most {key.longest} seconds.", "contact_until"
        )
    return key.window(lease.iat)
