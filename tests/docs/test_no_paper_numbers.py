"""No text that a user sees cites our own papers: requirements, sections, decisions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenure.core.explain import BEFOREHAND, PHASES, REMEDIES, RULES
from tenure.core.refusals import TABLE
from tests.server.server_env import office
from tests.site.callers import Caller
from tests.site.site_env import site_env

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tenure"
CITED = re.compile(r"\[spec:|\(([MBPSC]\d{1,2})\b|\b(?:spec|ADR|rule) [A-Z]?\d|\b[MB]\d{1,2}\b|\(\d\.\d{1,2}[,)]")
DRAWN = re.compile(r'"M[\d.][^"]*"|(?:\bd=|d=\\")"[^"]*"')
"""Paths of pictures, which begin with the letter M, too."""
INSIDE = {"sandbox/simulation/invariants.py", "web/charts.py"}
"""Programs for those who build this; and pictures."""


def cited(text: str) -> str:
    """The first number that is cited, with what stands around it; empty for none."""
    found = CITED.search(DRAWN.sub("", text))
    return "" if found is None else text[max(0, found.start() - 60) : found.end() + 30]


def test_the_check_sees_what_it_is_for() -> None:
    for text in (
        "grace (M7, M8, M12).",
        "as agreed (spec 2.4).",
        "see ADR 12",
        "(3.8)",
        "rule M10",
        "held [spec: holds].",
    ):
        assert cited(text), text
    for text in ("(32 bytes)", "TLS 1.3", 'd="M10 4v12"', "10.2 > 9.9", "an SHA-256 digest", "RFC 9457"):
        assert not cited(text), text


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string of a module that is no docstring, with its line."""
    documented = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.lineno, node.value


def test_no_string_of_any_program_cites_them() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {cited(text)}"
        for path in SOURCE.rglob("*.py")
        if str(path.relative_to(SOURCE)) not in INSIDE
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8")))
        if cited(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("ending", ["html", "txt", "j2", "js"])
def test_no_page_and_no_mail_cites_them(ending: str) -> None:
    found = [
        f"{path.relative_to(SOURCE)}: {cited(line)}"
        for path in SOURCE.rglob(f"*.{ending}")
        if path.name != "icons.html"
        for line in path.read_text(encoding="utf-8").splitlines()
        if cited(line)
    ]
    assert not found, "\n".join(found)


def test_no_refusal_no_explanation_and_no_help_cites_them() -> None:
    texts = [f"{row.sentence} {row.cause} {row.remedy}" for row in TABLE.values()]
    texts += [" ".join(rule) for rule in RULES.values()] + list(map(str, PHASES.values()))
    texts += [remedy.how for remedies in (*REMEDIES.values(), *BEFOREHAND.values()) for remedy in remedies]
    # The page is the help of every command, as it is printed.
    texts += (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").splitlines()
    assert not [cited(text) for text in texts if cited(text)]


@pytest.mark.anyio
async def test_the_server_s_openapi_document_cites_none(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        document = (await env.http.get("/openapi.json")).text
        assert not cited(document)


def test_the_site_s_openapi_document_cites_none(tmp_path: Path) -> None:
    with site_env(tmp_path) as place:
        assert not cited(Caller(place.site()).send("GET", "/openapi.json").text)
