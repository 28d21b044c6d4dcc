"""The parts list of the SDK: the system's clocks, randomness, environment and hardware, read here and nowhere else.

`License.open` puts them together with the rest; a test hands in a `Computer` of its own instead.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tenure.core.lease.boots import MADE_UP
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer
from tenure.sdk.hardware import read_parts

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Each with its number of heading lines, and the column that names the interface.
_ROUTES = ((Path("/proc/net/route"), 1, 0), (Path("/proc/net/ipv6_route"), 0, -1))


def this_computer() -> Computer:
    """The computer this process runs on."""
    return Computer(
        clocks=ComputerClocks(boot=_boot_id(), ticks=_boot_ticks(), wall=lambda: int(time.time())),
        monotonic=time.monotonic,
        draw=os.urandom,
        environment=os.environ,
        hardware=read_parts,
        online=_has_route,
        host=_host_name(),
    )


def _host_name() -> str:
    """This computer's name; where the system itself tells it, `socket` need not be loaded for that."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    import socket

    return socket.gethostname()


def _boot_id() -> str:
    """The system's name for this boot, or one made up for this run."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"{MADE_UP}{os.urandom(16).hex()}"


def _boot_ticks() -> Callable[[], float]:
    """The boot-time clock, which goes on while the computer sleeps; the monotonic one where there is none."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boot_time is None else partial(time.clock_gettime, boot_time)


def _has_route() -> bool:
    """Whether any network but loopback has a route; True where that cannot be told."""
    known = False
    for path, headings, interface in _ROUTES:
        try:
            lines = path.read_text(encoding="ascii").splitlines()[headings:]
        except OSError:
            continue
        known = True
        if any(line.split()[interface] != "lo" for line in lines if line.strip()):
            return True
    return not known
