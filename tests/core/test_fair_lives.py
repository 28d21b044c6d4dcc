"""Whatever happens in whatever order: what was served was paid for at the terms agreed, and nobody paid twice."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.core import pricing
from tenure.core.business.decide import device_count, repricing, scheduled_changes
from tenure.core.business.decide.decision import Accepted
from tenure.core.periods import begun_days
from tenure.core.subscription import renewal
from tenure.core.subscription.fold import Subscription
from tenure.core.subscription.renewal import length_of
from tenure.core.subscription.terms import Period, TermsChange, TermsField
from tenure.core.timeline import Instant
from tenure.sandbox.lives import arithmetic, judge, walk

pytestmark = pytest.mark.slow

LIVES = 2_000
SOON = 400
"""A mend taken out is found within so many lives."""


def unfair(seeds: range) -> Iterator[walk.LifeLived]:
    return (life for life in map(walk.run_life, seeds) if life.unfair)


def test_no_life_is_unfair() -> None:
    found = next(unfair(range(LIVES)), None)
    assert found is None, f"`python -m tenure.sandbox.lives --seed {found.seed}`: {found.unfair}"


def test_a_seed_lives_the_same_life_again() -> None:
    assert walk.run_life(7) == walk.run_life(7)
    assert walk.run_life(7).told != walk.run_life(8).told


def test_the_judge_shares_no_price_with_what_it_judges() -> None:
    for module in (judge, arithmetic):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        forbidden = ("pricing", "renewal", "day_prices", "periods", "decide", "settle", "act", "runway", "promises")
        assert not {name for name in names if name and name.split(".")[-1] in forbidden}


# What the judge must find: each mend taken out


def _drop_for_nothing(sub: Subscription, command: Any, facts: Any, seen: Any, now: Instant) -> Accepted:
    return Accepted(facts=tuple(facts))


def _all_scheduled(sub: Subscription, now: Instant, *fields: TermsField) -> tuple[TermsChange, ...]:
    return scheduled_changes.scheduled_changes(sub, now, *TermsField)


def _against_the_count_in_force(after: Subscription, period: Period, moment: Instant) -> int | None:
    """What a raise cost before: the total of now less that of the count paid last, rounded each time."""
    start = max(period.since, moment)
    held = after.terms_for(start)
    new, old = pricing.total_price(held.bands, held.devices), pricing.total_price(held.bands, period.devices)
    assert isinstance(new, int) and isinstance(old, int)
    left = begun_days(start, period.until)
    return pricing.half_up(max(0, new - old) * left, begun_days(period.since, period.until)) or None


def _as_the_plan_says(sub: Subscription, period: Period) -> object:
    return sub.terms_for(period.until).period


MENDS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "terms that priced a period are dropped by paying": (scheduled_changes, "with_terms", _drop_for_nothing),
    "a command replaces only the field it names": (device_count, "scheduled_changes", _all_scheduled),
    "the highest total agreed so far": (repricing, "_additional_price", _against_the_count_in_force),
    "another length begins a whole period": (renewal, "length_of", _as_the_plan_says),
}


@pytest.mark.parametrize("mend", MENDS)
def test_without_a_mend_an_unfair_life_is_found(mend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, broken = MENDS[mend]
    monkeypatch.setattr(module, name, broken)
    assert next(unfair(range(SOON)), None) is not None


def test_the_mends_are_where_the_controls_take_them_out() -> None:
    assert all(callable(getattr(module, name)) for module, name, _ in MENDS.values())
    assert renewal.length_of is length_of
