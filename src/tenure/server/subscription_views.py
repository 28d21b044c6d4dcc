"""A subscription as the API shows it, and what came of a command on it; durations as ISO 8601."""

from collections.abc import Mapping

import msgspec

from tenure.core.business.allowed_actions import Allowed
from tenure.core.business.decide.installations import restores_left
from tenure.core.business.expected_renewals import ExpectedCourse
from tenure.core.periods import format_duration
from tenure.core.renewal_outlook import outlook_sentence
from tenure.core.subscription.agreed_changes import AgreedChange, agreed_changes
from tenure.core.subscription.contract import service_end
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.renewal import automatic_runs, can_resume, pays_itself, total_cost
from tenure.core.subscription.state import CodeState
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, Terms, TermsField
from tenure.core.timeline import DAY, Instant, Phase, Timeline, span_at
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server.views import PostingView, RefusalView, SpanView, optional_rfc3339, refusal_view


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """One action for the calling actor: allowed now, or the reason why not; `price` in minor units."""

    action: str
    allowed: bool
    price: int
    refusal: RefusalView | None


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """A site of the subscription, as the history knows it."""

    id: str
    name: str
    version: str
    role: str
    since: str
    allotment: int
    code_last_group: str
    forked: bool
    fork_evidence: str
    """What was seen of the two copies while a fork is open; more is told at the site (`/v1/sites/{site}`)."""
    restores_left: int
    """How often the customer's side may still say that the same server was restored."""
    lost: bool
    installation: str
    """`server` or `standalone`."""
    place_until: str | None
    """An application that a seat conflict's list strikes out has no place of its own from then on; null otherwise."""
    leaving_until: str | None
    """It was made to give its place up, and counts until then unless it acknowledges earlier; null otherwise."""


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """An activation code: only its last group is ever shown again."""

    id: str
    last_group: str
    state: str


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """One side's hold."""

    owner: str
    reason: str
    since: str
    until: str | None
    stop_clock: bool


class PeriodView(msgspec.Struct, frozen=True, kw_only=True):
    """One paid or reserved period; `cost` in minor units with later raises."""

    since: str
    until: str
    devices: int
    cost: int
    reserved: bool
    trial: bool


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed for a later instant: the plan, the number of devices, and what holds then in all."""

    effective: str
    changes: tuple[str, ...]
    """`plan`, `devices`, or both."""
    plan: str
    devices: int
    period: str
    """The length of the plan's periods from then on."""
    until: str
    """When the first period at these terms ends, if it is bought."""
    price: int
    """What that period costs, minor units; what was paid or reserved for it if it was bought already."""


class TermsView(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought."""

    product: str
    plan: str
    plan_name: str
    """As the vendor calls it."""
    kind: str
    period: str
    devices: int
    features: tuple[str, ...]
    base_features: tuple[str, ...]
    min_version: str
    max_sites: int
    settlement: str
    currency: str


class RenewalView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and how the next period is bought; `price` and `missing` in minor units."""

    state: str
    """`automatic`, `by_hand`, `stopped` (automatic payment has stopped and can be resumed), or `none`: no more."""
    at: str | None
    """When the next period falls due, or fell due where it was not paid; null where nothing renews itself."""
    price: int
    covered_until: str | None
    """Up to here the balance pays; null: not even the next period."""
    lasts: bool
    """No end of the money is in sight: `covered_until` is only as far as was looked."""
    missing: int
    """What must come in so that the next period is paid that is not covered."""
    sentence: str
    """The same for people; empty where nothing renews itself."""


class SubscriptionView(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription as of the tenant's now."""

    id: str
    provider: str
    customer: str
    customer_name: str
    """Empty for another customer, after a transfer."""
    revision: int
    as_of: str
    terms: TermsView
    trial: bool
    phase: str
    why: str
    since: str
    next_change: str | None
    ordered_at: str
    paid_until: str | None
    """Paid or reserved until; for an unlimited one this is "prepaid until"."""
    grace_until: str | None
    ends_at: str | None
    """When service ends for good if no user acts; null while no end is known."""
    renewal_intent: str
    renewal: RenewalView
    canceled_at: str | None
    cancellation_effective: str | None
    scheduled: tuple[ChangeView, ...]
    holds: tuple[HoldView, ...]
    periods: tuple[PeriodView, ...]
    codes: tuple[CodeView, ...]
    sites: tuple[SiteView, ...]
    allowed_actions: tuple[ActionView, ...] = ()


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, or would do: the facts, the money, the subscription afterwards, its plan's name."""

    subscription: SubscriptionView
    facts: tuple[str, ...]
    postings: tuple[PostingView, ...]
    timeline: tuple[SpanView, ...]
    affected_leases: int
    """Sites whose next synchronization brings another lease."""
    outcome_hash: str
    """Send it with the same command within 15 minutes to apply exactly this (B4)."""
    activation_code: str = ""
    """The code, shown once: in the answer to the order or the re-issue that made it."""
    warnings: tuple[str, ...] = ()
    """Effects that a user may not expect, in sentences."""


def action_view(allowed: Allowed) -> ActionView:
    """See `ActionView`."""
    refusal = None if allowed.refused is None else refusal_view(allowed.refused)
    return ActionView(action=allowed.action, allowed=refusal is None, price=allowed.price, refusal=refusal)


def subscription_view(
    sub: Subscription, now: Instant, ahead: ExpectedCourse, names: Mapping[str, str], allowed: tuple[Allowed, ...] = ()
) -> SubscriptionView:
    """See `SubscriptionView`; `ahead`: what will become of it by itself; `names`: of plans and customer by id."""
    spans = ahead.timeline
    running = span_at(spans, now)
    stop = sub.cancellation
    return copy_fields(
        SubscriptionView,
        sub,
        customer_name=names.get(sub.customer, ""),
        as_of=format_rfc3339(now),
        terms=_terms_view(sub.terms_at(now), names),
        phase=running.phase,
        why=running.why,
        since=format_rfc3339(running.since),
        next_change=optional_rfc3339(running.until),
        grace_until=optional_rfc3339(_grace_until(spans, now)),
        ends_at=optional_rfc3339(_ends_at(sub, ahead)),
        renewal_intent=sub.intent,
        renewal=_renewal_view(sub, ahead, now),
        canceled_at=optional_rfc3339(stop.at if stop else None),
        cancellation_effective=optional_rfc3339(stop.effective if stop else None),
        scheduled=tuple(map(_change_view, agreed_changes(sub, now))),
        holds=tuple(copy_fields(HoldView, each) for each in sub.holds),
        periods=_period_views(sub),
        codes=tuple(copy_fields(CodeView, each, state=_code_state(each)) for each in sub.codes),
        sites=tuple(_site_view(sub, each, now) for each in sub.sites if _is_shown(each, now)),
        allowed_actions=tuple(map(action_view, allowed)),
    )


def _ends_at(sub: Subscription, ahead: ExpectedCourse) -> Instant | None:
    """The end of service: of what is paid, or of what the balance covers; none is known while its money lasts."""
    if not ahead.renewals:
        return service_end(sub)
    last = ahead.timeline[-1]
    return last.since if last.phase is Phase.ENDED else None


def _renewal_view(sub: Subscription, ahead: ExpectedCourse, now: Instant) -> RenewalView:
    seen, state = ahead.outlook, renewal_state(sub, now)
    if seen is None:
        return RenewalView(state=state, at=None, price=0, covered_until=None, lasts=False, missing=0, sentence="")
    return copy_fields(RenewalView, seen, state=state, sentence=outlook_sentence(seen, now))


def renewal_state(sub: Subscription, now: Instant) -> str:
    """How the next period is bought: see `RenewalView.state`."""
    if sub.cancellation is not None:
        return "none"
    if not sub.paid_periods or sub.stopped is not None:
        return "automatic" if sub.intent is RenewalIntent.AUTO or sub.kind is SubscriptionKind.UNLIMITED else "by_hand"
    if pays_itself(sub):
        return "automatic" if automatic_runs(sub, now) else "stopped" if can_resume(sub, now) else "none"
    over = service_end(sub)
    return "none" if over is not None and now >= over + sub.rules.reinstate_days * DAY else "by_hand"


def _change_view(agreed: AgreedChange) -> ChangeView:
    terms = agreed.terms
    return copy_fields(
        ChangeView,
        agreed,
        changes=tuple(TermsField) if agreed.field is None else (agreed.field,),
        plan=terms.plan,
        devices=terms.devices,
        period=format_duration(terms.period),
    )


def _period_views(sub: Subscription) -> tuple[PeriodView, ...]:
    return tuple(
        copy_fields(PeriodView, each, cost=total_cost(each), reserved=each is sub.reserved) for each in sub.paid_periods
    )


def _terms_view(terms: Terms, names: Mapping[str, str]) -> TermsView:
    plan_name, period = names.get(terms.plan, terms.plan), format_duration(terms.period)
    return copy_fields(TermsView, terms, plan_name=plan_name, period=period)


def _grace_until(spans: Timeline, now: Instant) -> Instant | None:
    coming = (span for span in spans if span.phase is Phase.GRACE and (span.until is None or span.until > now))
    span = next(coming, None)
    return span.until if span else None


def _code_state(code: CodeState) -> str:
    if code.blocked_at is not None:
        return "blocked"
    return "withdrawn" if code.withdrawn else "good"


def _is_shown(site: SiteState, now: Instant) -> bool:
    return site.counts_as_site(now) or (site.lost and not site.replacement)


def _site_view(sub: Subscription, site: SiteState, now: Instant) -> SiteView:
    code = sub.find_code(site.code)
    return copy_fields(
        SiteView,
        site,
        role="successor" if site.is_staged else "active",
        code_last_group=code.last_group if code else "",
        forked=site.forked_at is not None,
        fork_evidence=site.evidence,
        restores_left=restores_left(site, now),
    )
