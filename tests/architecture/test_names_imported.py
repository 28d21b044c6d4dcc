"""Every name that tests, tools, benchmarks and drills import from here exists; types are checked in `src` only."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOTS = (ROOT / "src", ROOT / "packages/tenure-sdk/src", ROOT)
"""Where packages of this repository begin."""
READ = ("tests", "tools", "benchmarks", "drills")
OURS = ("tenure", "tests", "tools", "benchmarks", "drills")


def missing_names(source: ast.Module) -> list[str]:
    """What `source` imports by `from MODULE import NAME` though no such module declares, imports or holds it."""
    return [
        f"line {node.lineno}: {node.module}.{alias.name}"
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and not node.level and node.module and node.module.split(".")[0] in OURS
        for alias in node.names
        if not _holds(node.module, alias.name)
    ]


def _holds(module: str, name: str) -> bool:
    paths = [root.joinpath(*module.split(".")) for root in ROOTS]
    if any((path / name).is_dir() or (path / f"{name}.py").is_file() for path in paths):
        return True
    files = [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return any(name in _names(file) for file in files)


_NAMES: dict[Path, frozenset[str]] = {}


def _names(file: Path) -> frozenset[str]:
    if file not in _NAMES:
        _NAMES[file] = frozenset(_bound(ast.parse(file.read_text(encoding="utf-8"))))
    return _NAMES[file]


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that running the module binds; those inside of functions and classes count, too, which errs to leniency."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*":
            yield from _names(ROOTS[0].joinpath(*node.module.split(".")).with_suffix(".py"))
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


def test_every_name_that_is_imported_exists() -> None:
    files = [path for room in READ for path in sorted((ROOT / room).rglob("*.py")) if "build" not in path.parts]
    assert len(files) > 300, "the repository is not where it was looked for"
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for path in files
        for each in missing_names(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n" + "\n".join(found)


def test_a_name_that_is_gone_is_found() -> None:
    """The control: a gone name and a gone module are found; a name, a module and a nested package are not."""
    source = ast.parse(
        "from tenure.core.field_errors import LABELS, GONE\nfrom tenure.gone import anything\n"
        "from tenure.core import field_errors\nfrom tests.portal import stage\n"
        "from tenure.core.subscription.facts import Renewed, Undone\n"
    )
    assert missing_names(source) == [
        "line 1: tenure.core.field_errors.GONE",
        "line 2: tenure.gone.anything",
        "line 5: tenure.core.subscription.facts.Undone",
    ]
