"""Devices that stay offline while their site goes from subscription to subscription: each counts somewhere until its
seat is over (B7, P5; ADR 16)."""

from pathlib import Path

import pytest

from tenure.core.lease.standing import OutageAmnesty
from tenure.core.timeline import DAY, HOUR
from tenure.http.timestamps import format_rfc3339
from tests.server.seated_sites import CEILING, LIMIT, SeatedSite, SeatedSites
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio

SOLD = (("standard", LIMIT), ("monthly", LIMIT), ("standard", 1))
"""Of a yearly, a monthly and a small one; 22, 22 and 1 devices may run under them."""
MOST = 2 * CEILING + 1
DEVICES = 10
"""Their seats, of day 30, are of the yearly one, and end on day 44; leases of the monthly one end on day 38."""
COURSES = ("yms", "ymy", "ymys", "ymsm", "ysm", "ysy", "ymymy")
"""From which to which the site goes: yearly, monthly, small."""


async def traveler(env: ServerEnv) -> tuple[SeatedSites, SeatedSite]:
    """A site of ten devices on day 30, which hold fresh seats of the yearly subscription and are silent from now on."""
    sold = [await env.order(offer, devices=devices) for offer, devices in SOLD]
    world = SeatedSites(env, sold, seed=0)
    going = SeatedSite(env.site())
    world.sites.append(going)
    await world.apply(going, sold[0][1])
    env.clock.now = START + 30 * DAY
    going.site.wanted = DEVICES
    await world.sync(going)
    going.add_devices(DEVICES, env.clock.now)
    await world.sync(going)
    assert going.running(env.clock.now) == DEVICES
    return world, going


async def go(world: SeatedSites, going: SeatedSite, where: str, *, late: bool) -> None:
    """The site goes to another subscription, and the one it leaves lives on; `late`: each answer comes a day later."""
    assert going.site.lease is not None
    left = going.site.lease.lease.subscription
    await world.do(left, "cancel")
    await world.apply(going, world.sold["yms".index(where)][1], late=late)
    await world.do(left, "undo-cancellation")
    if late:
        world.env.clock.now += DAY
    await world.sync(going, late=late)
    await world.sync(going, late=late)
    world.env.clock.now += HOUR
    await world.answered(going)


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("course", COURSES)
async def test_b07_wherever_a_site_goes_its_offline_devices_take_places_until_their_seats_end(
    course: str, late: bool, sandbox: bool, tmp_path: Path
) -> None:
    async with office(tmp_path, sandbox=sandbox) as env:
        world, going = await traveler(env)
        for where in course[1:]:
            await go(world, going, where, late=late)
        assert world.seen["granted"] == len(course)
        assert await world.fill(18) == MOST, "all places are taken, and none twice"


@pytest.mark.parametrize("course", ["yms", "ymy", "ymys"])
async def test_b07_others_who_fill_a_pool_as_soon_as_a_site_leaves_it_get_no_place_of_an_offline_device(
    course: str, tmp_path: Path
) -> None:
    async with office(tmp_path) as env:
        world, going = await traveler(env)
        for where in course[1:]:
            await go(world, going, where, late=False)
            assert await world.fill(1) <= MOST
        assert await world.fill(18) == MOST


@pytest.mark.parametrize("another", [False, True])
async def test_b07_a_site_released_from_the_second_subscription_leaves_places_to_its_offline_devices(
    another: bool, tmp_path: Path
) -> None:
    """The provider makes it leave the monthly one; it may go on to the small one, or gets nothing more."""
    async with office(tmp_path) as env:
        world, going = await traveler(env)
        await go(world, going, "m", late=False)
        await world.do(world.sold[1][0], "release-site", site=going.site.id, another_code=another)
        for _ in range(3):
            await world.sync(going)
        assert going.gone
        if another:
            await world.apply(going, world.sold[2][1])
            await world.sync(going)
            assert not going.gone
        assert await world.fill(18) == MOST


async def test_b07_the_part_of_a_silent_site_is_not_freed_while_seats_of_the_one_before_run(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        world, going = await traveler(env)
        await go(world, going, "m", late=False)
        assert going.site.lease is not None
        agree = f"/v1/subscriptions/{world.sold[1][0]}/free-allotment", {"site": going.site.id}
        for day in (38, 39, 43):
            env.clock.now = START + day * DAY + HOUR
            assert await env.staff.refused(*agree) == "still_promised", day
            assert await world.fill(1) <= MOST


async def test_b07_an_outage_made_good_later_keeps_the_places_of_seats_of_the_first_subscription(
    tmp_path: Path,
) -> None:
    """The amnesty of five days is published on day 43, when the site has long gone on: the seats run until day 49."""
    async with office(tmp_path) as env:
        world, going = await traveler(env)
        for where in "ms":
            await go(world, going, where, late=False)
        env.clock.now = START + 43 * DAY
        since, until = env.clock.now - 5 * DAY, env.clock.now + HOUR
        body = {"since": format_rfc3339(since), "until": format_rfc3339(until), "text": "we were out"}
        await env.vendor.post("/v1/notices", body)
        going.forgive(OutageAmnesty(since, until))
        assert await world.fill(8) <= MOST


@pytest.mark.parametrize("many", [2, 3])
async def test_b07_sites_that_follow_one_another_through_three_subscriptions_share_what_is_free(
    many: int, tmp_path: Path
) -> None:
    async with office(tmp_path) as env:
        world, first = await traveler(env)
        others = [SeatedSite(env.site()) for _ in range(many - 1)]
        world.sites += others
        for other in others:
            await world.apply(other, world.sold[0][1])
            other.site.wanted = 6
            await world.sync(other)
            other.add_devices(6, env.clock.now)
            await world.sync(other)
        for where in "ms":
            for each in (first, *others):
                await go(world, each, where, late=False)
        assert await world.fill(18) == MOST


async def test_who_comes_back_to_the_first_subscription_finds_all_devices_covered_while_nobody_took_their_places(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        world, going = await traveler(env)
        for where in "my":
            await go(world, going, where, late=False)
        assert going.allowed(env.clock.now) >= DEVICES
        env.clock.now = START + 45 * DAY
        going.site.wanted = LIMIT
        await world.sync(going)
        assert going.allowed(env.clock.now) >= LIMIT, "nothing is held back in a pool that is its own again"


KINDS = ((("standard", LIMIT), ("monthly", LIMIT), ("monthly", 2)), (("brief", LIMIT), ("brief", LIMIT), ("later", 2)))
"""Of the second kind some end, and a successor takes over."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", range(len(KINDS)))
async def test_b07_whatever_sites_do_no_more_devices_may_run_offline_than_all_their_subscriptions_have(
    kind: int, seed: int, tmp_path: Path
) -> None:
    """Each device is counted by its own seat; in the end newcomers take all that the server says is free."""
    most = 2 * CEILING + 2
    async with office(tmp_path) as env:
        world = SeatedSites(env, [await env.order(offer, devices=many) for offer, many in KINDS[kind]], seed)
        for _ in range(3):
            await world.join()
        for step in range(30):
            await world.step()
            assert world.may_run() <= most, (step, world.story)
        assert await world.fill(18) <= most, world.story
        assert world.seen["granted"] >= 5 and world.seen["lease"] >= 5
