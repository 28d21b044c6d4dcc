"""A standing with words: what an application shows its user, and what can be done about it.

What holds is `lease.standing`'s, the sentences are `core.explain`'s and the refusal table's; nothing is decided here.
"""

import msgspec

from tenure.core.audience import Audience, remedy_for, remedy_of_cause
from tenure.core.explain import Explanation, Remedy, explain
from tenure.core.installation import Installation
from tenure.core.lease.claims import SHORT
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import Standing as Plain
from tenure.core.lease.standing import local_timeline
from tenure.core.plurals import format_count
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.renewal_outlook import carried_on, format_moments_in
from tenure.core.timeline import HOUR, Instant, Phase, PhaseCause
from tenure.sdk.holdings import ProvenHoldings

LOCAL = frozenset(
    {
        RefusalCode.FOLDER_UNREADABLE,
        RefusalCode.FOLDER_UNWRITABLE,
        RefusalCode.FOLDER_UNLOCKABLE,
        RefusalCode.FOLDER_INCOMPLETE,
        RefusalCode.ENVIRONMENT_UNUSABLE,
    }
)
"""Faults of this computer, which come before whatever follows from them."""


UNLICENSED = "Nothing is licensed yet: apply the activation code that your provider sent."


class LicenseStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What is licensed now, why, until when, and what to do; as of the instant `at`."""

    at: Instant
    phase: Phase
    cause: PhaseCause
    message: str
    """Plain words: what holds, what follows and when, and what is wrong, if anything is."""
    remedies: tuple[Remedy, ...] = ()
    since: Instant | None = None
    until: Instant | None = None
    """The first instant at which anything of this changes by itself; None: never."""
    features: tuple[str, ...] = ()
    refusal: Refused | None = None
    """Why functions are withheld: `version_too_old`, `site_lost`, a key that is no longer trusted."""
    warnings: tuple[Refused, ...] = ()
    """What is wrong without taking anything away: `clock_implausible`, `lease_forked`."""
    contact_until: Instant | None = None
    """When silence would end the service."""
    outage_borne: int | None = None
    """Seconds for which the server may be out of reach at any moment; None: two weeks' lease or longer, so a week."""
    paid_until: Instant | None = None
    plan: str = ""
    plan_name: str = ""
    """As the vendor calls it; the id where the lease does not say."""
    provider: str = ""
    limit: int = 0
    allotment: int = 0
    min_version: str = ""
    renew_url: str = ""
    successor_from: Instant | None = None
    """When a staged successor takes over."""

    @property
    def licensed(self) -> bool:
        """Whether a code has been applied whose subscription is not over: active, in grace or on hold.

        Which functions are on is in `features`.
        """
        return self.phase in (Phase.ACTIVE, Phase.GRACE, Phase.PAUSED)


def show_standing(
    holdings: ProvenHoldings,
    estimate: TimeEstimate,
    *,
    forked: RefusalCode | None = None,
    faults: tuple[Refused, ...] = (),
    elsewhere: Refused | None = None,
) -> LicenseStanding:
    """The standing of `holdings` at the time of `estimate`, for people.

    `forked`: what is wrong with a copied site; `faults`: what is wrong with the place where it is kept. A lease that
    cannot be read is not one that was never there. `elsewhere`: why this boot is not served.
    """
    plain = holdings.standing(estimate)
    if elsewhere is not None:
        plain = msgspec.structs.replace(plain, refusal=elsewhere, features=())
    if plain.refusal is None and holdings.present is None:
        unread = next((each for each in faults if each.code is RefusalCode.FOLDER_UNREADABLE), None)
        plain = msgspec.structs.replace(plain, refusal=unread)
        faults = tuple(each for each in faults if each is not unread)
    warnings = () if plain.warning is None else (plain.warning,)
    if forked is not None:
        warnings = (*warnings, Refused(forked))
    warnings = (*faults, *warnings)
    told = _explain_holdings(holdings, plain, estimate.now)
    lease = holdings.lease_at(estimate.now)
    staged = holdings.successor
    alone = holdings.reader.installation is Installation.STANDALONE
    audience = Audience.APPLICATION if alone else Audience.SITE
    standing = LicenseStanding(
        at=estimate.now,
        phase=plain.phase,
        cause=plain.why,
        message=_make_message(plain, told, warnings, audience),
        remedies=_remedy_words(plain, told, warnings, audience),
        since=plain.since,
        until=plain.until,
        features=plain.features,
        refusal=plain.refusal,
        warnings=warnings,
        contact_until=plain.contact_until,
        successor_from=None if staged is None or staged.lease is lease else staged.lease.nbf,
    )
    if lease is None:
        return standing
    return msgspec.structs.replace(
        standing,
        outage_borne=lease.outage_borne if lease.life < SHORT else None,
        paid_until=lease.prepaid_until,
        plan=lease.plan,
        plan_name=lease.plan_called,
        provider=lease.brand.name or lease.provider,
        limit=lease.limit,
        allotment=lease.allotment,
        min_version=lease.min_version,
        renew_url=lease.brand.renew_url,
    )


def refusal_words(refused: Refused, helps: str = "") -> str:
    """A refusal in full: what, the particulars, what to do (in other words than the table's, where they are given)."""
    row = refused.row
    return " ".join(part for part in (row.sentence, format_moments_in(refused.detail), helps or row.remedy) if part)


def outage_told(standing: LicenseStanding) -> str:
    """Which outage a short lease bears, as a sentence; empty for one that bears a week or more."""
    seconds = standing.outage_borne
    if seconds is None or not standing.licensed:
        return ""
    hours = seconds / HOUR
    length = format_count(round(hours), "hour") if hours >= 3 else format_count(seconds // 60, "minute")
    return f"The activation server may be out of reach for up to {length} before functions are withdrawn."


def _explain_holdings(holdings: ProvenHoldings, plain: Plain, now: Instant) -> Explanation | None:
    lease = holdings.lease_at(now)
    if lease is None or holdings.lost is not None:
        return None
    if plain.why is PhaseCause.SYNC_OVERDUE or plain.phase is Phase.PENDING:
        return explain(local_timeline(lease, holdings.contact, holdings.amnesties), now)
    # While all is well people ask how long it is paid for, not when silence would begin to matter.
    outlook = lease.outlook_at(now)
    return explain(carried_on(lease.spans, outlook, lease.prepaid_until), now, outlook)


def _make_message(plain: Plain, told: Explanation | None, warnings: tuple[Refused, ...], audience: Audience) -> str:
    if plain.refusal is not None:
        parts = [refusal_words(plain.refusal, remedy_for(plain.refusal, audience))]
    elif told is None:
        parts = [UNLICENSED]
    elif plain.why is PhaseCause.SYNC_OVERDUE and warnings and warnings[0].code in LOCAL:
        # Nothing could be asked from here: that the server did not answer would be untrue.
        parts = ["Ended: the activation server could not be asked for too long."]
    else:
        follows = "" if told.until is None and not told.renewal else told.follows
        parts = [each for each in (told.sentence, told.renewal, follows) if each]
    return " ".join([*parts, *(format_moments_in(f"{each.row.sentence} {each.detail}".strip()) for each in warnings)])


def _remedy_words(
    plain: Plain, told: Explanation | None, warnings: tuple[Refused, ...], audience: Audience
) -> tuple[Remedy, ...]:
    refusals = [each for each in (plain.refusal, *warnings) if each is not None]
    found = [Remedy(each.row.who, remedy_for(each, audience)) for each in refusals]
    if told is not None:
        found += [Remedy(each.who, remedy_of_cause(plain.why, each.how, audience)) for each in told.remedies]
    elif plain.refusal is None:
        found.append(Remedy("administrator", "Apply the activation code in the application."))
    return tuple(found)
