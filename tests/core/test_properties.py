"""What holds for every life of a subscription, legal or not: the properties the product is built on
[spec: time-alone, decide]."""

from collections import Counter
from functools import reduce
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.business import commands as c
from tenure.core.business import ledger
from tenure.core.business.allowed_actions import allowed_actions, sample_commands
from tenure.core.business.execute import (
    OUTCOME_HASH_LIFE,
    CommandOutcome,
    check_outcome_hash,
    execute,
    make_outcome_hash,
)
from tenure.core.business.settle import settle
from tenure.core.explain import explain
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve, fold
from tenure.core.subscription.renewal import total_cost
from tenure.core.subscription.terms import Settlement
from tenure.core.timeline import DAY, SEVERITY, Instant, Phase, Span, Timeline, span_at
from tests.core.histories import Life, Step, copy, live, lives

FORWARD = [Phase.PENDING, Phase.ACTIVE, Phase.GRACE, Phase.ENDED]
"""The order in which time alone may lead through the phases [spec: time-alone]."""

Drawn = tuple[Life, list[Step]]

some_lives = settings(max_examples=settings.default.max_examples // 3)
"""A life is a dozen examples in one, so that a third of the usual says as much; a deeper profile deepens these, too."""


def lived(drawn: Drawn) -> Life:
    world = copy(drawn[0])
    for step in drawn[1]:
        live(world, step)
    return world


def subscriptions(world: Life) -> list[Subscription]:
    return [item.sub for item in world.items.values()]


def timelines(sub: Subscription) -> list[Timeline]:
    return [timeline(sub), *(timeline(sub, site) for site in sub.sites)]


def history(world: Life, name: str) -> tuple[f.Fact, ...]:
    return tuple(fact for owner, fact in world.facts if owner == name)


@some_lives
@given(lives())
def test_b01_a_timeline_is_whole(drawn: Drawn) -> None:
    for sub in subscriptions(lived(drawn)):
        for spans in timelines(sub):
            assert spans[0].since == sub.ordered_at
            assert spans[-1].until is None
            assert all(span.until is not None and span.since < span.until for span in spans[:-1])
            for span, follower in pairwise(spans):
                assert span.until == follower.since
                assert msgspec.structs.replace(span, since=0, until=0) != msgspec.structs.replace(
                    follower, since=0, until=0
                ), "a span ends where something changes"


@some_lives
@given(lives())
def test_b01_what_the_timeline_foretells_comes_true(drawn: Drawn) -> None:
    """`until` is the first instant of change, and what follows is what was announced, unless somebody buys."""
    world = lived(drawn)
    world.settle()
    for name in list(world.items):
        if world.sub(name).stopped is not None and world.items[name].words:
            continue  # which held days come back also depends on when the sites hear of it
        told = timeline(world.sub(name))
        end = span_at(told, world.now).until
        for moment in [] if end is None else [end - 1, end, end + DAY]:
            later = _seen_later(world, name, moment)
            if later is not None and moment >= world.now:
                assert _now(timeline(later), moment) == _now(told, moment)


def _now(spans: Timeline, moment: Instant) -> Span:
    """What holds, whenever it began: a pause that is over is no longer told."""
    return msgspec.structs.replace(span_at(spans, moment), since=0)


def _seen_later(world: Life, name: str, moment: Instant) -> Subscription | None:
    """The subscription as time alone leaves it at `moment`; None if automatic payment bought something meanwhile."""
    ahead = settle(world.account, world.items.values(), moment)
    bought = [fact for owner, fact in ahead.facts if owner == name and isinstance(fact, f.Renewed | f.RenewalReserved)]
    if any(not isinstance(fact, f.Renewed) or fact.paid_by != "reserve" for fact in bought):
        return None
    return next(item.sub for item in ahead.items if item.sub.id == name)


@some_lives
@given(lives())
def test_b12_the_history_replayed_is_the_state(drawn: Drawn) -> None:
    world = lived(drawn)
    for sub in subscriptions(world):
        stored = tuple(f.decode_fact(f.encode_fact(fact)) for fact in history(world, sub.id))
        assert stored == history(world, sub.id)
        assert fold(stored) == sub
        assert sub.revision == len(stored)


@some_lives
@given(lives())
def test_time_alone_never_moves_a_phase_back(drawn: Drawn) -> None:
    world = lived(drawn)
    for sub in subscriptions(world):
        if not sub.holds:
            ahead = [span.phase for span in timeline(sub) if span.until is None or span.until > world.now]
            assert ahead == sorted(ahead, key=FORWARD.index)


@some_lives
@given(lives())
def test_periods_never_overlap_and_no_paid_day_is_lost_or_given_away(drawn: Drawn) -> None:
    world = lived(drawn)
    for sub in subscriptions(world):
        for period, follower in pairwise(sub.paid_periods):
            assert period.since < period.until <= follower.since
        bought = sum(map(_bought, history(world, sub.id)))
        cut = _cut(history(world, sub.id))
        assert sum(period.until - period.since for period in sub.periods) == bought + _added(sub) - cut


def _bought(fact: f.Fact) -> int:
    period = getattr(fact, "period", None)
    taken = isinstance(fact, f.Ordered | f.PaymentConfirmed | f.Activated | f.SuccessorStarted | f.Renewed)
    return period.until - period.since if taken and period is not None else 0


def _cut(facts: tuple[f.Fact, ...]) -> int:
    """Seconds given back where another plan began a whole period of its own before the old one was over."""
    lost, ends = 0, fold(facts[:1])
    for fact in facts[1:]:
        if isinstance(fact, f.Renewed) and ends.periods:
            lost += sum(max(0, each.until - max(each.since, fact.period.since)) for each in ends.periods)
        ends = evolve(ends, fact)
    return lost


def _added(sub: Subscription) -> int:
    """Seconds that stopped clocks added to periods while they ran."""
    return sum(
        days * DAY
        for stood_still, days in sub.given_days
        if any(period.since <= stood_still < period.until for period in sub.periods)
    )


@some_lives
@given(lives())
def test_money_is_never_made_and_never_lost(drawn: Drawn) -> None:
    world = lived(drawn)
    balances = reduce(ledger.Balances.after, world.postings, ledger.Balances())
    assert (balances.balance, balances.reserve) == (world.account.balance, world.account.reserve)
    assert all(sum(entry.amount for entry in posting.entries) == 0 for posting in world.postings)
    assert world.account.balance >= -world.account.credit_limit
    assert world.account.reserve == sum(total_cost(sub.reserved) for sub in subscriptions(world) if sub.reserved)


@some_lives
@given(lives())
def test_m06_each_period_is_paid_exactly_once(drawn: Drawn) -> None:
    world = lived(drawn)
    keys = Counter(
        (posting.kind, posting.subscription, posting.period, posting.reference) for posting in world.postings
    )
    assert max(keys.values()) == 1
    paying = {ledger.PostingKind.CHARGE, ledger.PostingKind.CAPTURE}
    paid = Counter((each.subscription, each.period) for each in world.postings if each.kind in paying and not each.note)
    assert max(paid.values(), default=1) == 1
    for sub in subscriptions(world):
        if sub.changes[0].terms.settlement is Settlement.PREPAID:
            moved = sum(
                each.moved_on(ledger.LedgerAccount.REVENUE) for each in world.postings if each.subscription == sub.id
            )
            refunded = sum(fact.amount for fact in history(world, sub.id) if isinstance(fact, f.Refunded))
            assert moved >= 0
            assert moved + refunded >= sum(total_cost(period) for period in sub.periods)


@some_lives
@given(lives())
def test_b01_a_sweep_that_slept_books_what_one_awake_would_have_booked(drawn: Drawn) -> None:
    awake, asleep = copy(drawn[0]), copy(drawn[0])
    asleep.asleep = True
    for step in drawn[1]:
        assert _said(live(awake, step)) == _said(live(asleep, step))
    asleep.asleep = False
    for world in (awake, asleep):
        world.wait(days=1)
    assert _unrecorded(awake) == _unrecorded(asleep)
    assert awake.account == asleep.account


def _said(answer: Any) -> Any:
    return answer if isinstance(answer, Refused) else None


def _unrecorded(world: Life) -> list[tuple[str, f.Fact]]:
    return sorted(
        ((name, msgspec.structs.replace(fact, recorded_at=0)) for name, fact in world.facts),
        key=lambda each: each[0],
    )


@some_lives
@given(lives(20))
def test_a_refusal_changes_nothing_and_nothing_is_partly_accepted(drawn: Drawn) -> None:
    """`decide` never raises, whatever is asked of whatever state; a refused command leaves only what was due anyway."""
    world = copy(drawn[0])
    for step in drawn[1]:
        due = settle(world.account, world.items.values(), world.now)
        answer = live(world, step)
        if isinstance(answer, Refused):
            assert (world.account, tuple(world.items.values())) == (due.account, due.items)
        for sub in subscriptions(world):
            assert explain(timeline(sub), world.now).sentence


@some_lives
@given(lives())
def test_neither_money_nor_a_command_that_gives_takes_service_away(drawn: Drawn) -> None:
    """Only a pause, a cancellation, a block or a lowered limit may take something from who has it."""
    taking = (c.PlaceHold, c.Cancel, c.BlockCode, c.LeaveSite, c.DeclareSiteLost)
    world = copy(drawn[0])
    for step in drawn[1]:
        world.settle()
        before = {sub.id: span_at(timeline(sub), world.now) for sub in subscriptions(world)}
        live(world, step)
        if step[0] in {"wait", "edge"} or any(isinstance(part, taking) or part is c.PlaceHold for part in step):
            continue
        for name, span in before.items():
            assert SEVERITY[span_at(timeline(world.sub(name)), world.now).phase] <= SEVERITY[span.phase]


@some_lives
@given(lives(), st.sampled_from([Role.PROVIDER, Role.CUSTOMER]))
def test_b03_allowed_actions_are_what_a_dry_run_says(drawn: Drawn, role: Role) -> None:
    """Refused alike, and at the price that the command then takes from the balance, its consequences included."""
    world = lived(drawn)
    world.settle()
    for sub in subscriptions(world):
        asked = dict(sample_commands(sub, role, world.now))
        held = (world.account, world.items.values(), sub.id)
        for allowed in allowed_actions(*held, role, c.DecisionContext(), world.now):
            samples = asked[allowed.action]
            every = [execute(*held, each, c.DecisionContext(), world.now)[1] for each in samples]
            done = next((each for each in every if not isinstance(each, Refused)), None)
            if done is None:
                assert allowed.refused == every[0]
            else:
                took = world.account.balance - done.after.account.balance
                assert (allowed.refused, allowed.price) == (None, took)


@some_lives
@given(lives(), st.integers(0, OUTCOME_HASH_LIFE))
def test_b04_what_was_previewed_is_what_is_applied(drawn: Drawn, minutes: int) -> None:
    """The same command on an unchanged world has the same plan; once a fact was added it has another."""
    *before, last = drawn[1]
    if last[0] != "ask":
        return
    world = lived((drawn[0], before))
    _, name, command, _ = last
    preview = _previewed(world, name, command, world.now)
    if isinstance(preview, Refused):
        return
    plan = make_outcome_hash(preview, command, world.now)
    again = _previewed(world, name, command, world.now)
    assert isinstance(again, CommandOutcome)
    assert check_outcome_hash(plan, again, command, world.now + minutes) is None
    late = check_outcome_hash(plan, again, command, world.now + OUTCOME_HASH_LIFE + 1)
    assert late is not None and late.code is RefusalCode.OUTCOME_CHANGED_MEANWHILE
    world.do(c.ReissueCode(by="somebody", code=c.CodeRef(id="meanwhile", last_group="1")), name)
    changed = _previewed(world, name, command, world.now)
    if isinstance(changed, CommandOutcome) and world.sub(name).revision != _revision(preview, name):
        refused = check_outcome_hash(plan, changed, command, world.now)
        assert refused is not None and refused.code is RefusalCode.OUTCOME_CHANGED_MEANWHILE


def _previewed(world: Life, name: str, command: c.Command, now: Instant) -> CommandOutcome | Refused:
    return execute(world.account, world.items.values(), name, command, c.DecisionContext(), now)[1]


def _revision(outcome: CommandOutcome, name: str) -> int:
    return next(item.sub.revision for item in outcome.before.items if item.sub.id == name)
