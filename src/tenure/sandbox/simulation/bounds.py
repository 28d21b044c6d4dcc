"""How early and how late a machine may take the present to be, by the rules of 3.6: the judge's own figures.

A sound clock that was just set leaves no room at all; a clock that users set at will leaves all that running time
cannot rule out. The programs' own estimate has to lie between the two.
"""

from collections.abc import Iterable

import msgspec

from tenure.core.timeline import HOUR, Instant

LEAP = 25 * HOUR
"""A wall clock so far ahead of what was known is believed only after a day of running."""
PROVISIONAL = 24 * HOUR
UNSAVED = 600
"""Seconds of running that a death may lose, because time is saved every ten minutes."""
SOUND = 300


class ArrivedAnswer(msgspec.Struct, frozen=True):
    """A genuine answer that came in."""

    low: Instant
    high: Instant
    """Between which its author took the present to be."""
    at: Instant
    fresh: bool
    withdraws: bool | None = False
    """Whether it refuses the site for good; None: it brings a lease, which may undo that."""


class TimeBounds:
    """What one machine can know of the time."""

    def __init__(self, now: Instant) -> None:
        self._low = self._high = self._at = now
        self._saved = now
        """The time on the disk is not earlier."""
        self._leap_from: Instant | None = None
        """Since when a sound wall clock far ahead of what was known waits to be believed."""
        self.trusted = True
        """Whether the wall clock was left alone since an answer found it right."""

    def low(self, now: Instant) -> Instant:
        """The present is not earlier, as far as the machine has to know; it is on."""
        if self._leap_from is not None and now >= self._leap_from + PROVISIONAL:
            return now
        return self._low + now - self._at

    def high(self, now: Instant) -> Instant:
        """The present is not later, as far as its clocks say; it is on."""
        return self._high + now - self._at

    @property
    def at(self) -> Instant:
        """When these figures were taken."""
        return self._at

    def exact(self, now: Instant) -> bool:
        """Whether it has to know the second."""
        return self.low(now) == self.high(now) == now

    def learn(self, arrived: Iterable[ArrivedAnswer], off: int) -> None:
        """Answers came in and were taken by a machine whose wall clock is `off` seconds ahead."""
        for answer in arrived:
            if answer.fresh:
                self.set(answer.low, answer.high, answer.at, off)
            else:
                self.raise_to(answer.low, answer.high, answer.at)

    def perhaps(self, arrived: Iterable[ArrivedAnswer], off: int) -> None:
        """Answers came in before the process died: each was taken and saved, or was not."""
        for answer in arrived:
            low, high = self.low(answer.at), self.high(answer.at)
            self._low, self._high, self._at = min(low, answer.low), max(high, answer.high), answer.at
            self._saved = min(self._saved, self._low)
            self.trusted = self.trusted and _finds_right(answer.low, answer.at, off)

    def set(self, low: Instant, high: Instant, now: Instant, off: int) -> None:
        """A fresh answer came at `now` from one who took the present to be between `low` and `high`.

        A wall clock that the answer finds right is kept, although its author may be some minutes late himself.
        """
        self.trusted = _finds_right(low, now, off)
        self._low, self._high = (min(low, now), max(high, now)) if self.trusted else (low, high)
        self._at, self._leap_from = now, None
        self._saved = self._low

    def raise_to(self, low: Instant, high: Instant, now: Instant) -> None:
        """An answer that is not fresh: it can only be later.

        What it leaves of a jump is no jump any more, so that within this boot the wall clock is not believed for it.
        """
        self._low, self._high = max(self.low(now), low), max(self.high(now), high)
        self._at = now
        if self._leap_from is not None and now - self._low <= LEAP:
            self._leap_from = None

    def saved(self, now: Instant) -> None:
        """Functions came or went, and it lived on: the time is saved with that."""
        self._saved = max(self._saved, self.low(now))

    def tampered(self, off: int, now: Instant) -> None:
        """The wall clock was set `off` seconds ahead of the truth (negative: behind) while running."""
        self._low, self._high = self.low(now), max(self.high(now), now + off, now)
        self._at, self._leap_from, self.trusted = now, None, False

    def stopped(self, now: Instant) -> None:
        """Switched off, or the process is gone in the middle of what it did."""
        low = self.low(now)
        self._low = low if self.trusted else max(low - UNSAVED, min(self._saved, low))
        self._high, self._at = self.high(now), now

    def rebooted(self, now: Instant, off: int) -> None:
        """Switched on again with a wall clock that is `off` seconds ahead."""
        gap = now - self._low
        sound = self.trusted and off == 0
        # Under a clock that is not believed a boot counts for ten minutes at least, whatever it ran.
        self._high = max(self._high + (0 if sound else UNSAVED), now + max(off, 0))
        if sound:
            self._leap_from = now if gap > LEAP else None
            # The wall clock has yet to be believed: all that counts is what was saved.
            self._low = max(self._low - UNSAVED, min(self._saved, self._low)) if gap > LEAP else now
        else:
            self.trusted, self._leap_from = False, None
        self._at = now

    def image(self, now: Instant) -> "TimeBounds":
        """What an image of the disk taken now knows; `now` as for `low`."""
        copy = TimeBounds(now)
        copy._low, copy._high, copy.trusted = self.low(now), self.high(now), self.trusted
        copy._saved = min(self._saved, copy._low)
        return copy


def _finds_right(low: Instant, now: Instant, off: int) -> bool:
    """Whether an answer finds a wall clock right that is `off` ahead: not where its author may be late himself."""
    return abs(off) <= SOUND and now - low <= SOUND
