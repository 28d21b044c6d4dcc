"""Applications on a seat conflict's list that are more than plain: staged, copied, installed again, held, ephemeral."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenure.core.timeline import DAY, HOUR, PhaseCause
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer
from tests.server.lower_limits import END, date_of, going, ids, listed, lowered, near_the_end, running, said, served
from tests.server.server_env import PlainSite, ServerEnv, neighbor, office

pytestmark = pytest.mark.anyio


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ServerEnv]:
    async with office(tmp_path) as opened:
        yield opened


async def strike(env: ServerEnv, name: str, sites: list[PlainSite]) -> None:
    await env.staff.post(f"/v1/subscriptions/{name}/edit-seat-conflict", {"going": sorted(ids(sites))})


async def refused(site: PlainSite, code: str) -> str:
    told = await site.activate(code)
    assert isinstance(told, ActivateAnswer), told
    return "granted" if told.refusal is None else told.refusal.code


async def ready(site: PlainSite, code: str = "") -> int | None:
    """The date that the successor's lease carries which comes with the next answer; staged with `code`."""
    told = await (site.activate(code, role="successor") if code else site.sync())
    assert not isinstance(told, str)
    assert told.refusal is None, told.refusal
    read = read_lease(told.successor.encode(), site.root, product="editor", sandbox=site.sandbox)
    assert isinstance(read, SealedLease), read
    return next((span.since for span in read.lease.spans if span.why is PhaseCause.SEAT_CONFLICT), None)


async def test_one_whose_place_is_over_may_take_another_code_and_before_that_it_may_not(env: ServerEnv) -> None:
    name, code, apps = await lowered(env)
    await near_the_end(env, name)
    _, other = await env.order(devices=2)
    for each in apps:
        await said(each)
    assert await refused(apps[9], other) == "subscription_in_force"
    env.clock.now = END + HOUR
    assert await refused(apps[0], other) == "subscription_in_force"
    assert await refused(apps[9], code) == "device_limit_reached"
    assert await refused(apps[9], other) == "granted"
    assert served(apps[9], env.clock.now)
    assert await said(apps[9]) in {"lease", "unchanged"}
    assert (await env.facts(name))[-1] == "SiteLeft"
    env.clock.now += DAY
    assert await refused(apps[9], code) == "subscription_in_force"


async def test_those_who_wait_for_the_lowered_order_read_the_date_in_the_leases_that_wait(env: ServerEnv) -> None:
    """Ten applications under an order that ends a week before the day follow it to the order that is lowered."""
    name, code = await env.order(devices=10)
    env.clock.now = END - 38 * DAY
    _, before = await env.order("brief", devices=10)
    apps = await running(env, before, 10)
    for each in apps:
        assert (await ready(each, code=code)) is None
        env.clock.now += HOUR
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    await env.staff.post(f"/v1/subscriptions/{name}/renew")
    assert await going(env, name) == ids(apps[6:])
    assert [await ready(each) for each in apps[1:]] == [None] * 5 + [END] * 4
    # The last is taken back, and one struck out instead who has not heard of it: what waits there reaches further.
    await strike(env, name, [apps[0], *apps[6:9]])
    assert await ready(apps[9]) == END
    for each in [apps[0], apps[0], *apps[6:9]]:
        assert await ready(each) == END, "they show that they know with the next contact"
    assert await ready(apps[9]) is None
    env.clock.now = END - 5 * DAY
    for each in apps:
        assert await said(each) == "lease"
    assert {each.lease.lease.subscription for each in apps if each.lease} == {name}
    assert [served(each, END) for each in apps] == [False, *[True] * 5, *[False] * 3, True]


async def test_a_successor_that_took_over_is_not_cut_by_the_date_of_what_it_followed(env: ServerEnv) -> None:
    """Struck out of an order that nobody renews; the successor begins on that very day."""
    _, other = await env.order(devices=1, until="2027-12-01")
    name, _, apps = await lowered(env)
    env.clock.now = END - 10 * DAY
    for each in apps:
        await said(each)
    told = await apps[9].activate(other, role="successor")
    assert isinstance(told, ActivateAnswer)
    assert told.refusal is None, told.refusal
    assert date_of(apps[9]) == END
    env.clock.now = END + HOUR
    assert await said(apps[9]) == "lease"
    assert (served(apps[9], env.clock.now), date_of(apps[9])) == (True, None)
    late = env.site(alone=True)
    assert await refused(late, other) == "device_limit_reached"
    assert await going(env, name) == set()


async def test_two_copies_of_one_that_is_struck_out_both_read_the_date(env: ServerEnv) -> None:
    name, _, apps = await lowered(env)
    await near_the_end(env, name, days=5)
    copy = apps[9].clone()
    for each in apps:
        await said(each)
    await said(copy)
    assert date_of(copy) == END
    assert not served(copy, END)
    env.clock.now = END + HOUR
    for each in (apps[9], copy):
        await said(each)
        assert not served(each, env.clock.now)
    assert (await listed(env, name))["go"] == 0


async def test_one_installed_anew_is_struck_out_as_its_old_self_was_and_gets_no_place_by_it(env: ServerEnv) -> None:
    hardware = dict.fromkeys(("machine", "disk", "network"), "A" * 43)
    name, code = await env.order(devices=10)
    env.clock.now = END - 40 * DAY
    apps = await running(env, code, 9)
    (old,) = await running(env, code, 1, hardware=hardware)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    await near_the_end(env, name, days=30)
    anew = env.site(alone=True, hardware=hardware)
    assert await refused(anew, code) == "granted"
    assert date_of(anew) == END
    assert await going(env, name) == ids([*apps[6:], anew])
    assert await said(old) == "installation_replaced"
    env.clock.now = END - 5 * DAY
    for each in [*apps, anew]:
        await said(each)
    env.clock.now = END + HOUR
    assert sum(served(each, env.clock.now) for each in [*apps, anew]) == 6
    assert await refused(env.site(alone=True, hardware=hardware), code) == "device_limit_reached"


async def test_while_a_hold_stops_the_clock_nobody_stops_and_the_date_moves_with_the_end(env: ServerEnv) -> None:
    await env.staff.send("PUT", "/v1/policy", {"rules": {"stop_clock": True}})
    name, _, apps = await lowered(env)
    await near_the_end(env, name, days=3)
    for each in apps:
        await said(each)
    await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "a move"})
    for each in apps * 2:  # the second time they show that they know, so that the days held are given back
        await said(each)
    env.clock.now = END + 2 * DAY
    assert {date_of(each) for each in apps} == {None}
    assert (await listed(env, name))["go"] == 4
    await strike(env, name, apps[5:9])
    await env.staff.post(f"/v1/subscriptions/{name}/release")
    shown = await listed(env, name)
    assert (shown["at"], shown["go"]) == ("2027-01-06T00:00:00Z", 4)
    for each in apps:
        await said(each)
    moved = END + 5 * DAY
    assert [date_of(each) for each in apps] == [None] * 5 + [moved] * 4 + [None]
    assert sum(served(each, moved - 1) for each in apps) == 10
    assert sum(served(each, moved) for each in apps) == 6


async def test_ephemeral_applications_get_what_the_others_leave_and_stand_on_no_list(env: ServerEnv) -> None:
    name, code = await env.order(devices=10)
    apps = await running(env, code, 4)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    await near_the_end(env, name)
    for each in apps:
        await said(each)
    env.clock.now = END - 6 * HOUR
    containers = await running(env, code, 4, ephemeral=True)
    shown = await listed(env, name)
    assert (shown["ephemeral"], shown["go"], len(shown["applications"])) == (4, 0, 4)
    assert [date_of(each) for each in containers] == [None, None, END, END]
    problem = await env.staff.send(
        "POST", f"/v1/subscriptions/{name}/edit-seat-conflict", {"going": [containers[0].id]}
    )
    assert problem.json()["code"] == "nothing_to_change"
    assert sum(served(each, END) for each in [*apps, *containers]) == 6


@pytest.mark.parametrize("sandbox", [True, False])
async def test_another_provider_finds_no_such_list_and_nothing_of_it_changes(env: ServerEnv, *, sandbox: bool) -> None:
    name, _, apps = await lowered(env)
    south = await neighbor(env, "South", sandbox=sandbox)
    before = await env.facts(name)
    body = {"going": sorted(ids(apps[:4]))}
    assert await south.staff.refused(f"/v1/subscriptions/{name}/edit-seat-conflict", body) == "not_found"
    assert (await south.staff.send("GET", f"/v1/subscriptions/{name}/seat-conflict")).status_code == 404
    mine, _ = await south.order(devices=10)
    assert await south.staff.refused(f"/v1/subscriptions/{mine}/edit-seat-conflict", body) == "nothing_to_change"
    assert await env.facts(name) == before


async def test_in_a_sandbox_it_happens_on_the_day_of_the_sandbox_s_own_clock(tmp_path: Path) -> None:
    async with office(tmp_path, sandbox=True) as env:
        name, _, apps = await lowered(env)
        shown = await listed(env, name)
        assert (shown["at"], shown["go"]) == ("2027-01-01T00:00:00Z", 4)
        for each in apps:
            await said(each)
        assert [date_of(each) for each in apps] == [None] * 6 + [END] * 4


async def test_a_server_s_lease_names_no_day_while_the_clock_stands_still_or_the_day_that_the_hold_s_end_makes(
    env: ServerEnv,
) -> None:
    await env.staff.send("PUT", "/v1/policy", {"rules": {"stop_clock": True}})
    name, code = await env.order(devices=10)
    server = env.site()
    await server.activate(code)
    env.clock.now = END - 40 * DAY
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    await env.staff.post(f"/v1/subscriptions/{name}/renew")
    await said(server)
    assert day_of(server) == END
    env.clock.now = END - 3 * DAY
    await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "a move"})
    await said(server)
    assert day_of(server) is None
    await env.staff.post(f"/v1/subscriptions/{name}/release")
    await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "a move", "until": "2027-01-03T00:00:00Z"})
    await said(server)
    await said(server)
    assert day_of(server) == END + 5 * DAY
    env.clock.now = END + 3 * DAY
    await said(server)
    assert day_of(server) == END + 5 * DAY


def day_of(server: PlainSite) -> int | None:
    assert server.lease is not None
    return None if server.lease.lease.coming is None else server.lease.lease.coming.at
