"""A longer grace applied now reaches what runs, never shortens anything, and revives nothing that has ended."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business.settle import settle
from tenure.core.periods import Duration
from tenure.core.policy.rules import Rules
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_at, grace_days, timeline
from tenure.core.subscription.fold import evolve
from tenure.core.subscription.grace_extension import PolicyAppliedNow, most_grace, next_gain
from tenure.core.timeline import DAY, Phase, span_at
from tests.core.histories import Life, Step, live, lives
from tests.core.situations import accepted, cancel, days_after, funded, limited, monthly
from tests.core.world import World, day

PRICE = 12_000


def apply_now(world: World, days: int, *, trial_days: int = 0) -> None:
    """The provider publishes a grace of so many days, to reach running periods."""
    each = PolicyAppliedNow(world.now, Rules(grace_days=days, trial_grace_days=trial_days))
    for name, item in world.items.items():
        world.items[name] = msgspec.structs.replace(item, grace_extensions=(*item.grace_extensions, each))


@given(lives(), st.sampled_from([0, 1, 8, 30, 90]), st.sampled_from([0, 1, 40]))
def test_applying_now_never_shortens_and_revives_nothing(drawn: tuple[Life, list[Step]], days: int, later: int) -> None:
    """After any life: no instant of service is lost, what has ended stays so, and settling again adds nothing."""
    world, steps = drawn
    for step in steps:
        live(world, step)
    world.settle()
    before = dict(world.items)
    apply_now(world, days, trial_days=days)
    published = world.now
    done = settle(world.account, world.items.values(), world.now)
    assert not done.postings
    for item in done.items:
        old, new = before[item.sub.id].sub, item.sub
        if contract_at(old, published).phase is Phase.ENDED:
            assert new == old
        for had, has in zip(old.periods, new.periods, strict=True):
            assert grace_days(had) <= grace_days(has) <= max(grace_days(had), min(90, most_grace(new, has)))
            assert (had.since, had.until, had.price) == (has.since, has.until, has.price)
        for span in (*timeline(old), *timeline(new)):
            served = span_at(timeline(old), max(span.since, published)).phase
            if served in {Phase.ACTIVE, Phase.GRACE}:
                assert span_at(timeline(new), max(span.since, published)).phase is served
        assert next_gain(new, item.grace_extensions, published + later * DAY) is None
    assert not settle(done.account, done.items, published).facts


def test_in_grace_and_before_it_the_running_period_gains_the_days_it_lacks() -> None:
    for moment in ("2026-05-01", "2027-01-05"):
        world = limited(PRICE)
        world.until(day(moment))
        apply_now(world, 30)
        world.settle()
        fact = world.last(f.GraceExtended)
        assert isinstance(fact, f.GraceExtended)
        assert (fact.days, fact.period, fact.at) == (16, day("2026-01-01"), day(moment))
        world.until(day("2027-01-20"))
        assert (world.phase(), world.span().until) == (Phase.GRACE, days_after("2027-01-01", 30))


def test_who_looks_late_books_it_as_of_its_publication() -> None:
    """A sweep that slept over the old end of grace: it was longer before it was over."""
    world = limited(PRICE)
    world.until(day("2027-01-05"))
    world.asleep = True
    apply_now(world, 30)
    world.now = day("2027-01-20")
    world.settle()
    assert (world.phase(), world.last(f.GraceExtended).at) == (Phase.GRACE, day("2027-01-05"))


def test_at_the_second_at_which_grace_is_over_it_is_too_late() -> None:
    world = limited(PRICE)
    world.until(days_after("2027-01-01", 14))
    apply_now(world, 30)
    world.settle()
    assert (world.phase(), "GraceExtended" in world.kinds()) == (Phase.ENDED, False)


@pytest.mark.parametrize(("days", "gained"), [(0, 0), (14, 0), (15, 1), (90, 16)])
def test_a_month_stays_longer_than_its_grace(days: int, gained: int) -> None:
    world = monthly()
    apply_now(world, days)
    world.settle()
    assert world.sub().periods[-1].rules.grace_days == 14 + gained


def test_goodwill_days_count_and_are_not_given_twice() -> None:
    world = limited()
    accepted(world.do(c.ExtendGrace(by="operator", days=10)))
    apply_now(world, 30)
    world.settle()
    apply_now(world, 30)
    world.settle()
    assert [fact.days for _, fact in world.facts if isinstance(fact, f.GraceExtended)] == [10, 6]


def test_a_trial_has_its_own_figure() -> None:
    world = funded()
    accepted(world.order(trial=True, trial_period=Duration(days=14)))
    apply_now(world, 30, trial_days=5)
    world.settle()
    assert grace_days(world.sub().periods[-1]) == 5


def test_a_canceled_one_gets_it_when_the_cancellation_is_undone() -> None:
    world = limited()
    accepted(cancel(world))
    apply_now(world, 30)
    world.settle()
    assert "GraceExtended" not in world.kinds()
    world.wait(days=3)
    accepted(world.do(c.UndoCancellation(by="operator")))
    world.settle()
    assert world.last(f.GraceExtended).at == world.now


def test_the_fact_means_the_period_it_names() -> None:
    sub = limited().sub()
    stamp = {"at": 5, "recorded_at": 5, "by": "settlement", "why": ""}
    assert evolve(sub, f.GraceExtended(**stamp, days=3, period=7)).periods == sub.periods
