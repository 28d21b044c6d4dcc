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
    PhaseCause,
    Span,
    Timeline,
    cut_at,
    map_spans,
    merge_spans,
    next_change,
    overlay_layers,
    span_at,
    spans_since,
)

PAID, GRACE, OVER = (
    Span(0, 10, Phase.ACTIVE, PhaseCause.PAID),
    Span(10, 14, Phase.GRACE, PhaseCause.PAYMENT_ENDED),
    Span(14, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED),
)
COURSE: Timeline = (PAID, GRACE, OVER)


@st.composite
def courses(draw: st.DrawFn, first: Instant | None = None) -> Timeline:
    """A well-formed timeline: contiguous, only the last span open, neighbors different."""
    edges = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=5)))
    edges[0] = edges[0] if first is None else first
    edges = sorted(set(edges))
    phases = [draw(st.sampled_from(Phase)) for _ in edges]
    whys = [draw(st.sampled_from(PhaseCause)) for _ in edges]
    ends = [*edges[1:], None]
    return merge_spans(Span(*parts) for parts in zip(edges, ends, phases, whys, strict=True))


@pytest.mark.parametrize(
    ("now", "span"), [(-5, PAID), (0, PAID), (9, PAID), (10, GRACE), (13, GRACE), (14, OVER), (99, OVER)]
)
def test_at_the_end_instant_the_new_span_already_holds(now: Instant, span: Span) -> None:
    assert span_at(COURSE, now) is span
    assert next_change(COURSE, now) == span.until


def test_a_timeline_without_an_open_end_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="open"):
        span_at((PAID,), 10)


def test_what_is_over_is_left_out_and_the_running_span_is_whole() -> None:
    assert spans_since(COURSE, 12) == (GRACE, OVER)
    assert spans_since(COURSE, 14) == (OVER,)


def test_cut_replaces_everything_from_an_instant_on() -> None:
    stop = Span(12, None, Phase.ENDED, PhaseCause.CANCELED)
    assert cut_at(COURSE, 12, stop) == (PAID, Span(10, 12, Phase.GRACE, PhaseCause.PAYMENT_ENDED), stop)
    assert cut_at(COURSE, 10, Span(10, None, Phase.ENDED, PhaseCause.CANCELED))[0] == PAID
    assert cut_at(COURSE, 0, OVER) == (OVER,)


def test_merged_empty_spans_vanish_and_equal_neighbors_become_one() -> None:
    assert merge_spans(
        [PAID, Span(10, 10, Phase.GRACE, PhaseCause.PAYMENT_ENDED), Span(10, 12, Phase.ACTIVE, PhaseCause.PAID), OVER]
    ) == (
        Span(0, 12, Phase.ACTIVE, PhaseCause.PAID),
        OVER,
    )


def test_spans_with_other_words_stay_apart() -> None:
    here, there = (Span(since, since + 5, Phase.PAUSED, PhaseCause.HELD, note=str(since)) for since in (0, 5))
    assert merge_spans([here, there]) == (here, there)


def test_changed_spans_that_became_alike_are_merged() -> None:
    assert map_spans(COURSE, lambda span: Span(span.since, span.until, Phase.ENDED, PhaseCause.BLOCKED)) == (
        Span(0, None, Phase.ENDED, PhaseCause.BLOCKED),
    )


def test_of_several_causes_the_most_severe_holds() -> None:
    hold = Span(5, None, Phase.PAUSED, PhaseCause.HELD)
    assert [(span.since, span.phase) for span in overlay_layers(COURSE, (hold,))] == [
        (0, Phase.ACTIVE),
        (5, Phase.PAUSED),
        (14, Phase.ENDED),
    ]


def test_of_equal_phases_the_one_that_ends_first_gives_until_and_why() -> None:
    block = (Span(8, 12, Phase.GRACE, PhaseCause.CODE_BLOCKED), Span(12, None, Phase.ACTIVE, PhaseCause.PAID))
    assert [(span.since, span.until, span.why) for span in overlay_layers(COURSE, block)] == [
        (0, 8, PhaseCause.PAID),
        (8, 12, PhaseCause.CODE_BLOCKED),
        (12, 14, PhaseCause.PAYMENT_ENDED),
        (14, None, PhaseCause.PAYMENT_ENDED),
    ]


def test_on_a_tie_the_earlier_layer_speaks() -> None:
    block = (Span(14, None, Phase.ENDED, PhaseCause.BLOCKED),)
    assert span_at(overlay_layers(COURSE, block), 20).why is PhaseCause.PAYMENT_ENDED


@settings(max_examples=100)
@given(courses(), st.lists(courses(), max_size=3), st.integers(-1, 25))
def test_an_overlay_is_well_formed_and_says_at_each_instant_the_most_severe(
    first: Timeline, others: list[Timeline], now: Instant
) -> None:
    spans = overlay_layers(first, *others)
    assert spans[0].since == first[0].since
    assert spans[-1].until is None
    assert all(one.until == other.since for one, other in pairwise(spans))
    moment = max(now, first[0].since)
    speaking = [span_at(layer, moment) for layer in (first, *others) if layer[0].since <= moment]
    assert span_at(spans, moment).phase is max((span.phase for span in speaking), key=SEVERITY.__getitem__)


@settings(max_examples=100)
@given(courses(), st.integers(0, 25))
def test_cutting_changes_nothing_before_the_cut(spans: Timeline, moment: Instant) -> None:
    shorter = cut_at(spans, moment, Span(moment, None, Phase.ENDED, PhaseCause.CANCELED))
    for now in range(spans[0].since, moment):
        assert (span_at(shorter, now).phase, span_at(shorter, now).why) == (
            span_at(spans, now).phase,
            span_at(spans, now).why,
        )
    assert span_at(shorter, moment).why is PhaseCause.CANCELED
