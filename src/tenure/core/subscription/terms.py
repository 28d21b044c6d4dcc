"""What was agreed with one customer: the terms of a subscription and the periods it is paid for, as plain values."""

from enum import StrEnum

import msgspec

from tenure.core.periods import Duration
from tenure.core.policy.rules import Rules
from tenure.core.pricing import Band
from tenure.core.timeline import Instant


class SubscriptionKind(StrEnum):
    """Limited: ends unless renewed. Unlimited: no expiration date, every due date is paid from the balance (M4)."""

    LIMITED = "limited"
    UNLIMITED = "unlimited"


class Settlement(StrEnum):
    """How the money comes: from the prepaid ledger, or outside it, confirmed by the provider
    [spec: settlement-method]."""

    PREPAID = "prepaid"
    EXTERNAL = "external"


class TermStart(StrEnum):
    """When the term of a `period` order begins."""

    AT_ORDER = "at_order"
    AT_FIRST_ACTIVATION = "at_first_activation"


class RenewalIntent(StrEnum):
    """Whether the next period is bought by itself."""

    AUTO = "auto"
    MANUAL = "manual"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer bought. Prices are minor units per device and period, by band of the whole quantity."""

    product: str
    plan: str
    kind: SubscriptionKind
    period: Duration
    devices: int
    features: tuple[str, ...]
    base_features: tuple[str, ...] = ()
    min_version: str = ""
    min_devices: int = 1
    max_devices: int = 1_000_000
    max_sites: int = 5
    start: TermStart = TermStart.AT_ORDER
    settlement: Settlement = Settlement.PREPAID
    currency: str = "EUR"
    bands: tuple[Band, ...] = ()


class DayPrice(msgspec.Struct, frozen=True):
    """From `left` days before a period's end on, each day costs `total` / `days` minor units.

    Counted from the end, so that days which a stopped clock adds change nothing.
    """

    left: int
    total: int
    """What a whole period costs at the terms agreed."""
    days: int
    """How many days such a whole period has."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of time, [since, until), that is paid for or reserved; a period keeps the rules of its start."""

    since: Instant
    until: Instant
    devices: int
    """The count that was paid for; the limit in force is in the terms."""
    price: int
    rules: Rules
    min_version: str = ""
    trial: bool = False
    raises: tuple[tuple[Instant, int], ...] = ()
    """(instant, amount): what was paid in addition for more expensive terms from that instant to the end."""
    day_prices: tuple[DayPrice, ...] = ()
    """The highest total agreed so far, day by day; absent in a history of before: `price`, spread evenly."""
    length: Duration | None = None
    """The period of the plan it was bought under; absent in a history of before."""
    whole: int = 0
    """How many days a whole period of that length has here; 0 in a history of before."""
    waived: int = 0
    """What a whole period of the trial's terms would cost: a raise within a trial pays what goes beyond."""


class TermsField(StrEnum):
    """What can be agreed apart from the rest: a later command replaces only the one it names [spec: agreed-terms]."""

    PLAN = "plan"
    DEVICES = "devices"


class TermsChange(msgspec.Struct, frozen=True):
    """Terms that hold from `effective` on, by the contract's own clock."""

    effective: Instant
    terms: Terms
    scheduled: bool = False
    """Agreed beforehand for an edge of the contract, so that it moves with that edge."""
    field: TermsField | None = None
    """Of `terms` only this is changed; None: all of them."""

    def applied_to(self, held: Terms) -> Terms:
        """What `held` becomes by this change."""
        match self.field:
            case TermsField.PLAN:
                return msgspec.structs.replace(self.terms, devices=held.devices)
            case TermsField.DEVICES:
                return msgspec.structs.replace(held, devices=self.terms.devices)
            case None:
                return self.terms


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A pause by one side, in force from `since` until released or `until`."""

    owner: str
    """`customer`, `provider` or `vendor`; only the same side releases it."""
    reason: str
    since: Instant
    until: Instant | None = None
    stop_clock: bool = False


class CodeRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """An activation code as the history knows it: never the code itself."""

    id: str
    last_group: str
    digest: str = ""
    """Its keyed hash in hexadecimal, by which the row that opens the subscription is compared; empty in older facts."""
