"""Facts on periods, payments for them, and how they are renewed."""

import msgspec

from tenure.core.fact_words import Names, name_period
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.subscription import evolve_periods
from tenure.core.subscription.facts.header import FactHeader
from tenure.core.subscription.state import Subscription
from tenure.core.subscription.terms import Period, RenewalIntent
from tenure.core.timeline import Instant


class PaymentConfirmed(FactHeader, frozen=True, kw_only=True, tag="PaymentConfirmed"):
    """The provider confirmed a payment made outside the ledger; the facts it allowed follow it."""

    reference: str
    amount: int
    covers: str
    """`order`, `renewal` or `raise`."""
    period: Period | None = None
    """The first period, when it began with the confirmation of the order."""

    def apply_to(self, sub: Subscription) -> Subscription:
        paid = msgspec.structs.replace(sub, awaiting_payment=sub.awaiting_payment and self.covers != "order")
        return paid if self.period is None else evolve_periods.begin_term(paid, self.period)

    def describe_change(self, names: Names) -> str:
        covers = {"order": "the order", "renewal": "a renewal", "raise": "more devices"}.get(self.covers, self.covers)
        return f"{names.money(self.amount)} for {covers}, reference {self.reference}"


class RenewalReserved(FactHeader, frozen=True, kw_only=True, tag="RenewalReserved"):
    """The money of the next period was set aside; from now on the timeline carries the period."""

    period: Period

    def apply_to(self, sub: Subscription) -> Subscription:
        moved = evolve_periods.move_edges(sub, self.period, self.at)
        return msgspec.structs.replace(moved, reserved=self.period, goodwill_days=0)

    def describe_change(self, names: Names) -> str:
        period = self.period
        devices = format_count(period.devices, "device")
        return f"{names.money(period.price)} set aside for {devices}, {name_period(period)}"


class ReserveReleased(FactHeader, frozen=True, kw_only=True, tag="ReserveReleased"):
    """A reserve was given up; `kept` is the stretch that signed leases still promise and that stays paid for."""

    amount: int
    kept: Period | None = None

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, reserved=self.kept)

    def describe_change(self, names: Names) -> str:
        kept = f"; it stays {name_period(self.kept)}" if self.kept else ""
        return f"{names.money(self.amount)} back on the balance{kept}"


class Renewed(FactHeader, frozen=True, kw_only=True, tag="Renewed"):
    """A period was bought; `anchor` when it did not begin at the old end."""

    period: Period
    paid_by: str
    """`balance`, `reserve`, `external` or `nothing` (price 0)."""
    anchor: Instant | None = None

    def apply_to(self, sub: Subscription) -> Subscription:
        left = evolve_periods.cut_periods(sub.periods, self.period.since)
        return msgspec.structs.replace(
            evolve_periods.move_edges(sub, self.period, self.at),
            periods=(*left, self.period),
            begin_again=sub.begin_again if left == sub.periods else sub.revision + 1,
            reserved=None if self.paid_by == "reserve" else sub.reserved,
            goodwill_days=0 if self.paid_by == "reserve" else sub.goodwill_days,
            anchor=sub.anchor if self.anchor is None else self.anchor,
            failed_at=None,
            resumed_at=None,
        )

    def describe_change(self, names: Names) -> str:
        period = self.period
        ways = {
            "balance": "from the balance",
            "reserve": "from what was set aside",
            "external": "paid outside the balance",
        }
        price = f"{names.money(period.price)} {ways[self.paid_by]}" if self.paid_by in ways else "free of charge"
        return f"{name_period(period)}, {format_count(period.devices, 'device')}: {price}"


class Reanchored(FactHeader, frozen=True, kw_only=True, tag="Reanchored"):
    """Later periods are computed from another anchor."""

    anchor: Instant

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, anchor=self.anchor)

    def describe_change(self, names: Names) -> str:
        return f"periods count from {format_instant(self.anchor)}"


class PaymentFailed(FactHeader, frozen=True, kw_only=True, tag="PaymentFailed"):
    """The balance did not cover what fell due at `at`."""

    price: int
    missing: int

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, failed_at=self.at)

    def describe_change(self, names: Names) -> str:
        return f"{names.money(self.missing)} missing of {names.money(self.price)}"


class Refunded(FactHeader, frozen=True, kw_only=True, tag="Refunded"):
    """Money went back to the balance, for days from `since` on that are no longer promised to a site."""

    amount: int
    since: Instant

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, owed=None, refunded=True)

    def describe_change(self, names: Names) -> str:
        return f"{names.money(self.amount)} for days from {format_instant(self.since)} on"


class RenewalIntentSet(FactHeader, frozen=True, kw_only=True, tag="RenewalIntentSet"):
    """Automatic renewal was switched, or resumed after it had stopped."""

    intent: RenewalIntent

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, intent=self.intent, resumed_at=self.at)

    def describe_change(self, names: Names) -> str:
        return "it renews by itself" if self.intent is RenewalIntent.AUTO else "it is renewed by hand"


class GraceExtended(FactHeader, frozen=True, kw_only=True, tag="GraceExtended"):
    """So many more days of grace at the coming or running end: goodwill, or a policy that was applied now."""

    days: int
    period: Instant | None = None
    """Beginning of the period that gains them, a trial too; absent: the last paid one, reserved or not."""

    def apply_to(self, sub: Subscription) -> Subscription:
        if self.period is None:
            return evolve_periods.extend_grace(sub, self.days)
        return evolve_periods.add_grace_days(sub, self.period, self.days)

    def describe_change(self, names: Names) -> str:
        period = f" of the period that began {format_instant(self.period)}" if self.period is not None else ""
        return f"{format_count(self.days, 'more day')} of grace at the end{period}"


RenewalFact = (
    PaymentConfirmed | RenewalReserved | ReserveReleased | Renewed | Reanchored | PaymentFailed | Refunded
    | RenewalIntentSet | GraceExtended
)  # fmt: skip
