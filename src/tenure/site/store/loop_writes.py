"""What one turn of an event loop has to have written, handed to the writer in one, and answered in one call back.

Each hand-over between threads gives away the interpreter; at hundreds of devices a second that cost more than SQL.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from tenure.core.refusals import Refused
from tenure.site.store.writer import Told, Work, WriteOutcome, log

Deliver = Callable[[WriteOutcome], None]


class SetWriter(Protocol):
    """Who does the work."""

    def submit_set(self, works: Sequence[Work], told: Told, *, keep: bool = True) -> Refused | None:
        """See `SiteWriter.submit_set`."""


class LoopWrites:
    """The jobs of one event loop; used in its thread alone."""

    def __init__(self, writer: SetWriter) -> None:
        self._writer = writer
        self._collected: list[tuple[Work, Deliver]] = []

    @property
    def is_collecting(self) -> bool:
        """Whether work of this turn of the loop waits to be handed over."""
        return bool(self._collected)

    def post_job(self, work: Work, deliver: Deliver) -> None:
        """Have `work` done with all others of this turn; `deliver` is called in the loop, once it is durable."""
        if not self._collected:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._hand_over, loop)
        self._collected.append((work, deliver))

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._collected = self._collected, []
        delivers = [deliver for _, deliver in jobs]

        def tell(outcomes: Sequence[WriteOutcome]) -> None:
            try:
                loop.call_soon_threadsafe(_deliver_all, delivers, outcomes)
            except RuntimeError:
                if not loop.is_closed():
                    raise
                # The program ends: there is no connection left to be answered on.

        refused = self._writer.submit_set([work for work, _ in jobs], tell)
        if refused is not None:
            _deliver_all(delivers, [WriteOutcome(refused)] * len(delivers))


def _deliver_all(delivers: Sequence[Deliver], outcomes: Sequence[WriteOutcome]) -> None:
    for deliver, outcome in zip(delivers, outcomes, strict=True):
        try:
            deliver(outcome)
        except Exception:  # the others of the set wait for theirs
            log.exception("a caller could not be answered")
