"""More or fewer devices, another plan, another customer, another anchor, more grace
[spec: day-prices, fewer-devices, policy]."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.periods import Duration
from tenure.core.policy.rules import LateRenewal, Role
from tenure.core.pricing import Band
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, TermsField
from tenure.core.timeline import DAY, Phase, span_at
from tests.core.situations import (
    PRICE,
    accepted,
    automatic,
    cancel,
    days_after,
    funded,
    limited,
    monthly,
    outside,
    refunding,
    refusal,
    unlimited,
    waiting,
    word,
)
from tests.core.world import MONTH, YEAR, World, day, terms

RENEW = c.Renew(by="operator")


def devices(world: World, count: int, *, at_once: bool = False, in_use: int = 0) -> object:
    return world.do(c.ChangeDevices(by="operator", devices=count, at_once=at_once), in_use=in_use)


def plan(world: World, unit: int, *, in_use: int = 0, **changed: object) -> object:
    """Another plan at so much per device."""
    new = terms(**{"plan": "other", "period": world.sub().terms_at(world.now).period, **changed})
    bands = (Band(up_to=None, unit=unit),)
    command = c.ChangePlan(by="operator", terms=terms(**{**_fields(new), "bands": bands}))
    return world.do(command, in_use=in_use)


def _fields(of: object) -> dict[str, object]:
    return {name: getattr(of, name) for name in of.__struct_fields__}  # type: ignore[attr-defined]


# More devices


def test_m01_more_devices_hold_at_once_and_cost_the_days_begun() -> None:
    world = limited(PRICE)
    world.wait(days=65, seconds=1)
    accepted(devices(world, 20))
    assert world.span().limit == 20
    assert world.account.balance == PRICE - round(PRICE * 300 / 365)


def test_raised_on_the_first_day_it_costs_the_whole_difference() -> None:
    world = limited(PRICE)
    accepted(devices(world, 20))
    assert world.account.balance == 0


def test_a_raise_that_cannot_be_paid_is_refused_whole() -> None:
    world = limited(PRICE - 1)
    answer = devices(world, 20)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.INSUFFICIENT_BALANCE, "0.01 EUR are missing.")
    assert (world.span().limit, world.account.balance) == (10, PRICE - 1)


def test_a_raise_is_also_paid_for_periods_already_paid() -> None:
    world = monthly(10 * PRICE)
    accepted(world.do(RENEW))
    accepted(devices(world, 20))
    assert world.account.balance == 7 * PRICE
    assert [period.devices for period in world.sub().periods] == [20, 20]


def test_a_raise_is_also_reserved_for_the_period_that_is_reserved() -> None:
    world = unlimited(6)
    world.until(day("2026-01-25"))
    accepted(devices(world, 20))
    assert world.account.reserve == 2 * PRICE
    assert world.account.balance == 6 * PRICE - 3 * PRICE - round(PRICE * 7 / 31)
    world.until(day("2026-02-01"))
    assert (world.account.reserve, world.sub().periods[-1].devices) == (0, 20)


def test_no_period_costs_more_than_its_difference_when_months_are_short() -> None:
    """28 February to 31 March is one period from a 31st; a raise over all of it costs one difference, not 31/28."""
    world = funded(20 * PRICE)
    world.until(day("2026-01-31"))
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.until(day("2026-02-28"))
    before = world.account.balance
    accepted(devices(world, 20))
    assert before - world.account.balance == PRICE


def test_a_count_that_falls_into_a_cheaper_band_costs_nothing_more() -> None:
    world = limited(of=terms(bands=(Band(up_to=10, unit=1_200), Band(up_to=None, unit=600))))
    accepted(devices(world, 12))
    assert (world.span().limit, world.account.balance) == (12, 0)


@pytest.mark.parametrize("count", [-1, 0, 10**12])
def test_a_count_that_is_not_sold_is_refused(count: int) -> None:
    assert refusal(devices(limited(), count)) is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE


def test_a_count_beyond_the_last_price_band_is_not_sold() -> None:
    world = limited(PRICE, of=terms(bands=(Band(up_to=50, unit=1_200),)))
    assert refusal(devices(world, 51)) is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE


def test_the_same_count_changes_nothing() -> None:
    assert refusal(devices(limited(), 10)) is RefusalCode.NOTHING_TO_CHANGE


def test_in_grace_first_renew_then_raise() -> None:
    world = limited(5 * PRICE)
    world.until(day("2027-01-05"))
    assert refusal(devices(world, 20)) is RefusalCode.SUBSCRIPTION_ENDED
    accepted(world.do(RENEW))
    accepted(devices(world, 20))


def test_what_has_not_begun_is_canceled_or_over_cannot_be_changed() -> None:
    assert refusal(devices(waiting(PRICE), 20)) is RefusalCode.NOT_ACTIVATED
    world = limited(PRICE)
    accepted(cancel(world))
    assert refusal(devices(world, 20)) is RefusalCode.SUBSCRIPTION_CANCELED
    world = limited(PRICE)
    world.until(day("2027-02-01"))
    assert refusal(devices(world, 5)) is RefusalCode.SUBSCRIPTION_ENDED


@settings(max_examples=60)
@given(
    first=st.integers(0, 364), second=st.integers(0, 364), counts=st.tuples(st.integers(11, 40), st.integers(11, 40))
)
def test_two_raises_cost_what_their_days_cost(first: int, second: int, counts: tuple[int, int]) -> None:
    world = limited(100 * PRICE)
    low, high = sorted(counts)
    for moment, count in zip(sorted((first, second)), (low, high), strict=True):
        world.now = day("2026-01-01") + moment * DAY
        devices(world, count)
    early, late = (365 - moment for moment in sorted((first, second)))
    exact = (low - 10) * 1_200 * early / 365 + (high - low) * 1_200 * late / 365
    assert abs(100 * PRICE - world.account.balance - exact) <= 1


# Fewer devices


def test_b11_fewer_hold_from_the_first_end_thirty_days_away() -> None:
    world = unlimited(6)
    accepted(devices(world, 5))
    assert world.sub().changes[-1].effective == day("2026-02-01")
    world.until(day("2026-01-05"))
    accepted(devices(world, 4))
    assert [change.effective for change in world.sub().changes[1:]] == [day("2026-03-01")]
    world.until(day("2026-03-01"))
    assert world.span().limit == 4
    assert [period.price for period in world.sub().periods] == [PRICE, PRICE, 4 * 1_200]


def test_b11_the_old_count_is_paid_and_holds_until_then() -> None:
    world = automatic(2 * PRICE)
    accepted(devices(world, 5))
    spans = timeline(world.sub())
    assert (span_at(spans, day("2026-12-31")).limit, span_at(spans, day("2027-01-01")).limit) == (10, 5)


def test_lowered_in_the_window_the_reserved_period_keeps_its_count() -> None:
    world = unlimited(6)
    world.until(day("2026-01-25"))
    accepted(devices(world, 5))
    assert world.sub().changes[-1].effective == day("2026-03-01")


def test_the_same_lowering_again_says_when() -> None:
    world = limited()
    accepted(devices(world, 5))
    answer = devices(world, 5)
    assert isinstance(answer, Refused)
    assert (answer.code, "2027-01-01" in answer.detail) == (RefusalCode.NOTHING_TO_CHANGE, True)


def test_a_scheduled_lowering_is_dropped_visibly() -> None:
    for drop in (
        c.DropChange(by="operator", effective=day("2027-01-01")),
        c.DropChange(by="operator", effective=day("2027-01-01"), field=TermsField.DEVICES),
        c.ChangeDevices(by="operator", devices=11),
    ):
        world = limited(PRICE)
        accepted(devices(world, 5))
        accepted(world.do(drop))
        assert "ChangeDropped" in world.kinds()
        assert span_at(timeline(world.sub()), day("2027-01-02")).phase is Phase.GRACE
        assert world.sub().terms_at(day("2027-01-02")).devices != 5
    assert refusal(world.do(c.DropChange(by="operator", effective=5))) is RefusalCode.NOTHING_TO_CHANGE


def test_lowered_at_once_if_use_allows() -> None:
    world = limited()
    answer = devices(world, 5, at_once=True, in_use=6)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.SEAT_CONFLICT_OPEN, "6 devices are in use; release 1 first.")
    accepted(devices(world, 5, at_once=True, in_use=5))
    assert world.span().limit == 5


def test_raised_again_up_to_the_paid_count_is_free_until_the_period_ends() -> None:
    world = limited(3 * PRICE)
    accepted(devices(world, 5, at_once=True))
    accepted(devices(world, 10))
    assert world.account.balance == 3 * PRICE
    accepted(devices(world, 20))
    assert world.account.balance == 2 * PRICE
    accepted(devices(world, 1, at_once=True))
    accepted(devices(world, 20))
    assert world.account.balance == 2 * PRICE
    accepted(devices(world, 1, at_once=True))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    assert world.account.balance == 2 * PRICE - 1_200


def test_a_free_raise_needs_no_money() -> None:
    world = limited()
    accepted(devices(world, 5, at_once=True))
    accepted(devices(world, 10))


def test_lowered_in_grace_it_holds_at_once_and_the_next_period_is_bought_for_it() -> None:
    world = limited(PRICE)
    world.until(day("2027-01-05"))
    assert refusal(devices(world, 5, in_use=10)) is RefusalCode.SEAT_CONFLICT_OPEN
    accepted(devices(world, 5, in_use=5))
    assert (world.phase(), world.span().limit) == (Phase.GRACE, 5)
    accepted(world.do(RENEW))
    assert (world.account.balance, world.sub().periods[-1].devices) == (PRICE // 2, 5)


def test_a_lowering_agreed_for_an_edge_moves_with_the_edge() -> None:
    """Renewed late, the period bought for the old count is not cut by what was agreed for its beginning."""
    world = unlimited(1, late_renewal=LateRenewal.FROM_NOW)
    world.until(day("2026-01-05"))
    accepted(devices(world, 5))
    assert world.sub().changes[-1].effective == day("2026-03-01")
    world.until(day("2026-02-20"))
    world.top_up(PRICE)
    assert world.sub().paid_until == day("2026-03-20")
    assert world.sub().changes[-1].effective == day("2026-03-20")
    assert span_at(timeline(world.sub()), day("2026-03-10")).limit == 10


def test_a_refund_counts_each_raise_over_the_days_it_was_paid_for() -> None:
    world = limited(PRICE, **refunding())
    world.wait(days=65)
    accepted(devices(world, 20))
    world.wait(days=200)
    paid = world.account.balance
    accepted(cancel(world, at_once=True))
    world.settle()
    assert world.account.balance - paid == 2 * PRICE * 100 // 365


# Another plan


def test_a_dearer_plan_holds_at_once_and_costs_the_difference() -> None:
    world = limited(2 * PRICE)
    world.wait(days=65)
    accepted(plan(world, 2_400, features=("edit", "export", "sign")))
    assert "sign" in world.span().features
    assert world.account.balance == 2 * PRICE - round(PRICE * 300 / 365)


def test_a_cheaper_plan_holds_from_the_end_of_what_is_paid() -> None:
    world = monthly(5 * PRICE)
    accepted(world.do(RENEW))
    accepted(plan(world, 600, features=("edit",), devices=5))
    spans = timeline(world.sub())
    assert world.sub().changes[-1].effective == day("2026-03-01")
    assert span_at(spans, day("2026-02-27")).features == ("edit", "export", "read")
    accepted(world.do(RENEW))
    assert world.sub().periods[-1].price == 5 * 600


def test_a_plan_of_another_period_not_dearer_by_the_day_holds_from_the_end_of_what_is_paid() -> None:
    world = automatic(5 * PRICE)
    accepted(plan(world, 100, period=MONTH))
    world.until(day("2027-02-15"))
    assert [period.until for period in world.sub().periods[1:]] == [day("2027-02-01"), day("2027-03-01")]
    assert world.account.balance == 5 * PRICE - 2 * 1_000


def test_a_cheaper_plan_in_grace_holds_at_once_and_is_what_is_renewed() -> None:
    world = limited(PRICE)
    world.until(day("2027-01-05"))
    assert refusal(plan(world, 2_400)) is RefusalCode.SUBSCRIPTION_ENDED
    assert refusal(plan(world, 600, devices=5, in_use=6)) is RefusalCode.SEAT_CONFLICT_OPEN
    accepted(plan(world, 600))
    accepted(world.do(RENEW))
    assert world.account.balance == PRICE - 6_000


def test_a_count_paid_under_another_plan_is_no_free_raise() -> None:
    world = limited(10 * PRICE)
    accepted(plan(world, 2_400, devices=6))
    assert world.account.balance == 10 * PRICE - 2_400
    accepted(devices(world, 10))
    assert world.account.balance == 10 * PRICE - 2_400 - 4 * 2_400


def test_a_dearer_plan_with_fewer_seats_than_are_in_use_is_a_conflict() -> None:
    assert refusal(plan(limited(10 * PRICE), 24_000, devices=5, in_use=6)) is RefusalCode.SEAT_CONFLICT_OPEN


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"product": "viewer"}, RefusalCode.CODE_NOT_FOR_PRODUCT),
        ({"kind": SubscriptionKind.UNLIMITED}, RefusalCode.UNKNOWN_PLAN),
        ({"currency": "JPY"}, RefusalCode.UNKNOWN_PLAN),
        ({"devices": 11, "max_devices": 10}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        ({"devices": 0, "min_devices": 0}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        ({"plan": "standard"}, RefusalCode.NOTHING_TO_CHANGE),
    ],
)
def test_what_another_plan_may_not_be(changed: dict[str, object], code: RefusalCode) -> None:
    assert refusal(plan(limited(), 1_200, **changed)) is code


def test_grace_longer_than_the_new_period_is_charged_as_far_as_the_period_reaches() -> None:
    """From a year with 60 days of grace to a plan by the fortnight: what is bought is never over already."""
    for late in range(1, 60, 7):
        world = funded(20 * PRICE, grace_days=60)
        accepted(world.order(intent=RenewalIntent.MANUAL))
        accepted(plan(world, 100, period=Duration(days=14)))
        world.until(days_after("2027-01-01", late))
        accepted(world.do(RENEW))
        assert world.phase() is Phase.ACTIVE


# Another customer


def test_transferred_to_another_customer_of_the_provider() -> None:
    world = limited()
    accepted(world.do(c.Transfer(by="operator", customer="cus_2")))
    assert world.sub().customer == "cus_2"
    assert refusal(world.do(c.Transfer(by="operator", customer="cus_2"))) is RefusalCode.NOTHING_TO_CHANGE


def test_not_transferred_while_money_of_the_present_customer_is_in_it() -> None:
    world = unlimited(3)
    world.until(day("2026-01-25"))
    answer = world.do(c.Transfer(by="operator", customer="cus_2"))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.when) == (RefusalCode.RENEWAL_IS_AUTOMATIC, day("2026-02-01"))
    owing = limited(**refunding())
    owing.hear("sub_1", word(day("2026-01-20")))
    accepted(cancel(owing, at_once=True))
    assert refusal(owing.do(c.Transfer(by="operator", customer="cus_2"))) is RefusalCode.SUBSCRIPTION_CANCELED


def test_m11_a_customer_transfers_only_if_the_policy_permits() -> None:
    asked = c.Transfer(by="customer", role=Role.CUSTOMER, customer="cus_2")
    assert refusal(limited().do(asked, actions=frozenset())) is RefusalCode.ACTION_NOT_PERMITTED
    accepted(limited().do(asked))


# Another anchor


def test_a_remainder_of_half_a_period_or_more_stands_alone() -> None:
    world = unlimited(6)
    accepted(world.do(c.Reanchor(by="operator", anchor=day("2026-01-20"))))
    world.until(day("2026-02-02"))
    assert world.sub().periods[-1].until == day("2026-02-20")
    assert world.sub().periods[-1].price == round(PRICE * 19 / 31)


def test_a_shorter_remainder_joins_the_next_period() -> None:
    world = unlimited(6)
    accepted(world.do(c.Reanchor(by="operator", anchor=day("2026-01-10"))))
    world.until(day("2026-02-02"))
    assert world.sub().periods[-1].until == day("2026-03-10")
    assert world.sub().periods[-1].price == round(PRICE * 37 / 31)


def test_what_cannot_be_reanchored() -> None:
    move = c.Reanchor(by="operator", anchor=day("2026-01-16"))
    assert refusal(waiting().do(move)) is RefusalCode.NOT_ACTIVATED
    assert refusal(limited().do(c.Reanchor(by="operator", anchor=day("2026-01-01")))) is RefusalCode.NOTHING_TO_CHANGE
    assert refusal(limited().do(c.Reanchor(by="operator", anchor=day("2040-01-01")))) is RefusalCode.FIELD_INVALID
    assert refusal(limited().do(c.Reanchor(by="x", role=Role.CUSTOMER, anchor=5))) is RefusalCode.ACTION_NOT_PERMITTED
    world = unlimited(6)
    world.until(day("2026-01-25"))
    assert refusal(world.do(move)) is RefusalCode.RENEWAL_IS_AUTOMATIC
    accepted(cancel(world))
    assert refusal(world.do(move)) is RefusalCode.SUBSCRIPTION_CANCELED


# More grace


def test_m08_goodwill_days_lengthen_this_grace_and_not_the_next() -> None:
    world = limited(PRICE)
    world.until(day("2027-01-05"))
    accepted(world.do(c.ExtendGrace(by="operator", days=10)))
    assert world.span().until == days_after("2027-01-01", 24)
    accepted(world.do(RENEW))
    assert world.sub().rules.grace_days == 14


@pytest.mark.parametrize("days", [-1, 0, 77])
def test_grace_has_bounds(days: int) -> None:
    assert refusal(limited().do(c.ExtendGrace(by="operator", days=days))) is RefusalCode.GRACE_OUT_OF_BOUNDS
    accepted(limited().do(c.ExtendGrace(by="operator", days=76)))


def test_grace_stays_shorter_than_the_period_it_follows() -> None:
    assert refusal(monthly().do(c.ExtendGrace(by="operator", days=17))) is RefusalCode.GRACE_OUT_OF_BOUNDS
    accepted(monthly().do(c.ExtendGrace(by="operator", days=16)))
    short = funded()
    accepted(short.order(until=days_after("2026-01-01", 30)))
    assert refusal(short.do(c.ExtendGrace(by="operator", days=16))) is RefusalCode.GRACE_OUT_OF_BOUNDS


def test_no_goodwill_for_what_waits_is_canceled_over_or_tried() -> None:
    more = c.ExtendGrace(by="operator", days=1)
    assert refusal(waiting().do(more)) is RefusalCode.NOT_ACTIVATED
    world = limited()
    accepted(cancel(world))
    assert refusal(world.do(more)) is RefusalCode.SUBSCRIPTION_CANCELED
    world = limited()
    world.until(day("2027-02-01"))
    assert refusal(world.do(more)) is RefusalCode.SUBSCRIPTION_ENDED
    tried = funded()
    accepted(tried.order(trial=True))
    assert refusal(tried.do(more)) is RefusalCode.GRACE_OUT_OF_BOUNDS


def test_goodwill_given_while_the_next_period_is_reserved_stays_with_it() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    accepted(world.do(c.ExtendGrace(by="operator", days=5)))
    world.until(day("2026-03-02"))
    assert isinstance(world.last(f.Renewed), f.Renewed)
    assert world.span().until == days_after("2026-03-01", 12)


def test_a_year_from_a_leap_day_costs_one_year() -> None:
    world = funded(20 * PRICE)
    world.until(day("2028-02-29"))
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=YEAR)))
    world.now = day("2031-03-01")
    world.settle()
    assert [period.price for period in world.sub().periods] == [PRICE] * 4
    before = world.account.balance
    accepted(devices(world, 20))
    assert before - world.account.balance == round(PRICE * 365 / 366)


def test_the_greatest_and_the_least_count_of_a_plan_are_sold() -> None:
    world = limited(PRICE, of=terms(min_devices=5, max_devices=20))
    accepted(devices(world, 20))
    accepted(devices(world, 5, at_once=True))
    external = outside(max_devices=20)
    accepted(external.do(c.ConfirmPayment(by="x", reference="bank", covers="order")))
    accepted(external.do(c.ConfirmPayment(by="x", reference="bank", covers="raise", devices=20)))
    answer = external.do(c.ConfirmPayment(by="x", reference="bank", covers="raise", devices=21))
    assert refusal(answer) is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE


def test_a_raise_leaves_periods_that_are_over_as_they_were() -> None:
    world = unlimited(6)
    world.until(day("2026-02-10"))
    accepted(devices(world, 20))
    assert [period.devices for period in world.sub().periods] == [10, 20]


def test_a_cheaper_plan_for_as_many_devices_waits_for_no_conflict_of_seats() -> None:
    world = limited()
    world.until(day("2026-12-20"))
    accepted(plan(world, 600))
    assert world.sub().changes[-1].effective == day("2027-01-01")
    accepted(plan(world, 600, devices=5))
    assert world.sub().changes[-1].effective == day("2028-01-01")


def test_paid_outside_a_raise_up_to_the_paid_count_waits_for_nothing() -> None:
    world = outside()
    accepted(world.do(c.ConfirmPayment(by="x", reference="bank", covers="order")))
    accepted(devices(world, 5, at_once=True))
    accepted(devices(world, 10))
    assert world.span().limit == 10


def test_only_what_is_still_to_come_is_dropped() -> None:
    world = unlimited(6)
    accepted(devices(world, 8))
    world.until(day("2026-02-05"))
    accepted(devices(world, 20))
    accepted(devices(world, 30))
    accepted(devices(world, 6))
    assert "ChangeDropped" not in world.kinds()
