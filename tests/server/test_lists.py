"""Lists, exports and the board: found by what people look for, sorted, paged to the end, harmless to a spreadsheet."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tenure.core.timeline import DAY
from tests.server.server_env import START, ServerEnv, office

pytestmark = pytest.mark.anyio


async def another(env: ServerEnv, name: str, money: int = 0, **more: Any) -> str:
    """Another customer, from now on the one who orders."""
    env.customer = (await env.staff.post("/v1/customers", {"name": name, **more}))["id"]
    if money:
        path = f"/v1/customers/{env.customer}/top-ups"
        await env.staff.post(path, {"amount": money, "reference": f"of {name}"})
    return env.customer


async def names(env: ServerEnv, path: str = "/v1/subscriptions", **query: Any) -> list[str]:
    """Customers' names of a list read page by page."""
    found, cursor = [], ""
    while True:
        page = await env.staff.get(path, limit=2, **query, **({"cursor": cursor} if cursor else {}))
        found += [one.get("customer_name") or one["name"] for one in page["items"]]
        if not (cursor := page["next"] or ""):
            return found


async def furnished(env: ServerEnv) -> None:
    """Five customers: one active for a year, two monthly (one of them poor), one in grace soon, one not activated."""
    await another(env, "Anvil GmbH", 100_000, reference="K-1", email="ana@anvil.example")
    await env.order(devices=3)
    await another(env, "Bellows", 500_000)
    await env.order("monthly", devices=20)
    await another(env, "Chisel & Söhne", 12_000)
    await env.order("monthly", devices=10)
    await another(env, "=Drill()", 100_000)
    await env.order("standard", devices=7, until="2026-03-31")
    await another(env, "Engrave", 100_000)
    await env.order("later", devices=1)


async def test_a_list_is_narrowed_searched_and_sorted(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        every = ["=Drill()", "Anvil GmbH", "Bellows", "Chisel & Söhne", "Engrave"]
        by_id = await names(env)
        assert sorted(by_id) == every and await names(env, sort="newest") == by_id[::-1]
        assert await names(env, sort="customer") == every
        assert await names(env, sort="devices") == ["Bellows", "Chisel & Söhne", "=Drill()", "Anvil GmbH", "Engrave"]
        assert set((await names(env, sort="due"))[:2]) == {"Bellows", "Chisel & Söhne"}
        assert (await names(env, sort="ends"))[0] in {"Bellows", "Chisel & Söhne"}
        assert sorted(await names(env, auto="true")) == ["Bellows", "Chisel & Söhne"]
        assert await names(env, phase="pending") == ["Engrave"] == await names(env, plan="later")
        assert sorted(await names(env, due_before="2026-02-02T00:00:00Z")) == ["Bellows", "Chisel & Söhne"]
        for words in ("söhne", "Söhne", "CHISEL", "l & S"):
            assert await names(env, q=words) == ["Chisel & Söhne"], words
        one = (await env.staff.get("/v1/subscriptions", q="k-1"))["items"][0]
        assert one["customer_name"] == "Anvil GmbH"
        assert (one["phase"], one["price"], one["due_at"]) == ("active", 3_600, "2027-01-01T00:00:00Z")
        for words in (one["id"], one["id"][:14], one["code_last_group"].lower(), one["customer"]):
            assert "Anvil GmbH" in await names(env, q=words), words
        assert await names(env, q="%") == [], "what means something to a database means nothing here"


async def test_a_list_is_counted_when_asked_and_only_then(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        plain = await env.staff.get("/v1/subscriptions", limit=2)
        assert "total" not in plain
        first = await env.staff.get("/v1/subscriptions", limit=2, counted="true")
        assert (len(first["items"]), first["total"]) == (2, 5)
        narrow = await env.staff.get("/v1/subscriptions", limit=1, counted="true", auto="true")
        rest = await env.staff.get("/v1/subscriptions", limit=1, counted="true", auto="true", cursor=narrow["next"])
        assert (narrow["total"], rest["total"]) == (2, 2), "the whole list, not what is left of it"
        assert (await env.staff.get("/v1/customers", limit=2, counted="true", q="chisel"))["total"] == 1
        by_id = await names(env, "/v1/customers")
        assert await names(env, "/v1/customers", sort="newest") == by_id[::-1]


async def test_a_page_of_one_list_does_not_go_on_in_another(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        first = await env.staff.get("/v1/subscriptions", sort="due", limit=1)
        answer = await env.staff.send("GET", "/v1/subscriptions", sort="customer", cursor=first["next"])
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor")
        for wrong in ({"sort": "color"}, {"phase": "asleep"}, {"auto": "perhaps"}, {"due_before": "soon"}, {"q": ""}):
            answer = await env.staff.send("GET", "/v1/subscriptions", **wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid"), wrong


async def test_customers_are_found_by_name_reference_and_address(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        assert await names(env, "/v1/customers", q="bell") == ["Bellows"]
        assert await names(env, "/v1/customers", q="k-1") == ["Anvil GmbH"]
        assert await names(env, "/v1/customers", q="Ana@Anvil") == ["Anvil GmbH"]
        assert (await names(env, "/v1/customers", sort="balance"))[0] == "Chisel & Söhne"
        assert (await names(env, "/v1/customers", sort="name"))[1] == "ACME"
        one = (await env.staff.get("/v1/customers", q="Bellows"))["items"][0]
        assert (one["balance"], one["subscriptions"], one["currency"]) == (476_000, 1, "EUR")


async def test_an_export_is_the_whole_list_and_no_formula(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        answer = await env.staff.send("GET", "/v1/subscriptions.csv", sort="customer")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="subscriptions.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["customer_name"] for row in rows] == [
            "'=Drill()", "Anvil GmbH", "Bellows", "Chisel & Söhne", "Engrave",
        ]  # fmt: skip
        assert rows[2]["auto"] == "yes" and rows[2]["price"] == "24000" and rows[2]["canceled_at"] == ""
        assert (rows[2]["currency"], rows[2]["price_major"]) == ("EUR", "240.00")
        customers = await env.staff.send("GET", "/v1/customers.csv", q="drill")
        found = list(csv.DictReader(io.StringIO(customers.content.decode("utf-8-sig"))))
        assert [row["name"] for row in found] == ["'=Drill()"]
        for each in ("balance", "reserve", "credit_limit", "available"):
            assert found[0][f"{each}_major"] == f"{int(found[0][each]) / 100:.2f}"


async def test_a_customer_sees_its_own_rows_only(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        mine = await env.token()
        assert [one["customer_name"] for one in (await mine.get("/v1/subscriptions"))["items"]] == ["Engrave"]
        text = (await mine.send("GET", "/v1/subscriptions.csv", q="Bellows")).text
        assert "Bellows" not in text
        for path in ("/v1/customers", "/v1/customers.csv", "/v1/board"):
            assert (await mine.send("GET", path)).status_code == 403


async def test_b13_the_board_shows_what_wants_attention(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        await furnished(env)
        told = await env.staff.get("/v1/board", days=40)
        assert {one["customer_name"] for one in told["due"]} == {"Bellows", "Chisel & Söhne"}
        assert [one["customer_name"] for one in told["pending"]] == ["Engrave"]
        short = told["running_out"]
        assert [(one["customer_name"], one["available"], one["missing"]) for one in short] == [
            ("Chisel & Söhne", 0, 12_000)
        ]
        assert short[0]["until"] == "2026-02-01T00:00:00Z"
        totals = told["totals"]
        assert totals["phases"] == {"pending": 1, "active": 4, "grace": 0, "paused": 0, "ended": 0}
        assert (totals["subscriptions"], totals["customers"]) == (5, 6)
        assert totals["due"] == {"count": 2, "amount": 36_000}
        assert told["failed"] == told["grace"] == []

        env.clock.now = START + 32 * DAY
        await env.sweep()
        told = await env.staff.get("/v1/board", limit=1)
        assert [one["customer_name"] for one in told["failed"]] == ["Chisel & Söhne"]
        failed = told["failed"][0]["failed_at"]
        assert await names(env, failed_since=failed) == ["Chisel & Söhne"]
        assert await names(env, failed_since="2099-01-01T00:00:00Z") == []
        assert [one["phase"] for one in told["grace"]] == ["grace"]
        assert told["totals"]["phases"]["grace"] == 1
        assert told["running_out"][0]["until"] == "2026-02-01T00:00:00Z"
        assert len(told["due"]) == 1 and told["totals"]["due"]["count"] == 1

        await env.staff.post(f"/v1/customers/{short[0]['customer']}/top-ups", {"amount": 12_000, "reference": "late"})
        told = await env.staff.get("/v1/board")
        assert told["failed"] == told["grace"] == []


async def test_a_held_subscription_is_paused_in_lists_as_on_its_page(tmp_path: Path) -> None:
    """Its clock stands still, so that it never ends meanwhile, whatever was paid for."""
    async with office(tmp_path) as env:
        await env.staff.send("PUT", "/v1/policy", {"rules": {"stop_clock": True}})
        name, _ = await env.order("monthly")
        await env.staff.post(f"/v1/subscriptions/{name}/hold", {"reason": "parental leave"})
        env.clock.now = START + 200 * DAY
        await env.sweep()
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["phase"] == "paused"
        assert [one["id"] for one in (await env.staff.get("/v1/subscriptions", phase="paused"))["items"]] == [name]
        told = await env.staff.get("/v1/board")
        assert told["totals"]["phases"]["paused"] == 1
        assert told["due"] == told["grace"] == told["failed"] == told["running_out"] == []
