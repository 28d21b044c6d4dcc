"""What the benchmarks compare with is a machine that there was, and what they fill a store with is what a site is."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks import growth, in_process, report


def test_the_recorded_machine_is_a_real_one() -> None:
    told = json.loads(report.RECORDED.read_text())
    assert set(told) == {"bare_server_per_second", "machine"}
    assert " cores, " in told["machine"] and ", Python 3." in told["machine"]
    assert 1_000 < told["bare_server_per_second"] < 1_000_000
    assert " cores, " in report.machine()


def test_a_store_that_was_grown_holds_so_many_sites_and_serves_those_it_had(tmp_path: Path) -> None:
    made = in_process.found(tmp_path / "server", 2)
    assert growth.grow(made, 50) > 0
    with closing(sqlite3.connect(made.folder / growth.DATABASE)) as opened:
        for table in ("sites", "subscriptions", "standings", "codes"):
            count = opened.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - our own names
            assert count == (52,), table
        assert opened.execute("pragma integrity_check").fetchone() == ("ok",)
        assert opened.execute("pragma foreign_key_check").fetchall() == []
