"""The site's word for a device, with the lease it stands on, and the device's receipt of erasing it
[spec: seat, enrollment].

Root -> lease -> seat is proven here, offline; whether device and time fit is `lease.acceptance`.
"""

from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.lease.standing import SeatTerm
from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import field_types, jws, strict_json
from tenure.wire.jws import CAPS, TokenType
from tenure.wire.keys import Signer, from_jwk
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.root import TrustedRoot

BUNDLE_CAP = 12 * 1024
READ = 16
"""Seats whose bytes need no second verification."""


class SeatHolder(msgspec.Struct, frozen=True):
    """`cnf` of a seat: the thumbprint of the device's key (RFC 9449 names it `jkt`)."""

    jkt: field_types.Bytes32


class Seat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-seat+jwt`, signed by the site's key."""

    iss: field_types.Id
    """Site id, the lease's `sub`."""
    sub: field_types.Id
    """Device id."""
    aud: field_types.Id
    """Product id."""
    jti: field_types.Id
    iat: field_types.Moment
    nbf: field_types.Moment
    exp: field_types.Moment
    """The seat's end, never beyond the lease's `contact_until`."""
    cnf: SeatHolder
    lease: field_types.Bytes32
    """SHA-256 of the lease's bytes: a seat stands on this lease and no other."""
    features: Annotated[tuple[field_types.Id, ...], Meta(max_length=128)] = ()

    def as_term(self) -> SeatTerm:
        """What the core reckons with."""
        return SeatTerm(thumbprint=self.cnf.jkt, lease=self.lease, iat=self.iat, until=self.exp, features=self.features)


class SeatBundle(msgspec.Struct, frozen=True):
    """What a device is given and keeps: the sealed seat and, as received, the sealed lease."""

    seat: field_types.Jws
    lease: field_types.Jws


class SealedSeat(msgspec.Struct, frozen=True):
    """A proven seat with its proven lease; `bundle` is to be stored verbatim."""

    seat: Seat
    lease: SealedLease
    bundle: bytes


class ErasureReceipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-erased+jws`, signed by the holder's key: the word named is gone from its disk."""

    what: Literal["seat", "lease"]
    jti: field_types.Id
    """Of the seat or lease erased."""
    sha256: field_types.Bytes32
    """Of its bytes."""
    sub: field_types.Id
    """Device or site id."""
    iat: field_types.Moment


_load_seat = strict_json.StrictLoader(Seat, CAPS[TokenType.SEAT])
_load_bundle = strict_json.StrictLoader(SeatBundle, BUNDLE_CAP)
_BUNDLE_FRAME = len(msgspec.json.encode(SeatBundle("", "")))
"""Bytes of a bundle without seat and lease: both are of characters that JSON writes as they are."""
_load_erased = strict_json.StrictLoader(ErasureReceipt, CAPS[TokenType.ERASED])


def sign_seat(seat: Seat, lease: SealedLease, signer: Signer) -> str:
    """The sealed `seat`, to go with `lease`. Raises ValueError, naming the field, for one no device would take."""
    payload = msgspec.json.encode(seat)
    fault = _load_seat.refuse_own(payload) or _refuse_beyond_lease(seat, lease)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    sealed = jws.sign_token(TokenType.SEAT, payload, signer)
    size = len(sealed) + len(lease.token) + _BUNDLE_FRAME
    if size > BUNDLE_CAP:
        raise ValueError(f"seat and lease of {size} bytes exceed their {BUNDLE_CAP}")
    return sealed.decode("ascii")


def read_seat(
    bundle: bytes, root: TrustedRoot, *, product: str | None = None, sandbox: bool = False
) -> SealedSeat | Refused:
    """Seat and lease proven from `root` down: the lease by the root, the seat by the key that the lease names.

    Refuses like `leases.read_lease` and `jws.parse_token`; `key_unknown` and `signature_invalid` when the seat is not
    by the lease's holder; `lease_not_mine` when it stands on another lease, site or product; `lease_outside_window`
    when it would outlive its lease.
    """
    parts = _load_bundle(bundle)
    if isinstance(parts, Refused):
        return parts
    lease = read_lease(parts.lease.encode("ascii"), root, product=product, sandbox=sandbox)
    if isinstance(lease, Refused):
        return lease
    site = from_jwk(lease.lease.cnf.jwk, "cnf.jwk")
    if isinstance(site, Refused):
        return site
    seat = _open_seat(parts.seat.encode("ascii"), site)
    if isinstance(seat, Refused):
        return seat
    beyond = _refuse_beyond_lease(seat, lease)
    return SealedSeat(seat, lease, bundle) if beyond is None else beyond


@lru_cache(maxsize=READ)
def _open_seat(token: bytes, site: bytes) -> Seat | Refused:
    """A seat proven by the public key of its site: the same bytes are read when they come, and as what is kept."""
    opened = jws.open_token(token, TokenType.SEAT, jws.by_owner(site))
    return opened if isinstance(opened, Refused) else _load_seat(opened.payload)


def _refuse_beyond_lease(seat: Seat, sealed: SealedLease) -> Refused | None:
    """What of `seat` the lease attached does not carry."""
    lease = sealed.lease
    for field, said, held in (
        ("lease", seat.lease, sealed.digest),
        ("iss", seat.iss, lease.sub),
        ("aud", seat.aud, lease.product),
    ):
        if said != held:
            return Refused(RefusalCode.LEASE_NOT_MINE, "Seat and lease do not belong together.", field)
    if not seat.iat <= seat.nbf < seat.exp:
        return strict_json.refuse_malformed("iat, nbf and exp do not follow one another.", "exp")
    if seat.exp > lease.contact_until:
        return Refused(RefusalCode.LEASE_OUTSIDE_WINDOW, "The seat would outlive its lease.", "exp")
    return None


def seal_erased(erased: ErasureReceipt, signer: Signer) -> bytes:
    """The sealed receipt, by the key of the device or application that erased its lease or seat."""
    return jws.sign_token(TokenType.ERASED, erased, signer)


def read_erased(token: bytes, public: bytes) -> ErasureReceipt | Refused:
    """A receipt proven by the registered key `public` of its device or site; refuses like `answers.read_sync`."""
    opened = jws.open_token(token, TokenType.ERASED, jws.by_owner(public))
    return opened if isinstance(opened, Refused) else _load_erased(opened.payload)
