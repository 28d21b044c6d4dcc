"""The server's signed word for a site, as a value: the claims of a lease, read by `standing` and sealed by `wire`.

Instants are Unix seconds (RFC 7519 NumericDate). Fields are appended only, each with a default; names never change.
"""

import msgspec

from tenure.core.renewal_outlook import RenewalOutlook
from tenure.core.timeline import DAY, Instant, Span

ISSUE_SKEW = 300
"""Seconds by which `iat` of a lease or a seat may lie in the past, because JWT libraries refuse a token issued seconds
ahead of their clock [spec: issue-skew]."""
SEAT_LIFE = 14 * DAY
"""Seconds that a device's seat lives at most."""
LONGEST_LEASE = 120 * DAY
"""No online key signs anything that lives longer: the air-gap lease of 90 days and some margin."""
SHORT = 14 * DAY
"""A lease that lives less has a pace of its own: daily contacts and a warning after a week would come too late."""
CONTACTS = 28
"""Contacts in the life of a short lease: three quarters of a life, the least that is left, then hold 21 of them."""


class Confirmation(msgspec.Struct, frozen=True):
    """RFC 7800 `cnf`: the public key whose holder this word is for (an RFC 8037 OKP key)."""

    jwk: dict[str, str]


class Brand(msgspec.Struct, frozen=True):
    """How the provider shows itself to the customer."""

    name: str = ""
    logo: str = ""
    color: str = ""
    support: str = ""
    renew_url: str = ""


class SiteFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The policy's figures that a site needs; days unless said otherwise."""

    tolerance_percent: int = 10
    idle_release_days: int = 60
    seat_conflict_days: int = 30
    reminders: tuple[int, ...] = (60, 30, 14, 7, 3, 1, 0)
    sync_interval: int = 86_400
    after_end_sync_days: int = 90
    warn_after: int = 7 * 86_400
    """Seconds without an answered synchronization after which `sync_overdue` grace begins [spec: contact-clock]."""
    seat_life: int = SEAT_LIFE
    dns: str = "auto"
    reinstate_days: int = 365
    """Days after the end in which a renewal is still possible: so long the site goes on asking (M14)."""


class ComingLimit(msgspec.Struct, frozen=True):
    """A lower device limit to come, and what of it this site would have if use stayed as it is
    [spec: fewer-devices]."""

    at: Instant
    limit: int
    allotment: int


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Claims of a `tenure-lease+jwt` [spec: lease]."""

    iss: str
    sub: str
    """Site id."""
    aud: str
    """Product id."""
    jti: str
    iat: Instant
    nbf: Instant
    exp: Instant
    """`features` are true throughout [nbf, exp)."""
    cnf: Confirmation
    serial: int
    epoch: int
    prev: str = ""
    """SHA-256 (base64url) of the previous lease's bytes; empty for the first."""
    subscription: str
    revision: int
    """Number of the subscription's facts when this was signed."""
    product: str
    plan: str
    kind: str
    """`limited`, `unlimited` or `trial`."""
    spans: tuple[Span, ...]
    """The site's timeline from the running span on, with causes."""
    contact_until: Instant
    """When silence ends the service, whatever the spans say."""
    refresh_after: Instant
    features: tuple[str, ...] = ()
    base_features: tuple[str, ...] = ()
    """True also after `contact_until`, on the last verified lease."""
    allotment: int = 0
    limit: int = 0
    min_version: str = ""
    device_port: str = ""
    """SHA-256 (base64url) of the device port's public key (SPKI)."""
    figures: SiteFigures = SiteFigures()
    provider: str = ""
    brand: Brand = Brand()
    code_last_group: str = ""
    role: str = "active"
    """`active` or `successor`."""
    prepaid_until: Instant | None = None
    """Paid or reserved until; None when nothing is paid."""
    sandbox: bool = False
    coming: ComingLimit | None = None
    """A lower device limit that is agreed for a later instant; None when none is."""
    installation: str = "server"
    """For what it is: `server` or `standalone` (`core.installation`). Only that kind may go by it."""
    ephemeral: bool = False
    """A short lease whose place is free at its end, for containers and the like."""
    outlook: RenewalOutlook | None = None
    """What was known of the next renewal when this was signed; for people, and no right."""
    plan_name: str = ""
    """The vendor's name of the plan; empty in leases of before."""

    def outlook_at(self, now: Instant) -> RenewalOutlook | None:
        """The outlook as long as it is one: a renewal foreseen for an instant that is over says nothing any more."""
        seen = self.outlook
        return seen if seen is not None and (now < seen.at or seen.at <= self.iat) else None

    @property
    def plan_called(self) -> str:
        """The plan as people call it."""
        return self.plan_name or self.plan

    @property
    def life(self) -> int:
        """Seconds for which it is good without contact; a successor's count from its takeover."""
        return self.contact_until - self.nbf

    @property
    def contact_interval(self) -> int:
        """Seconds between two contacts: the policy's figure, or 1/28 of the life of a short lease if that is less."""
        return contact_interval(self.life, self.figures.sync_interval)

    @property
    def warned_after(self) -> int:
        """Seconds without an answer after which `sync_overdue` shows: at most a quarter of a short lease's life."""
        return min(self.figures.warn_after, self.life // 4) if self.life < SHORT else self.figures.warn_after

    @property
    def outage_borne(self) -> int:
        """Seconds for which the server may be out of reach at any moment without an end: the least life left.

        A new lease is signed when a quarter of the life has passed, at the latest with the contact after that.
        24 h: 24 h - 6 h - 1.1 x 51 min 25 s (1/28 of 24 h) = 17 h 3 min; 30 days with a contact a day: 21.4 days.
        """
        return max(0, self.life - self.life // 4 - self.contact_interval * 11 // 10)


def contact_interval(life: int, usual: int) -> int:
    """Seconds between the contacts of a lease that lives for `life` seconds, where the policy says `usual`
    [spec: short-lease].

    30 days, daily: daily. 7 days, daily: every 6 h. 1 h, daily: every 128 s.
    """
    return max(1, min(usual, life // CONTACTS)) if life < SHORT else usual
