"""Where tests keep their files: in memory where there is room, because a test's commits wait for no disk then.

What a power cut leaves is shown where the disk itself is played; killed processes lose nothing that is in memory.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own in it
ROOM: Final = 4 * 2**30
"""Bytes that must be free: several times what the files of all tests that run at once take."""


def keep_in_memory(folder: Path = MEMORY, room: int = ROOM) -> bool:
    """Make `folder` the place of temporary files, also of programs started; False where it will not do.

    It will not do when TMPDIR names another, when it is missing or too full, or when no program may be run from it.
    """
    if "TMPDIR" in os.environ or not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < room or found.f_flag & os.ST_NOEXEC:
        return False
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # so that it is chosen anew
    return True
