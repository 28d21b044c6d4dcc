"""The fuzzer's short form, and that it would notice: each parser holds, and each parser with a defect does not."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
needs_fuzzer = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has wheels for Linux on x86-64 and Python below 3.14 only",
)


def run_fuzz(folder: Path, *names: str, runs: int = 1_000) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"RUNS": str(runs), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "fuzz", *names]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)


@needs_fuzzer
def test_every_parser_holds_and_every_defect_is_found(tmp_path: Path) -> None:
    ran = run_fuzz(tmp_path)
    assert ran.returncode == 0, ran.stdout[-3_000:]
    rows = json.loads((tmp_path / "build/fuzz.json").read_text())["rows"]
    assert len(rows) >= 20
    assert all(row["runs"] == 1_000 and not row["verdict"] for row in rows)
    assert ran.stdout.splitlines()[-1].startswith(f"fuzz: {len(rows)} of {len(rows)} parsers hold")


@needs_fuzzer
def test_an_unknown_parser_is_told_with_the_known_ones(tmp_path: Path) -> None:
    ran = run_fuzz(tmp_path, "latin")
    assert ran.returncode == 2
    assert "There is no parser 'latin' here" in ran.stderr and "strict JSON" in ran.stderr


def test_the_page_names_every_parser() -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has wheels for Linux on x86-64 and Python below 3.14 only")
    from fuzz.targets import TARGETS  # noqa: PLC0415 - beside the reason to skip

    page = (ROOT / "docs/fuzzing.md").read_text(encoding="utf-8")
    assert [name for name in TARGETS if name not in page] == []
