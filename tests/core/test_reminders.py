"""Reminders: by offsets before each end, daily in grace, none twice, none after the fact, none once it is renewed."""

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.policy.rules import Role, Rules
from tenure.core.subscription.reminders import next_reminder, reminder_due
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind, TermStart
from tenure.core.timeline import DAY, Instant, Phase
from tests.core.world import MONTH, World, day, terms

ORDERED = day("2026-01-01")
END = day("2027-01-01")


def told(world: World, since: Instant, until: Instant, *, asleep: int = 0) -> list[tuple[int, int]]:
    """(days since `since`, offset) of everything that a sweep would tell, which remembers what it told."""
    seen: dict[tuple[int, Instant], Instant] = {}
    moment: Instant | None = since
    while moment is not None and moment < until:
        world.until(moment)
        found = reminder_due(world.sub(), moment)
        if found is not None:
            seen.setdefault((found.offset, found.about), moment)
        edges = [next_reminder(world.sub(), moment), world.span().until]
        moment = min((edge for edge in edges if edge is not None), default=None)
        moment = None if moment is None else moment + asleep
    return [((at - since) // DAY, offset) for (offset, _), at in seen.items()]


@pytest.fixture
def world() -> World:
    world = World(rules=Rules(grace_days=3))
    world.top_up(100_000)
    return world


def test_before_the_end_by_offsets_then_daily_in_grace(world: World) -> None:
    world.order()
    assert told(world, ORDERED, END + 30 * DAY) == [
        (365 - 60, 60), (365 - 30, 30), (365 - 14, 14), (365 - 7, 7), (365 - 3, 3), (365 - 1, 1),
        (365, 0), (366, -1), (367, -2),
    ]  # fmt: skip


def test_nothing_once_it_is_renewed(world: World) -> None:
    world.order()
    world.until(END - 20 * DAY)
    assert next_reminder(world.sub(), world.now) == END - 14 * DAY
    world.do(c.Renew(by="operator"))
    later = day("2028-01-01")
    assert reminder_due(world.sub(), END - 7 * DAY) is None
    assert next_reminder(world.sub(), world.now) == later - 60 * DAY


def test_a_sweep_that_slept_tells_the_latest_and_never_after_the_fact(world: World) -> None:
    world.order()
    late = reminder_due(world.sub(), END - 2 * DAY)
    assert late is not None
    assert late.offset == 3, "7 and 14 are overtaken"
    world.until(END + 9 * DAY)
    assert world.phase() is Phase.ENDED
    assert reminder_due(world.sub(), world.now) is None
    assert next_reminder(world.sub(), world.now) is None


def test_what_renews_itself_is_quiet_until_its_money_is_missing() -> None:
    world = World(rules=Rules(grace_days=3))
    world.top_up(12_000)
    world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH))
    end = day("2026-02-01")
    assert told(world, ORDERED, end + 30 * DAY) == [(24, 7), (28, 3), (30, 1), (31, 0), (32, -1), (33, -2)]


def test_with_money_it_is_quiet_for_ever(world: World) -> None:
    world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH), intent=RenewalIntent.AUTO)
    world.top_up(1_000_000)
    assert told(world, ORDERED, day("2026-09-01")) == []


def test_an_order_nobody_activates_is_reminded_of(world: World) -> None:
    world.order(of=terms(start=TermStart.AT_FIRST_ACTIVATION))
    assert told(world, ORDERED, ORDERED + 400 * DAY) == [(365 - 60, 60), (365 - 30, 30), (365 - 7, 7)]


def test_an_offset_that_lies_before_the_period_is_none(world: World) -> None:
    world.order(until=ORDERED + 40 * DAY)
    assert told(world, ORDERED, ORDERED + 40 * DAY) == [(10, 30), (26, 14), (33, 7), (37, 3), (39, 1)]


def test_a_policy_without_offsets_reminds_of_nothing() -> None:
    world = World(rules=Rules(reminders=()))
    world.top_up(100_000)
    world.order()
    assert told(world, ORDERED, END + 30 * DAY) == []


def test_while_a_hold_stops_the_clock_nothing_is_said() -> None:
    world = World(rules=Rules(stop_clock=True))
    world.top_up(100_000)
    world.order()
    world.until(END - 31 * DAY)
    world.do(c.PlaceHold(by="operator", role=Role.PROVIDER, reason="moving"))
    assert next_reminder(world.sub(), world.now) is None
    assert reminder_due(world.sub(), END - 7 * DAY) is None


def test_the_name_of_a_reminder_survives_goodwill(world: World) -> None:
    """More grace given moves the end, not the days already told."""
    world.order()
    world.until(END + DAY)
    before = reminder_due(world.sub(), world.now)
    world.do(c.ExtendGrace(by="operator", days=4))
    after = reminder_due(world.sub(), world.now)
    assert before is not None
    assert after is not None
    assert (before.offset, before.about) == (after.offset, after.about)
    assert after == msgspec.structs.replace(before, end=before.end + 4 * DAY)
