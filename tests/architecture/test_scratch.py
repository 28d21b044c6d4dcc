"""Tests keep their files in memory where that will do, and where somebody says otherwise, there."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import scratch


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield


def test_files_and_those_of_programs_go_to_a_folder_with_room(tmp_path: Path) -> None:
    assert scratch.keep_in_memory(tmp_path, room=1)
    assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(tmp_path), str(tmp_path))


def test_a_folder_that_is_missing_or_too_full_is_left_alone(tmp_path: Path) -> None:
    assert not scratch.keep_in_memory(tmp_path / "missing", room=1)
    assert not scratch.keep_in_memory(tmp_path, room=2**62)
    assert "TMPDIR" not in os.environ


def test_whoever_names_a_folder_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own"))
    assert not scratch.keep_in_memory(tmp_path, room=1)
    assert os.environ["TMPDIR"] == str(tmp_path / "own")
