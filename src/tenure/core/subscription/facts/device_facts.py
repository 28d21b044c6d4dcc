"""Facts on devices: how many each installation may protect, and which have no place."""

from typing import ClassVar

import msgspec

from tenure.core.fact_words import Names
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.subscription import evolve_sites
from tenure.core.subscription.facts.header import FactHeader
from tenure.core.subscription.state import Subscription
from tenure.core.timeline import Instant


class EphemeralCounted(FactHeader, frozen=True, kw_only=True, tag="EphemeralCounted"):
    """A day of the provider is over: how many ephemeral applications came and went on it, and a digest of who and when.

    At most one for a day, none for a day on which none came or went; `core.ephemeral` makes and describes it.
    """

    in_timeline: ClassVar[bool] = False

    day: Instant
    """The day's beginning (UTC, by the provider's clock); it ends at `at`."""
    came: int
    went: int
    digest: str
    """SHA-256 (base64url) over the day's comings and goings in order."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return msgspec.structs.replace(sub, ephemeral_until=max(sub.ephemeral_until, self.at))

    def describe_change(self, names: Names) -> str:
        return f"{self.came:,} came and {self.went:,} went on the day that began {format_instant(self.day)}"


class SeatConflictListed(FactHeader, frozen=True, kw_only=True, tag="SeatConflictListed"):
    """Fewer devices are ordered than are in use: which applications on their own stop on the day, and which no longer.

    Written when a lower limit is agreed, when who uses it changes, and when the customer edits the list.
    """

    effective: Instant
    """When the lower limit begins."""
    out: tuple[str, ...] = ()
    """Struck out: they have no place of their own from then on."""
    back: tuple[str, ...] = ()
    """Taken back: they stay."""
    edited: bool = False
    """A person said so; else it follows from the order in which applications go."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.list_conflict(sub, self.effective, self.out, self.back, edited=self.edited)

    def describe_change(self, names: Names) -> str:
        stop = f"stop: {', '.join(map(names.site, self.out))}" if self.out else ""
        stay = f"stay: {', '.join(map(names.site, self.back))}" if self.back else ""
        how = "chosen by a person" if self.edited else "in the order in which applications go"
        listed = "; ".join(filter(None, (stop, stay))) or "the list is empty"
        return f"at {format_instant(self.effective)} {listed}; {how}"


class AllotmentFreed(FactHeader, frozen=True, kw_only=True, tag="AllotmentFreed"):
    """Administrator or provider agreed that a silent site's part of the pool goes to the others at once."""

    in_timeline: ClassVar[bool] = False

    site: str
    allotment: int = 0
    """How many devices that were."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(sub, self.site, allotment=0)

    def describe_change(self, names: Names) -> str:
        return f"{format_count(self.allotment, 'device')} of {names.site(self.site)} go to the others"


class AllotmentSet(FactHeader, frozen=True, kw_only=True, tag="AllotmentSet"):
    """How many of the subscription's devices the site may protect from now on."""

    in_timeline: ClassVar[bool] = False

    site: str
    allotment: int

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(sub, self.site, allotment=self.allotment)

    def describe_change(self, names: Names) -> str:
        return f"{names.site(self.site)}: {format_count(self.allotment, 'device')}"


class DevicesReleased(FactHeader, frozen=True, kw_only=True, tag="DevicesReleased"):
    """A site gave devices back by signed receipts."""

    in_timeline: ClassVar[bool] = False

    site: str
    count: int

    def apply_to(self, sub: Subscription) -> Subscription:
        return sub  # evidence: kept in the history, folded nowhere

    def describe_change(self, names: Names) -> str:
        return f"{format_count(self.count, 'device')} by {names.site(self.site)}"


DeviceFact = (
    EphemeralCounted | SeatConflictListed | AllotmentFreed | AllotmentSet | DevicesReleased
)  # fmt: skip
