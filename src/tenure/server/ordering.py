"""Orders: an offer becomes terms, a fresh code is drawn, and the new subscription enters its customer's books."""

import msgspec

from tenure.core import activation_codes
from tenure.core.business import commands as c
from tenure.core.business.execute import check_outcome_hash
from tenure.core.periods import Duration, parse_until
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import CodeRef, RenewalIntent, Terms
from tenure.core.timeline import Instant
from tenure.server import account_repository, code_delivery, policies, settlement, subscription_service
from tenure.server.context import ServerContext, Tenant
from tenure.server.subscription_views import OutcomeView
from tenure.server.values import OfferValue, terms_of
from tenure.store import codes as stored_codes
from tenure.store import ids, subscriptions, tenants
from tenure.store.catalog import OFFERS
from tenure.store.codes import StoredCode
from tenure.store.engine import Connection
from tenure.store.subscriptions import SubscriptionRow

GOOD = "good"


class OrderWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer wants to buy."""

    customer: str
    offer: str
    devices: int
    until: str | None = None
    intent: RenewalIntent = RenewalIntent.MANUAL
    trial: bool = False
    why: str = ""
    outcome_hash: str = ""
    """Hash of a previewed plan (B4)."""


class FreshCode(msgspec.Struct, frozen=True):
    """A new activation code: shown once as `text`, known to the history as `ref`."""

    text: str
    ref: CodeRef
    digest: bytes


class AgreedOffer(msgspec.Struct, frozen=True):
    """What an offer comes to."""

    terms: Terms
    floor: str
    trial: Duration | None
    code_in_mail: bool


def place_order(
    conn: Connection, context: ServerContext, tenant: Tenant, wish: OrderWish, real: Instant, *, dry_run: bool
) -> OutcomeView | Refused:
    """Decide and store an order; the answer shows the activation code, a dry run does not.

    Refuses `not_found`, `unknown_plan`, and whatever `decide.orders` refuses.
    """
    if not tenant.may_see(wish.customer) or tenants.get_customer(conn, tenant.id, wish.customer) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    agreed = terms_for(conn, tenant, wish.offer, wish.devices)
    until = None if wish.until is None else parse_until(wish.until, "until")
    for each in (agreed, until):
        if isinstance(each, Refused):
            return each
    assert isinstance(agreed, AgreedOffer) and not isinstance(until, Refused)  # noqa: S101 - refusals returned above
    if wish.trial and agreed.trial is None:
        return Refused(RefusalCode.UNKNOWN_PLAN, "This plan cannot be tried.", "trial")
    loaded = account_repository.load_books(conn, tenant.id, wish.customer, tenant.time)
    if loaded is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    name, fresh = ids.new_id("sub", real), draw_code(context, real)
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
    policy = policies.load_policies(conn, tenant.id)
    seen = c.DecisionContext(
        rules=policy.rules_at(tenant.now, agreed.terms.plan, agreed.terms.period),
        actions=policy.permitted_actions(tenant.role),
        floor=agreed.floor,
        trial_used=subscriptions.trial_used(conn, tenant.id, wish.customer, agreed.terms.product),
    )
    outcome = settlement.execute_command(loaded, name, command, seen)
    if isinstance(outcome, Refused):
        return outcome
    changed = check_outcome_hash(wish.outcome_hash, outcome, command, tenant.now) if wish.outcome_hash else None
    if changed is not None:
        return changed
    registered = SubscriptionRow(name, tenant.id, wish.customer, agreed.terms.product, wish.trial, tenant.now)
    subscriptions.add_subscription(conn, registered)
    remember_code(conn, fresh, tenant, name)
    subscription_service.save_outcome(conn, tenant, loaded, outcome)
    code_delivery.queue_code(conn, context, tenant, outcome.subscription, fresh.text, real, in_mail=agreed.code_in_mail)
    return subscription_service.outcome_view(conn, outcome, command, tenant, code="" if dry_run else fresh.text)


def terms_for(conn: Connection, tenant: Tenant, offer_id: str, devices: int) -> AgreedOffer | Refused:
    """What the provider's offer comes to for so many devices; refuses `unknown_plan` for one not on sale."""
    item = OFFERS.get(conn, tenant.id, offer_id)
    if item is None or item.withdrawn is not None:
        return Refused(RefusalCode.UNKNOWN_PLAN, "There is no such offer.", "offer")
    offer = msgspec.json.decode(item.body, type=OfferValue)
    plan = account_repository.plan_of(conn, offer.plan)
    if plan is None:
        return Refused(RefusalCode.UNKNOWN_PLAN, "The offer's plan is gone.", "offer")
    return AgreedOffer(terms_of(plan, offer, devices), plan.min_version_at, plan.trial, offer.code_in_mail)


def offer_name(conn: Connection, provider: str, offer_id: str) -> str:
    """What the provider's offer is called, on sale or not: its own name, else its plan's; of none the id."""
    item = OFFERS.get(conn, provider, offer_id)
    if item is None:
        return offer_id
    offer = msgspec.json.decode(item.body, type=OfferValue)
    return offer.name or account_repository.plan_names(conn, (offer.plan,))[offer.plan]


def draw_code(context: ServerContext, real: Instant) -> FreshCode:
    """A code of 95 random bits from the system's source, its id, and its keyed hash."""
    code = activation_codes.from_random([byte & 31 for byte in context.draw(19)])
    digest = bytes.fromhex(activation_codes.code_digest(code, context.keys.pepper))
    return FreshCode(code.reveal(), CodeRef(ids.new_id("cod", real), code.last_group, digest.hex()), digest)


def remember_code(conn: Connection, fresh: FreshCode, tenant: Tenant, subscription: str) -> None:
    """From now on the code finds the subscription."""
    stored_codes.add(
        conn,
        StoredCode(fresh.digest, fresh.ref.id, tenant.id, subscription, fresh.ref.last_group, GOOD, tenant.now),
    )


def new_code(conn: Connection, context: ServerContext, tenant: Tenant, subscription: str) -> FreshCode:
    """A fresh code for a subscription that exists, remembered in the same transaction as the command that names it."""
    fresh = draw_code(context, context.clock())
    remember_code(conn, fresh, tenant, subscription)
    return fresh
