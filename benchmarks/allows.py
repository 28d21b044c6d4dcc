"""`python -m benchmarks.allows`: what `license.allows(feature)` costs with the network gone, and that it does no I/O.

Exit code 1 if the median of a call is a microsecond or more, or anything outside the process was touched.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from conformance.vendor import Vendor, code
from conformance.web import Web, honest
from tenure.sdk import License, Network

LIMIT = 1_000
"""Nanoseconds [spec: performance]."""
BATCH = 1_000
BATCHES = 200 if os.environ.get("SHORT") else 2_000


class Outside:
    """Counts what the interpreter reports of files, sockets and processes while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.on and event.split(".")[0] in ("open", "os", "socket", "subprocess", "fcntl", "shutil"):
            self.seen.append(event)

    def during(self, work: Any) -> list[str]:
        """What was touched while `work` ran."""
        self.seen, self.on = [], True
        try:
            work()
        finally:
            self.on = False
        return self.seen


def licensed(folder: Path) -> License:
    """A license that was activated, and whose server has gone."""
    vendor = Vendor(now=int(time.time()))
    web = Web(lambda asked: honest(vendor, asked))
    opened = License.open(
        product="editor",
        version="12.0",
        server=web.url,
        root=vendor.roots[1],
        folder=folder,
        network=Network(dns="off", proxy="", loopback_http=True),
    )
    print(opened.activate(code("A").reveal()).message)
    web.stop()
    return opened


def nanoseconds(opened: License, feature: str) -> list[float]:
    """Nanoseconds per call, one figure for each batch."""
    figures = []
    allows, calls = opened.allows, range(BATCH)
    for _ in range(BATCHES):
        began = time.perf_counter_ns()
        for _ in calls:
            allows(feature)
        figures.append((time.perf_counter_ns() - began) / BATCH)
    return figures


def main() -> int:
    """Measures and prints."""
    outside = Outside()
    with tempfile.TemporaryDirectory() as folder:
        opened = licensed(Path(folder))
        worst, touched = 0.0, 0
        for feature, wanted in (("export", True), ("teleport", False)):
            figures: list[float] = []
            touched += len(outside.during(lambda f=feature, into=figures: into.extend(nanoseconds(opened, f))))
            if opened.allows(feature) is not wanted:
                raise SystemExit(f"allows({feature!r}) is not {wanted}")
            median, high = statistics.median(figures), statistics.quantiles(figures, n=100)[98]
            worst = max(worst, median)
            print(f"allows({feature!r}) is {wanted}: median {median:.0f} ns, p99 of batches {high:.0f} ns")
        control = len(outside.during(opened.synchronize))
    print(f"touched outside the process in {2 * BATCH * BATCHES} calls: {touched} (by one synchronization: {control})")
    return 0 if worst < LIMIT and touched == 0 and control > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
