"""One pool, several sites: what one of them may still go by is given to nobody else (B7, P5)."""

from pathlib import Path

import pytest

from tenure.core.lease.claims import Lease
from tenure.core.timeline import DAY, HOUR
from tenure.http.timestamps import format_rfc3339
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import START, PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio
LIMIT, CEILING = 20, 22
"""With the ten percent that the policy tolerates by default."""


async def licensed(env: ServerEnv, code: str, **more: str) -> PlainSite:
    site = env.site()
    answer = await site.activate(code, **more)
    assert isinstance(answer, ActivateAnswer) and answer.result == "granted", answer
    return site


async def told(site: PlainSite, **more: str) -> SyncAnswer:
    answer = await site.sync(**more)
    assert isinstance(answer, SyncAnswer), answer
    return answer


def allotment(site: PlainSite) -> int:
    assert site.lease is not None
    return site.lease.lease.allotment


async def using(site: PlainSite, many: int) -> None:
    """The site wants `many` devices until it has what it can get, and protects as many of them as it may."""
    site.wanted = many
    for _ in range(3):
        await told(site)
        site.use = DeviceUse(total=min(many, allotment(site)))


def successor(site: PlainSite, answer: ActivateAnswer | SyncAnswer | str) -> Lease:
    """The lease of the successor that came with an answer."""
    assert isinstance(answer, ActivateAnswer | SyncAnswer) and answer.successor, answer
    read = read_lease(answer.successor.encode(), site.root, product="editor", sandbox=site.sandbox)
    assert isinstance(read, SealedLease), read
    return read.lease


async def seen(env: ServerEnv, site: PlainSite) -> dict[str, object]:
    part: dict[str, object] = (await env.staff.get(f"/v1/sites/{site.id}"))["part"]
    return part


async def published(env: ServerEnv) -> int:
    """An outage of five days was declared, so that whatever is signed ends later: by how many seconds."""
    now = env.clock.now
    body = {"since": format_rfc3339(now - 5 * DAY), "until": format_rfc3339(now + HOUR), "text": "we were out"}
    await env.vendor.post("/v1/notices", body)
    return 5 * DAY + HOUR


async def test_b07_the_part_of_a_silent_site_under_an_amnesty_is_not_given_away_by_agreement(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=LIMIT)
        silent, other = await licensed(env, code), await licensed(env, code)
        await using(silent, 15)
        assert silent.lease is not None
        end = silent.lease.lease.contact_until + await published(env)
        agree = f"/v1/subscriptions/{name}/free-allotment", {"site": silent.id}
        env.clock.now = end - 1
        assert await env.staff.refused(*agree) == "still_promised"
        assert (await seen(env, silent))["promised_until"] == format_rfc3339(end)
        env.clock.now = end
        await env.staff.post(*agree)
        await using(other, 20)
        assert allotment(other) >= 20


async def test_b07_a_site_that_was_released_counts_until_its_lease_is_over_amnesties_added(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=LIMIT)
        gone, other = await licensed(env, code), await licensed(env, code)
        await using(gone, 15)
        assert gone.lease is not None
        word = gone.lease.lease.contact_until
        await env.staff.post(f"/v1/subscriptions/{name}/release-site", {"site": gone.id})
        end = word + await published(env)
        for moment in (word - 1, word, end - 1):
            env.clock.now = moment
            await using(other, CEILING)
            assert allotment(other) + 15 <= CEILING, "the devices of the other one still run"
        env.clock.now = end
        await using(other, CEILING)
        assert allotment(other) == CEILING


async def test_b07_a_silent_site_given_away_and_then_forgiven_keeps_what_it_goes_by_when_it_is_heard(
    tmp_path: Path,
) -> None:
    """Somebody agreed to free its part; the outage declared afterwards lets its lease run on. Its answer is lost."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=LIMIT)
        quiet, other = await licensed(env, code), await licensed(env, code)
        await using(quiet, 15)
        await told(quiet)
        assert quiet.lease is not None
        env.clock.now = word = quiet.lease.lease.contact_until
        await env.staff.post(f"/v1/subscriptions/{name}/free-allotment", {"site": quiet.id})
        end = word + await published(env)
        quiet.use, quiet.wanted = DeviceUse(), 0
        assert await quiet.sync(lose=True) == "lost"
        held = allotment(quiet)
        assert held >= 15
        for moment in (word, end - 1):
            env.clock.now = moment
            await using(other, CEILING)
            assert allotment(other) + held <= CEILING, "the lease of the other one still runs"


async def test_a_site_that_was_released_counts_against_the_number_of_sites_amnesties_added(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=50)
        five = [await licensed(env, code) for _ in range(5)]
        assert five[0].lease is not None
        word = five[0].lease.lease.contact_until
        await env.staff.post(f"/v1/subscriptions/{name}/release-site", {"site": five[0].id})
        for each in five[1:]:
            await told(each)
        end = word + await published(env)
        sixth = env.site()
        for moment in (word, end - 1):
            env.clock.now = moment
            refused = await sixth.activate(code)
            assert isinstance(refused, ActivateAnswer) and refused.refusal is not None
            assert refused.refusal.code == "site_limit"
        env.clock.now = end
        granted = await sixth.activate(code)
        assert isinstance(granted, ActivateAnswer) and granted.result == "granted"


async def test_b07_the_part_of_a_site_that_goes_to_another_subscription_is_free_once_it_has_heard(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order(devices=LIMIT)
        _, second = await env.order(devices=LIMIT)
        staying, going = await licensed(env, first), await licensed(env, first)
        await using(going, 10)
        await env.staff.post(f"/v1/subscriptions/{old}/cancel", {})
        before = going.lease
        assert not isinstance(await going.apply(second), str)  # granted, and the answer is lost
        assert going.lease is before
        await env.staff.post(f"/v1/subscriptions/{old}/undo-cancellation", {})
        await using(staying, 30)
        assert allotment(staying) + allotment(going) <= CEILING


async def test_what_a_site_left_is_free_for_the_others_as_soon_as_it_goes_by_the_other_one(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order(devices=LIMIT)
        _, second = await env.order(devices=LIMIT)
        staying, going = await licensed(env, first), await licensed(env, first)
        await using(going, 10)
        await env.staff.post(f"/v1/subscriptions/{old}/cancel", {})
        answer = await going.activate(second)
        assert isinstance(answer, ActivateAnswer) and answer.result == "granted"
        assert allotment(going) >= 10, "what is protected stays protected"
        await using(staying, 30)
        assert allotment(staying) == CEILING - 11, "its new lease may not have arrived"
        await told(going)
        await using(staying, 30)
        assert allotment(staying) == CEILING


async def test_b07_devices_that_the_other_subscription_does_not_cover_count_where_their_seats_are(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order(devices=LIMIT)
        _, small = await env.order(devices=10)
        staying, going = await licensed(env, first), await licensed(env, first)
        for _ in range(3):
            await using(going, 15)
            await told(staying)
        assert going.use.total == 15
        await env.staff.post(f"/v1/subscriptions/{old}/cancel", {})
        answer = await going.activate(small)
        assert isinstance(answer, ActivateAnswer) and answer.result == "granted"
        assert allotment(going) == 11
        await told(going)
        await using(staying, 30)
        assert allotment(staying) + 15 - 11 <= CEILING


async def _moved_on(env: ServerEnv) -> tuple[PlainSite, str, str]:
    """A site of ten devices whose seats, of day 30, are of a yearly subscription for 20, and run until day 44.

    At once it goes to a monthly one for 20, whose leases reach to day 38, and after an hour to one for a single device.
    """
    old, first = await env.order(devices=LIMIT)
    middle, second = await env.order("monthly", devices=LIMIT)
    _, last = await env.order(devices=1)
    going = await licensed(env, first)
    env.clock.now = START + 30 * DAY
    await using(going, 10)
    for left, code in ((old, second), (middle, last)):
        await env.staff.post(f"/v1/subscriptions/{left}/cancel", {})
        answer = await going.activate(code)
        assert isinstance(answer, ActivateAnswer) and answer.result == "granted"
        await env.staff.post(f"/v1/subscriptions/{left}/undo-cancellation", {})
        await told(going)
        env.clock.now += HOUR
    assert allotment(going) == 1
    return going, first, second


async def test_b07_ten_devices_with_seats_of_the_first_of_three_subscriptions_count_once_in_the_second(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as env:
        _, first, second = await _moved_on(env)
        for code, free in ((first, CEILING), (second, CEILING - 9)):
            other = await licensed(env, code)
            await using(other, 30)
            assert allotment(other) == free


async def test_b07_ten_devices_count_in_the_second_subscription_until_their_seats_of_the_first_have_ended(
    tmp_path: Path,
) -> None:
    """The lease of the second ends on day 38, and seats signed under that of the first only on day 44."""
    async with office(tmp_path) as env:
        going, _, second = await _moved_on(env)
        other = await licensed(env, second)
        for day in (38, 39, 43):
            env.clock.now = START + day * DAY + HOUR
            await told(going)
            await using(other, 30)
            assert allotment(other) + 10 - 1 <= CEILING, f"day {day}"
        env.clock.now = START + 45 * DAY
        going.use = DeviceUse(total=1)
        await told(going)
        await using(other, 30)
        assert allotment(other) == CEILING


async def test_b07_sites_that_keep_a_successor_ready_share_it_before_it_begins(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, first = await env.order(devices=3 * LIMIT)
        _, second = await env.order("later", devices=LIMIT)
        sites = [await licensed(env, first) for _ in range(3)]
        for site in sites:
            await using(site, LIMIT)
        ready = [successor(site, await site.activate(second, role="successor")) for site in sites]
        assert sum(lease.allotment for lease in ready) <= CEILING
        again = [successor(site, await site.sync()) for site in sites]
        assert sum(lease.allotment for lease in again) <= CEILING
        env.clock.now = START + 366 * DAY
        for site in sites:
            await told(site)
        assert sum(allotment(site) for site in sites) <= CEILING


async def test_every_device_protected_now_is_covered_by_the_successor_too(tmp_path: Path) -> None:
    """The site switches by itself, perhaps without a network for a month: its first lease has to suffice."""
    async with office(tmp_path) as env:
        _, first = await env.order(devices=100)
        _, second = await env.order("later", devices=100)
        site = await licensed(env, first)
        await using(site, 60)
        assert successor(site, await site.activate(second, role="successor")).allotment >= 60
        await using(site, 80)
        assert successor(site, await site.sync()).allotment >= 80, "and as many as have come since"
        env.clock.now = START + 366 * DAY
        await told(site)
        assert allotment(site) >= 80


async def test_b07_a_successor_that_was_dropped_is_held_until_the_site_has_heard_of_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, first = await env.order(devices=LIMIT)
        new, second = await env.order("later", devices=LIMIT)
        site, other = await licensed(env, first), env.site()
        await using(site, 15)
        part = successor(site, await site.activate(second, role="successor")).allotment
        assert part >= 15
        await told(site)  # it goes by that lease, as the server knows
        await env.staff.post(f"/v1/subscriptions/{new}/release-site", {"site": site.id})
        answer = await other.activate(second)
        assert isinstance(answer, ActivateAnswer) and answer.result == "granted", answer
        await using(other, 30)
        assert allotment(other) + part <= CEILING
        for _ in range(2):
            assert not (await told(site)).successor
        await using(other, 30)
        assert allotment(other) == CEILING


async def test_b07_the_part_of_a_silent_site_goes_to_the_others_after_an_agreement(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=LIMIT)
        silent, other = await licensed(env, code), await licensed(env, code)
        await using(silent, 15)
        agree = f"/v1/subscriptions/{name}/free-allotment", {"site": silent.id}
        assert await env.staff.refused(*agree) == "still_promised"
        assert not (await seen(env, silent))["silent"]
        assert silent.lease is not None
        env.clock.now = silent.lease.lease.contact_until
        await using(other, 20)
        assert allotment(other) < 20
        part = await seen(env, silent)
        assert part["silent"] and part["held"] == allotment(silent)
        await env.staff.post(*agree)
        part = await seen(env, silent)
        assert not part["silent"] and part["held"] == 0
        await using(other, 20)
        assert allotment(other) >= 20
        await told(silent)
        assert allotment(silent) + allotment(other) <= CEILING, "it is back, and gets what is free"
        assert await env.staff.refused(*agree) == "still_promised"


async def test_the_customer_may_agree_as_well(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=LIMIT)
        silent = await licensed(env, code)
        customer = await env.token()
        assert silent.lease is not None
        env.clock.now = silent.lease.lease.contact_until
        await customer.post(f"/v1/subscriptions/{name}/free-allotment", {"site": silent.id})
        assert (await seen(env, silent))["held"] == 0


async def test_a_successor_that_comes_after_the_paid_end_takes_over_at_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order()
        site = await licensed(env, first)
        env.clock.now = START + 366 * DAY  # in grace
        new, second = await env.order("later")
        lease = successor(site, await site.activate(second, role="successor"))
        assert (lease.nbf, lease.subscription) == (env.clock.now, new)
        env.clock.now += DAY
        await told(site)
        assert site.lease is not None and site.lease.lease.subscription == new
        assert (await env.staff.get(f"/v1/subscriptions/{old}"))["sites"] == []


async def test_a_successor_that_is_over_before_it_could_begin_disturbs_nobody(tmp_path: Path) -> None:
    """The present one was renewed so far that the one kept ready has ended by then (found by the simulation)."""
    async with office(tmp_path) as env:
        old, first = await env.order()
        _, second = await env.order()
        site = await licensed(env, first)
        assert successor(site, await site.activate(second, role="successor")).nbf == START + 365 * DAY
        env.clock.now = START + 364 * DAY
        await env.staff.post(f"/v1/subscriptions/{old}/renew", {})
        answer = await told(site)
        assert answer.result == "lease" and not answer.successor
        env.clock.now += 300 * DAY
        assert (await told(site)).result == "lease"
