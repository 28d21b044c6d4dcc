"""The server's word for a site as a sealed token: lease in, bytes out, and back under the root document [spec: lease].

Form, key, signature and bounds are proven here; whether a genuine lease may replace the one held is `lease.acceptance`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.lease.claims import Brand, ComingLimit, Confirmation, Lease, SiteFigures
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.timeline import Span
from tenure.wire import field_types, jws, strict_json
from tenure.wire.jws import CAPS, ParsedToken, TokenType, token_digest
from tenure.wire.keys import Purpose, Signer, from_jwk, proving_key
from tenure.wire.root import OnlineKey, TrustedRoot

READ = 64
"""Leases whose bytes need no second verification: at 8 KiB each, half a MiB."""

_Features = Annotated[tuple[field_types.Id, ...], Meta(max_length=128)]


class _Cnf(Confirmation, frozen=True):
    jwk: Annotated[dict[field_types.Id, field_types.Name], Meta(max_length=8)]


class SpanClaim(Span, frozen=True, omit_defaults=True):
    """A piece of a timeline with its bounds."""

    since: field_types.Moment
    until: field_types.Moment | None
    features: _Features = ()
    limit: field_types.Count = 0
    note: field_types.Line = ""


class _Brand(Brand, frozen=True):
    name: field_types.Name = ""
    logo: field_types.Url = ""
    color: Annotated[str, Meta(max_length=32, pattern=r"\A[#a-zA-Z0-9]*\Z")] = ""
    support: field_types.Line = ""
    renew_url: field_types.Url = ""


class _Figures(SiteFigures, frozen=True, kw_only=True):
    tolerance_percent: field_types.Percent = 10
    idle_release_days: field_types.Days = 60
    seat_conflict_days: field_types.Days = 30
    reminders: Annotated[tuple[field_types.Days, ...], Meta(max_length=32)] = (60, 30, 14, 7, 3, 1, 0)
    sync_interval: field_types.Seconds = 86_400
    after_end_sync_days: field_types.Days = 90
    warn_after: field_types.Seconds = 7 * 86_400
    seat_life: field_types.Seconds = 14 * 86_400
    dns: Literal["auto", "list", "off"] = "auto"
    reinstate_days: field_types.Days = 365


class _Coming(ComingLimit, frozen=True):
    at: field_types.Moment
    limit: field_types.Count
    allotment: field_types.Count


class OutlookClaim(RenewalOutlook, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a renewal, with its bounds."""

    at: field_types.Moment
    price: field_types.Amount
    currency: Annotated[str, Meta(max_length=3, pattern=r"\A[A-Z]{3}\Z")]
    covered_until: field_types.Moment | None = None
    lasts: bool = False
    missing: field_types.Amount = 0


class LeaseClaims(Lease, frozen=True, kw_only=True):
    """Every field of a lease with its bounds; read once to prove them, then forgotten in favor of the plain value."""

    iss: field_types.Issuer
    sub: field_types.Id
    aud: field_types.Id
    jti: field_types.Id
    iat: field_types.Moment
    nbf: field_types.Moment
    exp: field_types.Moment
    cnf: _Cnf
    serial: field_types.Serial
    epoch: field_types.Serial
    prev: field_types.MaybeBytes32 = ""
    subscription: field_types.Id
    revision: field_types.Serial
    product: field_types.Id
    plan: field_types.Id
    kind: Literal["limited", "unlimited", "trial"]
    spans: Annotated[tuple[SpanClaim, ...], Meta(min_length=1, max_length=64)]
    contact_until: field_types.Moment
    refresh_after: field_types.Moment
    features: _Features = ()
    base_features: _Features = ()
    allotment: field_types.Count = 0
    limit: field_types.Count = 0
    min_version: field_types.Version = ""
    device_port: field_types.MaybeBytes32 = ""
    figures: _Figures = _Figures()
    provider: field_types.Name = ""
    brand: _Brand = _Brand()
    code_last_group: Annotated[str, Meta(max_length=8, pattern=r"\A[0-9A-Z]*\Z")] = ""
    role: Literal["active", "successor"] = "active"
    prepaid_until: field_types.Moment | None = None
    sandbox: bool = False
    coming: _Coming | None = None
    installation: Literal["server", "standalone"] = "server"
    ephemeral: bool = False
    outlook: OutlookClaim | None = None
    plan_name: field_types.Name = ""


class SealedLease(msgspec.Struct, frozen=True):
    """A proven lease with its bytes as received, to be stored verbatim, and the key that spoke for it."""

    lease: Lease
    token: bytes
    digest: str
    """SHA-256 of `token`, base64url."""
    kid: str


_encode = msgspec.json.Encoder().encode
_load = strict_json.StrictLoader(LeaseClaims, CAPS[TokenType.LEASE])
_decode = msgspec.json.Decoder(Lease).decode


KeyReader = Callable[[Mapping[str, object], str], bytes | Refused]


def _parse_claims(payload: bytes, read_key: KeyReader = from_jwk) -> Lease | Refused:
    bounded = _load(payload)
    if isinstance(bounded, Refused):
        return bounded
    lease = _decode(payload)
    fault = _refuse_contradiction(lease, read_key)
    return lease if fault is None else fault


def _refuse_contradiction(lease: Lease, read_key: KeyReader) -> Refused | None:
    holder = read_key(lease.cnf.jwk, "cnf.jwk")
    if isinstance(holder, Refused):
        return holder
    if lease.aud != lease.product:
        return strict_json.refuse_malformed("The audience of a lease is its product.", "aud")
    if not lease.iat <= lease.nbf < lease.exp <= lease.contact_until:
        return strict_json.refuse_malformed("iat, nbf, exp and contact_until do not follow one another.", "exp")
    if lease.role == "active" and lease.nbf != lease.iat:
        return strict_json.refuse_malformed("Only a successor begins later than it was signed.", "nbf")
    if lease.refresh_after < lease.iat:
        return strict_json.refuse_malformed("A lease cannot be refreshed before it was signed.", "refresh_after")
    return None


def seal_lease(lease: Lease, signer: Signer) -> bytes:
    """The `tenure-lease+jwt` of `lease`. Raises ValueError, naming the field, for one that no reader would accept.

    The holder's point is not looked at: a lease is signed for a key by which a request has just been verified.
    """
    payload = _encode(lease)
    if len(payload) > CAPS[TokenType.LEASE] or not _is_proven(lease):
        _prove_bounds(lease, payload)
    fault = _refuse_contradiction(lease, proving_key)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    return jws.sign_token(TokenType.LEASE, payload, signer)


# To read a lease back, so that none is signed that no reader would accept, costs more than to sign it. What leases of
# one plan and provider have in common is proven by the first of them; of the others what is their own is looked at.

FRAMES = 512
"""Common parts that are known to be within their bounds."""
_frames: dict[tuple[object, ...], None] = {}


def _prove_bounds(lease: Lease, payload: bytes) -> None:
    read = _load(payload)
    if isinstance(read, Refused):
        raise ValueError(f"{read.field}: {read.detail}")
    if len(_frames) >= FRAMES:
        _frames.pop(next(iter(_frames)), None)
    _frames[_frame_of(lease)] = None


def _is_proven(lease: Lease) -> bool:
    """Whether all of `lease` is within its bounds: its own part by a look, what it has in common by an earlier one."""
    return _frame_of(lease) in _frames and _own_part_fits(lease)


_OWN = frozenset({
    "sub", "jti", "subscription", "prev", "code_last_group", "serial", "epoch", "revision", "iat", "nbf", "exp",
    "contact_until", "refresh_after", "prepaid_until", "cnf", "spans",
})  # fmt: skip
"""What `_own_part_fits` looks at; every other claim, and every later one, is common."""
_common_of = attrgetter(*(name for name in Lease.__struct_fields__ if name not in _OWN))
_common_of_span = attrgetter(*(name for name in Span.__struct_fields__ if name not in {"since", "until"}))


def _frame_of(lease: Lease) -> tuple[object, ...]:
    return (*map(_common_of_span, lease.spans), *_common_of(lease))


def _own_part_fits(lease: Lease) -> bool:
    moments = [lease.iat, lease.nbf, lease.exp, lease.contact_until, lease.refresh_after, lease.prepaid_until or 0]
    for each in lease.spans:
        moments += each.since, each.until or 0
    names = f"{lease.sub} {lease.jti} {lease.subscription} {lease.prev} {lease.code_last_group}"
    return (
        min(moments) >= 0
        and max(moments) <= field_types.YEAR_9999
        and min(lease.serial, lease.epoch, lease.revision) >= 0
        and max(lease.serial, lease.epoch, lease.revision) <= field_types.SAFE
        and len(lease.cnf.jwk) == 3
        and _own_names_fit(names) is not None
    )


_OWN_ID = r"[a-z0-9][a-z0-9_.-]{0,63}"
_own_names_fit = re.compile(
    rf"{_OWN_ID} {_OWN_ID} {_OWN_ID} (?:[A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048])? [0-9A-Z]{{0,8}}"
).fullmatch
"""Site, lease, subscription, hash of the lease before and last group of the code, as `LeaseClaims` has them."""


def read_lease(
    token: bytes, root: TrustedRoot, *, product: str | None = None, sandbox: bool = False
) -> SealedLease | Refused:
    """A lease proven under `root`, in the order of [spec: acceptance-order] up to and including the key's window; no
    clock is read.

    `product`: the one expected, None where any will do. `sandbox`: the reader belongs to a sandbox. Refuses like
    `jws.parse_token`, `TrustedRoot.key_for`, `jws.verify_token`, `strict_json.StrictLoader`; `key_not_for_this` too
    when the key may not sign for the lease's product, at its date or for so long, and when a lease and its key disagree
    on whether this is a sandbox; `lease_not_mine` when it is for another product than expected.
    """
    envelope = _unwrap_lease(token)
    if isinstance(envelope, Refused):
        return envelope
    key = root.key_for(envelope.kid, Purpose.LEASE, product=product, sandbox=sandbox)
    if isinstance(key, Refused):
        return key
    sealed = _open_lease(token, key.public)
    if isinstance(sealed, Refused):
        return sealed
    beyond = _refuse_beyond_key(sealed.lease, key)
    if beyond is not None:
        return beyond
    if product is not None and sealed.lease.product != product:
        return Refused(RefusalCode.LEASE_NOT_MINE, f"It is for {sealed.lease.product}.", "product")
    return sealed


# One lease is read again whenever anything around it changes, by a site for each of its devices. What its bytes are,
# and whether a key has signed them, is the same each time; whether that key counts is asked of the root each time.


@lru_cache(maxsize=READ)
def _unwrap_lease(token: bytes) -> ParsedToken | Refused:
    return jws.parse_token(token, TokenType.LEASE)


@lru_cache(maxsize=READ)
def _open_lease(token: bytes, public: bytes) -> SealedLease | Refused:
    """`token`, whose form is right, proven by the key `public`."""
    envelope = _unwrap_lease(token)
    if isinstance(envelope, Refused):
        return envelope
    opened = jws.verify_token(envelope, public)
    lease = opened if isinstance(opened, Refused) else _parse_claims(opened.payload)
    return lease if isinstance(lease, Refused) else SealedLease(lease, token, token_digest(token), envelope.kid)


def _refuse_beyond_key(lease: Lease, key: OnlineKey) -> Refused | None:
    """What of `lease` its key may not say. A successor's length counts from its beginning [spec: successor-slot]."""
    if not key.covers(lease.product):
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, f"{key.kid} does not sign for {lease.product}.", "product")
    if lease.sandbox != (key.purpose is Purpose.SANDBOX):
        return Refused(RefusalCode.KEY_NOT_FOR_THIS, "Lease and key disagree on whether this is a sandbox.", "sandbox")
    if lease.contact_until - lease.nbf > key.longest:
        return Refused(
            RefusalCode.KEY_NOT_FOR_THIS, f"{key.kid} signs leases of at most {key.longest} seconds.", "contact_until"
        )
    return key.refuse_outside_window(lease.iat)
