"""What can have happened to a subscription: immutable, past tense, the only thing that is stored of it.

Evolution (like every stored type here): a fact is never renamed and its name never reused; fields are appended with a
default that keeps the old meaning; anything else is a new fact. `subscription.evolve` folds them.
"""

import msgspec

from tenure.core.installation import Installation
from tenure.core.periods import Duration
from tenure.core.policy.rules import Rules
from tenure.core.subscription.terms import CodeRef, Hold, Period, RenewalIntent, Terms, TermsField
from tenure.core.timeline import Instant


class FactHeader(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", omit_defaults=True):
    """What all facts say: when it took effect, when it was noticed, who caused it and why."""

    at: Instant
    recorded_at: Instant
    by: str
    why: str = ""


class Ordered(FactHeader, frozen=True, kw_only=True, tag="Ordered"):
    """A customer bought; `period` is set when the term began with the order."""

    subscription: str
    provider: str
    customer: str
    terms: Terms
    rules: Rules
    code: CodeRef
    intent: RenewalIntent
    price: int
    """What the first period costs (minor units); paid unless `awaiting_payment`."""
    until: Instant | None = None
    """The end named by an `until` order; such a term starts at the order or its confirmation."""
    trial: bool = False
    trial_period: Duration | None = None
    awaiting_payment: bool = False
    period: Period | None = None
    activate_by: Instant


class PaymentConfirmed(FactHeader, frozen=True, kw_only=True, tag="PaymentConfirmed"):
    """The provider confirmed a payment made outside the ledger; the facts it allowed follow it."""

    reference: str
    amount: int
    covers: str
    """`order`, `renewal` or `raise`."""
    period: Period | None = None
    """The first period, when it began with the confirmation of the order."""


class Activated(FactHeader, frozen=True, kw_only=True, tag="Activated"):
    """The first activation started the term."""

    period: Period


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


class SiteReplaced(FactHeader, frozen=True, kw_only=True, tag="SiteReplaced"):
    """A standalone application was installed again on its hardware: the new one has its place, its key is refused."""

    site: str
    replacement: str
    excess_until: Instant
    """Until when the replaced one's last lease may still serve together with the new one (the declared excess)."""


class SiteReleaseOrdered(FactHeader, frozen=True, kw_only=True, tag="SiteReleaseOrdered"):
    """Customer or provider made an installation give its place up; it counts until it has, or its words are over."""

    site: str
    until: Instant
    """When its leases and seats are over at the latest, as known then."""
    another_code: bool = False
    """The provider lets it take another code although the present subscription is in force (rule M10)."""


class SiteLeft(FactHeader, frozen=True, kw_only=True, tag="SiteLeft"):
    """The site no longer holds the subscription."""

    site: str
    freed: bool = False
    """A receipt freed the place of a standalone application at once, although its last lease would have run on."""


class EphemeralCounted(FactHeader, frozen=True, kw_only=True, tag="EphemeralCounted"):
    """A day of the provider is over: how many ephemeral applications came and went on it, and a digest of who and when.

    At most one for a day, none for a day on which none came or went; `core.ephemeral` makes and describes it.
    """

    day: Instant
    """The day's beginning (UTC, by the provider's clock); it ends at `at`."""
    came: int
    went: int
    digest: str
    """SHA-256 (base64url) over the day's comings and goings in order."""


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


class SuccessorDropped(FactHeader, frozen=True, kw_only=True, tag="SuccessorDropped"):
    """The site no longer keeps it ready; nothing was consumed."""

    site: str


class SuccessorStarted(FactHeader, frozen=True, kw_only=True, tag="SuccessorStarted"):
    """The successor took over at `at`; `period` when the term began with it."""

    site: str
    period: Period | None = None


class RenewalReserved(FactHeader, frozen=True, kw_only=True, tag="RenewalReserved"):
    """The money of the next period was set aside; from now on the timeline carries the period."""

    period: Period


class ReserveReleased(FactHeader, frozen=True, kw_only=True, tag="ReserveReleased"):
    """A reserve was given up; `kept` is the stretch that signed leases still promise and that stays paid for."""

    amount: int
    kept: Period | None = None


class Renewed(FactHeader, frozen=True, kw_only=True, tag="Renewed"):
    """A period was bought; `anchor` when it did not begin at the old end."""

    period: Period
    paid_by: str
    """`balance`, `reserve`, `external` or `nothing` (price 0)."""
    anchor: Instant | None = None


class Reanchored(FactHeader, frozen=True, kw_only=True, tag="Reanchored"):
    """Later periods are computed from another anchor."""

    anchor: Instant


class SiteDeclaredLost(FactHeader, frozen=True, kw_only=True, tag="SiteDeclaredLost"):
    """The provider declared a site gone; its key is refused for good."""

    site: str
    recipient: str = ""
    allotment: int = 0
    """What moved to the recipient at once."""
    excess_until: Instant | None = None
    """Until when the lost site's last lease may still cover as many devices (the declared excess)."""


class PaymentFailed(FactHeader, frozen=True, kw_only=True, tag="PaymentFailed"):
    """The balance did not cover what fell due at `at`."""

    price: int
    missing: int


class Refunded(FactHeader, frozen=True, kw_only=True, tag="Refunded"):
    """Money went back to the balance, for days from `since` on that are no longer promised to a site."""

    amount: int
    since: Instant


class RenewalIntentSet(FactHeader, frozen=True, kw_only=True, tag="RenewalIntentSet"):
    """Automatic renewal was switched, or resumed after it had stopped."""

    intent: RenewalIntent


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


class HoldPlaced(FactHeader, frozen=True, kw_only=True, tag="HoldPlaced"):
    """One side paused the service."""

    hold: Hold


class HoldReleased(FactHeader, frozen=True, kw_only=True, tag="HoldReleased"):
    """A side's pause is over; with a stopped clock `shift_days` whole paid days move everything behind it."""

    owner: str
    shift_days: int = 0
    """Only on the release after which the clock runs again."""


class Canceled(FactHeader, frozen=True, kw_only=True, tag="Canceled"):
    """Nothing is bought any more; service ends at `effective`, with `grace_days` after it."""

    effective: Instant
    at_once: bool = False
    grace_days: int = 0
    former_intent: RenewalIntent = RenewalIntent.MANUAL


class CancellationUndone(FactHeader, frozen=True, kw_only=True, tag="CancellationUndone"):
    """The cancellation is as if it had not been; the earlier intent holds again."""


class CodeReissued(FactHeader, frozen=True, kw_only=True, tag="CodeReissued"):
    """A new code was given; earlier ones activate nothing any more."""

    code: CodeRef


class CodeBlocked(FactHeader, frozen=True, kw_only=True, tag="CodeBlocked"):
    """Sites activated with the code lose service at `ends`; before it they are in grace."""

    code: str
    ends: Instant


class CodeUnblocked(FactHeader, frozen=True, kw_only=True, tag="CodeUnblocked"):
    """The block is as if it had not been."""

    code: str


class GraceExtended(FactHeader, frozen=True, kw_only=True, tag="GraceExtended"):
    """So many more days of grace at the coming or running end: goodwill, or a policy that was applied now."""

    days: int
    period: Instant | None = None
    """Beginning of the period that gains them, a trial too; absent: the last paid one, reserved or not."""


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


class AllotmentFreed(FactHeader, frozen=True, kw_only=True, tag="AllotmentFreed"):
    """Administrator or provider agreed that a silent site's part of the pool goes to the others at once."""

    site: str
    allotment: int = 0
    """How many devices that were."""


class AllotmentSet(FactHeader, frozen=True, kw_only=True, tag="AllotmentSet"):
    """How many of the subscription's devices the site may protect from now on."""

    site: str
    allotment: int


class DevicesReleased(FactHeader, frozen=True, kw_only=True, tag="DevicesReleased"):
    """A site gave devices back by signed receipts."""

    site: str
    count: int


class ForkFound(FactHeader, frozen=True, kw_only=True, tag="ForkFound"):
    """Two copies of a site used one identity; the stale one's request is the evidence."""

    site: str
    evidence: str = ""


class ForkResolved(FactHeader, frozen=True, kw_only=True, tag="ForkResolved"):
    """A user decided what the copies are: `restored`, `second_site` or `retired`."""

    site: str
    resolution: str
    own: bool = False
    """The customer's side said so, who may say `restored` only so often."""


class Transferred(FactHeader, frozen=True, kw_only=True, tag="Transferred"):
    """The subscription went to another customer of the same provider."""

    customer: str


class Learned(FactHeader, frozen=True, kw_only=True, tag="Learned"):
    """After a restore: a lease the server itself had signed showed more than the server remembered."""

    site: str
    key: str
    serial: int
    until: Instant
    lease: str = ""
    """SHA-256 (base64url) of the lease's bytes."""


Fact = (
    Ordered | PaymentConfirmed | Activated | SiteActivated | SiteReplaced | SiteReleaseOrdered | SiteLeft
    | SuccessorStaged | SuccessorDropped | SuccessorStarted | RenewalReserved | ReserveReleased | Renewed | Reanchored
    | SiteDeclaredLost | PaymentFailed | Refunded | RenewalIntentSet | TermsChanged | ChangeScheduled | ChangeDropped
    | HoldPlaced | HoldReleased | Canceled | CancellationUndone | CodeReissued | CodeBlocked | CodeUnblocked
    | GraceExtended | AllotmentSet | AllotmentFreed | DevicesReleased | ForkFound | ForkResolved | Transferred
    | Learned | EphemeralCounted | SeatConflictListed
)  # fmt: skip

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """The bytes that are stored and hashed."""
    return _encoder.encode(fact)


def decode_fact(body: bytes) -> Fact:
    """The fact behind stored bytes; raises msgspec.ValidationError when they are not one."""
    return _decoder.decode(body)
