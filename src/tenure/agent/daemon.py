"""The agent's two loops: one asks the site when it is due, the other looks which functions are on and switches them.

Neither waits for the other, so that a site that does not answer never holds up a withdrawal.
"""

import logging
import threading
from collections.abc import Callable

from tenure.agent.feature_runner import FeatureRunner
from tenure.agent.seat_holder import SeatKeyHolder
from tenure.agent.seat_keeper import SeatKeeper
from tenure.sdk.engine.holder import ReadyFeatures

log = logging.getLogger("tenure.agent")

LOOK = 0.2
"""Seconds between two looks at what is on: a change is seen so soon after its second begins."""
ASK = 5.0
"""Seconds between two looks at whether the site is to be asked."""
ASK_IN_SANDBOX = 0.25
"""The same where a sandbox's clock file may jump over a day at once."""


class AgentDaemon:
    """One running agent."""

    def __init__(
        self,
        keeper: SeatKeeper,
        runner: FeatureRunner,
        ticks: Callable[[], float],
        look_again: float | None = None,
    ) -> None:
        """`look_again`: seconds after which the clocks are looked at again, where a sandbox's clock file may jump."""
        self._keeper = keeper
        self._holder: SeatKeyHolder = keeper.holder
        self._runner = runner
        self._ticks = ticks
        self._look_again = look_again
        self._stop = threading.Event()

    def switch_features(self) -> ReadyFeatures:
        """One look: what is on now, switched at once. Cheap as long as nothing can have changed."""
        ready = self._holder.ready
        if self._look_again is not None or self._ticks() >= ready.until:
            ready = self._holder.refresh_features()
        self._runner.run_due(ready)
        return ready

    def run(self) -> None:
        """Runs until `stop`."""
        asking = threading.Thread(target=self._ask_site, name="tenure-agent-asks", daemon=True)
        asking.start()
        try:
            while not self._stop.is_set():
                self._run_guarded(self.switch_features)
                self._stop.wait(LOOK if self._look_again is None else min(LOOK, self._look_again))
        finally:
            self._stop.set()
            self._runner.close()
            self._keeper.leave_folder()

    def stop(self) -> None:
        """Asks it to end; functions stay as they are, because a restart is not the end of a license."""
        self._stop.set()

    def _ask_site(self) -> None:
        pause = ASK if self._look_again is None else ASK_IN_SANDBOX
        while not self._stop.is_set():
            self._run_guarded(self._keeper.tick)
            self._stop.wait(pause)

    def _run_guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # functions must go at their instant whatever else goes wrong
            log.exception("a turn failed; the next one comes all the same")
