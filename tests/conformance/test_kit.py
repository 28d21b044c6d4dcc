"""The kit itself: it catches clients that must be caught, and slips in its own data."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.client import ClientFailed, CommandLine, InProcess
from conformance.faults import FAULTS
from conformance.moves import MOVES
from conformance.runner import play
from conformance.scenario import Scenario, Step, load, seconds
from conformance.wrong import Wrong, compare
from tests.conformance import unsafe_client

SCENARIOS = {each.name: each for each in load()}

MUST_CATCH = (
    "a grant by a stranger's key grants nothing",
    "the grant of another's lease is not taken",
    "an answer by a key that nobody knows",
    "an answer by a retired key",
    "an answer with another nonce",
    "a recorded answer, replayed",
    "a signature with one bit turned",
    "a payload changed after it was signed",
    "an answer that brings its own key",
    "an answer that demands an unknown extension",
    "a key that occurs twice",
    "a lease for another key",
    "an older serial",
    "a lease longer than its key may sign",
    "a redirect is not followed",
    "an unsigned 404 takes nothing away",
    "an unsigned 500 takes nothing away",
    "a busy server is left alone as long as it asks",
    "a lost answer: the same bytes, then one more question, and no fork",
    "silence: a warning after a week, the end at the lease's end",
    "a clock set back is told, and nothing is gained by it",
    "a clock set to 2099 while running changes nothing",
    "new keys are learned from the next root version",
    "a stolen key dies with the version that leaves it out",
    "the root of a sandbox is refused where none is expected",
)


@pytest.mark.parametrize("name", MUST_CATCH)
def test_a_client_that_believes_what_it_is_told_is_caught(name: str) -> None:
    try:
        wrong = play(SCENARIOS[name], InProcess(unsafe_client.run))
    except (KeyError, ValueError):
        wrong = "it broke down"
    assert wrong, "the kit lets this through"


def test_the_gullible_client_does_work_with_an_honest_server() -> None:
    """Otherwise it would be caught for being broken."""
    steps = (
        Step(run="sync", want={"result": "unchanged"}),
        Step(run="status", want={"phase": "active", "features": ["edit", "export", "read"]}),
    )
    assert play(Scenario(name="honest", rule="", steps=steps), InProcess(unsafe_client.run)) == ""


def test_every_way_to_misbehave_is_used_and_every_name_is_known() -> None:
    used = {step.fault for each in SCENARIOS.values() for step in each.steps if step.fault}
    assert used == set(FAULTS)
    moved = {step.vendor for each in SCENARIOS.values() for step in each.steps if step.vendor}
    assert moved <= set(MOVES)
    assert set(MOVES) - moved <= {"unlimited", "code_withdrawn"}


@pytest.mark.parametrize(
    "text",
    [
        "[[scenario]]\nname = 'x'\nrule = ''\nsteps = [{ run = 'sync', wait = '1d' }]",
        "[[scenario]]\nname = 'x'\nrule = ''\nsteps = [{ runs = 'sync' }]",
        "[[scenario]]\nname = 'x'\nrule = ''\nsteps = [{}]",
        "[[scenario]]\nname = 'x'\nsteps = []",
        "[[scenario]]\nname = 'x'\nrule = ''\nsteps = []\n[[scenario]]\nname = 'x'\nrule = ''\nsteps = []",
        "[[scenario]",
    ],
)
def test_a_slip_in_a_scenario_is_no_client_s_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "1.toml").write_text(text)
    with pytest.raises(ValueError):
        load(tmp_path)


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": 1}),
        ({"a": [1]}, {"a": {"has": 2}}),
        ({"a": "one"}, {"a": {"has": "two"}}),
        ({"a": 5}, {"a": {"min": 6}}),
        ({"a": None}, {"a": {"min": 6}}),
        ({"a": 7}, {"a": {"max": 6}}),
        ({"a": "x"}, {"a": {"not": "x"}}),
        ({"a": 1_800_000_000}, {"a": "+1s"}),
        ({"a": 100}, {"a": "now+1s"}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": 0}, {"a": "none"}),
    ],
)
def test_a_difference_is_a_difference(seen: dict[str, Any], want: dict[str, Any]) -> None:
    with pytest.raises(Wrong):
        compare(seen, want, now=100)


@pytest.mark.parametrize(
    ("seen", "want"),
    [
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": [1, 2]}, {"a": {"has": 2}}),
        ({"a": 6}, {"a": {"min": 6, "max": 6}}),
        ({"a": 1_800_000_060}, {"a": "+1m"}),
        ({"a": 101}, {"a": "now+1s"}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}),
        ({"a": None}, {"a": "none"}),
    ],
)
def test_what_fits_fits(seen: dict[str, Any], want: dict[str, Any]) -> None:
    compare(seen, want, now=100)


def test_lengths_of_time() -> None:
    assert [seconds(text) for text in ("90s", "1d2h", "-5m", "+1d")] == [90, 93_600, -300, 86_400]


@pytest.mark.parametrize("program", ["print('hello')", "print('[1]')", "raise SystemExit(3)"])
def test_a_client_that_prints_no_object_has_failed(program: str) -> None:
    with pytest.raises(ClientFailed):
        CommandLine([sys.executable, "-c", program]).run(["status"])


def test_the_command_prints_a_line_for_each_scenario_and_one_at_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "nonce", "mistyped"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("ok    a mistyped code")
    assert lines[-1].startswith("2 scenarios, 0 failed, ")
