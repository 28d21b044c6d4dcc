"""What is said of a renewal comes true: dates and sums, the remedies that are named, and what a site draws."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business.expected_renewals import LOOK_AHEAD, ExpectedCourse, expected_course
from tenure.core.business.remedies import remedies_for
from tenure.core.business.runway import lacking_by_hand, runway
from tenure.core.business.settle import settle
from tenure.core.explain import REMEDIES, explain
from tenure.core.periods import Duration
from tenure.core.policy.rules import RenewalOrder, Role
from tenure.core.refusals import Refused
from tenure.core.renewal_outlook import carried_on
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Timeline, span_at
from tests.core.histories import Life, Step, live, lives
from tests.core.situations import PRICE, accepted, cancel, funded, unlimited
from tests.core.world import MONTH, World, day, terms


def ahead(world: World, name: str = "sub_1") -> ExpectedCourse:
    return expected_course(world.account, world.items.values(), name, world.now)


def drawn_at_a_site(world: World, name: str = "sub_1") -> Timeline:
    sub = world.sub(name)
    return carried_on(timeline(sub), ahead(world, name).outlook, sub.paid_until)


def helping(world: World, name: str = "sub_1") -> list[str]:
    looked = ahead(world, name)
    span = span_at(looked.timeline, world.now)
    return [
        each.how for each in remedies_for(world.account, world.items.values(), name, looked.outlook, span, world.now)
    ]


def phases(spans: Timeline) -> list[tuple[Phase, Instant | None]]:
    return [(span.phase, span.until) for span in spans]


def alone(world: World, until: Instant) -> None:
    """Time passes, and nobody does anything."""
    while (due := settle(world.account, world.items.values(), world.now).next_due) is not None and due <= until:
        world.now = max(due, world.now)
        world.settle()
    world.now = until
    world.settle()


def twin(world: World) -> World:
    """The same account, to be lived on another way."""
    other = World(now=world.now, rules=world.rules, floor=world.floor, account=world.account)
    other.items, other.facts = dict(world.items), list(world.facts)
    return other


@pytest.mark.parametrize("months", [2, 4, 40])
@pytest.mark.parametrize("days_before", [11, 9, 1])
def test_m06_a_site_draws_the_renewals_to_come_also_while_the_next_one_is_reserved(
    months: int, days_before: int
) -> None:
    world = unlimited(months=months)
    world.until(day("2026-02-01") - days_before * DAY)
    assert phases(drawn_at_a_site(world)) == phases(ahead(world).timeline)


@pytest.mark.parametrize("months", [3, 40])
def test_m06_a_hold_lets_nothing_be_drawn_as_ending_while_its_money_is_there(months: int) -> None:
    world = unlimited(months=months, stop_clock=False)
    accepted(world.do(c.PlaceHold(by="desk", role=Role.PROVIDER, reason="unpaid bill")))
    assert phases(drawn_at_a_site(world)) == phases(ahead(world).timeline)
    assert ahead(world).timeline[-1].phase is (Phase.ENDED if months == 3 else Phase.PAUSED)
    end = ahead(world).timeline[-1].since if months == 3 else world.now + LOOK_AHEAD
    alone(world, end - 1)
    assert world.phase() is Phase.PAUSED


def test_a_hold_that_ends_in_grace_is_followed_by_the_renewed_period() -> None:
    world = unlimited(months=3, stop_clock=False)
    over = day("2026-02-03")
    accepted(world.do(c.PlaceHold(by="desk", role=Role.PROVIDER, reason="move", until=over)))
    assert phases(drawn_at_a_site(world))[-4:] == [
        (Phase.PAUSED, over), (Phase.ACTIVE, day("2026-04-01")), (Phase.GRACE, day("2026-04-08")), (Phase.ENDED, None),
    ]  # fmt: skip
    assert phases(drawn_at_a_site(world)) == phases(ahead(world).timeline)


def test_a_canceled_trial_is_not_told_to_be_renewed() -> None:
    world = funded(PRICE)
    trial = Duration(days=14)
    accepted(world.order(of=terms(period=MONTH), trial=True, trial_period=trial))
    accepted(cancel(world))
    undo = "Undo the cancellation while it has not taken effect."
    assert helping(world) == [undo]
    assert [each.how for each in explain(timeline(world.sub()), world.now).remedies] == [undo]
    accepted(world.do(c.UndoCancellation(by="desk", role=Role.PROVIDER)))
    assert helping(world) == [each.how for each in REMEDIES[PhaseCause.TRIAL]]


def test_a_trial_that_renews_itself_asks_for_nothing_at_its_site() -> None:
    world = funded(2 * PRICE)
    accepted(world.order(of=terms(period=MONTH), trial=True, trial_period=Duration(days=14), intent=RenewalIntent.AUTO))
    assert explain(drawn_at_a_site(world), world.now, ahead(world).outlook).remedies == ()


def two_ended() -> World:
    """Both not paid since 1 Feb; the automatic payment of the first has stopped, the second's was resumed."""
    world = funded(2 * PRICE)
    for name in ("sub_1", "sub_2"):
        accepted(world.order(name, of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    world.until(day("2026-05-01"))
    accepted(world.do(c.SetRenewalIntent(by="desk", role=Role.PROVIDER, intent=RenewalIntent.AUTO), "sub_2"))
    return world


def test_what_another_one_takes_first_is_part_of_the_sum_to_renew_by_hand() -> None:
    world = two_ended()
    assert helping(world) == [
        '120.00 EUR are needed and 240.00 EUR are missing: top the prepaid balance up, then press "Renew".'
    ]
    assert lacking_by_hand(world.account, world.items.values(), PRICE, world.now) == 2 * PRICE
    looked = runway(world.account, world.items.values(), world.now, world.now + LOOK_AHEAD)
    assert looked.stopped == (("sub_1", PRICE, 2 * PRICE),)
    world.top_up(2 * PRICE)
    accepted(world.do(c.Renew(by="desk", role=Role.PROVIDER)))


def test_what_every_site_has_left_is_not_called_lasting() -> None:
    """Bought ahead while money is there, and silently not any more: no payment is refused then."""
    world = unlimited(months=3)
    accepted(world.activate())
    accepted(world.do(c.LeaveSite(by="site_1", site="site_1")))
    looked = ahead(world)
    assert looked.outlook is None or not looked.outlook.lasts
    end = next(span.since for span in looked.timeline if span.phase is not Phase.ACTIVE and span.since > world.now)
    alone(world, end - 1)
    assert world.phase() is Phase.ACTIVE
    alone(world, end)
    assert world.phase() is not Phase.ACTIVE


@settings(max_examples=40, deadline=None)
@given(life=lives(8), order=st.sampled_from(RenewalOrder), limit=st.sampled_from([0, 30_000]))
def test_the_sum_that_is_missing_pays_and_every_remedy_that_is_named_works(
    life: tuple[Life, list[Step]], order: RenewalOrder, limit: int
) -> None:
    world, course = life
    world.account = msgspec.structs.replace(world.account, orders=((0, order),), credit_limit=limit)
    for step in course:
        live(world, step)
    world.settle()
    for name in world.items:
        outlook = ahead(world, name).outlook
        if outlook is not None and outlook.missing:
            pays_when_topped_up(world, name, outlook.covered_until or outlook.at, outlook.missing)
        for how in helping(world, name):
            works(world, name, how)


def pays_when_topped_up(world: World, name: str, due: Instant, missing: int) -> None:
    other = twin(world)
    other.top_up(missing)
    alone(other, max(world.now, due))
    until = other.sub(name).paid_until
    assert until is not None
    assert until > due


def works(world: World, name: str, how: str) -> None:
    other = twin(world)
    commands: list[c.Command] = []
    if how.startswith('Press "Renew"'):
        commands = [c.Renew(by="desk", role=Role.PROVIDER)]
    if "Resume automatic renewal" in how:
        commands.append(c.SetRenewalIntent(by="desk", role=Role.PROVIDER, intent=RenewalIntent.AUTO))
    if how.startswith("Undo the cancellation while it has not taken effect."):
        commands = [c.UndoCancellation(by="desk", role=Role.PROVIDER)]
    if 'then press "Renew"' in how:
        missing = int(how.split(" are needed and ")[1].split(" ")[0].replace(".", ""))
        other.top_up(missing)
        commands = [c.Renew(by="desk", role=Role.PROVIDER)]
    for command in commands:
        outcome = twin(other).do(command, name)
        assert not isinstance(outcome, Refused), (how, outcome)
