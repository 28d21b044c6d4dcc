"""`allowed_actions` (B3, M11): what one role may do now, with the reason, the date and the price."""

import pytest

from tenure.core.business import commands as c
from tenure.core.business.allowed_actions import Allowed, allowed_actions, sample_commands
from tenure.core.policy.rules import Action, Policy, Role
from tenure.core.refusals import RefusalCode
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription, evolve
from tests.core.situations import PRICE, accepted, cancel, limited, refunding, refusal, unlimited, waiting
from tests.core.world import World, day, terms


def allowed(world: World, role: Role = Role.PROVIDER, **seen: object) -> dict[Action, Allowed]:
    context = c.DecisionContext(**seen)
    entries = allowed_actions(world.account, world.items.values(), world.sub().id, role, context, world.now)
    return {entry.action: entry for entry in entries}


def code(entry: Allowed) -> RefusalCode | None:
    return None if entry.refused is None else entry.refused.code


def test_b03_every_action_on_a_subscription_has_an_entry() -> None:
    asked_elsewhere = {Action.ORDER, Action.REQUEST_PAYMENT, Action.TOP_UP}
    assert set(allowed(limited())) == set(Action) - asked_elsewhere


def test_b03_a_refused_action_says_why_and_from_when() -> None:
    entry = allowed(limited())[Action.RENEW]
    assert entry.refused is not None
    assert (entry.refused.code, entry.refused.when) == (RefusalCode.RENEWAL_TOO_EARLY, day("2027-01-01") - 90 * 86_400)


def test_b03_an_action_that_costs_names_its_price() -> None:
    world = limited(2 * PRICE)
    world.until(day("2026-12-01"))
    actions = allowed(world)
    assert (code(actions[Action.RENEW]), actions[Action.RENEW].price) == (None, PRICE)
    assert actions[Action.CHANGE_DEVICES].price == round(1_200 * 31 / 365)
    assert actions[Action.CANCEL_AT_END].price == 0


def test_b03_what_comes_back_is_a_negative_price() -> None:
    world = unlimited(2)
    world.until(day("2026-01-25"))
    assert allowed(world)[Action.CANCEL_AT_END].price == -PRICE


def test_b03_money_that_is_missing_is_a_reason() -> None:
    world = limited()
    world.until(day("2026-12-01"))
    assert code(allowed(world)[Action.RENEW]) is RefusalCode.INSUFFICIENT_BALANCE


def test_b03_without_money_for_more_devices_fewer_can_be_ordered() -> None:
    world = limited()
    assert refusal(world.do(c.ChangeDevices(by="desk", devices=11))) is RefusalCode.INSUFFICIENT_BALANCE
    assert code(allowed(world)[Action.CHANGE_DEVICES]) is None
    accepted(world.do(c.ChangeDevices(by="desk", devices=9)))
    assert code(allowed(world)[Action.CHANGE_DEVICES]) is None, "and fewer still"


def test_b03_in_grace_fewer_devices_can_be_ordered_but_not_less_than_one() -> None:
    world = limited()
    world.until(day("2027-01-05"))
    assert code(allowed(world)[Action.CHANGE_DEVICES]) is None
    single = limited(of=terms(devices=1, max_devices=1))
    assert code(allowed(single)[Action.CHANGE_DEVICES]) is RefusalCode.DEVICE_COUNT_OUT_OF_RANGE


def test_b03_a_place_can_be_released_whichever_site_it_is_of() -> None:
    """The first one gives its place up already; at another one the subscription only waits."""
    world = limited(2 * PRICE)
    assert code(allowed(world)[Action.RELEASE_SITE]) is RefusalCode.SITE_UNKNOWN
    accepted(world.activate("site_1"))
    accepted(world.activate("site_2"))
    accepted(world.do(c.ReleaseSite(by="desk", site="site_1")))
    assert code(allowed(world)[Action.RELEASE_SITE]) is None
    accepted(world.do(c.ReleaseSite(by="desk", site="site_2")))
    assert code(allowed(world)[Action.RELEASE_SITE]) is RefusalCode.NOTHING_TO_CHANGE
    staged = f.SuccessorStaged(
        at=world.now,
        recorded_at=world.now,
        by="site_3",
        site="site_3",
        key="key_3",
        code=world.sub().codes[0].id,
        present="sub_0",
        name="",
        version="12.0",
    )
    waiting = evolve(world.sub(), staged)
    assert _sampled(waiting) == "site_3"


def _sampled(sub: Subscription) -> str:
    samples = dict(sample_commands(sub, Role.PROVIDER, 0))[Action.RELEASE_SITE]
    return "".join(each.site for each in samples if isinstance(each, c.ReleaseSite))


def test_m11_buttons_follow_the_policy_of_the_role() -> None:
    world = limited(2 * PRICE)
    customers = Policy().permitted_actions(Role.CUSTOMER)
    actions = allowed(world, Role.CUSTOMER, actions=customers)
    for action, entry in actions.items():
        assert (code(entry) is RefusalCode.ACTION_NOT_PERMITTED) is (action not in customers)


def test_m11_a_site_acts_with_its_customers_permissions_and_the_vendor_with_all() -> None:
    policy = Policy()
    assert policy.permitted_actions(Role.SITE) == policy.permitted_actions(Role.CUSTOMER)
    assert policy.permitted_actions(Role.VENDOR) == frozenset(Action)
    world = limited()
    assert code(allowed(world, Role.VENDOR, actions=frozenset())[Action.CANCEL_NOW]) is None


@pytest.mark.parametrize(
    ("world", "possible"),
    [
        (waiting(PRICE), {
            Action.AUTO_RENEW, Action.CANCEL_AT_END, Action.CANCEL_NOW, Action.REISSUE_CODE, Action.TRANSFER,
        }),
        (limited(**refunding()), {
            Action.AUTO_RENEW, Action.CANCEL_AT_END, Action.CANCEL_NOW, Action.CHANGE_DEVICES,
            Action.CHANGE_PLAN, Action.PAUSE, Action.REISSUE_CODE, Action.EXTEND_GRACE, Action.TRANSFER,
        }),
    ],
)  # fmt: skip
def test_b03_what_is_possible_follows_from_the_state(world: World, possible: set[Action]) -> None:
    assert {action for action, entry in allowed(world).items() if entry.refused is None} == possible


def test_b03_after_a_cancellation_it_can_be_undone() -> None:
    world = limited()
    accepted(cancel(world))
    actions = allowed(world)
    assert code(actions[Action.UNDO_CANCEL]) is None
    assert code(actions[Action.CANCEL_AT_END]) is RefusalCode.ALREADY_CANCELED
