"""Facts on installations: who came, kept it ready, left, was lost, or was copied."""

from typing import ClassVar

from tenure.core.fact_words import Names, name_arrival, name_period
from tenure.core.installation import Installation
from tenure.core.periods import format_instant
from tenure.core.plurals import format_count
from tenure.core.subscription import evolve_sites
from tenure.core.subscription.evolve_periods import begin_term
from tenure.core.subscription.facts.header import FactHeader
from tenure.core.subscription.state import SiteState, Subscription
from tenure.core.subscription.terms import Period
from tenure.core.timeline import Instant


class SiteActivated(FactHeader, frozen=True, kw_only=True, tag="SiteActivated"):
    """A site applied a code; the key is its identity for good."""

    site: str
    key: str
    """RFC 7638 thumbprint of the site's public key."""
    code: str
    name: str
    version: str
    floor: str = ""
    """The lowest version this site was held to when it activated."""
    allotment: int = 0
    hardware: tuple[str, ...] = ()
    installation: Installation = Installation.SERVER

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.join_site(sub, _site_of(self, floor=self.floor))

    def describe_change(self, names: Names) -> str:
        return name_arrival(self.name, self.version, self.allotment, names.code(self.code))


class SiteReplaced(FactHeader, frozen=True, kw_only=True, tag="SiteReplaced"):
    """A standalone application was installed again on its hardware: the new one has its place, its key is refused."""

    site: str
    replacement: str
    excess_until: Instant
    """Until when the replaced one's last lease may still serve together with the new one (the declared excess)."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(sub, self.site, lost=True, allotment=0, replacement=self.replacement)

    def describe_change(self, names: Names) -> str:
        return f"{names.site(self.replacement)} has the place of {names.site(self.site)}"


class SiteReleaseOrdered(FactHeader, frozen=True, kw_only=True, tag="SiteReleaseOrdered"):
    """Customer or provider made an installation give its place up; it counts until it has, or its words are over."""

    site: str
    until: Instant
    """When its leases and seats are over at the latest, as known then."""
    another_code: bool = False
    """The provider lets it take another code although the present subscription is in force (rule M10)."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(
            sub, self.site, leaving_until=self.until, another_code=self.another_code, allotment=0
        )

    def describe_change(self, names: Names) -> str:
        more = "; it may take another code" if self.another_code else ""
        return f"{names.site(self.site)} is told to give its place up, at the latest {format_instant(self.until)}{more}"


class SiteLeft(FactHeader, frozen=True, kw_only=True, tag="SiteLeft"):
    """The site no longer holds the subscription."""

    site: str
    freed: bool = False
    """A receipt freed the place of a standalone application at once, although its last lease would have run on."""

    def apply_to(self, sub: Subscription) -> Subscription:
        freed = evolve_sites.count_freed(sub, self.at) if self.freed else sub
        return evolve_sites.change_site(freed, self.site, left_at=self.at, allotment=0)

    def describe_change(self, names: Names) -> str:
        return f"{names.site(self.site)}{', its place is free at once' if self.freed else ''}"


class SuccessorStaged(FactHeader, frozen=True, kw_only=True, tag="SuccessorStaged"):
    """A site keeps this subscription ready to take over from `present`."""

    site: str
    key: str
    code: str
    name: str
    version: str
    present: str
    """Id of the subscription it will take over from."""
    allotment: int = 0
    hardware: tuple[str, ...] = ()
    installation: Installation = Installation.SERVER

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.join_site(sub, _site_of(self, present=self.present))

    def describe_change(self, names: Names) -> str:
        return name_arrival(self.name, self.version, self.allotment, names.code(self.code))


def _site_of(arrival: SiteActivated | SuccessorStaged, *, floor: str = "", present: str = "") -> SiteState:
    return SiteState(
        id=arrival.site,
        key=arrival.key,
        code=arrival.code,
        name=arrival.name,
        version=arrival.version,
        since=arrival.at,
        floor=floor,
        allotment=arrival.allotment,
        hardware=arrival.hardware,
        present=present,
        installation=arrival.installation,
    )


class SuccessorDropped(FactHeader, frozen=True, kw_only=True, tag="SuccessorDropped"):
    """The site no longer keeps it ready; nothing was consumed."""

    site: str

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(sub, self.site, left_at=self.at, allotment=0)

    def describe_change(self, names: Names) -> str:
        return names.site(self.site)


class SuccessorStarted(FactHeader, frozen=True, kw_only=True, tag="SuccessorStarted"):
    """The successor took over at `at`; `period` when the term began with it."""

    site: str
    period: Period | None = None

    def apply_to(self, sub: Subscription) -> Subscription:
        started = sub if self.period is None else begin_term(sub, self.period)
        return evolve_sites.change_site(started, self.site, present="", since=self.at)

    def describe_change(self, names: Names) -> str:
        paid = name_period(self.period)
        return f"{names.site(self.site)}{'; ' + paid if paid else ''}"


class SiteDeclaredLost(FactHeader, frozen=True, kw_only=True, tag="SiteDeclaredLost"):
    """The provider declared a site gone; its key is refused for good."""

    site: str
    recipient: str = ""
    allotment: int = 0
    """What moved to the recipient at once."""
    excess_until: Instant | None = None
    """Until when the lost site's last lease may still cover as many devices (the declared excess)."""

    def apply_to(self, sub: Subscription) -> Subscription:
        recipient = sub.find_site(self.recipient)
        lost = evolve_sites.change_site(sub, self.site, lost=True, allotment=0)
        if recipient is None:
            return lost
        return evolve_sites.change_site(lost, recipient.id, allotment=recipient.allotment + self.allotment)

    def describe_change(self, names: Names) -> str:
        devices = format_count(self.allotment, "device")
        return f"{names.site(self.site)}{f'; {devices} go to {names.site(self.recipient)}' if self.recipient else ''}"


class ForkFound(FactHeader, frozen=True, kw_only=True, tag="ForkFound"):
    """Two copies of a site used one identity; the stale one's request is the evidence."""

    in_timeline: ClassVar[bool] = False

    site: str
    evidence: str = ""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.change_site(sub, self.site, forked_at=self.at, evidence=self.evidence)

    def describe_change(self, names: Names) -> str:
        return names.site(self.site)


class ForkResolved(FactHeader, frozen=True, kw_only=True, tag="ForkResolved"):
    """A user decided what the copies are: `restored`, `second_site` or `retired`."""

    in_timeline: ClassVar[bool] = False

    site: str
    resolution: str
    own: bool = False
    """The customer's side said so, who may say `restored` only so often."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return evolve_sites.resolve_fork(sub, self.site, self.at, self.resolution, own=self.own)

    def describe_change(self, names: Names) -> str:
        ways = {"restored": "one, restored from a backup", "second_site": "two of their own", "retired": "one is to go"}
        by = "; said by the customer's side" if self.own else ""
        return f"{names.site(self.site)}: {ways.get(self.resolution, self.resolution)}{by}"


class Learned(FactHeader, frozen=True, kw_only=True, tag="Learned"):
    """After a restore: a lease the server itself had signed showed more than the server remembered."""

    in_timeline: ClassVar[bool] = False

    site: str
    key: str
    serial: int
    until: Instant
    lease: str = ""
    """SHA-256 (base64url) of the lease's bytes."""

    def apply_to(self, sub: Subscription) -> Subscription:
        return sub  # evidence: kept in the history, folded nowhere

    def describe_change(self, names: Names) -> str:
        return f"{names.site(self.site)} showed lease {self.serial:,}, good until {format_instant(self.until)}"


SiteFact = (
    SiteActivated | SiteReplaced | SiteReleaseOrdered | SiteLeft | SuccessorStaged | SuccessorDropped | SuccessorStarted
    | SiteDeclaredLost | ForkFound | ForkResolved | Learned
)  # fmt: skip
