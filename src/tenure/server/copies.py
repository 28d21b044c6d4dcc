"""A copy of a site that shows itself, at whatever door: written down, and told the truth once [spec: fork-rule].

What a row keeps of copies, and who was told what, is `forks`'; what the two may do next is decided by the answers of
`contact` and `activation`, which are the same.
"""

import msgspec

from tenure.core import facts as f
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription, evolve
from tenure.core.timeline import DAY, Instant
from tenure.server import books, forks, places, words
from tenure.server.beside import Sighting, beside, with_beside
from tenure.server.context import Context
from tenure.server.words import Signed
from tenure.store.engine import Connection
from tenure.store.sites import Site

FORK_ANSWERS_APART = 90 * DAY
"""A copy gets the present truth once in so long, so that an honest restore is not punished [spec: fork-rule]."""


class Seen(msgspec.Struct, frozen=True):
    """A site and its subscription after a copy showed itself."""

    site: Site
    sub: Subscription


def sight(conn: Connection, site: Site, sub: Subscription, seen: Sighting, now: Instant) -> Seen:
    """The fork of the site is open from now on, with the copy among the evidence."""
    state = sub.site(site.id)
    if state is not None and state.forked_at is None:
        sub = _found(conn, site, sub, forks.evidence(site, seen), now)
        site = msgspec.structs.replace(site, forked_at=now)
    elif state is None and site.forked_at is None:  # an ephemeral application comes and goes without a fact
        site = msgspec.structs.replace(site, forked_at=now)
    return Seen(forks.sighted(site, seen), places.with_ephemeral(sub, site))


def truth(
    conn: Connection, context: Context, site: Site, sub: Subscription, now: Instant, *, carried: bool = False
) -> Signed | Refused:
    """The present truth for a copy, good for a week at most; `lease_forked` where it had that within 90 days."""
    body = beside(site)
    if body.fork_answered and now < body.fork_answered + FORK_ANSWERS_APART:
        return Refused(Code.LEASE_FORKED, when=body.fork_answered + FORK_ANSWERS_APART)
    noted = with_beside(site, msgspec.structs.replace(body, fork_answered=now))
    return words.sign(conn, context, noted, sub, now, forked=True, carried=carried)


def carry_over(conn: Connection, site: Site, sub: Subscription, now: Instant) -> Subscription:
    """`sub`, which the site has just taken up, with the fork that nobody has resolved: no code resolves it."""
    state = sub.site(site.id)
    if site.forked_at is None or state is None or state.forked_at is not None:
        return sub
    return _found(conn, site, sub, "found before this subscription was taken up, and not resolved since", now)


def _found(conn: Connection, site: Site, sub: Subscription, evidence: str, now: Instant) -> Subscription:
    fact = f.ForkFound(at=now, recorded_at=now, by=site.id, site=site.id, evidence=evidence)
    after = evolve(sub, fact)
    books.append_to(conn, after, (fact,), now)
    return after
