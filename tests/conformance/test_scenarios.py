"""Our SDK passes every scenario of the kit, with no expected failures; a handful through the real command line."""

import sys

import pytest

from conformance import sdk_client
from conformance.client import CommandLine, InProcess
from conformance.runner import play
from conformance.scenario import Scenario, load

SCENARIOS = load()
IN_PROCESS = InProcess(sdk_client.run)
COMMAND = CommandLine([sys.executable, "-m", "conformance.sdk_client"])
BY_COMMAND = (
    "a code is applied and its functions are on",
    "an answer with another nonce",
    "five versions are walked one by one",
    "an amnesty that comes as a file",
)


def test_there_are_as_many_as_were_promised() -> None:
    assert len(SCENARIOS) >= 50


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_our_sdk_conforms(scenario: Scenario) -> None:
    assert play(scenario, IN_PROCESS) == ""


@pytest.mark.parametrize("name", BY_COMMAND)
def test_our_sdk_conforms_through_its_command_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    assert play(next(each for each in SCENARIOS if each.name == name), COMMAND) == ""
