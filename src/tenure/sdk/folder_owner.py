"""A folder belongs to one root of trust, product and kind (sandbox or not): what another left there is set aside.

A vendor who tries the sandbox first and ships with the real root, a server that was set up again, a folder name used
for two products: each finds its own files and keeps those of the others. What the files hold is `cache`'s and the
agent's.
"""

import contextlib
import hashlib
import logging
from collections.abc import Sequence

from tenure.sdk.disk import Disk, write_whole

log = logging.getLogger("tenure.cache")

WORLD = "world"
_LEAVING, _ENTERING = b"leaving", b"entering"


def world_of(root: str, product: str, *, sandbox: bool) -> str:
    """The name of a world in a folder: 16 hexadecimal digits made of root id, product and kind."""
    text = f"{root}\0{product}\0{'sandbox' if sandbox else 'production'}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def belongs_to_world(disk: Disk, file: str, world: str) -> bool:
    """Whether `file` is in the folder and of `world`; changes nothing."""
    return _read_world(disk) == (world.encode(),) and disk.read(file) is not None


def enter_world(disk: Disk, lock: str, files: Sequence[str], world: str) -> None:
    """Sees to it that `files` in the folder are those of `world`: others go aside, and come back with their world.

    A crash at any point is finished by the next program. Raises OSError where files of another world cannot be moved;
    a folder that cannot be written to and holds nothing of another is left as it is.
    """
    found = _read_world(disk)
    if found == (world.encode(),):
        return
    if not found:
        with contextlib.suppress(OSError):
            write_whole(disk, WORLD, world.encode() + b"\n")
        return
    with disk.lock(lock):
        found = _read_world(disk)
        if len(found) == 3:
            _finish_change(disk, files, found)
            found = _read_world(disk)
        if found and found != (world.encode(),):
            log.warning(
                "%s holds the license of another root of trust, product or sandbox: it is set aside", disk.place
            )
            _finish_change(disk, files, (_LEAVING, found[0], world.encode()))


def _finish_change(disk: Disk, files: Sequence[str], step: tuple[bytes, ...]) -> None:
    """Move files, from the first that leaves to the last that comes back; each rename is done once, by this process or
    by the next after a crash."""
    kind, old, new = step
    if kind == _LEAVING:
        write_whole(disk, WORLD, b" ".join((_LEAVING, old, new)) + b"\n")
        _move_files(disk, [(file, f"{file}.{old.decode('ascii')}") for file in files])
        write_whole(disk, WORLD, b" ".join((_ENTERING, old, new)) + b"\n")
    _move_files(disk, [(f"{file}.{new.decode('ascii')}", file) for file in files])
    write_whole(disk, WORLD, new + b"\n")


def _move_files(disk: Disk, moves: Sequence[tuple[str, str]]) -> None:
    for old, new in moves:
        if disk.read(old) is not None:
            disk.rename(old, new)
    disk.sync_folder()


def _read_world(disk: Disk) -> tuple[bytes, ...]:
    """(world), or (leaving or entering, from, to) of an unfinished change; empty for a folder that has no world yet."""
    words = tuple((disk.read(WORLD) or b"").split())
    names = words[1:] if words[:1] in ((_LEAVING,), (_ENTERING,)) else words
    sound = len(words) in (1, 3) and all(len(each) == 16 and each.isalnum() for each in names)
    return words if sound else ()
