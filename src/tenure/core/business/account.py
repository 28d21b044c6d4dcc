"""A customer's prepaid account and its subscriptions, as they are settled: money, and what each decision needs."""

from collections.abc import Iterable

import msgspec

from tenure.core.business import ledger
from tenure.core.business.commands import OutstandingLease
from tenure.core.business.ledger import Posting
from tenure.core.policy.rules import RenewalOrder, Rules
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.grace_extension import PolicyAppliedNow
from tenure.core.timeline import Instant


class PolicyHistory(msgspec.Struct, frozen=True):
    """What was published over time for one subscription's plan: (instant, rules, lowest version), oldest first."""

    versions: tuple[tuple[Instant, Rules, str], ...]

    def at(self, moment: Instant) -> tuple[Rules, str]:
        """Rules and lowest version in force at `moment`; before the first version, the first."""
        held = self.versions[0]
        for version in self.versions:
            if version[0] <= moment:
                held = version
        return held[1], held[2]


class AccountSubscription(msgspec.Struct, frozen=True):
    """One subscription of the account, with what its decisions need."""

    sub: Subscription
    book: PolicyHistory
    words: tuple[OutstandingLease, ...] = ()
    grace_extensions: tuple[PolicyAppliedNow, ...] = ()
    """What was published to reach running periods, oldest first."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's money with one provider (minor units), settled up to and including `settled_at`."""

    balance: int = 0
    reserve: int = 0
    credit_limit: int = 0
    settled_at: Instant = 0
    orders: tuple[tuple[Instant, RenewalOrder], ...] = ()
    """The provider's stated orders as published over time, oldest first: what was due under one is paid by that one."""

    def order_at(self, moment: Instant) -> RenewalOrder:
        """In which order items that fall due at `moment` are paid when money is short."""
        held = RenewalOrder.OLDEST_DUE
        for published, order in self.orders:
            if published <= moment:
                held = order
        return held

    @property
    def available(self) -> int:
        """What can be spent."""
        return self.balance + self.credit_limit


def after_postings(account: Account, postings: Iterable[Posting]) -> Account:
    """The account after `postings`."""
    for posting in postings:
        account = msgspec.structs.replace(
            account,
            balance=account.balance + posting.moved_on(ledger.LedgerAccount.BALANCE),
            reserve=account.reserve + posting.moved_on(ledger.LedgerAccount.RESERVE),
        )
    return account
