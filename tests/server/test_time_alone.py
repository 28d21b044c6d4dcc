"""What time alone changes: agreed terms, a period's own figures, a clock that a hold stops
[spec: agreed-terms, holds, new-lease]."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.lease.standing import effective_lease
from tenure.core.timeline import DAY, Phase, span_at
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import START, PlainSite, ServerEnv, office

YEAR = 365 * DAY


def told(answer: SyncAnswer | ActivateAnswer | str) -> Any:
    assert not isinstance(answer, str), answer
    return answer


def lease_of(site: PlainSite) -> Any:
    assert site.lease is not None
    return site.lease.lease


async def publish(env: ServerEnv, **rules: Any) -> None:
    answer = await env.staff.send("PUT", "/v1/policy", {"rules": rules})
    assert answer.status_code == 200, answer.text


async def until(env: ServerEnv, site: PlainSite, moment: int, step: int = 6 * 3_600) -> None:
    """Synchronizes all along up to that instant."""
    while env.clock.now + step < moment:
        env.clock.now += step
        told(await site.sync())
        told(await site.sync())  # acknowledges a new lease


async def test_the_first_synchronization_after_an_agreed_edge_brings_what_it_changed(tmp_path: Path) -> None:
    """Tolerance 0, three devices, two agreed from the end on, renewed: `unchanged` for 7.5 days, one seat free."""
    async with office(tmp_path) as env:
        await publish(env, tolerance_percent=0)
        name, code = await env.order(devices=3)
        site = env.site()
        told(await site.activate(code))
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 2})
        env.clock.now = START + YEAR - 60 * DAY
        await env.staff.post(f"/v1/subscriptions/{name}/renew", {})
        site.use = DeviceUse(total=2)
        env.clock.now = START + YEAR - 2 * DAY
        told(await site.sync())
        assert lease_of(site).coming is not None, "announced before"
        await until(env, site, START + YEAR)
        assert lease_of(site).limit == 3
        env.clock.now = START + YEAR + 1
        answer = told(await site.sync())
        assert answer.result == "lease"
        assert (lease_of(site).limit, lease_of(site).allotment) == (2, 2)
        told(await site.sync())
        assert told(await site.sync()).result == "unchanged"


RULES = {
    "tolerance_percent": (50, 0),
    "idle_release_days": (60, 30),
    "seat_conflict_days": (30, 10),
    "sync_interval": (86_400, 43_200),
    "after_end_sync_days": (90, 10),
    "lease_days": (45, 30),
}


@pytest.mark.parametrize("field", list(RULES))
async def test_a_running_period_keeps_its_own_figures_until_the_next_one_begins(tmp_path: Path, field: str) -> None:
    """Published while the period runs, then renewed early: the figures come with the period bought, not before."""
    old, new = RULES[field]
    async with office(tmp_path) as env:
        await publish(env, **{field: old})
        name, code = await env.order(devices=2)
        site = env.site()
        told(await site.activate(code))
        await publish(env, **{field: new})
        env.clock.now = START + YEAR - 60 * DAY
        await env.staff.post(f"/v1/subscriptions/{name}/renew", {})
        told(await site.sync())

        def shown() -> int:
            lease = lease_of(site)
            life = (lease.contact_until - lease.iat) // DAY
            figure: int = life if field == "lease_days" else getattr(lease.figures, field)
            return figure

        assert shown() == old
        if field == "tolerance_percent":
            assert lease_of(site).allotment == 3, "nobody is put out at once"
            assert lease_of(site).coming.at == START + YEAR, "and who will be is told before"
        await until(env, site, START + YEAR)
        assert shown() == old
        # How long a lease lives is no claim of its own: the next one that is due anyway lives as long as it now should.
        env.clock.now = START + YEAR + (12 * DAY if field == "lease_days" else 1)
        assert told(await site.sync()).result == "lease", "the first synchronization after the edge brings it"
        assert shown() == new


async def test_while_a_hold_stops_the_clock_nothing_turns_at_the_old_end(tmp_path: Path) -> None:
    """The site keeps asking, a successor waits: paused at site and server alike, and the paid days come back."""
    async with office(tmp_path) as env:
        await publish(env, stop_clock=True)
        name, code = await env.order("brief")
        next_name, later = await env.order("later")
        site = env.site()
        told(await site.activate(code))
        answer = told(await site.activate(later, role="successor"))
        successor = read_lease(answer.successor.encode(), site.root, product="editor")
        assert isinstance(successor, SealedLease)
        end = successor.lease.nbf
        env.clock.now = START + 10 * DAY
        told(await site.sync())
        await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "holidays"})
        for day in range(11, 50):
            env.clock.now = START + day * DAY
            answer = told(await site.sync())
            assert not answer.successor, "none is promised for an end that does not come"
            rules = effective_lease(lease_of(site), None if not answer.successor else successor.lease, env.clock.now)
            assert rules is not None
            assert span_at(rules.spans, env.clock.now).phase is Phase.PAUSED
            await env.sweep()
        assert env.clock.now > end
        assert "SuccessorStarted" not in await env.facts(next_name), "untouched"
        await env.staff.post(f"/v1/subscriptions/{name}/release", {})
        seen = await env.staff.get(f"/v1/subscriptions/{name}")
        assert seen["phase"] == "active"
        answer = told(await site.sync())
        assert span_at(lease_of(site).spans, env.clock.now).phase is Phase.ACTIVE
        again = read_lease(answer.successor.encode(), site.root, product="editor")
        assert isinstance(again, SealedLease)
        assert again.lease.nbf >= end + 37 * DAY, "the days held are added, from when the site had heard of it"
        assert "SuccessorStarted" not in await env.facts(next_name)


async def test_the_timeline_shows_a_pause_that_is_over_as_it_held(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await publish(env, stop_clock=True)
        name, _ = await env.order()
        for day, verb in ((10, "hold"), (13, "release"), (20, "hold"), (22, "release")):
            env.clock.now = START + day * DAY
            await env.staff.post(f"/v1/subscriptions/{name}/{verb}", {"reason": "holidays"} if verb == "hold" else {})
        shown = await env.staff.get(f"/v1/subscriptions/{name}/timeline")
        held = [(each["phase"], each["since"][:10]) for each in shown]
        days = ["2026-01-01", "2026-01-11", "2026-01-14", "2026-01-21", "2026-01-23", "2027-01-06", "2027-01-20"]
        phases = ["active", "paused", "active", "paused", "active", "grace", "ended"]
        assert held == list(zip(phases, days, strict=True))


async def test_a_successor_that_takes_over_without_a_server_reads_as_begun_with_its_dates(tmp_path: Path) -> None:
    """Its plan starts at first activation; offline it said "waits for its first activation", paid until never."""
    async with office(tmp_path) as env:
        _, code = await env.order("brief")
        _, later = await env.order("later")
        site = env.site()
        told(await site.activate(code))
        answer = told(await site.activate(later, role="successor"))
        staged = read_lease(answer.successor.encode(), site.root, product="editor")
        assert isinstance(staged, SealedLease)
        lease = staged.lease
        spans = [(each.phase, each.why, each.since) for each in lease.spans]
        assert spans[0] == ("active", "paid", lease.nbf)
        assert [phase for phase, _, _ in spans] == ["active", "grace", "ended"]
        assert lease.prepaid_until == spans[1][2] == lease.nbf + YEAR
        assert lease.kind == "limited"


async def test_keys_of_sandboxes_are_listed_marked_and_apart(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        real = (await env.vendor.get("/.well-known/jwks.json"))["keys"]
        marked = (await env.vendor.get("/v1/sandbox/jwks.json"))["keys"]
        assert marked
        assert all(each["sandbox"] for each in marked)
        assert not {each["kid"] for each in real} & {each["kid"] for each in marked}, "worthless in production"


async def test_a_renewal_while_a_successor_waits_says_that_it_waits_longer(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        _, later = await env.order("later")
        site = env.site()
        told(await site.activate(code))
        told(await site.activate(later, role="successor"))
        env.clock.now = START + 300 * DAY
        for query in ({"dry_run": True}, {}):
            renewed = await env.staff.post(f"/v1/subscriptions/{name}/renew", {}, **query)
            (warning,) = renewed["warnings"]
            assert "on 2028-01-01" in warning
            assert "instead of 2027-01-01" in warning
        assert (await env.staff.post(f"/v1/subscriptions/{name}/cancel", {}))["warnings"] == []
