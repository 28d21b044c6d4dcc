"""The server's signed words: leases for a site and its successor, recorded as they are signed [spec: lease]."""

import base64
import hashlib
from contextlib import suppress
from functools import lru_cache

import msgspec

from tenure.core.answering.lease_issue import (
    LeaseHolderClaims,
    LeaseIssuer,
    grants_until,
    lease_for,
    shorter_leases,
    successor_lease,
)
from tenure.core.business.expected_renewals import outlook_of
from tenure.core.lease.claims import Brand, Lease
from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.occupied_place import conflict_date
from tenure.core.subscription.renewal import pays_itself
from tenure.core.subscription.site_pools import SitePools
from tenure.core.subscription.terms import Terms
from tenure.core.timeline import Instant, Phase, span_at
from tenure.server import account_repository, allotments, places, seat_conflicts
from tenure.server.allotments import pools_of
from tenure.server.context import ServerContext
from tenure.server.real_time import RealTime
from tenure.server.site_record import SiteRecord, read_record
from tenure.server.sync_hint import PlainWord, pace_of
from tenure.server.values import ProviderValue
from tenure.store import leases, tenants
from tenure.store.engine import Connection
from tenure.store.leases import PRESENT, SUCCESSOR, SignedLease
from tenure.store.sites import SiteRow
from tenure.wire.keys import Signer
from tenure.wire.leases import seal_lease

UNHEARD = (
    "The activation server was put back from a backup, and another administration server that shares this subscription"
    " has not been heard of since. Until then, no site gets more devices than before. Synchronize it, or ask the"
    " provider."
)
"""To a site that is short (ADR 16)."""


BRANDS_REMEMBERED = 128
"""Providers, each of whose brands may hold a picture."""


_read_lease = msgspec.json.Decoder(Lease).decode
_read_jwk = msgspec.json.Decoder(dict[str, str]).decode


class SignedSite(msgspec.Struct, frozen=True):
    """A site after a lease was signed for it."""

    site: SiteRow
    lease: Lease
    token: bytes
    successor: bytes = b""


def issuer_of(context: ServerContext, provider: tenants.ProviderRow) -> LeaseIssuer:
    """Who speaks in a provider's leases."""
    brand = _brand_of(provider.body, provider.name)
    return LeaseIssuer(name=context.issuer, provider=provider.name, brand=brand, sandbox=provider.sandbox)


@lru_cache(maxsize=BRANDS_REMEMBERED)
def _brand_of(body: bytes, name: str) -> Brand:
    brand = msgspec.json.decode(body, type=ProviderValue).brand
    return brand if brand.name else msgspec.structs.replace(brand, name=name)


def sign_lease(
    conn: Connection,
    context: ServerContext,
    site: SiteRow,
    sub: Subscription,
    now: Instant,
    *,
    forked: bool = False,
    carried: bool = False,
    newest: SignedLease | None = None,
) -> SignedSite:
    """The next lease of the site, signed, recorded as a word, its allotment counted; the successor's too.

    `forked`, `carried`: see `lease_issue.lease_for`. `newest`: the site's newest lease, where it has been read already.
    """
    newest = newest or leases.latest_lease(conn, site.id)
    provider = tenants.get_provider(conn, site.provider)
    sub = places.with_ephemeral(sub, site)
    state = sub.find_site(site.id)
    if provider is None or state is None:
        raise LookupError(f"{site.id} does not hold {sub.id}")
    issuer = issuer_of(context, provider)
    # After a restore of the server every word is of the epoch it opened, or of a later one [spec: epoch].
    site = msgspec.structs.replace(site, epoch=max(site.epoch, context.epoch_floor))
    body = read_record(site)
    holder = msgspec.structs.replace(
        lease_holder(conn, site, body, sub.terms_at(now), newest),
        coming=seat_conflicts.coming_limit(conn, site, sub, now),
        outlook=renewal_outlook(conn, context, sub, now),
    )
    told = seat_conflicts.as_promised(conn, sub, site, state, now, context.epoch_floor)
    lease = lease_for(sub, told, holder, issuer, now, forked=forked, carried=carried)
    signer = context.lease_signer(site.product, sandbox=provider.sandbox)
    lease, token = seal_shortest(lease, signer)
    _record_lease(conn, site, sub, lease, token, PRESENT, now, newest)
    site = _count_promise(conn, site, sub, lease, now)
    # A date that waits for others only is looked at with every contact.
    turns = sub.next_turn(now) if told is state else now
    plain = _place_word(conn, site, sub, lease) if places.is_alone(site) else plain_word(site, sub, pools_of(site))
    moved = after_signing(site, sub, lease, pace_of(lease, signer.key_id, turns, plain))
    moved, successor = _sign_successor(conn, context, moved, sub, now)
    return SignedSite(moved, lease, token, successor)


def latest_lease(conn: Connection, site: SiteRow, slot: str = PRESENT) -> Lease | None:
    """The site's newest lease as a value: the server's own word, read without checking it again."""
    signed = leases.latest_lease(conn, site.id, slot)
    return None if signed is None else lease_value(signed)


def lease_value(signed: SignedLease) -> Lease | None:
    """What the server itself signed, as a value; None where only its digest was kept."""
    if signed.body is None:
        return None
    payload = signed.body.split(b".")[1]
    return _read_lease(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))


def renewal_outlook(conn: Connection, context: ServerContext, sub: Subscription, now: Instant) -> RenewalOutlook | None:
    """What is known of the next renewal of `sub`, asked of the books it is paid from; None where none comes by itself.

    The caller has settled the books.
    """
    if not pays_itself(sub):
        return None
    loaded = account_repository.load_books(conn, sub.provider, sub.customer, RealTime(context.clock()), lock=False)
    if loaded is None or loaded.find_item(sub.id) is None:
        return None
    return outlook_of(loaded.account, loaded.items, sub.id, now)


def _count_promise(conn: Connection, site: SiteRow, sub: Subscription, lease: Lease, now: Instant) -> SiteRow:
    """The site with what the lease lets it protect counted: a part of the pool, or the place of one application."""
    if places.is_alone(site):
        places.save_promise(conn, site, sub, lease, now)
        return site
    share = pools_of(site).part_of(sub.id).after_grant(lease.allotment, lease.contact_until, now)
    return allotments.with_part(site, sub.id, share)


def after_signing(site: SiteRow, sub: Subscription, lease: Lease, pace: bytes) -> SiteRow:
    """The site once `lease` is its newest; `pace`: what of it the row keeps (`sync_hint.pace_of`)."""
    return msgspec.structs.replace(
        site,
        serial=lease.serial,
        revision=sub.revision,
        lease_until=lease.exp,
        allotment=lease.allotment,
        pace=pace,
    )


def plain_word(site: SiteRow, sub: Subscription, pools: SitePools) -> PlainWord | None:
    """What holds while a server's word that it goes by the lease just signed and counted gives nothing back; None where
    it gives something back, or may (rule *Giving back*).

    Money that is owed waits for it, and so do what the site has left and devices that an older lease granted.
    """
    share = pools.part_of(sub.id)
    plain = share.held == share.signed and share.in_use == site.devices and not (share.agreed or share.left)
    waits = sub.owed is not None or site.successor is not None or bool(pools.elsewhere)
    return PlainWord(share.wanted) if plain and not waits else None


def _place_word(conn: Connection, site: SiteRow, sub: Subscription, lease: Lease) -> PlainWord | None:
    """`plain_word` of an application on its own: for its word waits a place beyond a seat conflict's date, too."""
    if sub.owed is not None or site.successor is not None:
        return None
    waits = conflict_date(lease.spans) is not None or places.holds_elsewhere(conn, site, sub.id)
    return None if waits else PlainWord()


def seal_shortest(lease: Lease, signer: Signer) -> tuple[Lease, bytes]:
    """The lease and its bytes; without its ornaments when it would be too large with them [spec: strict-parsing]."""
    try:
        return lease, seal_lease(lease, signer)
    except ValueError as fault:
        for shorter in shorter_leases(lease):
            with suppress(ValueError):
                return shorter, seal_lease(shorter, signer)
        raise fault


def lease_holder(
    conn: Connection, site: SiteRow, body: SiteRecord, terms: Terms, last: SignedLease | None
) -> LeaseHolderClaims:
    """The site as its next lease names it, which replaces the lease `last`, if there is one."""
    plan = account_repository.plan_of(conn, terms.plan)
    prev = "" if last is None else base64.urlsafe_b64encode(last.digest).rstrip(b"=").decode()
    return LeaseHolderClaims(
        id=site.id,
        jwk=_read_jwk(site.jwk),
        epoch=site.epoch,
        serial=site.serial + 1,
        prev=prev,
        device_port=body.device_port,
        installation=site.installation,
        ephemeral=bool(site.ephemeral),
        plan_name=terms.plan if plan is None else plan.name,
    )


def _record_lease(
    conn: Connection,
    site: SiteRow,
    sub: Subscription,
    lease: Lease,
    token: bytes,
    slot: str,
    now: Instant,
    newest: SignedLease | None = None,
) -> None:
    leases.add_lease(conn, record_of(site.id, sub, lease, token, slot, now), newest)


def record_of(site: str, sub: Subscription, lease: Lease, token: bytes, slot: str, now: Instant) -> SignedLease:
    """The lease, signed at `now` as `token`, as it is recorded."""
    return SignedLease(
        site=site,
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
    )


def _sign_successor(
    conn: Connection, context: ServerContext, site: SiteRow, present: Subscription, now: Instant
) -> tuple[SiteRow, bytes]:
    """The staged successor's lease, signed again with every present one; its beginning follows the present one's end.

    Its allotment is shared out again with it, so that every device protected now is protected after the switch too.
    """
    if site.successor is None or present.paid_until is None or present.stopped is not None:
        # While a hold stops the clock nothing turns at the old end, also without a server [spec: holds].
        return site, b""
    owner = read_record(site).successor_provider or site.provider
    sub = account_repository.load_subscription(conn, owner, site.successor)
    provider = tenants.get_provider(conn, owner)
    state = None if sub is None else sub.find_site(site.id)
    if sub is None or provider is None or state is None:
        return site, b""
    if places.is_alone(site):
        if not allotments.has_place(conn, sub, site.id, now, context.epoch_floor):
            return site, b""  # others have its place there: nothing is promised that cannot be kept
    elif site.forked_at is None:
        sub, _ = share_out(conn, context, site, sub, now)
        state = sub.find_site(site.id) or state
    told = seat_conflicts.as_promised(conn, sub, site, state, now, context.epoch_floor)
    stop = present.cancellation
    begins = max(now, stop.effective if stop is not None else present.paid_until)
    if span_at(timeline(sub, told), begins).phase is Phase.ENDED:
        return site, b""  # it takes nothing over: the present one's grace is worth more [spec: successor]
    holder = msgspec.structs.replace(
        lease_holder(conn, site, read_record(site), sub.terms_at(begins), None), serial=site.serial
    )
    lease = successor_lease(sub, told, holder, issuer_of(context, provider), begins=begins, now=now)
    signer = context.lease_signer(site.product, sandbox=provider.sandbox)
    lease, token = seal_shortest(lease, signer)
    _record_lease(conn, site, sub, lease, token, SUCCESSOR, now)
    return _count_promise(conn, site, sub, lease, now), token


def share_out(
    conn: Connection, context: ServerContext, site: SiteRow, sub: Subscription, now: Instant
) -> tuple[Subscription, bool]:
    """The subscription after the site's allotment was set to what its pool has for it (B7), and whether it is short
    and gets nothing until others were heard of (`GivenAllotment.withheld`)."""
    state = sub.find_site(site.id)
    given = allotments.share_out(conn, site, sub, now, context.epoch_floor)
    if state is None or given.allotment == state.allotment:
        return sub, given.withheld
    return set_allotment(conn, site, sub, given.allotment, now), given.withheld


def set_allotment(conn: Connection, site: SiteRow, sub: Subscription, allotment: int, now: Instant) -> Subscription:
    """The subscription after the site's allotment was set, which the next lease tells it."""
    fact = f.AllotmentSet(at=now, recorded_at=now, by=site.id, site=site.id, allotment=allotment)
    return account_repository.append_to(conn, sub, (fact,), now)
