"""Orders: an offer becomes terms, a fresh code is drawn, and the new subscription enters its customer's books."""

import msgspec

from tenure.core import codes
from tenure.core import commands as c
from tenure.core.act import same_plan
from tenure.core.periods import Duration, parse_until
from tenure.core.refusals import Code, Refused
from tenure.core.terms import CodeRef, Intent, Terms
from tenure.core.timeline import Instant
from tenure.server import books, desk, handing, policies, settling
from tenure.server.context import Context, Tenant
from tenure.server.subscribed import OutcomeView
from tenure.server.values import Offer, terms_of
from tenure.store import codes as stored_codes
from tenure.store import ids, people, subscriptions
from tenure.store.catalogue import OFFERS
from tenure.store.codes import ActivationCode
from tenure.store.engine import Connection
from tenure.store.subscriptions import Registration

GOOD = "good"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wants to buy."""

    customer: str
    offer: str
    devices: int
    until: str | None = None
    intent: Intent = Intent.MANUAL
    trial: bool = False
    why: str = ""
    plan: str = ""
    """Hash of a previewed plan (B4)."""


class FreshCode(msgspec.Struct, frozen=True):
    """A new activation code: shown once as `text`, known to the history as `ref`."""

    text: str
    ref: CodeRef
    digest: bytes


class Agreed(msgspec.Struct, frozen=True):
    """What an offer comes to."""

    terms: Terms
    floor: str
    trial: Duration | None
    code_in_mail: bool


def order(
    conn: Connection, context: Context, tenant: Tenant, wish: Wish, real: Instant, *, dry_run: bool
) -> OutcomeView | Refused:
    """Decide and store an order; the answer shows the activation code, a dry run does not.

    Refuses `not_found`, `unknown_plan`, and whatever `decide.orders` refuses.
    """
    if not tenant.owns(wish.customer) or people.customer(conn, tenant.id, wish.customer) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    agreed = terms_for(conn, tenant, wish.offer, wish.devices)
    until = None if wish.until is None else parse_until(wish.until, "until")
    for each in (agreed, until):
        if isinstance(each, Refused):
            return each
    assert isinstance(agreed, Agreed) and not isinstance(until, Refused)  # noqa: S101 - refusals returned above
    if wish.trial and agreed.trial is None:
        return Refused(Code.UNKNOWN_PLAN, "This plan cannot be tried.", "trial")
    loaded = books.load(conn, tenant.id, wish.customer, tenant.time)
    if loaded is None:
        return Refused(Code.NOT_FOUND, field="customer")
    name, fresh = ids.new("sub", real), draw_code(context, real)
    command = c.Order(
        by=tenant.by,
        role=tenant.role,
        why=wish.why,
        subscription=name,
        provider=tenant.id,
        customer=wish.customer,
        terms=agreed.terms,
        code=fresh.ref,
        intent=wish.intent,
        until=until,
        trial=wish.trial,
        trial_period=agreed.trial if wish.trial else None,
    )
    policy = policies.history(conn, tenant.id)
    seen = c.Seen(
        rules=policy.rules_at(tenant.now, agreed.terms.plan, agreed.terms.period),
        actions=policy.permitted(tenant.role),
        floor=agreed.floor,
        trial_used=subscriptions.trial_used(conn, tenant.id, wish.customer, agreed.terms.product),
    )
    outcome = settling.acted(loaded, name, command, seen)
    if isinstance(outcome, Refused):
        return outcome
    changed = same_plan(wish.plan, outcome, command, tenant.now) if wish.plan else None
    if changed is not None:
        return changed
    registered = Registration(name, tenant.id, wish.customer, agreed.terms.product, wish.trial, tenant.now)
    subscriptions.register(conn, registered)
    remember_code(conn, fresh, tenant, name)
    desk.keep(conn, tenant, loaded, outcome)
    handing.keep(conn, context, tenant, outcome.subscription, fresh.text, real, in_mail=agreed.code_in_mail)
    return desk.show(conn, outcome, command, tenant, code="" if dry_run else fresh.text)


def terms_for(conn: Connection, tenant: Tenant, offer_id: str, devices: int) -> Agreed | Refused:
    """What the provider's offer comes to for so many devices; refuses `unknown_plan` for one not on sale."""
    item = OFFERS.get(conn, tenant.id, offer_id)
    if item is None or item.withdrawn is not None:
        return Refused(Code.UNKNOWN_PLAN, "There is no such offer.", "offer")
    offer = msgspec.json.decode(item.body, type=Offer)
    plan = books.plan_of(conn, offer.plan)
    if plan is None:
        return Refused(Code.UNKNOWN_PLAN, "The offer's plan is gone.", "offer")
    return Agreed(terms_of(plan, offer, devices), plan.floor, plan.trial, offer.code_in_mail)


def draw_code(context: Context, real: Instant) -> FreshCode:
    """A code of 95 random bits from the system's source, its id, and its keyed hash."""
    code = codes.from_random([byte & 31 for byte in context.draw(19)])
    digest = bytes.fromhex(codes.digest(code, context.keys.pepper))
    return FreshCode(code.reveal(), CodeRef(ids.new("cod", real), code.last_group, digest.hex()), digest)


def remember_code(conn: Connection, fresh: FreshCode, tenant: Tenant, subscription: str) -> None:
    """From now on the code finds the subscription."""
    stored_codes.add(
        conn,
        ActivationCode(fresh.digest, fresh.ref.id, tenant.id, subscription, fresh.ref.last_group, GOOD, tenant.now),
    )


def new_code(conn: Connection, context: Context, tenant: Tenant, subscription: str) -> FreshCode:
    """A fresh code for a subscription that exists, remembered in the same transaction as the command that names it."""
    fresh = draw_code(context, context.clock())
    remember_code(conn, fresh, tenant, subscription)
    return fresh
