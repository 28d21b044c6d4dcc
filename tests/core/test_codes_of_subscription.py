"""A leaked code is replaced, a stolen one blocked: what that does, and to whom [spec: blocked-code, leaked-code]."""

import pytest

from tenure.core.business import commands as c
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import CodeRef
from tenure.core.timeline import DAY, Phase, PhaseCause, Span, span_at
from tests.core.situations import PRICE, accepted, cancel, days_after, limited, refusal, unlimited, waiting
from tests.core.world import World, activation, day

REISSUE = c.ReissueCode(by="operator", code=CodeRef(id="second code", last_group="22222"))
BLOCK = c.BlockCode(by="operator", code="code of sub_1")
FRAUD = c.BlockCode(by="operator", code="code of sub_1", fraud=True)
UNBLOCK = c.UnblockCode(by="operator", code="code of sub_1")


def site_span(world: World, site: str, moment: int | None = None) -> Span:
    sub = world.sub()
    return span_at(timeline(sub, sub.find_site(site)), world.now if moment is None else moment)


def two_codes() -> World:
    """Site 1 came with the first code, site 2 with the second."""
    world = limited(PRICE)
    accepted(world.activate("site_1"))
    accepted(world.do(REISSUE))
    accepted(world.do(activation("site_2", code="second code")))
    return world


# A new code for a leaked one


def test_a_reissued_code_replaces_the_old_for_new_activations() -> None:
    world = two_codes()
    answer = world.activate("site_3")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.CODE_WITHDRAWN, "The newest code ends in 22222.")


def test_activated_sites_go_on_with_a_withdrawn_code() -> None:
    world = two_codes()
    assert site_span(world, "site_1").phase is Phase.ACTIVE
    assert accepted(world.activate("site_1")).decision.facts == ()


def test_a_site_may_move_to_the_new_code_of_its_own_subscription() -> None:
    world = two_codes()
    accepted(world.do(activation("site_1", code="second code"), present=world.sub()))
    assert world.sub().find_site("site_1").code == "second code"
    assert len(world.sub().sites_holding) == 2


def test_a_code_that_would_activate_nothing_is_not_given() -> None:
    world = limited()
    accepted(cancel(world, at_once=True))
    assert refusal(world.do(REISSUE)) is RefusalCode.SUBSCRIPTION_ENDED
    world = waiting()
    world.wait(days=365)
    assert refusal(world.do(REISSUE)) is RefusalCode.SUBSCRIPTION_ENDED


def test_an_end_that_a_payment_can_heal_keeps_its_codes() -> None:
    world = unlimited(1)
    world.until(day("2026-03-01"))
    assert world.phase() is Phase.ENDED
    accepted(world.do(REISSUE))


# A block


def test_b06_a_block_is_a_grace_with_a_cause_of_its_own_then_the_end() -> None:
    world = limited()
    accepted(world.activate())
    accepted(world.do(BLOCK))
    now, then = site_span(world, "site_1"), site_span(world, "site_1", world.now + 8 * DAY)
    assert (now.phase, now.why, now.until) == (Phase.GRACE, PhaseCause.CODE_BLOCKED, world.now + 8 * DAY)
    assert now.features == ("edit", "export", "read")
    assert (then.phase, then.why, then.features) == (Phase.ENDED, PhaseCause.BLOCKED, ("read",))


def test_a_block_for_fraud_ends_at_once() -> None:
    world = limited()
    accepted(world.activate())
    accepted(world.do(FRAUD))
    assert (site_span(world, "site_1").phase, site_span(world, "site_1").why) == (Phase.ENDED, PhaseCause.BLOCKED)


def test_a_block_reaches_only_the_sites_of_that_code() -> None:
    world = two_codes()
    accepted(world.do(FRAUD))
    assert site_span(world, "site_1").phase is Phase.ENDED
    assert site_span(world, "site_2").phase is Phase.ACTIVE
    assert world.phase() is Phase.ACTIVE


def test_payments_go_on_while_a_code_is_blocked() -> None:
    world = unlimited(2)
    accepted(world.activate())
    accepted(world.do(FRAUD))
    world.until(day("2026-02-10"))
    assert world.sub().paid_until == day("2026-03-01")


def test_a_blocked_code_activates_nothing() -> None:
    world = limited()
    accepted(world.do(BLOCK))
    assert refusal(world.activate("site_1")) is RefusalCode.CODE_BLOCKED


def test_unblocked_the_timeline_is_as_if_nothing_had_been() -> None:
    world = limited()
    accepted(world.activate())
    before = timeline(world.sub(), world.sub().find_site("site_1"))
    accepted(world.do(BLOCK))
    world.wait(days=20)
    accepted(world.do(UNBLOCK))
    assert timeline(world.sub(), world.sub().find_site("site_1")) == before
    accepted(world.activate("site_2"))


def test_the_days_of_a_block_are_the_policys() -> None:
    world = limited(block_grace_days=0)
    accepted(world.activate())
    accepted(world.do(BLOCK))
    assert site_span(world, "site_1").phase is Phase.ENDED


def test_of_two_graces_the_one_that_ends_first_is_shown() -> None:
    world = limited(grace_days=5)
    accepted(world.activate())
    world.until(day("2026-12-30"))
    accepted(world.do(BLOCK))
    world.until(day("2027-01-02"))
    span = site_span(world, "site_1")
    assert (span.phase, span.why, span.until) == (Phase.GRACE, PhaseCause.PAYMENT_ENDED, days_after("2027-01-01", 5))


def test_a_block_becomes_fraud_but_no_block_is_placed_twice() -> None:
    world = limited()
    accepted(world.do(BLOCK))
    answer = world.do(BLOCK)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.when) == (RefusalCode.CODE_BLOCKED, world.now + 8 * DAY)
    accepted(world.do(FRAUD))
    assert refusal(world.do(FRAUD)) is RefusalCode.CODE_BLOCKED


@pytest.mark.parametrize("command", [BLOCK, UNBLOCK])
def test_a_code_of_another_subscription_is_not_found(command: c.BlockCode | c.UnblockCode) -> None:
    other = type(command)(by="operator", code="code of sub_2")
    assert refusal(limited().do(other)) is RefusalCode.NOT_FOUND


def test_what_is_not_blocked_cannot_be_unblocked() -> None:
    assert refusal(limited().do(UNBLOCK)) is RefusalCode.NOT_BLOCKED


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SITE])
def test_only_the_provider_blocks(role: Role) -> None:
    asked = c.BlockCode(by="customer", role=role, code="code of sub_1")
    assert refusal(limited().do(asked)) is RefusalCode.ACTION_NOT_PERMITTED
