"""A program that listens at all of this computer's addresses prints one that can be opened."""

import socket
from pathlib import Path

import pytest

from tenure.sandbox.programs import RunningProgram
from tests.cli.terminal import Terminal


@pytest.mark.parametrize("program", ["server", "portal"])
def test_what_a_program_prints_can_be_opened(terminal: Terminal, tmp_path: Path, program: str) -> None:
    words = ("portal", "run", "--server", "http://127.0.0.1:9")
    if program == "server":
        folder = str(tmp_path / "server")
        terminal.good("server", "init", "--folder", folder, "--name", "https://license.example.com")
        words = ("server", "run", "--folder", folder)
    with RunningProgram(*words, "--listen", "0.0.0.0:0", folder=tmp_path) as running:
        host, port = running.url.removeprefix("http://").rsplit(":", 1)
        assert host == socket.gethostname()
        with socket.create_connection(("127.0.0.1", int(port)), 5):
            pass
