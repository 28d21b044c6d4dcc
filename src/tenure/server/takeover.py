"""Successors that take over: booked by the first request or sweep that looks, as of the true instant
[spec: successor]."""

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.decide.installations import drop_staged, take_over
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server import account_repository, allotments, copies, environments, lease_signing, places, settlement
from tenure.server.allotments import pools_of, with_pools
from tenure.server.real_time import RealTime
from tenure.server.site_record import read_record, with_extra
from tenure.store import leases, sites
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow


def take_over_all(conn: Connection, provider: str, subscription: str, time: RealTime) -> None:
    """Book every takeover that is due at the sites of a subscription."""
    waiting = sites.sites_with_successor(conn, provider, subscription)
    for site in sites.lock_many(conn, waiting).values():  # locked: a synchronization writes the same rows
        take_over_if_due(conn, site, time)


def take_over_if_due(conn: Connection, site: SiteRow, time: RealTime, goes_by: str = "") -> SiteRow:
    """The site as it is once a successor whose instant has come is booked; unchanged while it has not.

    `goes_by`: the subscription by which the site itself says it goes.

    A successor of another world, which no site can have staged, is ignored: it must not be settled by this clock.
    """
    if site.successor is None:
        return site
    owner = read_record(site).successor_provider or site.provider
    if owner != site.provider and not environments.environments_meet(conn, site, owner):
        return site
    now = time.now_at(conn, owner)
    present = settlement.settled_item(conn, site.provider, site.subscription, time)
    successor = settlement.settled_item(conn, owner, site.successor, time)
    if present is None or successor is None:
        return site
    rules, floor = successor.book.at(now)
    seen = c.DecisionContext(rules=rules, floor=floor)
    word = _word_for_successor(conn, site)
    went = word[0] if word is not None and goes_by == site.successor else None
    outcome = take_over(successor.sub, present.sub, seen, now, went=went, promised=word)
    if outcome is None:
        return site
    started = account_repository.append_to(conn, successor.sub, outcome.facts, now)
    started = copies.carry_over(conn, site, started, now)
    account_repository.append_to(conn, present.sub, tuple(fact for _, fact in outcome.others), now)
    places.went_on(conn, site, site.subscription)
    moved = with_pools(site, pools_of(site).after_switch(started.id, now))
    moved = msgspec.structs.replace(moved, provider=owner, customer=started.customer, successor=None)
    moved = with_extra(moved, msgspec.structs.replace(read_record(moved), successor_provider=""))
    sites.save_many(conn, [moved])
    return moved


def _word_for_successor(conn: Connection, site: SiteRow) -> tuple[Instant, Instant] | None:
    """[from, until) of the site's newest word for its successor; None once it goes by a later one."""
    signed = leases.latest_lease(conn, site.id, leases.SUCCESSOR)
    if signed is None or signed.subscription != site.successor or site.acked_serial > signed.serial:
        return None
    lease = lease_signing.lease_value(signed)
    return None if lease is None else (lease.nbf, lease.contact_until)


def drop_successor(conn: Connection, site: SiteRow, name: str, time: RealTime) -> SiteRow | Refused:
    """The site without the successor `name` that was staged there: nothing of it was consumed.

    Refuses `no_successor` when that is not what is staged, as after it has taken over.
    """
    owner = read_record(site).successor_provider or site.provider
    item = settlement.settled_item(conn, owner, name, time) if site.successor == name else None
    if item is None:
        return Refused(RefusalCode.NO_SUCCESSOR, field="successor")
    now = time.now_at(conn, owner)
    outcome = drop_staged(item.sub, c.DropSuccessor(by=site.id, role=Role.SITE, site=site.id), now)
    if isinstance(outcome, Refused):
        return outcome
    account_repository.append_to(conn, item.sub, outcome.facts, now)
    places.went_on(conn, site, name)
    dropped = allotments.without_successor(site, now)
    sites.save_many(conn, [dropped])
    return dropped
