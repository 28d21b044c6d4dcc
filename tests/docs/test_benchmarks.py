"""What the benchmarks compare with is a machine that there was, and what they fill a store with is what a site is."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx2

from benchmarks import growth, in_process, report
from tenure.server import main as server
from tenure.server.app import build_app
from tenure.server.context import ServerContext


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
        for table in ("customers", "accounts", "sites", "subscriptions", "standings", "codes"):
            count = opened.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - our own names
            assert count == (52,), table
        assert opened.execute("pragma integrity_check").fetchone() == ("ok",)
        assert opened.execute("pragma foreign_key_check").fetchall() == []
        names = [row[0] for row in opened.execute("select id from subscriptions order by id")]
    asyncio.run(each_is_read_as_itself(made, names))


async def each_is_read_as_itself(made: in_process.InProcessServer, names: list[str]) -> None:
    context = await server.open_context(made.folder)
    assert isinstance(context, ServerContext)
    api = build_app(context, time.monotonic, sweeping=False)
    headers = {"Authorization": f"Bearer {made.staff_token}"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.example") as http:
        for name in (*names[:3], *names[-3:]):
            told = (await http.get(f"/v1/subscriptions/{name}", headers=headers)).json()
            assert told["id"] == name
            customers = await http.get(f"/v1/subscriptions?customer={told['customer']}", headers=headers)
            assert [each["id"] for each in customers.json()["items"]] == [name]
    await context.db.close()
