"""Another computer that uses the folder is told from one that is over: by what it wrote, when, and who saw it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.lease.boots import ALIVE, BootSighting, Heartbeat, sight_other_boot
from tenure.core.lease.clock import SAVING, TOLERANCE, ClockReading
from tenure.core.timeline import HOUR

NOON = 1_800_000_000
PARTS = ("machine", "board", "network")
UP = ClockReading("here", 3 * HOUR, NOON)


def left(now: ClockReading, beat: Heartbeat | None, *, watched: bool = False, hardware: tuple[str, ...] = PARTS) -> int:
    """Seconds for which the folder is not served here."""
    seen = sight_other_boot(None, beat, now, hardware, watched=watched)
    return 0 if seen is None else max(0, seen.until - now.uptime)


def wrote(ago: int, boot: str = "there", hardware: tuple[str, ...] = ()) -> Heartbeat:
    return Heartbeat(boot=boot, wall=NOON - ago, hardware=hardware)


@pytest.mark.parametrize(
    ("beat", "seconds"),
    [
        (None, 0),
        (wrote(5, boot="here"), 0),
        (wrote(5), ALIVE - 5),
        (wrote(SAVING), ALIVE - SAVING),
        (wrote(ALIVE), 0),
        (wrote(30 * HOUR), 0),
        (wrote(-TOLERANCE), ALIVE),
        (wrote(-TOLERANCE - 1), 0),
        (wrote(5, hardware=("machine", "board", "other")), 0),
        (wrote(5, hardware=("machine", "other", "others")), ALIVE - 5),
    ],
    ids=[
        "nobody wrote", "this boot", "just now", "a saving ago", "a saving missed", "yesterday", "a clock ahead",
        "a clock far ahead", "this computer by its parts", "a copy of its disk",
    ],
)  # fmt: skip
def test_at_the_first_look_another_computer_counts_as_long_as_it_may_be_running(
    beat: Heartbeat | None, seconds: int
) -> None:
    assert left(UP, beat) == seconds


@given(
    uptime=st.integers(0, HOUR),
    down=st.integers(0, HOUR),
    last=st.integers(0, HOUR),
    hardware=st.sampled_from([(), ("machine",), PARTS]),
)
def test_a_computer_that_crashed_and_came_back_is_served_at_once(
    uptime: int, down: int, last: int, hardware: tuple[str, ...]
) -> None:
    """Whatever it is made of, and however short before the crash it saved."""
    beat = wrote(uptime + down + last, hardware=hardware)
    assert left(ClockReading("here", uptime, NOON), beat, hardware=hardware) == 0


@given(uptime=st.integers(0, HOUR), off=st.integers(-100 * HOUR, 100 * HOUR))
def test_a_computer_known_by_its_parts_is_served_whatever_its_clock_says_after_the_crash(uptime: int, off: int) -> None:
    assert left(ClockReading("here", uptime, NOON + off), wrote(0, hardware=PARTS)) == 0


@given(uptime=st.integers(0, HOUR), wall=st.integers(NOON - HOUR, NOON + HOUR), ago=st.integers(-HOUR, HOUR))
def test_whatever_the_clocks_say_nobody_waits_longer_than_one_saving_and_its_slack(
    uptime: int, wall: int, ago: int
) -> None:
    for watched in (False, True):
        assert left(ClockReading("here", uptime, wall), wrote(ago), watched=watched) <= ALIVE


@given(ago=st.integers(-1000 * HOUR, 1000 * HOUR), hardware=st.sampled_from([(), PARTS]))
def test_what_is_written_while_one_looks_on_was_written_by_one_that_runs(ago: int, hardware: tuple[str, ...]) -> None:
    assert left(UP, wrote(ago, hardware=hardware), watched=True) == ALIVE


def test_a_beat_seen_again_counts_no_longer_than_it_did() -> None:
    first = sight_other_boot(None, wrote(5), UP, PARTS, watched=True)
    later = ClockReading("here", UP.uptime + 400, NOON + 400)
    assert sight_other_boot(first, wrote(5), later, PARTS, watched=True) == first
    assert isinstance(first, BootSighting)


@given(ago=st.integers(-1000 * HOUR, 1000 * HOUR), watched=st.booleans())
def test_a_folder_that_was_left_is_waited_for_by_nobody(ago: int, watched: bool) -> None:
    beat = Heartbeat(boot="there", wall=NOON - ago, left=True)
    before = sight_other_boot(None, wrote(5), UP, PARTS, watched=True)
    assert sight_other_boot(before, beat, UP, PARTS, watched=watched) is None
