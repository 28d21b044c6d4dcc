"""Throws the switches: looks what ought to be on, and has done what is due, each function apart from the others.

What is due is decided in `feature_state`, what it does in `actions`.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec

from tenure.agent.actions import RunningAction, StatusFile, write_status
from tenure.agent.feature_state import FeatureState, after_failure, after_success, is_due
from tenure.agent.settings import AgentSettings, FeatureSettings
from tenure.core.periods import format_instant
from tenure.sdk.engine.holder import ReadyFeatures

log = logging.getLogger("tenure.agent")

AT_ONCE = 16
"""Commands that may run at the same time."""


class _FeatureSwitch(msgspec.Struct):
    """One function's switch and what is under way for it."""

    settings: FeatureSettings
    switch: FeatureState = FeatureState()
    doing: RunningAction | None = None
    outcome: Future[bool] | None = None


class FeatureRunner:
    """All switches of one agent. `run_due` is called by one thread, again and again."""

    def __init__(self, settings: AgentSettings, ticks: Callable[[], float]) -> None:
        self._service = settings.service_command
        self._ways = {name: _FeatureSwitch(feature) for name, feature in settings.features.items()}
        self._ticks = ticks
        most = max(1, min(AT_ONCE, len(self._ways)))
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="tenure-agent-action")

    def run_due(self, ready: ReadyFeatures) -> None:
        """Has done whatever is due by `ready`; returns at once, whatever the commands do."""
        for name, way in self._ways.items():
            on = name in ready.features
            self._write_status(name, way, ready, on=on)
            self._collect_attempt(way)
            self._start_attempt(name, way, on=on)

    @property
    def is_busy(self) -> bool:
        """Whether a command runs."""
        return any(way.outcome is not None and not way.outcome.done() for way in self._ways.values())

    def is_settled(self, ready: ReadyFeatures) -> bool:
        """Whether everything is thrown as it ought to be."""
        return all(way.switch.applied is (name in ready.features) for name, way in self._ways.items())

    def close(self) -> None:
        """Breaks off what runs."""
        for way in self._ways.values():
            if way.doing is not None:
                way.doing.stop_action()
        self._pool.shutdown(wait=True)

    def _write_status(self, name: str, way: _FeatureSwitch, ready: ReadyFeatures, *, on: bool) -> None:
        if not way.settings.status_file:
            return
        standing = ready.standing
        status = StatusFile(
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

    def _collect_attempt(self, way: _FeatureSwitch) -> None:
        """Takes in what an attempt that has ended came to."""
        if way.doing is None or way.outcome is None or not way.outcome.done():
            return
        fault = way.outcome.exception()
        if fault is not None:
            log.error("%s: switching failed", way.doing.name, exc_info=fault)
        good = fault is None and way.outcome.result()
        on = way.doing.on
        way.switch = after_success(way.switch, on) if good else after_failure(way.switch, on, self._ticks())
        way.doing = way.outcome = None

    def _start_attempt(self, name: str, way: _FeatureSwitch, *, on: bool) -> None:
        if way.doing is not None:
            if way.doing.on is not on:
                way.doing.stop_action()
            return
        if is_due(way.switch, on, self._ticks()):
            way.doing = RunningAction(name, way.settings, self._service, on=on)
            way.outcome = self._pool.submit(way.doing.run_action)
