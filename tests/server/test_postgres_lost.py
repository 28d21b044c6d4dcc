"""A database that goes away under the server: the caller is told to repeat, and repeating has one effect."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.store import postgres_listener
from tenure.store.engine import Connection, DatabaseUnavailable
from tenure.store.meta import claim_alone
from tenure.store.postgres import open_postgres
from tenure.store.schema import meta
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.contract.cut_front import CutFront, cut_front
from tests.contract.databases import run_sql, target_of
from tests.server.server_env import ServerEnv, office
from tests.server.test_money import customer_with
from tools.postgres import PostgresCluster, running_cluster

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with running_cluster() as started:
        sql = ("create role ana login password 'right'", "create schema ana authorization ana")
        asyncio.run(run_sql(started.url(), *sql))
        yield started


@pytest.fixture
async def cut(cluster: PostgresCluster, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, CutFront]]:
    """A server whose line to the database can be cut."""
    await run_sql(cluster.url(), "drop schema ana cascade", "create schema ana authorization ana")
    async with cut_front(cluster.port) as front:
        db = await open_postgres(target_of(f"postgresql://ana:right@127.0.0.1:{front.port}/postgres", "ana"))
        assert not isinstance(db, Refused), db
        async with office(tmp_path, database=db) as env:
            yield env, front


async def test_p4_a_commit_whose_answer_is_lost_is_done_once(cut: tuple[ServerEnv, CutFront]) -> None:
    env, front = cut
    account = await customer_with(env, 30_000)
    body = {"customer": env.customer, "offer": env.offers["standard"], "devices": 10}
    front.cuts = 1
    lost = await env.staff.send("POST", "/v1/subscriptions", body, key="once")
    assert (lost.status_code, lost.json()["code"]) == (503, "server_busy")
    assert "Retry-After" in lost.headers
    assert "repeated under the same key it is done once" in lost.json()["detail"]
    again = await env.staff.send("POST", "/v1/subscriptions", body, key="once")
    assert again.status_code == 201
    assert (await env.staff.get(f"{account}/account"))["balance"] == 18_000


async def test_p4_a_site_whose_answer_is_lost_behind_a_commit_repeats_and_goes_on(
    cut: tuple[ServerEnv, CutFront],
) -> None:
    """At its activation, at a contact that brings a lease, and at one that brings nothing: each is one effect."""
    env, front = cut
    name, code = await env.order()
    site = env.site()
    front.cuts = 1
    assert await site.activate(code) == "server_busy"
    granted = await site.activate(code, resend=True)
    assert isinstance(granted, ActivateAnswer) and granted.result == "granted"
    for change in (True, False):
        if change:
            await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        before = await env.facts(name)
        front.cuts = 1
        assert await site.sync() == "server_busy"
        heard = await site.sync(resend=True)
        assert isinstance(heard, SyncAnswer)
        assert (heard.result, heard.forked) == ("lease" if change else "unchanged", False)
        assert await env.facts(name) == before
    copies = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
    assert [each["id"] for each in copies] == [site.id]


@pytest.mark.parametrize("in_set", [False, True])
async def test_a_commit_that_may_be_done_is_told_so_and_not_tried_again_by_the_store(
    cut: tuple[ServerEnv, CutFront], in_set: bool
) -> None:
    env, front = cut
    runs: list[int] = []

    def note(conn: Connection, items: Sequence[int] = ()) -> Sequence[int]:
        runs.append(1)
        conn.execute(meta.insert(), {"key": "once", "value": ""})
        return items

    front.cuts = 1
    with pytest.raises(DatabaseUnavailable):
        await (env.context.db.submit_set(note, 1) if in_set else env.context.db.write(note))
    assert len(runs) == 1
    kept = sa.select(sa.func.count()).select_from(meta).where(meta.c.key == "once")
    assert await env.context.db.read(lambda conn: conn.scalar(kept)) == 1


async def test_a_line_that_was_lost_without_a_word_is_noticed_and_its_lock_taken_again(
    cut: tuple[ServerEnv, CutFront], cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    env, front = cut
    monkeypatch.setattr(postgres_listener, "ANSWER_SECONDS", 0.2)
    command = await open_postgres(target_of(cluster.url(), "ana"))
    assert not isinstance(command, Refused)
    await env.context.db.wait_for_news(0)
    assert isinstance(await command.write(claim_alone), Refused)
    front.silent = True
    end = (
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%tenure serves%' and usename = 'ana'"
    )
    await run_sql(cluster.url(), end)
    async with asyncio.timeout(5):
        while isinstance(await command.write(claim_alone), Refused):  # its end takes a moment
            pass
    front.silent = False
    await env.context.db.wait_for_news(0)
    assert isinstance(await command.write(claim_alone), Refused)
    await command.close()


async def test_p3_a_server_outlives_a_crash_of_its_database(
    cut: tuple[ServerEnv, CutFront], cluster: PostgresCluster
) -> None:
    env, _ = cut
    name, code = await env.order()
    site = env.site()
    await site.activate(code)
    await asyncio.to_thread(cluster.stop, "immediate")
    gone = await env.staff.send("GET", f"/v1/subscriptions/{name}")
    assert (gone.status_code, gone.json()["code"]) == (503, "server_busy")
    assert await site.sync() == "server_busy"
    await asyncio.to_thread(cluster.start)
    assert (await env.staff.get(f"/v1/subscriptions/{name}"))["id"] == name
    assert not isinstance(await site.sync(), str)
