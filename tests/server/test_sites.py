"""Activation and synchronization against the real server: what a site lives through."""

from pathlib import Path

import pytest

from tenure.core.activation_codes import from_random
from tenure.core.timeline import DAY, Phase
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import START, office

pytestmark = pytest.mark.anyio
UNKNOWN = [from_random(bytes([number + 1] * 19)).reveal() for number in range(12)]


def granted(answer: ActivateAnswer | str) -> ActivateAnswer:
    assert isinstance(answer, ActivateAnswer), answer
    assert answer.result == "granted", answer.refusal
    return answer


def refused(answer: ActivateAnswer | SyncAnswer | str) -> str:
    if isinstance(answer, str):
        return answer
    assert answer.refusal is not None, answer
    return answer.refusal.code


def told(answer: SyncAnswer | str) -> SyncAnswer:
    assert isinstance(answer, SyncAnswer), answer
    return answer


async def test_m09_nothing_before_the_code_and_everything_after_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        assert site.lease is not None
        lease = site.lease.lease
        assert lease.subscription == name
        assert lease.features == ("edit", "export", "read")
        assert lease.spans[0].phase is Phase.ACTIVE
        assert lease.contact_until - lease.iat == 30 * DAY
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"][0]["id"] == site.id


async def test_m10_a_second_code_is_refused_with_the_date_until_the_paid_period_is_over(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, first = await env.order()
        _, second = await env.order()
        site = env.site()
        granted(await site.activate(first))
        answer = await site.activate(second)
        assert refused(answer) == "subscription_in_force"
        assert isinstance(answer, ActivateAnswer) and answer.refusal is not None
        assert answer.refusal.when == START + 365 * DAY
        env.clock.now = START + 365 * DAY
        third = (await env.order())[1]
        granted(await site.activate(third))


async def test_m10_a_canceled_subscription_lets_another_code_in_at_once(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order()
        _, second = await env.order()
        site = env.site()
        granted(await site.activate(first))
        await env.staff.post(f"/v1/subscriptions/{old}/cancel", {})
        granted(await site.activate(second))
        assert (await env.staff.get(f"/v1/subscriptions/{old}"))["sites"] == []


async def test_m13_earlier_version_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order("next")
        answer = await env.site(version="12.9").activate(code)
        assert refused(answer) == "version_too_old"
        assert isinstance(answer, ActivateAnswer) and answer.refusal is not None
        assert "13.0" in answer.refusal.detail
        granted(await env.site(version="13.0").activate(code))


async def test_the_same_code_again_is_the_same_site(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        first = site.id
        granted(await site.activate(code))
        assert site.id == first
        assert len((await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]) == 1


async def test_an_unknown_code_always_gets_the_same_answer_but_for_nonce_and_time(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        answers = [await env.site().activate(code) for code in UNKNOWN[:3]]
        assert {refused(answer) for answer in answers} == {"code_unknown"}


async def test_wrong_codes_are_slowed_down_and_real_ones_are_not(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        site = env.site()
        for number in range(10):
            assert refused(await site.activate(UNKNOWN[number])) == "code_unknown"
        assert await site.activate(UNKNOWN[10]) == "too_many_requests"
        _, code = await env.order()
        assert granted(await env.site().activate(code)), "who has a real code is not slowed down, from any address"


async def test_m14_m18_nothing_new_is_unchanged_and_changes_come_with_a_lease(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        assert told(await site.sync()).result == "unchanged"
        env.clock.now += DAY
        answer = told(await site.sync())
        assert answer.result == "unchanged"
        assert answer.next_sync is not None
        assert answer.next_sync.not_before > env.clock.now + 20 * 3_600
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        assert told(await site.sync()).result == "lease"
        assert site.lease is not None
        assert site.lease.lease.limit == 20


async def test_m18_what_the_site_reports_is_recorded(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=100)
        site = env.site()
        granted(await site.activate(code))
        site.use = DeviceUse(total=9, digest="")
        site.wanted = 30
        told(await site.sync())
        seen = await env.staff.get(f"/v1/sites/{site.id}")
        assert seen["devices"] == 9
        assert seen["allotment"] >= 30


async def test_a_lost_answer_is_given_again_byte_for_byte(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        await site.sync(lose=True)
        again = told(await site.sync(resend=True))
        assert again.result == "unchanged"
        assert told(await site.sync()).forked is False


async def test_b09_a_clone_is_found_at_the_stale_copys_first_synchronization(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        copy = site.clone()
        assert told(await site.sync()).forked is False
        found = told(await copy.sync())
        assert found.forked
        assert found.result == "lease"
        assert copy.lease is not None
        assert copy.lease.lease.contact_until <= env.clock.now + 7 * DAY
        assert refused(told(await copy.sync())) == "lease_forked"
        assert told(await site.sync()).forked is False
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"][0]["forked"]


async def test_m05_the_lease_ends_with_the_subscription(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.order()
        _, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        env.clock.now = START + 370 * DAY
        told(await site.sync())
        assert site.lease is not None
        assert site.lease.lease.spans[0].phase is Phase.GRACE
        assert site.lease.lease.exp == START + 379 * DAY
        env.clock.now = START + 379 * DAY
        told(await site.sync())
        assert site.lease.lease.features == ("read",)


async def test_m06_the_unlimited_one_runs_dry_and_recovers_by_a_top_up(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        fresh = await env.staff.post("/v1/customers", {"name": "Brook"})
        env.customer = fresh["id"]
        account = f"/v1/customers/{env.customer}"
        await env.staff.post(f"{account}/top-ups", {"amount": 24_000, "reference": "brook 1"})
        name, code = await env.order("monthly")
        site = env.site()
        granted(await site.activate(code))
        env.clock.now = START + 80 * DAY
        told(await site.sync())
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "ended"
        await env.staff.post(f"{account}/top-ups", {"amount": 12_000, "reference": "brook 2"})
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "active"
        told(await site.sync())
        assert site.lease is not None
        assert site.lease.lease.spans[0].phase is Phase.ACTIVE


async def test_a_reserved_renewal_shortens_the_lease_to_a_week_beyond_the_due_instant(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order("monthly")
        site = env.site()
        granted(await site.activate(code))
        env.clock.now = START + 25 * DAY
        told(await site.sync())
        assert site.lease is not None
        assert site.lease.lease.contact_until == START + 31 * DAY + 7 * DAY
        assert site.lease.lease.spans[0].until == START + 59 * DAY


async def test_a_successor_staged_takes_over_by_itself(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        old, first = await env.order()
        new, second = await env.order("later")
        site = env.site()
        granted(await site.activate(first))
        answer = granted(await site.activate(second, role="successor"))
        assert answer.successor
        assert site.lease is not None
        assert site.lease.lease.subscription == old
        env.clock.now = START + 366 * DAY
        told(await site.sync())
        assert site.lease.lease.subscription == new
        assert (await env.staff.get(f"/v1/subscriptions/{new}"))["phase"] == "active"


async def test_b08_m05_a_blocked_code_reaches_its_site(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        granted(await site.activate(code))
        codes = (await env.staff.get(f"/v1/subscriptions/{name}"))["codes"]
        await env.staff.post(f"/v1/subscriptions/{name}/block-code", {"code": codes[0]["id"]})
        told(await site.sync())
        assert site.lease is not None
        span = site.lease.lease.spans[0]
        assert (span.phase, span.until) == (Phase.GRACE, START + 8 * DAY)
