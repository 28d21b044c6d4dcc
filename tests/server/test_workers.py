"""Several processes on one state: what one changes the others go by within a second, and one that dies is replaced."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.http import group_metrics
from tenure.http.limits import RateLimit, RateThrottle
from tenure.server.main import open_context
from tenure.server.setup import init_folder
from tenure.server.shared_state import EVERY, RUSH, RUSH_PAUSE, SharedCounters, SharedStateWatch
from tenure.server.state_place import StatePlace
from tenure.server.sweep import BackgroundSweep
from tenure.store import meta
from tenure.store.engine import Connection
from tenure.store.rate_counters import OwedSeconds, charge_counters
from tests.cli.terminal import Terminal
from tests.contract import portable
from tests.contract.databases import SharedSchema, fresh_schema, named_schema
from tests.server.server_env import ServerEnv, office
from tests.server.test_money import customer_with

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SINCE, UNTIL = "2025-12-30T00:00:00Z", "2025-12-31T00:00:00Z"


@pytest.fixture
async def envs(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, ServerEnv]]:
    """Two processes of one server."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        second = await opener.open()
        yield env, env.second_process(second)
        await second.close()


def watch_of(env: ServerEnv) -> SharedStateWatch:
    return SharedStateWatch(env.context, SharedCounters(time.monotonic))


async def test_a_notice_of_one_process_goes_with_the_answers_of_the_other(envs: tuple[ServerEnv, ServerEnv]) -> None:
    """Told by the database, without waiting for the next look; or at the next look, where it knows no LISTEN."""
    one, two = envs
    watch = watch_of(two)
    await watch.look_once()
    await two.context.db.wait_for_news(0)
    heard = asyncio.create_task(two.context.db.wait_for_news(EVERY if portable.ON else 30))
    await one.vendor.post("/v1/notices", {"since": SINCE, "until": UNTIL, "text": "outage"})
    async with asyncio.timeout(1):
        await heard
        await watch.look_once()
    assert two.context.notices_carried(sandbox=False) == one.context.notices_carried(sandbox=False) != ()


async def test_money_that_one_process_stops_is_stopped_at_all(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    await customer_with(one, 30_000)

    def damage(conn: Connection) -> None:
        conn.exec_driver_sql("update accounts set balance = balance + 1")

    await one.context.db.write(damage)
    await BackgroundSweep(one.context).housekeeping()
    watch = watch_of(two)
    await watch.look_once()
    assert two.context.stopped_money == one.context.stopped_money != []
    body = {"customer": two.customer, "offer": two.offers["standard"], "devices": 10}
    assert await two.staff.refused("/v1/subscriptions", body) == "ledger_drift"
    later = BackgroundSweep(two.context)
    await later.housekeeping()
    assert two.context.stopped_money, "whose turn it is not looks at nothing, and forgets nothing"


async def test_the_hourly_work_is_done_by_one_process_an_hour(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    now = one.clock()

    async def claim(env: ServerEnv, at: int) -> object:
        return await env.context.db.write(meta.claim_turn, "work", at, 3_600)

    assert sorted([await claim(one, now), await claim(two, now)], key=str) == [False, True]
    assert await claim(two, now + 3_599) is False
    assert await claim(two, now + 3_600) is True


async def test_work_that_a_clock_ahead_has_taken_for_a_year_is_done_all_the_same(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    one, two = envs
    now = one.clock()
    assert await one.context.db.write(meta.claim_turn, "work", now + 365 * 86_400, 3_600) is True
    assert await two.context.db.write(meta.claim_turn, "work", now, 3_600) is True
    assert await two.context.db.write(meta.claim_turn, "work", now, 3_600) is False


async def test_a_clock_that_was_set_back_does_not_put_off_the_hourly_work(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, _ = envs
    sweep = BackgroundSweep(one.context)
    one.clock.now += 30 * 86_400
    await sweep.housekeeping()
    one.clock.now -= 30 * 86_400
    await sweep.housekeeping()
    await one.context.db.write(lambda conn: conn.exec_driver_sql("update accounts set balance = balance + 1"))
    one.clock.now += 3_600
    await sweep.housekeeping()
    assert one.context.stopped_money


async def test_a_root_that_cannot_be_followed_holds_up_nothing_else(
    envs: tuple[ServerEnv, ServerEnv], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = envs
    await one.context.db.write(meta.set_stopped_money, ["cus_a"])

    def fail(*_: object) -> None:
        raise LookupError("no key for it is at hand")

    monkeypatch.setattr(two.context.keys, "follow_root", fail)
    counters = SharedCounters(time.monotonic)
    counters.write_counter(("tries", "ana"), time.monotonic() + 60)
    with pytest.raises(LookupError):
        await SharedStateWatch(two.context, counters).look_once()
    assert two.context.stopped_money == ["cus_a"]
    assert counters.take_spent() == {}


async def test_a_process_that_starts_knows_at_once_that_money_is_stopped(postgres_url: str, tmp_path: Path) -> None:
    async with fresh_schema(postgres_url) as schema:
        url = f"{postgres_url.replace(':@', '@')}{'&' if '?' in postgres_url else '?'}schema={schema.schema}"
        place, folder = StatePlace(tmp_path / "server", url), tmp_path / "server"
        made = await init_folder(folder, "https://license.test", secrets.token_bytes, int(time.time()), place=place)
        assert not isinstance(made, Refused), made
        for stopped in (["cus_a"], []):
            one = await open_context(folder)
            assert not isinstance(one, Refused), one
            await one.db.write(meta.set_stopped_money, stopped)
            two = await open_context(folder)
            assert not isinstance(two, Refused), two
            assert two.stopped_money == stopped
            for each in (one, two):
                await each.db.close()


async def charged(env: ServerEnv, key: str, seconds: float, seen: int = 0) -> OwedSeconds:
    owed = await env.context.db.write(charge_counters, {("tries", key): seconds}, seen)
    assert not isinstance(owed, Refused)
    return owed


async def test_a_database_whose_clock_is_set_back_by_an_hour_keeps_no_caller_out_for_that_hour(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    """The counters of before are as many milliseconds ahead."""
    one, two = envs
    clock = (await charged(one, "ana", 5)).clock
    await one.context.db.write(lambda conn: conn.exec_driver_sql("update throttles set count = count + 3600000"))
    owed = await charged(two, "ana", 5, clock + 3_600_000)
    assert 4 < owed.by_key["tries", "ana"] <= 5
    assert owed.clock < clock + 600_000
    assert (await charged(one, "ana", 5, owed.clock)).by_key["tries", "ana"] > 9


async def test_clocks_that_part_while_it_runs_are_told_once(
    envs: tuple[ServerEnv, ServerEnv], caplog: pytest.LogCaptureFixture
) -> None:
    one, _ = envs
    watch = watch_of(one)
    told: list[int] = []
    for apart in (0, -3_600, -3_600, 60, 3_600):
        one.clock.now = int(time.time()) + apart
        await watch.look_once()
        told.append(sum(each.levelname == "CRITICAL" for each in caplog.records))
    assert told == [0, 1, 1, 1, 2]
    assert "ahead of this computer's" in caplog.text
    assert "behind this computer's" in caplog.text


async def test_counters_that_are_owed_are_not_collected_by_a_process_whose_clock_is_ahead(
    envs: tuple[ServerEnv, ServerEnv],
) -> None:
    one, _ = envs
    await charged(one, "ana", 600)
    await charged(one, "eve", 0.001)
    one.clock.now = int(time.time()) + 3_600
    await BackgroundSweep(one.context).housekeeping()
    names = await one.context.db.read(lambda conn: list(conn.scalars(sa.text("select key from throttles"))))
    assert names == ["rate\ntries\nana"]


def test_while_the_database_is_away_no_more_is_remembered_than_is_counted() -> None:
    counters = SharedCounters(lambda: 100.0, capacity=3)
    for number in range(10):
        counters.write_counter(("tries", str(number)), 101.0)
    assert len(counters.take_spent()) == 3


async def test_a_pace_is_charged_to_all_processes(envs: tuple[ServerEnv, ServerEnv]) -> None:
    ticks = [100.0]
    limit = RateLimit("tries", 10, 600)
    sides = []
    for env in envs:
        counters = SharedCounters(lambda: ticks[0])
        throttle = RateThrottle(counters, lambda: ticks[0], env.clock)
        sides.append((throttle, SharedStateWatch(env.context, counters)))
    (first, watch_first), (second, watch_second) = sides
    for _ in range(6):
        assert first.count_request((limit, "ana")) is None
    await watch_first.look_once()
    assert second.count_request((limit, "ana")) is None
    await watch_second.look_once()
    allowed = sum(second.count_request((limit, "ana")) is None for _ in range(10))
    assert allowed == 3, "ten in all, of which six were the other's"
    await watch_second.look_once()
    assert first.count_request((limit, "eve")) is None
    refused = second.count_request((limit, "ana"))
    assert isinstance(refused, Refused) and refused.code is RefusalCode.TOO_MANY_REQUESTS


async def test_a_rush_at_two_processes_does_not_double_a_limit(envs: tuple[ServerEnv, ServerEnv]) -> None:
    """Each lets through what it has until the other's is known: the first `RUSH`, and what comes while it is told."""
    most, at_once = 200, 10
    limit, allowed, ticks = RateLimit("tries", most, 36_000), Counter[int](), 100.0
    sides = []
    for env in envs:
        counters = SharedCounters(lambda: ticks)
        sides.append((RateThrottle(counters, lambda: ticks, env.clock), SharedStateWatch(env.context, counters)))
    telling = [asyncio.create_task(watch.exchange_rushes()) for _, watch in sides]
    for _ in range(most // at_once * 2):
        for number, (throttle, _) in enumerate(sides):
            allowed[number] += sum(throttle.count_request((limit, "ana")) is None for _ in range(at_once))
        await asyncio.sleep(RUSH_PAUSE)
    for each in telling:
        each.cancel()
    assert min(allowed.values()) > most // 4
    assert most <= allowed.total() <= most + 2 * (RUSH + 4 * at_once), allowed


def kinds_of(conn: Connection, name: str) -> list[str]:
    return list(conn.scalars(sa.text("select kind from facts where subscription = :name"), {"name": name}))


async def test_a_due_account_is_settled_by_one_and_skipped_by_the_other(envs: tuple[ServerEnv, ServerEnv]) -> None:
    """While one process holds the account the other does not wait for it."""
    one, two = envs
    await customer_with(one, 100_000)
    name, _ = await one.order("monthly")
    one.clock.now += 40 * 86_400
    holds, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(conn: Connection) -> None:
        conn.exec_driver_sql("select * from accounts for update")
        loop.call_soon(holds.set)
        sa.util.await_only(go_on.wait())

    holding = asyncio.create_task(one.context.db.write(hold))
    await holds.wait()
    try:
        async with asyncio.timeout(3):
            await BackgroundSweep(two.context).once()
            assert "Renewed" not in await two.context.db.read(kinds_of, name)
    finally:
        go_on.set()
        await holding
    await BackgroundSweep(two.context).once()
    assert (await two.facts(name)).count("Renewed") == 1


@pytest.fixture
def served(postgres_url: str, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The program with two workers."""
    with named_schema(postgres_url) as schema:
        url = f"{postgres_url.replace(':@', '@')}{'&' if '?' in postgres_url else '?'}schema={schema}&connections=2"
        terminal = Terminal(tmp_path)
        folder = str(tmp_path / "server")
        terminal.now = lambda: int(time.time())
        made = terminal.good("server", "init", "--folder", folder, "--name", "https://x.example", "--database", url)
        (tmp_path / "vendor-token").write_text(made["vendor_token"])
        program = [Path(sys.executable).with_name("tenure"), "server", "run", "--folder", folder]
        process = subprocess.Popen(
            [*program, "--listen", "127.0.0.1:0", "--workers", "2"],
            stdout=subprocess.PIPE, stderr=(tmp_path / "log").open("w"), text=True,
        )  # fmt: skip
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process
        if process.poll() is None:
            process.kill()
            process.wait()


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return {int(each) for each in children.read_text().split()}


def answers(address: str, seconds: float = 20) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if httpx2.get(f"{address}/readyz").status_code == 200:
                return True
        except httpx2.HTTPError:
            time.sleep(0.05)
    return False


def test_a_worker_that_is_killed_is_replaced_and_a_signal_ends_all(
    served: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    address, process = served
    assert answers(address)
    before = workers_of(process)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    ends = time.monotonic() + 20
    while (now := workers_of(process)) == before or len(now) < 2:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert len(before & now) == 1
    assert Counter(answers(address) for _ in range(20)) == {True: 20}
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
    assert not any(Path(f"/proc/{each}").exists() for each in now)
    assert "is replaced" in (tmp_path / "log").read_text()


def test_the_metrics_of_all_workers_are_told_by_each_and_none_goes_back(
    served: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    address, process = served
    headers = {"Authorization": f"Bearer {(tmp_path / 'vendor-token').read_text()}"}

    def counted() -> int:
        told = httpx2.get(f"{address}/metrics", headers=headers).text
        found = re.search(r'tenure_http_requests_total{method="GET",route="/livez",status="200"} ([0-9.]+)', told)
        return int(float(found[1])) if found else 0

    assert answers(address)
    for _ in range(40):  # each on a connection of its own, which either worker may take
        assert httpx2.get(f"{address}/livez").status_code == 200
    ends = time.monotonic() + 10 * group_metrics.EVERY  # the other one writes what it has counted once a second
    while {counted() for _ in range(10)} != {40}:
        assert time.monotonic() < ends
    killed = min(workers_of(process))
    os.kill(killed, signal.SIGKILL)
    ends = time.monotonic() + 20
    while killed in workers_of(process) or len(workers_of(process)) < 2:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert answers(address)
    assert {counted() for _ in range(10)} == {40}
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert not list(Path(tempfile.gettempdir()).glob(f"tenure-metrics-{process.pid}-*"))


def test_workers_end_with_a_parent_that_is_killed(served: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = served
    assert answers(address)
    children = workers_of(process)
    process.kill()
    process.wait()
    ends = time.monotonic() + 20
    while any(Path(f"/proc/{each}").exists() for each in children):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_several_workers_need_postgresql(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.now = lambda: int(time.time())
    folder = str(tmp_path / "server")
    terminal.good("server", "init", "--folder", folder, "--name", "https://x.example")
    refused = terminal.refused("server", "run", "--folder", folder, "--workers", "2")
    assert (refused["code"], refused["field"]) == ("field_invalid", "workers")
    assert "PostgreSQL" in refused["detail"]
