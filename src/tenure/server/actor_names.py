"""Who did something, as users call them: facts name them by their ids, which stay what the chain of records holds."""

from collections.abc import Iterable

from tenure.core.fact_words import Names
from tenure.core.subscription.facts import ChangeScheduled, Fact, Ordered, TermsChanged, Transferred
from tenure.core.subscription.fold import Subscription
from tenure.server import account_repository
from tenure.server.context import Tenant
from tenure.store import tenants, tokens, users
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace

ITSELF = frozenset({"settlement", "successor"})
"""Names that facts give for changes that time alone brings: no user asked for them."""


def actor_name(conn: Connection, tenant: Tenant, sub: Subscription, by: str) -> str:
    """The name of the actor with id `by`, as far as the tenant may know it; a customer hears of its own users only.

    Where the user is gone or is not the tenant's own, the side that acted is named: "the provider".
    """
    if by in ITSELF:
        return "by itself"
    site = sub.find_site(by)
    if site is not None:
        return site.name or "a site"
    if by.startswith("usr_"):
        return _user_name(conn, tenant, by)
    if by.startswith("tok_"):
        token = tokens.by_id(conn, tenant.id, by)
        mine = token is not None and (not tenant.customer or token.customer == tenant.customer)
        return f"API token {token.name}" if token is not None and mine else "the provider"
    return by


def fact_names(conn: Connection, tenant: Tenant, sub: Subscription, told: Iterable[Fact]) -> Names:
    """How users call what these facts of `sub` name by ids; a customer hears of no other customer by name."""
    terms = [each.terms for each in told if isinstance(each, Ordered | TermsChanged | ChangeScheduled)]
    owners = {each.customer for each in told if isinstance(each, Transferred)}
    shown = owners & {tenant.customer} if tenant.customer else owners
    found = [tenants.get_customer(conn, tenant.id, each) for each in sorted(shown)]
    return Names(
        currency=tenant.provider.currency,
        sites={site.id: site.name for site in sub.sites},
        codes={code.id: code.last_group for code in sub.codes},
        plans=account_repository.plan_names(conn, (each.plan for each in terms)),
        customers={each.id: each.name for each in found if each is not None},
    )


def _user_name(conn: Connection, tenant: Tenant, user: str) -> str:
    found = users.get_user(conn, user)
    own = TeamPlace(tenant.id, tenant.customer)
    if found is None or (tenant.customer and users.get_membership_in(conn, own, user) is None):
        return "the provider"
    return found.name or found.email
