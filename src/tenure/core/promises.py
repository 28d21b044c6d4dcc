"""The rule *Giving back* (spec 2.4): nothing returns while a signed word still promises it.

A word ends by itself, or when its site acknowledges a newer one. Everything given back (refunds, released reserves,
pauses that stop the clock) asks here from which instant on.
"""

from collections.abc import Iterable

from tenure.core.commands import Word
from tenure.core.timeline import Instant

SUCCESSOR_DAYS = 30
"""The lease of a staged successor is good for at most so long from the takeover on (spec 2.4 Successor)."""


def given_back_from(words: Iterable[Word], revision: int, decided_at: Instant) -> Instant:
    """From when on nobody holds a word older than `revision`: the last word's end or acknowledgement."""
    return max([decided_at, *(_released(word, revision) for word in words)])


def _released(word: Word, revision: int) -> Instant:
    heard = [moment for known, moment in word.acks if known >= revision]
    return min([word.until, *heard])


def promised_until(words: Iterable[Word], floor: Instant) -> Instant:
    """The last instant that any signed lease still grants service for, at least `floor`."""
    return max([floor, *(word.until for word in words)])
