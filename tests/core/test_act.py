"""One command on one account, whole: what is due first, then the answer, then what it made payable; plans (B4)."""

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.business.execute import (
    OUTCOME_HASH_LIFE,
    CommandOutcome,
    check_outcome_hash,
    execute,
    make_outcome_hash,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.terms import CodeRef, RenewalIntent, SubscriptionKind, TermStart
from tenure.core.timeline import Phase
from tests.core.situations import PRICE, accepted, limited, unlimited
from tests.core.world import MONTH, World, day, terms

MORE = c.ChangeDevices(by="operator", devices=11)


def preview(world: World, command: c.Command, name: str = "sub_1") -> CommandOutcome:
    return accepted(execute(world.account, world.items.values(), name, command, c.DecisionContext(), world.now)[1])


def verdict(world: World, plan: str, command: c.Command, later: int = 0) -> RefusalCode | None:
    now = world.now + later
    again = accepted(execute(world.account, world.items.values(), "sub_1", command, c.DecisionContext(), now)[1])
    refused = check_outcome_hash(plan, again, command, now)
    return None if refused is None else refused.code


def test_what_is_due_is_settled_first_and_stands_even_if_the_command_is_refused() -> None:
    world = unlimited(2)
    world.asleep = True
    world.until(day("2026-02-05"))
    before, answer = execute(
        world.account, world.items.values(), "sub_1", c.ReleaseHold(by="x"), c.DecisionContext(), world.now
    )
    assert isinstance(answer, Refused)
    assert [type(fact).__name__ for _, fact in before.facts] == ["RenewalReserved", "Renewed"]
    assert before.account.settled_at == world.now


def test_a_command_on_nothing_is_refused() -> None:
    world = limited()
    assert isinstance(world.do(c.ReleaseHold(by="x"), "sub_9"), Refused)
    assert world.do(c.ReleaseHold(by="x"), "sub_9") == Refused(
        RefusalCode.NOT_FOUND, "There is no such subscription.", "subscription"
    )


def test_what_a_command_makes_payable_is_part_of_its_outcome() -> None:
    world = unlimited(1)
    world.until(day("2026-04-15"))
    world.top_up(PRICE)
    outcome = accepted(world.do(c.SetRenewalIntent(by="operator", intent=RenewalIntent.AUTO)))
    assert [type(fact).__name__ for _, fact in outcome.facts] == ["RenewalIntentSet", "Renewed"]
    assert [posting.kind for posting in outcome.postings] == ["charge"]
    assert outcome.subscription.paid_until == world.sub().paid_until


def test_a_site_that_moves_has_left_when_payments_are_tried() -> None:
    world = unlimited(1)
    accepted(world.activate())
    accepted(world.order("sub_2", of=terms(start=TermStart.AT_FIRST_ACTIVATION, period=MONTH, devices=1), trial=True))
    world.until(day("2026-02-03"))
    outcome = accepted(world.activate("site_1", "sub_2", present=world.sub()))
    assert [owner for owner, _ in outcome.decision.others] == ["sub_1"]
    left = next(item.sub for item in outcome.after.items if item.sub.id == "sub_1")
    assert not left.sites_holding


def test_b04_a_preview_stores_nothing() -> None:
    world = limited(PRICE)
    before = (world.account, dict(world.items))
    outcome = preview(world, MORE)
    assert outcome.subscription.terms_at(world.now).devices == 11
    assert (world.account, world.items) == before


def test_b04_the_previewed_plan_is_the_one_that_is_applied() -> None:
    world = limited(PRICE)
    world.wait(days=1)
    plan = make_outcome_hash(preview(world, MORE), MORE, world.now)
    assert verdict(world, plan, MORE, later=OUTCOME_HASH_LIFE) is None


def test_b04_a_plan_is_good_for_fifteen_minutes() -> None:
    assert OUTCOME_HASH_LIFE == 900
    world = limited(PRICE)
    world.wait(days=1)
    plan = make_outcome_hash(preview(world, MORE), MORE, world.now)
    assert verdict(world, plan, MORE, later=OUTCOME_HASH_LIFE + 1) is RefusalCode.OUTCOME_CHANGED_MEANWHILE


def _reissued(world: World) -> c.Command:
    accepted(world.do(c.ReissueCode(by="x", code=CodeRef(id="new", last_group="1"))))
    return MORE


def _other_command(world: World) -> c.Command:
    return msgspec.structs.replace(MORE, devices=12)


def _other_user(world: World) -> c.Command:
    return msgspec.structs.replace(MORE, by="somebody else")


def _other_price(world: World) -> c.Command:
    world.wait(seconds=600)  # midnight has passed: one day less to pay for
    return MORE


@pytest.mark.parametrize("change", [_reissued, _other_command, _other_user, _other_price])
def test_b04_a_world_that_changed_is_another_plan(change: object) -> None:
    world = limited(PRICE)
    world.wait(days=1, seconds=-300)
    plan = make_outcome_hash(preview(world, MORE), MORE, world.now)
    command = change(world)  # type: ignore[operator]
    assert verdict(world, plan, command) is RefusalCode.OUTCOME_CHANGED_MEANWHILE


def test_b04_money_that_moved_without_effect_leaves_the_plan_alone() -> None:
    world = limited(PRICE)
    plan = make_outcome_hash(preview(world, MORE), MORE, world.now)
    world.top_up(5)
    assert verdict(world, plan, MORE) is None


@pytest.mark.parametrize("claimed", ["", "x", "1767225600", "1767225600.00", "-1.ab", "9" * 40 + ".ab", "١.ab"])
def test_b04_a_plan_that_cannot_be_read_is_another_plan(claimed: str) -> None:
    assert verdict(limited(PRICE), claimed, MORE) is RefusalCode.OUTCOME_CHANGED_MEANWHILE


def test_b04_a_new_id_and_a_new_code_do_not_make_another_order() -> None:
    world = limited(PRICE)

    def asked(number: int) -> c.Order:
        code = CodeRef(id=f"code {number}", last_group=str(number))
        return c.Order(
            by="x", subscription=f"sub_{number}", provider="prv_1", customer="cus_1", terms=terms(), code=code
        )

    first, second = asked(7), asked(8)
    plan = make_outcome_hash(preview(world, first, "sub_7"), first, world.now)
    assert check_outcome_hash(plan, preview(world, second, "sub_8"), second, world.now) is None


def test_b04_blocking_another_code_is_another_plan() -> None:
    world = limited()
    accepted(world.do(c.ReissueCode(by="x", code=CodeRef(id="new", last_group="1"))))
    one, other = (c.BlockCode(by="x", code=code) for code in ("code of sub_1", "new"))
    plan = make_outcome_hash(preview(world, one), one, world.now)
    assert verdict(world, plan, other) is RefusalCode.OUTCOME_CHANGED_MEANWHILE


def test_a_trial_that_converts_shows_what_it_will_take() -> None:
    world = limited(PRICE)
    order = c.Order(
        by="x",
        subscription="sub_2",
        provider="prv_1",
        customer="cus_1",
        terms=terms(kind=SubscriptionKind.UNLIMITED),
        code=CodeRef(id="code", last_group="1"),
        intent=RenewalIntent.AUTO,
        trial=True,
        trial_period=MONTH,
    )
    outcome = preview(world, order, "sub_2")
    assert outcome.subscription.intent is RenewalIntent.AUTO
    assert outcome.after.next_due == outcome.subscription.periods[0].until - 10 * 86_400
    assert world.phase() is Phase.ACTIVE
