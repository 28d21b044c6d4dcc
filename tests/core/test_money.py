"""Reserving, capturing, paying late, and who is paid first when money is short
[spec: automatic-renewal, payment-order]."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business import ledger
from tenure.core.business.account import Account, PolicyHistory
from tenure.core.business.decide.money import can_afford
from tenure.core.business.execute import credit_account
from tenure.core.business.runway import runway
from tenure.core.business.settle import settle
from tenure.core.periods import Duration
from tenure.core.policy.rules import LateRenewal, RenewalOrder, Rules
from tenure.core.pricing import Band
from tenure.core.refusals import RefusalCode
from tenure.core.subscription import facts as f
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, TermStart
from tenure.core.timeline import DAY, Phase
from tests.core.histories import Life, Step, copy, live, lives
from tests.core.situations import (
    PRICE,
    accepted,
    automatic,
    cancel,
    days_after,
    funded,
    limited,
    refusal,
    unlimited,
    word,
)
from tests.core.world import MONTH, YEAR, World, day, terms

LEAVE = c.LeaveSite(by="admin", site="site_1")


def three(money: int, order: RenewalOrder = RenewalOrder.OLDEST_DUE) -> World:
    """Monthly ones for 9, 3 and 6 devices, due on the 1st, 2nd and 3rd; then so much money."""
    world = World(rules=Rules(grace_days=20), account=Account(orders=((0, order),)))
    for number, devices in enumerate((9, 3, 6), 1):
        world.top_up(1_200 * devices)
        accepted(world.order(f"sub_{number}", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, devices=devices)))
        world.wait(days=1)
    world.until(day("2026-02-10"))
    world.top_up(money)
    return world


def paid(world: World) -> list[str]:
    return [name for name in ("sub_1", "sub_2", "sub_3") if world.phase(name) is Phase.ACTIVE]


# Reserving


@pytest.mark.parametrize(
    ("period", "before"),
    [(YEAR, 10 * DAY), (MONTH, 28 * DAY // 3), (Duration(days=14), 14 * DAY // 3), (Duration(days=1), DAY // 3)],
)
def test_money_is_set_aside_ten_days_or_a_third_of_the_coming_period_before(period: Duration, before: int) -> None:
    world = funded()
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=period)))
    end = world.sub().periods[0].until
    world.until(end - before - 1)
    assert world.account.reserve == 0
    world.wait(seconds=1)
    assert world.account.reserve == PRICE


def test_a_reserve_is_captured_at_the_due_instant_however_late_it_is_booked() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    world.asleep = True
    world.until(day("2026-02-14"))
    world.settle()
    fact = world.last(f.Renewed)
    assert (fact.at, fact.recorded_at, fact.paid_by) == (day("2026-02-01"), day("2026-02-14"), "reserve")


def test_a_reserve_once_made_is_kept() -> None:
    world = funded(2 * PRICE, grace_days=20)
    accepted(world.order("sub_1", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.until(day("2026-01-25"))
    accepted(
        world.order(
            "sub_2",
            of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH),
            trial=True,
            intent=RenewalIntent.AUTO,
            trial_period=Duration(days=3),
        )
    )
    world.until(day("2026-02-02"))
    assert (world.phase("sub_1"), world.phase("sub_2")) == (Phase.ACTIVE, Phase.ENDED)


def test_money_that_comes_inside_the_window_is_reserved_at_once() -> None:
    world = unlimited(1)
    world.until(day("2026-01-25"))
    world.top_up(PRICE)
    assert (world.account.balance, world.account.reserve) == (0, PRICE)
    assert world.last(f.RenewalReserved).at == day("2026-01-25")


def test_a_command_that_frees_money_pays_for_what_waits() -> None:
    world = funded(2 * PRICE, grace_days=20)
    for name in ("sub_1", "sub_2"):
        accepted(world.order(name, of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.top_up(PRICE)
    world.until(day("2026-01-25"))
    assert (world.sub("sub_1").reserved is None, world.sub("sub_2").reserved is None) == (False, True)
    accepted(cancel(world, "sub_1"))
    assert world.sub("sub_2").reserved is not None


def test_switched_on_inside_the_window_it_is_reserved_at_once() -> None:
    world = limited(PRICE)
    world.until(day("2026-12-28"))
    accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)))
    assert world.account.reserve == PRICE


def test_switched_off_and_on_again_the_whole_period_is_reserved() -> None:
    world = automatic()
    world.until(day("2026-12-28"))
    world.hear("sub_1", word(days_after("2027-01-01", 7)))
    before = world.sub().reserved
    accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.MANUAL)))
    assert world.sub().paid_until == days_after("2027-01-01", 7)
    assert refusal(world.do(c.Renew(by="operator"))) is RefusalCode.RENEWAL_TOO_EARLY
    accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)))
    assert world.sub().reserved == before


def test_what_was_kept_for_leases_is_followed_by_the_rest_of_the_period() -> None:
    world = automatic()
    world.until(day("2026-12-28"))
    world.hear("sub_1", word(days_after("2027-01-01", 7)))
    accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.MANUAL)))
    world.until(day("2027-01-02"))
    accepted(world.do(c.Renew(by="operator")))
    assert world.sub().paid_until == day("2028-01-01")
    assert world.account.balance == 0


# Paying late


def test_money_at_the_very_due_instant_pays_from_there() -> None:
    world = unlimited(1)
    world.until(day("2026-02-01"))
    world.top_up(PRICE)
    assert world.kinds() == ["Ordered", "PaymentFailed", "Renewed"]
    assert world.sub().paid_until == day("2026-03-01")


def test_a_failed_payment_says_what_was_missing() -> None:
    world = unlimited(1)
    world.top_up(2_500)
    world.until(day("2026-02-01"))
    fact = world.last(f.PaymentFailed)
    assert (fact.at, fact.price, fact.missing) == (day("2026-02-01"), PRICE, 9_500)


def test_a_late_payment_buys_exactly_one_period() -> None:
    world = unlimited(1)
    world.until(day("2026-02-20"))
    world.top_up(5 * PRICE)
    assert (len(world.sub().periods), world.account.balance) == (2, 4 * PRICE)


@pytest.mark.parametrize(
    ("late", "since"),
    [
        (LateRenewal.CHARGE_GRACE, day("2026-02-13")),
        (LateRenewal.FROM_NOW, day("2026-02-20")),
        (LateRenewal.FROM_END, day("2026-02-13")),
    ],
)
def test_after_the_end_automatic_payment_begins_by_the_providers_rule(late: LateRenewal, since: int) -> None:
    world = unlimited(1, late_renewal=late)
    world.until(day("2026-02-20"))
    world.top_up(PRICE)
    assert world.sub().periods[-1].since == since
    assert world.sub().anchor == since


@pytest.mark.parametrize(("days", "phase"), [(29, Phase.ACTIVE), (30, Phase.ENDED), (31, Phase.ENDED)])
def test_automatic_attempts_stop_so_many_days_after_the_end(days: int, phase: Phase) -> None:
    world = unlimited(1, resume_days=30)
    world.until(days_after("2026-02-08", days))
    world.top_up(PRICE)
    assert world.phase() is phase


def test_once_automatic_attempts_have_stopped_nothing_is_due_any_more() -> None:
    world = unlimited(1, resume_days=30)
    world.until(days_after("2026-02-08", 28))
    assert settle(world.account, world.items.values(), world.now).next_due == days_after("2026-02-08", 29)
    world.until(days_after("2026-02-08", 29))
    assert settle(world.account, world.items.values(), world.now).next_due is None


def test_resumed_it_does_not_go_on_for_longer_than_it_can_be_revived() -> None:
    world = unlimited(1, resume_days=30, reinstate_days=40)
    world.until(days_after("2026-02-08", 39))
    accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)))
    world.wait(days=2)
    world.top_up(PRICE)
    assert (world.phase(), world.account.balance) == (Phase.ENDED, PRICE)


def test_left_by_every_site_it_buys_nothing_in_grace_but_a_new_site_resumes_it() -> None:
    world = unlimited(1)
    accepted(world.activate())
    world.until(day("2026-02-02"))
    accepted(world.do(LEAVE))
    world.top_up(PRICE)
    assert world.phase() is Phase.GRACE
    accepted(world.activate("site_2"))
    assert world.phase() is Phase.ACTIVE


def test_a_silent_installation_is_there_so_that_a_late_top_up_renews_for_it() -> None:
    """Nothing was heard of it since it was activated (ADR 39); `resume_days` after the end nothing is bought."""
    for days, renewed in ((36, True), (37, False)):
        world = unlimited(1)
        accepted(world.activate())
        due = world.sub().paid_until
        assert due is not None
        world.until(due + days * DAY)
        world.top_up(PRICE)
        assert (world.sub().paid_until != due) is renewed, days


def test_left_by_every_site_it_goes_on_once_somebody_says_so() -> None:
    world = unlimited(1)
    accepted(world.activate())
    world.until(day("2026-02-02"))
    accepted(world.do(LEAVE))
    world.top_up(2 * PRICE)
    accepted(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.AUTO)))
    assert (world.phase(), world.sub().paid_until) == (Phase.ACTIVE, day("2026-03-01"))


def test_kept_ready_as_successor_it_is_not_abandoned() -> None:
    world = limited()
    accepted(world.activate())
    world.top_up(PRICE)
    accepted(world.order("sub_2", of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    command = c.StageSuccessor(
        by="x", site="site_1", key="key of site_1", code="code of sub_2", product="editor", version="12.0", name="x"
    )
    accepted(world.do(command, "sub_2", present=world.sub()))
    world.until(day("2026-02-03"))
    world.top_up(PRICE)
    assert world.phase("sub_2") is Phase.ACTIVE


def test_a_period_uses_the_version_of_the_policy_at_its_start() -> None:
    for renew in (False, True):
        world = unlimited(1) if not renew else limited(0, of=terms(period=MONTH), grace_days=7)
        shorter = msgspec.structs.replace(world.rules, grace_days=3)
        item = world.items["sub_1"]
        versions = (*item.book.versions, (day("2026-02-03"), shorter, "11.0"))
        world.items["sub_1"] = msgspec.structs.replace(item, book=PolicyHistory(versions))
        world.until(day("2026-02-05"))
        world.top_up(PRICE)
        if renew:
            accepted(world.do(c.Renew(by="operator")))
        period = world.sub().periods[-1]
        assert (period.since, period.rules.grace_days, period.min_version) == (day("2026-02-01"), 7, "10.0")


# Short of money


def test_money_short_the_oldest_due_is_paid_first() -> None:
    assert paid(three(15 * 1_200)) == ["sub_1", "sub_2"]


def test_each_that_can_be_paid_whole_is_paid_and_others_are_skipped() -> None:
    assert paid(three(8 * 1_200)) == ["sub_2"]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (RenewalOrder.OLDEST_DUE, ["sub_1"]),
        (RenewalOrder.CHEAPEST, ["sub_2", "sub_3"]),
        (RenewalOrder.MOST_EXPENSIVE, ["sub_1"]),
    ],
)
def test_the_provider_states_the_order(order: RenewalOrder, names: list[str]) -> None:
    assert paid(three(9 * 1_200, order)) == names


def test_on_one_and_the_same_instant_the_stated_order_decides() -> None:
    world = World(rules=Rules(grace_days=0), account=Account(orders=((0, RenewalOrder.CHEAPEST),)))
    for name, devices in (("sub_a", 9), ("sub_b", 3)):
        world.top_up(1_200 * devices)
        accepted(world.order(name, of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, devices=devices)))
    world.top_up(9 * 1_200)
    world.until(day("2026-02-01"))
    assert (world.phase("sub_a"), world.phase("sub_b")) == (Phase.ENDED, Phase.ACTIVE)


@pytest.mark.parametrize(("price", "available", "can"), [(0, -5, True), (1, 0, False), (5, 5, True), (6, 5, False)])
def test_what_costs_nothing_can_always_be_paid(price: int, available: int, can: bool) -> None:
    assert can_afford(price, available) is can


def test_a_period_that_costs_nothing_needs_no_posting() -> None:
    free = terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, bands=(Band(up_to=None, unit=0),))
    world = funded(0)
    accepted(world.order(of=free))
    world.until(day("2026-04-10"))
    assert world.phase() is Phase.ACTIVE
    assert world.postings == []
    assert {fact.paid_by for _, fact in world.facts if isinstance(fact, f.Renewed)} == {"reserve"}


# Looking ahead


def test_b14_the_runway_names_the_day_the_sum_and_what_goes_unpaid() -> None:
    world = unlimited(3)
    ahead = runway(world.account, world.items.values(), world.now, day("2027-01-01"))
    assert (ahead.until, ahead.missing) == (day("2026-04-01"), PRICE)
    assert ahead.unpaid == (("sub_1", day("2026-04-01"), PRICE),)


def test_b14_with_enough_money_the_runway_has_no_end() -> None:
    world = unlimited(5)
    ahead = runway(world.account, world.items.values(), world.now, day("2026-05-15"))
    assert (ahead.until, ahead.missing, ahead.unpaid) == (None, 0, ())


@settings(max_examples=settings.default.max_examples // 3)
@given(lives())
def test_nothing_falls_due_before_the_instant_that_was_named(drawn: tuple[Life, list[Step]]) -> None:
    """A shell that looks again only at `next_due` misses nothing, and looking twice books nothing twice."""
    world = copy(drawn[0])
    for step in drawn[1]:
        live(world, step)
    settled = settle(world.account, world.items.values(), world.now)
    again = settle(settled.account, settled.items, world.now)
    assert (again.facts, again.postings, again.account) == ((), (), settled.account)
    if settled.next_due is None:
        assert settle(settled.account, settled.items, world.now + 3_000 * DAY).facts == ()
    else:
        assert settled.next_due > world.now
        before = settle(settled.account, settled.items, settled.next_due - 1)
        assert (before.facts, before.postings) == ((), ())


@settings(max_examples=settings.default.max_examples // 4)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(1, 3 * PRICE)), max_size=6), st.sampled_from([0, 7, 20]))
def test_m06_what_is_billed_is_what_was_served(drips: list[tuple[int, int]], grace: int) -> None:
    """However the money drips in: one price per month bought, never two for one, never one for none."""
    world = unlimited(1, grace_days=grace)
    for days, amount in drips:
        world.wait(days=days)
        world.top_up(amount)
    world.wait(days=40)
    spent = PRICE + sum(amount for _, amount in drips) - world.account.balance
    assert spent == PRICE * len(world.sub().paid_periods)
    assert len({period.since for period in world.sub().paid_periods}) == len(world.sub().paid_periods)


def test_a_credit_alone_changes_only_the_account() -> None:
    posting = ledger.top_up(5, at=0, recorded_at=0, reference="bank")
    before, after = credit_account(Account(), (), posting, 9)
    assert (before.account.balance, after.account.balance, after.facts) == (0, 5, ())


def test_a_waiting_one_with_automatic_intent_buys_nothing_before_it_begins() -> None:
    world = funded(2 * PRICE)
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, start=TermStart.AT_FIRST_ACTIVATION)))
    world.until(day("2026-06-01"))
    assert (world.account.balance, world.kinds()) == (PRICE, ["Ordered"])
