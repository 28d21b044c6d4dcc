"""A server that was put back from a backup: what it signs is newer than all it forgot, and what sites hold counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.core.timeline import DAY
from tenure.store.engine import Connection
from tenure.store.schema import sites
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def put_back(env: ServerEnv) -> AsyncIterator[None]:
    """What the server does in between is forgotten; then it goes on in a new epoch, as `tenure restore` leaves it."""

    def remember(conn: Connection) -> list[dict[str, object]]:
        return [dict(row._mapping) for row in conn.execute(sa.select(sites))]

    rows = await env.context.db.read(remember)
    yield

    def forget(conn: Connection) -> None:
        for row in rows:
            conn.execute(sites.update().where(sites.c.id == row["id"]).values({**row, "revision": 0}))

    await env.context.db.write(forget)
    env.clock.now += 1  # an epoch is above any seen
    object.__setattr__(env.context, "epoch_floor", env.clock())  # what its next process reads at its start


async def licensed(env: ServerEnv, code: str) -> PlainSite:
    site = env.site()
    answer = await site.activate(code)
    assert isinstance(answer, ActivateAnswer) and answer.result == "granted", answer
    return site


async def told(site: PlainSite) -> SyncAnswer:
    answer = await site.sync()
    assert isinstance(answer, SyncAnswer), answer
    if answer.result == "send_lease":
        assert site.lease is not None
        answer = await site.sync(lease=site.lease.token.decode())
        assert isinstance(answer, SyncAnswer), answer
    return answer


async def test_what_a_restored_server_signs_is_newer_than_all_it_has_forgotten(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = await licensed(env, code)
        async with put_back(env):
            env.clock.now += 20 * DAY
            await told(site)
            assert site.lease is not None
            forgotten = site.lease.lease
        answer = await told(site)
        assert answer.result == "lease" and not answer.forked
        assert site.lease.lease.epoch == env.clock()
        assert (site.lease.lease.epoch, site.lease.lease.serial) > (forgotten.epoch, forgotten.serial)


async def test_a_site_of_which_nothing_was_forgotten_moves_to_the_new_epoch_too(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = await licensed(env, code)
        env.clock.now += DAY
        await told(site)
        async with put_back(env):
            pass
        assert (await told(site)).result == "lease"
        assert site.lease is not None and site.lease.lease.epoch == env.clock()
        assert (await told(site)).result == "unchanged"


async def test_b07_an_allotment_that_was_forgotten_counts_as_soon_as_its_site_shows_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=50)
        large, small = await licensed(env, code), await licensed(env, code)
        async with put_back(env):
            large.use, large.wanted = DeviceUse(total=10), 35
            await told(large)
            assert large.lease is not None
            assert large.lease.lease.allotment >= 35
        large.wanted = 0
        assert await _asked_for_its_lease(large)
        assert await large.sync(lease=large.lease.token.decode(), lose=True) == "lost"
        small.wanted = 50
        await told(small)
        assert small.lease is not None
        assert large.lease.lease.allotment + small.lease.lease.allotment <= 55


async def test_b07_places_that_a_restored_server_forgot_are_not_given_away_before_their_site_has_come(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=50)
        large, small = await licensed(env, code), await licensed(env, code)
        before = small.lease
        async with put_back(env):
            large.use, large.wanted = DeviceUse(total=10), 35
            await told(large)
            assert large.lease is not None and large.lease.lease.allotment >= 35
        small.wanted = 50
        answer = await told(small)
        assert [each.id for each in answer.messages] == ["unheard"]
        assert before is not None and small.lease is not None
        assert small.lease.lease.allotment == before.lease.allotment, "what it had it keeps"
        assert (await env.staff.get(f"/v1/sites/{large.id}"))["part"]["unheard"]
        large.wanted = 0
        await told(large)
        assert not (await told(small)).messages
        assert small.lease.lease.allotment > before.lease.allotment
        assert large.lease.lease.allotment + small.lease.lease.allotment <= 55


async def test_who_is_alone_with_a_subscription_waits_for_nobody_after_a_restore(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=50)
        site = await licensed(env, code)
        async with put_back(env):
            pass
        site.wanted = 50
        assert not (await told(site)).messages
        assert site.lease is not None and site.lease.lease.allotment >= 50


async def test_b07_a_site_that_joins_after_a_restore_is_protected_once_the_others_were_heard(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=50)
        known = await licensed(env, code)
        async with put_back(env):
            pass
        fresh = await licensed(env, code)
        assert fresh.lease is not None and fresh.lease.lease.allotment == 0
        fresh.wanted = 5
        assert [each.id for each in (await told(fresh)).messages] == ["unheard"]
        await told(known)
        await told(fresh)
        assert fresh.lease.lease.allotment >= 5


async def _asked_for_its_lease(site: PlainSite) -> bool:
    answer = await site.sync()
    return isinstance(answer, SyncAnswer) and answer.result == "send_lease"
