"""Tables and cards say in each cell what its heading asks for."""

import importlib
import io
import pkgutil
import re

import pytest

import tenure.cli
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_licenses import _print_synchronized
from tenure.cli.subscriptions import print_explanation


def columns() -> list[tuple[str, TableColumn]]:
    """Every column of every command, with its module."""
    modules = [importlib.import_module(f"tenure.cli.{each.name}") for each in pkgutil.iter_modules(tenure.cli.__path__)]
    tables = [(module.__name__, value) for module in modules for value in vars(module).values()]
    found = [(name, table) for name, table in tables if isinstance(table, tuple)]
    return [(name, each) for name, table in found for each in table if isinstance(each, TableColumn)]


def shown(value: object, column: TableColumn) -> str:
    return CommandScreen(io.StringIO(), None).cell(value, column)


def test_no_column_that_says_until_when_shows_never() -> None:
    said = {(name, each.heading) for name, each in columns() if re.search(r"\buntil\b", each.heading, re.IGNORECASE)}
    wrong = [
        (name, each.heading) for name, each in columns() if (name, each.heading) in said and "never" in shown({}, each)
    ]
    assert len(said) >= 15
    assert wrong == []


@pytest.mark.parametrize(("as_", "text"), [("moment", "never"), ("when", "-"), ("end", "for good")])
def test_an_instant_that_is_not_there_is_told_as_its_column_means_it(as_: str, text: str) -> None:
    assert shown({"at": None}, TableColumn("At", "at", as_)) == text


def test_a_state_that_lasts_is_explained_without_an_instant() -> None:
    out = io.StringIO()
    explained = {
        "sentence": "It has ended.",
        "rule": "Nothing is paid.",
        "since": "2027-01-01T00:00:00Z",
        "until": None,
    }
    print_explanation(CommandScreen(out, None), {**explained, "renewal": "", "follows": "", "remedies": []})
    assert "So since 2027-01-01 00:00:00 UTC." in out.getvalue()
    assert "No further change is due." in out.getvalue()
    assert "never" not in out.getvalue()


@pytest.mark.parametrize(("until", "told"), [(None, False), ("2027-01-01T00:00:00Z", True)])
def test_after_a_synchronization_the_contact_clock_is_told_where_there_is_one(until: str | None, told: bool) -> None:
    out = io.StringIO()
    license_ = {"message": "Nothing is licensed.", "contact_until": until}
    value = {"steps": [], "path": "", "differences": [], "license": license_}
    _print_synchronized(CommandScreen(out, None), value)
    assert ("Without further contact it is good until 2027" in out.getvalue()) is told
    assert "never" not in out.getvalue()
