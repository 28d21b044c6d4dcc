"""A folder serves one boot at a time: what this one writes there, and the refusal where another one is using it.

A folder shared over a network would license every computer that reaches it. Shared by applications and agents; how a
boot that runs is told from one that is over is `core.boots`'.
"""

from collections.abc import Iterable

from tenure.core.boots import MADE_UP, Beat, Sighting, sight_other_boot
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.sdk.clock import Clocks


class BootWatch:
    """This boot's view of the other boots that use its folder."""

    def __init__(self, clocks: Clocks, name: str, hardware: Iterable[str]) -> None:
        """`name`: of this computer, for people; `hardware`: digests of its parts."""
        self._clocks, self._name, self._hardware = clocks, name, tuple(hardware)
        self._sighting: Sighting | None = None
        self._watched = False
        self.refused: Refused | None = None
        """`folder_served_elsewhere` while another boot is using the folder, as of the last look."""

    def beat(self) -> Beat | None:
        """What is saved with everything else; None where the system has no name for its boot."""
        now = self._clocks.read()
        if not now.boot or now.boot.startswith(MADE_UP):
            return None
        return Beat(boot=now.boot, wall=now.wall, name=self._name, hardware=self._hardware)

    def look(self, beat: Beat | None, place: str, instant: Instant) -> bool:
        """Takes note of the `beat` that lies in the folder at `place`; whether that changes what may be served.

        `instant`: the present as estimated, from which the refusal tells when the folder can be used here.
        """
        before, now = self.refused, self._clocks.read()
        self._sighting = seen = sight_other_boot(self._sighting, beat, now, self._hardware, watched=self._watched)
        self._watched = True
        left = 0 if seen is None else seen.until - now.uptime
        self.refused = None if seen is None or left <= 0 else _elsewhere(seen.beat, place, instant + left)
        return (before is None) != (self.refused is None)


def _elsewhere(beat: Beat, place: str, when: Instant) -> Refused:
    name = f"“{beat.name}”" if beat.name else "It"
    detail = f"{name} is using {place}." if place else f"{name} is using it."
    return Refused(Code.FOLDER_SERVED_ELSEWHERE, detail, when=when)
