"""The server's signed words: leases for a site and its successor, recorded as they are signed [spec: lease]."""

import base64
import hashlib

import msgspec

from tenure.core import facts as f
from tenure.core.contract import timeline
from tenure.core.expected import outlook_of
from tenure.core.lease import Coming, Lease
from tenure.core.outlook import Outlook
from tenure.core.renewal import pays_itself
from tenure.core.seat_conflict import lower_limit
from tenure.core.subscription import Subscription, evolve
from tenure.core.terms import Terms
from tenure.core.timeline import Instant, Phase, at
from tenure.server import books, places, seat_conflicts, shares
from tenure.server.beside import Beside, beside
from tenure.server.context import Context
from tenure.server.leases import Holder, Issuer, grants_until, lease_for, slimmer, successor_lease
from tenure.server.pace import pace_of
from tenure.server.real_time import RealTime
from tenure.server.values import Provider
from tenure.store import leases, people
from tenure.store.engine import Connection
from tenure.store.leases import PRESENT, SUCCESSOR, SignedLease
from tenure.store.sites import Site
from tenure.wire.keys import Purpose, Signer
from tenure.wire.leases import seal_lease

UNHEARD = (
    "The licensing server was put back from a backup, and another administration server that shares this subscription"
    " has not been heard of since. Until it has, nobody gets more devices than before. Synchronise it, or ask the"
    " provider."
)
"""To a site that is short (ADR 16)."""


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
    sub = places.with_ephemeral(sub, site)
    state = sub.site(site.id)
    if provider is None or state is None:
        raise LookupError(f"{site.id} does not hold {sub.id}")
    issuer = issuer_of(context, provider)
    # After a restore of the server every word is of the epoch it opened, or of a later one [spec: epoch].
    site = msgspec.structs.replace(site, epoch=max(site.epoch, context.epoch_floor))
    body = beside(site)
    holder = msgspec.structs.replace(
        _holder(conn, site, body, sub.terms_at(now)),
        coming=coming(conn, site, sub, now),
        outlook=outlook(conn, context, sub, now),
    )
    told = seat_conflicts.as_promised(conn, sub, site, state, now, context.epoch_floor)
    lease = lease_for(sub, told, holder, issuer, now, forked=forked, carried=carried)
    signer = context.keys.signer(Purpose.LEASE, site.product, context.clock(), sandbox=provider.sandbox)
    lease, token = _sealed(lease, signer)
    _record(conn, site, sub, lease, token, PRESENT, now)
    site = _promised(conn, site, sub, lease, now)
    moved = msgspec.structs.replace(
        site,
        serial=lease.serial,
        revision=sub.revision,
        lease_until=lease.exp,
        allotment=lease.allotment,
        # A date that waits for others only is looked at with every contact.
        pace=pace_of(lease, signer.kid, sub.next_turn(now) if told is state else now),
    )
    moved, successor = _sign_successor(conn, context, moved, sub, now)
    return Signed(moved, lease, token, successor)


def outlook(conn: Connection, context: Context, sub: Subscription, now: Instant) -> Outlook | None:
    """What is known of the next renewal of `sub`, asked of the books it is paid from; None where none comes by itself.

    The books were settled by whoever asks.
    """
    if not pays_itself(sub):
        return None
    loaded = books.load(conn, sub.provider, sub.customer, RealTime(context.clock()), lock=False)
    if loaded is None or loaded.item(sub.id) is None:
        return None
    return outlook_of(loaded.account, loaded.items, sub.id, now)


def _promised(conn: Connection, site: Site, sub: Subscription, lease: Lease, now: Instant) -> Site:
    """The site with what the lease lets it protect counted: a part of the pool, or the place of one application."""
    if places.is_alone(site):
        places.promise(conn, site, sub, lease, now)
        return site
    share = shares.part(site, sub.id).given(lease.allotment, lease.contact_until, now)
    return shares.with_part(site, sub.id, share)


def _sealed(lease: Lease, signer: Signer) -> tuple[Lease, bytes]:
    """The lease and its bytes; without its ornaments when it would be too large with them [spec: strict-parsing]."""
    for shorter in slimmer(lease):
        try:
            return lease, seal_lease(lease, signer)
        except ValueError:
            lease = shorter
    return lease, seal_lease(lease, signer)


def _holder(conn: Connection, site: Site, body: Beside, terms: Terms) -> Holder:
    last = leases.latest(conn, site.id)
    prev = "" if last is None else base64.urlsafe_b64encode(last.digest).rstrip(b"=").decode()
    return Holder(
        id=site.id,
        jwk=msgspec.json.decode(site.jwk, type=dict[str, str]),
        epoch=site.epoch,
        serial=site.serial + 1,
        prev=prev,
        device_port=body.device_port,
        installation=site.installation,
        ephemeral=bool(site.ephemeral),
        plan_name=books.plan_names(conn, [terms.plan])[terms.plan],
    )


def coming(conn: Connection, site: Site, sub: Subscription, now: Instant) -> Coming | None:
    """The next lower device limit, and the site's part of it: what it has in use, cut like everybody's."""
    lower = None if places.is_alone(site) else lower_limit(sub, now)
    if lower is None:
        return None
    return Coming(lower.at, lower.limit, seat_conflicts.share(conn, sub, site, lower, now, 0))


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


def _sign_successor(
    conn: Connection, context: Context, site: Site, present: Subscription, now: Instant
) -> tuple[Site, bytes]:
    """The staged successor's lease, signed anew with every present one; its beginning follows the present one's end.

    Its allotment is shared out anew with it, so that every device protected now is protected after the switch too.
    """
    if site.successor is None or present.paid_until is None or present.stopped is not None:
        # While a hold stops the clock nothing turns at the old end, also without a server [spec: holds].
        return site, b""
    owner = beside(site).successor_provider or site.provider
    sub = books.subscription(conn, owner, site.successor)
    provider = people.provider(conn, owner)
    state = None if sub is None else sub.site(site.id)
    if sub is None or provider is None or state is None:
        return site, b""
    if places.is_alone(site):
        if not shares.has_place(conn, sub, site.id, now, context.epoch_floor):
            return site, b""  # others have its place there: nothing is promised that cannot be kept
    elif site.forked_at is None:
        sub = share_out(conn, context, site, sub, now).sub
        state = sub.site(site.id) or state
    told = seat_conflicts.as_promised(conn, sub, site, state, now, context.epoch_floor)
    stop = present.cancellation
    begins = max(now, stop.effective if stop is not None else present.paid_until)
    if at(timeline(sub, told), begins).phase is Phase.ENDED:
        return site, b""  # it takes nothing over: the present one's grace is worth more [spec: successor]
    holder = msgspec.structs.replace(
        _holder(conn, site, beside(site), sub.terms_at(begins)), serial=site.serial, prev=""
    )
    lease = successor_lease(sub, told, holder, issuer_of(context, provider), begins=begins, now=now)
    signer = context.keys.signer(Purpose.LEASE, site.product, context.clock(), sandbox=provider.sandbox)
    lease, token = _sealed(lease, signer)
    _record(conn, site, sub, lease, token, SUCCESSOR, now)
    return _promised(conn, site, sub, lease, now), token


class SharedOut(msgspec.Struct, frozen=True):
    """A subscription after a site's allotment was set."""

    sub: Subscription
    withheld: bool
    """The site is short, and gets nothing until others were heard of (`shares.Given`)."""


def share_out(conn: Connection, context: Context, site: Site, sub: Subscription, now: Instant) -> SharedOut:
    """The subscription after the site's allotment was set to what its pool has for it (B7)."""
    state = sub.site(site.id)
    given = shares.given(conn, site, sub, now, context.epoch_floor)
    if state is None or given.allotment == state.allotment:
        return SharedOut(sub, given.withheld)
    return SharedOut(allot(conn, site, sub, given.allotment, now), given.withheld)


def allot(conn: Connection, site: Site, sub: Subscription, allotment: int, now: Instant) -> Subscription:
    """The subscription after the site's allotment was set, which the next lease tells it."""
    fact = f.AllotmentSet(at=now, recorded_at=now, by=site.id, site=site.id, allotment=allotment)
    after = evolve(sub, fact)
    books.append_to(conn, after, (fact,), now)
    return after
