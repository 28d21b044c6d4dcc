"""The one function of time: spans, a cursor on them, and how several causes lie over one another
[spec: severity, phases]."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.core.timeline import (
    SEVERITY,
    Instant,
    Phase,
    Span,
    Timeline,
    Why,
    at,
    cut,
    map_spans,
    merge,
    next_change,
    overlay,
    since,
)

PAID, GRACE, OVER = (
    Span(0, 10, Phase.ACTIVE, Why.PAID),
    Span(10, 14, Phase.GRACE, Why.PAYMENT_ENDED),
    Span(14, None, Phase.ENDED, Why.PAYMENT_ENDED),
)
COURSE: Timeline = (PAID, GRACE, OVER)


@st.composite
def courses(draw: st.DrawFn, first: Instant | None = None) -> Timeline:
    """A well-formed timeline: contiguous, only the last span open, neighbours different."""
    edges = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=5)))
    edges[0] = edges[0] if first is None else first
    edges = sorted(set(edges))
    phases = [draw(st.sampled_from(Phase)) for _ in edges]
    whys = [draw(st.sampled_from(Why)) for _ in edges]
    ends = [*edges[1:], None]
    return merge(Span(*parts) for parts in zip(edges, ends, phases, whys, strict=True))


@pytest.mark.parametrize(
    ("now", "span"), [(-5, PAID), (0, PAID), (9, PAID), (10, GRACE), (13, GRACE), (14, OVER), (99, OVER)]
)
def test_at_the_end_instant_the_new_span_already_holds(now: Instant, span: Span) -> None:
    assert at(COURSE, now) is span
    assert next_change(COURSE, now) == span.until


def test_a_timeline_without_an_open_end_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="open"):
        at((PAID,), 10)


def test_what_is_over_is_left_out_and_the_running_span_is_whole() -> None:
    assert since(COURSE, 12) == (GRACE, OVER)
    assert since(COURSE, 14) == (OVER,)


def test_cut_replaces_everything_from_an_instant_on() -> None:
    stop = Span(12, None, Phase.ENDED, Why.CANCELLED)
    assert cut(COURSE, 12, stop) == (PAID, Span(10, 12, Phase.GRACE, Why.PAYMENT_ENDED), stop)
    assert cut(COURSE, 10, Span(10, None, Phase.ENDED, Why.CANCELLED))[0] == PAID
    assert cut(COURSE, 0, OVER) == (OVER,)


def test_merged_empty_spans_vanish_and_equal_neighbours_become_one() -> None:
    assert merge([PAID, Span(10, 10, Phase.GRACE, Why.PAYMENT_ENDED), Span(10, 12, Phase.ACTIVE, Why.PAID), OVER]) == (
        Span(0, 12, Phase.ACTIVE, Why.PAID),
        OVER,
    )


def test_spans_with_other_words_stay_apart() -> None:
    here, there = (Span(since, since + 5, Phase.PAUSED, Why.HELD, note=str(since)) for since in (0, 5))
    assert merge([here, there]) == (here, there)


def test_changed_spans_that_became_alike_are_merged() -> None:
    assert map_spans(COURSE, lambda span: Span(span.since, span.until, Phase.ENDED, Why.BLOCKED)) == (
        Span(0, None, Phase.ENDED, Why.BLOCKED),
    )


def test_of_several_causes_the_most_severe_holds() -> None:
    hold = Span(5, None, Phase.PAUSED, Why.HELD)
    assert [(span.since, span.phase) for span in overlay(COURSE, (hold,))] == [
        (0, Phase.ACTIVE),
        (5, Phase.PAUSED),
        (14, Phase.ENDED),
    ]


def test_of_equal_phases_the_one_that_ends_first_gives_until_and_why() -> None:
    block = (Span(8, 12, Phase.GRACE, Why.CODE_BLOCKED), Span(12, None, Phase.ACTIVE, Why.PAID))
    assert [(span.since, span.until, span.why) for span in overlay(COURSE, block)] == [
        (0, 8, Why.PAID),
        (8, 12, Why.CODE_BLOCKED),
        (12, 14, Why.PAYMENT_ENDED),
        (14, None, Why.PAYMENT_ENDED),
    ]


def test_on_a_tie_the_earlier_layer_speaks() -> None:
    block = (Span(14, None, Phase.ENDED, Why.BLOCKED),)
    assert at(overlay(COURSE, block), 20).why is Why.PAYMENT_ENDED


@settings(max_examples=100)
@given(courses(), st.lists(courses(), max_size=3), st.integers(-1, 25))
def test_an_overlay_is_well_formed_and_says_at_each_instant_the_most_severe(
    first: Timeline, others: list[Timeline], now: Instant
) -> None:
    spans = overlay(first, *others)
    assert spans[0].since == first[0].since
    assert spans[-1].until is None
    assert all(one.until == other.since for one, other in pairwise(spans))
    moment = max(now, first[0].since)
    speaking = [at(layer, moment) for layer in (first, *others) if layer[0].since <= moment]
    assert at(spans, moment).phase is max((span.phase for span in speaking), key=SEVERITY.__getitem__)


@settings(max_examples=100)
@given(courses(), st.integers(0, 25))
def test_cutting_changes_nothing_before_the_cut(spans: Timeline, moment: Instant) -> None:
    shorter = cut(spans, moment, Span(moment, None, Phase.ENDED, Why.CANCELLED))
    for now in range(spans[0].since, moment):
        assert (at(shorter, now).phase, at(shorter, now).why) == (at(spans, now).phase, at(spans, now).why)
    assert at(shorter, moment).why is Why.CANCELLED
