"""How far a published policy reaches: a period keeps the figures of its start, each of them, wherever they are read
[spec: policy-version]. Three lives are lived for each figure: the old one all along, the new one all along, and one in
which the new one is published while the first period runs; the third is held against the other two at every stage.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec
import pytest

from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.business import commands as c
from tenure.core.business.account import PolicyHistory
from tenure.core.business.decide.device_count import lowering_edge
from tenure.core.periods import Duration
from tenure.core.policy.rules import LateRenewal, Policy, RefundRule, RenewalOrder, Rules
from tenure.core.refusals import Refused
from tenure.core.subscription.contract import service_end
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.occupied_place import count_rule
from tenure.core.subscription.reminders import next_reminder
from tenure.core.subscription.renewal import automatic_until, late_start
from tenure.core.subscription.terms import RenewalIntent, SubscriptionKind
from tenure.core.timeline import DAY, Instant
from tests.core.situations import PRICE, accepted, automatic, cancel, funded, word
from tests.core.world import MONTH, World, day, terms

QUARTER = Duration(months=3)
STAGES = {
    "running": day("2026-03-20"),
    "paid ahead": day("2026-03-29"),
    "the next runs": day("2026-04-05"),
    "the next is over": day("2026-08-20"),
    "in grace": day("2026-04-05"),
    "over": day("2026-06-01"),
}
PUBLISHED, RENEWED = day("2026-01-11"), day("2026-03-28")
OLD = ("running", "paid ahead", "in grace", "over")
"""Stages at which the first period's figures hold; the last two without a renewal."""


class Row(NamedTuple):
    """A figure of the policy, published anew."""

    old: Any
    new: Any
    read: Callable[[World], object]
    """What follows from it at an instant; whatever it does, it does to a copy."""
    at: tuple[str, ...]
    """The stages at which that can be told."""
    trial: bool = False


def sub(world: World) -> Subscription:
    return world.sub()


def told(answer: object) -> object:
    """What a command comes to."""
    return answer.code if isinstance(answer, Refused) else "accepted"


def cancellation_grace(world: World) -> object:
    accepted(cancel(world))
    stop = sub(world).cancellation
    return stop and stop.grace_days


def given_back(world: World) -> object:
    accepted(cancel(world, at_once=True))
    owed = sub(world).owed
    return owed is not None and owed.begun


def held(world: World) -> object:
    accepted(world.do(c.PlaceHold(by="operator", reason="holidays")))
    return sub(world).stopped is not None


def blocked(world: World) -> object:
    accepted(world.do(c.BlockCode(by="operator", code="code of sub_1")))
    return (sub(world).codes[0].block_ends or 0) - world.now


def renewed(world: World) -> object:
    return told(world.do(c.Renew(by="operator")))


def grace(world: World) -> object:
    return (service_end(sub(world)) or 0) - (sub(world).paid_until or 0)


def resumable(world: World) -> object:
    sold = msgspec.structs.replace(sub(world), intent=RenewalIntent.AUTO)
    return (automatic_until(sold) or 0) - (service_end(sold) or 0)


def lease(world: World, *, ephemeral: bool = False, carried: bool = False) -> Any:
    state = sub(world).find_site("site_1")
    assert state is not None
    holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=1, serial=1, ephemeral=ephemeral)
    return lease_for(
        sub(world), state, holder, LeaseIssuer(name="vendor", provider="North"), world.now, carried=carried
    )


def life(world: World, **kind: bool) -> object:
    signed = lease(world, **kind)
    return signed.contact_until - world.now


def figure(name: str) -> Callable[[World], object]:
    return lambda world: getattr(lease(world).figures, name)


SERVED = ("running", "paid ahead", "the next runs", "in grace")
ACTIVE = ("running", "paid ahead", "the next runs")
ANY = (*SERVED, "the next is over", "over")

ROWS: dict[str, tuple[Row, ...]] = {
    "grace_days": (Row(14, 7, grace, ("running", "in grace", "over", "the next runs", "the next is over")),),
    "cancel_grace_days": (Row(20, 3, cancellation_grace, ("running", "the next runs")),),
    "trial_grace_days": (Row(14, 7, grace, ("running", "in grace", "over"), trial=True),),
    "renew_window_days": (Row(200, 5, renewed, ("running", "paid ahead", "the next runs")),),
    "reinstate_days": (
        Row(365, 10, renewed, ("over", "the next is over")),
        Row(365, 10, figure("reinstate_days"), ANY),
    ),
    "resume_days": (Row(60, 5, resumable, ANY[:1] + ANY[2:]),),
    "late_renewal": (
        Row(
            LateRenewal.CHARGE_GRACE,
            LateRenewal.FROM_NOW,
            lambda world: late_start(sub(world), world.now),
            ("over", "the next is over"),
        ),
    ),
    "refund": (Row(RefundRule.UNUSED_DAYS, RefundRule.NONE, given_back, ACTIVE),),
    "stop_clock": (Row(False, True, held, SERVED),),
    "tolerance_percent": (Row(50, 0, figure("tolerance_percent"), ANY),),
    "seat_conflict_days": (
        Row(5, 120, lambda world: lowering_edge(sub(world), world.now), ACTIVE),
        Row(5, 120, figure("seat_conflict_days"), ANY),
    ),
    "idle_release_days": (
        Row(60, 30, lambda world: count_rule(sub(world), world.now, 0).heard_since, ANY),
        Row(60, 30, figure("idle_release_days"), ANY),
    ),
    "block_grace_days": (Row(8, 2, blocked, ANY),),
    "reminders": (
        Row((7,), (2,), lambda world: next_reminder(sub(world), world.now), ("running", "the next runs")),
        Row((7,), (), lambda world: next_reminder(sub(world), world.now), ("running", "the next runs", "in grace")),
        Row((7,), (2,), figure("reminders"), ANY),
    ),
    "sync_interval": (Row(86_400, 43_200, figure("sync_interval"), ANY),),
    "lease_days": (Row(45, 30, life, ANY),),
    "after_end_sync_days": (Row(90, 10, figure("after_end_sync_days"), ANY),),
    "air_gap_lease_days": (Row(90, 60, lambda world: life(world, carried=True), ANY),),
    "ephemeral_hours": (Row(24, 12, lambda world: life(world, ephemeral=True), ANY),),
}
AT_ONCE = {"customer_actions", "provider_actions"}
"""Permissions are those published last [spec: policy-version]."""
ACCOUNTS = {"renewal_order"}
"""Of an account, not of a period: see `test_money_short_goes_in_the_order_stated_when_it_was_due`."""
CASES = [(name, number) for name, rows in ROWS.items() for number in range(len(rows))]


def publish(world: World, since: Instant, **rules: Any) -> None:
    """Another policy is in force from then on."""
    item, after = world.items["sub_1"], msgspec.structs.replace(world.rules, **rules)
    before = item.book.versions
    world.items["sub_1"] = msgspec.structs.replace(item, book=PolicyHistory((*before, (since, after, world.floor))))


def lived(name: str, row: Row, stage: str, *, first: Any, then: Any) -> object:
    """What the figure comes to at that stage where it was `first`, and `then` was published while it ran."""
    world = World(rules=Rules(**{name: first}))
    world.top_up(20 * PRICE)
    accepted(world.order(of=terms(period=QUARTER), trial=row.trial))
    accepted(world.activate())
    world.until(PUBLISHED)
    publish(world, PUBLISHED, **{name: then})
    if stage in ("paid ahead", "the next runs", "the next is over"):
        world.until(RENEWED)
        accepted(world.do(c.Renew(by="operator")))
    world.until(STAGES[stage])
    return row.read(deepcopy(world))


@pytest.mark.parametrize(("name", "number"), CASES, ids=[f"{name} {number}" for name, number in CASES])
def test_a_period_keeps_the_figures_of_its_start(name: str, number: int) -> None:
    row = ROWS[name][number]
    for stage in row.at:
        old = lived(name, row, stage, first=row.old, then=row.old)
        new = lived(name, row, stage, first=row.new, then=row.new)
        assert old != new, f"{stage}: the row shows nothing"
        assert lived(name, row, stage, first=row.old, then=row.new) == (old if stage in OLD else new), stage


def test_every_figure_of_the_policy_has_a_row() -> None:
    """A field added later fails here until somebody has said how far it reaches."""
    assert set(ROWS) == {each.name for each in msgspec.structs.fields(Rules)}
    assert {each.name for each in msgspec.structs.fields(Policy)} == {"rules"} | AT_ONCE | ACCOUNTS


@pytest.mark.parametrize("punctual", [True, False])
@pytest.mark.parametrize("goodwill", [0, 5])
@pytest.mark.parametrize(("first", "then"), [(14, 7), (7, 14), (14, 14)])
def test_m08_a_reserved_period_has_the_grace_of_its_start(
    *, first: int, then: int, goodwill: int, punctual: bool
) -> None:
    """Published while the next period is reserved. A sweep that was down until it runs books the same."""
    world = automatic(grace_days=first)
    world.until(day("2026-12-10"))
    if punctual or goodwill:
        world.until(day("2026-12-24"))
        assert sub(world).reserved is not None
    if goodwill:
        accepted(world.do(c.ExtendGrace(by="operator", days=goodwill)))
    publish(world, day("2026-12-26"), grace_days=then)
    world.now = day("2027-01-05")
    world.settle()
    assert (sub(world).reserved, sub(world).goodwill_days) == (None, 0)
    assert (sub(world).paid_until or 0) > day("2027-06-01"), "it was captured"
    assert grace(world) == (then + goodwill) * DAY


def test_m08_goodwill_days_stay_with_their_period_alone() -> None:
    world = automatic(5 * PRICE, grace_days=14)
    world.until(day("2026-12-28"))
    accepted(world.do(c.ExtendGrace(by="operator", days=5)))
    world.until(day("2027-02-01"))
    assert grace(world) == 19 * DAY
    world.until(day("2028-02-01"))
    assert grace(world) == 14 * DAY


@pytest.mark.parametrize("promised", [0, 3])
def test_canceled_in_the_window_what_runs_keeps_its_own_grace(promised: int) -> None:
    """The reserve was made under the policy of now and is given up: what ends is the period that ran."""
    world = automatic(cancel_grace_days=20)
    publish(world, day("2026-06-01"), cancel_grace_days=3)
    world.until(day("2026-12-25"))
    assert sub(world).reserved is not None
    if promised:  # days of the coming period that a lease promises stay paid for, and that one ends then
        world.hear("sub_1", word(day("2027-01-01") + promised * DAY))
    accepted(cancel(world))
    stop = sub(world).cancellation
    assert stop is not None
    assert (stop.effective, stop.grace_days) == (day("2027-01-01") + promised * DAY, 3 if promised else 20)


@pytest.mark.parametrize("asleep", [False, True], ids=["awake", "asleep"])
def test_money_short_goes_in_the_order_stated_when_it_was_due(asleep: bool) -> None:
    """Two fall due at one instant and money is there for either: a sweep that slept over a new policy pays the same."""
    world = funded(PRICE * 3)
    for name, devices in (("sub_1", 10), ("sub_2", 5)):
        accepted(world.order(name, of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH, devices=devices)))
    orders = ((0, RenewalOrder.MOST_EXPENSIVE), (day("2026-01-24"), RenewalOrder.CHEAPEST))
    world.account = msgspec.structs.replace(world.account, balance=PRICE, orders=orders[:1])
    world.asleep = asleep
    world.until(day("2026-01-25"))
    world.account = msgspec.structs.replace(world.account, orders=orders)
    world.settle()
    assert [world.sub(name).reserved is not None for name in ("sub_1", "sub_2")] == [True, False]
