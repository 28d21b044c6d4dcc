"""How a run ends when something unforeseen happens: a code, a sentence, a trace only in a file, no secret anywhere."""

import dataclasses
import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenure.cli.environment import CommandEnvironment
from tenure.cli.main import make_world, mask_secrets, run_command
from tenure.core.refusals import ExitCode
from tests.cli.hostile_server import hostile_server, reply
from tests.cli.terminal import Stream, Terminal
from tests.cli.vendor import ProviderTerminal, Vendor

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tenure.cli.main")


def world(home: Path, now: Callable[[], int]) -> CommandEnvironment:
    """A world with a clock that may fail, as a broken machine would."""
    streams = {"stdin": Stream(), "stdout": Stream(), "stderr": Stream()}
    return dataclasses.replace(make_world(), env={"HOME": str(home)}, now=now, **streams)


def broken() -> int:
    raise RuntimeError("this clock is broken; tnr_abcdef0123456789 was the token")


def interrupted() -> int:
    raise KeyboardInterrupt


class Gone(Stream):
    """A reader who has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def failing(home: Path, *more: str, now: Callable[[], int] = broken) -> tuple[int, str]:
    place = world(home, now)
    code = run_command(("keys", "show", "--folder", str(home), *more), place)
    return code, str(place.stderr.getvalue())  # type: ignore[attr-defined]


def test_an_error_nobody_foresaw_is_a_coded_refusal(tmp_path: Path) -> None:
    code, said = failing(tmp_path)
    assert code == ExitCode.FAULT
    assert "(internal)" in said
    assert "RuntimeError in " in said, "what fails once in a thousand times is not there again with --debug"
    assert re.search(r"\bin [a-z_]+\.py:[0-9]+", " ".join(said.split()))
    assert "Traceback" not in said
    assert "broken" not in said


def test_with_debug_its_trace_is_in_a_file_for_the_owner_alone(tmp_path: Path) -> None:
    place = world(tmp_path, broken)
    # The clock names the file too, so only the command's use of it fails.
    ticks = iter([RuntimeError("tnr_abcdef0123456789"), 7])

    def now() -> int:
        tick = next(ticks)
        if isinstance(tick, Exception):
            raise tick
        return int(tick)

    assert (
        run_command(("keys", "show", "--folder", str(tmp_path), "--debug"), dataclasses.replace(place, now=now))
        == ExitCode.FAULT
    )
    (file,) = (tmp_path / ".local" / "state" / "tenure").iterdir()
    assert str(file) in place.stderr.getvalue()  # type: ignore[attr-defined]
    text = file.read_text()
    assert "Traceback" in text
    assert "tnr_abcdef" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_interruption_is_no_error(tmp_path: Path) -> None:
    assert failing(tmp_path, now=interrupted) == (130, "\nInterrupted.\n")


def test_a_reader_who_has_left_is_no_error(tmp_path: Path) -> None:
    place = dataclasses.replace(world(tmp_path, broken), stdout=Gone())
    assert run_command(("refusals",), place) == ExitCode.DONE


def test_the_real_command_in_a_pipe_that_closes() -> None:
    line = f"{' '.join(COMMAND)} refusals | head -1"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, cwd=ROOT / "src", check=False)
    assert done.stdout.startswith("Code")
    assert done.stderr == ""


@pytest.mark.parametrize("text", ["tnr_abc123", "Bearer tnr_abc123.", "--token tnr_abc123", "['tnr_abc123', 'x']"])
def test_a_token_is_masked_wherever_it_was_typed(terminal: Terminal, text: str) -> None:
    assert "abc123" not in mask_secrets(text)
    for words in (("login", text), ("renew", text, text), ("customers", "list", "--token", text), (text,)):
        ran = terminal.run(*words, given="")
        assert ran.code != ExitCode.DONE
        assert "abc123" not in ran.out + ran.err, words


def test_neither_token_nor_code_is_in_a_log_or_in_the_arguments(server: Vendor, tmp_path: Path, caplog: Any) -> None:
    """The real process is looked at while it waits for its answer: the token came through the environment alone."""
    caplog.set_level("DEBUG")
    staff = server.staff(tmp_path, name="Watched")
    code = staff.order()["activation_code"]
    assert staff.terminal.env["TENURE_TOKEN"] not in caplog.text
    assert code not in caplog.text

    looked_at = threading.Event()

    def slowly() -> Any:
        looked_at.wait(30)
        yield b'{"items": [], "next": null}'

    slow = dataclasses.replace(reply(b""), pieces=slowly)
    with hostile_server(slow) as server:
        env = {**os.environ, "HOME": str(tmp_path), "TENURE_URL": server.url, "TENURE_TOKEN": "tnr_watched"}
        process = subprocess.Popen(
            [*COMMAND, "customers", "list", "--json"], cwd=ROOT / "src", env=env, stdout=-1, stderr=-1
        )
        while not server.seen:
            time.sleep(0.02)
        typed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        looked_at.set()
        out, err = process.communicate(timeout=30)
    assert b"tnr_" not in typed
    assert (process.returncode, err) == (0, b"")
    assert b"tnr_" not in out


def test_codes_are_shown_only_where_they_are_made(staff: ProviderTerminal) -> None:
    made = staff.terminal.run("order", staff.customer, staff.offer("year"), "3")
    (code,) = [line.split()[-1] for line in made.out.splitlines() if line.startswith("Activation code:")]
    sub = staff.terminal.good("subscriptions", "list")["items"][0]["id"]
    everywhere = [
        staff.terminal.run(*words).out
        for words in (
            ("subscriptions", "show", sub),
            ("subscriptions", "history", sub),
            ("subscriptions", "history", sub, "--json"),
            ("subscriptions", "list"),
            ("events", "--json"),
            ("statement", staff.customer),
        )
    ]
    assert all(code not in each and code.replace("-", "") not in each for each in everywhere)
    dry = staff.terminal.run("reissue-code", sub, "--dry-run")
    assert "Activation code" not in dry.out
