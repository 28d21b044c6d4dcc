"""Applications on their own and administration servers under one limit: who gets a place, who gives it back."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tenure.core.subscription import facts as f
from tenure.core.timeline import DAY, HOUR
from tenure.server import row_collection
from tenure.server.sweep import BackgroundSweep
from tenure.store import facts
from tenure.store.engine import Connection
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.contract.run_twice import run_twice
from tests.server.server_env import START, PlainSite, ServerEnv, office


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ServerEnv]:
    async with office(tmp_path) as opened:
        yield opened


def app(env: ServerEnv, **hello: Any) -> PlainSite:
    """An application on its own."""
    return env.site(alone=True, **hello)


async def answer(site: PlainSite, code: str) -> str:
    """`granted`, or why not."""
    told = await site.activate(code)
    assert isinstance(told, ActivateAnswer), told
    return told.result if told.refusal is None else told.refusal.code


async def said(site: PlainSite, **more: Any) -> str:
    """What a synchronization comes to."""
    told = await site.sync(**more)
    assert isinstance(told, SyncAnswer), told
    return told.result if told.refusal is None else told.refusal.code


async def running(env: ServerEnv, code: str, number: int, **hello: Any) -> list[PlainSite]:
    """So many applications that were granted the code."""
    apps = [app(env, **hello) for _ in range(number)]
    assert {await answer(each, code) for each in apps} == {"granted"}
    return apps


async def test_an_order_for_ten_licenses_eleven_applications_and_tells_the_twelfth_who_can_free_a_place(
    env: ServerEnv,
) -> None:
    """Not five, for an application on its own is no site; not a number without end, for it is a device."""
    _, code = await env.order(devices=10)
    results = Counter([await answer(app(env), code) for _ in range(14)])
    assert results == {"granted": 11, "device_limit_reached": 3}
    told = await app(env).activate(code)
    assert isinstance(told, ActivateAnswer)
    assert told.refusal is not None
    assert "All 11 places are taken: 11 by applications on their own" in told.refusal.detail
    # Who can free one is the remedy, in words for its reader (`core.audience`), and is not said a second time here.
    assert told.refusal.detail.endswith("0 by administration servers for their devices.")


async def test_an_order_for_one_device_runs_on_one_computer(env: ServerEnv) -> None:
    _, code = await env.order(devices=1)
    assert [await answer(app(env), code) for _ in range(3)] == [
        "granted",
        "device_limit_reached",
        "device_limit_reached",
    ]


async def test_what_a_key_is_was_said_at_its_first_activation_and_stands_in_the_lease(env: ServerEnv) -> None:
    _, code = await env.order()
    alone, server = app(env), env.site()
    assert [await answer(alone, code), await answer(server, code)] == ["granted", "granted"]
    assert alone.lease is not None
    assert server.lease is not None
    assert (alone.lease.lease.installation, alone.lease.lease.allotment) == ("standalone", 1)
    assert server.lease.lease.installation == "server"
    alone.hello["installation"], server.hello["installation"] = "server", "standalone"
    assert [await answer(alone, code), await answer(server, code)] == ["installation_mismatch"] * 2


async def test_an_application_counts_beside_the_devices_of_an_administration_server(env: ServerEnv) -> None:
    """A server with a margin of unused devices gives it back at its next contact when an application found no place."""
    _, code = await env.order(devices=10)
    server = env.site()
    assert await answer(server, code) == "granted"
    server.use = DeviceUse(total=4)
    await server.sync()
    await server.sync()
    assert server.lease is not None
    assert server.lease.lease.allotment == 11
    late = app(env)
    told = await late.activate(code)
    assert isinstance(told, ActivateAnswer)
    assert told.refusal is not None
    assert "hold 7 that are not in use" in told.refusal.detail
    assert await said(server) == "lease"
    assert server.lease.lease.allotment == 4
    assert await answer(late, code) == "device_limit_reached"  # it has not shown yet that it goes by that
    await server.sync()
    assert [await answer(each, code) for each in (late, *(app(env) for _ in range(7)))] == [
        *["granted"] * 7,
        "device_limit_reached",
    ]


async def test_a_place_given_back_by_its_receipt_is_free_at_once(env: ServerEnv) -> None:
    name, code = await env.order(devices=1)
    first, second = app(env), app(env)
    assert [await answer(first, code), await answer(second, code)] == ["granted", "device_limit_reached"]
    released = await first.release()
    assert isinstance(released, SyncAnswer)
    assert (released.result, released.free_from) == ("released", None)
    assert await answer(second, code) == "granted"
    assert await answer(first, code) == "device_limit_reached"
    assert (await env.facts(name)).count("SiteLeft") == 1


async def test_a_receipt_for_another_lease_or_by_a_copy_frees_nothing(env: ServerEnv) -> None:
    _, code = await env.order(devices=1)
    (first,) = await running(env, code, 1)
    copy = first.clone()
    stale = first.receipt()
    env.clock.now += 10 * DAY
    assert await said(first) == "lease"
    assert await said(first, erased=stale) == "lease_older"
    told = await copy.sync(erased=copy.receipt())
    assert isinstance(told, SyncAnswer)
    assert told.forked
    assert await answer(app(env), code) == "device_limit_reached"


async def test_a_folder_put_back_again_and_again_multiplies_no_place(env: ServerEnv) -> None:
    """As many releases as the limit has devices free their place at once; a later one when its lease is over."""
    _, code = await env.order(devices=2)
    results = list[str]()
    free_from = list[int | None]()
    for _ in range(4):
        each = app(env)
        results.append(await answer(each, code))
        if results[-1] == "granted":
            told = await each.release()
            assert isinstance(told, SyncAnswer)
            free_from.append(told.free_from)
    assert free_from == [None, None, START + 30 * DAY, START + 30 * DAY]  # as each is told
    assert results == ["granted"] * 4  # two freed at once, two wait for their ends
    assert await answer(app(env), code) == "device_limit_reached"
    env.clock.now += 30 * DAY
    assert await answer(app(env), code) == "granted"


async def test_silence_frees_a_place_after_the_time_agreed_and_whoever_returns_gets_what_is_free(
    env: ServerEnv,
) -> None:
    _, code = await env.order(devices=1)
    (silent,) = await running(env, code, 1)
    waiting = app(env)
    env.clock.now += 60 * DAY - 1
    assert await answer(waiting, code) == "device_limit_reached"
    env.clock.now += 1
    assert await answer(waiting, code) == "granted"
    assert [await said(silent), await answer(silent, code)] == ["device_limit_reached"] * 2
    await waiting.release()
    assert await said(silent) == "lease"


async def test_an_application_installed_anew_takes_its_old_selfs_place_once_in_a_lease(env: ServerEnv) -> None:
    name, code = await env.order(devices=1)
    hardware = dict.fromkeys(("machine", "disk", "network"), "A" * 43)
    old = app(env, hardware=hardware)
    assert await answer(old, code) == "granted"
    env.clock.now += HOUR
    new = app(env, hardware=hardware | {"network": "B" * 42 + "A"})
    assert await answer(new, code) == "granted"
    assert [await said(old), await answer(old, code)] == ["installation_replaced"] * 2
    again = app(env, hardware=hardware)
    assert await answer(again, code) == "device_limit_reached"
    env.clock.now += 30 * DAY
    assert await answer(again, code) == "granted"
    assert (await env.facts(name)).count("SiteReplaced") == 2


async def test_one_that_was_made_to_leave_counts_until_it_has_acknowledged(env: ServerEnv) -> None:
    name, code = await env.order(devices=1)
    (leaving,) = await running(env, code, 1)
    await env.staff.post(f"/v1/subscriptions/{name}/release-site", {"site": leaving.id})
    assert await answer(app(env), code) == "device_limit_reached"
    assert await said(leaving) == "installation_released"
    assert await answer(app(env), code) == "device_limit_reached"  # told, but it has not shown that it heard
    assert await said(leaving) == "installation_released"
    assert await answer(app(env), code) == "granted"
    assert (await env.facts(name))[-3:] == ["SiteReleaseOrdered", "SiteLeft", "SiteActivated"]


async def test_one_that_was_made_to_leave_and_is_silent_counts_until_its_lease_is_over(env: ServerEnv) -> None:
    name, code = await env.order(devices=1)
    (leaving,) = await running(env, code, 1)
    await env.staff.post(f"/v1/subscriptions/{name}/release-site", {"site": leaving.id})
    assert leaving.lease is not None
    env.clock.now = leaving.lease.lease.contact_until - 1
    assert await answer(app(env), code) == "device_limit_reached"
    env.clock.now += 1
    assert await answer(app(env), code) == "granted"


async def test_being_made_to_leave_lifts_no_binding_but_by_the_provider_and_on_record(env: ServerEnv) -> None:
    """Else whoever may make a site leave could hand one code round: nine sites on five (M10)."""
    first, code = await env.order(devices=10)
    _, other = await env.order(devices=10)
    server = env.site()
    assert await answer(server, code) == "granted"
    await env.staff.post(f"/v1/subscriptions/{first}/release-site", {"site": server.id})
    for _ in range(3):
        await server.sync()
        assert await answer(server, other) == "subscription_in_force"
    await env.staff.post(f"/v1/subscriptions/{first}/release-site", {"site": server.id, "another_code": True})
    assert await answer(server, other) == "granted"


async def test_a_server_that_was_made_to_leave_counts_against_the_number_of_sites(env: ServerEnv) -> None:
    name, code = await env.order(devices=50)
    servers = [env.site() for _ in range(5)]
    assert {await answer(each, code) for each in servers} == {"granted"}
    await env.staff.post(f"/v1/subscriptions/{name}/release-site", {"site": servers[0].id})
    assert await answer(env.site(), code) == "site_limit"
    await servers[0].sync()
    await servers[0].sync()
    assert await answer(env.site(), code) == "granted"


async def test_customers_make_nobody_leave_unless_the_policy_says_so(env: ServerEnv) -> None:
    name, code = await env.order()
    (one,) = await running(env, code, 1)
    customer = await env.token()
    refused = await customer.send("POST", f"/v1/subscriptions/{name}/release-site", {"site": one.id})
    assert refused.json()["code"] == "action_not_permitted"
    assert await said(one) in {"unchanged", "lease"}


async def test_an_ephemeral_application_has_a_short_lease_and_leaves_no_fact(env: ServerEnv) -> None:
    name, code = await env.order(devices=1)
    (one,) = await running(env, code, 1, ephemeral=True)
    assert one.lease is not None
    lease = one.lease.lease
    assert lease.ephemeral
    assert lease.contact_until <= env.clock.now + 24 * HOUR
    assert lease.contact_interval == 24 * HOUR // 28
    assert lease.refresh_after == env.clock.now + 24 * HOUR // 28
    assert "SiteActivated" not in await env.facts(name)
    second = app(env, ephemeral=True)
    assert await answer(second, code) == "device_limit_reached"
    env.clock.now += 12 * HOUR
    assert await said(one) == "lease"
    env.clock.now = lease.contact_until
    assert await answer(second, code) == "device_limit_reached"
    env.clock.now += 12 * HOUR
    assert await answer(second, code) == "granted"
    assert await said(one) == "device_limit_reached"


async def test_ephemeral_applications_come_and_go_without_number(env: ServerEnv) -> None:
    _, code = await env.order(devices=1)
    for _ in range(5):
        (one,) = await running(env, code, 1, ephemeral=True)
        told = await one.release()
        assert isinstance(told, SyncAnswer)
        assert told.result == "released"


async def test_an_application_that_goes_to_another_subscription_frees_its_place_when_it_goes_by_that(
    env: ServerEnv,
) -> None:
    first, code = await env.order(devices=1)
    _, other = await env.order(devices=1)
    (one,) = await running(env, code, 1)
    await env.staff.post(f"/v1/subscriptions/{first}/cancel", {})
    assert await answer(one, other) == "granted"
    assert await answer(app(env), code) == "device_limit_reached"
    await one.sync()
    assert await answer(app(env), code) == "granted"


async def test_an_application_that_is_released_and_activated_anew_again_and_again_multiplies_no_place(
    env: ServerEnv,
) -> None:
    """Each time a copy of its folder was put aside, whose lease serves for a month: the key is the same, so is it."""
    _, code = await env.order(devices=2)
    (one,) = await running(env, code, 1)
    for _ in range(3):
        await one.release()
        assert await answer(one, code) == "granted"
    other = app(env)
    assert await answer(other, code) == "granted"
    await one.release()
    assert await answer(app(env), code) == "device_limit_reached"  # two were freed at once in this lease's length
    env.clock.now += 30 * DAY
    assert await answer(app(env), code) == "granted"


async def counted_days(env: ServerEnv, name: str) -> list[tuple[int, int, int]]:
    """(day, came, went) of each day that has its fact, days counted from the start; the chain is sound."""

    def work(conn: Connection) -> list[f.Fact]:
        assert facts.verify_history(conn, env.provider, name) == []
        return [f.decode_fact(each.body) for each in facts.load_history(conn, env.provider, name)]

    found = await env.context.db.read(work)
    days = [each for each in found if isinstance(each, f.EphemeralCounted)]
    assert all(each.at == each.day + DAY for each in days)
    return [((each.day - START) // DAY, each.came, each.went) for each in days]


async def test_each_day_that_is_over_has_one_fact_of_its_ephemeral_applications_however_late_it_is_looked_at(
    env: ServerEnv,
) -> None:
    name, code = await env.order(devices=3)
    for _ in range(4):
        (each,) = await running(env, code, 1, ephemeral=True)
        await each.release()
    (stays,) = await running(env, code, 1, ephemeral=True)
    await env.sweep()
    assert await counted_days(env, name) == []
    env.clock.now += 20 * HOUR
    assert await said(stays) == "lease"
    env.clock.now = START + DAY + HOUR - 1
    await env.sweep()
    assert await counted_days(env, name) == []
    env.clock.now += 1
    await env.sweep()
    await env.sweep()
    assert await counted_days(env, name) == [(0, 5, 4)]
    (late,) = await running(env, code, 1, ephemeral=True)
    env.clock.now += 9 * DAY
    await env.sweep()
    assert await counted_days(env, name) == [(0, 5, 4), (1, 1, 1), (2, 0, 1)]
    assert await answer(late, code) == "granted"
    env.clock.now += 9 * DAY
    await env.sweep()
    assert await counted_days(env, name) == [(0, 5, 4), (1, 1, 1), (2, 0, 1), (10, 1, 0), (11, 0, 1)]


async def kept_rows(env: ServerEnv) -> Counter[str]:
    """How many rows there are of installations and what is theirs."""
    stored = await env.snapshot()
    return Counter({name: len(stored[name]) for name in ("sites", "places", "leases", "stays")})


async def collected(env: ServerEnv) -> Counter[str]:
    """What is left after an hour's housekeeping."""
    await BackgroundSweep(env.context).housekeeping()
    return await kept_rows(env)


async def test_ephemeral_applications_are_forgotten_once_no_lease_and_no_amnesty_can_concern_them(
    env: ServerEnv,
) -> None:
    _, code = await env.order(devices=3)
    (lasting,) = await running(env, code, 1)
    for _ in range(3):
        (each,) = await running(env, code, 1, ephemeral=True)
        await each.sync()
        await each.release()
    (one,) = await running(env, code, 1, ephemeral=True)
    env.clock.now += 12 * HOUR
    assert await said(one) == "lease"
    await one.sync()
    before = await kept_rows(env)
    env.clock.now += 24 * HOUR
    assert await collected(env) == before  # a notice of an outage may yet move its end
    env.clock.now += 30 * DAY
    await env.sweep()
    left = await collected(env)
    assert (left["sites"], left["places"], left["leases"]) == (1, 1, 1)
    env.clock.now += 3 * DAY
    assert (await collected(env))["stays"] == 0
    assert await one.sync() == "key_unknown"  # unsigned: it counts for nothing, and the code is applied again
    assert await answer(one, code) == "granted"
    assert await said(lasting) in {"unchanged", "lease"}


async def test_an_ephemeral_application_that_stays_keeps_what_it_needs_of_its_leases(env: ServerEnv) -> None:
    _, code = await env.order(devices=1)
    (one,) = await running(env, code, 1, ephemeral=True)
    for _ in range(80):
        env.clock.now += 12 * HOUR
        assert await said(one) == "lease"
    assert (await kept_rows(env))["leases"] == 81
    assert (await collected(env))["leases"] < 70  # those of the last 30 days, which an amnesty may concern
    assert await said(one) == "unchanged"
    assert await answer(app(env), code) == "device_limit_reached"


async def test_a_copy_of_an_ephemeral_application_is_remembered_as_long_as_a_copy_is_told_the_truth_once(
    env: ServerEnv,
) -> None:
    _, code = await env.order(devices=2)
    (one,) = await running(env, code, 1, ephemeral=True)
    copy = one.clone()
    await one.sync()
    told = await copy.sync()
    assert isinstance(told, SyncAnswer)
    assert told.forked
    env.clock.now += 89 * DAY
    assert (await collected(env))["sites"] == 1
    assert await said(copy) == "lease_forked"
    env.clock.now += 2 * DAY
    assert (await collected(env))["sites"] == 0


async def test_the_place_of_a_silent_application_is_forgotten_only_when_its_silence_has_freed_it(
    env: ServerEnv,
) -> None:
    _, code = await env.order(devices=1)
    (silent,) = await running(env, code, 1)
    env.clock.now += 60 * DAY - 1
    assert (await collected(env))["places"] == 1
    assert await answer(app(env), code) == "device_limit_reached"
    env.clock.now += 1
    left = await collected(env)
    assert (left["places"], left["sites"]) == (0, 1)
    other = app(env)
    assert await answer(other, code) == "granted"
    assert await said(silent) == "device_limit_reached"


@pytest.mark.parametrize("retried", [False, True])
async def test_more_than_one_turns_worth_is_forgotten_over_the_turns(
    env: ServerEnv, monkeypatch: pytest.MonkeyPatch, retried: bool
) -> None:
    """However often a transaction has to be run."""
    monkeypatch.setattr(row_collection, "AT_ONCE", 2)
    _, code = await env.order(devices=9)
    await running(env, code, 7, ephemeral=True)
    env.clock.now += 40 * DAY
    sweep = BackgroundSweep(env.context)
    if retried:
        run_twice(monkeypatch)
    monkeypatch.setattr("tenure.server.sweep.TURNS", 2)
    left = []
    for _ in range(3):
        await sweep.housekeeping()
        left.append((await kept_rows(env))["sites"])
        env.clock.now += 2 * HOUR
    assert left == [3, 0, 0]
