"""Setting a customer's credit limit: the fact in the provider's chain, the account, and what could be paid at once.

Everything runs inside one transaction of the caller; what follows from a limit is `core.credit_limit`'s to say.
"""

import msgspec

from tenure.core.business.credit_limit import CreditLimitSet, SetCreditLimit
from tenure.core.policy.rules import Action
from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import Principal
from tenure.server import account_repository, policies, settlement
from tenure.server.context import Tenant
from tenure.server.payment_requests import PaidResult
from tenure.store import provider_chain, tenants
from tenure.store.chain import StoredFact
from tenure.store.engine import Connection

SCOPE = "money:write"


def may_not_lend(caller: Principal) -> Refused | None:
    """The refusal of a caller who may change customers but not money; None for every other caller."""
    if SCOPE in caller.scopes:
        return None
    detail = f"A credit limit is money: this takes the scope {SCOPE}. Leave it out to keep it as it is."
    return Refused(RefusalCode.ACTION_NOT_PERMITTED, detail, "credit_limit")


def set_limit(
    conn: Connection, tenant: Tenant, customer: str, limit: int, why: str, *, stopped: bool
) -> PaidResult | Refused:
    """The limit as it is from now on (minor units), with everything that a raised one pays for at once.

    Refuses `not_found`, and `ledger_drift` while money is `stopped`. The limit that is there already changes nothing.
    """
    row = tenants.get_customer(conn, tenant.id, customer) if tenant.may_see(customer) else None
    loaded = None if row is None else account_repository.load_books(conn, tenant.id, customer, tenant.time)
    if row is None or loaded is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    if stopped:
        return Refused(RefusalCode.LEDGER_DRIFT)
    raised = limit > loaded.account.credit_limit
    if raised and Action.TOP_UP not in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role):
        return Refused(RefusalCode.ACTION_NOT_PERMITTED, "The policy does not allow top-ups to you, so neither credit.")
    if limit == loaded.account.credit_limit:  # said again: the same answer, and no second fact
        return PaidResult(loaded)
    command = SetCreditLimit(customer=customer, limit=limit, by=tenant.by, why=why)
    outcome = settlement.set_limit(conn, loaded, command)
    if isinstance(outcome, Refused):
        return outcome
    record_limit(conn, tenant.id, outcome.fact)
    tenants.touch_customer(conn, tenant.id, customer)  # who read the customer before has not seen this limit
    facts = tuple(type(fact).__name__ for _, fact in outcome.after.facts)
    return PaidResult(
        account_repository.load_books(conn, tenant.id, customer, tenant.time) or loaded, outcome.after.postings, facts
    )


def record_limit(conn: Connection, provider: str, fact: CreditLimitSet) -> None:
    """The fact as a link of the provider's chain."""
    kind, body = type(fact).__name__, msgspec.json.encode(fact)
    stored = StoredFact(kind, fact.at, fact.recorded_at, fact.by, body)
    provider_chain.append_record(conn, provider, provider_chain.RECORDS, stored)
