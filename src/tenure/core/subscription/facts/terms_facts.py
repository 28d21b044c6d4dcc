"""Facts on changes of plan and devices, pauses, and cancellations."""

import msgspec

from tenure.core.fact_words import Names, name_raise, name_terms
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.subscription import evolve_stops, evolve_terms
from tenure.core.subscription.facts.header import FactHeader
from tenure.core.subscription.state import Cancellation, Subscription
from tenure.core.subscription.terms import Hold, RenewalIntent, Terms, TermsChange, TermsField
from tenure.core.timeline import Instant


class TermsChanged(FactHeader, frozen=True, kw_only=True, tag="TermsChanged"):
    """Other terms hold from `at` on; `paid_devices` is the count now paid for in running and later periods."""

    terms: Terms
    paid_devices: int = 0
    raises: tuple[tuple[Instant, int], ...] = ()
    """(a period's beginning, amount): what was paid on top for the rest of a period that became more expensive, may be
    0.
    """
    field: TermsField | None = None
    """Of `terms` only this was changed; None: all of them."""

    @property
    def amount(self) -> int:
        """All of it, minor units."""
        return sum(amount for _, amount in self.raises)

    def apply_to(self, sub: Subscription) -> Subscription:
        # While a hold stops the clock it is agreed for the instant that the clock shows, before what is to come.
        agreed = TermsChange(sub.contract_clock(self.at), self.terms, field=self.field)
        changed = evolve_terms.add_change(sub, agreed)
        old = sub.terms_at(self.at)
        other_plan = (old.plan, old.bands) != (self.terms.plan, self.terms.bands)
        counted = evolve_terms.count_paid(changed, self.at, self.paid_devices, other_plan=other_plan)
        return evolve_terms.add_raises(counted, self.at, self.raises)

    def describe_change(self, names: Names) -> str:
        return f"{name_terms(self.terms, names, self.field)}{name_raise(self.amount, names)}"


class ChangeScheduled(FactHeader, frozen=True, kw_only=True, tag="ChangeScheduled"):
    """Other terms will hold from `effective` on."""

    effective: Instant
    terms: Terms
    field: TermsField | None = None
    """Of `terms` only this will be changed; None: all of them."""
    raises: tuple[tuple[Instant, int], ...] = ()
    """As in TermsChanged: what was paid on top for periods that were bought at the terms this replaces."""

    @property
    def amount(self) -> int:
        """All that was paid on top, minor units."""
        return sum(amount for _, amount in self.raises)

    def apply_to(self, sub: Subscription) -> Subscription:
        change = TermsChange(self.effective, self.terms, scheduled=True, field=self.field)
        return evolve_terms.add_raises(evolve_terms.add_change(sub, change), self.at, self.raises)

    def describe_change(self, names: Names) -> str:
        terms = name_terms(self.terms, names, self.field)
        return f"{terms} from {format_instant(self.effective)} on{name_raise(self.amount, names)}"


class ChangeDropped(FactHeader, frozen=True, kw_only=True, tag="ChangeDropped"):
    """A scheduled change will not happen."""

    effective: Instant
    field: TermsField | None = None
    """Only what was scheduled of this; None: all that was scheduled for that instant."""
    raises: tuple[tuple[Instant, int], ...] = ()
    """As in TermsChanged: what was paid on top for periods that were bought at the terms dropped."""

    @property
    def amount(self) -> int:
        """All that was paid on top, minor units."""
        return sum(amount for _, amount in self.raises)

    def apply_to(self, sub: Subscription) -> Subscription:
        left = evolve_terms.drop_change(sub, self.effective, self.field)
        return evolve_terms.add_raises(left, self.at, self.raises)

    def describe_change(self, names: Names) -> str:
        dropped = {None: "everything", TermsField.PLAN: "the plan", TermsField.DEVICES: "the number of devices"}[
            self.field
        ]
        back = f"; {names.money(self.amount)} had been paid on top" if self.amount else ""
        return f"{dropped} that was to change at {format_instant(self.effective)}{back}"


class HoldPlaced(FactHeader, frozen=True, kw_only=True, tag="HoldPlaced"):
    """One side paused the service."""

    hold: Hold

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_stops.place_hold(sub, self.hold)

    def describe_change(self, names: Names) -> str:
        hold = self.hold
        until = f", until {format_instant(hold.until)}" if hold.until is not None else ""
        clock = "; the clock of paid days stops" if hold.stop_clock else ""
        return f"by the {hold.owner}: {hold.reason}{until}{clock}"


class HoldReleased(FactHeader, frozen=True, kw_only=True, tag="HoldReleased"):
    """A side's pause is over; with a stopped clock `shift_days` whole paid days move everything behind it."""

    owner: str
    shift_days: int = 0
    """Only on the release after which the clock runs again."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_stops.release_hold(sub, self.owner, self.shift_days)

    def describe_change(self, names: Names) -> str:
        shift = f"; {format_count(self.shift_days, 'paid day')} added at the end" if self.shift_days else ""
        return f"the pause by the {self.owner}{shift}"


class Canceled(FactHeader, frozen=True, kw_only=True, tag="Canceled"):
    """Nothing is bought any more; service ends at `effective`, with `grace_days` after it."""

    effective: Instant
    at_once: bool = False
    grace_days: int = 0
    former_intent: RenewalIntent = RenewalIntent.MANUAL

    def apply_to(self, sub: Subscription) -> Subscription:
        stop = Cancellation(
            at=self.at,
            effective=self.effective,
            at_once=self.at_once,
            grace_days=self.grace_days,
            former_intent=self.former_intent,
        )
        return evolve_stops.stop_service(sub, stop)

    def describe_change(self, names: Names) -> str:
        grace = f", then {format_count(self.grace_days, 'day')} of grace" if self.grace_days else ""
        return f"{'at once' if self.at_once else 'service ends'} at {format_instant(self.effective)}{grace}"


class CancellationUndone(FactHeader, frozen=True, kw_only=True, tag="CancellationUndone"):
    """The cancellation is as if it had not been; the earlier intent holds again."""

    def apply_to(self, sub: Subscription) -> Subscription:
        intent = sub.cancellation.former_intent if sub.cancellation else sub.intent
        return msgspec.structs.replace(sub, cancellation=None, intent=intent)

    def describe_change(self, names: Names) -> str:
        return "the earlier way of renewing holds again"


TermsFact = (
    TermsChanged | ChangeScheduled | ChangeDropped | HoldPlaced | HoldReleased | Canceled | CancellationUndone
)  # fmt: skip
