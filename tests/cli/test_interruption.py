"""Ctrl-C while a command is being imported, or while the demo starts, ends it at once and without a trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.agent.command.interruption import INTERRUPTED
from tenure.sandbox.site_processes import wait_until

DEMO = ("demo", "--listen", "127.0.0.1:0")
STRUCK = """
import os, signal, sys
class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Strike())
sys.argv = ["tenure", *{words!r}]
from tenure.cli.entry import main
main()
"""


def start(folder: Path, program: str, **more: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(folder)}, **more,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "words"), [("cyclopts", ("--version",)), ("tenure.cli.main", DEMO), ("tenure.sandbox.demo", DEMO)]
)
def test_while_modules_are_imported(tmp_path: Path, module: str, words: tuple[str, ...]) -> None:
    with start(tmp_path, STRUCK.format(module=module, words=words)) as ran:
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out, err) == (INTERRUPTED, "", "\nInterrupted.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_the_demo_starts_it_ends_at_once_and_keeps_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path, STRUCK.format(module="", words=DEMO)) as ran:
        assert wait_until(lambda: bool(list(tmp_path.glob("tenure-demo-*/server/tenure.db"))), True, longest_wait=60)
        ran.send_signal(number)
        out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out, err) == (128 + number, "", "\nInterrupted.\n")
    assert list(tmp_path.iterdir()) == []


def test_what_is_started_with_ctrl_c_ignored_goes_on(tmp_path: Path) -> None:
    """As `nohup` and a shell's `&` start programs."""
    program = STRUCK.format(module="cyclopts", words=("--version",))
    ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + program
    with start(tmp_path, ignoring) as ran:
        _, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, "")
