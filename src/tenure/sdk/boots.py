"""A folder serves one boot at a time: what this one writes there, and the refusal where another one is using it.

A folder shared over a network would license every computer that reaches it. Shared by applications and agents; how a
boot that runs is told from one that is over is `lease.boots`'.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import msgspec

from tenure.core.lease.boots import MADE_UP, BootSighting, Heartbeat, sight_other_boot
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.presence import FolderPresence


class BootWatch:
    """This boot's view of the other boots that use its folder."""

    def __init__(
        self, clocks: ComputerClocks, name: str, hardware: Iterable[str], presence: FolderPresence | None = None
    ) -> None:
        """`name`: of this computer, for people; `hardware`: digests of its parts.

        `presence`: tells of other programs of this boot that use the folder; None where there can be none.
        """
        self._clocks, self._name, self._hardware = clocks, name, tuple(hardware)
        self._presence = presence
        self._away = False
        """Whether this program has left the folder and not used it since."""
        self._sighting: BootSighting | None = None
        self._watched = False
        self.refused: Refused | None = None
        """`folder_served_elsewhere` while another boot is using the folder, as of the last look."""

    def current_heartbeat(self) -> Heartbeat | None:
        """What is saved with everything else; None where the system has no name for its boot."""
        now = self._clocks.read_clocks()
        if not now.boot or now.boot.startswith(MADE_UP):
            return None
        self._away = False
        if self._presence is not None:
            self._presence.begin()
        return Heartbeat(boot=now.boot, wall=now.wall, name=self._name, hardware=self._hardware)

    def observe_heartbeat(self, beat: Heartbeat | None, place: str, instant: Instant) -> bool:
        """Takes note of the `beat` that lies in the folder at `place`; whether that changes what may be served.

        `instant`: the present as estimated, from which the refusal tells when the folder can be used here.
        """
        before, now = self.refused, self._clocks.read_clocks()
        self._sighting = seen = sight_other_boot(self._sighting, beat, now, self._hardware, watched=self._watched)
        self._watched = True
        left = 0 if seen is None else seen.until - now.uptime
        self.refused = None if seen is None or left <= 0 else _refuse_elsewhere(seen.beat, place, instant + left)
        if self._presence is not None and self.refused is not None:
            self._presence.end()  # where locks reach over the network, the other one must be able to be the last
        elif self._presence is not None and not self._away:
            self._presence.begin()
        return (before is None) != (self.refused is None)

    @contextmanager
    def leave_folder(self, beat: Heartbeat | None) -> Iterator[Heartbeat | None]:
        """This program leaves the folder, in which `beat` lies: yields what is to lie there instead.

        None: nothing changes, because other programs of this boot go on, another boot wrote last, or this one cannot
        be told from others.
        """
        now = self._clocks.read_clocks()
        with self._presence.end_alone() if self._presence is not None else nullcontext(enter_result=True) as last:
            self._away = True
            own = beat is not None and beat.boot == now.boot and not beat.left
            yield msgspec.structs.replace(beat, left=True, wall=now.wall) if last and own and beat else None

    def is_left(self, beat: Heartbeat | None) -> bool:
        """Whether the folder, in which `beat` lies, was left, by this program or all of its boot."""
        return self._away or (beat is not None and beat.left)

    def after_fork(self) -> None:
        """This is a child process: it uses the folder in its own right."""
        if self._presence is not None and self.refused is None and not self._away:
            self._presence.begin()


def _refuse_elsewhere(beat: Heartbeat, place: str, when: Instant) -> Refused:
    name = f"“{beat.name}”" if beat.name else "It"
    detail = f"{name} is using {place}." if place else f"{name} is using it."
    return Refused(RefusalCode.FOLDER_SERVED_ELSEWHERE, detail, when=when)
