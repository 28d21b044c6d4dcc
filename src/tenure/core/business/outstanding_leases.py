"""The rule *Giving back* [spec: giving-back]: nothing returns while a signed word still promises it.

A word ends by itself, or when its site acknowledges a newer one. Money and time that are given back (refunds, released
reserves, pauses that stop the clock) ask here from which instant on.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.business.commands import OutstandingLease
from tenure.core.lease.standing import OutageAmnesty, moved_word
from tenure.core.subscription.state import StoppedClock
from tenure.core.timeline import Instant

SUCCESSOR_DAYS = 30
"""The lease of a staged successor is good for at most so long from the takeover on [spec: successor]."""


def given_back_from(words: Iterable[OutstandingLease], revision: int, decided_at: Instant) -> Instant:
    """From when on no site holds a lease older than `revision`: the end or acknowledgment of the last one."""
    return max([decided_at, *(_is_released(word, revision) for word in words)])


def paused_for(stopped: StoppedClock, words: Iterable[OutstandingLease], now: Instant) -> int:
    """Seconds until `now` in which the clock stood still and no signed word promised service.

    An example: stopped on day 12 until day 28, and on day 27 by another hold without an end. A site that learned of the
    first hold on day 12 and of the second on day 32 ran from day 28 to 32. Released on day 40: 16 + 8 days.
    """
    known, stretches = tuple(words), ((stopped.since, stopped.revision), *stopped.prolonged)
    ends = (*(since for since, _ in stopped.prolonged), now)
    return sum(
        max(0, min(end, now) - given_back_from(known, revision, since))
        for (since, revision), end in zip(stretches, ends, strict=True)
    )


def _is_released(word: OutstandingLease, revision: int) -> Instant:
    heard = [moment for known, moment in word.acks if known >= revision]
    return min([word.until, *heard])


def promised_until(words: Iterable[OutstandingLease], floor: Instant) -> Instant:
    """The last instant that any signed lease still grants service for, at least `floor`."""
    return max([floor, *(word.until for word in words)])


def prolong_leases(
    words: tuple[OutstandingLease, ...], published: tuple[OutageAmnesty, ...]
) -> tuple[OutstandingLease, ...]:
    """What sites hold, with every amnesty that may reach their leases: nothing is given back before that."""
    if not published:
        return words
    return tuple(msgspec.structs.replace(word, until=word.until + moved_word(word.until, published)) for word in words)
