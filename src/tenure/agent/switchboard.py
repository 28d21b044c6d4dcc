"""Throws the switches: looks what ought to be on, and has done what is due, each function apart from the others.

What is due is decided in `switches`, what it does in `actions`.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec

from tenure.agent.actions import Doing, Status, write_status
from tenure.agent.holder import Ready
from tenure.agent.settings import FeatureSettings, Settings
from tenure.agent.switches import Switch, due, failed, thrown
from tenure.core.periods import format_instant

log = logging.getLogger("tenure.agent")

AT_ONCE = 16
"""Commands that may run at the same time."""


class _Way(msgspec.Struct):
    """One function's switch and what is under way for it."""

    settings: FeatureSettings
    switch: Switch = Switch()
    doing: Doing | None = None
    outcome: Future[bool] | None = None


class Switchboard:
    """All switches of one agent. `look` is called by one thread, again and again."""

    def __init__(self, settings: Settings, ticks: Callable[[], float]) -> None:
        self._service = settings.service_command
        self._ways = {name: _Way(feature) for name, feature in settings.features.items()}
        self._ticks = ticks
        most = max(1, min(AT_ONCE, len(self._ways)))
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="tenure-agent-action")

    def look(self, ready: Ready) -> None:
        """Has done whatever is due by `ready`; returns at once, whatever the commands do."""
        for name, way in self._ways.items():
            on = name in ready.features
            self._tell(name, way, ready, on=on)
            self._settle(way)
            self._throw(name, way, on=on)

    @property
    def busy(self) -> bool:
        """Whether a command runs."""
        return any(way.outcome is not None and not way.outcome.done() for way in self._ways.values())

    def settled(self, ready: Ready) -> bool:
        """Whether everything is thrown as it ought to be."""
        return all(way.switch.applied is (name in ready.features) for name, way in self._ways.items())

    def close(self) -> None:
        """Breaks off what runs."""
        for way in self._ways.values():
            if way.doing is not None:
                way.doing.stop()
        self._pool.shutdown(wait=True)

    def _tell(self, name: str, way: _Way, ready: Ready, *, on: bool) -> None:
        if not way.settings.status_file:
            return
        standing = ready.standing
        status = Status(
            feature=name,
            on=on,
            since=None if standing.since is None else format_instant(standing.since),
            until=None if standing.until is None else format_instant(standing.until),
            phase=standing.phase.value,
            cause=standing.why.value,
        )
        text = msgspec.json.encode(status)
        if text != way.switch.told and write_status(Path(way.settings.status_file), status):
            way.switch = msgspec.structs.replace(way.switch, told=text)

    def _settle(self, way: _Way) -> None:
        """Takes in what an attempt that has ended came to."""
        if way.doing is None or way.outcome is None or not way.outcome.done():
            return
        fault = way.outcome.exception()
        if fault is not None:
            log.error("%s: switching failed", way.doing.name, exc_info=fault)
        good = fault is None and way.outcome.result()
        on = way.doing.on
        way.switch = thrown(way.switch, on) if good else failed(way.switch, on, self._ticks())
        way.doing = way.outcome = None

    def _throw(self, name: str, way: _Way, *, on: bool) -> None:
        if way.doing is not None:
            if way.doing.on is not on:
                way.doing.stop()
            return
        if due(way.switch, on, self._ticks()):
            way.doing = Doing(name, way.settings, self._service, on=on)
            way.outcome = self._pool.submit(way.doing.run)
