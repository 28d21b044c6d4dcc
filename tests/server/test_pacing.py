"""A customer who changes something 65 times a second is told when to come again, and nobody else waits for it."""

import asyncio
import csv
import io
from pathlib import Path

import httpx2
import msgspec
import pytest

from tenure.http import pacing
from tenure.http.pacing import CallerTurns
from tenure.server.api import csv_exports
from tests.server.server_env import ServerEnv, office

CUSTOMERS, CHANGES = 24, 20
"""What may come at once in these tests, so that they are quick."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pacing.OF_SUBSCRIPTION.burst == 240, "a day's work of a desk at once; then one a minute"
    monkeypatch.setattr(pacing, "OF_SUBSCRIPTION", msgspec.structs.replace(pacing.OF_SUBSCRIPTION, burst=CHANGES))
    monkeypatch.setattr(pacing, "BY_CUSTOMER", msgspec.structs.replace(pacing.BY_CUSTOMER, burst=CUSTOMERS))


async def _switch(env: ServerEnv, caller: object, name: str, number: int) -> httpx2.Response:
    intent = ("manual", "auto")[number % 2]
    return await caller.send("POST", f"/v1/subscriptions/{name}/set-renewal-intent", {"intent": intent})  # type: ignore[attr-defined, no-any-return]


async def test_a_history_grows_so_fast_and_no_faster(tmp_path: Path) -> None:
    """A customer of default rights, 65 times a second for 3 seconds: so many changes at once, then one a minute."""
    async with office(tmp_path) as env:
        (name, _), (other, _) = await env.order(), await env.order()
        customer = await env.token()
        answers = []
        for number in range(195):
            env.clock.now += number % 65 == 0
            answers.append(await _switch(env, customer, name, number))
        done = [each for each in answers if each.status_code == 200]
        assert len(done) <= CHANGES + 1
        refused = answers[-1]
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(refused.headers["retry-after"]) <= pacing.OF_SUBSCRIPTION.interval_seconds
        assert refused.json()["remedy"] and refused.json()["possible_at"]
        assert (await _switch(env, env.staff, name, 1)).status_code != 429, "the desk has a pace of its own"
        env.clock.now += int(refused.headers["retry-after"])
        assert (await _switch(env, customer, name, 195)).status_code != 429, "waiting as long as told suffices"
        assert (await _switch(env, customer, other, 1)).status_code == 200


async def test_a_change_tells_what_is_left_of_each_limit(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        customer = await env.token()
        env.clock.now += 4_000
        first, second = [await _switch(env, customer, name, number) for number in range(2)]
        assert first.headers["ratelimit-policy"] == (
            f'"changes by one customer";q={CUSTOMERS};w={CUSTOMERS},'
            f' "changes of one subscription";q={CHANGES};w={CHANGES * 60}'
        )
        assert first.headers["ratelimit"] == (
            f'"changes by one customer";r={CUSTOMERS - 1};t=1, "changes of one subscription";r={CHANGES - 1};t=60'
        )
        assert f'"changes of one subscription";r={CHANGES - 2};t=120' in second.headers["ratelimit"]
        rehearsed = await customer.send("POST", f"/v1/subscriptions/{name}/set-renewal-intent", {}, dry_run="true")
        assert "changes of one subscription" not in rehearsed.headers.get("ratelimit", "")
        read = await customer.send("GET", f"/v1/subscriptions/{name}")
        assert "ratelimit" not in read.headers
        while (last := await _switch(env, customer, name, 1)).status_code != 429:
            pass
        assert 'subscription";r=0;' in last.headers["ratelimit"] or 'customer";r=0;' in last.headers["ratelimit"]
        unknown = await env.staff.send("POST", "/v1/sessions", {})
        assert "changes by one customer" not in unknown.headers.get("ratelimit", "")


async def test_a_customers_many_tokens_have_one_pace(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        tokens = [await env.token() for _ in range(3)]
        names = [(await env.order())[0] for _ in range(3)]
        told = [
            (await _switch(env, tokens[number % 3], names[number // 2 % 3], number)).status_code
            for number in range(CUSTOMERS + 5)
        ]
        assert told[-1] == 429
        assert (await env.staff.send("GET", "/v1/subscriptions")).status_code == 200


async def test_whoever_names_anothers_subscription_uses_up_nothing_of_theirs(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        customer = await env.token()
        stranger = await env.staff.post("/v1/customers", {"name": "Stranger"})
        theirs = await env.token(of=stranger["id"])
        for number in range(CHANGES + 5):
            assert (await _switch(env, theirs, name, number)).status_code in {404, 429}
        assert (await _switch(env, customer, name, 1)).status_code == 200


async def test_items_of_a_batch_are_counted_like_requests(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, _ = await env.order()
        path = f"/v1/subscriptions/{name}/set-renewal-intent"
        items = [{"method": "POST", "path": path, "body": {"intent": ("manual", "auto")[n % 2]}} for n in range(10)]
        statuses = []
        for _ in range(3):
            answer = await env.staff.post("/v1/batch", {"commands": items})
            statuses += [each["status"] for each in answer["items"]]
        assert statuses.count(429) == 30 - CHANGES


async def test_an_export_is_read_in_slices_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_exports, "SLICE", 3)
    async with office(tmp_path) as env:
        names = {(await env.order())[0] for _ in range(10)}
        for sort in ("id", "newest", "due", "ends", "customer", "devices"):
            answer = await env.staff.send("GET", "/v1/subscriptions.csv", sort=sort)
            rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert len(rows) == 10
            assert {each["id"] for each in rows} == names
        monkeypatch.setattr(csv_exports, "ROWS_MOST", 9)
        refused = await env.staff.send("GET", "/v1/subscriptions.csv")
        assert (refused.status_code, refused.json()["code"]) == (422, "field_invalid")


async def test_others_are_answered_while_an_export_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_exports, "SLICE", 1)
    async with office(tmp_path) as env:
        for _ in range(20):
            await env.order()
        export = asyncio.create_task(env.staff.send("GET", "/v1/subscriptions.csv"))
        answered = 0
        while not export.done():
            assert (await env.http.get("/livez")).status_code == 200
            answered += 1
            await asyncio.sleep(0)
        assert answered >= 5
        assert export.result().status_code == 200


async def test_turns_are_taken_among_ones_own() -> None:
    turns, order = CallerTurns(1), []

    async def work(who: str, number: int) -> None:
        async with turns.turn_of(who):
            order.append((who, number))
            await asyncio.sleep(0)

    await asyncio.gather(*(work("hog", number) for number in range(20)), work("other", 0))
    assert order.index(("other", 0)) == 1, "behind what was at work, and before all that waited"
    assert [number for who, number in order if who == "hog"] == list(range(20))
    waiting = [asyncio.create_task(work("hog", number)) for number in range(3)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await work("hog", 99)
    assert not turns._gates, "nothing is kept of those who have gone"


async def test_whoever_asks_for_heavy_things_without_end_gets_half_of_the_loop() -> None:
    turns, loop, took = CallerTurns(1, pauses=True), asyncio.get_running_loop(), list[float]()

    async def heavy() -> None:
        async with turns.turn_of("hog"):
            begun = loop.time()
            while loop.time() < begun + 0.01:
                pass  # the loop is held up, as by a long history
            took.append(loop.time() - begun)

    begun = loop.time()
    await asyncio.gather(*(heavy() for _ in range(6)))
    pauses = loop.time() - begun - sum(took)
    assert pauses >= 0.9 * sum(min(each, pacing.LONGEST_PAUSE) for each in took[:-1])
    assert turns._gates, "the pause behind the last one runs"
    await asyncio.sleep(2 * pacing.LONGEST_PAUSE)
    assert not turns._gates
    async with turns.turn_of("light"):
        pass
    assert not turns._gates, "a light turn has no pause"
