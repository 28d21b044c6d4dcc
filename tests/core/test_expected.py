"""What is drawn as expected is what will be booked: renewals, their price, the end of the money, and the course."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business.expected_renewals import LOOK_AHEAD, ExpectedCourse, expected_course
from tenure.core.business.remedies import remedies_for
from tenure.core.business.settle import settle
from tenure.core.explain import explain
from tenure.core.policy.rules import RenewalOrder
from tenure.core.renewal_outlook import carried_on
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.past_timeline import as_it_held
from tenure.core.subscription.renewal import total_cost
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind
from tenure.core.timeline import DAY, Phase, PhaseCause, next_change, span_at
from tests.core.histories import Life, Step, live, lives
from tests.core.situations import PRICE, accepted, automatic, cancel, funded, limited, monthly, outside, unlimited
from tests.core.world import MONTH, World, day, terms


def ahead(world: World, name: str = "sub_1") -> ExpectedCourse:
    return expected_course(world.account, world.items.values(), name, world.now)


def helping(world: World, name: str = "sub_1") -> list[str]:
    span = span_at(ahead(world, name).timeline, world.now)
    return [
        each.how
        for each in remedies_for(world.account, world.items.values(), name, ahead(world, name).outlook, span, world.now)
    ]


def told(world: World) -> tuple[str, str]:
    looked = ahead(world)
    story = explain(looked.timeline, world.now, looked.outlook)
    return story.renewal, story.follows


def test_m06_what_renews_itself_is_shown_as_renewing_itself() -> None:
    world = unlimited(months=4)
    looked = ahead(world)
    assert [(each.at, each.price) for each in looked.renewals] == [
        (day("2026-02-01"), PRICE), (day("2026-03-01"), PRICE), (day("2026-04-01"), PRICE),
    ]  # fmt: skip
    assert [(span.phase, span.until) for span in looked.timeline] == [
        (Phase.ACTIVE, day("2026-05-01")), (Phase.GRACE, day("2026-05-08")), (Phase.ENDED, None),
    ]  # fmt: skip
    assert told(world) == (
        "It renews by itself on 2026-02-01 00:00:00 UTC for 120.00 EUR; the balance covers it until "
        "2026-05-01 00:00:00 UTC.",
        "On 2026-05-01 00:00:00 UTC, if no money comes in: all functions are on, in grace, the paid period is over.",
    )
    assert not helping(world)


def test_m06_money_beyond_the_horizon_has_no_end() -> None:
    world = unlimited(months=40)
    looked = ahead(world)
    assert looked.timeline[-1].until is None
    assert looked.timeline[-1].phase is Phase.ACTIVE
    assert looked.outlook is not None
    assert looked.outlook.lasts
    renewal, follows = told(world)
    assert "until at least 2027-0" in renewal
    assert follows == "It goes on like this while the money is there."


def test_money_that_is_missing_is_said_before_it_is_due() -> None:
    world = unlimited(months=1)
    world.top_up(PRICE // 4)
    looked = ahead(world)
    assert not looked.renewals
    assert timeline(world.sub()) == looked.timeline
    renewal, follows = told(world)
    assert renewal == "120.00 EUR fall due on 2026-02-01 00:00:00 UTC; 90.00 EUR will be missing."
    assert follows.startswith("On 2026-02-01 00:00:00 UTC, if no money comes in: all functions are on, in grace")
    assert helping(world) == [
        "Top the prepaid balance up by 2026-02-01 00:00:00 UTC: 90.00 EUR are missing. The next period is then paid "
        "by itself."
    ]


def test_by_hand_nothing_is_expected() -> None:
    for world in (limited(5 * PRICE), monthly(5 * PRICE), outside()):
        assert ahead(world).outlook is None
        assert ahead(world).timeline == timeline(world.sub())


def test_a_yearly_one_is_seen_a_year_ahead() -> None:
    assert [each.at for each in ahead(automatic()).renewals] == [day("2027-01-01")]


def test_two_on_one_balance_are_told_what_each_will_get() -> None:
    world = funded(3 * PRICE)
    for name in ("sub_1", "sub_2"):
        accepted(world.order(name, of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    first, second = ahead(world, "sub_1"), ahead(world, "sub_2")
    assert len(first.renewals) == 1
    assert not second.renewals
    assert second.outlook is not None
    assert second.outlook.missing == PRICE


def test_what_a_canceled_one_has_is_not_called_a_renewal() -> None:
    world = unlimited(months=4)
    accepted(cancel(world))
    assert ahead(world).outlook is None
    assert ahead(world).timeline[-1].why is PhaseCause.CANCELED
    world.until(day("2026-02-01"))
    assert helping(world)[0] == "Order again: the cancellation has taken effect."


def test_in_grace_the_sum_is_named_that_pays_the_period() -> None:
    world = unlimited(months=1)
    world.until(day("2026-02-03"))
    assert helping(world) == [
        "Top the prepaid balance up: 120.00 EUR are missing. The next period is then paid by itself.",
        "Extend the grace period.",
    ]
    world.top_up(PRICE)
    assert world.phase() is Phase.ACTIVE


def test_an_ended_one_names_the_remedy_that_works() -> None:
    """Automatic payment has stopped: money alone does not help any more, so that it must be renewed by hand."""
    world = unlimited(months=1)
    world.until(day("2026-05-01"))
    assert world.phase() is Phase.ENDED
    assert helping(world) == [
        '120.00 EUR are needed and 120.00 EUR are missing: top the prepaid balance up, then press "Renew".'
    ]
    world.top_up(PRICE)
    assert world.phase() is Phase.ENDED
    assert helping(world) == [
        'Press "Renew": 120.00 EUR are taken from the prepaid balance. Or choose "Resume automatic renewal".'
    ]
    accepted(world.do(c.Renew(by="customer")))
    assert world.phase() is Phase.ACTIVE


def test_what_is_resumed_runs_again() -> None:
    world = unlimited(months=1)
    world.until(day("2026-05-01"))
    world.top_up(PRICE)
    accepted(world.do(c.SetRenewalIntent(by="customer", intent=RenewalIntent.AUTO)))
    assert world.phase() is Phase.ACTIVE


def test_what_cannot_be_renewed_any_more_is_ordered_again() -> None:
    world = unlimited(months=1, reinstate_days=20)
    world.until(day("2026-05-01"))
    assert helping(world) == ["Order again: this subscription cannot be renewed any more."]


@pytest.mark.parametrize("months", [1, 2, 5, 40])
def test_what_a_site_draws_from_its_lease_is_what_the_server_draws(months: int) -> None:
    """A lease carries what is paid, and the outlook: with it the site's drawing goes on like the server's."""
    world = unlimited(months=months)
    looked = ahead(world)
    drawn = carried_on(timeline(world.sub()), looked.outlook, world.sub().paid_until)
    assert [(span.phase, span.since, span.until) for span in drawn] == [
        (span.phase, span.since, span.until) for span in looked.timeline
    ]


@settings(max_examples=120, deadline=None)
@given(life=lives(6), order=st.sampled_from(RenewalOrder), limit=st.sampled_from([0, 30_000]))
def test_what_is_expected_is_what_is_booked_if_nobody_does_anything(
    life: tuple[Life, list[Step]], order: RenewalOrder, limit: int
) -> None:
    world, course = life
    world.account = msgspec.structs.replace(world.account, orders=((0, order),), credit_limit=limit)
    for step in course:
        live(world, step)
    world.settle()
    looked = {name: ahead(world, name) for name in world.items}
    begun, known = world.now, len(world.facts)
    while (due := settle(world.account, world.items.values(), world.now).next_due) is not None:
        if due > begun + LOOK_AHEAD:
            break
        world.now = max(due, world.now)
        world.settle()
    booked = world.facts[known:]
    held = {name: as_it_held(fact for owner, fact in world.facts if owner == name) for name in world.items}
    for name, seen in looked.items():
        bought = [fact for owner, fact in booked if owner == name and isinstance(fact, f.Renewed)]
        drawn = [each for each in seen.renewals if each.at <= begun + LOOK_AHEAD]
        assert [(each.at, each.since, each.until, each.price) for each in drawn] == [
            (fact.at, fact.period.since, fact.period.until, total_cost(fact.period)) for fact in bought
        ]
        for moment in range(begun, begun + LOOK_AHEAD, 5 * DAY + 7):
            assert span_at(seen.timeline, moment).phase is span_at(held[name], moment).phase, moment - begun


@settings(max_examples=60, deadline=None)
@given(months=st.integers(1, 30))
def test_m06_nothing_unlimited_is_drawn_as_ending_while_its_money_is_there(months: int) -> None:
    world = unlimited(months=months)
    change = next_change(ahead(world).timeline, world.now)
    if change is None:
        assert months > 13, "a year of money has been seen to its end"
        return
    world.until(change)
    assert world.phase() is Phase.GRACE
    assert len(world.sub().periods) == months
