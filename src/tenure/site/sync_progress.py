"""The synchronization that runs, or ran last, step by step, so that a page can show it while it happens (M17)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from tenure.core.timeline import Instant
from tenure.sdk.progress import ProgressStep, Watch


class SyncRun(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with the server."""

    began: Instant
    running: bool = True
    steps: tuple[ProgressStep, ...] = ()


class SyncRuns:
    """The last run of each product."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, SyncRun] = {}

    @contextmanager
    def follow_run(self, product: str, now: Instant) -> Iterator[Watch]:
        """A new run, over with the block; what it is given is to be told its steps."""
        with self._lock:
            self._runs[product] = SyncRun(began=now)

        def told(step: ProgressStep) -> None:
            with self._lock:
                run = self._runs[product]
                self._runs[product] = msgspec.structs.replace(run, steps=(*run.steps, step))

        try:
            yield told
        finally:
            with self._lock:
                self._runs[product] = msgspec.structs.replace(self._runs[product], running=False)

    def last_run(self, product: str) -> SyncRun | None:
        """The run as far as it has come; None before the first."""
        return self._runs.get(product)
