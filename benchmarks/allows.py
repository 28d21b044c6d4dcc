"""What `license.allows(feature)` costs with the network gone, and that it does no I/O."""

import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import Run
from conformance.vendor import Vendor, code
from conformance.web import Web, honest
from tenure.sdk import License, Network

KEYS = ("allows", "allows_io", "allows_c")
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
    opened.activate(code("A").reveal())
    web.stop()
    return opened


def nanoseconds(opened: License, feature: str) -> list[float]:
    """Nanoseconds of processor time per call, one figure for each batch."""
    figures = []
    allows, calls = opened.allows, range(BATCH)
    for _ in range(BATCHES):
        began = time.thread_time_ns()
        for _ in calls:
            allows(feature)
        figures.append((time.thread_time_ns() - began) / BATCH)
    return figures


def measure(run: Run) -> Figures:
    """The rows of the SDK; of each feature the median, and the worse of both."""
    outside, found, touched = Outside(), [], 0
    opened = licensed(run.folder / "allows")
    for feature, wanted in (("export", True), ("teleport", False)):
        figures: list[float] = []
        touched += len(outside.during(lambda f=feature, into=figures: into.extend(nanoseconds(opened, f))))
        if opened.allows(feature) is not wanted:
            raise ValueError(f"allows({feature!r}) is not {wanted}")
        found.append(median(figures))
    if not outside.during(opened.synchronize):
        raise RuntimeError("the control, one synchronization, was not seen to touch anything")
    return {
        "allows": Figure(max(found), f"{BATCHES * BATCH:,} calls, the network gone"),
        "allows_io": Figure(touched, f"in {2 * BATCH * BATCHES:,} calls; one synchronization is seen"),
        "allows_c": Missing("there is no library in C"),
    }
