"""A code typed at a site whose key is known: whether that is the site itself, or a copy of it
([spec: known-key, fork-rule]; ADR 25).

What the site then gets is `code_contact`'s, what is written down of a copy `copies`', what is said
`activation_reply`'s.
"""

import msgspec

from tenure.core.answering.callers import Caller
from tenure.core.answering.departures import gave_itself_up, refuse_gone
from tenure.core.answering.forks import forget_told, refuse_overtaken, refuse_replaced
from tenure.core.answering.restored_server import is_elsewhere
from tenure.core.lease.claims import Lease
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.server import account_repository, activation_reply, allotments, copies, forks, places, taking_in
from tenure.server.activation_values import CodeContact
from tenure.server.copies import SeenCopy
from tenure.server.lease_signing import SignedSite
from tenure.server.site_record import read_record, with_extra
from tenure.store import sites
from tenure.store.sites import SiteRow
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer


class RecognizedSite(msgspec.Struct, frozen=True):
    """Who asks with the key of a site, and the site as it is once a newer state than this server's is learned."""

    caller: Caller
    site: SiteRow
    lease: Lease | None
    """The present lease that the request carries, if this server signed it."""
    has_gone_on: bool = False
    """Its lease is of a subscription that this server has forgotten: the one that it is known by here was left."""


def recognize_key(contact: CodeContact, site: SiteRow) -> RecognizedSite:
    """Who asks with the key of `site`."""
    held = _shown_lease(contact)
    lease = None if held is None else held.lease
    shown = contact.context.keys.read_state_token(site.id, contact.message.token)
    caller = activation_reply.recognize_key(site, contact.message, shown)
    gone_on = False
    if caller is Caller.AHEAD and shown is not None:
        gone_on = _has_gone_on(contact, site, held)
        site = _follow_lease(contact, site, held)
        site = activation_reply.after_learning(site, lease, shown[-1], contact.now)
    if caller is Caller.COPY and _has_given_up(contact, site):
        caller = Caller.SITE
    return RecognizedSite(caller, site, lease, gone_on)


def _has_gone_on(contact: CodeContact, site: SiteRow, held: SealedLease | None) -> bool:
    """Whether it went to a subscription that was ordered after the backup that the server goes by (ADR 44)."""
    return held is not None and _is_own_elsewhere(contact, site, held) and taking_in.is_forgotten(contact.conn, held)


def _is_own_elsewhere(contact: CodeContact, site: SiteRow, held: SealedLease) -> bool:
    """Whether the lease in force is the site's own, of another subscription than those that it is known by here."""
    own = held.lease.sub == site.id
    return own and is_elsewhere(held.lease, (site.subscription, site.successor), contact.now)


def _follow_lease(contact: CodeContact, site: SiteRow, held: SealedLease | None) -> SiteRow:
    """The site under the subscription that it went to after the backup that the server goes by: that binds it (M10)."""
    if held is None or not _is_own_elsewhere(contact, site, held):
        return site
    present = account_repository.load_subscription(contact.conn, site.provider, site.subscription)
    if present is None:
        return site
    asked, time = contact.typed.asked, contact.tenant.time
    moved = taking_in.follow_lease(contact.conn, asked, site, present, held, time)
    if isinstance(moved, Refused):
        return site
    sites.save_many(contact.conn, [moved])
    return moved


def refuse_older(contact: CodeContact, known: RecognizedSite) -> Refused | None:
    """Why a copy's request carried by hand is not answered: what happened since it was made is not a fork
    [spec: offline-exchange].

    Refuses `offline_older`, `offline_changed_meanwhile`.
    """
    shown = None if known.lease is None else (known.lease.epoch, known.lease.serial)
    return refuse_overtaken(shown, contact.message.wall, forks.last_contact(known.site))


def answer_copy(contact: CodeContact, known: RecognizedSite, present: Subscription | None) -> ActivateAnswer:
    """What a copy gets: what it was told to be, or the truth for a week, once in 90 days.

    Only the code of the subscription that the site uses is answered with that truth; no code resolves the fork, and
    none moves the site. Of a preview nothing is written down.
    """
    site = known.site
    told = refuse_replaced(read_record(site), contact.message.token, site.last_contact)
    sub = present or account_repository.load_subscription(contact.conn, site.provider, site.subscription)
    state = None if sub is None else places.state_of(sub, site)
    if told is not None:
        return contact.refuse(told)
    if sub is None or state is None or state.lost or state.replacement:
        return contact.refuse(refuse_gone(state))
    if contact.typed.preview:
        return contact.refuse(Refused(RefusalCode.LEASE_FORKED), forked=True)
    return _record_copy(contact, known, sub, state)


def _record_copy(contact: CodeContact, known: RecognizedSite, sub: Subscription, state: SiteState) -> ActivateAnswer:
    sighting = forks.sighting_at_code(contact.message, known.lease, contact.now)
    site = with_extra(known.site, forget_told(read_record(known.site), contact.message.token))
    seen = copies.record_copy(contact.conn, site, sub, sighting, contact.now)
    true = state.is_active and (contact.code.subscription, contact.message.role) == (sub.id, "active")
    signed = _sign_truth(contact, seen) if true else Refused(RefusalCode.LEASE_FORKED)
    sites.save_many(contact.conn, [seen.site if isinstance(signed, Refused) else signed.site])
    after = places.state_of(seen.sub, seen.site)
    fork = forks.fork_shown(seen.site, after, contact.now)
    if isinstance(signed, Refused):
        return contact.refuse(signed, forked=True, fork=fork)
    turn = sync_window(timeline(seen.sub, after), signed.lease, contact.now)
    return activation_reply.forked_answer(contact.bare, signed, turn, fork)


def _sign_truth(contact: CodeContact, seen: SeenCopy) -> SignedSite | Refused:
    return copies.answer_copy(
        contact.conn, contact.context, seen.site, seen.sub, contact.now, carried=contact.typed.carried
    )


def _has_given_up(contact: CodeContact, site: SiteRow) -> bool:
    """Whether the application gave its license up itself."""
    if site.state != allotments.LEFT or not places.is_alone(site):
        return False
    sub = account_repository.load_subscription(contact.conn, site.provider, site.subscription)
    return gave_itself_up(None if sub is None else sub.find_site(site.id), ephemeral=bool(site.ephemeral))


def _shown_lease(contact: CodeContact) -> SealedLease | None:
    message, root = contact.message, contact.context.keys.root_of(sandbox=contact.sandbox)
    read = read_lease(message.lease.encode("ascii"), root, product=message.product, sandbox=contact.sandbox)
    return None if isinstance(read, Refused) else read
