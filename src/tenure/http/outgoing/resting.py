"""Receivers that are left alone for a while after a fault of our own, so that each look does not meet it again.

How long, and after what, is left to those that look.
"""

import asyncio
from collections.abc import Hashable, Iterable
from typing import TypeVar

FAULT_PAUSE = 30.0
"""Seconds for which a receiver is left alone after a fault of our own, such as a full disk: what was sent to it is not
on record, and would be sent again with each look."""

E = TypeVar("E", bound=Hashable)


class RestingReceivers:
    """Who is left alone, by the clock of the running loop."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}

    def __len__(self) -> int:
        """How many there were at the last look: a look finds so many more, or they would take the places of others."""
        return len(self._until)

    def leave_alone(self, receiver: Hashable, seconds: float) -> None:
        """`receiver` rests from now on for so long."""
        self._until[receiver] = asyncio.get_running_loop().time() + seconds

    def skip_resting(self, found: Iterable[E]) -> list[E]:
        """Those of `found` that do not rest."""
        now = asyncio.get_running_loop().time()
        self._until = {each: until for each, until in self._until.items() if now < until}
        return [each for each in found if each not in self._until]
