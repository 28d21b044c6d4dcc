"""What may be asked of a subscription: imperative, may be refused by `decide`; ids and code hashes come along."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from tenure.core.installation import Installation
from tenure.core.periods import Duration
from tenure.core.policy.rules import Action, LateRenewal, Role, Rules
from tenure.core.subscription.allotment import SiteShare
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.seat_conflict import SeatConflict
from tenure.core.subscription.terms import CodeRef, RenewalIntent, Terms, TermsField
from tenure.core.timeline import Instant


class CommandHeader(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """Who asks, in which role, and why; all three go into the facts."""

    by: str
    role: Role = Role.PROVIDER
    why: str = ""


class Order(CommandHeader, frozen=True, kw_only=True, tag="order"):
    """Buy: `until` for a fixed end, otherwise the plan's period from its start."""

    subscription: str
    provider: str
    customer: str
    terms: Terms
    code: CodeRef
    intent: RenewalIntent = RenewalIntent.MANUAL
    until: Instant | None = None
    trial: bool = False
    trial_period: Duration | None = None
    """How long the trial lasts; None: one period of the plan."""


class ConfirmPayment(CommandHeader, frozen=True, kw_only=True, tag="confirm_payment"):
    """The provider received money outside the ledger; `devices` only when it covers a raise."""

    reference: str
    covers: str
    """`order`, `renewal` or `raise`."""
    devices: int = 0


class Activate(CommandHeader, frozen=True, kw_only=True, tag="activate"):
    """A site applies a code of this subscription."""

    site: str
    key: str
    code: str
    product: str
    version: str
    name: str
    hardware: tuple[str, ...] = ()
    allotment: int = 0
    """What the pool has for it, computed by the caller with `allotment.grant_allotment`; 1 or 0 for a standalone
    application."""
    installation: Installation = Installation.SERVER
    ephemeral: bool = False
    """It comes and goes too often to be told of in the history: the caller keeps a row of it."""
    replaces: str = ""
    """Its old self on the same hardware (`decide.places.old_selves`) whose place is still counted."""


class StageSuccessor(CommandHeader, frozen=True, kw_only=True, tag="stage_successor"):
    """A site keeps this subscription ready to take over from the one it uses."""

    site: str
    key: str
    code: str
    product: str
    version: str
    name: str
    hardware: tuple[str, ...] = ()
    allotment: int = 0
    installation: Installation = Installation.SERVER


class DropSuccessor(CommandHeader, frozen=True, kw_only=True, tag="drop_successor"):
    """A site no longer wants it as successor."""

    site: str


class LeaveSite(CommandHeader, frozen=True, kw_only=True, tag="leave_site"):
    """An installation gives the subscription up by itself: what it had is erased there, as its receipt says."""

    site: str


class ReleaseSite(CommandHeader, frozen=True, kw_only=True, tag="release_site"):
    """Makes an installation give up its place."""

    site: str
    another_code: bool = False
    """Let it take another code although the present subscription is in force: the provider's to say (M10)."""


class EditSeatConflict(CommandHeader, frozen=True, kw_only=True, tag="edit_seat_conflict"):
    """Fewer devices are ordered than are in use: these applications on their own stop on the day, and no others."""

    going: tuple[str, ...]


class Renew(CommandHeader, frozen=True, kw_only=True, tag="renew"):
    """Buy the next period by hand; `late` overrides the policy once the subscription has ended."""

    late: LateRenewal | None = None


class SetRenewalIntent(CommandHeader, frozen=True, kw_only=True, tag="set_renewal_intent"):
    """Switch automatic renewal, or resume it after it stopped."""

    intent: RenewalIntent


class ChangeDevices(CommandHeader, frozen=True, kw_only=True, tag="change_devices"):
    """More devices at once, fewer at the first period end far enough away (or `at_once`, if use allows)."""

    devices: int
    at_once: bool = False


class ChangePlan(CommandHeader, frozen=True, kw_only=True, tag="change_plan"):
    """Other terms of the same product and kind: a more expensive one at once, a cheaper one at the next period end."""

    terms: Terms
    devices_as_agreed: bool = False
    """Only the plan is named: the number of devices stays what it is, and what is agreed for it stays agreed."""


class DropChange(CommandHeader, frozen=True, kw_only=True, tag="drop_change"):
    """A scheduled change shall not happen."""

    effective: Instant
    field: TermsField | None = None
    """Only what is scheduled of this; None: all that is scheduled for that instant."""


class PlaceHold(CommandHeader, frozen=True, kw_only=True, tag="hold"):
    """Pause the service."""

    reason: str
    until: Instant | None = None


class ReleaseHold(CommandHeader, frozen=True, kw_only=True, tag="release"):
    """End this side's pause."""


class Cancel(CommandHeader, frozen=True, kw_only=True, tag="cancel"):
    """Buy nothing any more: at the end of what is paid for, or at once."""

    at_once: bool = False


class UndoCancellation(CommandHeader, frozen=True, kw_only=True, tag="undo_cancellation"):
    """Take a cancellation back that has not taken effect."""


class ReissueCode(CommandHeader, frozen=True, kw_only=True, tag="reissue_code"):
    """Give a new code; the old one activates nothing any more."""

    code: CodeRef


class BlockCode(CommandHeader, frozen=True, kw_only=True, tag="block_code"):
    """Block a code: after days of grace, or at once for fraud."""

    code: str
    fraud: bool = False


class UnblockCode(CommandHeader, frozen=True, kw_only=True, tag="unblock_code"):
    """Lift a block."""

    code: str


class ExtendGrace(CommandHeader, frozen=True, kw_only=True, tag="extend_grace"):
    """Goodwill: more days of grace at the coming or running end."""

    days: int


class ResolveFork(CommandHeader, frozen=True, kw_only=True, tag="resolve_fork"):
    """Say what two copies of a site are: `restored`, `second_site` or `retired`."""

    site: str
    resolution: str


class DeclareSiteLost(CommandHeader, frozen=True, kw_only=True, tag="declare_site_lost"):
    """A site is gone for good; `recipient` gets its allotment at once."""

    site: str
    recipient: str = ""


class FreeAllotment(CommandHeader, frozen=True, kw_only=True, tag="free_allotment"):
    """What a silent site still holds of the pool goes to the others now, not only after the waiting time."""

    site: str


class Reanchor(CommandHeader, frozen=True, kw_only=True, tag="reanchor"):
    """Let later periods turn at another day."""

    anchor: Instant


class Transfer(CommandHeader, frozen=True, kw_only=True, tag="transfer"):
    """Move the subscription to another customer of the same provider."""

    customer: str


Command = (
    Order | ConfirmPayment | Activate | StageSuccessor | DropSuccessor | LeaveSite | ReleaseSite | Renew
    | SetRenewalIntent | ChangeDevices | ChangePlan | DropChange | PlaceHold | ReleaseHold | Cancel | UndoCancellation
    | ReissueCode | BlockCode | UnblockCode | ExtendGrace | ResolveFork | DeclareSiteLost | FreeAllotment | Reanchor
    | Transfer | EditSeatConflict
)  # fmt: skip


COMMAND_TYPES: Mapping[str, type[Any]] = {str(each.__struct_config__.tag): each for each in get_args(Command)}
"""The commands by their names, which are those of `command_table`."""


class OutstandingLease(msgspec.Struct, frozen=True, kw_only=True):
    """What a site still has in its hands: until when signed leases promise service, and what it has acknowledged."""

    site: str
    until: Instant
    """The last instant any unreplaced lease of the site grants plan features for, published amnesties added."""
    acks: tuple[tuple[int, Instant], ...] = ()
    """(revision, instant): when the site first acknowledged a lease of that revision or a later one."""


class OccupiedPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """What takes a subscription's places when an installation asks for one."""

    allowed: int = 0
    """Devices that may be protected: the limit and the tolerance granted."""
    alone: int = 0
    """Applications on their own, one device each."""
    servers: int = 0
    """Devices that administration servers hold, in use or not."""
    spare: int = 0
    """Of these, what they hold beyond their need."""


class DecisionContext(msgspec.Struct, frozen=True, kw_only=True):
    """What lies outside the subscription and a decision needs to know."""

    rules: Rules = Rules()
    """The provider's rules as effective now, for this plan."""
    actions: frozenset[Action] = frozenset(Action)
    """What the provider's policy permits to the asking role."""
    floor: str = ""
    """The plan's lowest version as published now (M13)."""
    available: int = 0
    """Balance plus credit limit, minor units."""
    in_use: int = 0
    """Devices that count, over all sites."""
    trial_used: bool = False
    present: Subscription | None = None
    """The subscription the asking site uses for the same product, if any (M10)."""
    present_left: bool = False
    """Whether it has left that one for another, which a restored server has forgotten: it binds the site no more."""
    words: tuple[OutstandingLease, ...] = ()
    parts: tuple[SiteShare, ...] = ()
    """What each site holds of the subscription's pool."""
    taken: OccupiedPlaces = OccupiedPlaces()
    seat_conflict: SeatConflict | None = None
    """A lower limit to come, and who uses the subscription before it."""
