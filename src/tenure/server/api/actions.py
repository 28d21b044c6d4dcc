"""Every action on a subscription as a table: its body, the command it becomes, what may be refused [spec: commands].

How a command is decided, stored and shown is `subscriptions`' and `desk`'s.
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from tenure.core import commands as c
from tenure.core.periods import parse_until
from tenure.core.policy import Action, LateRenewal
from tenure.core.refusals import Code, Refused
from tenure.core.subscription import Subscription
from tenure.core.terms import Field, Intent
from tenure.http.fields import Body, Line, OptionalLine
from tenure.http.instants import Moment, instant_of
from tenure.server import policies
from tenure.server.api.fields import Days, Devices, Id, LastDay, Plan_hash
from tenure.server.context import Tenant
from tenure.server.ordering import terms_for
from tenure.store import people
from tenure.store.engine import Connection


class Why(Body, frozen=True, kw_only=True):
    """A command that needs nothing but its reason; `plan` applies exactly what was previewed."""

    why: OptionalLine = ""
    plan: Plan_hash = ""


class RenewBody(Why, frozen=True, kw_only=True):
    """Buy the next period."""

    late: LateRenewal | None = None
    """Where a period bought after the end begins, instead of what the policy says."""


class IntentBody(Why, frozen=True, kw_only=True):
    """Switch automatic renewal."""

    intent: Intent


class CancelBody(Why, frozen=True, kw_only=True):
    """Buy nothing any more: at the end of what is paid for, or at once."""

    at_once: bool = False


class HoldBody(Why, frozen=True, kw_only=True):
    """Pause the service."""

    reason: Line
    until: LastDay | None = None
    """A date (its last day) or an instant; absent: until somebody releases it."""


class DevicesBody(Why, frozen=True, kw_only=True):
    """Another number of devices."""

    devices: Devices
    at_once: bool = False


class OtherPlanBody(Why, frozen=True, kw_only=True):
    """Another offer for the same product; without `devices` what is agreed for their number stays agreed."""

    offer: Id
    devices: Devices | None = None


class DropBody(Why, frozen=True, kw_only=True):
    """A scheduled change that shall not happen: all that is scheduled for that instant, or only one `field`."""

    effective: Moment
    field: Field | None = None


class CodeBody(Why, frozen=True, kw_only=True):
    """Which code is meant."""

    code: Id


class BlockBody(CodeBody, frozen=True, kw_only=True):
    """Block a code: after days of grace, for fraud at once."""

    fraud: bool = False


class GraceBody(Why, frozen=True, kw_only=True):
    """Goodwill days."""

    days: Days


class TransferBody(Why, frozen=True, kw_only=True):
    """The customer who gets it."""

    customer: Id


class AnchorBody(Why, frozen=True, kw_only=True):
    """Another day on which periods turn."""

    anchor: Moment


class SiteBody(Why, frozen=True, kw_only=True):
    """Which site is meant."""

    site: Id


class ReleaseBody(SiteBody, frozen=True, kw_only=True):
    """An installation that is to give its place up."""

    another_code: bool = False
    """Let it take another code although this subscription is in force: the provider's to say, and recorded."""


MOST_LISTED = 10_000
"""Applications that one edit of a seat conflict's list may name."""
CAPS = {"edit_seat_conflict": 512 * 1024}
"""Bytes of a request's body, where the usual number does not hold what may be named."""


class SeatConflictBody(Why, frozen=True, kw_only=True):
    """Which applications on their own stop when the lower limit begins: exactly as many as have to."""

    going: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MOST_LISTED)]


class LostBody(SiteBody, frozen=True, kw_only=True):
    """A site that is gone for good, and the one that gets its allotment."""

    heir: Id | None = None


class ForkBody(SiteBody, frozen=True, kw_only=True):
    """What two copies of a site are."""

    resolution: Annotated[str, msgspec.Meta(pattern=r"^(restored|second_site|retired)$(?!\n)")]


def by(tenant: Tenant, body: Why) -> dict[str, Any]:
    """Who asks, in which role, and why."""
    return {"by": tenant.by, "role": tenant.role, "why": body.why}


MakeFrom = Callable[[Connection, Tenant, Subscription, Any], c.Command | Refused]


def _plain(kind: type[Any], *names: str) -> MakeFrom:
    """A command whose fields are those of the body, under the same names."""

    def make(_: Connection, tenant: Tenant, __: Subscription, body: Why) -> c.Command | Refused:
        command: c.Command = kind(**by(tenant, body), **{name: getattr(body, name) for name in names})
        return command

    return make


def _hold(_: Connection, tenant: Tenant, __: Subscription, body: HoldBody) -> c.Command | Refused:
    until = None if body.until is None else parse_until(body.until)
    if isinstance(until, Refused):
        return until
    return c.Hold(**by(tenant, body), reason=body.reason, until=until)


def _change_plan(conn: Connection, tenant: Tenant, sub: Subscription, body: OtherPlanBody) -> c.Command | Refused:
    devices = sub.terms_at(tenant.now).devices if body.devices is None else body.devices
    terms = terms_for(conn, tenant, body.offer, devices)
    if isinstance(terms, Refused):
        return terms
    return c.ChangePlan(**by(tenant, body), terms=terms.terms, devices_as_agreed=body.devices is None)


def _drop(_: Connection, tenant: Tenant, __: Subscription, body: DropBody) -> c.Command | Refused:
    return c.DropChange(**by(tenant, body), effective=instant_of(body.effective), field=body.field)


def _reanchor(_: Connection, tenant: Tenant, __: Subscription, body: AnchorBody) -> c.Command | Refused:
    return c.Reanchor(**by(tenant, body), anchor=instant_of(body.anchor))


def _transfer(conn: Connection, tenant: Tenant, __: Subscription, body: TransferBody) -> c.Command | Refused:
    # Who may not transfer is told so by `decide`, and must not learn here which other customers there are.
    permitted = Action.TRANSFER in policies.history(conn, tenant.id).permitted(tenant.role)
    if permitted and people.customer(conn, tenant.id, body.customer) is None:
        return Refused(Code.NOT_FOUND, field="customer")
    return c.Transfer(**by(tenant, body), customer=body.customer)


def _lost(_: Connection, tenant: Tenant, __: Subscription, body: LostBody) -> c.Command | Refused:
    return c.DeclareSiteLost(**by(tenant, body), site=body.site, heir=body.heir or "")


ALWAYS = (Code.PLAN_CHANGED_MEANWHILE, Code.LEDGER_DRIFT)
_STATE = (
    Code.SUBSCRIPTION_ENDED, Code.SUBSCRIPTION_CANCELLED, Code.NOT_ACTIVATED, Code.AWAITING_PAYMENT,
    Code.NOTHING_TO_CHANGE,
)  # fmt: skip
PAYING = (
    *_STATE, Code.INSUFFICIENT_BALANCE, Code.RENEWAL_TOO_EARLY, Code.RENEWAL_TOO_LATE, Code.RENEWAL_IS_AUTOMATIC,
    Code.RENEWAL_AMBIGUOUS, Code.SUBSCRIPTION_PAUSED,
)  # fmt: skip
_DEVICES = (
    *_STATE, Code.INSUFFICIENT_BALANCE, Code.DEVICE_COUNT_OUT_OF_RANGE, Code.SEAT_CONFLICT_OPEN,
    Code.PERIOD_PAID_AHEAD,
)  # fmt: skip

ACTIONS: tuple[tuple[str, type[Why], MakeFrom, str, tuple[Code, ...]], ...] = (
    ("renew", RenewBody, _plain(c.Renew, "late"), "Buys the next period from the balance.", PAYING),
    (
        "set_renewal_intent", IntentBody, _plain(c.SetRenewalIntent, "intent"),
        "Switches automatic renewal, or resumes it after it stopped.",
        (*_STATE, Code.RENEWAL_IS_AUTOMATIC, Code.AUTOMATIC_NEEDS_PREPAID, Code.RENEWAL_TOO_LATE),
    ),
    (
        "cancel", CancelBody, _plain(c.Cancel, "at_once"),
        "Cancels at the end of what is paid for, or at once.", (Code.ALREADY_CANCELLED, Code.SUBSCRIPTION_ENDED),
    ),
    (
        "undo_cancellation", Why, _plain(c.UndoCancellation), "Takes back a cancellation that has not taken effect.",
        (Code.NOTHING_TO_UNDO, Code.INSUFFICIENT_BALANCE),
    ),
    ("hold", HoldBody, _hold, "Pauses the service.", (*_STATE, Code.ALREADY_PAUSED)),
    ("release", Why, _plain(c.Release), "Ends your side's pause.", (Code.NOT_PAUSED,)),
    (
        "change_devices", DevicesBody, _plain(c.ChangeDevices, "devices", "at_once"),
        "More devices at once, fewer at the first period end far enough away.", _DEVICES,
    ),
    (
        "change_plan", OtherPlanBody, _change_plan,
        "Another plan of the same product: dearer at once, cheaper at the next period end.",
        (*_DEVICES, Code.UNKNOWN_PLAN, Code.CODE_NOT_FOR_PRODUCT, Code.SUBSCRIPTION_PAUSED),
    ),
    (
        "drop_change", DropBody, _drop,
        "Drops a scheduled change; a period bought at its terms is paid for at those that then hold.",
        (
            Code.NOTHING_TO_CHANGE, Code.INSUFFICIENT_BALANCE, Code.AWAITING_PAYMENT, Code.DEVICE_COUNT_OUT_OF_RANGE,
            Code.PERIOD_PAID_AHEAD,
        ),
    ),
    (
        "block_code", BlockBody, _plain(c.BlockCode, "code", "fraud"),
        "Blocks a code: sites that used it end after days of grace, for fraud at once.", (Code.CODE_BLOCKED,),
    ),
    ("unblock_code", CodeBody, _plain(c.UnblockCode, "code"), "Lifts a block.", (Code.NOT_BLOCKED,)),
    (
        "extend_grace", GraceBody, _plain(c.ExtendGrace, "days"), "Gives goodwill days of grace.",
        (*_STATE, Code.GRACE_OUT_OF_BOUNDS),
    ),
    (
        "transfer", TransferBody, _transfer, "Moves it to another customer.",
        (Code.NOTHING_TO_CHANGE, Code.RENEWAL_IS_AUTOMATIC, Code.SUBSCRIPTION_CANCELLED),
    ),
    (
        "reanchor", AnchorBody, _reanchor, "Lets later periods turn at another day.",
        (*_STATE, Code.RENEWAL_IS_AUTOMATIC),
    ),
    (
        "release_site", ReleaseBody, _plain(c.ReleaseSite, "site", "another_code"),
        "Makes an installation give its place up; it counts until it has, or its lease and seats are over.",
        (Code.SITE_UNKNOWN, Code.NOTHING_TO_CHANGE),
    ),
    (
        "edit_seat_conflict", SeatConflictBody, _plain(c.EditSeatConflict, "going"),
        "Says which applications on their own stop when fewer devices are ordered than are in use; until then.",
        (Code.SITE_UNKNOWN, Code.NOTHING_TO_CHANGE, Code.SEAT_CONFLICT_OPEN),
    ),
    (
        "resolve_fork", ForkBody, _plain(c.ResolveFork, "site", "resolution"), "Says what two copies of a site are.",
        (Code.SITE_UNKNOWN, Code.NOTHING_TO_CHANGE, Code.RESTORED_TOO_OFTEN),
    ),
    (
        "free_allotment", SiteBody, _plain(c.FreeAllotment, "site"),
        "Gives what a silent site holds to the others, once its leases and seats are over.",
        (Code.SITE_UNKNOWN, Code.STILL_PROMISED, Code.NOTHING_TO_CHANGE),
    ),
    (
        "declare_site_lost", LostBody, _lost,
        "Declares a site gone: its key is refused for good, its allotment moves at once.", (Code.SITE_UNKNOWN,),
    ),
)  # fmt: skip
