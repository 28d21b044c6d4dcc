"""Installations that give their places up: by a receipt of their own, or because a user told them to [spec: leaving].

What an answer says of it is `site_contact`'s; the places themselves are `places`' and `allotments`'.
"""

import msgspec

from tenure.core.business.decide.places import full_pool, occupied_places
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.timeline import Instant
from tenure.server import account_repository, allotments, places
from tenure.server.context import ServerContext
from tenure.store import leases
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow
from tenure.wire import b64
from tenure.wire.seats import read_erased


def refuse_full(conn: Connection, context: ServerContext, sub: Subscription, now: Instant) -> Refused:
    """`device_limit_reached`, to an application whose place others got meanwhile; what is not in use is called back."""
    pool = allotments.pool_of(conn, sub, now, context.epoch_floor)
    allotments.call_back(conn, pool, now)
    return full_pool(occupied_places(pool, now))


def refuse_unproven(conn: Connection, site: SiteRow, receipt: str, public: bytes) -> Refused | None:
    """None when the receipt is the application's own for the lease signed last, else why nothing is freed by it.

    While a copy is open, any lease of its may be the one it held: the last one may have been the copy's week of truth.
    What the copy holds keeps the place (`places.give_back`), so that such a receipt frees nothing early.
    """
    if not places.is_alone(site):
        return Refused(
            RefusalCode.INSTALLATION_MISMATCH, "Only an application on its own gives its license back itself."
        )
    erased = read_erased(receipt.encode(), public)
    if isinstance(erased, Refused):
        return erased
    last = leases.latest_lease(conn, site.id)
    named = b64.decode_text(erased.sha256) or b""
    is_last = last is not None and named == last.digest
    is_any = site.forked_at is not None and leases.is_of(conn, site.id, named)
    if (erased.what, erased.sub) != ("lease", site.id) or not (is_last or is_any):
        return Refused(RefusalCode.LEASE_OLDER, "The receipt names another lease than the last one.", "erased")
    return None


def given_up(conn: Connection, site: SiteRow, sub: Subscription, state: SiteState, now: Instant) -> SiteRow:
    """The row after the application erased its lease; its place is free at once, within what may be (`places`)."""
    at_once = places.give_back(conn, sub, site, now)
    if not site.ephemeral and state.left_at is None:
        why = "released" if at_once else "released, free at its lease's end"
        left = f.SiteLeft(at=now, recorded_at=now, by=site.id, why=why, site=site.id, freed=at_once)
        account_repository.append_to(conn, sub, (left,), now)
    return msgspec.structs.replace(site, state=allotments.LEFT, allotment=0, successor=None)


def after_return(conn: Connection, site: SiteRow, sub: Subscription, in_use: int, now: Instant) -> SiteRow:
    """The row after the installation acknowledged that it was made to leave: what its seats do not cover is free."""
    left = f.SiteLeft(at=now, recorded_at=now, by=site.id, why="acknowledged", site=site.id)
    account_repository.append_to(conn, sub, (left,), now)
    if places.is_alone(site):
        places.free_place(conn, site.id, sub.id)
        return site
    share = allotments.pools_of(site).part_of(sub.id)
    return allotments.with_part(site, sub.id, share.after_leaving(min(share.held, in_use), share.word_until))
