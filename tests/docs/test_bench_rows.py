"""Made-up measurements against every target of `make bench`: each row can fail, and one without a figure is no pass."""

import ast
import json
import math
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as bench
from benchmarks import against_peers, pictures
from benchmarks.rows import Figure, Missing, Yardstick, exit_code, judge, summary, tell, write_rows
from benchmarks.run import SHORT, Run
from benchmarks.targets import TARGETS, Target

ROOT = Path(__file__).resolve().parents[2]
QUIET = Yardstick(recorded=35_000, by_cpu=36_000, by_clock=34_000)
DISTURBED = Yardstick(recorded=35_000, by_cpu=20_000, by_clock=20_000)


def bound_of(target: Target) -> float:
    bound = target.least if target.least is not None else target.most
    assert bound is not None
    return bound


def beyond(target: Target) -> float:
    return bound_of(target) - 0.01 if target.least is not None else bound_of(target) + 0.01


@pytest.mark.parametrize("key", TARGETS)
def test_a_figure_on_its_bound_holds_and_one_beyond_it_fails_and_so_does_the_command(key: str) -> None:
    target = TARGETS[key]
    held = judge({key: Figure(bound_of(target))}, QUIET, [key])
    missed = judge({key: Figure(beyond(target))}, QUIET, [key])
    assert [row.verdict for row in held + missed] == ["holds", "fails"]
    assert (exit_code(held), exit_code(missed)) == (0, 1)
    assert "fails" in tell(missed[0])
    assert judge({key: Figure(math.nan)}, QUIET, [key])[0].verdict == "fails"


def test_one_row_that_fails_among_all_others_that_hold_is_the_exit_code() -> None:
    good = {key: Figure(bound_of(target)) for key, target in TARGETS.items()}
    assert exit_code(judge(good, QUIET)) == 0
    for key, target in TARGETS.items():
        assert exit_code(judge({**good, key: Figure(beyond(target))}, QUIET)) == 1, key


def test_every_target_says_which_side_is_right_and_no_two_rows_have_one_name() -> None:
    assert all((target.least is None) != (target.most is None) for target in TARGETS.values())
    assert len({target.name for target in TARGETS.values()}) == len(TARGETS)


def test_absolute_rows_are_not_judged_on_a_machine_that_differs_and_ratios_are() -> None:
    rows = judge({key: Figure(beyond(target)) for key, target in TARGETS.items()}, DISTURBED)
    for row, target in zip(rows, TARGETS.values(), strict=True):
        assert row.verdict == ("not measured" if target.kind in ("cpu", "clock") else "fails"), row.name
    held = judge({key: Figure(bound_of(target)) for key, target in TARGETS.items()}, DISTURBED)
    assert not [row.name for row in held if row.holds and TARGETS_BY_NAME[row.name].kind in ("cpu", "clock")]


TARGETS_BY_NAME = {target.name: target for target in TARGETS.values()}


def test_what_cannot_be_had_is_not_measured_with_its_reason_and_no_pass() -> None:
    rows = judge({"growth": Missing("the registry did not give it")}, QUIET, ["growth"])
    assert (rows[0].verdict, rows[0].figure, rows[0].note) == ("not measured", None, "the registry did not give it")
    assert exit_code(rows) == 0


def test_a_row_that_no_part_reported_fails_the_command() -> None:
    rows = judge({}, QUIET, ["growth"])
    assert rows[0].verdict == "not measured"
    assert exit_code(rows) == 1


def test_a_part_that_breaks_fails_the_command_and_takes_only_its_own_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(run: Run) -> dict[str, Figure]:
        raise ValueError("no such answer")

    parts = {
        "one": bench.Part(("growth",), broken),
        "two": bench.Part(("allows",), lambda run: {"allows": Figure(100)}),
    }
    monkeypatch.setattr(bench, "PARTS", parts)
    with ExitStack() as stack, (tmp_path / "log").open("w") as log:
        found = bench.measure_parts(Run(tmp_path, SHORT, log, stack), ["one", "two"])
    assert "no such answer" in capsys.readouterr().err
    rows = judge(found, QUIET, ["growth", "allows"])
    assert [row.verdict for row in rows] == ["not measured", "holds"]
    assert "no such answer" in rows[0].note
    assert exit_code(rows) == 1


def test_every_row_is_reported_by_exactly_one_part() -> None:
    reported = [key for part in bench.PARTS.values() for key in part.keys]
    assert sorted(reported) == sorted(TARGETS)


def test_the_file_has_the_keys_that_are_promised(tmp_path: Path) -> None:
    found = {"lease": Figure(7.5), "growth": Missing("no room"), "allows": Figure(500)}
    rows = judge(found, QUIET, ["lease", "growth", "allows"])
    write_rows(rows, tmp_path / "build" / "bench.json")
    told = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [set(row) for row in told["rows"]] == [{"name", "figure", "unit", "target", "holds"}] * 3
    assert [row["holds"] for row in told["rows"]] == [True, None, False]
    assert [row["figure"] for row in told["rows"]] == [7.5, None, 500]
    assert summary(rows) == "1 holds, 1 fails, 1 not measured"


def test_the_pictures_are_drawings_that_name_every_row() -> None:
    rows = judge({key: Figure(bound_of(target)) for key, target in TARGETS.items()}, QUIET)
    drawn = ElementTree.fromstring(pictures.draw_rows(rows))  # noqa: S314 - made just now
    texts = {each.text for each in drawn.iter() if each.text}
    assert {row.name for row in rows if pictures.used(row) is not None} <= texts
    assert "a < b" in pictures.draw_rates({"a < b": 10.0}).replace("&lt;", "<")


def test_every_program_that_is_started_is_a_module() -> None:
    started = [f"peers.{module}" for module in against_peers.PEERS.values()]
    for file in (ROOT / "benchmarks").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Program":
                started += [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    assert {"serve", "site", "bare_server"} <= set(started)
    for name in started:
        assert (ROOT / "benchmarks" / f"{name.replace('.', '/')}.py").is_file(), name
