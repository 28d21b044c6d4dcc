"""Amnesties: published once, carried with every answer, and waited for before anything is given back (B15)."""

from pathlib import Path

import pytest

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY
from tenure.http.timestamps import format_rfc3339
from tenure.wire.notices import SignedNotice, read_notice
from tests.server.server_env import START, office

pytestmark = pytest.mark.anyio


async def test_b15_an_amnesty_comes_with_every_answer_and_is_proven_by_the_root(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = env.site()
        await site.activate(code)
        body = {
            "since": format_rfc3339(START - 5 * DAY),
            "until": format_rfc3339(START - DAY),
            "text": "our servers were out",
        }
        made = await env.vendor.post("/v1/notices", body)
        answer = await site.sync()
        assert not isinstance(answer, str)
        assert answer.notices == (made["notice"],)
        read = read_notice(answer.notices[0].encode(), site.root)
        assert not isinstance(read, Refused)
        notice = read if isinstance(read, SignedNotice) else read.notice
        assert (notice.since, notice.until) == (START - 5 * DAY, START - DAY)
        assert (await env.vendor.get("/v1/notices"))[0]["id"] == made["id"]


@pytest.mark.parametrize(
    ("since", "until"), [(START, START), (START - 31 * DAY, START), (START + DAY, START + 3 * DAY)]
)
async def test_what_is_no_outage_is_refused(tmp_path: Path, since: int, until: int) -> None:
    async with office(tmp_path) as env:
        body = {"since": format_rfc3339(since), "until": format_rfc3339(until)}
        assert await env.vendor.refused("/v1/notices", body) == "field_invalid"


async def test_a_refund_waits_for_the_lease_as_the_amnesty_prolonged_it(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"refund": "unused_days"}})
        name, code = await env.order()
        await env.site().activate(code)
        body = {"since": format_rfc3339(START - 5 * DAY), "until": format_rfc3339(START + 3_600)}
        await env.vendor.post("/v1/notices", body)
        await env.staff.post(f"/v1/subscriptions/{name}/cancel", {"at_once": True})
        account = f"/v1/customers/{env.customer}/account"
        before = (await env.staff.get(account))["balance"]
        env.clock.now = START + 33 * DAY  # the lease alone would be over by now
        assert (await env.staff.get(account))["balance"] == before
        env.clock.now = START + 36 * DAY
        assert (await env.staff.get(account))["balance"] > before
