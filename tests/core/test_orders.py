"""Ordering, and what a subscription waits for until it begins [spec: order, trial, settlement-method]."""

import pytest

from tenure.core.business import commands as c
from tenure.core.business.account import Account
from tenure.core.policy.rules import Role
from tenure.core.pricing import Band
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.terms import RenewalIntent, Settlement, SubscriptionKind, TermStart
from tenure.core.timeline import DAY, Phase, PhaseCause
from tests.core.situations import PRICE, accepted, funded, limited, outside, refunding, refusal, waiting
from tests.core.world import MONTH, YEAR, World, day, terms

CONFIRM = c.ConfirmPayment(by="operator", reference="bank 7", covers="order")


def test_m01_an_order_may_name_its_end_date() -> None:
    world = funded()
    accepted(world.order(until=day("2026-07-01")))
    span = world.span()
    assert (span.phase, span.until, span.limit) == (Phase.ACTIVE, day("2026-07-01"), 10)


def test_m02_it_belongs_to_one_provider_and_one_of_its_customers() -> None:
    sub = limited().sub()
    assert (sub.provider, sub.customer) == ("prv_1", "cus_1")


def test_m04_a_limited_order_ends_and_an_unlimited_one_has_no_end_date() -> None:
    world = funded()
    accepted(world.order(of=terms(period=YEAR)))
    accepted(world.order("sub_2", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.until(day("2026-12-31"))
    assert world.sub().paid_until == day("2027-01-01")
    assert (
        refusal(world.order("sub_3", of=terms(kind=SubscriptionKind.UNLIMITED), until=day("2028-01-01")))
        is RefusalCode.TERM_AMBIGUOUS
    )


def test_an_end_date_is_priced_by_the_day_and_is_the_anchor() -> None:
    world = funded()
    accepted(world.order(until=day("2026-07-01")))
    assert world.account.balance == 10 * PRICE - round(PRICE * 181 / 365)
    world.until(day("2026-06-01"))
    accepted(world.do(c.Renew(by="operator")))
    assert world.sub().paid_until == day("2027-07-01")
    assert world.sub().periods[-1].price == PRICE


@pytest.mark.parametrize(("length", "code"), [(28 * DAY, None), (28 * DAY - 1, RefusalCode.TERM_TOO_SHORT)])
def test_the_least_term_is_28_days(length: int, code: RefusalCode | None) -> None:
    world = funded()
    answer = world.order(until=world.now + length)
    assert (answer.code if isinstance(answer, Refused) else None) is code


def test_too_short_a_term_names_the_earliest_end() -> None:
    world = funded()
    answer = world.order(until=world.now + 5 * DAY)
    assert isinstance(answer, Refused)
    assert (answer.field, answer.when) == ("until", world.now + 28 * DAY)


@pytest.mark.parametrize("until", [-DAY, 0, 253_402_300_799])
def test_an_impossible_end_is_refused(until: int) -> None:
    assert refusal(funded().order(until=until)) in {RefusalCode.TERM_TOO_SHORT, RefusalCode.FIELD_INVALID}


@pytest.mark.parametrize(
    ("changed", "more", "code"),
    [
        ({"devices": 0}, {}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        ({"devices": 11, "max_devices": 10}, {}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        ({"devices": 11, "bands": (Band(up_to=10, unit=1),)}, {}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        ({"devices": 11, "bands": (Band(up_to=10, unit=1),)}, {"trial": True}, RefusalCode.DEVICE_COUNT_OUT_OF_RANGE),
        (
            {"kind": SubscriptionKind.UNLIMITED, "settlement": Settlement.EXTERNAL},
            {},
            RefusalCode.AUTOMATIC_NEEDS_PREPAID,
        ),
        ({"settlement": Settlement.EXTERNAL}, {"intent": RenewalIntent.AUTO}, RefusalCode.AUTOMATIC_NEEDS_PREPAID),
        ({}, {"trial": True, "until": day("2026-12-01")}, RefusalCode.TERM_AMBIGUOUS),
        ({"devices": 101}, {}, RefusalCode.INSUFFICIENT_BALANCE),
    ],
)
def test_what_an_order_may_not_be(changed: dict[str, object], more: dict[str, object], code: RefusalCode) -> None:
    world = funded()
    assert refusal(world.order(of=terms(**changed), **more)) is code
    assert (world.items, world.account.balance) == ({}, 10 * PRICE)


def test_an_order_short_of_money_names_what_is_missing() -> None:
    answer = funded(PRICE - 5).order()
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.INSUFFICIENT_BALANCE, "0.05 EUR are missing.")


def test_what_costs_nothing_can_be_ordered_below_a_lowered_credit_limit() -> None:
    world = World(account=Account(balance=-500, credit_limit=0))
    accepted(world.order(trial=True))


def test_an_order_is_not_placed_twice_under_one_id() -> None:
    world = limited(5 * PRICE)
    assert refusal(world.order()) is RefusalCode.ALREADY_EXISTS
    assert world.account.balance == 5 * PRICE


def test_m11_the_policy_may_forbid_ordering() -> None:
    world = funded()
    answer = world.do(
        c.Order(
            by="customer",
            role=Role.CUSTOMER,
            subscription="sub_1",
            provider="prv_1",
            customer="cus_1",
            terms=terms(),
            code=c.CodeRef(id="code", last_group="00000"),
        ),
        actions=frozenset(),
    )
    assert refusal(answer) is RefusalCode.ACTION_NOT_PERMITTED


# Waiting for the first activation


def test_m09_nothing_is_licensed_before_the_code_is_applied() -> None:
    world = waiting()
    span = world.span()
    assert (span.phase, span.why, span.features, span.limit) == (Phase.PENDING, PhaseCause.NOT_ACTIVATED, (), 0)
    assert world.account.balance == 0


def test_m09_the_term_begins_with_the_first_activation_and_not_with_the_next() -> None:
    world = waiting()
    world.wait(days=100)
    accepted(world.activate())
    world.wait(days=10)
    accepted(world.activate("site_2"))
    assert world.sub().periods[0].since == day("2026-01-01") + 100 * DAY
    assert world.kinds().count("Activated") == 1
    assert world.phase() is Phase.ACTIVE


def test_a_waiting_one_that_nobody_activates_ends_after_365_days() -> None:
    world = waiting()
    end = day("2026-01-01") + 365 * DAY
    world.until(end - 1)
    assert world.phase() is Phase.PENDING
    world.wait(seconds=1)
    assert (world.phase(), world.span().why) == (Phase.ENDED, PhaseCause.NEVER_ACTIVATED)
    assert refusal(world.activate()) is RefusalCode.SUBSCRIPTION_ENDED


def test_activated_in_the_last_second_it_runs() -> None:
    world = waiting()
    world.until(day("2026-01-01") + 365 * DAY - 1)
    accepted(world.activate())
    assert world.phase() is Phase.ACTIVE


@pytest.mark.parametrize(("rules", "back"), [({}, 0), (refunding(), PRICE)])
def test_what_lapsed_is_refunded_by_policy(rules: dict[str, object], back: int) -> None:
    world = waiting(**rules)
    world.until(day("2027-02-01"))
    assert world.account.balance == back
    assert world.kinds().count("Refunded") == (1 if back else 0)


def test_an_order_canceled_before_it_begins_is_refunded_whole() -> None:
    world = waiting()
    accepted(world.do(c.Cancel(by="operator")))
    world.settle()
    assert (world.phase(), world.span().why, world.account.balance) == (Phase.ENDED, PhaseCause.CANCELED, PRICE)


# Paid outside the ledger


def test_an_external_order_waits_for_its_payment() -> None:
    world = outside()
    assert (world.phase(), world.span().why) == (Phase.PENDING, PhaseCause.AWAITING_PAYMENT)
    assert refusal(world.activate()) is RefusalCode.AWAITING_PAYMENT


def test_at_order_means_at_confirmation_when_paid_outside() -> None:
    world = outside()
    world.wait(days=9)
    accepted(world.do(CONFIRM))
    assert world.sub().periods[0].since == day("2026-01-10")
    fact = world.last(f.PaymentConfirmed)
    assert isinstance(fact, f.PaymentConfirmed)
    assert (fact.reference, fact.amount) == ("bank 7", PRICE)
    assert world.postings == []


def test_a_fixed_end_paid_outside_is_priced_by_the_day_from_the_confirmation() -> None:
    world = funded(0)
    accepted(world.order(of=terms(settlement=Settlement.EXTERNAL), until=day("2026-12-31")))
    world.until(day("2026-07-01"))
    accepted(world.do(CONFIRM))
    period = world.sub().periods[0]
    assert (period.since, period.until) == (day("2026-07-01"), day("2026-12-31"))
    assert period.price == round(PRICE * 183 / 365)


def test_confirmed_before_activation_it_waits_for_the_activation() -> None:
    world = outside(start=TermStart.AT_FIRST_ACTIVATION)
    accepted(world.do(CONFIRM))
    assert (world.phase(), world.span().why) == (Phase.PENDING, PhaseCause.NOT_ACTIVATED)
    accepted(world.activate())
    assert world.phase() is Phase.ACTIVE


def test_a_payment_is_confirmed_once_and_only_where_one_is_awaited() -> None:
    world = outside()
    accepted(world.do(CONFIRM))
    assert refusal(world.do(CONFIRM)) is RefusalCode.NOT_AWAITING_PAYMENT
    assert refusal(limited().do(CONFIRM)) is RefusalCode.NOT_AWAITING_PAYMENT


def test_a_confirmation_that_comes_too_late_is_refused() -> None:
    world = outside()
    world.wait(days=365)
    assert refusal(world.do(CONFIRM)) is RefusalCode.SUBSCRIPTION_ENDED


def test_a_fixed_end_that_has_come_cannot_be_paid_any_more() -> None:
    world = funded(0)
    accepted(world.order(of=terms(settlement=Settlement.EXTERNAL), until=day("2026-02-01")))
    world.until(day("2026-02-01"))
    assert refusal(world.do(CONFIRM)) is RefusalCode.TERM_TOO_SHORT


def test_a_canceled_external_order_owes_nothing_back() -> None:
    world = outside()
    accepted(world.do(c.Cancel(by="operator")))
    world.settle()
    assert world.kinds() == ["Ordered", "Canceled"]
    assert refusal(world.do(CONFIRM)) is RefusalCode.SUBSCRIPTION_CANCELED


def test_an_external_renewal_and_an_external_raise_take_effect_by_confirmation() -> None:
    world = outside()
    accepted(world.do(CONFIRM))
    world.until(day("2026-12-01"))
    assert refusal(world.do(c.Renew(by="operator"))) is RefusalCode.AWAITING_PAYMENT
    accepted(world.do(c.ConfirmPayment(by="operator", reference="bank 8", covers="renewal")))
    assert world.sub().paid_until == day("2028-01-01")
    more = c.ChangeDevices(by="operator", devices=20)
    assert refusal(world.do(more)) is RefusalCode.AWAITING_PAYMENT
    accepted(world.do(c.ConfirmPayment(by="operator", reference="bank 9", covers="raise", devices=20)))
    assert world.span().limit == 20
    assert (world.postings, world.account) == ([], Account(settled_at=world.now))


@pytest.mark.parametrize("covers", ["", "lunch", "Order"])
def test_a_payment_for_something_unknown_is_refused(covers: str) -> None:
    answer = outside().do(c.ConfirmPayment(by="operator", reference="bank 7", covers=covers))
    assert refusal(answer) is RefusalCode.FIELD_INVALID


def test_automatic_renewal_needs_prepaid_money() -> None:
    world = outside()
    accepted(world.do(CONFIRM))
    assert (
        refusal(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)))
        is RefusalCode.AUTOMATIC_NEEDS_PREPAID
    )


# Trials

TRIAL: dict[str, object] = {"trial": True, "trial_period": MONTH}


def test_a_trial_costs_nothing_and_comes_once() -> None:
    world = funded()
    accepted(world.order(**TRIAL))
    assert (world.span().why, world.account.balance) == (PhaseCause.TRIAL, 10 * PRICE)
    second = c.Order(
        by="operator",
        subscription="sub_2",
        provider="prv_1",
        customer="cus_1",
        terms=terms(),
        code=c.CodeRef(id="code", last_group="00000"),
        trial=True,
    )
    assert refusal(world.do(second, "sub_2", trial_used=True)) is RefusalCode.TRIAL_ALREADY_USED


@pytest.mark.parametrize(("days", "phase"), [(0, Phase.ENDED), (3, Phase.GRACE)])
def test_a_trial_has_no_grace_unless_the_policy_says_so(days: int, phase: Phase) -> None:
    world = funded(trial_grace_days=days)
    accepted(world.order(**TRIAL))
    world.until(day("2026-02-01"))
    assert world.phase() is phase


@pytest.mark.parametrize("kind", list(SubscriptionKind))
@pytest.mark.parametrize(
    ("intent", "why"), [(RenewalIntent.AUTO, PhaseCause.PAID), (RenewalIntent.MANUAL, PhaseCause.PAYMENT_ENDED)]
)
def test_a_trial_becomes_paid_only_if_the_order_said_so(
    kind: SubscriptionKind, intent: RenewalIntent, why: PhaseCause
) -> None:
    world = funded()
    accepted(world.order(of=terms(kind=kind), intent=intent, **TRIAL))
    world.until(day("2026-02-01"))
    assert world.span().why is why
    assert world.account.balance == (9 * PRICE if intent is RenewalIntent.AUTO else 10 * PRICE)


def test_a_trial_cannot_be_made_to_convert_afterwards_but_be_bought() -> None:
    world = funded()
    accepted(world.order(**TRIAL))
    assert (
        refusal(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.AUTO))) is RefusalCode.RENEWAL_TOO_LATE
    )
    accepted(world.do(c.Renew(by="customer")))
    assert world.sub().paid_until == day("2027-02-01")
    accepted(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.AUTO)))


def test_a_trial_that_converts_can_be_switched_off_and_on_again() -> None:
    world = funded()
    accepted(world.order(intent=RenewalIntent.AUTO, **TRIAL))
    accepted(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.MANUAL)))
    accepted(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.AUTO)))
    world.until(day("2026-02-02"))
    assert world.span().why is PhaseCause.PAID


def test_more_devices_cost_their_price_on_a_trial_too() -> None:
    """What is tried for nothing is the number that was ordered."""
    world = funded()
    accepted(world.order(**TRIAL))
    accepted(world.do(c.ChangeDevices(by="customer", devices=20)))
    assert world.account.balance == 10 * PRICE - round(PRICE * 31 / 365)


@pytest.mark.parametrize("count", [5, 20])
def test_the_least_and_the_greatest_count_are_sold(count: int) -> None:
    accepted(funded().order(of=terms(devices=count, min_devices=5, max_devices=20)))
