"""A copy of a site that shows itself, by synchronizing or activating: written down, and told the truth once
[spec: fork-rule].

What a row keeps of copies, and who was told what, is `forks`'; what the two may do next is decided by the answers of
`sync_contact` and `activation`, which are the same.
"""

import msgspec

from tenure.core.answering.forks import CopySighting, fork_evidence, with_fork_answer, with_sighting
from tenure.core.refusals import Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import Instant
from tenure.server import account_repository, forks, lease_signing, places
from tenure.server.context import ServerContext
from tenure.server.lease_signing import SignedSite
from tenure.server.site_record import read_record, with_extra
from tenure.store.engine import Connection
from tenure.store.sites import SiteRow


class SeenCopy(msgspec.Struct, frozen=True):
    """A site and its subscription after a copy showed itself."""

    site: SiteRow
    sub: Subscription


def record_copy(conn: Connection, site: SiteRow, sub: Subscription, seen: CopySighting, now: Instant) -> SeenCopy:
    """The fork of the site is open from now on, with the copy among the evidence."""
    state = sub.find_site(site.id)
    if state is not None and state.forked_at is None:
        sub = _fork_found(conn, site, sub, fork_evidence(seen, forks.last_contact(site)), now)
        site = msgspec.structs.replace(site, forked_at=now)
    elif state is None and site.forked_at is None:  # an ephemeral application comes and goes without a fact
        site = msgspec.structs.replace(site, forked_at=now)
    noted = with_extra(site, with_sighting(read_record(site), seen))
    return SeenCopy(noted, places.with_ephemeral(sub, site))


def answer_copy(
    conn: Connection, context: ServerContext, site: SiteRow, sub: Subscription, now: Instant, *, carried: bool = False
) -> SignedSite | Refused:
    """The present truth for a copy, good for a week at most; `lease_forked` where it had that within 90 days."""
    body = with_fork_answer(read_record(site), now)
    if isinstance(body, Refused):
        return body
    return lease_signing.sign_lease(conn, context, with_extra(site, body), sub, now, forked=True, carried=carried)


def carry_over(conn: Connection, site: SiteRow, sub: Subscription, now: Instant) -> Subscription:
    """`sub`, which the site has just taken up, with the site's unresolved fork: applying a code does not resolve it."""
    state = sub.find_site(site.id)
    if site.forked_at is None or state is None or state.forked_at is not None:
        return sub
    return _fork_found(conn, site, sub, "found before this subscription was taken up, and not resolved since", now)


def _fork_found(conn: Connection, site: SiteRow, sub: Subscription, evidence: str, now: Instant) -> Subscription:
    fact = f.ForkFound(at=now, recorded_at=now, by=site.id, site=site.id, evidence=evidence)
    return account_repository.append_to(conn, sub, (fact,), now)
