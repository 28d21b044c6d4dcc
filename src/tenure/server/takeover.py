"""Successors that take over: booked by whoever looks first, as of the true instant (spec 2.4 Successor)."""

import msgspec

from tenure.core import commands as c
from tenure.core.account import Item
from tenure.core.decide.sites import drop, take_over
from tenure.core.facts import Fact
from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription, evolve
from tenure.core.timeline import Instant
from tenure.server import books, shares
from tenure.server.beside import beside, rows_of, with_beside
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import Site


def take_over_all(conn: Connection, provider: str, subscription: str, now: Instant) -> None:
    """Book every takeover that is due at the sites of a subscription."""
    waiting = [site.id for site in rows_of(conn, provider, subscription) if site.successor is not None]
    for site in sites.lock_many(conn, waiting).values():  # locked: a synchronisation writes the same rows
        take_over_if_due(conn, site, now)


def take_over_if_due(conn: Connection, site: Site, now: Instant) -> Site:
    """The site as it is once a successor whose instant has come is booked; unchanged while it has not."""
    if site.successor is None:
        return site
    owner = beside(site).successor_provider or site.provider
    present = settled(conn, site.provider, site.subscription, now)
    successor = settled(conn, owner, site.successor, now)
    if present is None or successor is None:
        return site
    rules, floor = successor.book.at(now)
    seen = c.Seen(rules=rules, floor=floor)
    outcome = take_over(successor.sub, present.sub, seen, now)
    if outcome is None:
        return site
    started = successor.sub
    for fact in outcome.facts:
        started = evolve(started, fact)
    books.append_to(conn, started, outcome.facts, now)
    leaves(conn, present.sub, tuple(fact for _, fact in outcome.others), now)
    moved = shares.moved(site, started.id, now)
    moved = msgspec.structs.replace(moved, provider=owner, customer=started.customer, successor=None)
    moved = with_beside(moved, msgspec.structs.replace(beside(moved), successor_provider=""))
    sites.save_many(conn, [moved])
    return moved


def drop_successor(conn: Connection, site: Site, name: str, now: Instant) -> Site | Refused:
    """The site without the successor `name` that was staged there: nothing of it was consumed.

    Refuses `no_successor` when that is not what is staged, as after it has taken over.
    """
    owner = beside(site).successor_provider or site.provider
    item = settled(conn, owner, name, now) if site.successor == name else None
    if item is None:
        return Refused(Code.NO_SUCCESSOR, field="successor")
    outcome = drop(item.sub, c.DropSuccessor(by=site.id, role=Role.SITE, site=site.id), now)
    if isinstance(outcome, Refused):
        return outcome
    leaves(conn, item.sub, outcome.facts, now)
    dropped = shares.without_successor(site, now)
    sites.save_many(conn, [dropped])
    return dropped


def leaves(conn: Connection, sub: Subscription, facts: tuple[Fact, ...], now: Instant) -> None:
    """Append to another subscription what a decision about this one did to it."""
    after = sub
    for fact in facts:
        after = evolve(after, fact)
    books.append_to(conn, after, facts, now)


def settled(conn: Connection, provider: str, name: str, now: Instant) -> Item | None:
    """The provider's subscription with everything booked that was due up to its `now`; None when there is none."""
    customer = books.customer_of(conn, provider, name)
    loaded = None if customer is None else books.load(conn, provider, customer)
    return None if loaded is None else books.settled(conn, loaded, now).item(name)
