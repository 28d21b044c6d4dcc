"""The site's word for a device, with the lease it stands on, and the device's receipt of erasing it
[spec: seat, enrollment].

Root -> lease -> seat is proven here, offline; whether device and time fit is `core.acceptance`.
"""

from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tenure.core.refusals import Code, Refused
from tenure.core.standing import SeatTerm
from tenure.wire import fields, seal, strict
from tenure.wire.keys import Signer, from_jwk
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.root import Root
from tenure.wire.seal import CAPS, Typ

BUNDLE_CAP = 12 * 1024
READ = 16
"""Seats whose bytes need no second verification."""


class Holder(msgspec.Struct, frozen=True):
    """`cnf` of a seat: the thumbprint of the device's key (RFC 9449 names it `jkt`)."""

    jkt: fields.Bytes32


class Seat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-seat+jwt`, signed by the site's key."""

    iss: fields.Id
    """Site id, the lease's `sub`."""
    sub: fields.Id
    """Device id."""
    aud: fields.Id
    """Product id."""
    jti: fields.Id
    iat: fields.Moment
    nbf: fields.Moment
    exp: fields.Moment
    """The seat's end, never beyond the lease's `contact_until`."""
    cnf: Holder
    lease: fields.Bytes32
    """SHA-256 of the lease's bytes: a seat stands on this lease and no other."""
    features: Annotated[tuple[fields.Id, ...], Meta(max_length=128)] = ()

    def term(self) -> SeatTerm:
        """What the core reckons with."""
        return SeatTerm(thumbprint=self.cnf.jkt, lease=self.lease, iat=self.iat, until=self.exp, features=self.features)


class Bundle(msgspec.Struct, frozen=True):
    """What a device is given and keeps: the sealed seat and, as received, the sealed lease."""

    seat: fields.Jws
    lease: fields.Jws


class SealedSeat(msgspec.Struct, frozen=True):
    """A proven seat with its proven lease; `bundle` is to be stored verbatim."""

    seat: Seat
    lease: SealedLease
    bundle: bytes


class Erased(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims of a `tenure-erased+jws`, signed by the holder's key: the word named is gone from its disk."""

    what: Literal["seat", "lease"]
    jti: fields.Id
    """Of the seat or lease erased."""
    sha256: fields.Bytes32
    """Of its bytes."""
    sub: fields.Id
    """Device or site id."""
    iat: fields.Moment


_load_seat = strict.Loader(Seat, CAPS[Typ.SEAT])
_load_bundle = strict.Loader(Bundle, BUNDLE_CAP)
_load_erased = strict.Loader(Erased, CAPS[Typ.ERASED])


def seal_seat(seat: Seat, lease: SealedLease, signer: Signer) -> bytes:
    """The sealed `seat` with `lease` as a bundle. Raises ValueError, naming the field, for one no device would take."""
    payload = msgspec.json.encode(seat)
    read = _load_seat(payload)
    fault = read if isinstance(read, Refused) else _beyond(seat, lease)
    if fault is not None:
        raise ValueError(f"{fault.field}: {fault.detail}")
    sealed = seal.seal(Typ.SEAT, payload, signer)
    bundle = msgspec.json.encode(Bundle(sealed.decode("ascii"), lease.token.decode("ascii")))
    if len(bundle) > BUNDLE_CAP:
        raise ValueError(f"seat and lease of {len(bundle)} bytes exceed their {BUNDLE_CAP}")
    return bundle


def read_seat(bundle: bytes, root: Root, *, product: str | None = None, sandbox: bool = False) -> SealedSeat | Refused:
    """Seat and lease proven from `root` down: the lease by the root, the seat by the key that the lease names.

    Refuses like `leases.read_lease` and `seal.unwrap`; `key_unknown` and `signature_invalid` when the seat is not by
    the lease's holder; `lease_not_mine` when it stands on another lease, site or product; `lease_outside_window`
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
    seat = _opened(parts.seat.encode("ascii"), site)
    if isinstance(seat, Refused):
        return seat
    beyond = _beyond(seat, lease)
    return SealedSeat(seat, lease, bundle) if beyond is None else beyond


@lru_cache(maxsize=READ)
def _opened(token: bytes, site: bytes) -> Seat | Refused:
    """A seat proven by the public key of its site: the same bytes are read when they come, and as what is kept."""
    opened = seal.open_(token, Typ.SEAT, seal.by_owner(site))
    return opened if isinstance(opened, Refused) else _load_seat(opened.payload)


def _beyond(seat: Seat, sealed: SealedLease) -> Refused | None:
    """What of `seat` the lease attached does not carry."""
    lease = sealed.lease
    for field, said, held in (
        ("lease", seat.lease, sealed.digest),
        ("iss", seat.iss, lease.sub),
        ("aud", seat.aud, lease.product),
    ):
        if said != held:
            return Refused(Code.LEASE_NOT_MINE, "Seat and lease do not belong together.", field)
    if not seat.iat <= seat.nbf < seat.exp:
        return strict.malformed("iat, nbf and exp do not follow one another.", "exp")
    if seat.exp > lease.contact_until:
        return Refused(Code.LEASE_OUTSIDE_WINDOW, "The seat would outlive its lease.", "exp")
    return None


def seal_erased(erased: Erased, signer: Signer) -> bytes:
    """The sealed receipt, by the key of whoever erased."""
    return seal.seal(Typ.ERASED, erased, signer)


def read_erased(token: bytes, public: bytes) -> Erased | Refused:
    """A receipt proven by the registered key `public` of its device or site; refuses like `answers.read_sync`."""
    opened = seal.open_(token, Typ.ERASED, seal.by_owner(public))
    return opened if isinstance(opened, Refused) else _load_erased(opened.payload)
