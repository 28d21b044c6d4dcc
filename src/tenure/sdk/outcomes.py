"""What activation and synchronization come to, as values with words for people; a refusal is one of them, never raised.

What has changed is told by comparing what was shown before with what is shown after.
"""

import msgspec

from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import format_moment
from tenure.core.timeline import Instant, Timeline
from tenure.sdk.presentation import LicenseStanding, outage_told, refusal_words
from tenure.sdk.progress import ProgressStep
from tenure.sdk.sync_changes import changes_told
from tenure.wire.messages import AdministratorMessage, SiteChange


class ShownDifference(msgspec.Struct, frozen=True):
    """One thing shown that is now otherwise."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before or 'none'} -> {self.after or 'none'}"


class Rejected(Refused, frozen=True, kw_only=True):
    """A "no", or no answer, with its reason."""

    conclusive: bool = True
    """False: nothing has been decided, and it is tried again by itself."""
    steps: tuple[ProgressStep, ...] = ()
    remedy: str = ""
    """What to do about it, in words for an application's user; empty where those of the table fit."""

    @property
    def message(self) -> str:
        """What happened and what to do about it, in a few sentences."""
        when = "" if self.when is None else f" Possible from {format_moment(self.when)}."
        return refusal_words(self, self.remedy) + when


class ActivationGranted(msgspec.Struct, frozen=True, kw_only=True):
    """The code was accepted: licensed from now on, or staged to follow (`role`)."""

    standing: LicenseStanding
    role: str = "active"
    begins: Instant | None = None
    """When a staged successor takes over."""
    forked: bool = False
    """A copy of this installation uses its identity: what is licensed is shown for a week, and no new device is
    protected, until an administrator or a provider says which copy is which (`License.resolve`, console, portal)."""
    steps: tuple[ProgressStep, ...] = ()

    @property
    def message(self) -> str:
        """What was achieved."""
        if self.forked:
            return f"{refusal_words(Refused(RefusalCode.LEASE_FORKED))} {self.standing.message}"
        if self.role == "successor":
            begins = "" if self.begins is None else f" It takes over by itself on {format_moment(self.begins)}."
            return f"The activation code is staged as successor.{begins}"
        return f"The activation code was accepted. {self.standing.message} {outage_told(self.standing)}".rstrip()


class CodePreviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a code would start, as things stand now; nothing has begun."""

    role: str
    plan: str
    kind: str
    """`limited`, `unlimited` or `trial`."""
    limit: int
    """Devices of the subscription."""
    provider: str
    begins: Instant
    """Now, or when it would take over."""
    paid_until: Instant | None
    spans: Timeline
    """The course from `begins` on if no user acts, expected renewals included."""
    plan_name: str = ""
    """As the vendor calls the plan."""
    renewal: str = ""
    """What would be known of the next renewal, for people; empty where nothing renews itself."""
    steps: tuple[ProgressStep, ...] = ()

    @property
    def message(self) -> str:
        """What would be started, and until when."""
        start = f"would take over on {format_moment(self.begins)}" if self.role == "successor" else "would start now"
        until = "" if self.paid_until is None else f", paid until {format_moment(self.paid_until)}"
        devices = format_count(self.limit, "device")
        return f"It {start}: {self.plan_name or self.plan} for {devices}{until}. {self.renewal}".rstrip()


class LicenseReleased(msgspec.Struct, frozen=True, kw_only=True):
    """The license was given up: nothing is licensed here until a code is applied again."""

    confirmed: bool
    """Whether the server has heard of it; if not, it is told later, as long as the application runs."""
    until: Instant | None = None
    """When the place is free: None once confirmed means now. Unconfirmed, it is so if the server never hears of it."""
    steps: tuple[ProgressStep, ...] = ()

    @property
    def message(self) -> str:
        """What was achieved."""
        if self.confirmed and self.until is not None:
            return (
                "The license was given up here. Its place is free for another installation from "
                f"{format_moment(self.until)} on: more were given back lately than have their places freed at once, "
                "or a copy of this installation is known."
            )
        if self.confirmed:
            return "The license was given up here. Its place is free for another installation."
        until = "" if self.until is None else f" If it never is, that is not before {format_moment(self.until)}."
        return f"The license was given up here. Its place is free once the activation server was told.{until}"


class Synchronized(msgspec.Struct, frozen=True, kw_only=True):
    """The server has answered, signed and bound to what was asked."""

    result: str
    """`lease`, `unchanged`, `forked`, as the server put it."""
    before: LicenseStanding
    after: LicenseStanding
    differences: tuple[ShownDifference, ...] = ()
    changes: tuple[SiteChange, ...] = ()
    """What changed at the server since the last revision known here, in its own words."""
    messages: tuple[AdministratorMessage, ...] = ()
    path: str = ""
    """The way to the server, for people."""
    steps: tuple[ProgressStep, ...] = ()

    @property
    def message(self) -> str:
        """What was learned."""
        if self.result == "forked":
            until = self.after.contact_until
            runs = "" if until is None else f" Licenses here go on until {format_moment(until)} at the latest."
            return f"Synchronized by {self.path}: another copy of this installation is in use.{runs} Say which it is."
        if not self.differences:
            return f"Synchronized by {self.path}: nothing has changed."
        return f"Synchronized by {self.path}. {changes_told(self.before, self.after)}"


def make_rejected(refused: Refused, *, conclusive: bool, steps: tuple[ProgressStep, ...] = ()) -> Rejected:
    """`refused` as it is handed to an application."""
    return Rejected(refused.code, refused.detail, refused.field, refused.when, conclusive=conclusive, steps=steps)


def shown_differences(before: LicenseStanding, after: LicenseStanding) -> tuple[ShownDifference, ...]:
    """What an administrator sees changed, in the order of a page."""
    rows = ((name, _field_text(before, name), _field_text(after, name)) for name in _SHOWN)
    return tuple(ShownDifference(_SHOWN[name], one, other) for name, one, other in rows if one != other)


_SHOWN = {
    "phase": "Phase",
    "cause": "Cause",
    "features": "Functions",
    "paid_until": "Paid until",
    "plan": "Plan",
    "limit": "Device limit",
    "allotment": "Allotment",
    "min_version": "Lowest version",
    "successor_from": "Successor takes over",
    "provider": "Provider",
}


def _field_text(standing: LicenseStanding, name: str) -> str:
    value = getattr(standing, name)
    if value is None:
        return ""
    if name in ("paid_until", "successor_from"):
        return format_moment(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)
