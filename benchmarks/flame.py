"""The flame graph of a server at work, as SVG: `python -m benchmarks.flame [--kind unchanged|day] [--out FILE]`.

It needs the sampling profiler py-spy on the path (PyPI), which is no part of the set-up. What is drawn is time in which
the server's main thread was at work: waiting for requests, and the thread that waits for the disk, are left out.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from benchmarks import in_process
from benchmarks.programs import LOAD_CORE, ROOT, Program
from benchmarks.slices import Load

CONNECTIONS, SITES = 64, 256
HERTZ = 400
WIDTH, ROW, CHARACTER = 1_200, 17, 6.4
LEAST = 0.004
"""A frame of less than this share of all is not drawn."""
IDLE = ("_worker (concurrent", "run (asyncio/runners.py", "Thread._bootstrap")
ROOMS = {"tenure/http": "#8fb8de", "tenure/server": "#9fd3a8", "tenure/store": "#f2c879", "tenure/core": "#d8b4e2",
         "tenure/wire": "#f0a8a0", "nacl/": "#e2857a"}  # fmt: skip


@dataclass
class Frame:
    """A function below its caller: how often it was seen, and what it called."""

    name: str
    seen: int = 0
    calls: dict[str, "Frame"] = field(default_factory=dict)


def main() -> int:
    """Measures and draws."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.flame", description=__doc__)
    asked.add_argument("--kind", choices=("unchanged", "day"), default="day")
    asked.add_argument("--seconds", type=int, default=15)
    asked.add_argument("--out", type=Path, default=ROOT / "build" / "flame.svg")
    options = asked.parse_args()
    profiler = shutil.which("py-spy")
    if profiler is None:
        print("py-spy is not on the path: `pip install py-spy` in an environment of its own", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="tenure-flame-") as folder:
        samples = _sample(Path(folder), profiler, options.kind, options.seconds)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(draw(fold(samples), f"{options.kind}, {CONNECTIONS} connections"))
    print(options.out)
    return 0


def _sample(folder: Path, profiler: str, kind: str, seconds: int) -> list[str]:
    os.sched_setaffinity(0, {LOAD_CORE})
    made = in_process.found(folder / "server", SITES)
    raw = folder / "raw"
    with (folder / "log").open("w") as log, Program("serve", str(made.folder), log=log) as server:
        load = Load(made, server, CONNECTIONS)
        load.unchanged(SITES * 4)
        words = [profiler, "record", "-f", "raw", "-r", str(HERTZ), "-d", str(seconds), "-o", str(raw)]
        watching = subprocess.Popen([*words, "--pid", str(server.pid)], stdout=log, stderr=log)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            load.day() if kind == "day" else load.unchanged(SITES * 16)
        watching.wait(60)
    return raw.read_text().splitlines()


def fold(samples: list[str]) -> Frame:
    """The samples (`caller;callee count`) as a tree, by function; what was idle is left out."""
    root = Frame("all")
    for line in samples:
        stack, _, count = line.rpartition(" ")
        names = stack.split(";")
        if any(mark in names[-1] or mark in names[0] for mark in IDLE):
            continue
        at = root
        at.seen += int(count)
        for name in _from_work(names):
            at = at.calls.setdefault(name, Frame(name))
            at.seen += int(count)
    return root


def _from_work(names: list[str]) -> Iterator[str]:
    """The functions without their lines, from the loop on."""
    loop = next((place for place, name in enumerate(names) if "asyncio/runners.py" in name), -1)
    for name in names[loop + 1 :]:
        function, _, place = name.partition(" (")
        yield f"{function} ({place.rpartition(':')[0] or place})"


def draw(root: Frame, title: str) -> str:
    """The tree as SVG, callers above what they call."""
    boxes = [f'<text x="4" y="12">{escape(title)}: {root.seen:,} samples at work</text>', *_boxes(root, 0.0, 1, root)]
    depth = max((int(box.split('data-row="')[1].split('"')[0]) for box in boxes[1:]), default=1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {(depth + 1) * ROW + 4}" '
        'font-family="monospace" font-size="11">' + "".join(boxes) + "</svg>\n"
    )


def _boxes(frame: Frame, left: float, row: int, root: Frame) -> Iterator[str]:
    for each in sorted(frame.calls.values(), key=lambda one: -one.seen):
        share = each.seen / max(root.seen, 1)
        if share < LEAST:
            continue
        width, top = share * WIDTH, row * ROW
        color = next((color for room, color in ROOMS.items() if room in each.name), "#d9d9d9")
        told = escape(each.name)
        short = escape(each.name.partition(" (")[0][: int(width / CHARACTER)]) if width > 4 * CHARACTER else ""
        yield (
            f'<g data-row="{row}"><title>{told} {share:.1%}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
            f'height="{ROW - 1}" fill="{color}"/><text x="{left + 2:.1f}" y="{top + 12}">{short}</text></g>'
        )
        yield from _boxes(each, left, row + 1, root)
        left += width


if __name__ == "__main__":
    sys.exit(main())
