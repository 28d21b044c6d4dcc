"""What time it is for a client whose clock may lie: a pure estimate made of readings and of signed answers
[spec: clock-estimate].

The shell reads the clocks, keeps `ClockState` with the lease and asks here. No other module decides which clock to
trust. Instants and durations are whole seconds.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import HOUR, Instant

TOLERANCE = 300
"""A wall clock this far behind is still taken as right; it never extends an end."""

JUMP = 25 * HOUR
"""A wall clock further ahead than this is believed only after a while: one glitch must not stop what is paid for."""

PROVISIONAL = 24 * HOUR
"""Seconds of running after which a jump takes effect."""

SHARE = 30
"""Of a shorter lease a jump takes effect after this part of its life: a container's day would else be twice as long."""

SAVING = 600
"""Running time is on disk after so many seconds at the latest; what a boot ran beyond its last saving counts as these,
so that many short runs are not free."""

FIRST_SAVING = 15
"""Seconds of uptime after which a boot's running time is saved for the second time; then at twice the uptime saved."""

FRESH = 60
"""An answer sets the clock only if it came within this many seconds of its request's first sending."""


class ClockReading(msgspec.Struct, frozen=True):
    """What the computer's clocks show at one moment."""

    boot: str
    """Names the boot; the shell invents one for its own run where the system has none."""
    uptime: int
    """Seconds since that boot, suspended time included."""
    wall: Instant


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """What a client remembers of time. The shell saves it at every answer and whenever `worth_saving` says so.

    `highest` is the estimate at `uptime` of `boot`; within that boot the estimate goes on from there. It is never
    lowered but by a fresh answer.
    """

    highest: Instant = 0
    boot: str = ""
    uptime: int = 0
    floor: Instant = 0
    """When the last verified lease was signed: the present is never earlier."""
    skew: int = 0
    """How far the wall clock was ahead of a fresh answer (negative: behind); 0 while it can be taken as it is."""
    jump: int | None = None
    """Seconds of running since the wall clock jumped forward; None while no jump is pending."""
    spent: int | None = None
    """Serial of the lease under which a jump has taken effect: it grants no second delay."""


class TimeEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The present, as far as it can be known, and what is wrong with the computer's clock."""

    now: Instant
    refusal: Refused | None = None
    """`clock_implausible`, to be shown to the administrator; it takes nothing away by itself."""
    synchronize: bool = False
    """Only an answer can settle this: synchronize now."""
    jump_in: int | None = None
    """Seconds of running until a jump of the wall clock takes effect, unless an answer settles it; None: no jump."""

    @property
    def is_plausible(self) -> bool:
        """Whether the wall clock agrees with everything proven."""
        return self.refusal is None


def jump_delay(life: int) -> int:
    """Seconds of running after which a jump takes effect under a lease that lives for `life` seconds (0: none held).

    30 days and more: 24 h. A container's 24 h: 48 minutes.
    """
    return min(PROVISIONAL, life // SHARE) if life else PROVISIONAL


def worth_saving(saved: ClockState, reading: ClockReading) -> bool:
    """Whether running time has to be saved now: once per boot, then at twice the uptime saved, ten minutes at most.

    A boot with its first look at 20 s of uptime saves at 20, 40, 80, 160, 320, 640, 1240 … s: at least half of what it
    ran is on disk when it ends without a word, and a computer that stays on writes 144 times a day.
    """
    if not _same_boot(saved, reading):
        return True
    return reading.uptime - saved.uptime >= min(SAVING, max(FIRST_SAVING, saved.uptime))


def certain_estimate(now: Instant) -> TimeEstimate:
    """The estimate of one who knows the time: the server, the sandbox, a test."""
    return TimeEstimate(now=now)


def observe(state: ClockState, reading: ClockReading, serial: int, life: int = 0) -> tuple[ClockState, TimeEstimate]:
    """Take a reading; `serial` and `life` (seconds) are those of the lease held (0: none).

    Never moves back, never jumps ahead unasked. Within one boot only the boot-time clock counts. After another boot the
    estimate starts from the greater of the highest time seen and the wall clock. In both cases a wall clock more than
    25 h ahead takes effect only after 24 h of running (`jump_delay`), once per lease; one more than 300 s behind takes
    nothing away. Both are `clock_implausible`; a boot that ran under either counts for ten minutes at least.

    An example. An answer said 12:00:00 when this boot's uptime was 1,000 s; highest = 12:00:00.
    - Uptime 1,600, wall 12:10:02: the estimate is 12:10:00, whatever the wall clock says within 25 h.
    - Uptime 1,600, wall 11:00:00: 12:10:00, "1.2 hours behind", synchronize.
    - After the first line, another boot, wall 20:00: 20:00. Wall 11:00: 12:20, which
      is highest and ten minutes for the boot before.
    - Another boot, wall five days ahead: 12:20 at first, jump_in = 24 h. After 9 h of running: 21:20, jump_in = 15 h.
      Rebooted then, wall still ahead: jump_in = 14 h 50 min. When it is used up, the estimate is the wall clock.
    """
    same = _same_boot(state, reading)
    line = _running_estimate(state, reading)
    wall = _believable_wall(reading.wall, state.skew, line)
    if not same and state.highest and not -TOLERANCE <= wall - line <= JUMP:
        # Nothing tells how long the computer ran after the last saving; the wall clock would have, were it right.
        line += SAVING
    gap = wall - line
    jump, spent = None, state.spent
    if gap > JUMP and state.highest:
        jump = _run_since_jump(state, reading, same=same)
        if spent == serial or jump >= jump_delay(life):
            line, jump, spent = wall, None, serial
    elif not same:
        line = max(line, wall)
    # A wall clock that is right again as it stands needs no correction any more.
    skew = 0 if wall == reading.wall and -TOLERANCE <= gap <= JUMP else state.skew
    after = ClockState(
        highest=line, boot=reading.boot, uptime=reading.uptime, floor=state.floor, skew=skew, jump=jump, spent=spent
    )
    return after, TimeEstimate(
        now=line,
        refusal=_skew_warning(reading.wall, wall, line) if jump is None else _jump_warning(wall - line, jump, life),
        synchronize=jump is not None or gap < -TOLERANCE,
        jump_in=None if jump is None else jump_delay(life) - jump,
    )


def is_fresh(sent: ClockReading | None, received: ClockReading) -> bool:
    """Whether an answer sets the clock: received in the boot and within 60 s of its request's first sending.

    `sent` is None for what was not asked for just now: a stored answer, a file.
    """
    return sent is not None and sent.boot == received.boot and 0 <= received.uptime - sent.uptime <= FRESH


def clock_after_answer(
    state: ClockState, sent: ClockReading | None, received: ClockReading, server_time: Instant
) -> ClockState:
    """Take the server's time from a verified, nonce-bound answer (for a device: the site's).

    A fresh one (`is_fresh`) sets the clock, also backwards, and settles a jump; any other only raises the estimate.
    Neither goes below the last verified lease's `iat`.
    """
    if not is_fresh(sent, received):
        return _raise_estimate(state, received, server_time)
    off = received.wall - server_time
    return ClockState(
        highest=max(server_time, state.floor),
        boot=received.boot,
        uptime=received.uptime,
        floor=state.floor,
        # Remembered, or else the same wrong clock would jump again, and win before the next synchronization.
        skew=off if abs(off) > TOLERANCE else 0,
    )


def clock_after_lease(state: ClockState, reading: ClockReading, iat: Instant) -> ClockState:
    """Take the instant at which the lease just accepted was signed; not for a successor, whose `iat` may be to come."""
    return _raise_estimate(msgspec.structs.replace(state, floor=iat), reading, iat)


class SandboxClock(msgspec.Struct, frozen=True):
    """The time of a sandbox, as a clock file or the server's last answer tells it [spec: sandbox-clock]."""

    instant: Instant


def sandbox_now(
    state: ClockState, told: SandboxClock, *, root_is_sandbox: bool, lease_is_sandbox: bool
) -> tuple[ClockState, TimeEstimate] | Refused:
    """The present by a sandbox clock, forwards only: a file that goes back is overtaken by what was seen before.

    Refuses `sandbox_only` unless root and lease are both a sandbox's, so that no file moves a production clock.
    """
    if not (root_is_sandbox and lease_is_sandbox):
        return Refused(
            RefusalCode.SANDBOX_ONLY, "A clock file is honored only with a sandbox root and a sandbox lease."
        )
    now = max(told.instant, state.highest, state.floor)
    return msgspec.structs.replace(state, highest=now), certain_estimate(now)


def _same_boot(state: ClockState, reading: ClockReading) -> bool:
    # An uptime that went back is another boot under the same name: a restored snapshot.
    return state.boot == reading.boot != "" and reading.uptime >= state.uptime


def _run_since_jump(state: ClockState, reading: ClockReading, *, same: bool) -> int:
    """Seconds of running since a jump was first seen, of which the last look knew `state.jump`."""
    if state.jump is None:
        return 0
    return state.jump + (reading.uptime - state.uptime if same else SAVING)


def _running_estimate(state: ClockState, reading: ClockReading) -> Instant:
    """The estimate without a look at the wall clock."""
    if _same_boot(state, reading):
        return state.highest + reading.uptime - state.uptime
    return max(state.highest, state.floor)


def _raise_estimate(state: ClockState, reading: ClockReading, least: Instant) -> ClockState:
    """The estimate at `reading` is at least `least`; nothing else changes."""
    known = state if state.highest else observe(state, reading, 0)[0]
    lift = max(0, least - _running_estimate(known, reading))
    return msgspec.structs.replace(known, highest=known.highest + lift)


def _believable_wall(wall: Instant, skew: int, line: Instant) -> Instant:
    """The wall clock as it stands, or corrected by the error an answer once proved: whichever needs less belief.

    Where that would be a jump, the one nearer to what is known: a clock that was put nearly right does not jump by its
    old correction, and one that is wrong as before is corrected, however long the computer was switched off.
    """
    readings = (wall, wall - skew)
    latest = min((each for each in readings if each >= line - TOLERANCE), default=max(readings))
    return latest if latest <= line + JUMP else min(readings, key=lambda each: abs(each - line))


def _jump_warning(ahead: int, jump: int, life: int) -> Refused:
    """A jump is shown from its first moment, so that an administrator can mend the clock before the jump counts."""
    left = (jump_delay(life) - jump) / HOUR
    detail = f"The clock is {ahead / HOUR:.1f} hours ahead of the time last known; after {left:.1f} hours of running it"
    return Refused(RefusalCode.CLOCK_IMPLAUSIBLE, f"{detail} will be believed, unless the server answers before.")


def _skew_warning(shown: Instant, wall: Instant, line: Instant) -> Refused | None:
    if shown < line - TOLERANCE:
        return Refused(RefusalCode.CLOCK_IMPLAUSIBLE, f"The clock is {(line - shown) / HOUR:.1f} hours behind.")
    if shown != wall:
        return Refused(RefusalCode.CLOCK_IMPLAUSIBLE, f"The clock is {(shown - wall) / HOUR:.1f} hours ahead.")
    return None
