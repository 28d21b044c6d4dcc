"""Prints what a reviewer counts: sizes, documentation, names and packages of `src`, and what is allowed of them.

One figure a row, so that two dates can be compared. Reading the files is in `read`, counting in `review`; the words
that are not to be used are in `tools.banned_words`. `--list` adds where each name and word is, `--check` fails where a
figure is beyond what is allowed now.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tools import texts
from tools.banned_words import BannedWord, banned_words
from tools.packages import needed
from tools.text_rules import BrokenRule


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT = Path(__file__).resolve().parent.parent
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.match_case)
COMPLEX = 10
SHARED_MODULE_NAMES = frozenset({"__init__", "__main__", "main"})
RESOURCE_ROOMS = ("server/api", "site/api", "portal/pages", "site/console", "cli", "store", "site/store")
"""Where a module is named after one resource, as its namesakes in the other rooms are."""
NAMESAKES = 3
"""How many modules outside of those rooms may have one name."""
PARTICIPLES = _names(
    "begun bought brought built chosen done drawn felt forgotten found given gone grown heard held hidden kept known"
    " laid left lost made meant met paid put said seen sent shown sold spent split stood taken taught thought told"
    " understood won worn written"
)
NO_PARTICIPLES = _names("bed embed exceed feed need proceed red seed shed speed")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One source file, by its path below `src/tenure`."""

    path: str
    text: str
    tree: ast.Module


class Limit(NamedTuple):
    """How high a figure may be today, and at last."""

    now: float
    final: float


LIMITS = {
    "file lines, max": Limit(407, 300),
    "complex functions per 1,000 lines": Limit(1.3, 1.2),
    "one-word function names, %": Limit(22.5, 20),
    "class names in two or more files": Limit(0, 0),
    "module names used more than three times": Limit(0, 0),
    "banned words in names": Limit(0, 0),
    "banned words in texts": Limit(0, 0),
    "rules broken in refusals": Limit(0, 0),
    "rules broken in templates": Limit(0, 0),
    "rules broken in messages": Limit(0, 0),
    "rules broken in docs": Limit(0, 0),
    "run-time packages": Limit(30, 30),
}
"""One row a figure that may only fall: `now` is lowered with every step, until it is `final`."""


class Review(NamedTuple):
    """What was counted: a figure for each row, and the places behind those that have some."""

    figures: dict[str, float]
    places: dict[str, list[str]]


def read(root: Path) -> list[Module]:
    """Every Python file of `src/tenure` below `root`."""
    folder = root / "src" / "tenure"
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path.relative_to(folder).as_posix(), text, ast.parse(text)))
    return found


def functions_of(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, those inside of others too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def is_dunder(name: str) -> bool:
    """Whether Python, not this house, chose the name."""
    return name.startswith("__") and name.endswith("__")


def is_one_word(name: str) -> bool:
    """Whether the name of a function, public or private, has no underscore but in front and at the end."""
    return "_" not in name.strip("_")


def is_participle_first(name: str) -> bool:
    """Whether the first word of a function's name is a past participle: `taken`, `asked_for`."""
    first = name.strip("_").split("_")[0]
    return first in PARTICIPLES or (first.endswith("ed") and first not in NO_PARTICIPLES)


def is_one_word_class(name: str) -> bool:
    """Whether the name of a class has one capital only, in front: `Order`, not `OrderView` and not `HTTPOrder`."""
    return len(re.findall(r"[A-Z][a-z0-9]*", name)) <= 1


def complexity(function: Function) -> int:
    """One, and one for every branch, loop, handler, comprehension, case, `and` and `or`, inner functions included."""
    inside = list(ast.walk(function))
    operators = sum(len(node.values) - 1 for node in inside if isinstance(node, ast.BoolOp))
    return 1 + operators + sum(isinstance(node, BRANCHES) for node in inside)


def body_lines(function: Function) -> int:
    """Lines from `def` to the end, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or function.lineno) - body[0].lineno + 2 if body else 1


def parameters(function: Function) -> list[ast.arg]:
    """All of them but `self` and `cls`."""
    given = function.args
    starred = [each for each in (given.vararg, given.kwarg) if each]
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *starred]
    return [each for each in every if each.arg not in ("self", "cls")]


def is_annotated(function: Function) -> bool:
    """Whether the result and all parameters have types."""
    return function.returns is not None and all(each.annotation for each in parameters(function))


def comments(text: str) -> int:
    """How many comments there are that speak to people, not to a checker."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = (each.string.lstrip("# ") for each in tokens if each.type == tokenize.COMMENT)
    return sum(not each.startswith(("noqa", "type:", "fmt:")) for each in found)


def shared_names(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Of pairs of a name and its file, the names that are in two or more files, with these."""
    files: dict[str, set[str]] = defaultdict(set)
    for name, path in names:
        files[name].add(path)
    return {name: sorted(paths) for name, paths in sorted(files.items()) if len(paths) > 1}


def crowded_module_names(paths: Iterable[str]) -> dict[str, list[str]]:
    """Module names that are used more than `NAMESAKES` times outside of `RESOURCE_ROOMS`, with the files."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder = PurePosixPath(path).parent.as_posix()
        resource = any(folder == room or folder.startswith(f"{room}/") for room in RESOURCE_ROOMS)
        if not resource and PurePosixPath(path).stem not in SHARED_MODULE_NAMES:
            files[PurePosixPath(path).stem].append(path)
    return {name: found for name, found in sorted(files.items()) if len(found) > NAMESAKES}


def review(
    modules: list[Module],
    run_time: set[str],
    words: list[BannedWord],
    broken: dict[str, list[BrokenRule]] | None = None,
) -> Review:
    """Count everything."""
    lines = [len(each.text.splitlines()) for each in modules]
    total = max(sum(lines), 1)
    functions = [(function, each.path) for each in modules for function in functions_of(each.tree)]
    named = [(each, path) for each, path in functions if not is_dunder(each.name) and not each.name.startswith("test_")]
    public = [(each, path) for each, path in named if not each.name.startswith("_")]
    outer = [(each.name, m.path) for m in modules for each in m.tree.body if isinstance(each, Function)]
    classes = [(n.name, m.path) for m in modules for n in ast.walk(m.tree) if isinstance(n, ast.ClassDef)]
    class_names = shared_names(classes)
    function_names = shared_names((name, path) for name, path in outer if not name.startswith("_"))
    module_names = crowded_module_names(each.path for each in modules)
    sizes = [body_lines(each) for each, _ in functions]
    widths = [len(parameters(each)) for each, _ in functions]
    in_names = [each for each in words if each.in_name]
    figures = {
        "files": len(modules),
        "lines": sum(lines),
        **spread("file lines", lines),
        **spread("function lines", sizes),
        **spread("parameters", widths),
        "complex functions per 1,000 lines": per_thousand(functions, lambda each: complexity(each) > COMPLEX, total),
        "public functions with a docstring, %": share(public, lambda each: ast.get_docstring(each) is not None),
        "comments per 1,000 lines": round(sum(comments(each.text) for each in modules) * 1000 / total, 1),
        "functions with all types, %": share(functions, is_annotated),
        "`type: ignore` per 1,000 lines": occurrences(modules, r"#\s*type:\s*ignore", total),
        "`Any` per 1,000 lines": occurrences(modules, r"\bAny\b", total),
        "one-word function names, %": share(named, lambda each: is_one_word(each.name)),
        "one-word function names": sum(is_one_word(each.name) for each, _ in named),
        "participle-first function names, %": share(named, lambda each: is_participle_first(each.name)),
        "one-word class names, %": percent(sum(is_one_word_class(name) for name, _ in classes), len(classes)),
        "class names": len({name for name, _ in classes}),
        "class names in two or more files": len(class_names),
        "public function names": len({name for name, _ in outer if not name.startswith("_")}),
        "public function names in two or more files": len(function_names),
        "module names used more than three times": len(module_names),
        "banned words in names": len(in_names),
        "banned words in texts": len(words) - len(in_names),
        **{f"rules broken in {kind}": len((broken or {}).get(kind, ())) for kind in texts.KINDS},
        "run-time packages": len(run_time),
    }
    places = {
        "class names in two or more files": rows(class_names),
        "public function names in two or more files": rows(function_names),
        "module names used more than three times": rows(module_names),
        "banned words": rows(by_word(words)),
    }
    return Review(figures, places)


def spread(title: str, numbers: list[int]) -> dict[str, float]:
    """Median, ninth decile and the greatest."""
    ordered = sorted(numbers) or [0]
    middle, ninth = ordered[len(ordered) // 2], ordered[len(ordered) * 9 // 10]
    return {f"{title}, median": middle, f"{title}, p90": ninth, f"{title}, max": ordered[-1]}


def percent(part: int, whole: int) -> float:
    """A share in hundredths, to one digit."""
    return round(100 * part / whole, 1) if whole else 0.0


def share(functions: list[tuple[Function, str]], is_so: Callable[[Function], bool]) -> float:
    """The percentage of functions of which `is_so` is true."""
    return percent(sum(is_so(each) for each, _ in functions), len(functions))


def per_thousand(functions: list[tuple[Function, str]], is_so: Callable[[Function], bool], lines: int) -> float:
    """How many functions in 1,000 lines `is_so` is true of."""
    return round(sum(is_so(each) for each, _ in functions) * 1000 / lines, 1)


def occurrences(modules: list[Module], pattern: str, lines: int) -> float:
    """How often a pattern is found in 1,000 lines."""
    return round(sum(len(re.findall(pattern, each.text)) for each in modules) * 1000 / lines, 1)


def by_word(words: list[BannedWord]) -> dict[str, list[str]]:
    """Each word with its files and how often it is in each."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in words:
        counts[each.word][each.path] += 1
    return {word: [f"{path} ({n})" for path, n in sorted(found.items())] for word, found in sorted(counts.items())}


def rows(found: dict[str, list[str]]) -> list[str]:
    """A line for each name."""
    return [f"{name}: {', '.join(paths)}" for name, paths in found.items()]


def complaints(figures: dict[str, float], limits: dict[str, Limit]) -> list[str]:
    """The figures that are beyond what is allowed now."""
    beyond = {name: limit for name, limit in limits.items() if figures[name] > limit.now}
    return [f"{name}: {figures[name]:g}, allowed are {limit.now:g}" for name, limit in beyond.items()]


def table(figures: dict[str, float], limits: dict[str, Limit]) -> str:
    """A row for each figure, with what is allowed now and at last where that is limited."""
    lines = [f"{'':46} {'today':>8} {'now':>7} {'final':>7}"]
    for name, value in figures.items():
        limit = limits.get(name)
        allowed = f" {limit.now:7g} {limit.final:7g}" if limit else ""
        lines.append(f"{name:46} {value:8g}{allowed}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Prints the table of the tree that is named, or of this one; returns 1 if `--check` finds a figure too high."""
    named = [each for each in arguments if not each.startswith("-")]
    root = Path(named[0]) if named else ROOT
    found = review(read(root), needed(("server",)), banned_words(root), texts.broken(root))
    print(table(found.figures, LIMITS))
    if "--list" in arguments:
        for title, lines in found.places.items():
            print(f"\n{title}", *lines, sep="\n  ")
    beyond = complaints(found.figures, LIMITS) if "--check" in arguments else []
    print(*beyond, sep="\n", end="\n" if beyond else "")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
