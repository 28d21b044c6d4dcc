"""Canceling, undoing, holding and releasing [spec: cancellation, holds, giving-back]."""

import pytest

from tenure.core.business import commands as c
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, TermStart
from tenure.core.timeline import DAY, Phase, PhaseCause, span_at
from tests.core.situations import (
    PRICE,
    accepted,
    automatic,
    cancel,
    days_after,
    funded,
    limited,
    monthly,
    refunding,
    refusal,
    unlimited,
    waiting,
    word,
)
from tests.core.world import MONTH, World, day, terms

UNDO = c.UndoCancellation(by="operator")
RENEW = c.Renew(by="operator")
RELEASE = c.ReleaseHold(by="operator")


def hold(world: World, role: Role = Role.PROVIDER, until: int | None = None, reason: str = "unpaid bill") -> object:
    return world.do(c.PlaceHold(by="somebody", role=role, reason=reason, until=until))


# Canceling at the end of what is paid for


def test_m03_canceled_it_stays_active_to_the_end_and_shows_the_date() -> None:
    world = limited()
    accepted(cancel(world))
    assert (world.phase(), world.span().until) == (Phase.ACTIVE, day("2027-01-01"))
    world.until(day("2027-01-01"))
    assert (world.phase(), world.span().why) == (Phase.ENDED, PhaseCause.CANCELED)


def test_m03_a_cancellation_can_be_undone_until_it_takes_effect() -> None:
    world = automatic()
    accepted(cancel(world))
    assert world.sub().intent is RenewalIntent.MANUAL
    accepted(world.do(UNDO))
    assert world.sub().intent is RenewalIntent.AUTO
    accepted(cancel(world))
    world.until(day("2027-01-01") - 1)
    accepted(world.do(UNDO))
    accepted(cancel(world))
    world.wait(seconds=1)
    assert refusal(world.do(UNDO)) is RefusalCode.NOTHING_TO_UNDO


def test_b06_grace_after_a_cancellation_only_if_the_policy_gives_one() -> None:
    world = limited(cancel_grace_days=5)
    accepted(cancel(world))
    world.until(day("2027-01-01"))
    assert (world.phase(), world.span().why, world.span().until) == (
        Phase.GRACE,
        PhaseCause.CANCELED,
        days_after("2027-01-01", 5),
    )


def test_what_is_paid_ahead_is_used_before_a_cancellation_takes_effect() -> None:
    world = monthly(2 * PRICE)
    accepted(world.do(RENEW))
    accepted(world.do(RENEW))
    accepted(cancel(world))
    assert world.span().until == day("2026-04-01")
    assert world.account.balance == 0


def test_canceling_twice_is_refused_with_the_date() -> None:
    world = limited()
    accepted(cancel(world))
    for at_once in (False, True):
        answer = cancel(world, at_once=at_once)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.when) == (RefusalCode.ALREADY_CANCELED, day("2027-01-01"))


def test_nothing_is_bought_for_a_canceled_one() -> None:
    world = automatic()
    accepted(cancel(world))
    assert refusal(world.do(RENEW)) is RefusalCode.SUBSCRIPTION_CANCELED
    intent = c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)
    assert refusal(world.do(intent)) is RefusalCode.SUBSCRIPTION_CANCELED
    world.until(day("2027-01-02"))
    assert world.account.balance == PRICE
    assert refusal(world.do(RENEW)) is RefusalCode.SUBSCRIPTION_CANCELED


def test_nothing_to_undo_where_nothing_was_canceled() -> None:
    assert refusal(limited().do(UNDO)) is RefusalCode.NOTHING_TO_UNDO


def test_canceled_in_grace_it_ends_with_the_grace_that_runs() -> None:
    world = limited()
    world.until(day("2027-01-05"))
    accepted(cancel(world))
    assert (world.phase(), world.span().until) == (Phase.GRACE, days_after("2027-01-01", 14))
    world.until(days_after("2027-01-01", 14))
    assert (world.phase(), world.span().why) == (Phase.ENDED, PhaseCause.CANCELED)


def test_canceled_in_grace_and_undone_it_can_be_renewed_again() -> None:
    world = limited(PRICE)
    world.until(day("2027-01-05"))
    accepted(cancel(world))
    assert refusal(world.do(RENEW)) is RefusalCode.SUBSCRIPTION_CANCELED
    accepted(world.do(UNDO))
    accepted(world.do(RENEW))
    assert world.sub().paid_until == day("2028-01-01")


def test_an_ended_one_cannot_be_canceled_but_automatic_payment_can_be_stopped_with_it() -> None:
    world = limited()
    world.until(day("2027-02-01"))
    assert refusal(cancel(world)) is RefusalCode.SUBSCRIPTION_ENDED
    dry = unlimited(1)
    dry.until(day("2026-02-15"))
    assert dry.phase() is Phase.ENDED
    accepted(cancel(dry))
    dry.top_up(PRICE)
    assert (dry.phase(), dry.span().why, dry.account.balance) == (Phase.ENDED, PhaseCause.CANCELED, PRICE)
    assert refusal(dry.do(UNDO)) is RefusalCode.NOTHING_TO_UNDO


# Canceling inside the reserve window


def test_canceled_in_the_window_the_reserve_comes_back_at_once() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    assert (world.account.balance, world.account.reserve) == (0, PRICE)
    accepted(cancel(world))
    assert (world.account.balance, world.account.reserve) == (PRICE, 0)
    assert world.span().until == day("2026-02-01")


def test_what_a_signed_lease_still_promises_stays_reserved_and_is_served() -> None:
    world = unlimited(2)
    accepted(world.activate())
    world.until(day("2026-01-25"))
    world.hear("sub_1", word(days_after("2026-02-01", 7)))
    accepted(cancel(world))
    kept = round(PRICE * 7 / 28)
    assert (world.account.balance, world.account.reserve) == (PRICE - kept, kept)
    assert world.span().until == days_after("2026-02-01", 7)
    world.until(days_after("2026-02-01", 7))
    assert (world.phase(), world.span().why) == (Phase.ENDED, PhaseCause.CANCELED)
    assert (world.account.balance, world.account.reserve) == (PRICE - kept, 0)


def test_a_promise_as_long_as_the_period_keeps_all_of_it() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    world.hear("sub_1", word(day("2026-04-01")))
    accepted(cancel(world))
    assert world.kinds().count("ReserveReleased") == 0
    assert (world.account.reserve, world.span().until) == (PRICE, day("2026-03-01"))


@pytest.mark.parametrize("anchor", ["2026-01-01", "2026-01-31"])
def test_undone_in_the_window_the_whole_period_is_reserved_again(anchor: str) -> None:
    world = funded(2 * PRICE, grace_days=7)
    world.until(day(anchor))
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.until(world.sub().periods[-1].until - 5 * DAY)
    before = world.sub()
    world.hear("sub_1", word(before.periods[-1].until + 7 * DAY))
    accepted(cancel(world))
    accepted(world.do(UNDO))
    assert world.sub().reserved == before.reserved
    assert (world.account.balance, world.account.reserve) == (0, PRICE)


def test_undone_in_the_window_without_the_money_it_goes_on_as_far_as_it_is_paid() -> None:
    """A cancellation can be undone until it takes effect, whatever is in the purse."""
    world = unlimited(2)
    world.until(day("2026-01-25"))
    world.hear("sub_1", word(days_after("2026-02-01", 7)))
    accepted(cancel(world))
    accepted(world.order("sub_2", of=terms(devices=7)))
    accepted(world.do(UNDO))
    world.until(day("2026-02-05"))
    assert (world.phase(), world.sub().paid_until) == (Phase.ACTIVE, days_after("2026-02-01", 7))
    world.top_up(PRICE)
    world.until(day("2026-02-20"))
    assert world.sub().paid_until == day("2026-03-01")
    assert [period.price for period in world.sub().paid_periods] == [PRICE, 3_000, 9_000]


# Canceling at once


def test_m03_canceled_now_it_ends_at_once_and_for_good() -> None:
    world = limited()
    accepted(cancel(world, at_once=True))
    assert (world.phase(), world.span().why, world.span().features) == (Phase.ENDED, PhaseCause.CANCELED, ("read",))
    assert refusal(world.do(UNDO)) is RefusalCode.NOTHING_TO_UNDO
    world.settle()
    assert (world.kinds(), world.account.balance) == (["Ordered", "Canceled"], 0)


def test_unused_whole_days_come_back_only_by_policy() -> None:
    world = limited(**refunding())
    world.wait(days=65, seconds=1)
    accepted(cancel(world, at_once=True))
    world.settle()
    assert world.account.balance == PRICE * 299 // 365


def test_money_comes_back_only_when_the_last_lease_has_ended() -> None:
    world = limited(**refunding())
    accepted(world.activate())
    world.wait(days=65)
    world.hear("sub_1", word(world.now + 30 * DAY))
    accepted(cancel(world, at_once=True))
    world.wait(days=29)
    assert world.account.balance == 0
    world.wait(days=1)
    assert world.account.balance == PRICE * 270 // 365


def test_or_when_its_return_is_acknowledged() -> None:
    world = limited(**refunding())
    accepted(world.activate())
    world.wait(days=65)
    world.hear("sub_1", word(world.now + 30 * DAY))
    accepted(cancel(world, at_once=True))
    told = world.sub().revision
    world.hear("sub_1", word(world.now + 30 * DAY, (told - 1, world.now), (told, world.now + 2 * DAY)))
    world.wait(days=3)
    assert world.account.balance == PRICE * 298 // 365


def test_every_site_must_have_let_go() -> None:
    world = limited(**refunding())
    world.wait(days=65)
    here, there = word(world.now + 10 * DAY), word(world.now + 20 * DAY, site="site_2")
    world.hear("sub_1", here, there)
    accepted(cancel(world, at_once=True))
    world.wait(days=19)
    assert world.account.balance == 0
    world.wait(days=1)
    assert world.account.balance == PRICE * 280 // 365


def test_unbegun_periods_come_back_whole_whatever_the_policy() -> None:
    world = monthly(2 * PRICE)
    accepted(world.do(RENEW))
    accepted(world.do(RENEW))
    world.wait(days=3)
    accepted(cancel(world, at_once=True))
    world.settle()
    assert world.account.balance == 2 * PRICE


def test_unbegun_periods_come_back_less_the_days_a_lease_promises() -> None:
    world = monthly(PRICE)
    accepted(world.do(RENEW))
    world.until(day("2026-01-31"))
    world.hear("sub_1", word(day("2026-02-08")))
    accepted(cancel(world, at_once=True))
    world.until(day("2026-02-09"))
    assert world.account.balance == PRICE * 21 // 28


def test_a_reserve_comes_back_less_the_days_a_lease_promised() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    world.hear("sub_1", word(days_after("2026-02-01", 7)))
    accepted(cancel(world, at_once=True))
    world.until(day("2026-02-20"))
    assert (world.account.balance, world.account.reserve) == (PRICE * 21 // 28, 0)


def test_a_refund_pays_at_once_for_what_waits_for_money() -> None:
    world = limited(**refunding())
    accepted(world.order("sub_2", of=terms(devices=1, period=MONTH), intent=RenewalIntent.AUTO, trial=True))
    world.until(day("2026-01-20"))
    world.hear("sub_1", word(day("2026-02-05")))
    accepted(cancel(world, at_once=True))
    world.until(day("2026-02-05"))
    refunded = world.last(f.Refunded)
    bought = world.last(f.Renewed, "sub_2")
    assert refunded.at == bought.at == day("2026-02-05")


# Holds


def test_held_it_is_paused_with_its_reason_and_base_features_only() -> None:
    world = limited()
    accepted(hold(world))
    span = world.span()
    assert (span.phase, span.why, span.note, span.features, span.limit) == (
        Phase.PAUSED,
        PhaseCause.HELD,
        "unpaid bill",
        ("read",),
        0,
    )


def test_the_term_runs_on_while_held() -> None:
    world = limited()
    accepted(hold(world))
    world.until(day("2027-01-20"))
    assert world.phase() is Phase.ENDED


def test_a_hold_is_released_by_its_owners_side_only() -> None:
    world = limited()
    accepted(hold(world, Role.VENDOR))
    answer = world.do(RELEASE)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.NOT_PAUSED, "Held by: vendor.")
    accepted(world.do(c.ReleaseHold(by="vendor", role=Role.VENDOR)))
    assert world.phase() is Phase.ACTIVE


def test_a_sites_administrator_stands_on_the_customers_side() -> None:
    world = limited()
    accepted(hold(world, Role.CUSTOMER))
    accepted(world.do(c.ReleaseHold(by="admin", role=Role.SITE)))


def test_several_sides_hold_at_once_and_it_is_paused_while_any_does() -> None:
    world = limited()
    for role in (Role.CUSTOMER, Role.PROVIDER, Role.VENDOR):
        accepted(hold(world, role))
        assert refusal(hold(world, role)) is RefusalCode.ALREADY_PAUSED
    for role in (Role.PROVIDER, Role.CUSTOMER, Role.VENDOR):
        assert world.phase() is Phase.PAUSED
        accepted(world.do(c.ReleaseHold(by="somebody", role=role)))
    assert world.phase() is Phase.ACTIVE


def test_a_timed_hold_ends_by_itself() -> None:
    world = limited()
    accepted(hold(world, until=day("2026-02-01")))
    assert world.span().until == day("2026-02-01")
    world.until(day("2026-02-01"))
    assert world.phase() is Phase.ACTIVE
    assert world.last(f.HoldReleased).at == day("2026-02-01")
    assert refusal(world.do(RELEASE)) is RefusalCode.NOT_PAUSED


@pytest.mark.parametrize("days", [-1, 0, 4_000])
def test_a_hold_ends_after_now_and_within_ten_years(days: int) -> None:
    world = limited()
    assert refusal(hold(world, until=world.now + days * DAY)) is RefusalCode.FIELD_INVALID


def test_what_has_not_begun_or_is_over_cannot_be_held() -> None:
    assert refusal(hold(waiting())) is RefusalCode.NOT_ACTIVATED
    world = limited()
    world.until(day("2027-02-01"))
    assert refusal(hold(world)) is RefusalCode.SUBSCRIPTION_ENDED


def test_m11_a_customer_holds_only_if_the_policy_permits() -> None:
    world = limited()
    asked = c.PlaceHold(by="customer", role=Role.CUSTOMER, reason="holiday")
    assert refusal(world.do(asked, actions=frozenset())) is RefusalCode.ACTION_NOT_PERMITTED


def test_held_in_grace_the_grace_runs_on() -> None:
    world = limited()
    world.until(day("2027-01-05"))
    accepted(hold(world))
    assert world.phase() is Phase.PAUSED
    accepted(world.do(RELEASE))
    assert (world.phase(), world.span().until) == (Phase.GRACE, day("2027-01-15"))


# Holds that stop the clock


def test_with_a_stopped_clock_whole_held_days_are_added() -> None:
    world = limited(stop_clock=True)
    world.wait(days=100)
    accepted(hold(world))
    world.wait(days=30, seconds=5 * 3_600)
    accepted(world.do(RELEASE))
    assert world.sub().paid_until == days_after("2027-01-01", 30)
    assert world.sub().anchor == days_after("2026-01-01", 30)
    assert world.phase() is Phase.ACTIVE


def test_with_a_stopped_clock_nothing_falls_due_or_ends() -> None:
    world = unlimited(1, stop_clock=True)
    world.until(day("2026-01-25"))
    accepted(hold(world))
    world.top_up(PRICE)
    world.until(day("2026-06-01"))
    assert (world.phase(), world.kinds()) == (Phase.PAUSED, ["Ordered", "HoldPlaced"])
    assert (world.account.balance, world.account.reserve) == (PRICE, 0)
    accepted(world.do(RELEASE))
    assert (world.phase(), world.sub().periods[0].until) == (Phase.ACTIVE, days_after("2026-06-01", 7))
    assert world.account.reserve == PRICE


def test_a_timed_stop_foretells_the_later_end() -> None:
    world = limited(stop_clock=True)
    accepted(hold(world, until=day("2026-03-01")))
    spans = timeline(world.sub())
    assert span_at(spans, day("2026-03-01")).until == days_after("2027-01-01", 59)
    world.until(day("2026-03-01"))
    assert world.sub().paid_until == days_after("2027-01-01", 59)


def test_the_clock_runs_again_with_the_last_hold() -> None:
    world = limited(stop_clock=True)
    accepted(hold(world, Role.CUSTOMER, until=day("2026-01-11")))
    world.wait(days=5)
    accepted(hold(world, Role.PROVIDER))
    world.until(day("2026-01-21"))
    assert (world.phase(), world.sub().paid_until) == (Phase.PAUSED, day("2027-01-01"))
    accepted(world.do(RELEASE))
    assert world.sub().paid_until == days_after("2027-01-01", 20)


def test_a_site_that_had_not_heard_of_the_hold_used_its_days() -> None:
    world = limited(stop_clock=True)
    accepted(world.activate())
    world.hear("sub_1", word(day("2026-01-31")))
    accepted(hold(world))
    told = world.sub().revision
    world.hear("sub_1", word(day("2026-01-31"), (told, day("2026-01-11"))))
    world.until(day("2026-01-21"))
    accepted(world.do(RELEASE))
    assert world.sub().paid_until == days_after("2027-01-01", 10)


def test_days_of_grace_are_not_added() -> None:
    world = limited(stop_clock=True)
    world.until(day("2027-01-05"))
    accepted(hold(world))
    world.wait(days=5)
    accepted(world.do(RELEASE))
    assert (world.phase(), world.span().until) == (Phase.GRACE, day("2027-01-15"))


def test_held_beyond_its_end_a_stopped_one_is_still_in_force() -> None:
    """The contract's clock stands still: it can be canceled, held by others and changed as on the day it stopped."""
    world = limited(PRICE, stop_clock=True)
    world.until(day("2026-12-01"))
    accepted(hold(world))
    world.until(day("2027-06-01"))
    assert world.phase() is Phase.PAUSED
    accepted(hold(world, Role.VENDOR))
    assert refusal(world.do(RENEW)) is RefusalCode.SUBSCRIPTION_PAUSED
    accepted(world.do(c.ExtendGrace(by="operator", days=1)))
    accepted(world.do(c.ChangeDevices(by="operator", devices=20)))
    assert world.account.balance == PRICE - round(PRICE * 31 / 365)
    accepted(cancel(world))
    accepted(world.do(UNDO))
    accepted(world.do(c.ReleaseHold(by="vendor", role=Role.VENDOR)))
    accepted(world.do(RELEASE))
    assert (world.phase(), world.span().until, world.span().limit) == (Phase.ACTIVE, days_after("2027-06-01", 31), 20)


def test_a_cancellation_waits_with_the_clock() -> None:
    world = limited(stop_clock=True)
    accepted(cancel(world))
    world.until(day("2026-12-01"))
    accepted(hold(world))
    world.until(day("2027-03-01"))
    accepted(world.do(RELEASE))
    assert (world.phase(), world.span().until) == (Phase.ACTIVE, days_after("2027-01-01", 90))
    world.until(days_after("2027-01-01", 90))
    assert world.span().why is PhaseCause.CANCELED


def test_canceled_at_once_while_the_clock_stands_still_the_held_days_are_refunded() -> None:
    world = limited(stop_clock=True, **refunding())
    world.wait(days=65)
    accepted(hold(world))
    world.wait(days=200)
    accepted(cancel(world, at_once=True))
    world.settle()
    assert (world.phase(), world.span().why) == (Phase.ENDED, PhaseCause.CANCELED)
    assert world.account.balance == PRICE * 300 // 365


def test_a_later_refund_does_not_spread_over_held_days() -> None:
    world = limited(PRICE, stop_clock=True, **refunding())
    world.wait(days=30)
    accepted(world.do(c.ChangeDevices(by="operator", devices=20)))
    raised = PRICE - world.account.balance
    world.wait(days=35)
    accepted(hold(world))
    world.wait(days=200)
    accepted(world.do(RELEASE))
    world.wait(days=100)
    paid = world.account.balance
    accepted(cancel(world, at_once=True))
    world.settle()
    assert world.account.balance - paid == PRICE * 200 // 365 + raised * 200 // 335


def test_a_change_agreed_for_an_edge_waits_with_the_clock() -> None:
    world = limited(stop_clock=True)
    accepted(world.do(c.ChangeDevices(by="operator", devices=5)))
    accepted(hold(world))
    world.wait(days=400)
    assert world.sub().terms_at(world.now).devices == 10
    accepted(world.do(RELEASE))
    assert [change.effective for change in world.sub().changes[1:]] == [days_after("2027-01-01", 400)]


def test_a_stopped_trial_at_first_activation_keeps_its_days_too() -> None:
    world = funded(stop_clock=True)
    accepted(world.order(of=terms(start=TermStart.AT_FIRST_ACTIVATION), trial=True, trial_period=MONTH))
    accepted(world.activate())
    accepted(hold(world, until=day("2026-01-11")))
    world.until(day("2026-01-11"))
    assert (world.span().why, world.span().until) == (PhaseCause.TRIAL, days_after("2026-02-01", 10))


def test_of_two_timed_stops_the_later_end_is_foretold() -> None:
    world = limited(stop_clock=True)
    accepted(hold(world, Role.CUSTOMER, until=day("2026-01-11")))
    accepted(hold(world, Role.PROVIDER, until=day("2026-01-21")))
    told = timeline(world.sub())
    assert span_at(told, day("2026-01-21") - 1).phase is Phase.PAUSED
    assert span_at(told, day("2026-01-21")).until == days_after("2027-01-01", 20)
    world.until(day("2026-01-21"))
    assert world.sub().paid_until == days_after("2027-01-01", 20)


def test_a_site_that_had_not_heard_of_the_next_hold_ran_when_the_first_was_to_end() -> None:
    """Stopped on 13 January until the 29th, and on the 28th without an end: it went on from the 29th to 2 February."""
    world = limited(stop_clock=True)
    world.until(day("2026-01-13"))
    accepted(hold(world, Role.VENDOR, until=day("2026-01-29")))
    first = world.sub().revision
    world.until(day("2026-01-28"))
    accepted(hold(world, Role.PROVIDER))
    second = world.sub().revision
    world.hear("sub_1", word(day("2026-12-31"), (first, day("2026-01-13")), (second, day("2026-02-02"))))
    world.until(day("2026-02-10"))
    accepted(world.do(RELEASE))
    assert world.sub().paid_until == days_after("2027-01-01", 16 + 8)
