"""Files of tests begin longest first, by a table that a command writes."""

from pathlib import Path

import pytest

from tests import schedule


def test_the_files_that_took_longest_begin_first_and_others_keep_their_order() -> None:
    files = ["tests/a.py", "tests/b.py", "tests/c.py", "tests/d.py", "tests/a.py"]
    known = {"tests/c.py": 9.0, "tests/b.py": 90.0}
    assert schedule.longest_first(files, known) == ["tests/b.py", "tests/c.py", "tests/a.py", "tests/d.py"]


def test_a_table_is_read_as_it_was_written_without_what_takes_no_time() -> None:
    taken = {"tests/a.py": 0.04, "tests/b.py": 1.5, "tests/c.py": 120.3}
    text = schedule.write(taken)
    assert schedule.read(text) == {"tests/c.py": 120.3, "tests/b.py": 1.5}
    assert [line.split()[-1] for line in text.splitlines()[1:]] == ["tests/c.py", "tests/b.py"]


def test_the_present_table_is_one_that_the_command_wrote() -> None:
    text = schedule.TABLE.read_text("utf-8")
    assert schedule.write(schedule.read(text)) == text


def test_a_run_counts_anew_what_it_ran_and_forgets_files_that_are_gone() -> None:
    known = {"tests/conftest.py": 5.0, "tests/schedule.py": 7.0, "tests/never_was.py": 3.0}
    assert schedule.merge(known, {"tests/schedule.py": 1.0}) == {"tests/conftest.py": 5.0, "tests/schedule.py": 1.0}


def test_all_of_a_files_tests_and_their_fixtures_are_summed_up(tmp_path: Path) -> None:
    table = tmp_path / "durations.txt"
    table.write_text(schedule.write({"tests/conftest.py": 5.0}))
    heard = schedule.Durations(table)
    for name, when, seconds in (("one", "setup", 2.0), ("one", "call", 0.5), ("two[x]", "call", 1.0)):
        heard.pytest_runtest_logreport(
            pytest.TestReport(f"tests/x.py::{name}", ("", 0, ""), {}, "passed", None, when, duration=seconds)  # type: ignore[arg-type]
        )
    heard.pytest_sessionfinish()
    assert schedule.read(table.read_text()) == {"tests/conftest.py": 5.0, "tests/x.py": 3.5}
