"""A lease that is signed with nothing else to be looked at is, to the byte, that of the whole answer."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tenure.core.timeline import DAY, HOUR
from tenure.http.timestamps import format_rfc3339
from tenure.wire.messages import DeviceUse
from tests.server.both_ways import assert_alike, plain, settled
from tests.server.server_env import PlainSite, ServerEnv, office


async def another_report(env: ServerEnv, name: str, site: PlainSite) -> None:
    site.version, site.use, site.wanted = "13.0", DeviceUse(total=3, digest="A" * 43), 4
    env.clock.now += 12 * DAY


async def quarter_of_its_life(env: ServerEnv, name: str, site: PlainSite) -> None:
    env.clock.now += 12 * DAY


async def change_of_the_subscription(env: ServerEnv, name: str, site: PlainSite) -> None:
    await env.staff.post(f"/v1/subscriptions/{name}/set-renewal-intent", {"intent": "auto"})


async def renewal_by_itself(env: ServerEnv, name: str, site: PlainSite) -> None:
    await env.staff.post(f"/v1/subscriptions/{name}/set-renewal-intent", {"intent": "auto"})
    await site.sync()
    env.clock.now += 20 * DAY


async def amnesty(env: ServerEnv, name: str, site: PlainSite) -> None:
    now = env.clock.now
    body = {"since": format_rfc3339(now - HOUR), "until": format_rfc3339(now), "text": "we were out"}
    await env.vendor.post("/v1/notices", body)
    env.clock.now += 12 * DAY


async def short_offline(env: ServerEnv, name: str, site: PlainSite) -> None:
    env.clock.now += 25 * DAY


NEWS = [quarter_of_its_life, another_report, change_of_the_subscription, renewal_by_itself, amnesty, short_offline]


@pytest.mark.parametrize("news", NEWS, ids=lambda each: each.__name__)
async def test_the_lease_alone_is_that_of_the_whole_answer(
    tmp_path: Path, news: Callable[[ServerEnv, str, PlainSite], Awaitable[None]]
) -> None:
    async with office(tmp_path) as env:
        name, site = await settled(env)
        await news(env, name, site)
        assert_alike(await plain(env, site))
        assert await plain(env, site) is None, "its acknowledgment is answered from its row"


async def test_an_acknowledgment_that_comes_with_it_is_noted(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, site = await settled(env)
        env.clock.now += 12 * DAY
        await site.sync()
        env.clock.now += 12 * DAY
        found = await plain(env, site)
        assert_alike(found)
        assert found is not None and found.heard


async def test_what_is_shared_goes_the_whole_way(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order("standard", devices=20)
        found = [env.site(), env.site(alone=True)]
        for site in found:
            await site.activate(code)
            await site.sync()
        env.clock.now += 12 * DAY
        for site in found:
            assert await plain(env, site) is None
