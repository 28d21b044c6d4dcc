"""What was agreed stays agreed, and what has priced a period stays with it [spec: agreed-terms, repricing]."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.periods import Duration
from tenure.core.pricing import Band
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind, Terms, TermsField
from tenure.core.timeline import DAY, Phase, span_at
from tests.core.situations import accepted, automatic, days_after, funded, limited, refusal, word
from tests.core.world import MONTH, YEAR, World, day, terms

RENEW = c.Renew(by="operator")
BANDS = (Band(up_to=99, unit=16), Band(up_to=None, unit=10))
"""99 devices cost 1,584, a hundred 1,000, a hundred and fifty 1,500."""


def a_hundred(money: int = 100_000, **order: object) -> World:
    """A hundred devices for the year 2026 at 10 each, renewing itself."""
    world = funded(money)
    accepted(world.order(of=terms(devices=100, bands=(Band(up_to=None, unit=10),)), intent=RenewalIntent.AUTO, **order))
    return world


def devices(world: World, count: int, **more: object) -> object:
    return world.do(c.ChangeDevices(by="operator", devices=count, **more))


def plan(world: World, unit: int, *, count: int | None = None, **changed: object) -> object:
    """Another plan at so much per device; without a count only the plan is named."""
    new = {"plan": f"at {unit}", "bands": (Band(up_to=None, unit=unit),), "devices": count or 10, **changed}
    return world.do(c.ChangePlan(by="operator", terms=terms(**new), devices_as_agreed=count is None))


def drop(world: World, date: str, field: TermsField | None = None) -> object:
    return world.do(c.DropChange(by="operator", effective=day(date), field=field))


def agreed(world: World, date: str) -> tuple[str, int]:
    """Plan and devices that hold on a day to come if nobody does anything."""
    held: Terms = world.sub().terms_at(day(date))
    return held.plan, held.devices


# What has priced a period stays with it


def reserved_for_ten() -> World:
    """A hundred devices, ten agreed from the first of January, and the money for those ten is set aside."""
    world = a_hundred()
    accepted(devices(world, 10))
    world.until(day("2026-12-25"))
    assert world.account.reserve == 100
    return world


def test_a_lowering_that_priced_the_reserved_year_is_dropped_by_paying_the_difference() -> None:
    world = reserved_for_ten()
    before = world.account.balance
    accepted(drop(world, "2027-01-01"))
    assert (world.account.reserve, before - world.account.balance) == (1_000, 900)
    world.until(day("2027-01-01"))
    assert (world.span().limit, world.account.reserve, world.sub().periods[-1].devices) == (100, 0, 100)


def test_a_lowering_that_priced_the_reserved_year_is_not_dropped_without_the_money() -> None:
    world = a_hundred(1_000 + 100 + 899)
    accepted(devices(world, 10))
    world.until(day("2026-12-25"))
    assert refusal(drop(world, "2027-01-01")) is RefusalCode.INSUFFICIENT_BALANCE
    assert agreed(world, "2027-01-01") == ("standard", 10)


@pytest.mark.parametrize("count", [10, 100])
def test_the_number_agreed_or_in_force_set_again_changes_nothing(count: int) -> None:
    world = reserved_for_ten()
    answer = devices(world, count)
    assert isinstance(answer, Refused)
    assert (answer.code, "2027-01-01" in answer.detail) == (RefusalCode.NOTHING_TO_CHANGE, True)
    assert agreed(world, "2027-01-01") == ("standard", 10)


def test_another_plan_leaves_the_lowering_and_prices_the_reserve_by_both() -> None:
    world = reserved_for_ten()
    accepted(plan(world, 20))
    assert agreed(world, "2026-12-31") == ("at 20", 100)
    assert agreed(world, "2027-01-01") == ("at 20", 10)
    assert world.account.reserve == 200


def test_a_year_bought_by_hand_for_ten_is_raised_by_paying_and_never_by_dropping() -> None:
    world = limited(100_000, of=terms(devices=99, bands=(Band(up_to=None, unit=10),)))
    accepted(devices(world, 1))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    before = world.account.balance
    accepted(drop(world, "2027-01-01"))
    assert before - world.account.balance == 980


def test_a_cheaper_agreement_for_a_mere_reserve_makes_the_reserve_anew() -> None:
    """A reserve for fifty agreed devices; a cheaper plan is agreed for the same day."""
    world = a_hundred()
    accepted(devices(world, 50))
    world.until(day("2026-12-25"))
    assert world.account.reserve == 500
    accepted(plan(world, 5))
    assert world.account.reserve == 250
    assert agreed(world, "2027-01-01") == ("at 5", 50)
    world.until(day("2027-01-02"))
    assert (world.sub().periods[-1].price, world.account.reserve) == (250, 0)


def test_a_reserve_made_anew_keeps_the_days_that_a_signed_lease_promises_at_their_price() -> None:
    world = a_hundred()
    world.until(day("2026-12-25"))
    world.hear("sub_1", word(days_after("2027-01-01", 7)))
    accepted(plan(world, 5))
    assert world.account.reserve == round((7 * 1_000 + 358 * 500) / 365)
    world.until(day("2027-01-02"))
    assert world.sub().periods[-1].until == day("2028-01-01")


def test_a_reserved_year_of_another_length_is_made_anew_when_its_plan_is_dropped() -> None:
    """A yearly plan agreed and reserved, then dropped: what is reserved is a month, not a year."""
    world = funded(100_000)
    accepted(world.order(of=terms(period=MONTH, devices=10), intent=RenewalIntent.AUTO))
    accepted(plan(world, 2_745, period=YEAR))
    world.until(day("2026-01-25"))
    assert (world.account.reserve, world.sub().paid_until) == (27_450, day("2027-02-01"))
    accepted(drop(world, "2026-02-01"))
    assert (world.account.reserve, world.sub().paid_until) == (12_000, day("2026-03-01"))


def test_a_period_paid_ahead_is_not_made_cheaper_and_the_refusal_says_from_when() -> None:
    world = limited(100_000)
    accepted(plan(world, 600))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    for answer in (plan(world, 300), plan(world, 100, period=MONTH)):
        accepted(answer)
        assert agreed(world, "2027-12-31") == ("at 600", 10)
        assert agreed(world, "2028-01-01")[0] != "at 600"
    accepted(drop(world, "2027-01-01"))


def test_dropping_what_made_a_paid_year_dearer_is_refused_with_the_date() -> None:
    """Ten devices, a plan of another length agreed and its year paid ahead: the year stays."""
    world = funded(100_000)
    accepted(world.order(of=terms(period=MONTH, devices=10)))
    accepted(plan(world, 1_000, period=YEAR))
    accepted(world.do(RENEW))
    answer = drop(world, "2026-02-01")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.when) == (RefusalCode.PERIOD_PAID_AHEAD, day("2027-02-01"))


def test_outside_the_ledger_a_dearer_year_is_not_had_by_dropping_what_priced_it() -> None:
    world = funded(0)
    accepted(world.order(of=terms(settlement=Settlement.EXTERNAL)))
    accepted(world.do(c.ConfirmPayment(by="operator", reference="one", covers="order")))
    accepted(devices(world, 5))
    world.until(day("2026-12-01"))
    accepted(world.do(c.ConfirmPayment(by="operator", reference="two", covers="renewal")))
    assert refusal(drop(world, "2027-01-01")) is RefusalCode.AWAITING_PAYMENT


# An unrelated command drops no agreement


def test_one_more_device_leaves_the_plan_agreed_and_costs_what_one_costs_under_each() -> None:
    world = limited(100_000)
    accepted(plan(world, 600))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    before = world.account.balance
    accepted(devices(world, 11))
    assert before - world.account.balance == round(1_200 * 31 / 365) + 600
    assert agreed(world, "2027-06-01") == ("at 600", 11)
    assert refusal(devices(world, 11)) is RefusalCode.NOTHING_TO_CHANGE
    assert agreed(world, "2027-06-01") == ("at 600", 11)


@pytest.mark.parametrize("unit", [2_400, 600])
def test_another_plan_leaves_the_number_agreed(unit: int) -> None:
    world = limited(100_000)
    accepted(devices(world, 5))
    accepted(plan(world, unit))
    assert agreed(world, "2027-01-01") == (f"at {unit}", 5)


def test_the_plan_in_force_or_agreed_set_again_changes_nothing() -> None:
    world = limited(100_000)
    accepted(plan(world, 600))
    assert refusal(plan(world, 600)) is RefusalCode.NOTHING_TO_CHANGE
    assert (
        refusal(world.do(c.ChangePlan(by="operator", terms=terms(), devices_as_agreed=True)))
        is RefusalCode.NOTHING_TO_CHANGE
    )
    assert agreed(world, "2027-01-01") == ("at 600", 10)


def test_a_plan_named_with_another_number_replaces_both() -> None:
    world = limited(100_000)
    accepted(devices(world, 5))
    accepted(plan(world, 600, count=8))
    assert agreed(world, "2027-01-01") == ("at 600", 8)
    accepted(plan(world, 2_400, count=20))
    assert agreed(world, "2026-01-01") == agreed(world, "2027-01-01") == ("at 2400", 20)


def test_one_field_of_what_is_agreed_for_a_day_is_dropped_and_the_other_stays() -> None:
    world = limited(100_000)
    accepted(devices(world, 5))
    accepted(plan(world, 600))
    accepted(drop(world, "2027-01-01", TermsField.DEVICES))
    assert agreed(world, "2027-01-01") == ("at 600", 10)
    assert refusal(drop(world, "2027-01-01", TermsField.DEVICES)) is RefusalCode.NOTHING_TO_CHANGE


def test_a_milder_lowering_keeps_the_day_that_was_announced() -> None:
    world = a_hundred()
    accepted(devices(world, 10))
    world.until(day("2026-12-15"))
    accepted(devices(world, 50))
    assert agreed(world, "2027-01-01") == ("standard", 50)


@pytest.mark.parametrize("count", [30, 15])
def test_a_number_that_the_plan_agreed_does_not_sell_is_refused_naming_both(count: int) -> None:
    world = limited(1_000_000)
    accepted(plan(world, 600, max_devices=12))
    answer = devices(world, count)
    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE
    assert all(part in answer.detail for part in ("at 600", "2027-01-01", "1 to 12", f"{count} devices"))


def test_a_plan_that_does_not_sell_the_number_agreed_is_refused_naming_both() -> None:
    world = limited(1_000_000)
    accepted(devices(world, 5))
    answer = plan(world, 600, min_devices=8)
    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE
    assert all(part in answer.detail for part in ("at 600", "8 to", "5 devices"))


# The path does not decide


def bands(count: int, money: int = 1_000_000) -> World:
    world = funded(money)
    accepted(world.order(of=terms(devices=count, bands=BANDS)))
    return world


def spent(world: World, *counts: int) -> int:
    before = world.account.balance
    for count in counts:
        accepted(devices(world, count))
    return before - world.account.balance


def test_across_a_price_band_the_path_does_not_decide() -> None:
    assert spent(bands(99), 100, 120) == spent(bands(99), 120) == 0
    assert spent(bands(99), 100, 150, 200) == spent(bands(99), 200) == 2_000 - 1_584


@given(st.integers(0, 364), st.integers(0, DAY - 1))
def test_a_hundred_raises_by_one_cost_what_one_by_a_hundred_costs(days: int, seconds: int) -> None:
    steps, leap = bands(100), bands(100)
    for world in (steps, leap):
        world.now += days * DAY + seconds
    assert spent(steps, *range(101, 201)) == spent(leap, 200)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(11, 300)), min_size=2, max_size=6))
def test_a_year_costs_over_its_days_the_highest_total_agreed_so_far(raises: list[tuple[int, int]]) -> None:
    world, highest, left, exact = bands(10), 160, 365, 0.0
    for wait, count in raises:
        world.now += wait * DAY
        exact += highest * wait
        left -= wait
        devices(world, count, at_once=True)
        unit = 16 if count < 100 else 10
        highest = max(highest, unit * count)
    assert 1_000_000 - world.account.balance == int((exact + highest * left) / 365 + 0.5)


def test_a_raise_while_the_next_year_is_reserved_costs_the_same_by_every_path() -> None:
    costs = []
    for path in ((11, 13), (13,), (12, 11 + 2)):
        world = a_hundred()
        accepted(devices(world, 10, at_once=True))
        world.until(day("2026-12-25"))
        costs.append((spent(world, *path), world.account.reserve))
    assert costs == [costs[0]] * 3


# A plan whose period has another length


def test_from_month_to_year_a_whole_year_is_bought_from_the_end_of_the_month() -> None:
    world = funded(100_000)
    accepted(world.order(of=terms(period=MONTH), intent=RenewalIntent.AUTO))
    world.until(day("2026-03-10"))
    accepted(plan(world, 1_000, period=YEAR))
    world.until(day("2026-04-02"))
    bought = world.sub().periods[-1]
    assert (bought.since, bought.until, bought.price) == (day("2026-04-01"), day("2027-04-01"), 10_000)
    assert world.sub().anchor == day("2026-04-01")
    world.top_up(100_000)
    world.until(day("2027-04-02"))
    assert world.sub().paid_until == day("2028-04-01")


def test_from_the_thirty_first_a_year_is_bought_whole_and_keeps_its_own_anchor() -> None:
    world = funded(1_000_000)
    world.until(day("2026-01-31"))
    accepted(world.order(of=terms(period=MONTH, kind=SubscriptionKind.UNLIMITED)))
    accepted(plan(world, 10_000, period=YEAR, kind=SubscriptionKind.UNLIMITED))
    world.until(day("2026-03-01"))
    assert world.sub().periods[-1].until == day("2027-02-28")


def test_a_dearer_plan_of_another_length_begins_at_once_and_credits_the_unused_days() -> None:
    world = limited(100_000)
    world.wait(days=65, seconds=5)
    before = world.account.balance
    accepted(plan(world, 300, period=MONTH))
    assert before - world.account.balance == 3_000 - 12_000 * 299 // 365
    assert [(each.since, each.until) for each in world.sub().periods] == [
        (day("2026-01-01"), days_after("2026-01-01", 65) + 5),
        (days_after("2026-01-01", 65) + 5, day("2026-04-07") + 5),
    ]
    assert world.sub().terms_at(world.now).plan == "at 300"
    assert world.phase() is Phase.ACTIVE
    world.until(day("2026-04-07") + 6)
    assert world.phase() is Phase.GRACE


def test_begun_anew_a_year_paid_ahead_and_a_reserve_come_back_whole() -> None:
    ahead = limited(100_000)
    ahead.until(day("2026-12-01"))
    accepted(ahead.do(RENEW))
    before = ahead.account.balance
    accepted(plan(ahead, 300, period=MONTH))
    assert ahead.account.balance - before == 12_000 + 12_000 * 31 // 365 - 3_000
    waiting = automatic(100_000)
    waiting.until(day("2026-12-25"))
    before = waiting.account.balance + waiting.account.reserve
    accepted(plan(waiting, 300, period=MONTH))
    assert waiting.account.balance + waiting.account.reserve - before == 12_000 * 7 // 365 - 3_000
    assert waiting.account.reserve == 0


def test_begun_anew_the_days_that_a_lease_promises_beyond_the_new_period_are_not_given_back() -> None:
    world = limited(100_000)
    world.hear("sub_1", word(days_after("2026-01-01", 30)))
    before = world.account.balance
    accepted(plan(world, 500, period=Duration(days=7)))
    assert world.account.balance - before == 12_000 - -(-12_000 * 23 // 365) - 5_000


def test_in_a_trial_a_plan_of_another_length_waits_for_its_end() -> None:
    world = funded(100_000)
    accepted(world.order(trial=True, trial_period=Duration(days=14), of=terms(period=MONTH)))
    accepted(plan(world, 90_000, period=YEAR))
    assert agreed(world, "2026-01-15") == ("at 90000", 10)
    assert world.account.balance == 100_000


def test_an_edge_inside_a_period_bought_late_that_has_passed_is_not_moved() -> None:
    """Bought in grace by the terms of now, the period is served by them."""
    world = limited(100_000, of=terms(period=MONTH))
    accepted(devices(world, 5))
    world.until(day("2026-02-05"))
    accepted(world.do(RENEW))
    assert world.sub().periods[-1].price == 5 * 1_200
    assert span_at(timeline(world.sub()), world.now).limit == 5


# Nothing to pay, nothing to wait for


@pytest.mark.parametrize("more", [{"trial": True}, {}])
def test_outside_the_ledger_what_costs_nothing_begins_without_a_confirmation(more: dict[str, object]) -> None:
    world = funded(0)
    unit = 1_200 if more else 0
    of = terms(settlement=Settlement.EXTERNAL, bands=(Band(up_to=None, unit=unit),))
    accepted(world.order(of=of, **more))
    assert world.phase() is Phase.ACTIVE
    confirm = c.ConfirmPayment(by="operator", reference="bank", covers="order")
    assert refusal(world.do(confirm)) is RefusalCode.NOT_AWAITING_PAYMENT
    world.until(day("2026-12-20"))
    answer = world.do(RENEW)
    assert (refusal(answer) is RefusalCode.AWAITING_PAYMENT) if unit else accepted(answer)


def test_outside_the_ledger_a_dearer_plan_that_costs_nothing_more_holds_at_once() -> None:
    """Lowered at once and raised in price: what is paid for the year covers it."""
    world = funded(0)
    accepted(world.order(of=terms(settlement=Settlement.EXTERNAL)))
    accepted(world.do(c.ConfirmPayment(by="operator", reference="bank", covers="order")))
    accepted(devices(world, 5, at_once=True))
    accepted(plan(world, 2_000, settlement=Settlement.EXTERNAL))
    assert world.sub().terms_at(world.now).plan == "at 2000"
    assert refusal(plan(world, 3_000, settlement=Settlement.EXTERNAL)) is RefusalCode.AWAITING_PAYMENT


def test_every_change_is_told_in_the_facts() -> None:
    world = reserved_for_ten()
    accepted(drop(world, "2027-01-01"))
    fact = world.last(f.ChangeDropped)
    assert isinstance(fact, f.ChangeDropped)
    assert (fact.field, fact.amount) == (TermsField.DEVICES, 900)


# While a hold stops the clock


def stopped(world: World) -> World:
    """Held by the provider whose rules stop the clock."""
    accepted(world.do(c.PlaceHold(by="operator", reason="holiday")))
    return world


def test_fewer_devices_agreed_while_the_clock_stands_still_hold_after_it() -> None:
    """More at once, then fewer from the end: what is agreed later comes later, however long the clock stood still."""
    world = funded(100_000, stop_clock=True)
    accepted(world.order())
    stopped(world)
    world.wait(days=400)
    accepted(devices(world, 20))
    accepted(devices(world, 5))
    world.wait(days=10)
    accepted(world.do(c.ReleaseHold(by="operator")))
    end = world.sub().periods[-1].until
    assert (world.span().limit, world.sub().terms_at(end).devices) == (20, 5)


def test_days_that_a_lease_promises_beyond_the_new_period_cost_what_is_served_in_them() -> None:
    """A yearly plan reserved, dropped for the dearer month while a lease promises more than a month of it."""
    world = funded(100_000, stop_clock=True)
    accepted(world.order(of=terms(period=MONTH, devices=10), intent=RenewalIntent.AUTO))
    accepted(plan(world, 1_000, period=YEAR))
    world.until(day("2026-01-31"))
    stopped(world)
    world.hear("sub_1", word(day("2026-03-12")))
    world.wait(days=40)
    accepted(drop(world, "2026-02-01"))
    days = (day("2026-03-12") - day("2026-02-01")) // DAY
    assert world.account.reserve == round(12_000 * days / 28)


def test_two_numbers_that_a_longer_period_brings_to_one_day_are_one_agreement() -> None:
    world = funded(1_000_000)
    accepted(world.order(of=terms(period=MONTH, devices=20)))
    accepted(devices(world, 15))
    world.until(day("2026-01-20"))
    accepted(world.do(RENEW))
    accepted(devices(world, 10))
    accepted(plan(world, 20_000, period=YEAR))
    agreed_numbers = [
        change for change in world.sub().changes if change.scheduled and change.field is TermsField.DEVICES
    ]
    assert [(change.effective, change.terms.devices) for change in agreed_numbers] == [(day("2027-01-20"), 10)]
