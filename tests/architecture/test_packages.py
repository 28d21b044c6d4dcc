"""What comes from other people: declared and imported are the same, few enough, and under licenses that are allowed."""

import ast
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import packages
from tools.house import imports
from tools.locks import read_projects
from tools.packages import Licensed

ROOT = Path(__file__).resolve().parents[2]
MODULES = {"pynacl": "nacl", "dnspython": "dns"}
LOADED_BY_NAME = {
    "uvloop": "uvicorn takes it where it is installed", "httptools": "uvicorn takes it where it is installed",
    "asyncpg": "SQLAlchemy takes it by the database's address", "greenlet": "SQLAlchemy's asyncio stands on it",
    "pysqlite3": "SQLAlchemy is handed it as a module found by name",
}  # fmt: skip
"""Packages that nothing imports in so many words, and who does."""


def imported() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    return {each.module.split(".")[0] for text in texts for each in imports(ast.parse(text))}


def declared() -> set[str]:
    projects = [each["project"] for each in read_projects().values()]
    texts = [text for project in projects for text in project["dependencies"]]
    texts += [text for extra in projects[0]["optional-dependencies"].values() for text in extra]
    return {Requirement(text).name for text in texts} - {"tenure-sdk"}


def test_nothing_is_declared_that_nothing_imports() -> None:
    modules = {name: MODULES.get(name, name.replace("-", "_")) for name in declared()}
    found = imported()
    assert {name for name, module in modules.items() if module not in found} - LOADED_BY_NAME.keys() == set()


def test_the_page_of_licenses_is_true_and_the_packages_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    assert packages.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True), ("Apache-2.0 AND BSD-2-Clause", True), ("MIT OR GPL-3.0-only", True), ("", False),
        ("MIT AND GPL-3.0-only", False), ("MPL-2.0", False), ("LGPL-3.0-or-later", False),
    ],
)  # fmt: skip
def test_a_license_is_judged_by_its_expression(expression: str, allowed: bool) -> None:
    assert packages.is_allowed(expression) is allowed


def test_what_is_wrong_is_told_by_name() -> None:
    counts = dict.fromkeys(packages.SETS, 1) | {"server": packages.MOST + 1}
    found = packages.complaints([Licensed("good", "1", "MIT"), Licensed("bad", "1", "MPL-2.0")], counts)
    assert [each.split()[0] for each in found] == ["bad:", "tenure[server]"]


def test_what_no_supported_machine_installs_is_not_counted() -> None:
    pins = ("one==1", "two==2 ; sys_platform == 'emscripten'", "three==3 ; sys_platform != 'win32'", "uv-build==4")
    lock = "".join(f"{pin} \\\n" for pin in pins)
    assert packages.pinned(lock) == [("one", "1"), ("three", "3")]
