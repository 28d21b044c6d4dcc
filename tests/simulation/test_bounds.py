"""What the judge takes a machine to know of the time: no more than the rules of 3.6 let it know."""

from tenure.core.timeline import DAY
from tenure.sandbox.simulation.bounds import TimeBounds
from tenure.sandbox.simulation.clocks import START


def back_after_ten_days() -> tuple[TimeBounds, int]:
    bounds = TimeBounds(START)
    bounds.stopped(START)
    bounds.rebooted(START + 10 * DAY, 0)
    return bounds, START + 10 * DAY


def test_a_sound_clock_that_waits_to_be_believed_is_believed_after_a_day() -> None:
    bounds, now = back_after_ten_days()
    assert bounds.low(now + DAY - 1) == START + DAY - 1
    assert bounds.exact(now + DAY)


def test_an_end_that_was_lived_through_is_known_although_the_clock_waits_to_be_believed() -> None:
    """Seed 1036: what was saved with the end is known; of running time since, up to ten minutes may be lost."""
    bounds = TimeBounds(START)
    bounds.stopped(START + 2_000)
    bounds.rebooted(START + 10 * DAY, 0)
    assert bounds.low(START + 10 * DAY) == START + 2_000 - 600
    bounds = TimeBounds(START)
    bounds.saved(START + 1_900)
    bounds.stopped(START + 2_000)
    bounds.rebooted(START + 10 * DAY, 0)
    assert bounds.low(START + 10 * DAY) == START + 1_900


def test_a_sound_clock_is_not_believed_after_one_who_was_late_himself_found_it_ahead() -> None:
    """Seed 2041: a site whose clock was set back was over an hour late, and what it says is a device's truth."""
    bounds = TimeBounds(START)
    bounds.set(START - 5_000, START, START, 0)
    assert not bounds.trusted
    bounds.stopped(START + DAY)
    bounds.rebooted(START + DAY + 60, 0)
    assert bounds.low(START + DAY + 60) == START + DAY - 5_000 - 600


def test_an_older_answer_that_comes_meanwhile_leaves_nothing_that_is_believed_later() -> None:
    """Seed 1023: the site was fourteen seconds behind, and so is the device until it starts again."""
    bounds, now = back_after_ten_days()
    bounds.raise_to(now - 14, now - 14, now)
    assert bounds.low(now + 2 * DAY) == now + 2 * DAY - 14
    bounds.stopped(now + 2 * DAY)
    bounds.rebooted(now + 3 * DAY, 0)
    assert bounds.exact(now + 3 * DAY)
