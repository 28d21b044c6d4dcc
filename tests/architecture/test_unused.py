"""What nobody names does nothing: a public function or class of the sources that is used in tests alone is dead.

By name, so that a namesake elsewhere hides it; an import alone is no use.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "tenure"
USERS = ("src", "tools", "conformance", "benchmarks", "drills")
ALLOWED = {}
REGISTERING = {"add_step", "add_verb"}
"""Decorators that hand what they decorate to somebody who calls it: the command line's."""

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def declared(tree: ast.Module) -> Iterator[Named]:
    """Public functions and classes of a module, except those that a decorator hands on."""
    for node in tree.body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            words = {word.id for each in node.decorator_list for word in ast.walk(each) if isinstance(word, ast.Name)}
            if not words & REGISTERING:
                yield node


def used(tree: ast.AST) -> Counter[str]:
    """How often each name is used, as a name or behind a dot; what `__all__` offers is used by others."""
    names: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names[node.id] += 1
        elif isinstance(node, ast.Attribute):
            names[node.attr] += 1
        elif isinstance(node, ast.Assign) and any(getattr(each, "id", "") == "__all__" for each in node.targets):
            names.update(word.value for word in ast.walk(node.value) if isinstance(word, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names[node.value] += 1  # an annotation in quotes, a name that is looked up
    return names


def unused(sources: Iterable[ast.Module], users: Iterable[ast.Module]) -> set[str]:
    """Names declared in `sources` that neither `sources` nor `users` use outside their own bodies."""
    modules = list(sources)
    everywhere: Counter[str] = Counter()
    for tree in (*modules, *users):
        everywhere.update(used(tree))
    inside: Counter[str] = Counter()
    for node in (node for tree in modules for node in declared(tree)):
        inside[node.name] += used(node)[node.name]
    return {name for name, own in inside.items() if everywhere[name] <= own}


def _trees(folder: Path) -> list[ast.Module]:
    files = [path for path in folder.rglob("*.py") if "versions" not in path.parts]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in files]


def entry_points() -> ast.Module:
    """What other programs call by the entry points of the distributions, as a module that names it."""
    projects = [
        tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
    ]
    groups = [group for each in projects for group in each["project"].get("entry-points", {}).values()]
    return ast.parse("\n".join(target.partition(":")[2] for group in groups for target in group.values()))


def test_every_public_name_is_used_outside_tests() -> None:
    users = [tree for name in USERS if name != "src" for tree in _trees(ROOT / name)] + [entry_points()]
    assert unused(_trees(SOURCES), users) == set(ALLOWED)


def test_an_unused_name_is_found() -> None:
    """The control: an import and a call of itself are no use; a name, a dot and `__all__` are."""
    source = ast.parse(
        "def dead(): dead()\ndef alive(): ...\ndef called(): ...\ndef offered(): ...\n"
        "@add_verb('x')\ndef handed_on(): ...\n@contextmanager\ndef held(): ...\n"
        "__all__ = ['offered']\nprint(alive)\n"
    )
    user = ast.parse("from source import dead, called\nsource.called()\n")
    assert unused([source], [user]) == {"dead", "held"}
