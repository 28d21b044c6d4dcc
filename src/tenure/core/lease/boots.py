"""Whether another computer is using the same folder, told by what its boot last wrote there [spec: one-boot].

Pure. What is written, and when it is looked at, is `sdk.boots`'; a computer that crashed or was started again is never
taken for another one that runs.
"""

import msgspec

from tenure.core.installation import MATCHING_PARTS
from tenure.core.lease.clock import SAVING, TOLERANCE, ClockReading
from tenure.core.timeline import Instant

SLACK = 120
"""Seconds by which a program that runs may be late with its next saving."""
ALIVE = SAVING + SLACK
"""Seconds after its last writing for which a boot counts as running: a program that runs has written again by then."""
STEP = 60
"""Seconds by which a clock may have been put right between the last writing and the new boot."""
MADE_UP = "run "
"""How the name of a boot begins that was made up for one run, because the system has none: it tells nothing."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a boot leaves in the folder whenever it saves."""

    boot: str
    wall: Instant
    """By its own wall clock."""
    name: str = ""
    """Of the computer, for people."""
    hardware: tuple[str, ...] = ()
    """Salted digests of its parts."""
    left: bool = False
    """Its last program ended by itself: no program runs there any more."""


class BootSighting(msgspec.Struct, frozen=True):
    """The beat of another boot, and until when (seconds of uptime here) that boot counts as running."""

    beat: Heartbeat
    until: int


def sight_other_boot(
    before: BootSighting | None, beat: Heartbeat | None, now: ClockReading, hardware: tuple[str, ...], *, watched: bool
) -> BootSighting | None:
    """What the newest `beat` in the folder says at `now`; None when it is this boot's, is missing, or was left.

    `before`: the last sighting of this program. `watched`: whether the program had looked before, so that a beat that
    is new to it was written while it ran. Such a one counts for `ALIVE` seconds from now, whatever both clocks say.
    At the first look only times can tell. A boot of this computer that is over wrote before this boot began (`STEP` for
    a clock that was put right in between); another computer counts for the rest of `ALIVE` if it wrote since. Clocks
    may differ by `TOLERANCE`.

    An example. This boot began at 09:00 and opens the folder at 12:00; another boot wrote at 11:55, so that it counts
    until 12:07. One that wrote at 11:40 is over; so is one that wrote at 08:59, were it now 09:01.
    """
    if beat is None or beat.left or beat.boot == now.boot:
        return None
    if before is not None and before.beat == beat:
        return before
    if watched:
        return BootSighting(beat, now.uptime + ALIVE)
    own = len(set(beat.hardware) & set(hardware)) >= MATCHING_PARTS
    age = now.wall - beat.wall
    over = own or beat.wall <= now.wall - now.uptime + STEP or not -TOLERANCE <= age < ALIVE
    return BootSighting(beat, now.uptime if over else now.uptime + ALIVE - max(0, age))
