"""Finds the texts that people read and lists those that break a rule of `tools.text_rules`; `tools.review` counts them.

Four kinds: refusals with their remedies, templates of pages, messages and help in the programs' strings, and documents.
Comments and docstrings are for developers; of them only banned words are counted (`tools.banned_words`).
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.text_rules import BrokenRule, broken_rules, refusal_faults

ROOT = Path(__file__).resolve().parent.parent
KINDS: Final = ("refusals", "templates", "messages", "docs")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/spec/*.md")
EXEMPT = {
    "docs/glossary.md": "it lists the words that are not used",
    "docs/mission.md": "its sentences are names of tests",
    "docs/packages.md": "it quotes licenses",
}
"""Documents that are not searched, and why."""
DEVELOPERS = ("sandbox/lives", "sandbox/simulation", "store/migrations")
"""Rooms whose strings no user sees."""
FEWEST = 4
"""Words of a string that is a text; shorter ones are labels and names."""


def refusals(path: Path, name: str) -> Iterator[BrokenRule]:
    """Faults of the refusal table: every call of `_make_row` is one row, with its three texts in the fifth argument."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_make_row":
            code, texts = ast.unparse(node.args[0]), ast.literal_eval(node.args[4])
            parts = [*(each.strip() for each in texts.split("|")), "", ""]
            yield from refusal_faults(name, node.lineno, code, *parts[:3])
            for part in parts:
                yield from broken_rules(name, node.lineno, part)


def templates(text: str, name: str) -> Iterator[BrokenRule]:
    """Faults of a page: text between tags, and longer strings in expressions."""
    shown = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    for number, line in enumerate(shown.splitlines(), 1):
        quoted = (each for part in re.findall(r"\{[{%].*?[%}]\}", line) for each in re.findall(r'"([^"]*)"', part))
        bare = re.sub(r"<[^>]*>", "\n", re.sub(r"\{[{%].*?[%}]\}", " X ", line))
        for each in (*quoted, *bare.splitlines()):
            if len(each.split()) >= FEWEST:
                yield from broken_rules(name, number, each)


def messages(text: str, name: str) -> Iterator[BrokenRule]:
    """Faults of a program's strings, docstrings aside, but for those of commands, which are their help."""
    tree = ast.parse(text)
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_adds_verb(each) for each in node.decorator_list):
            yield from broken_rules(name, node.lineno, ast.get_docstring(node) or "")
        elif isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            said = _text_of(node)
            if id(node) not in bare | inner and len(said.split()) >= FEWEST and not _is_code(said):
                yield from broken_rules(name, node.lineno, said)


def documents(text: str, name: str) -> Iterator[BrokenRule]:
    """Faults of a document: its paragraphs, items and cells, without what is code."""
    shown = re.sub(r"^```.*?^```", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)
    shown = re.sub(r"<[^>]*>", " ", shown)
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", shown)
    line = 1
    for paragraph in re.split(r"(\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.) ?))", shown):
        for cell in paragraph.split("|"):
            yield from broken_rules(name, line, cell.strip(" \n-*#"))
        line += paragraph.count("\n")


def _adds_verb(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "add_verb"


def _text_of(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def _is_code(said: str) -> bool:
    return bool(re.match(r"\s*(select|insert|update|delete|create|drop|alter|pragma|with) ", said)) or "{" in said


def broken(root: Path) -> dict[str, list[BrokenRule]]:
    """What breaks a rule below `root`, by kind of text."""
    found: dict[str, list[BrokenRule]] = {kind: [] for kind in KINDS}
    source = root / "src" / "tenure"
    for path in sorted(source.rglob("*")):
        name, room = path.relative_to(root).as_posix(), path.relative_to(source).as_posix()
        if room == "core/refusals.py":
            found["refusals"] += refusals(path, name)
        elif path.suffix == ".html":
            found["templates"] += templates(path.read_text(encoding="utf-8"), name)
        elif path.suffix == ".py" and not room.startswith(DEVELOPERS):
            found["messages"] += messages(path.read_text(encoding="utf-8"), name)
    for path in sorted(each for pattern in DOCUMENTS for each in root.glob(pattern)):
        name = path.relative_to(root).as_posix()
        if name not in EXEMPT:
            found["docs"] += documents(path.read_text(encoding="utf-8"), name)
    return found


def main(arguments: list[str]) -> int:
    """Lists every sentence that breaks a rule, of the kinds named or of all; returns 1 if there is one."""
    found = broken(ROOT)
    kinds = arguments or list(KINDS)
    for each in (each for kind in kinds for each in found[kind]):
        print(f"{each.path}:{each.line}: {each.rule}: {each.sentence}")
    for kind in kinds:
        counts = Counter(each.rule for each in found[kind])
        print(f"{kind}: {len(found[kind])}", *(f"{rule} {count}" for rule, count in counts.most_common()), sep=", ")
    return 1 if any(found[kind] for kind in kinds) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
