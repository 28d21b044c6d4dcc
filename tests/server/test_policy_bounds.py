"""The vendor's bounds: published, shown, kept; what they cut is named before, and what runs keeps its own."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.server_env import ServerEnv, office

pytestmark = pytest.mark.anyio
DAY = 86_400
PATH = "/v1/policy-bounds"


async def published(env: ServerEnv, **bounds: Any) -> Any:
    answer = await env.vendor.send("PUT", PATH, {"bounds": bounds})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rule(env: ServerEnv, field: str) -> tuple[Any, str]:
    policy = await env.staff.get("/v1/policy")
    return next((one["value"], one["source"]) for one in policy["rules"] if one["field"] == field)


async def test_who_may_bound_and_who_may_look(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        assert (await env.staff.send("PUT", PATH, {"bounds": {}})).status_code == 403
        await published(env, grace_days={"minimum": 7, "maximum": 30})
        seen = await env.staff.get(PATH)
        (grace,) = [one for one in seen["bounds"] if one["field"] == "grace_days"]
        assert (grace["minimum"], grace["maximum"], grace["most"], grace["default"]) == (7, 30, 90, 14)


async def test_a_policy_beyond_the_bounds_is_refused_with_the_bounds(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await published(env, grace_days={"minimum": 7, "maximum": 30}, refund={"locked": True})
        for rules, words in (({"grace_days": 31}, "between 7 and 30"), ({"refund": "unused_days"}, "locked")):
            answer = await env.staff.send("PUT", "/v1/policy", {"rules": rules})
            assert (answer.status_code, answer.json()["code"]) == (422, "policy_out_of_bounds")
            assert words in answer.json()["detail"]
        assert (await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 30}})).status_code == 200


async def test_a_published_policy_is_cut_for_later_periods_and_named_before(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 60}})
        running, _ = await env.order()
        env.clock.now += DAY
        before = await env.snapshot()
        wish = {"bounds": {"grace_days": {"maximum": 30}}}
        shown = (await env.vendor.send("PUT", PATH, wish, dry_run="true")).json()
        (cut,) = shown["cuts"]
        assert (cut["provider"], cut["field"], cut["published"], cut["holds"]) == (env.provider, "grace_days", 60, 30)
        assert await env.snapshot() == before, "a preview changes nothing"
        await published(env, **wish["bounds"])
        assert await rule(env, "grace_days") == (30, "vendor_bound")
        later, _ = await env.order()
        for name, days in ((running, 60), (later, 30)):
            found = await env.staff.get("/v1/policy/effective", subscription=name)
            assert next(one["value"] for one in found["rules"] if one["field"] == "grace_days") == days
        await published(env)
        assert await rule(env, "grace_days") == (60, "provider"), "widened again, what was published holds again"


async def test_a_server_that_slept_books_by_the_bounds_of_the_instant(tmp_path: Path) -> None:
    """A renewal that fell due before the bounds were narrowed has the figures that held then."""
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"grace_days": 20}})
        name, _ = await env.order("monthly")
        env.clock.now += 40 * DAY  # the renewal is due for nine days, and nobody looked
        await published(env, grace_days={"maximum": 5})
        periods = (await env.staff.get(f"/v1/subscriptions/{name}"))["periods"]
        assert len(periods) == 2
        found = await env.staff.get("/v1/policy/effective", subscription=name)
        assert next(one["value"] for one in found["rules"] if one["field"] == "grace_days") == 20


async def test_bounds_that_are_none_and_bounds_nobody_saw_are_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        for bounds in (
            {"grace_days": {"minimum": 30, "maximum": 7}},
            {"grace_days": {"maximum": 91}},
            {"color": {"locked": True}},
            {"refund": {"maximum": 3}},
        ):
            answer = await env.vendor.send("PUT", PATH, {"bounds": bounds})
            assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid"), bounds
        await published(env, grace_days={"maximum": 30})
        token = env.vendor.token
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"', "Content-Type": "application/json"}
        stale = await env.http.put(PATH, content=b'{"bounds":{}}', headers=headers)
        assert stale.json()["code"] == "version_stale"


async def test_figures_that_would_no_longer_fit_together_are_refused(tmp_path: Path) -> None:
    """Leases cut to 14 days with a synchronization every day and a half would leave too few of them."""
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"lease_days": 90, "sync_interval": 2 * DAY}})
        answer = await env.vendor.send("PUT", PATH, {"bounds": {"lease_days": {"maximum": 30}}})
        assert answer.json()["code"] == "policy_out_of_bounds"
        assert "North" in answer.json()["detail"]
