"""Fewer devices are ordered than applications on their own are in use: who stops on the day, who says so, who stays."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenure.core.timeline import DAY, HOUR
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.lower_limits import END, date_of, going, ids, listed, lowered, near_the_end, running, said, served
from tests.server.server_env import START, ServerEnv, office


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ServerEnv]:
    async with office(tmp_path) as opened:
        yield opened


async def test_six_of_ten_applications_stay_and_the_last_to_have_come_read_the_date_in_their_leases(
    env: ServerEnv,
) -> None:
    name, _, apps = await lowered(env)
    shown = await listed(env, name)
    assert (shown["at"], shown["limit"], shown["most"], shown["stay"], shown["go"]) == (
        "2027-01-01T00:00:00Z", 6, 6, 6, 4,
    )  # fmt: skip
    assert await going(env, name) == ids(apps[6:])
    assert (await env.facts(name))[-2:] == ["ChangeScheduled", "SeatConflictListed"]
    assert [await said(each) for each in apps] == ["lease"] * 10
    assert [date_of(each) for each in apps] == [None] * 6 + [END] * 4
    assert [await said(each) for each in apps] == ["unchanged"] * 10


async def test_on_the_day_those_struck_out_stop_and_nobody_else_and_never_are_more_served_than_ordered(
    env: ServerEnv,
) -> None:
    name, code, apps = await lowered(env)
    await near_the_end(env, name)
    for each in apps:
        await said(each)
    env.clock.now = END - 1
    assert sum(served(each, env.clock.now) for each in apps) == 10
    env.clock.now = END
    assert [served(each, END) for each in apps] == [True] * 6 + [False] * 4
    env.clock.now = END + HOUR
    told = await apps[9].sync()
    assert isinstance(told, SyncAnswer)
    assert told.refusal is not None
    assert told.refusal.code == "device_limit_reached"
    assert "struck out from 2027-01-01T00:00:00Z on" in told.refusal.detail
    assert [await said(each) for each in apps[:6]] == ["lease"] * 6
    late = await env.site(alone=True).activate(code)
    assert isinstance(late, ActivateAnswer)
    assert late.refusal is not None
    assert late.refusal.code == "device_limit_reached"
    assert "All 6 places are taken: 6 by applications" in late.refusal.detail


async def test_one_who_gives_his_place_up_after_the_day_makes_room_for_one_who_was_struck_out(env: ServerEnv) -> None:
    name, _, apps = await lowered(env)
    await near_the_end(env, name)
    for each in apps:
        await said(each)
    env.clock.now = END + HOUR
    assert [await said(apps[9]), await said(apps[8])] == ["device_limit_reached"] * 2
    await said(apps[0])
    await apps[0].release()
    assert await said(apps[8]) == "lease"
    assert (served(apps[8], env.clock.now), date_of(apps[8])) == (True, None)
    assert await said(apps[9]) == "device_limit_reached"
    env.clock.now += DAY
    assert await said(apps[8]) in {"lease", "unchanged"}
    assert served(apps[8], env.clock.now)


async def test_the_customer_says_who_goes_and_that_is_in_the_history_and_in_the_leases(env: ServerEnv) -> None:
    name, _, apps = await lowered(env)
    customer = await env.token("customer")
    body = {"going": sorted(ids(apps[:4])), "why": "the old laptops"}
    path = f"/v1/subscriptions/{name}/edit-seat-conflict"
    before = await env.facts(name)
    rehearsed = await customer.post(path, body, dry_run="true")
    assert rehearsed["facts"] == ["SeatConflictListed"]
    assert await env.facts(name) == before
    await customer.post(path, {**body, "outcome_hash": rehearsed["outcome_hash"]}, key="once")
    await customer.post(path, {**body, "outcome_hash": rehearsed["outcome_hash"]}, key="once")
    assert await env.facts(name) == [*before, "SeatConflictListed"]
    assert (await customer.post(path, body))["facts"] == []  # the same list again changes nothing
    assert await going(env, name) == ids(apps[:4])
    for each in apps:
        await said(each)
    assert [date_of(each) for each in apps] == [END] * 4 + [None] * 6
    await near_the_end(env, name)
    for each in apps:
        await said(each)
    assert [served(each, END) for each in apps] == [False] * 4 + [True] * 6


async def test_a_wrong_list_is_refused_with_its_field_and_what_would_be_right(env: ServerEnv) -> None:
    name, code, apps = await lowered(env)
    server = env.site()
    await server.activate(code)
    path = f"/v1/subscriptions/{name}/edit-seat-conflict"
    own = sorted(ids(apps[:3]))
    cases = {
        "seat_conflict_open": own,
        "site_unknown": [*own, server.id],
        "field_invalid": [*own, own[0]],
    }
    for expected, named in cases.items():
        answer = await env.staff.send("POST", path, {"going": named})
        problem = answer.json()
        assert (problem["code"], answer.status_code >= 400) == (expected, True)
        assert "going" in answer.text
    many = await env.staff.send("POST", path, {"going": sorted(ids(apps[:5]))})
    assert many.json()["code"] == "field_invalid"
    assert "name 4 that go, not 5" in many.text
    await apps[0].release()
    gone = await env.staff.send("POST", path, {"going": [*sorted(ids(apps[1:3])), apps[0].id]})
    assert gone.json()["code"] == "site_unknown"
    other, _ = await env.order(devices=10)
    refused = await env.staff.refused(f"/v1/subscriptions/{other}/edit-seat-conflict", {"going": own})
    assert refused == "nothing_to_change"


async def test_who_may_not_change_devices_edits_no_list_and_who_only_reads_reads_it(env: ServerEnv) -> None:
    name, _, apps = await lowered(env)
    body = {"going": sorted(ids(apps[:4]))}
    path = f"/v1/subscriptions/{name}/edit-seat-conflict"
    auditor = await env.token("customer", scopes=("subscriptions:read",))
    assert (await auditor.get(f"/v1/subscriptions/{name}/seat-conflict"))["go"] == 4
    assert await auditor.refused(path, body) == "action_not_permitted"
    await env.staff.send("PUT", "/v1/policy", {"customer_actions": ["renew"]})
    assert await (await env.token("customer")).refused(path, body) == "action_not_permitted"
    made = await env.staff.post("/v1/customers", {"name": "Bo", "email": "bo@example.com"})
    stranger = await env.token("customer", of=made["id"])
    assert await stranger.refused(path, body) == "not_found"
    assert (await stranger.send("GET", f"/v1/subscriptions/{name}/seat-conflict")).status_code == 404


async def test_a_place_given_back_before_the_day_takes_one_off_the_list_and_more_devices_take_all(
    env: ServerEnv,
) -> None:
    name, _, apps = await lowered(env)
    for each in apps:
        await said(each)
    await apps[2].release()
    assert len(await going(env, name)) == 3
    assert await said(apps[6]) == "lease"
    assert date_of(apps[6]) is None  # the first of those on the list to have come stays
    assert [date_of(each) for each in apps[7:]] == [END] * 3
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 11})
    assert (await listed(env, name))["at"] is None
    assert [await said(each) for each in apps[7:]] == ["lease"] * 3
    assert [date_of(each) for each in apps[7:]] == [None] * 3


async def test_one_who_comes_while_all_later_places_are_taken_sees_the_date_from_his_first_lease(
    env: ServerEnv,
) -> None:
    name, code, apps = await lowered(env, apps=6)
    assert (await listed(env, name))["go"] == 0
    (late,) = await running(env, code, 1)
    assert date_of(late) == END
    assert await going(env, name) == {late.id}
    for each in apps:
        await said(each)
    assert [date_of(each) for each in apps] == [None] * 6


async def test_whoever_was_silent_for_a_week_goes_before_the_last_to_have_come(env: ServerEnv) -> None:
    name, code = await env.order(devices=10)
    apps = await running(env, code, 10)
    env.clock.now += 8 * DAY
    for each in apps[2:]:
        await said(each)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    shown = await listed(env, name)
    assert await going(env, name) == ids([*apps[:2], *apps[8:]])
    assert [each["silent"] for each in shown["applications"][:2]] == [True, True]


async def test_servers_devices_and_applications_are_cut_in_proportion_and_the_sum_is_what_is_ordered(
    env: ServerEnv,
) -> None:
    """10 are ordered: 4 devices behind a server and 6 applications; of 6 to come the server has 2 and 4 stay."""
    name, code = await env.order(devices=10)
    await running(env, code, 6)
    server = env.site()
    await server.activate(code)
    server.use = DeviceUse(total=4)
    await said(server)
    await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 6})
    await said(server)
    assert server.lease is not None
    assert server.lease.lease.coming is not None
    shown = await listed(env, name)
    assert (server.lease.lease.coming.allotment, shown["servers"], shown["stay"], shown["go"]) == (2, 2, 4, 2)
    server.use = DeviceUse(total=1)
    await said(server)
    assert (await listed(env, name))["go"] == 1
    assert START < END
