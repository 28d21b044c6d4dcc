"""`python -m tools.postgres`: a command beside a PostgreSQL server of its own, and nothing of it left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]


def test_the_server_ends_with_the_command_and_with_a_signal() -> None:
    tell = "import os, time; print(os.environ['TENURE_DATABASE'], flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.postgres", sys.executable, "-c", tell],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env={**os.environ},
    )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline()
    folder = Path(url.partition("host=")[2].partition("&")[0])
    running = folder / "data" / "postmaster.pid"
    server = int(running.read_text().split()[0])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    ends = time.monotonic() + 10
    while Path(f"/proc/{server}").exists() and "postgres" in Path(f"/proc/{server}/cmdline").read_text():
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert not folder.exists()
