"""Measures the source: lines per file and per function, because a file too long to hold in the head hides its faults.

Prints a report; only files beyond `HARD_STOP` fail, everything below is for judgment.
"""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HARD_STOP = 500
TABLES = frozenset({"src/tenure/core/refusals.py"})
"""Files that are one long table: they grow by rows, not by tangles."""


class Size(NamedTuple):
    """One measured thing and its lines."""

    lines: int
    name: str


def files(root: Path) -> list[Size]:
    """Every source file below `root`/src with its number of lines, longest first."""
    paths = (path for path in sorted((root / "src").rglob("*.py")))
    sizes = [Size(len(p.read_text(encoding="utf-8").splitlines()), p.relative_to(root).as_posix()) for p in paths]
    return sorted(sizes, reverse=True)


def functions(root: Path) -> list[Size]:
    """Every function below `root`/src with its number of lines, docstring left out, longest first."""
    sizes = []
    for path in sorted((root / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                end = node.end_lineno or node.lineno
                lines = end - body[0].lineno + 2 if body else 1
                sizes.append(Size(lines, f"{path.relative_to(root).as_posix()}::{node.name}"))
    return sorted(sizes, reverse=True)


def too_long(sizes: list[Size]) -> list[Size]:
    """The files beyond the hard stop that are not tables."""
    return [size for size in sizes if size.lines > HARD_STOP and size.name not in TABLES]


def report(title: str, sizes: list[Size], longest: int = 5) -> str:
    """Number, median and ninth decile, then the longest few."""
    if not sizes:
        return f"{title}: none"
    ordered = sorted(size.lines for size in sizes)
    median, p90 = ordered[len(ordered) // 2], ordered[len(ordered) * 9 // 10]
    rows = [f"  {size.lines:4} {size.name}" for size in sizes[:longest]]
    return "\n".join([f"{title}: {len(sizes)}, median {median}, p90 {p90}, longest:", *rows])


def main() -> int:
    """Prints the report; returns 1 if a file is beyond the hard stop."""
    measured = files(ROOT)
    print(report("files", measured))
    print(report("functions", functions(ROOT)))
    for size in too_long(measured):
        print(f"{size.name} has {size.lines} lines, more than {HARD_STOP}: split it by what its parts are about")
    return 1 if too_long(measured) else 0


if __name__ == "__main__":
    sys.exit(main())
