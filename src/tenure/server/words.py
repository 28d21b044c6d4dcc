"""The server's signed words: leases for a site and its successor, recorded as they are signed (spec 3.4)."""

import base64
import hashlib

import msgspec

from tenure.core.allotment import Pool, SiteShare, grant, recalls
from tenure.core.lease import Coming, Lease
from tenure.core.subscription import Subscription
from tenure.core.timeline import Instant
from tenure.core.usage import ceiling
from tenure.server import books
from tenure.server.context import Context
from tenure.server.leases import Holder, Issuer, grants_until, lease_for, slimmer, successor_lease
from tenure.server.pace import pace_of
from tenure.server.takeover import Beside, beside, rows_of, with_beside
from tenure.server.values import Provider
from tenure.store import leases, people, sites
from tenure.store.engine import Connection
from tenure.store.leases import PRESENT, SUCCESSOR, SignedLease
from tenure.store.sites import Site
from tenure.wire.keys import Purpose, Signer
from tenure.wire.leases import seal_lease


class Signed(msgspec.Struct, frozen=True):
    """A site after a lease was signed for it."""

    site: Site
    lease: Lease
    token: bytes
    successor: bytes = b""


def issuer_of(context: Context, provider: people.Provider) -> Issuer:
    """Who speaks in a provider's leases."""
    value = msgspec.json.decode(provider.body, type=Provider)
    brand = value.brand if value.brand.name else msgspec.structs.replace(value.brand, name=provider.name)
    return Issuer(name=context.issuer, provider=provider.name, brand=brand, sandbox=provider.sandbox)


def sign(
    conn: Connection,
    context: Context,
    site: Site,
    sub: Subscription,
    now: Instant,
    *,
    forked: bool = False,
    carried: bool = False,
) -> Signed:
    """The next lease of the site, signed, recorded as a word, its allotment counted; the successor's too.

    `forked`, `carried`: see `leases.lease_for`.
    """
    provider = people.provider(conn, site.provider)
    state = sub.site(site.id)
    if provider is None or state is None:
        raise LookupError(f"{site.id} does not hold {sub.id}")
    issuer = issuer_of(context, provider)
    # After a restore of the server every word is of the epoch it opened, or of a later one (spec 3.4).
    site = msgspec.structs.replace(site, epoch=max(site.epoch, context.epoch_floor))
    body = beside(site)
    holder = msgspec.structs.replace(_holder(conn, site, body), coming=_coming(conn, site, sub, now))
    lease = lease_for(sub, state, holder, issuer, now, forked=forked, carried=carried)
    signer = context.keys.signer(Purpose.LEASE, site.product, context.clock(), sandbox=provider.sandbox)
    lease, token = _sealed(lease, signer)
    _record(conn, site, sub, lease, token, PRESENT, now)
    share = _share(body, site).given(lease.allotment, lease.contact_until, now)
    moved = msgspec.structs.replace(
        site,
        serial=lease.serial,
        revision=sub.revision,
        lease_until=lease.exp,
        allotment=lease.allotment,
        pace=pace_of(lease),
    )
    moved = with_beside(moved, msgspec.structs.replace(body, share=msgspec.json.encode(share)))
    return Signed(moved, lease, token, _sign_successor(conn, context, moved, sub, now))


def _sealed(lease: Lease, signer: Signer) -> tuple[Lease, bytes]:
    """The lease and its bytes; without its ornaments when it would be too large with them (spec 3.1)."""
    for shorter in slimmer(lease):
        try:
            return lease, seal_lease(lease, signer)
        except ValueError:
            lease = shorter
    return lease, seal_lease(lease, signer)


def _holder(conn: Connection, site: Site, body: Beside) -> Holder:
    last = leases.latest(conn, site.id)
    prev = "" if last is None else base64.urlsafe_b64encode(last.digest).rstrip(b"=").decode()
    return Holder(
        id=site.id,
        jwk=msgspec.json.decode(site.jwk, type=dict[str, str]),
        epoch=site.epoch,
        serial=site.serial + 1,
        prev=prev,
        device_port=body.device_port,
    )


def _coming(conn: Connection, site: Site, sub: Subscription, now: Instant) -> Coming | None:
    """The next lower device limit, and the site's part of it: what it has in use, cut like everybody's."""
    present = sub.terms_at(now).devices
    lower = [each for each in sub.changes if each.effective > now and each.terms.devices < present]
    if not lower:
        return None
    change = min(lower, key=lambda each: each.effective)
    most = ceiling(change.terms.devices, sub.rules.tolerance_percent)
    rows = [row for row in rows_of(conn, sub.provider, sub.id) if row.subscription == sub.id and row.id != site.id]
    total = site.devices + sum(row.devices for row in rows)
    part = most if not rows else site.devices if total <= most else most * site.devices // max(total, 1)
    return Coming(change.effective, change.terms.devices, part)


def _record(
    conn: Connection, site: Site, sub: Subscription, lease: Lease, token: bytes, slot: str, now: Instant
) -> None:
    leases.add(
        conn,
        SignedLease(
            site=site.id,
            epoch=lease.epoch,
            serial=lease.serial,
            slot=slot,
            provider=sub.provider,
            subscription=sub.id,
            revision=sub.revision,
            signed_at=now,
            until=grants_until(lease),
            contact_until=lease.contact_until,
            digest=hashlib.sha256(token).digest(),
            body=token,
        ),
    )


def _sign_successor(conn: Connection, context: Context, site: Site, present: Subscription, now: Instant) -> bytes:
    """The staged successor's lease, signed anew with every present one; its beginning follows the present one's end."""
    if site.successor is None or present.paid_until is None:
        return b""
    owner = beside(site).successor_provider or site.provider
    sub = books.subscription(conn, owner, site.successor)
    provider = people.provider(conn, owner)
    state = None if sub is None else sub.site(site.id)
    if sub is None or provider is None or state is None:
        return b""
    stop = present.cancellation
    begins = stop.effective if stop is not None else present.paid_until
    holder = msgspec.structs.replace(_holder(conn, site, beside(site)), serial=site.serial, prev="")
    lease = successor_lease(sub, state, holder, issuer_of(context, provider), begins=begins, now=now)
    signer = context.keys.signer(Purpose.LEASE, site.product, context.clock(), sandbox=provider.sandbox)
    lease, token = _sealed(lease, signer)
    _record(conn, site, sub, lease, token, SUCCESSOR, now)
    return token


def share_of(site: Site) -> SiteShare:
    """The site's part of the pool, as its row keeps it."""
    return _share(beside(site), site)


def with_share(site: Site, share: SiteShare) -> Site:
    """The site with another part of the pool."""
    return with_beside(site, msgspec.structs.replace(beside(site), share=msgspec.json.encode(share)))


def _share(body: Beside, site: Site) -> SiteShare:
    return msgspec.json.decode(body.share, type=SiteShare) if body.share else SiteShare(site=site.id)


def pool_of(conn: Connection, sub: Subscription, now: Instant) -> Pool:
    """The subscription's devices as they are shared now."""
    rows = rows_of(conn, sub.provider, sub.id)
    terms = sub.terms_at(now)
    shares = tuple(_share(beside(row), row) for row in rows if row.subscription == sub.id)
    return Pool(terms.devices, sub.rules.tolerance_percent, shares)


def reported(site: Site, in_use: int, wanted: int, now: Instant, *, acknowledged: bool) -> Site:
    """The site's part of the pool after its report; acknowledged when it goes by its newest lease."""
    body = beside(site)
    share = _share(body, site)
    if acknowledged:
        share = share.acknowledged(in_use)
    share = share.asking(in_use, max(in_use, wanted), now)
    return with_beside(site, msgspec.structs.replace(body, share=msgspec.json.encode(share)))


def learned(site: Site, lease: Lease, now: Instant) -> Site:
    """The site after it showed a lease that a restored server had forgotten: what that one grants counts again (B7)."""
    body = beside(site)
    share = _share(body, site).given(lease.allotment, lease.contact_until, now)
    return with_beside(site, msgspec.structs.replace(body, share=msgspec.json.encode(share)))


def allotment_for(conn: Connection, site: Site, sub: Subscription, now: Instant) -> int:
    """What the pool has for the site now (B7); unused margin elsewhere comes back at those sites' next contact."""
    body = beside(site)
    own = _share(body, site)
    pool = pool_of(conn, sub, now).with_share(own)
    granted = grant(pool, site.id, own.in_use, own.wanted, now)
    called = [name for name, _ in recalls(pool, now) if name != site.id]
    for other in sites.lock_many(conn, called).values():  # locked: another process may be answering it
        sites.save_many(conn, [msgspec.structs.replace(other, revision=0)])
    return granted.allotment
