"""Activation, successors, leaving, forks, lost sites ([spec: another-code, successor, activation]; M9, M10, M13, B7,
B9)."""

from typing import Any

from tenure.core.business.commands import (
    Activate,
    DecisionContext,
    DeclareSiteLost,
    DropSuccessor,
    FreeAllotment,
    ResolveFork,
    StageSuccessor,
)
from tenure.core.business.decide.decision import Accepted, fact_header
from tenure.core.business.decide.money import can_afford, short_of
from tenure.core.business.decide.places import limit_reached, no_place, other_kind, replaced_site
from tenure.core.business.decide.renewals import buy_next
from tenure.core.business.ledger import Posting
from tenure.core.business.outstanding_leases import promised_until
from tenure.core.installation import Installation
from tenure.core.periods import format_instant
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.allotment import SiteShare
from tenure.core.subscription.contract import contract_at, contract_timeline, timeline
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.renewal import first_period, price_of
from tenure.core.subscription.terms import SubscriptionKind
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, span_at
from tenure.core.versions import refuse_below


def activate_site(sub: Subscription, command: Activate, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    """SiteActivated (and Activated when the term begins with it); a site that holds it already changes nothing.

    Refuses, in this order: code_not_for_product, code_blocked, code_withdrawn, site_lost, installation_mismatch,
    version_too_old or version_unreadable, what the subscription's state forbids, subscription_in_force (M10),
    site_limit or device_limit_reached.
    """
    site = _known_site(sub, command)
    if site is not None and site.is_active and site.code == command.code:
        return other_kind(site, command) or _without_place(command, seen) or Accepted()
    refused = _refuse_unfit(sub, command, seen, site) or _state_forbids(sub, seen, now)
    if refused is not None:
        return refused
    in_force = _in_force(sub, command, seen, now)
    if in_force is not None:
        return in_force
    return no_place(sub, command, seen, now) or _site_joined(sub, command, seen, now)


def _without_place(command: Activate, seen: DecisionContext) -> Refused | None:
    """A standalone application whose place was given to others in its silence gets what is free, like anybody."""
    alone = command.installation is Installation.STANDALONE
    return limit_reached(seen) if alone and not command.allotment else None


def _known_site(sub: Subscription, command: Activate | StageSuccessor) -> SiteState | None:
    """The key identifies the site: the holder of the key is that site [spec: activation]."""
    return next((site for site in reversed(sub.sites) if site.key == command.key), None)


def _refuse_unfit(
    sub: Subscription, command: Activate | StageSuccessor, seen: DecisionContext, site: SiteState | None
) -> Refused | None:
    if command.product != sub.product:
        return Refused(RefusalCode.CODE_NOT_FOR_PRODUCT, f"The code is for {sub.product}.", "product")
    code = sub.find_code(command.code)
    if code is None:
        return Refused(RefusalCode.CODE_UNKNOWN, field="code")
    if code.blocked_at is not None:
        return Refused(RefusalCode.CODE_BLOCKED, field="code")
    if code.withdrawn:
        return Refused(RefusalCode.CODE_WITHDRAWN, f"The newest code ends in {sub.codes[-1].last_group}.", "code")
    if site is not None and site.lost:
        return Refused(RefusalCode.INSTALLATION_REPLACED if site.replacement else RefusalCode.SITE_LOST)
    return other_kind(site, command) or refuse_below(command.version, seen.floor)


def _state_forbids(sub: Subscription, seen: DecisionContext, now: Instant) -> Refused | None:
    running = span_at(timeline(sub), now)
    if running.phase is Phase.PAUSED:
        return Refused(RefusalCode.SUBSCRIPTION_PAUSED, running.note)
    if running.phase is Phase.PENDING and sub.awaiting_payment:
        return Refused(RefusalCode.AWAITING_PAYMENT)
    if running.phase is not Phase.ENDED:
        return None
    if running.why is PhaseCause.CANCELED:
        return Refused(RefusalCode.SUBSCRIPTION_CANCELED, f"It ended on {format_instant(running.since)}.")
    if sub.kind is not SubscriptionKind.UNLIMITED or running.why is not PhaseCause.PAYMENT_ENDED:
        return Refused(RefusalCode.SUBSCRIPTION_ENDED, f"It ended on {format_instant(running.since)}.")
    terms = sub.terms_at(now)  # the next site's activation resumes automatic payment [spec: unlimited-renewal]
    price = price_of(terms, terms.devices)
    return None if can_afford(price, seen.available) else short_of(price, seen.available, terms.currency)


def _in_force(sub: Subscription, command: Activate, seen: DecisionContext, now: Instant) -> Refused | None:
    """M10: another code only when the present subscription's contract is over or canceled."""
    present = seen.present
    if (
        present is None
        or present.id == sub.id
        or seen.present_left
        or refuse_not_replaceable(present, now, command.key)
    ):
        return None
    return Refused(
        RefusalCode.SUBSCRIPTION_IN_FORCE,
        f"The present subscription is paid until {format_instant(present.paid_until or now)}.",
        "code",
        present.paid_until,
    )


def refuse_not_replaceable(present: Subscription, now: Instant, key: str = "") -> bool:
    """Whether a site may leave `present` for another code at `now`: only the contract clock decides (M10).

    Holds and silence do not count. A site (by its `key`) whose code is blocked for good has nothing in force any more,
    nor has an application whose place ended on the day of a lower limit.
    """
    if present.cancellation is not None or contract_at(present, now).phase in {Phase.GRACE, Phase.ENDED}:
        return True
    site = next((site for site in reversed(present.sites) if key and site.key == key), None)
    if site is not None and site.another_code:
        return True  # the provider's recorded exception
    if site is not None and site.place_until is not None and site.place_until <= present.contract_clock(now):
        return True
    code = None if site is None else present.find_code(site.code)
    return code is not None and code.block_ends is not None and code.block_ends <= now


def _site_joined(sub: Subscription, command: Activate, seen: DecisionContext, now: Instant) -> Accepted | Refused:
    stamped = fact_header(command, now)
    facts: list[f.Fact] = []
    postings: tuple[Posting, ...] = ()
    if not sub.paid_periods:
        facts.append(f.Activated(**stamped, period=first_period(sub, now, seen.rules, seen.floor)))
    elif contract_at(sub, now).phase is Phase.ENDED:
        resumed = buy_next(sub, command, seen, now, late=None, paid_by="balance")
        if isinstance(resumed, Refused):
            return resumed
        facts.extend(resumed.facts)
        postings = resumed.postings
    facts.extend(replaced_site(sub, command, seen, now))
    if not command.ephemeral:  # containers come and go by the hundred: the caller keeps rows of them
        facts.append(_site_activated(command, seen, now))
    others: tuple[tuple[str, f.Fact], ...] = ()
    if seen.present is not None and seen.present.id != sub.id and _is_there(seen.present, command.site):
        others = ((seen.present.id, f.SiteLeft(**stamped, site=command.site)),)
    return Accepted(facts=tuple(facts), postings=postings, others=others)


def _site_activated(command: Activate, seen: DecisionContext, now: Instant) -> f.SiteActivated:
    return f.SiteActivated(
        **fact_header(command, now),
        site=command.site,
        key=command.key,
        code=command.code,
        name=command.name,
        version=command.version,
        floor=seen.floor,
        allotment=max(command.allotment, int(bool(command.replaces))),
        hardware=command.hardware,
        installation=command.installation,
    )


def _is_there(present: Subscription, name: str) -> bool:
    site = present.find_site(name)
    return site is not None and site.left_at is None and not site.lost


def stage_successor(
    sub: Subscription, command: StageSuccessor, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """SuccessorStaged: counts as activation for the 365 days, starts nothing [spec: successor]."""
    site = _known_site(sub, command)
    present = seen.present
    if site is not None and site.is_staged and site.code == command.code and present and site.present == present.id:
        return Accepted()
    refused = _refuse_unfit(sub, command, seen, site)
    if refused is not None:
        return refused
    if present is None or present.id == sub.id:
        return Refused(RefusalCode.NO_SUCCESSOR, "No subscription is in use here; apply the code instead.", "code")
    if any(not known.present for known in sub.sites):
        return Refused(RefusalCode.SUCCESSOR_USED, field="code")
    forbidden = _state_forbids(sub, seen, now) or no_place(sub, command, seen, now)
    if forbidden is not None:
        return forbidden
    staged = f.SuccessorStaged(
        **fact_header(command, now),
        site=command.site,
        key=command.key,
        code=command.code,
        name=command.name,
        version=command.version,
        present=present.id,
        allotment=command.allotment,
        hardware=command.hardware,
        installation=command.installation,
    )
    return Accepted(facts=(staged,))


def drop_staged(sub: Subscription, command: DropSuccessor, now: Instant) -> Accepted | Refused:
    """SuccessorDropped: nothing was consumed, the code can be staged or applied elsewhere."""
    site = sub.find_site(command.site)
    if site is None or not site.is_staged:
        return Refused(RefusalCode.NO_SUCCESSOR, field="site")
    return Accepted(facts=(f.SuccessorDropped(**fact_header(command, now), site=command.site),))


def take_over(
    sub: Subscription,
    present: Subscription,
    seen: DecisionContext,
    now: Instant,
    site_id: str = "",
    *,
    went: Instant | None = None,
    promised: tuple[Instant, Instant] | None = None,
) -> Accepted | None:
    """The staged successor starts at the present one's last paid end, if that has come; None while it has not.

    Several sites may move from one subscription to the other: `site_id` says which (else the first one staged).

    A renewal of the present one recorded before its end moved that end, so that nothing is consumed [spec: successor].
    A successor that has itself ended by then takes nothing over: the present one's grace is worth more.

    While a hold stops the present one's clock none does; but for a site that shows that it `went` by its word for the
    successor: it had not heard of the hold, and what it was served from then on is the successor's to count.

    `promised`: [from, until) of the site's word for the successor, if no later word is known to have reached it. Until
    it is heard, that word counts (rule *Giving back*): what it let the site be served before an end that holds moved
    later is part of the successor's time. An example: the end was day 31, the word good until 61, and a hold moved the
    end to day 40: it starts as of day 31. Moved to day 80, where 30 days were promised: as of day 50.
    """
    staged = [entry for entry in sub.sites if entry.is_staged and entry.present == present.id]
    site = next((entry for entry in staged if site_id in {"", entry.id}), None)
    end = last_paid_end(present)
    if site is None or end is None:
        return None
    if went is not None and went <= now and went in _ends_but_for_holds(present, end):
        end = went
    elif present.contract_clock(now) < end:
        return None
    elif promised is not None and promised[0] in _ends_but_for_holds(present, end):
        end -= max(0, min(end, promised[1]) - promised[0])
    started = max(end, site.since)
    if span_at(contract_timeline(sub), started).phase is Phase.ENDED:
        return None
    stamped: dict[str, Any] = {"at": started, "recorded_at": now, "by": "successor", "why": "takeover"}
    period = None if sub.paid_periods else first_period(sub, started, seen.rules, seen.floor)
    fact = f.SuccessorStarted(**stamped, site=site.id, period=period)
    left = f.SiteLeft(**stamped, site=site.id)
    return Accepted(facts=(fact,), others=((present.id, left),))


def _ends_but_for_holds(present: Subscription, end: Instant) -> set[Instant]:
    """Where the last paid end was before holds that stopped the clock moved it; a renewal moves it for everybody."""
    days = [given for _, given in reversed(present.given_days)]
    return {end - sum(days[:many]) * DAY for many in range(len(days) + 1)}


def last_paid_end(present: Subscription) -> Instant | None:
    """When what is paid is over, or canceled earlier: a successor takes over then; None before there is an end."""
    if present.cancellation is None or present.paid_until is None:
        return present.paid_until
    return min(present.cancellation.effective, present.paid_until)


OWN_RESTORES, COUNTED_DAYS = 2, 365
"""So often in so many days the customer's side may say that a forked site was restored [spec: fork-resolution]."""


def restores_left(site: SiteState, now: Instant) -> int:
    """How often the customer's side may still say of `site` that the same server was restored."""
    return max(0, OWN_RESTORES - len(_counts_at(site, now)))


def _counts_at(site: SiteState, now: Instant) -> list[Instant]:
    return [each for each in site.restores if now < each + COUNTED_DAYS * DAY]


def resolve_fork(sub: Subscription, command: ResolveFork, now: Instant) -> Accepted | Refused:
    """ForkResolved: `restored` keeps site and allotment, `second_site` tells the copy to make a key of its own,
    `retired` refuses the copy for good; the site itself goes on.

    Refuses `site_unknown`, `nothing_to_change`, `field_invalid`, `restored_too_often` (the customer's side only).
    """
    site = sub.find_site(command.site)
    if site is None:
        return Refused(RefusalCode.SITE_UNKNOWN, field="site")
    if site.forked_at is None:
        return Refused(RefusalCode.NOTHING_TO_CHANGE, "No fork is open at this site.", "site")
    if command.resolution not in {"restored", "second_site", "retired"}:
        return Refused(RefusalCode.FIELD_INVALID, "Say `restored`, `second_site` or `retired`.", "resolution")
    own = command.role in {Role.CUSTOMER, Role.SITE}
    counted = _counts_at(site, now)
    if own and command.resolution == "restored" and len(counted) >= OWN_RESTORES:
        return Refused(RefusalCode.RESTORED_TOO_OFTEN, when=counted[-OWN_RESTORES] + COUNTED_DAYS * DAY)
    fact = f.ForkResolved(**fact_header(command, now), site=site.id, resolution=command.resolution, own=own)
    return Accepted(facts=(fact,))


def declare_lost(
    sub: Subscription, command: DeclareSiteLost, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """SiteDeclaredLost: its key is refused for good, its allotment moves at once, the rest is declared excess (B7)."""
    site = sub.find_site(command.site)
    if site is None or site.left_at is not None or site.lost:
        return Refused(RefusalCode.SITE_UNKNOWN, field="site")
    recipient = sub.find_site(command.recipient) if command.recipient else None
    if command.recipient and (recipient is None or not recipient.is_active or recipient.id == site.id):
        return Refused(
            RefusalCode.SITE_UNKNOWN,
            "It must be another site that holds the subscription.",
            "recipient",
        )
    words = [word for word in seen.words if word.site == site.id]
    fact = f.SiteDeclaredLost(
        **fact_header(command, now),
        site=site.id,
        recipient=command.recipient,
        allotment=site.allotment,
        excess_until=promised_until(words, now),
    )
    return Accepted(facts=(fact,))


def free_allotment(
    sub: Subscription, command: FreeAllotment, seen: DecisionContext, now: Instant
) -> Accepted | Refused:
    """AllotmentFreed: administrator or provider agrees that a silent site is waited for no longer [spec: allotments].

    No promise is broken by it: until the site's leases and seats are over it is refused (`still_promised`, with that
    instant). Refuses `site_unknown`, and `nothing_to_change` for one of which that is agreed already.
    """
    site = sub.find_site(command.site)
    if site is None or site.left_at is not None or site.lost:
        return Refused(RefusalCode.SITE_UNKNOWN, field="site")
    part = next((each for each in seen.parts if each.site == site.id), SiteShare(site=site.id))
    if now < part.promised_until:
        return Refused(RefusalCode.STILL_PROMISED, field="site", when=part.promised_until)
    if part.agreed or not part.word_until:
        return Refused(
            RefusalCode.NOTHING_TO_CHANGE,
            "It holds no device of the subscription's, or that was agreed already.",
            "site",
        )
    fact = f.AllotmentFreed(**fact_header(command, now), site=site.id, allotment=part.counted_at(now))
    return Accepted(facts=(fact,))
