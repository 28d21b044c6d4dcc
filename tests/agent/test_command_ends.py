"""Ctrl-C, a reader that has gone, and a terminal that cannot show a name end `tenure-agent` without a trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.agent.command.interruption import INTERRUPTED
from tenure.agent.main import create_agent
from tests.site.site_env import SiteProcess

PROGRAM = """
import os, signal, sys
class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Strike())
sys.argv = ["tenure-agent", *{words!r}]
from tenure.agent.command.entry import main
main()
"""


MADE_FOR = ("--product", "editor", "--version", "12.0", "--root")


@pytest.fixture
def agent_folder(tmp_path: Path, house: SiteProcess) -> Path:
    folder = tmp_path / "agent"
    made = create_agent(folder, (house.folder / "root.jws").read_bytes(), product="editor", version="12.0")
    assert isinstance(made, str), made
    return folder


def start(*words: str, module: str = "", **more: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(module=module, words=words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


@pytest.mark.parametrize("module", ["tenure.agent.command.main", "msgspec", "tenure.sdk.boots"])
def test_while_modules_are_imported(module: str) -> None:
    with start("status", module=module) as ran:
        told = ran.communicate(timeout=60)
    assert (ran.returncode, *told) == (INTERRUPTED, "", "\nInterrupted.\n")


def test_while_it_asks_for_the_token(agent_folder: Path) -> None:
    asking, shown = os.openpty()
    with start("enroll", "--agent", str(agent_folder), stdin=shown) as ran:
        assert ran.stderr is not None
        assert ran.stderr.read(5) == "Enrol"
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=60)
    for each in (asking, shown):
        os.close(each)
    assert (ran.returncode, out) == (INTERRUPTED, "")
    assert err.endswith("\nInterrupted.\n")
    assert "Traceback" not in err


def test_a_reader_that_has_gone_is_no_fault(agent_folder: Path) -> None:
    with start("status", "--agent", str(agent_folder)) as ran:
        assert ran.stdout is not None and ran.stderr is not None
        ran.stdout.close()
        assert ran.stderr.read() == ""
    assert ran.returncode == 0


def test_a_name_that_the_terminal_cannot_show_ends_nothing(tmp_path: Path, house: SiteProcess) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    words = ("--agent", str(tmp_path / "\u5317"), *MADE_FOR, str(house.folder / "root.jws"))
    with start("init", *words, env=environment) as ran:
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, "")
    assert "/?/agent.toml" in out
