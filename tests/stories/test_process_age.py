"""The time that the demo tells is that of the process, from the start of the interpreter on."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenure.sandbox.process_age import running_seconds

CHILD = """\
import time
began = time.monotonic()
import tenure.sandbox.demo
from tenure.sandbox.process_age import running_seconds
told = running_seconds()
print(told, time.monotonic() - began)
"""
TICK = 0.01
"""Seconds: no system tells the start of a process more finely."""


def test_what_is_told_begins_before_the_imports_and_not_before_the_process() -> None:
    before = time.monotonic()
    told, importing = map(float, subprocess.check_output([sys.executable, "-c", CHILD], text=True).split())
    lived = time.monotonic() - before
    assert importing - TICK <= told <= lived + TICK


@pytest.mark.parametrize("text", ["", "1 (tenure) S 1 2", "1 (a b) c) S " + "x " * 40])
def test_where_the_system_does_not_tell_it_the_time_since_loading_stands(tmp_path: Path, text: str) -> None:
    stat = tmp_path / "stat"
    stat.write_text(text)
    assert 0 < running_seconds(stat) <= running_seconds(tmp_path / "none") <= running_seconds()


def test_a_program_whose_name_has_brackets_is_told_from_its_fields(tmp_path: Path) -> None:
    own = Path("/proc/self/stat").read_text()
    (tmp_path / "stat").write_text("1 (ten) ure (1) (2) 3)" + own.rpartition(")")[2])
    assert running_seconds(tmp_path / "stat") == pytest.approx(running_seconds(), abs=1)
