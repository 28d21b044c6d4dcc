"""Renewing, by hand and by itself: what the rules say, one situation each
[spec: manual-renewal, automatic-renewal, late-renewal]."""

import pytest

from tenure.core.business import commands as c
from tenure.core.business.account import Account
from tenure.core.policy.rules import LateRenewal, Role, Rules
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind
from tenure.core.timeline import DAY, Phase, PhaseCause
from tests.core.world import MONTH, World, day, terms

RENEW = c.Renew(by="operator")


def refusal(outcome: object) -> RefusalCode:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def limited(grace: int = 14, **rules: object) -> World:
    """Ten devices for a year from 2026-01-01, 120.00 EUR paid."""
    world = World(rules=Rules(grace_days=grace, **rules))
    world.top_up(12_000)
    world.order()
    return world


def unlimited(months: int = 3, grace: int = 7, **rules: object) -> World:
    """Ten devices by the month, prepaid for so many months."""
    world = World(rules=Rules(grace_days=grace, **rules))
    world.top_up(12_000 * months)
    world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH))
    return world


def test_m01_an_order_has_an_end_and_a_number_of_devices() -> None:
    world = limited()
    span = world.span()
    assert (span.phase, span.until, span.limit, span.features) == (
        Phase.ACTIVE,
        day("2027-01-01"),
        10,
        ("edit", "export", "read"),
    )
    assert world.account.balance == 0


def test_m03_renewed_by_hand_the_new_period_starts_at_the_old_end() -> None:
    world = limited()
    world.until(day("2026-12-01"))
    world.top_up(12_000)
    world.do(RENEW)
    assert world.sub().paid_until == day("2028-01-01")


def test_m04_a_year_is_a_calendar_year_and_31_january_stays_the_anchor() -> None:
    world = World(now=day("2027-01-31"), rules=Rules(grace_days=0))
    world.top_up(12_000 * 14)
    world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH))
    world.until(day("2028-03-01"))
    ends = [period.until for period in world.sub().periods]
    assert ends[:3] == [day("2027-02-28"), day("2027-03-31"), day("2027-04-30")]
    assert day("2028-02-29") in ends


@pytest.mark.parametrize(
    ("on", "code"), [("2026-06-01", RefusalCode.RENEWAL_TOO_EARLY), ("2028-02-01", RefusalCode.RENEWAL_TOO_LATE)]
)
def test_renewal_has_a_window(on: str, code: RefusalCode) -> None:
    world = limited()
    world.until(day(on))
    world.top_up(12_000)
    assert refusal(world.do(RENEW)) is code


def test_too_early_names_the_day_from_which_it_is_possible() -> None:
    outcome = limited().do(RENEW)
    assert isinstance(outcome, Refused)
    assert outcome.when == day("2027-01-01") - 90 * DAY


def test_at_most_three_periods_ahead() -> None:
    world = World(rules=Rules(grace_days=7))
    world.top_up(12_000 * 9)
    world.order(of=terms(period=MONTH))
    for _ in range(3):
        assert not isinstance(world.do(RENEW), Refused)
    assert refusal(world.do(RENEW)) is RefusalCode.RENEWAL_TOO_EARLY


def test_without_money_nothing_is_renewed_and_the_missing_sum_is_named() -> None:
    world = limited()
    world.until(day("2026-12-31"))
    outcome = world.do(RENEW)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.detail) == (RefusalCode.INSUFFICIENT_BALANCE, "120.00 EUR are missing.")


def test_m07_in_grace_everything_goes_on_with_cause_and_countdown() -> None:
    world = limited(grace=14)
    world.until(day("2027-01-01"))
    span = world.span()
    assert (span.phase, span.why, span.until) == (Phase.GRACE, PhaseCause.PAYMENT_ENDED, day("2027-01-15"))
    assert span.features == ("edit", "export", "read")


def test_m08_the_provider_says_how_long_grace_is() -> None:
    for days in (0, 1, 7, 30):
        world = limited(grace=days)
        assert world.sub().rules.grace_days == days


def test_m12_without_grace_the_first_instant_after_the_end_is_without_function() -> None:
    world = limited(grace=0)
    world.until(day("2027-01-01") - 1)
    assert world.phase() is Phase.ACTIVE
    world.wait(seconds=1)
    assert (world.phase(), world.span().features) == (Phase.ENDED, ("read",))


def test_renewed_in_grace_from_the_old_end() -> None:
    world = limited()
    world.until(day("2027-01-10"))
    world.top_up(12_000)
    world.do(RENEW)
    assert world.sub().paid_until == day("2028-01-01")
    assert world.phase() is Phase.ACTIVE


@pytest.mark.parametrize(
    ("late", "since"),
    [
        (LateRenewal.CHARGE_GRACE, day("2027-03-01") - 14 * DAY),
        (LateRenewal.FROM_NOW, day("2027-03-01")),
        (LateRenewal.FROM_END, day("2027-01-01")),
    ],
)
def test_renewed_late_by_the_providers_rule(late: LateRenewal, since: int) -> None:
    world = limited()
    world.until(day("2027-03-01"))
    world.top_up(12_000)
    world.do(c.Renew(by="operator", late=late))
    fact = world.last(f.Renewed)
    assert isinstance(fact, f.Renewed)
    assert fact.period.since == since
    assert world.phase() is Phase.ACTIVE


def test_a_late_renewal_that_would_already_be_over_is_refused() -> None:
    world = World(rules=Rules(grace_days=7))
    world.top_up(24_000)
    world.order(of=terms(period=MONTH))
    world.until(day("2026-04-01"))
    assert refusal(world.do(c.Renew(by="operator", late=LateRenewal.FROM_END))) is RefusalCode.RENEWAL_TOO_LATE


def test_a_customer_cannot_choose_where_a_late_renewal_begins() -> None:
    world = limited()
    world.until(day("2027-03-01"))
    world.top_up(12_000)
    command = c.Renew(by="customer", role=Role.CUSTOMER, late=LateRenewal.FROM_NOW)
    assert refusal(world.do(command)) is RefusalCode.ACTION_NOT_PERMITTED


def test_m06_an_unlimited_subscription_is_paid_at_each_due_date() -> None:
    world = unlimited(months=3)
    world.until(day("2026-03-15"))
    assert world.phase() is Phase.ACTIVE
    assert world.sub().paid_until == day("2026-04-01")
    assert (world.account.balance, world.account.reserve) == (0, 0)


def test_the_money_is_set_aside_before_and_the_timeline_shows_no_edge() -> None:
    world = unlimited(months=2)
    world.until(day("2026-01-23"))
    assert world.kinds() == ["Ordered", "RenewalReserved"]
    assert (world.account.balance, world.account.reserve) == (0, 12_000)
    assert world.span().until == day("2026-03-01")


def test_m06_a_top_up_that_comes_late_restores_service_at_once() -> None:
    world = unlimited(months=1, grace=7)
    world.until(day("2026-02-20"))
    assert world.phase() is Phase.ENDED
    world.top_up(12_000)
    assert world.phase() is Phase.ACTIVE
    assert world.sub().periods[-1].since == day("2026-02-20") - 7 * DAY  # grace was served and is charged


def test_a_top_up_in_grace_pays_from_the_old_end() -> None:
    world = unlimited(months=1, grace=7)
    world.until(day("2026-02-05"))
    world.top_up(12_000)
    assert world.sub().periods[-1].since == day("2026-02-01")
    assert world.kinds().count("PaymentFailed") == 1


def test_months_without_service_are_never_billed() -> None:
    world = unlimited(months=1, grace=0, resume_days=365)
    world.until(day("2026-09-01"))
    world.top_up(24_000)
    assert len(world.sub().periods) == 2
    assert world.account.balance == 12_000


def test_automatic_attempts_stop_and_renewing_by_hand_resumes() -> None:
    world = unlimited(months=1, grace=7, resume_days=30)
    world.until(day("2026-04-15"))
    world.top_up(36_000)
    assert world.phase() is Phase.ENDED
    assert not isinstance(world.do(RENEW), Refused)
    assert world.phase() is Phase.ACTIVE


def test_setting_the_intent_again_resumes_too() -> None:
    world = unlimited(months=1, grace=7, resume_days=30)
    world.until(day("2026-04-15"))
    world.top_up(36_000)
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    assert world.phase() is Phase.ACTIVE


def test_the_next_sites_activation_resumes_too() -> None:
    world = unlimited(months=1, grace=7, resume_days=30)
    world.until(day("2026-04-15"))
    world.top_up(36_000)
    world.activate()
    assert world.phase() is Phase.ACTIVE


def test_renewing_an_unlimited_one_by_hand_is_refused_while_it_pays_itself() -> None:
    assert refusal(unlimited().do(RENEW)) is RefusalCode.RENEWAL_IS_AUTOMATIC


def test_left_by_every_site_in_grace_automatic_payment_stops() -> None:
    world = unlimited(months=1, grace=14)
    world.activate()
    world.until(day("2026-02-03"))
    world.do(c.LeaveSite(by="site_1", site="site_1"))
    world.top_up(12_000)
    assert world.phase() is Phase.GRACE
    assert world.account.balance == 12_000


def test_a_limited_one_with_automatic_intent_renews_itself() -> None:
    world = limited()
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    world.top_up(12_000)
    world.until(day("2027-01-02"))
    assert world.sub().paid_until == day("2028-01-01")


def test_switching_off_inside_the_window_gives_the_reserve_back() -> None:
    world = limited()
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    world.top_up(12_000)
    world.until(day("2026-12-25"))
    assert world.account.reserve == 12_000
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.MANUAL))
    assert (world.account.balance, world.account.reserve) == (12_000, 0)
    assert world.sub().paid_until == day("2027-01-01")


def test_canceled_inside_the_window_the_days_a_lease_still_promises_stay_paid() -> None:
    world = limited()
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    world.top_up(12_000)
    world.activate()
    world.until(day("2026-12-25"))
    world.hear("sub_1", c.OutstandingLease(site="site_1", until=day("2027-01-01") + 7 * DAY))
    world.do(c.Cancel(by="operator"))
    assert world.span().until == day("2027-01-08")
    assert world.account.reserve == round(12_000 * 7 / 365)
    world.until(day("2027-01-09"))
    assert (world.phase(), world.account.reserve) == (Phase.ENDED, 0)


def test_undo_inside_the_window_reserves_the_whole_period_again() -> None:
    world = limited()
    world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO))
    world.top_up(12_000)
    world.activate()
    world.until(day("2026-12-25"))
    world.hear("sub_1", c.OutstandingLease(site="site_1", until=day("2027-01-01") + 7 * DAY))
    world.do(c.Cancel(by="operator"))
    world.do(c.UndoCancellation(by="operator"))
    assert world.account.reserve == 12_000
    assert world.sub().intent is RenewalIntent.AUTO


def test_with_little_money_the_oldest_due_is_paid_and_others_skipped() -> None:
    world = World(rules=Rules(grace_days=7))
    world.top_up(12_000 + 6_000)
    world.order("sub_a", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH))
    world.wait(days=1)
    world.order("sub_b", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, devices=5))
    world.top_up(6_000)
    world.until(day("2026-02-05"))
    assert world.phase("sub_a") is Phase.GRACE
    assert world.phase("sub_b") is Phase.ACTIVE


def test_a_credit_limit_counts_as_money() -> None:
    world = World(account=Account(credit_limit=12_000))
    world.order()
    assert world.account.balance == -12_000


@pytest.mark.parametrize("months_asleep", [1, 5])
def test_a_sweep_that_slept_books_what_one_awake_would_have_booked(months_asleep: int) -> None:
    awake, asleep = unlimited(months=4), unlimited(months=4)
    asleep.asleep = True
    for world in (awake, asleep):
        world.wait(days=30 * months_asleep)
        world.asleep = False
        world.settle()
    stripped = [[(name, type(fact), fact.at) for name, fact in world.facts] for world in (awake, asleep)]
    assert stripped[0] == stripped[1]
    assert awake.account == asleep.account
