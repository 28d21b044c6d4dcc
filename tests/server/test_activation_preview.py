"""A code that is only looked at: the server's signed word on what it would start and until when; nothing begins."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant, Phase
from tenure.wire import exchanges
from tenure.wire.messages import ActivateAnswer, CodePreview
from tests.server.server_env import START, PlainSite, office

pytestmark = pytest.mark.anyio
YEAR = 365 * DAY


async def looked(site: PlainSite, code: str, **more: str) -> CodePreview:
    told = await site.activate(code, preview=True, **more)
    assert isinstance(told, ActivateAnswer), told
    assert told.preview is not None, told
    assert not (told.site or told.lease or told.successor or told.token)
    return told.preview


def dates(preview: CodePreview) -> list[tuple[Phase, Instant, Instant | None]]:
    return [(span.phase, span.since, span.until) for span in preview.spans]


async def test_b04_what_a_code_would_start_is_told_and_nothing_begins(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order("later", devices=7)
        env.clock.now += 3 * DAY
        before = await env.snapshot()
        site = env.site()
        preview = await looked(site, code)
        now = START + 3 * DAY
        assert (preview.limit, preview.begins, preview.paid_until) == (7, now, now + YEAR)
        assert dates(preview)[:2] == [
            (Phase.ACTIVE, now, now + YEAR),
            (Phase.GRACE, now + YEAR, now + YEAR + 14 * DAY),
        ]
        assert await env.snapshot() == before, "not even the site is known"
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "pending"
        told = await site.activate(code)
        assert isinstance(told, ActivateAnswer)
        assert site.lease is not None
        assert site.lease.lease.spans[0].until == now + YEAR, "what was shown is what is given"


async def test_a_look_is_refused_for_the_reason_and_with_the_date_of_the_deed(tmp_path: Path) -> None:
    """M10, M13, and codes that nobody has: just as padded, just as counted."""
    async with office(tmp_path) as env:
        site = env.site()
        await site.activate((await env.order())[1])
        other, newer = (await env.order())[1], (await env.order("next"))[1]
        for asking, code, why in (
            (site, other, RefusalCode.SUBSCRIPTION_IN_FORCE),
            (env.site(version="12.9"), newer, RefusalCode.VERSION_TOO_OLD),
            (env.site(), "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ", None),
        ):
            look, done = await asking.activate(code, preview=True), await asking.activate(code)
            if why is None:
                assert look == done
                continue
            assert isinstance(look, ActivateAnswer) and isinstance(done, ActivateAnswer)
            assert look.refusal == done.refusal
            assert look.refusal is not None
            assert look.refusal.code == why
            assert look.preview is None


async def test_m10_a_successor_shows_the_switch_and_when_it_runs_out_itself(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        site = env.site()
        await site.activate((await env.order())[1])
        later, fixed = (await env.order("later"))[1], (await env.order("standard"))[1]
        end = START + YEAR
        waits = await looked(site, later, role="successor")
        assert (waits.begins, waits.paid_until) == (end, end + YEAR), "it is used up from the takeover on"
        assert dates(waits)[0] == (Phase.ACTIVE, end, end + YEAR)
        env.clock.now += 30 * DAY
        runs = await looked(site, fixed, role="successor")
        assert runs.begins == end
        assert dates(runs)[0][0] is not Phase.PENDING
        assert runs.paid_until is not None
        before = await env.snapshot()
        await looked(site, later, role="successor")
        assert await env.snapshot() == before, "looked at, not staged"


async def test_an_answer_to_a_look_is_no_answer_to_a_deed_nor_the_other_way_round(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        code = (await env.order())[1]
        site = env.site()
        seen = await site.apply(code, preview=True)
        look = site.last
        assert isinstance(seen, bytes)
        told = await site.apply(code)
        done = site.last
        assert isinstance(told, bytes)
        for answer, question in ((seen, done), (told, look)):
            crossed = exchanges.read_activate_answer(answer, question, site.root)
            assert isinstance(crossed, Refused)
            assert crossed.code is RefusalCode.NOT_THE_ANSWER


async def test_money_and_takeovers_that_are_due_are_not_booked_by_a_look(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        code = (await env.order("monthly"))[1]
        site = env.site()
        await site.activate(code)
        env.clock.now += 35 * DAY
        before = await env.snapshot()
        preview = await looked(site, code)
        assert preview.spans[0].phase is Phase.ACTIVE, "it is reckoned with all the same"
        assert await env.snapshot() == before


async def test_a_look_at_what_renews_itself_tells_the_renewals_and_the_plan_by_name(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        body = {"amount": 3 * 12_000, "reference": "three months"}
        await env.staff.post(f"/v1/customers/{env.customer}/top-ups", body)
        _, code = await env.order("monthly", renewal_intent="auto")
        preview = await looked(env.site(), code)
        plan = await env.vendor.get(f"/v1/plans/{preview.plan}")
        assert preview.plan_name == plan["name"]
        assert preview.outlook is not None
        assert preview.outlook.at == preview.paid_until
        assert preview.outlook.covered_until is not None
        site = env.site()
        told = await site.activate(code)
        assert isinstance(told, ActivateAnswer)
        assert site.lease is not None
        given = site.lease.lease.outlook
        assert given is not None
        assert msgspec.to_builtins(given) == msgspec.to_builtins(preview.outlook), "what was shown is what is given"
        assert site.lease.lease.plan_name == preview.plan_name
        by_hand = await looked(env.site(), (await env.order("later"))[1])
        assert by_hand.outlook is None
