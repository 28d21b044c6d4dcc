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
from tenure.server import books
from tenure.store import sites
from tenure.store.engine import Connection
from tenure.store.sites import Site

AT_ONCE = 500


class Sighting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a copy of a site said of itself when it showed a state token that was replaced."""

    token: str
    at: Instant
    serial: int
    epoch: int
    version: str = ""
    devices: int = 0
    wall: Instant = 0
    uptime: int = 0
    path: str = ""
    trigger: str = ""


class Beside(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a site's row keeps as its body. Evolution: fields are appended with defaults."""

    successor_provider: str = ""
    """Whose subscription the successor is; a site may change its provider."""
    device_port: str = ""
    hardware: dict[str, str] = {}
    fork_answered: Instant = 0
    """When a copy of this site was last given the truth of a fork answer (once in 90 days, spec 3.5)."""
    restores: tuple[Instant, ...] = ()
    """Not used any more: the history counts them."""
    share: bytes = b""
    """The site's part of the pool (`core.allotment.SiteShare`) as JSON."""
    copies: tuple[Sighting, ...] = ()
    """While a fork is open: the copies that showed a token which was replaced."""
    settled: tuple[tuple[str, str], ...] = ()
    """(token, what the copy that shows it was told to be)."""
    settled_at: Instant = 0
    """When that was said last."""


def beside(site: Site) -> Beside:
    """The site's body."""
    return msgspec.json.decode(site.body, type=Beside)


def with_beside(site: Site, body: Beside) -> Site:
    """The site with another body."""
    return msgspec.structs.replace(site, body=msgspec.json.encode(body))


def rows_of(conn: Connection, provider: str, subscription: str) -> list[Site]:
    """Every site that uses the provider's subscription or keeps it ready, those that left it included."""
    rows: list[Site] = []
    while page := sites.page(conn, provider, subscription, rows[-1].id if rows else "", AT_ONCE):
        rows += page
        if len(page) < AT_ONCE:
            break
    return rows


def take_over_all(conn: Connection, provider: str, subscription: str, now: Instant) -> None:
    """Book every takeover that is due at the sites of a subscription."""
    waiting = [site.id for site in rows_of(conn, provider, subscription) if site.successor is not None]
    for site in sites.lock_many(conn, waiting).values():  # locked: a synchronisation writes the same rows
        take_over_if_due(conn, site, now)


def take_over_if_due(conn: Connection, site: Site, now: Instant) -> Site:
    """The site as it is once a successor whose instant has come is booked; unchanged while it has not."""
    if site.successor is None:
        return site
    body = beside(site)
    owner = body.successor_provider or site.provider
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
    moved = msgspec.structs.replace(
        site, provider=owner, customer=started.customer, subscription=started.id, successor=None
    )
    moved = with_beside(moved, msgspec.structs.replace(body, successor_provider=""))
    sites.save_many(conn, [moved])
    return moved


def drop_successor(conn: Connection, site: Site, name: str, now: Instant) -> Site | Refused:
    """The site without the successor `name` that was staged there: nothing of it was consumed.

    Refuses `no_successor` when that is not what is staged, as after it has taken over.
    """
    body = beside(site)
    owner = body.successor_provider or site.provider
    item = settled(conn, owner, name, now) if site.successor == name else None
    if item is None:
        return Refused(Code.NO_SUCCESSOR, field="successor")
    outcome = drop(item.sub, c.DropSuccessor(by=site.id, role=Role.SITE, site=site.id), now)
    if isinstance(outcome, Refused):
        return outcome
    leaves(conn, item.sub, outcome.facts, now)
    bare = with_beside(site, msgspec.structs.replace(body, successor_provider=""))
    dropped = msgspec.structs.replace(bare, successor=None)
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
