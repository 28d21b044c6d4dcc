"""What is remembered of a long history is what the history says: after more facts, a rollback, another database."""

import asyncio
from pathlib import Path

import pytest

from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import Subscription, fold
from tenure.core.subscription.past_timeline import as_it_held
from tenure.core.timeline import Timeline
from tenure.server import folding
from tenure.store import facts
from tenure.store.chain import ChainPosition
from tenure.store.engine import Connection
from tests.server.server_env import ServerEnv, office


async def _switch(env: ServerEnv, name: str, times: int) -> None:
    for number in range(times):
        env.clock.now += 3_600
        intent = ("manual", "auto")[(number + 1) % 2]
        await env.staff.send("POST", f"/v1/subscriptions/{name}/set-renewal-intent", {"intent": intent})


def _both(conn: Connection, env: ServerEnv, name: str) -> tuple[Subscription, Subscription]:
    provider = env.provider
    plain = fold(tuple(f.decode_fact(each.body) for each in facts.load_history(conn, provider, name)))
    return next(folding.subscriptions_of(conn, provider, [name])), plain


async def test_what_is_remembered_is_what_the_history_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "LONG", 3)
    async with office(tmp_path) as env:
        name, _ = await env.order()
        for _ in range(4):
            await _switch(env, name, 3)
            for _ in range(2):
                remembered, plain = await env.context.db.read(_both, env, name)
                assert remembered == plain
        assert name in folding._known
        await env.staff.send("POST", f"/v1/subscriptions/{name}/change-devices", {"devices": 12}, dry_run="true")
        remembered, plain = await env.context.db.read(_both, env, name)
        assert remembered == plain, "nothing of a rehearsal stays"
        head, _ = folding._known[name]
        folding._known[name] = (type(head)(head.seq, bytes(32)), plain)
        remembered, plain = await env.context.db.read(_both, env, name)
        assert remembered == plain, "under another hash it is another history"


def _both_held(conn: Connection, env: ServerEnv, name: str) -> tuple[Timeline, Timeline]:
    history = facts.load_history(conn, env.provider, name)
    return folding.held_timeline(conn, env.provider, name), as_it_held(f.decode_fact(each.body) for each in history)


async def test_spans_that_were_held_are_remembered_and_go_on_with_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LONG", 3)
    async with office(tmp_path) as env:
        name, _ = await env.order()
        for _ in range(3):
            await _switch(env, name, 2)
            for action, body in (("hold", {"reason": "a move"}), ("release", None)):
                env.clock.now += 3_600
                await env.staff.post(f"/v1/subscriptions/{name}/{action}", body)
                for _ in range(2):
                    remembered, plain = await env.context.db.read(_both_held, env, name)
                    assert remembered == plain
        assert len(plain) > 3, "what was held shows"
        known = folding._held[name]
        folding._held[name] = known._replace(at=type(known.at)(known.at.seq, bytes(32)), spans=())
        remembered, plain = await env.context.db.read(_both_held, env, name)
        assert remembered == plain, "under another hash it is another history"
        assert await env.context.db.read(lambda conn: folding.held_timeline(conn, "prv_other", name)) == ()


async def test_a_short_history_is_remembered_where_its_end_is_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        monkeypatch.setattr(folding, "_known", {})
        _, plain = await env.context.db.read(_both, env, name)
        assert name not in folding._known, "to look for its end costs more than to go through it"

        def with_ends(conn: Connection, by: int) -> list[Subscription]:
            head = facts.heads_of(conn, env.provider, [name])[name]
            ends = {name: ChainPosition(head.seq - by, head.hash if not by else bytes(32))}
            return list(folding.subscriptions_of(conn, env.provider, [name], ends))

        assert await env.context.db.read(with_ends, 1) == [plain]
        assert name not in folding._known, "it has grown since its end was read"
        assert await env.context.db.read(with_ends, 0) == [plain]
        assert folding._known[name][1] == plain
        assert await env.context.db.read(with_ends, 0) == [plain]


async def test_nobody_elses_history_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "LONG", 2)
    async with office(tmp_path) as env:
        name, _ = await env.order()
        await _switch(env, name, 3)
        await env.context.db.read(_both, env, name)
        assert name in folding._known
        assert await env.context.db.read(lambda conn: list(folding.subscriptions_of(conn, "prv_other", [name]))) == []


async def test_so_many_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folding, "LONG", 1)
    monkeypatch.setattr(folding, "REMEMBERED", 2)
    monkeypatch.setattr(folding, "_known", {})
    async with office(tmp_path) as env:
        for _ in range(4):
            await env.order()
            assert len(folding._known) <= 2


async def test_a_long_history_is_gone_through_in_slices_between_which_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LONG", 3)
    async with office(tmp_path) as env:
        name, _ = await env.order()
        await _switch(env, name, 23)
        monkeypatch.setattr(folding, "SLICE", 5)
        others = await _turns_of_others(env, name)
        assert others >= 2 * 24 // 5, "one after each slice, of the fold and of the spans"
        head = (await env.context.db.read(facts.heads_of, env.provider, [name]))[name]
        assert (folding._known[name][0], folding._held[name].at) == (head, head)
        remembered, plain = await env.context.db.read(_both, env, name)
        assert remembered == plain
        assert (await env.context.db.read(_both_held, env, name)) == ((folding._held[name].spans,) * 2)
        await _switch(env, name, 1)
        assert await _turns_of_others(env, name, cold=False) <= 2, "what is remembered is not gone through again"


async def test_an_edit_below_what_is_remembered_is_read_anew_and_strangers_unfold_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LONG", 3)
    monkeypatch.setattr(folding, "SLICE", 5)
    async with office(tmp_path) as env:
        name, _ = await env.order()
        await _switch(env, name, 23)
        folding._known.clear()
        await folding.unfold_histories(env.context.db, "prv_other", name, "")
        await folding.unfold_histories(env.context.db, env.provider, "sub_unknown", "")
        assert name not in folding._known
        _, plain = await env.context.db.read(_both, env, name)
        folding._known[name] = (ChainPosition(7, bytes(32)), plain)
        await folding.unfold_histories(env.context.db, env.provider, name, "")
        remembered, plain = await env.context.db.read(_both, env, name)
        assert remembered == plain


async def _turns_of_others(env: ServerEnv, name: str, *, cold: bool = True) -> int:
    """How often others had the loop while the subscription was looked at."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    if cold:
        folding._known.clear()
        folding._held.clear()
    beside = asyncio.create_task(others())
    await folding.unfold_histories(env.context.db, env.provider, name, "")
    beside.cancel()
    return turns
