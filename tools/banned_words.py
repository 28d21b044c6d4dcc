"""Words that Tenure does not use, metaphors and second names of one thing, and what to say instead.

One table and one search for it, in names (files, functions, classes, variables) and in texts (documents, docstrings,
comments, templates). A word that also has a meaning of its own in the field is not in the table.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BANNED = {
    "anew": "again, reset",
    "beside": "extra",
    "blame": "field error",
    "border": "middleware",
    "chance": "jitter",
    "provider_links": "provider chain",
    "courier": "webhook worker",
    "crew": "users",
    "crowd": "virtual devices",
    "dearer": "more expensive",
    "dearest": "most expensive",
    "deed": "action, audit event",
    "desk": "subscription service, staff",
    "door": "sign-in, listener",
    "doers": "actors",
    "estate": "big store",
    "farewell": "shutdown",
    "fate": "seeded random",
    "gullible": "unsafe client",
    "happening": "fault",
    "hurry": "mark due",
    "letter": "email",
    "lengthening": "grace extension",
    "looked": "lookup result",
    "manners": "conventions",
    "misuse": "configuration error",
    "nobody": "no one is named: say who",
    "patience": "backoff policy",
    "postman": "mail worker",
    "premises": "site processes",
    "rehearsal": "dry run",
    "rehearse": "dry run",
    "shop": "provider client",
    "shelf": "catalog",
    "somebody": "say who",
    "switchboard": "feature runner",
    "synchronise": "synchronize",
    "synchronisation": "synchronization",
    "town": "environment",
    "licence": "license",
    "cancelled": "canceled",
    "colour": "color",
    "whoever": "say who",
}
"""Word, and what to say instead. A plural counts as the word."""

RIGHT_IN_TEXTS = {
    "beside": (r"\bbeside\b", "at the side of something; as a name it hid what was extra"),
    "border": (r"\bborder-|[{;\"]border[:-]|-border", "a property of CSS"),
    "letter": (
        r"(?:capital|small|smaller|lower case|lower-case|upper case|plain|five|20|of|or|such) letters?\b"
        r"|\bletters?(?:,| and| or| with| A to Z)",
        "of the alphabet",
    ),
    "looked": (r"\blooked\b", "the past of look; as a name it hid a lookup result"),
}
"""Where a word is right in a text, and what it means there. In names it stays banned."""

TEXTS = frozenset({".md", ".html", ".toml"})
FOLDERS = ("src", "docs", "tools", "benchmarks", "conformance", "drills")
TABLES = frozenset({"docs/glossary.md", "tools/banned_words.py", "tools/text_rules.py"})
"""Where these words stand because they are banned: in the columns that say what not to write."""
_RIGHT = re.compile("|".join(pattern for pattern, _ in RIGHT_IN_TEXTS.values()), re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class BannedWord(NamedTuple):
    """One place where a banned word is."""

    word: str
    path: str
    line: int
    in_name: bool


def words_of(text: str) -> Iterator[str]:
    """The words of a name or a text, in small letters and in the singular, `camelCase` and `snake_case` taken apart."""
    for word in _WORDS.findall(text):
        small = word.lower()
        yield small if small in BANNED or not small.endswith("s") else small.removesuffix("s")


def in_text(path: str, text: str) -> Iterator[BannedWord]:
    """Banned words of a document or a template."""
    for number, line in enumerate(text.splitlines(), 1):
        for word in words_of(_RIGHT.sub(" ", line)):
            if word in BANNED:
                yield BannedWord(word, path, number, in_name=False)


def in_source(path: str, text: str) -> Iterator[BannedWord]:
    """Banned words of a Python file: in the names that it defines, its own included, and in what it says."""
    for word in words_of(path.rsplit("/", 1)[-1].removesuffix(".py")):
        if word in BANNED:
            yield BannedWord(word, path, 1, in_name=True)
    for line, name in defined(ast.parse(text)):
        for word in words_of(name):
            if word in BANNED:
                yield BannedWord(word, path, line, in_name=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            for found in in_text(path, token.string):
                yield found._replace(line=token.start[0] + found.line - 1)


def defined(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a file gives, with its line: functions, classes, parameters, variables, fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def banned_words(root: Path) -> list[BannedWord]:
    """Every banned word of the tree below `root`; files that list banned words are left out."""
    found: list[BannedWord] = []
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*")):
        name = path.relative_to(root).as_posix()
        if name in TABLES:
            continue
        if path.suffix == ".py":
            found += in_source(name, path.read_text(encoding="utf-8"))
        elif path.suffix in TEXTS:
            found += in_text(name, path.read_text(encoding="utf-8"))
    return found
