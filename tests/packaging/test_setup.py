"""Ctrl-C while `tools/setup` builds the environment: a word, no trace, and the next `make` begins anew."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tenure.sandbox.site_processes import wait_until

ROOT = Path(__file__).parents[2]


def test_an_interrupted_setup_shows_no_trace(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools")
    (tmp_path / "requirements.lock").write_text("")
    env = {**os.environ, "PYTHON": sys.executable}
    with subprocess.Popen(
        ["sh", "tools/setup", "run"], cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as ran:  # fmt: skip
        # The folder is made first; its pip takes seconds.
        assert wait_until((tmp_path / ".venv" / "pyvenv.cfg").exists, True, longest_wait=30)
        os.killpg(ran.pid, signal.SIGINT)
        _, err = ran.communicate(timeout=60)
    assert ran.returncode == 130
    assert err == "Interrupted.\n"
    assert not (tmp_path / ".venv" / ".stamp-run").exists()
