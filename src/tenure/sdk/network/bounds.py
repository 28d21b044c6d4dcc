"""How long and how much: the figures of [spec: name-resolution], and the deadline that every wait is measured against.

Waiting itself is done where the sockets are.
"""

from collections.abc import Callable

import msgspec

from tenure.core.timeline import DAY, HOUR


class ExchangeBounds(msgspec.Struct, frozen=True):
    """Limits of one exchange; seconds and bytes. The defaults are the protocol's, tests use shorter ones."""

    lookup: float = 2.0
    """For one question to one resolver, both address families together."""
    candidate: float = 3.0
    """For TCP and TLS with one address."""
    total: float = 30.0
    """For everything, the answer's last byte included."""
    candidates: int = 6
    """Addresses connected to, over all steps."""
    body: int = 64 * 1024
    """Bytes of an answer's body."""
    remember: float = HOUR
    """How long another way than system DNS is taken first."""
    good_for: int = 30 * DAY
    """How long an address that worked is tried again."""


class Deadline:
    """An instant of a monotonic clock after which nothing may be waited for."""

    def __init__(self, monotonic: Callable[[], float], at: float) -> None:
        self._monotonic = monotonic
        self._at = at

    @classmethod
    def after_seconds(cls, monotonic: Callable[[], float], seconds: float) -> "Deadline":
        """The instant `seconds` from now on the clock given."""
        return cls(monotonic, monotonic() + seconds)

    def within_seconds(self, seconds: float) -> "Deadline":
        """An instant `seconds` from now, but never after this one."""
        return Deadline(self._monotonic, min(self._at, self._monotonic() + seconds))

    @property
    def has_passed(self) -> bool:
        """Whether nothing is left."""
        return self._monotonic() >= self._at

    @property
    def seconds_left(self) -> float:
        """Seconds left, zero when there are none."""
        return max(0.0, self._at - self._monotonic())

    def require_seconds(self) -> float:
        """Seconds left, above zero; raises TimeoutError when there are none, as a socket would."""
        left = self._at - self._monotonic()
        if left <= 0:
            raise TimeoutError("the time allowed is over")
        return left
