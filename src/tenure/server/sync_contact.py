"""A synchronization that changes something: one request of one site, inside the caller's transaction
[spec: synchronization].

Who asks is found here, and copies are answered; what the site itself gets is `site_contact`'s. What is said is decided
in `sync_reply`, which touches neither store nor key.
"""

import msgspec

from tenure.core.answering.callers import Caller, TokenNumber
from tenure.core.answering.departures import refuse_gone
from tenure.core.answering.forks import told_to_copy
from tenure.core.answering.restored_server import is_elsewhere, learned_fact
from tenure.core.refusals import RefusalCode, Refused
from tenure.server import account_repository, copies, forks, places, sync_reply, taking_in
from tenure.server.site_contact import answer_site, resolve_fork, settle_subscription
from tenure.server.site_record import read_record
from tenure.server.sync_reply import refuse_copy
from tenure.server.sync_values import PresentSite, SiteReply, SyncContact
from tenure.store.sites import SiteRow
from tenure.wire import exchanges
from tenure.wire.leases import SealedLease, read_lease


def answer_sync(contact: SyncContact, site: SiteRow) -> tuple[bytes, SiteRow] | Refused:
    """The signed answer, and the site as it is afterwards; everything else it changes is in the transaction.

    Unsigned `key_unknown` to a site whose subscription this server, which was restored, does not know.
    """
    reply = _choose_reply(contact, site)
    return reply if isinstance(reply, Refused) else sign_reply(contact, reply)


def _choose_reply(contact: SyncContact, site: SiteRow) -> SiteReply | Refused:
    shown = contact.context.keys.read_state_token(site.id, contact.message.token)
    caller = sync_reply.recognize_site(site, contact.message, shown)
    if isinstance(caller, Refused):
        return refuse_copy(site, caller)
    if caller is Caller.AHEAD and shown is not None:
        return _learn_state(contact, site, shown)
    if caller is Caller.COPY:
        return _answer_copy(contact, site)
    return answer_site(contact, site, contact.message.resolve, stored=True)


def sign_reply(contact: SyncContact, reply: SiteReply) -> tuple[bytes, SiteRow]:
    """Signed, with the next state token unless a copy gets it."""
    context, asked, now, site = contact.context, contact.asked, contact.now, reply.site
    message = sync_reply.make_answer(
        reply,
        asked,
        now,
        root=context.keys.root_of(sandbox=contact.sandbox).version,
        restored=context.epoch_floor,
        notices=context.notices_carried(sandbox=contact.sandbox),
    )
    signer = context.answer_signer(site.product, sandbox=contact.sandbox)
    if reply.to_copy:
        return exchanges.answer_sync(message, signer), site
    token = context.keys.state_token(site.id, site.epoch, site.token_count + 1)
    seal = exchanges.answer_lease if sync_reply.brings_lease_alone(reply) else exchanges.answer_sync
    answer = seal(msgspec.structs.replace(message, token=token), signer)
    return answer, sync_reply.after_answer(reply, asked.message, token, answer, now)


# a server that was restored


def _learn_state(contact: SyncContact, site: SiteRow, shown: TokenNumber) -> SiteReply | Refused:
    """An authentic token newer than the server remembers: it was restored, and the site knows more
    [spec: restored-server]."""
    if not contact.message.lease:
        return SiteReply(result="send_lease", site=site, to_copy=True)
    known = _read_shown_lease(contact, site)
    if isinstance(known, Refused):
        return refuse_copy(site, known)
    sub = settle_subscription(contact, site)
    if sub is None:
        return refuse_copy(site, Refused(RefusalCode.SITE_UNKNOWN))
    if is_elsewhere(known.lease, (site.subscription, site.successor), contact.now):
        followed = taking_in.follow_lease(contact.conn, contact.asked, site, sub, known, contact.time)
        if isinstance(followed, Refused):
            return followed
        site, sub = followed, settle_subscription(contact, followed) or sub
    learned = learned_fact(known.lease, known.digest, site.thumbprint, contact.now)
    account_repository.append_to(contact.conn, sub, (learned,), contact.now)
    after = sync_reply.after_learning(site, known.lease, shown[-1], contact.now)
    return answer_site(contact, after, contact.message.resolve)


def _read_shown_lease(contact: SyncContact, site: SiteRow) -> SealedLease | Refused:
    root = contact.context.keys.root_of(sandbox=contact.sandbox)
    read = read_lease(contact.message.lease.encode(), root, product=site.product, sandbox=contact.sandbox)
    return sync_reply.judge_shown_lease(site, read)


# copies


def _answer_copy(contact: SyncContact, site: SiteRow) -> SiteReply:
    """A token used before, with a new request: two copies of the site live [spec: fork-rule].

    The current token stays: the other copy is not disturbed. The stale one gets the truth for a week, once in 90 days,
    and is refused after that until an administrator says what it is.
    """
    sub = settle_subscription(contact, site)
    state = None if sub is None else places.state_of(sub, site)
    if sub is None or state is None or not state.is_active:
        return refuse_copy(site, refuse_gone(state))
    sighting = forks.make_sighting(contact.message, contact.now)
    seen = copies.record_copy(contact.conn, site, sub, sighting, contact.now)
    present = PresentSite(seen.site, seen.sub, places.state_of(seen.sub, seen.site) or state)
    if contact.message.resolve:
        return _resolve_by_copy(contact, present)
    signed = copies.answer_copy(contact.conn, contact.context, seen.site, seen.sub, contact.now)
    if isinstance(signed, Refused):
        return refuse_copy(present.site, signed, present.state, forked=True)
    return sync_reply.reply_fork(present, signed, contact.now)


def _resolve_by_copy(contact: SyncContact, present: PresentSite) -> SiteReply:
    """The stale copy's own administrator speaks: restored, it is the site from this answer on."""
    resolved = resolve_fork(contact, present, contact.message.resolve)
    if isinstance(resolved, Refused):
        return refuse_copy(present.site, resolved, present.state, forked=True)
    told = told_to_copy(read_record(resolved.site), contact.message.token)
    if told is not None:
        return refuse_copy(resolved.site, told, resolved.state)
    return answer_site(contact, resolved.site, "")
