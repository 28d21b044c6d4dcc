"""Every action on a subscription as a table: its body, the command it becomes, what may be refused [spec: commands].

How a command is decided, stored and shown is `subscriptions`' and `subscription_service`'s.
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from tenure.core.business import commands as c
from tenure.core.periods import parse_until
from tenure.core.policy.rules import Action, LateRenewal
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.terms import RenewalIntent, TermsField
from tenure.http.body_types import Line, OptionalLine, RequestBody
from tenure.http.timestamps import Moment, instant_of
from tenure.server import policies
from tenure.server.api.fields import Days, Devices, Id, LastDay, OutcomeHash
from tenure.server.context import Tenant
from tenure.server.ordering import terms_for
from tenure.store import tenants
from tenure.store.engine import Connection


class ReasonBody(RequestBody, frozen=True, kw_only=True):
    """A command that needs nothing but its reason; `outcome_hash` applies exactly what was previewed."""

    why: OptionalLine = ""
    outcome_hash: OutcomeHash = ""


class RenewBody(ReasonBody, frozen=True, kw_only=True):
    """Buy the next period."""

    late: LateRenewal | None = None
    """Where a period bought after the end begins, instead of what the policy says."""


class IntentBody(ReasonBody, frozen=True, kw_only=True):
    """Switch automatic renewal."""

    intent: RenewalIntent


class CancelBody(ReasonBody, frozen=True, kw_only=True):
    """Buy nothing any more: at the end of what is paid for, or at once."""

    at_once: bool = False


class HoldBody(ReasonBody, frozen=True, kw_only=True):
    """Pause the service."""

    reason: Line
    until: LastDay | None = None
    """A date (its last day) or an instant; absent: until somebody releases it."""


class DevicesBody(ReasonBody, frozen=True, kw_only=True):
    """Another number of devices."""

    devices: Devices
    at_once: bool = False


class OtherPlanBody(ReasonBody, frozen=True, kw_only=True):
    """Another offer for the same product; without `devices` what is agreed for their number stays agreed."""

    offer: Id
    devices: Devices | None = None


class DropBody(ReasonBody, frozen=True, kw_only=True):
    """A scheduled change that shall not happen: all that is scheduled for that instant, or only one `field`."""

    effective: Moment
    field: TermsField | None = None


class CodeBody(ReasonBody, frozen=True, kw_only=True):
    """Which code is meant."""

    code: Id


class BlockBody(CodeBody, frozen=True, kw_only=True):
    """Block a code: after days of grace, for fraud at once."""

    fraud: bool = False


class GraceBody(ReasonBody, frozen=True, kw_only=True):
    """Goodwill days."""

    days: Days


class TransferBody(ReasonBody, frozen=True, kw_only=True):
    """The customer who gets it."""

    customer: Id


class AnchorBody(ReasonBody, frozen=True, kw_only=True):
    """Another day on which periods turn."""

    anchor: Moment


class SiteBody(ReasonBody, frozen=True, kw_only=True):
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


class SeatConflictBody(ReasonBody, frozen=True, kw_only=True):
    """Which applications on their own stop when the lower limit begins: exactly as many as have to."""

    going: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MOST_LISTED)]


class LostBody(SiteBody, frozen=True, kw_only=True):
    """A site that is gone for good, and the one that gets its allotment."""

    recipient: Id | None = None


class ForkBody(SiteBody, frozen=True, kw_only=True):
    """What two copies of a site are."""

    resolution: Annotated[str, msgspec.Meta(pattern=r"^(restored|second_site|retired)$(?!\n)")]


def command_header(tenant: Tenant, body: ReasonBody) -> dict[str, Any]:
    """Who asks, in which role, and why."""
    return {"by": tenant.by, "role": tenant.role, "why": body.why}


MakeFrom = Callable[[Connection, Tenant, Subscription, Any], c.Command | Refused]


def _plain_command(kind: type[Any], *names: str) -> MakeFrom:
    """A command whose fields are those of the body, under the same names."""

    def make(_: Connection, tenant: Tenant, __: Subscription, body: ReasonBody) -> c.Command | Refused:
        command: c.Command = kind(**command_header(tenant, body), **{name: getattr(body, name) for name in names})
        return command

    return make


def _make_hold(_: Connection, tenant: Tenant, __: Subscription, body: HoldBody) -> c.Command | Refused:
    until = None if body.until is None else parse_until(body.until)
    if isinstance(until, Refused):
        return until
    return c.PlaceHold(**command_header(tenant, body), reason=body.reason, until=until)


def _change_plan(conn: Connection, tenant: Tenant, sub: Subscription, body: OtherPlanBody) -> c.Command | Refused:
    devices = sub.terms_at(tenant.now).devices if body.devices is None else body.devices
    terms = terms_for(conn, tenant, body.offer, devices)
    if isinstance(terms, Refused):
        return terms
    return c.ChangePlan(**command_header(tenant, body), terms=terms.terms, devices_as_agreed=body.devices is None)


def _make_drop(_: Connection, tenant: Tenant, __: Subscription, body: DropBody) -> c.Command | Refused:
    return c.DropChange(**command_header(tenant, body), effective=instant_of(body.effective), field=body.field)


def _make_reanchor(_: Connection, tenant: Tenant, __: Subscription, body: AnchorBody) -> c.Command | Refused:
    return c.Reanchor(**command_header(tenant, body), anchor=instant_of(body.anchor))


def _make_transfer(conn: Connection, tenant: Tenant, __: Subscription, body: TransferBody) -> c.Command | Refused:
    # Who may not transfer is told so by `decide`, and must not learn here which other customers there are.
    permitted = Action.TRANSFER in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role)
    if permitted and tenants.get_customer(conn, tenant.id, body.customer) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    return c.Transfer(**command_header(tenant, body), customer=body.customer)


def _make_lost(_: Connection, tenant: Tenant, __: Subscription, body: LostBody) -> c.Command | Refused:
    return c.DeclareSiteLost(**command_header(tenant, body), site=body.site, recipient=body.recipient or "")


ALWAYS = (RefusalCode.OUTCOME_CHANGED_MEANWHILE, RefusalCode.LEDGER_DRIFT)
_STATE = (
    RefusalCode.SUBSCRIPTION_ENDED, RefusalCode.SUBSCRIPTION_CANCELED, RefusalCode.NOT_ACTIVATED,
    RefusalCode.AWAITING_PAYMENT,
    RefusalCode.NOTHING_TO_CHANGE,
)  # fmt: skip
PAYING = (
    *_STATE, RefusalCode.INSUFFICIENT_BALANCE, RefusalCode.RENEWAL_TOO_EARLY, RefusalCode.RENEWAL_TOO_LATE,
    RefusalCode.RENEWAL_IS_AUTOMATIC,
    RefusalCode.RENEWAL_AMBIGUOUS, RefusalCode.SUBSCRIPTION_PAUSED,
)  # fmt: skip
_DEVICES = (
    *_STATE, RefusalCode.INSUFFICIENT_BALANCE, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE, RefusalCode.SEAT_CONFLICT_OPEN,
    RefusalCode.PERIOD_PAID_AHEAD,
)  # fmt: skip

ACTIONS: tuple[tuple[str, type[ReasonBody], MakeFrom, str, tuple[RefusalCode, ...]], ...] = (
    ("renew", RenewBody, _plain_command(c.Renew, "late"), "Buys the next period from the balance.", PAYING),
    (
        "set_renewal_intent", IntentBody, _plain_command(c.SetRenewalIntent, "intent"),
        "Switches automatic renewal, or resumes it after it stopped.",
        (*_STATE, RefusalCode.RENEWAL_IS_AUTOMATIC, RefusalCode.AUTOMATIC_NEEDS_PREPAID, RefusalCode.RENEWAL_TOO_LATE),
    ),
    (
        "cancel", CancelBody, _plain_command(c.Cancel, "at_once"),
        "Cancels at the end of what is paid for, or at once.", (RefusalCode.ALREADY_CANCELED,
        RefusalCode.SUBSCRIPTION_ENDED),
    ),
    (
        "undo_cancellation", ReasonBody, _plain_command(c.UndoCancellation),
        "Takes back a cancellation that has not taken effect.",
        (RefusalCode.NOTHING_TO_UNDO, RefusalCode.INSUFFICIENT_BALANCE),
    ),
    ("hold", HoldBody, _make_hold, "Pauses the service.", (*_STATE, RefusalCode.ALREADY_PAUSED)),
    ("release", ReasonBody, _plain_command(c.ReleaseHold), "Ends your side's pause.", (RefusalCode.NOT_PAUSED,)),
    (
        "change_devices", DevicesBody, _plain_command(c.ChangeDevices, "devices", "at_once"),
        "More devices at once, fewer at the first period end far enough away.", _DEVICES,
    ),
    (
        "change_plan", OtherPlanBody, _change_plan,
        "Another plan of the same product: dearer at once, cheaper at the next period end.",
        (*_DEVICES, RefusalCode.UNKNOWN_PLAN, RefusalCode.CODE_NOT_FOR_PRODUCT, RefusalCode.SUBSCRIPTION_PAUSED),
    ),
    (
        "drop_change", DropBody, _make_drop,
        "Drops a scheduled change; a period bought at its terms is paid for at those that then hold.",
        (
            RefusalCode.NOTHING_TO_CHANGE, RefusalCode.INSUFFICIENT_BALANCE, RefusalCode.AWAITING_PAYMENT,
            RefusalCode.DEVICE_COUNT_OUT_OF_RANGE,
            RefusalCode.PERIOD_PAID_AHEAD,
        ),
    ),
    (
        "block_code", BlockBody, _plain_command(c.BlockCode, "code", "fraud"),
        "Blocks a code: sites that used it end after days of grace, for fraud at once.", (RefusalCode.CODE_BLOCKED,),
    ),
    ("unblock_code", CodeBody, _plain_command(c.UnblockCode, "code"), "Lifts a block.", (RefusalCode.NOT_BLOCKED,)),
    (
        "extend_grace", GraceBody, _plain_command(c.ExtendGrace, "days"), "Gives goodwill days of grace.",
        (*_STATE, RefusalCode.GRACE_OUT_OF_BOUNDS),
    ),
    (
        "transfer", TransferBody, _make_transfer, "Moves it to another customer.",
        (RefusalCode.NOTHING_TO_CHANGE, RefusalCode.RENEWAL_IS_AUTOMATIC, RefusalCode.SUBSCRIPTION_CANCELED),
    ),
    (
        "reanchor", AnchorBody, _make_reanchor, "Lets later periods turn at another day.",
        (*_STATE, RefusalCode.RENEWAL_IS_AUTOMATIC),
    ),
    (
        "release_site", ReleaseBody, _plain_command(c.ReleaseSite, "site", "another_code"),
        "Makes an installation give its place up; it counts until it has, or its lease and seats are over.",
        (RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE),
    ),
    (
        "edit_seat_conflict", SeatConflictBody, _plain_command(c.EditSeatConflict, "going"),
        "Says which applications on their own stop when fewer devices are ordered than are in use; until then.",
        (RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE, RefusalCode.SEAT_CONFLICT_OPEN),
    ),
    (
        "resolve_fork", ForkBody, _plain_command(c.ResolveFork, "site", "resolution"),
        "Says what two copies of a site are.",
        (RefusalCode.SITE_UNKNOWN, RefusalCode.NOTHING_TO_CHANGE, RefusalCode.RESTORED_TOO_OFTEN),
    ),
    (
        "free_allotment", SiteBody, _plain_command(c.FreeAllotment, "site"),
        "Gives what a silent site holds to the others, once its leases and seats are over.",
        (RefusalCode.SITE_UNKNOWN, RefusalCode.STILL_PROMISED, RefusalCode.NOTHING_TO_CHANGE),
    ),
    (
        "declare_site_lost", LostBody, _make_lost,
        "Declares a site gone: its key is refused for good, its allotment moves at once.", (RefusalCode.SITE_UNKNOWN,),
    ),
)  # fmt: skip
