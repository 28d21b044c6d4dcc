"""Explain (B2): the same sentences for everybody, each cause with a remedy of its own (B6)."""

import pytest

from tenure.core.business import commands as c
from tenure.core.explain import PHASES, REMEDIES, RULES, explain
from tenure.core.subscription.contract import timeline
from tenure.core.timeline import Phase, PhaseCause, Span
from tests.core.situations import PRICE, accepted, cancel, limited, outside, unlimited, waiting
from tests.core.world import World, day


def story(world: World) -> str:
    return explain(timeline(world.sub()), world.now).sentence


def test_b02_it_says_how_it_is_why_until_when_and_what_follows() -> None:
    world = limited()
    told = explain(timeline(world.sub()), world.now)
    assert told.sentence == "All functions are on: it is paid for."
    assert told.until == day("2027-01-01")
    assert told.follows == "On 2027-01-01 00:00:00 UTC: all functions are on, in grace, the paid period is over."


def test_b02_what_will_be_withdrawn_is_named() -> None:
    world = limited()
    world.until(day("2027-01-05"))
    told = explain(timeline(world.sub()), world.now)
    assert told.sentence == "All functions are on, in grace: the paid period is over."
    assert told.follows == "On 2027-01-15 00:00:00 UTC: ended, the paid period is over; withdrawn then: edit, export."
    assert [remedy.who for remedy in told.remedies] == ["customer", "provider"]


def test_b06_an_end_that_is_decided_names_who_can_undo_it_before_it_comes_and_no_other_end_does() -> None:
    world = limited()
    assert explain(timeline(world.sub()), world.now).remedies == ()
    accepted(cancel(world))
    told = explain(timeline(world.sub()), world.now)
    assert [each.how for each in told.remedies] == ["Undo the cancellation while it has not taken effect."]
    paid, struck = Span(0, 7, Phase.ACTIVE, PhaseCause.PAID), Span(7, None, Phase.ENDED, PhaseCause.SEAT_CONFLICT)
    before, after = explain((paid, struck), 0).remedies, explain((paid, struck), 7).remedies
    assert [each.who for each in before] == ["customer", "administrator"]
    assert "another application stops instead" in before[0].how
    assert "another activation code" in after[0].how


def test_b06_silence_that_may_come_is_told_as_a_condition() -> None:
    paid = Span(0, 7, Phase.ACTIVE, PhaseCause.PAID, ("edit",))
    told = explain((paid, Span(7, None, Phase.GRACE, PhaseCause.SYNC_OVERDUE, ("edit",))), 0)
    assert told.follows == (
        "Unless the activation server answers before 1970-01-01 00:00:07 UTC: all functions are on, in grace."
    )


def test_b02_at_the_end_nothing_changes_by_itself() -> None:
    world = limited()
    world.until(day("2028-01-01"))
    told = explain(timeline(world.sub()), world.now)
    assert (told.until, told.follows) == (None, "There are no further automatic changes.")


def _held(world: World) -> World:
    accepted(world.do(c.PlaceHold(by="x", reason="unpaid bill")))
    return world


def _canceled(world: World) -> World:
    accepted(cancel(world, at_once=True))
    return world


def _dry(world: World) -> World:
    world.until(day("2026-02-02"))
    return world


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        (waiting(), "Nothing is licensed yet: it waits for its first activation."),
        (outside(), "Nothing is licensed yet: it waits for its payment."),
        (_held(limited()), "Paused: it is on hold (unpaid bill)."),
        (_canceled(limited(PRICE)), "Ended: it was canceled."),
        (_dry(unlimited(1)), "All functions are on, in grace: the paid period is over."),
    ],
)
def test_b02_the_sentence_names_phase_and_cause(world: World, sentence: str) -> None:
    assert story(world) == sentence


@pytest.mark.parametrize("why", list(PhaseCause))
def test_b06_every_cause_has_its_words_its_rule_and_its_remedy(why: PhaseCause) -> None:
    sentence, rule = RULES[why]
    assert sentence.endswith(".")
    assert rule.endswith(".")
    assert all(remedy.who and remedy.how.endswith(".") for remedy in REMEDIES[why])
    assert REMEDIES[why] or why is PhaseCause.PAID


def test_b06_the_remedies_of_grace_differ_by_cause() -> None:
    graces = [PhaseCause.PAYMENT_ENDED, PhaseCause.CANCELED, PhaseCause.SYNC_OVERDUE, PhaseCause.CODE_BLOCKED]
    assert len({REMEDIES[why] for why in graces}) == len(graces)


@pytest.mark.parametrize("why", list(PhaseCause))
def test_any_span_can_be_explained(why: PhaseCause) -> None:
    for phase in Phase:
        told = explain((Span(0, None, phase, why),), 5)
        assert told.sentence.startswith(PHASES[phase])
        assert told.sentence.endswith(".")
