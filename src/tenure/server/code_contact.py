"""A code that exists, applied or previewed inside the caller's transaction: what is known is read, and what follows is
stored [spec: activation].

What a site is answered and what its row becomes is decided in `activation_reply`, whether the code may be applied in
the core. A copy of a site gets what it would get by synchronizing (`known_site`).
"""

import msgspec

from tenure.core.answering.callers import Caller
from tenure.core.business import commands as c
from tenure.core.business.account import PolicyHistory
from tenure.core.business.decide.places import occupied_places
from tenure.core.business.execute import CommandOutcome
from tenure.core.lease.sync_schedule import sync_window
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.allotment import Pool, first_allotment
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.server import (
    account_repository,
    activation_reply,
    allotments,
    code_preview,
    copies,
    joining,
    known_site,
    lease_signing,
    places,
    seat_conflicts,
    settlement,
    subscription_service,
    takeover,
    taking_in,
)
from tenure.server.account_repository import AccountBooks
from tenure.server.activation_values import ActivationReply, CodeContact
from tenure.server.known_site import RecognizedSite
from tenure.store import ids, sites
from tenure.store.sites import SiteRow
from tenure.wire import exchanges


class CodeUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a code would do for a site, decided and not stored."""

    site: SiteRow | None
    """The site's row; None for a key that is new here."""
    name: str
    """The site's id, also of a new one."""
    present: Subscription | None
    """What binds the site so far."""
    loaded: AccountBooks
    book: PolicyHistory
    outcome: CommandOutcome


def answer_code(contact: CodeContact, site: SiteRow | None) -> ActivationReply | Refused:
    """Granted with a lease, or refused with the true reason: a sender who has a real code may know.

    `site`: that of the key, if there is one.

    `ledger_drift`, unsigned, when money would move while it is stopped; `offline_older` and
    `offline_changed_meanwhile`, unsigned, of a request carried by hand that was overtaken [spec: offline-exchange].
    """
    changed = joining.refuse_kind(contact.message, site)
    if changed is not None:
        return contact.reply(contact.refuse(changed))
    if site is None:
        return _use_code(contact, None)
    known = known_site.recognize_key(contact, site)
    if known.has_gone_on and contact.message.role == "successor":
        return taking_in.NOT_HERE  # its present lease, signed again, would be of the subscription that it left
    if known.caller is Caller.COPY:
        return _answer_copy(contact, known)
    return _use_code(contact, known.site, is_free=known.has_gone_on)


def _answer_copy(contact: CodeContact, known: RecognizedSite) -> ActivationReply | Refused:
    overtaken = known_site.refuse_older(contact, known) if contact.typed.carried else None
    if overtaken is not None:
        return overtaken
    return contact.reply(known_site.answer_copy(contact, known, _current_subscription(contact, known.site)))


def _use_code(contact: CodeContact, site: SiteRow | None, *, is_free: bool = False) -> ActivationReply | Refused:
    """`is_free`: the subscription that this server knows the site by does not bind it."""
    use = _decide_use(contact, site, is_free=is_free)
    if isinstance(use, Refused):
        return contact.reply(contact.refuse(use))
    if contact.context.stopped_money and (account_repository.is_due(use.loaded) or use.outcome.postings):
        return Refused(RefusalCode.LEDGER_DRIFT)
    return _preview_use(contact, use) if contact.typed.preview else _store_use(contact, use)


# what the code would do


def _decide_use(contact: CodeContact, site: SiteRow | None, *, is_free: bool) -> CodeUse | Refused:
    conn, tenant = contact.conn, contact.tenant
    present = None if site is None else _current_subscription(contact, site)
    loaded = account_repository.load_books(conn, tenant.id, tenant.customer, tenant.time)
    item = None if loaded is None else loaded.find_item(contact.code.subscription)
    if loaded is None or item is None:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED)
    name = ids.new_id("site", contact.context.clock()) if site is None else site.id
    seen = subscription_service.seen_for(conn, tenant, item.sub, loaded.row.available)
    seen = msgspec.structs.replace(
        seen, present=present, present_left=is_free, taken=_occupied_places(contact, item.sub)
    )
    outcome = settlement.execute_command(loaded, item.sub.id, _make_command(contact, site, name, item.sub), seen)
    if isinstance(outcome, Refused):
        if outcome.code is RefusalCode.DEVICE_LIMIT_REACHED:
            allotments.call_back(conn, _device_pool(contact, item.sub), contact.now)
        return outcome
    return CodeUse(site=site, name=name, present=present, loaded=loaded, book=item.book, outcome=outcome)


def _current_subscription(contact: CodeContact, site: SiteRow) -> Subscription | None:
    """What binds the site now, with everything booked that was due: it may have renewed itself (M10).

    What it uses, or what it was made to leave or left by itself: neither lifts the rule.
    """
    if contact.context.stopped_money:
        sub = account_repository.load_subscription(contact.conn, site.provider, site.subscription)
    else:
        item = settlement.settled_item(contact.conn, site.provider, site.subscription, contact.tenant.time)
        sub = None if item is None else item.sub
    held = None if sub is None else places.state_of(sub, site)
    return None if held is None or held.lost else sub


def _occupied_places(contact: CodeContact, sub: Subscription) -> c.OccupiedPlaces:
    if not joining.is_alone(contact.message):
        return c.OccupiedPlaces()
    return occupied_places(_device_pool(contact, sub), contact.now)


def _make_command(
    contact: CodeContact, site: SiteRow | None, name: str, sub: Subscription
) -> c.Activate | c.StageSuccessor:
    allotment = _first_allotment(contact, site, name, sub)
    command = activation_reply.make_command(contact.message, name, contact.typed.key, contact.code.id, allotment)
    if not isinstance(command, c.Activate):
        return command
    return joining.on_its_hardware(contact.conn, command, sub, contact.now, contact.context.epoch_floor)


def _first_allotment(contact: CodeContact, site: SiteRow | None, name: str, sub: Subscription) -> int:
    if joining.is_alone(contact.message):
        return int(allotments.has_place(contact.conn, sub, name, contact.now, contact.context.epoch_floor))
    return first_allotment(_device_pool(contact, sub), name, 0 if site is None else site.devices, contact.now)


def _device_pool(contact: CodeContact, sub: Subscription) -> Pool:
    return allotments.pool_of(contact.conn, sub, contact.now, contact.context.epoch_floor)


def _preview_use(contact: CodeContact, use: CodeUse) -> ActivationReply:
    """What would be granted, without anything that grants it."""
    outcome, sub = use.outcome, use.outcome.subscription
    if contact.message.role == "successor" and use.present is not None:
        seen = code_preview.preview_successor(sub, use.present, use.name, use.book, contact.now)
    else:
        after = outcome.after
        seen = code_preview.preview_start(after.account, after.items, sub, use.name, contact.now)
    called = account_repository.plan_names(contact.conn, [seen.plan])[seen.plan]
    return contact.reply(activation_reply.preview_answer(contact.bare, seen, contact.tenant.provider.name, called))


# what it does


def _store_use(contact: CodeContact, use: CodeUse) -> ActivationReply:
    """What was decided is stored, and the site gets its lease."""
    others = tuple(fact for _, fact in use.outcome.decision.others)
    if others and use.present is not None:
        account_repository.append_to(contact.conn, use.present, others, contact.now)
    subscription_service.save_outcome(contact.conn, contact.tenant, use.loaded, use.outcome)
    if contact.message.role == "successor" and use.site is not None:
        return _grant_successor(contact, use.site, use.outcome.subscription)
    return _grant_present(contact, use.site, use.name, use.outcome.subscription)


def _grant_present(contact: CodeContact, known: SiteRow | None, name: str, sub: Subscription) -> ActivationReply:
    """The site uses `sub` from now on."""
    site = _join_site(contact, known, name, sub)
    sub = _relist_conflict(contact, site, copies.carry_over(contact.conn, site, sub, contact.now))
    return _sign_grant(contact, site, sub, sub)


def _grant_successor(contact: CodeContact, known: SiteRow, sub: Subscription) -> ActivationReply:
    """The site keeps `sub` ready, and gets its present lease again with it."""
    site = _stage_successor(contact, known, sub)
    sub = _relist_conflict(contact, site, sub)
    present = _current_subscription(contact, site)
    if present is None:
        return contact.reply(contact.refuse(Refused(RefusalCode.NO_SUCCESSOR)))
    return _sign_grant(contact, site, sub, present)


def _join_site(contact: CodeContact, known: SiteRow | None, name: str, sub: Subscription) -> SiteRow:
    """The site's row: a new one, or the one it had, now with this subscription."""
    if known is None:
        fresh = activation_reply.fresh_site(
            contact.typed.asked, name, contact.typed.key, contact.code.id, sub, contact.now
        )
        sites.add(contact.conn, fresh)
        return fresh
    if known.subscription != sub.id:
        places.went_on(contact.conn, known, known.subscription)
    joined = activation_reply.joined_site(known, contact.message, contact.code.id, sub, contact.now)
    return _with_part(contact, joined, sub)


def _stage_successor(contact: CodeContact, site: SiteRow, sub: Subscription) -> SiteRow:
    if site.successor not in (None, sub.id):  # the new one takes the place of the one that waited
        dropped = takeover.drop_successor(contact.conn, site, site.successor or "", contact.tenant.time)
        site = site if isinstance(dropped, Refused) else dropped
    return _with_part(contact, activation_reply.staged_site(site, sub), sub)


def _with_part(contact: CodeContact, site: SiteRow, sub: Subscription) -> SiteRow:
    if places.is_alone(site):  # its place is taken with its lease
        return site
    share = _device_pool(contact, sub).joining_share(site.id, site.devices, contact.now)
    return allotments.with_part(site, sub.id, share)


def _relist_conflict(contact: CodeContact, site: SiteRow, sub: Subscription) -> Subscription:
    newcomer = site.id if places.is_alone(site) and not site.ephemeral else ""
    return seat_conflicts.relist_conflict(contact.conn, sub, contact.now, contact.context.epoch_floor, newcomer)


def _sign_grant(contact: CodeContact, site: SiteRow, sub: Subscription, present: Subscription) -> ActivationReply:
    """The lease for `present`, and the answer; `sub`: what the code was of."""
    conn, context, now = contact.conn, contact.context, contact.now
    signed = lease_signing.sign_lease(conn, context, site, present, now, carried=contact.typed.carried)
    site = activation_reply.granted_site(signed, contact.message, now)
    token = context.keys.state_token(site.id, site.epoch, site.token_count + 1)
    turn = sync_window(timeline(sub, places.state_of(sub, site)), signed.lease, now)
    message = activation_reply.granting_answer(contact.bare, signed, turn, token)
    answer = exchanges.answer_activate(message, context.answer_signer(site.product, sandbox=contact.sandbox))
    sites.save_many(conn, [activation_reply.after_answer(site, token, answer)])
    return ActivationReply(message, contact.sandbox, answer)
