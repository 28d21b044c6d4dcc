"""For how long this process has run, as the system tells it: interpreter and imports are part of the wait, too."""

import os
import time
from pathlib import Path
from typing import Final

STAT: Final = Path("/proc/self/stat")
_START_TICKS: Final = 19
"""Of the fields behind the program's name, the one that says when the process began; see proc(5), field 22."""
_LOADED: Final = time.monotonic()


def running_seconds(stat: Path = STAT) -> float:
    """Seconds since the system started this process.

    Where it does not tell that in the way of Linux they are those since this module was loaded.
    """
    since_loaded = time.monotonic() - _LOADED
    try:
        fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        began = int(fields[_START_TICKS]) / os.sysconf("SC_CLK_TCK")
        return max(since_loaded, time.clock_gettime(time.CLOCK_BOOTTIME) - began)
    except (OSError, ValueError, IndexError, AttributeError):
        return since_loaded
