"""The path through the core that docs/architecture.md recommends: everything it names exists, and it is short."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
MOST = 2_000


def stops() -> list[tuple[str, list[str]]]:
    """(module, names read there; none: the whole module), in the order of the page."""
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## The core in an hour") : text.index("## How state changes")]
    found: list[tuple[str, list[str]]] = []
    for row in re.findall(r"^\| \d+ \| (.+?) \|", section, flags=re.MULTILINE):
        for name in re.findall(r"`([\w.]+)`", row):
            if name.startswith("tenure."):
                found.append((name, []))
            else:
                found[-1][1].append(name)
    return found


def source_of(module: str) -> Path:
    path = ROOT / "src" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def lines_read(module: str, names: list[str]) -> int:
    """Lines of a module, or of its named functions and classes."""
    text = source_of(module).read_text(encoding="utf-8")
    if not names:
        return len(text.splitlines())
    nodes = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    missing = [name for name in names if name not in nodes]
    assert not missing, f"{module} has no {missing}; there is {sorted(nodes)}"
    return sum(nodes[name] for name in names)


@pytest.mark.parametrize(("module", "names"), stops())
def test_every_stop_of_the_reading_path_exists(module: str, names: list[str]) -> None:
    assert lines_read(module, names) > 0


def test_the_reading_path_is_read_in_an_hour() -> None:
    total = sum(lines_read(module, names) for module, names in stops())
    assert 1_000 < total <= MOST, total
