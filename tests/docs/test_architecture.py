"""docs/architecture.md: what it says of modules and calls is true of the code, and its diagrams are drawn from it."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.docs.test_citations import cited, rules
from tests.docs.test_glossary import resolve
from tools.house import ROOMS
from tools.trips import PAGE, Call, diagram, page, trips

SOURCE = Path(__file__).parents[2] / "src"
TEXT = PAGE.read_text(encoding="utf-8")
CALLS = [call for trip in trips(TEXT) for call in trip]


def source_of(module: str) -> str:
    """The text of a module, or of a whole package."""
    path = SOURCE / Path(*module.split("."))
    if path.is_dir():
        return "\n".join(each.read_text(encoding="utf-8") for each in sorted(path.rglob("*.py")))
    return path.with_suffix(".py").read_text(encoding="utf-8")


def names_in(source: str) -> set[str]:
    """Every name and attribute that a source mentions."""
    nodes = list(ast.walk(ast.parse(source)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {
        node.id for node in nodes if isinstance(node, ast.Name)
    }


def test_there_are_four_trips_and_each_goes_on_where_it_has_been() -> None:
    found = list(trips(TEXT))
    assert len(found) == 4
    for trip in found:
        been = {trip[0].caller}
        for call in trip:
            assert call.caller in been, f"{call.caller} calls before it was called"
            been |= {call.called}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.caller}>{call.label}")
def test_every_call_of_a_trip_is_one_of_the_code(call: Call) -> None:
    for module in (call.caller, call.called):
        importlib.import_module(module)
    if call.route:
        path = call.route.split()[1]
        for module in (call.caller, call.called):
            layer = ".".join(module.split(".")[:2])
            assert path in source_of(layer) or path in source_of("tenure.wire"), f"{layer} does not know {path}"
        return
    assert call.name.startswith(call.called + ".")
    assert callable(resolve(call.name))
    assert call.name.rpartition(".")[2].rstrip("_") in {
        name.rstrip("_") for name in names_in(source_of(call.caller))
    }, f"{call.caller} does not mention {call.label}"


def test_the_page_is_drawn_from_its_tables_and_from_the_import_rules() -> None:
    assert page(TEXT) == TEXT, "run: make docs"
    assert "m0->>m1: b" in diagram([Call("tenure.a", "tenure.b", "tenure.b.b", "")])


def test_every_layer_is_on_the_map() -> None:
    for name, room in ROOMS.items():
        if not name.startswith("__"):
            assert f"| `{name}` |" in TEXT
            assert room.why in TEXT


def test_every_rule_has_a_home_and_a_paragraph() -> None:
    section = TEXT.split("## Where each rule lives")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 25
    for row in rows:
        _, _, homes, paragraph, _ = row.split("|")
        for home in re.findall(r"`([\w.]+)`", homes):
            assert resolve(home), row
        assert cited(paragraph) or re.search(r"\b[MB]\d+\b", paragraph), row
        assert set(cited(paragraph)) <= set(rules()), row


def test_there_are_ten_questions() -> None:
    section = TEXT.split("## Ten questions")[1]
    assert [int(each) for each in re.findall(r"(?m)^(\d+)\. ", section)] == list(range(1, 11))
    assert section.count("?") >= 10
