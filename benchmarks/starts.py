"""The rows of starts and memory: `start` measures, here its figures get the names that the table has."""

import os
from collections.abc import Mapping

from benchmarks.rows import Figure, Figures
from benchmarks.run import Run
from benchmarks.start import Row, measure_starts

NAMES: Mapping[str, str] = {
    "start_server": "server until its first answer",
    "memory": "server at rest",
    "start_version": "tenure --version",
    "start_help": "tenure --help",
    "start_sdk": "import tenure.sdk",
}
KEYS = tuple(NAMES)
SHORT, USUAL = 2, 15


def measure(run: Run) -> Figures:
    """All rows: processor time, the least of several starts in turn, after one that compiles."""
    folder = run.folder / "starts"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return _named(measure_starts(folder, environment, SHORT if run.size.short else USUAL))


def _named(measured: list[Row]) -> Figures:
    figures = {row.name: row.figure for row in measured}
    bare = figures.get("python -c pass", 0.0)
    return {
        key: Figure(figures[name], "" if key == "memory" else f"`python -c pass` {bare:.0f} ms")
        for key, name in NAMES.items()
    }
