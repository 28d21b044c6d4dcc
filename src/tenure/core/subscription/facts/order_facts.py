"""Facts on the order, the activation codes it gave, and whose it is."""

import msgspec

from tenure.core.fact_words import Names, name_period, name_terms
from tenure.core.periods import Duration, format_instant
from tenure.core.policy.rules import Rules
from tenure.core.subscription import evolve_periods, evolve_sites
from tenure.core.subscription.facts.header import FactHeader
from tenure.core.subscription.state import Subscription
from tenure.core.subscription.terms import CodeRef, Period, RenewalIntent, Terms
from tenure.core.timeline import Instant


class Ordered(FactHeader, frozen=True, kw_only=True, tag="Ordered"):
    """A customer bought; `period` is set when the term began with the order."""

    subscription: str
    provider: str
    customer: str
    terms: Terms
    rules: Rules
    code: CodeRef
    intent: RenewalIntent
    price: int
    """What the first period costs (minor units); paid unless `awaiting_payment`."""
    until: Instant | None = None
    """The end named by an `until` order; such a term starts at the order or its confirmation."""
    trial: bool = False
    trial_period: Duration | None = None
    awaiting_payment: bool = False
    period: Period | None = None
    activate_by: Instant

    def apply_to(self, sub: Subscription) -> Subscription:
        return sub  # only the first fact orders; a second one would say nothing new

    def describe_change(self, names: Names) -> str:
        price = "as a trial" if self.trial else names.money(self.price)
        owed = ", not paid yet" if self.awaiting_payment and not self.trial else ""
        renews = "it renews by itself" if self.intent is RenewalIntent.AUTO else "it is renewed by hand"
        begins = name_period(self.period) or f"to be activated by {format_instant(self.activate_by)}"
        return f"{name_terms(self.terms, names)}, {price}{owed}; {begins}; code …{self.code.last_group}; {renews}"


class Activated(FactHeader, frozen=True, kw_only=True, tag="Activated"):
    """The first activation started the term."""

    period: Period

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_periods.begin_term(sub, self.period)

    def describe_change(self, names: Names) -> str:
        return name_period(self.period)


class CodeReissued(FactHeader, frozen=True, kw_only=True, tag="CodeReissued"):
    """A new code was given; earlier ones activate nothing any more."""

    code: CodeRef

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.replace_codes(sub, self.code)

    def describe_change(self, names: Names) -> str:
        return f"the new code ends in …{self.code.last_group}"


class CodeBlocked(FactHeader, frozen=True, kw_only=True, tag="CodeBlocked"):
    """Sites activated with the code lose service at `ends`; before it they are in grace."""

    code: str
    ends: Instant

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_code(sub, self.code, blocked_at=self.at, block_ends=self.ends)

    def describe_change(self, names: Names) -> str:
        return f"{names.code(self.code)}; service ends at {format_instant(self.ends)}"


class CodeUnblocked(FactHeader, frozen=True, kw_only=True, tag="CodeUnblocked"):
    """The block is as if it had not been."""

    code: str

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_code(sub, self.code, blocked_at=None, block_ends=None)

    def describe_change(self, names: Names) -> str:
        return names.code(self.code)


class Transferred(FactHeader, frozen=True, kw_only=True, tag="Transferred"):
    """The subscription went to another customer of the same provider."""

    customer: str

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, customer=self.customer)

    def describe_change(self, names: Names) -> str:
        return f"to {names.customers.get(self.customer) or 'another customer'}"


OrderFact = (
    Ordered | Activated | CodeReissued | CodeBlocked | CodeUnblocked | Transferred
)  # fmt: skip
