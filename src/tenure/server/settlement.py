"""The one place where a stored account is settled: by its own provider's clock, which no caller can hand in (ADR 18).

`account_repository.load_books` derives the provider's `now` from the real clock and keeps it with what it loaded; what
is here takes no instant at all, so that an account cannot be settled by another provider's time. What falls due and
what a command does is the core's to say; no other module of the server calls `business.settle` or `business.execute`
(a test over the source holds it).
"""

from tenure.core.business import commands as c
from tenure.core.business.account import AccountSubscription
from tenure.core.business.allowed_actions import Allowed, allowed_actions
from tenure.core.business.credit_limit import LimitOutcome, SetCreditLimit, set_credit_limit
from tenure.core.business.execute import CommandOutcome, credit_account, execute
from tenure.core.business.ledger import Posting
from tenure.core.business.settle import Settled, settle
from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.server import account_repository
from tenure.server.account_repository import AccountBooks
from tenure.server.real_time import RealTime
from tenure.store import accounts, sites
from tenure.store.engine import Connection


def settle_books(conn: Connection, loaded: AccountBooks, *, heard: bool = False) -> AccountBooks:
    """The books with everything booked that was due up to their provider's now [spec: settlement].

    `heard`: a site has just acknowledged its lease, so that money may go back earlier than it could be foreseen.
    """
    owing = heard and any(item.sub.owed is not None for item in loaded.items)
    if not owing and not account_repository.is_due(loaded):
        return loaded
    return account_repository.books_after(
        loaded, account_repository.save_settlement(conn, loaded, settle(loaded.account, loaded.items, loaded.now))
    )


def settle_now(conn: Connection, loaded: AccountBooks) -> None:
    """Settle the books up to their provider's now although nothing may be due: what joins them later owes nothing for
    the time before."""
    account_repository.save_settlement(conn, loaded, settle(loaded.account, loaded.items, loaded.now))


def settled_item(conn: Connection, provider: str, subscription: str, time: RealTime) -> AccountSubscription | None:
    """The provider's subscription with everything booked that was due up to its own now; None when there is none."""
    customer = account_repository.customer_of(conn, provider, subscription)
    loaded = None if customer is None else account_repository.load_books(conn, provider, customer, time)
    return None if loaded is None else settle_books(conn, loaded).find_item(subscription)


def execute_command(
    loaded: AccountBooks, subject: str, command: c.Command, seen: c.DecisionContext
) -> CommandOutcome | Refused:
    """What the command does to the account at its provider's now, with what was due before; nothing is stored."""
    _, outcome = execute(loaded.account, loaded.items, subject, command, seen, loaded.now)
    return outcome


def try_actions(loaded: AccountBooks, subject: str, role: Role, seen: c.DecisionContext) -> tuple[Allowed, ...]:
    """Each action of a role on the subscription as it would come out at its provider's now; nothing is stored."""
    return allowed_actions(loaded.account, loaded.items, subject, role, seen, loaded.now)


def credit_books(conn: Connection, loaded: AccountBooks, posting: Posting) -> Settled:
    """What money that came in lets be paid: stored, after what was due without it."""
    before, after = credit_account(loaded.account, loaded.items, posting, loaded.now)
    sites.tell_again(conn, loaded.row.provider, loaded.row.customer)
    account_repository.save_settlement(conn, loaded, before)
    return account_repository.save_settlement(conn, loaded, after)


def set_limit(conn: Connection, loaded: AccountBooks, command: SetCreditLimit) -> LimitOutcome | Refused:
    """Another credit limit: stored with what was due before it and what it lets be paid; the fact is the caller's."""
    outcome = set_credit_limit(loaded.account, loaded.items, command, loaded.now)
    if isinstance(outcome, Refused):
        return outcome
    sites.tell_again(conn, loaded.row.provider, loaded.row.customer)
    account_repository.save_settlement(conn, loaded, outcome.before)
    accounts.set_credit_limit(conn, loaded.row.provider, loaded.row.customer, command.limit)
    account_repository.save_settlement(conn, loaded, outcome.after)
    return outcome
