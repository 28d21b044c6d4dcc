"""When what did not go out is tried again, and after how long it is given up: the rules that every delivery shares.

How many tries there are, and how their pauses grow, is the business of each kind of delivery.
"""

from collections.abc import Callable

from tenure.core.timeline import DAY, Instant
from tenure.http.outgoing.delivery_errors import DeliveryErrorCause
from tenure.http.outgoing.send_outcome import SendOutcome
from tenure.http.timestamps import format_rfc3339

JITTER = 0.1
ASKED_MOST = DAY
"""Seconds that a receiver may ask to be left alone."""
GIVE_UP_AFTER = 3 * DAY
"""Seconds of failing after which a delivery or its receiver is given up."""
TRIES_LEAST = 5
"""Tries before something is given up, however long it has failed: that a clock jumps, or a computer was asleep for a
week, is no reason."""

Jitter = Callable[[], float]
"""A number in [0, 1) each time it is asked for: spreads in time what failed together; tests hand in their own."""


def jitter_of(draw: Callable[[int], bytes]) -> Jitter:
    """Jitter out of a source of random bytes."""
    return lambda: int.from_bytes(draw(4)) / 2**32


def next_attempt(now: Instant, pause: int, asked: int, draw: float) -> Instant:
    """`pause` seconds from now, later by up to a tenth of it (`draw`), and not before the `asked` seconds are over.

    Worked example: a pause of 300 seconds with `draw` 0.5 ends after 315; a receiver that asks for 600 gets 600.
    """
    return now + max(pause + int(draw * JITTER * pause), min(max(asked, 0), ASKED_MOST))


def why_given_up(
    outcome: SendOutcome, failing_since: Instant, now: Instant, tries: int, least: int = TRIES_LEAST
) -> str:
    """Why a receiver is told nothing any more, in a sentence; empty while it is tried on.

    It says that it is gone, or has failed for long enough and often enough, and not for faults of our own.
    """
    if outcome.cause == DeliveryErrorCause.GONE:
        return "It answered 410: it is gone for good."
    if outcome.is_own_fault or now - failing_since < GIVE_UP_AFTER or tries < least:
        return ""
    return f"It took nothing since {format_rfc3339(failing_since)}: {outcome.fault}."
