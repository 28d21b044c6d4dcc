"""What was written stays what it was, or it shows: verify, checkpoint, rebuild, feed (B12, P7)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from tenure.core.timeline import DAY
from tenure.server import subscription_service
from tenure.store import facts, integrity
from tenure.store.chain import read_checkpoint
from tenure.store.engine import Connection
from tenure.store.schema import standings
from tests.server.server_env import START, ServerEnv, office
from tests.server.tampering import drop_guards, run_edit

pytestmark = pytest.mark.anyio


async def _lived(env: ServerEnv) -> str:
    name, code = await env.order()
    await env.site().activate(code)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 12})
    await env.staff.post(f"/v1/subscriptions/{name}/cancel", {})
    return name


async def _tampered(env: ServerEnv, statement: str) -> list[Any]:
    def work(conn: Connection) -> list[Any]:
        drop_guards(conn)
        run_edit(conn, statement)
        return list(integrity.verify_histories(conn))

    found: list[Any] = await env.context.db.dry_run(work)
    return found


async def test_b12_an_untouched_history_verifies(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await _lived(env)
        assert await env.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update facts set body = cast(replace(cast(body as text), 'Ordered', 'Order2d') as blob) where kind = 'Ordered'",  # noqa: E501
        "update facts set by_actor = 'somebody else' where seq = 1",
        "update facts set at = at + 1 where seq = 2",
        "delete from facts where seq = 2",
        "delete from facts where seq = (select max(seq) from facts)",
        "update facts set seq = -seq where seq in (2, 3)",
        "update postings set body = cast(replace(cast(body as text), '12000', '12001') as blob)",
        "update accounts set balance = balance + 1",
        "update plans set body = cast(replace(cast(body as text), 'edit', 'edlt') as blob)",
    ],
)
async def test_b12_p7_any_edit_past_the_server_is_found(tmp_path: Path, statement: str) -> None:
    async with office(tmp_path) as env:
        await _lived(env)
        found = await _tampered(env, statement)
        drifted = await env.context.db.dry_run(lambda conn: _after(conn, statement)) if not found else []
        assert found or drifted, statement


BODIES = ("facts", "postings", "provider_links", "plans", "products", "offers", "customers", "providers")


@pytest.mark.parametrize("table", BODIES)
async def test_p7_bytes_that_are_no_text_are_found_and_end_no_search(tmp_path: Path, table: str) -> None:
    """One byte must not end the search with an error: whatever else was altered would stay unseen."""
    text = "replace(hex(body), '223A22', '223A22FF')"  # after `":"`
    async with office(tmp_path) as env:
        await _lived(env)
        assert await _tampered(env, f"update {table} set body = unhex({text}) where body is not null")  # noqa: S608


def _after(conn: Connection, statement: str) -> list[Any]:
    run_edit(conn, statement)
    return list(integrity.drifted_accounts(conn))


async def test_b12_p7_a_removed_tail_is_found_by_a_checkpoint(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name = await _lived(env)
        payload = await env.context.db.read(lambda conn: integrity.checkpoint_payload(conn, START))

        def work(conn: Connection) -> list[Any]:
            drop_guards(conn)
            kept = facts.links_after(conn, env.provider, name)[-2]
            conn.execute(sa.text("delete from facts where seq > :last"), {"last": kept.seq})
            conn.execute(
                sa.text("update subscriptions set revision = :last, head_hash = :hash"),
                {"last": kept.seq, "hash": kept.hash},
            )
            assert list(integrity.verify_histories(conn)) == []  # the chain alone is sound again
            then = read_checkpoint(payload)
            assert not hasattr(then, "code")
            return list(integrity.verify_against(conn, then))  # type: ignore[arg-type]  # no refusal, as asserted

        assert await env.context.db.dry_run(work) != []


async def test_projections_are_made_from_facts_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await _lived(env)
        await env.order("monthly")

        def listed(conn: Connection) -> list[Any]:
            return [tuple(row) for row in conn.execute(sa.select(standings).order_by(standings.c.subscription))]

        def work(conn: Connection) -> tuple[list[Any], list[Any], list[Any]]:
            before = listed(conn)
            integrity.drop_projections(conn)
            dropped = listed(conn)
            for row in before:
                subscription_service.rebuild_projections(conn, env.provider, row[0], env.clock())
            return before, dropped, listed(conn)

        before, dropped, after = await env.context.db.dry_run(work)
        assert before
        assert dropped == []
        assert after == before


async def test_a_list_shows_fewer_devices_from_their_instant_on_although_the_subscription_is_over(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order("monthly")
        path = f"/v1/subscriptions/{name}"
        env.clock.now = START + 15 * DAY
        await env.staff.post(f"{path}/change-devices", {"devices": 4})  # from March on: a month's notice is kept
        await env.staff.post(f"{path}/cancel", {"why": "moved away"})  # at the end of January
        shown = []
        for day in (16, 40, 80):
            env.clock.now = START + day * DAY
            await env.sweep()
            (row,) = (await env.staff.get("/v1/subscriptions"))["items"]
            shown.append((row["phase"], row["devices"]))
            before = await env.snapshot()
            await env.context.db.write(subscription_service.rebuild_projections, env.provider, name, env.clock())
            assert await env.snapshot() == before
        assert shown == [("active", 10), ("ended", 10), ("ended", 4)]


async def test_the_feed_is_gapless_and_announces_the_true_instant(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        env.clock.now = START + 367 * DAY  # the sweep slept for two days
        await env.sweep()
        await env.sweep()
        notes = (await env.staff.get("/v1/events", limit=200))["items"]
        assert [note["seq"] for note in notes] == list(range(1, len(notes) + 1))
        grace = [note for note in notes if note["kind"] == "subscription.now_grace"]
        assert [(note["subscription"], note["since"]) for note in grace] == [(name, "2027-01-01T00:00:00Z")]
        assert msgspec.json.encode(grace[0]["data"])
