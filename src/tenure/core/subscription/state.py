"""A subscription as folded facts: what has been agreed, paid, stopped and activated; nothing in it depends on now.

`subscription` folds the facts into it; what follows from it over time is `contract`'s to say.
"""

from collections.abc import Callable

import msgspec

from tenure.core.installation import Installation
from tenure.core.periods import Duration
from tenure.core.policy.rules import Rules
from tenure.core.subscription.terms import Hold, Period, RenewalIntent, SubscriptionKind, Terms, TermsChange
from tenure.core.timeline import Instant


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation that stands: when service ends, and what an undo restores."""

    at: Instant
    effective: Instant
    at_once: bool
    grace_days: int
    former_intent: RenewalIntent


class CodeState(msgspec.Struct, frozen=True, kw_only=True):
    """One activation code of the subscription and what became of it."""

    id: str
    last_group: str
    withdrawn: bool = False
    blocked_at: Instant | None = None
    block_ends: Instant | None = None


class SiteState(msgspec.Struct, frozen=True, kw_only=True):
    """A site that holds, kept ready for, or once held the subscription."""

    id: str
    key: str
    code: str
    name: str
    version: str
    since: Instant
    floor: str = ""
    allotment: int = 0
    hardware: tuple[str, ...] = ()
    present: str = ""
    """While staged: the subscription it will take over from."""
    left_at: Instant | None = None
    lost: bool = False
    forked_at: Instant | None = None
    evidence: str = ""
    """What was seen of the two copies while a fork is open."""
    restores: tuple[Instant, ...] = ()
    """When the customer's side said of a fork that the same server was restored."""
    installation: Installation = Installation.SERVER
    replacement: str = ""
    """The installation on the same hardware that took its place."""
    replaced_at: Instant | None = None
    """When this one took the place of its old self."""
    separated_at: Instant | None = None
    """When a user declared that a copy of it is a separate installation."""
    leaving_until: Instant | None = None
    """It was made to give its place up: until when it counts if it does not acknowledge that."""
    another_code: bool = False
    """The provider lets it take another code although this subscription is in force."""
    place_until: Instant | None = None
    """An application on its own that a seat conflict's list strikes out: from then on it has no place of its own."""
    stays: bool = False
    """The customer said in a seat conflict that it stays."""

    @property
    def is_active(self) -> bool:
        """Whether the site uses this subscription now."""
        return self.left_at is None and not self.lost and not self.present and self.leaving_until is None

    def counts_as_site(self, now: Instant) -> bool:
        """Whether it counts against the number of sites: it uses it, waits for it, or has yet to give it up."""
        leaving = self.leaving_until is not None and self.left_at is None and not self.lost and now < self.leaving_until
        return self.is_active or self.is_staged or leaving

    @property
    def is_staged(self) -> bool:
        """Whether the subscription waits at this site as successor."""
        return self.left_at is None and not self.lost and bool(self.present)


class StoppedClock(msgspec.Struct, frozen=True, kw_only=True):
    """The contract's clock stands still since then; `revision` is the history's when it was stopped."""

    since: Instant
    revision: int
    prolonged: tuple[tuple[Instant, int], ...] = ()
    """(instant, revision): words older than that revision foresaw the clock running again at that instant."""


class RefundOwed(msgspec.Struct, frozen=True, kw_only=True):
    """Money that goes back once no signed word promises its days any more [spec: giving-back]."""

    revision: int
    """The revision whose truth every site must have acknowledged."""
    since: Instant
    begun: bool
    """Whether the policy refunds the running period too; periods not begun are always refunded."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing but folded facts. Instants are kept, phases never."""

    id: str
    provider: str
    customer: str
    ordered_at: Instant
    activate_by: Instant
    revision: int
    first_price: int
    until_ordered: Instant | None
    trial: bool
    trial_period: Duration | None
    awaiting_payment: bool
    intent: RenewalIntent
    intent_at_order: RenewalIntent
    rules_at_order: Rules
    changes: tuple[TermsChange, ...]
    codes: tuple[CodeState, ...]
    started_at: Instant | None = None
    anchor: Instant | None = None
    periods: tuple[Period, ...] = ()
    reserved: Period | None = None
    goodwill_days: int = 0
    """Days of grace given to the reserved period: they stay with it when it begins under another policy."""
    failed_at: Instant | None = None
    resumed_at: Instant | None = None
    cancellation: Cancellation | None = None
    holds: tuple[Hold, ...] = ()
    stopped: StoppedClock | None = None
    given_days: tuple[tuple[Instant, int], ...] = ()
    """(instant, days): the contract's clock once stood still from then on, and so many days were added for it."""
    sites: tuple[SiteState, ...] = ()
    owed: RefundOwed | None = None
    refunded: bool = False
    begin_again: int = 0
    """The revision with which a plan of another length last ended periods that were paid for; 0: none did."""
    places_freed: tuple[Instant, ...] = ()
    """When receipts freed places at once, as far back as such releases are counted."""
    ephemeral_until: Instant = 0
    """The end of the last day whose ephemeral applications were counted."""

    @property
    def product(self) -> str:
        """The product licensed; no change of terms ever touches it."""
        return self.changes[0].terms.product

    @property
    def kind(self) -> SubscriptionKind:
        """Limited or unlimited; no change of terms ever touches it."""
        return self.changes[0].terms.kind

    def contract_clock(self, now: Instant) -> Instant:
        """What the contract's clock shows: it stands still while a hold stops it [spec: holds]."""
        return now if self.stopped is None else min(now, self.stopped.since)

    def terms_at(self, moment: Instant) -> Terms:
        """The terms that hold at `moment` if no command changes them; agreed changes wait with the clock."""
        return self.terms_for(self.contract_clock(moment))

    def terms_for(self, moment: Instant) -> Terms:
        """The terms agreed for the contract's own `moment`, also for one to come while a hold stops its clock."""
        held = self.changes[0].terms
        for change in self.changes:
            if change.effective <= moment:
                held = change.applied_to(held)
        return held

    def with_later_changes(self, later: Callable[[TermsChange], TermsChange]) -> "Subscription":
        """The subscription with each change after the first where `later` puts it.

        Of one field the last agreement counts where two have come to the same instant.
        """
        first, *rest = self.changes
        moved = sorted(map(later, rest), key=lambda change: change.effective)
        kept = {(change.effective, change.field): change for change in moved}
        return msgspec.structs.replace(self, changes=(first, *kept.values()))

    @property
    def terms_at_last(self) -> Terms:
        """The terms once everything agreed has taken effect."""
        return self.terms_for(max(change.effective for change in self.changes))

    @property
    def paid_periods(self) -> tuple[Period, ...]:
        """Every period paid for or reserved, in order of time."""
        return self.periods if self.reserved is None else (*self.periods, self.reserved)

    @property
    def paid_until(self) -> Instant | None:
        """The first instant that is neither paid for nor reserved; None before the term has started."""
        return self.paid_periods[-1].until if self.paid_periods else None

    @property
    def rules(self) -> Rules:
        """The rules of the last period, which also govern its grace and what comes after it."""
        return self.paid_periods[-1].rules if self.paid_periods else self.rules_at_order

    def rules_at(self, moment: Instant) -> Rules:
        """The rules of the period that runs at `moment` by the contract's clock, or ran last before it; before the
        first one its own. A period that is paid ahead brings its figures when it begins, not when it is bought."""
        clock = self.contract_clock(moment)
        begun = [period for period in self.paid_periods if period.since <= clock]
        first = self.paid_periods[0].rules if self.paid_periods else self.rules_at_order
        return begun[-1].rules if begun else first

    def next_turn(self, moment: Instant) -> Instant | None:
        """The first instant after `moment` at which time alone changes terms or figures; None: none is agreed.

        While the clock is stopped nothing turns: what releases it is a fact of its own.
        """
        if self.stopped is not None:
            return None
        turns = (*(period.since for period in self.paid_periods), *(change.effective for change in self.changes))
        return min((each for each in turns if each > moment), default=None)

    @property
    def runs_again_at(self) -> Instant | None:
        """When the contract's clock runs again by itself; None while it runs, or while a hold without end stops it."""
        ends = [hold.until for hold in self.holds if hold.stop_clock]
        return None if None in ends else max((end for end in ends if end is not None), default=None)

    @property
    def sites_holding(self) -> tuple[SiteState, ...]:
        """Sites that use the subscription now."""
        return tuple(site for site in self.sites if site.is_active)

    def find_site(self, site_id: str) -> SiteState | None:
        """The site's last entry, whether it still holds the subscription or not."""
        return next((site for site in reversed(self.sites) if site.id == site_id), None)

    def find_code(self, code_id: str) -> CodeState | None:
        """The code of that id."""
        return next((code for code in self.codes if code.id == code_id), None)
