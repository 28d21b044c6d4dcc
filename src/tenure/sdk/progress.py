"""What a synchronization shows while it runs: one line per thing done, and who is watching at the moment.

The lines are for people; what came of it is in `outcomes`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from tenure.sdk.network.path import PathStep as PathStep
from tenure.sdk.network.path import StepOutcome

log = logging.getLogger("tenure.license")


class ProgressStep(msgspec.Struct, frozen=True):
    """One thing done."""

    name: str
    """`prepare`, `path`, `answer`, `root`, `lease`, `save`: stable, so that a page can group them."""
    text: str
    ok: bool = True


Watch = Callable[[ProgressStep], None]


class ProgressWatch:
    """Passes the steps of the exchange that is running on to its watcher, and keeps them."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._seen: list[ProgressStep] = []

    @contextmanager
    def watching(self, watch: Watch | None) -> Iterator[list[ProgressStep]]:
        """While it is open `watch` is told every step; yields the list in which they gather."""
        self._watch, self._seen = watch, []
        try:
            yield self._seen
        finally:
            self._watch = None

    def add_step(self, name: str, text: str, *, ok: bool = True) -> None:
        """Notes a step. A watcher that raises is no reason to give a synchronization up."""
        step = ProgressStep(name, text, ok)
        self._seen.append(step)
        if self._watch is not None:
            try:
                self._watch(step)
            except Exception:
                log.exception("the watcher of a synchronization failed")

    def add_path_step(self, step: PathStep) -> None:
        """Notes a step of the way to the server; fits `names.ports.NetworkPorts.watch`."""
        text = step.describe_step()
        self.add_step(
            "path", f"{text[0].upper()}{text[1:]}.", ok=step.outcome in (StepOutcome.FOUND, StepOutcome.REACHED)
        )
