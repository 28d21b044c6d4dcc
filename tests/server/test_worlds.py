"""Sandbox and production never meet, nor do two sandboxes; every account is settled by its own provider's clock."""

import ast
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY
from tenure.http.timestamps import format_rfc3339
from tenure.server.real_time import RealTime
from tenure.store.engine import Connection
from tenure.store.schema import facts, postings
from tenure.wire import exchanges
from tenure.wire.armor import armor_message, read_armor
from tests.server.server_env import START, PlainSite, ServerEnv, neighbor, office

AGES = 84 * 365 * DAY
"""How far ahead of the real clock a sandbox is: its now is in the year 2109."""
SOURCE = Path(__file__).parents[2] / "src" / "tenure"


@asynccontextmanager
async def site_env(folder: Path) -> AsyncIterator[dict[str, ServerEnv]]:
    """Two providers of production and two sandboxes of one server; one sandbox is ages ahead, one a year."""
    async with office(folder) as north:
        envs = {"north": north, "south": await neighbor(north, "South", sandbox=False)}
        for name, ahead in (("far", AGES), ("near", 365 * DAY)):
            envs[name] = await neighbor(north, name.title(), sandbox=True)
            assert await moved(envs[name], START + ahead)
        yield envs


async def moved(env: ServerEnv, now: int) -> bool:
    answer = await env.staff.send("PUT", "/v1/sandbox/clock", {"now": format_rfc3339(now), "rate": 0})
    return answer.status_code == 200


async def now_of(env: ServerEnv) -> int:
    return await env.context.db.read(RealTime(env.clock()).now_at, env.provider)


async def beyond(envs: dict[str, ServerEnv]) -> list[Any]:
    """Facts and postings that carry an instant their provider's clock has yet to show."""
    found: list[Any] = []
    for name, env in envs.items():
        now = await now_of(env)

        def read(conn: Connection, env: ServerEnv = env, now: int = now) -> list[Any]:
            mine = sa.select(facts.c.subscription, facts.c.kind, facts.c.at, facts.c.recorded_at).where(
                facts.c.provider == env.provider, sa.or_(facts.c.at > now, facts.c.recorded_at > now)
            )
            booked = sa.select(postings.c.at, postings.c.recorded_at).where(
                postings.c.provider == env.provider,
                sa.or_(postings.c.at > now, postings.c.recorded_at > now),
            )
            return [*map(tuple, conn.execute(mine)), *map(tuple, conn.execute(booked))]

        found += [(name, *each) for each in await env.context.db.read(read)]
    return found


def refusal_of(answer: Any) -> str:
    return answer if isinstance(answer, str) else "" if answer.refusal is None else answer.refusal.code


async def at_door(door: str, env: ServerEnv, site: PlainSite, code: str) -> str:
    """What a code of `env` gets that comes to `door` from `site`: a refusal's code, or nothing."""
    if door == "activate":
        return refusal_of(await site.activate(code))
    if door == "stage":
        return refusal_of(await site.activate(code, role="successor"))
    if door == "look":
        reply = await site.apply(code, preview=True)
        assert isinstance(reply, bytes)
        read = exchanges.read_activate_answer(reply, site.last, site.root, sandbox=site.sandbox)
        return refusal_of(read.message)  # type: ignore[union-attr]
    request = armor_message("REQUEST", site.asking_for(code))
    answer = await env.staff.send("POST", "/v1/offline-exchange", {"request": request})
    if answer.status_code != 200:
        refused: str = answer.json()["code"]
        return refused
    blocks = read_armor(answer.json()["answer"])
    assert not isinstance(blocks, Refused)
    read = exchanges.read_activate_answer(blocks[-1].token, site.last, site.root, sandbox=site.sandbox)
    return refusal_of(read.message)  # type: ignore[union-attr]


MIXED = [(home, other) for home in ("north", "far", "near") for other in ("north", "far", "near") if home != other]


@pytest.mark.parametrize("door", ["activate", "look", "stage", "offline"])
async def test_a_code_of_another_world_is_refused_at_every_door_before_anything_is_settled(
    tmp_path: Path, door: str
) -> None:
    async with site_env(tmp_path) as envs:
        codes = {name: (await env.order("monthly"))[1] for name, env in envs.items()}
        homes = {name: env.site() for name, env in envs.items()}
        for name, site in homes.items():
            assert refusal_of(await site.activate(codes[name])) == ""
        fresh = {name: (await env.order("monthly"))[1] for name, env in envs.items()}
        before = await envs["north"].snapshot(but=("api_tokens", "idempotency"))
        for home, other in MIXED:
            said = await at_door(door, envs[other], homes[home], fresh[other])
            assert said == "environment_mismatch", (home, other)
            assert (await envs["north"].snapshot(but=("api_tokens", "idempotency"))) == before, (home, other)
        for home, other in (("north", "far"), ("far", "north")):
            stranger = envs[home].site()
            assert await at_door(door, envs[other], stranger, fresh[other]) == "environment_mismatch"
        assert (await envs["north"].snapshot(but=("api_tokens", "idempotency"))) == before
        assert await beyond(envs) == []


async def test_two_providers_of_production_meet_at_one_site_as_ever(tmp_path: Path) -> None:
    async with site_env(tmp_path) as envs:
        north, south = envs["north"], envs["south"]
        site = north.site()
        name, code = await north.order("brief")
        await site.activate(code)
        other, next_code = await south.order("later")
        assert refusal_of(await site.activate(next_code, role="successor")) == ""
        north.clock.now += 40 * DAY
        await north.staff.get(f"/v1/subscriptions/{name}")
        assert (await south.facts(other))[-1] == "SuccessorStarted"
        assert (await north.facts(name))[-1] == "SiteLeft"
        assert await beyond(envs) == []


async def test_a_sandbox_of_the_next_century_leaves_the_money_of_production_alone(tmp_path: Path) -> None:
    """964,000 became 4,000, in 162 facts of the year 2110."""
    async with site_env(tmp_path) as envs:
        north, far = envs["north"], envs["far"]
        name, code = await north.order("monthly")
        site = north.site()
        await site.activate(code)
        balance = (await north.staff.get(f"/v1/customers/{north.customer}/account"))["balance"]
        history = await north.facts(name)
        _, foreign = await far.order("monthly")
        for _ in range(2):
            assert refusal_of(await site.activate(foreign)) == "environment_mismatch"
            assert refusal_of(await site.activate(foreign, role="successor")) == "environment_mismatch"
            await north.sweep()
        assert (await north.staff.get(f"/v1/customers/{north.customer}/account"))["balance"] == balance
        assert await north.facts(name) == history
        _, own = await north.order("monthly")
        assert refusal_of(await site.activate(own)) == "subscription_in_force", "by its own clock, with its own date"


async def test_a_sandbox_site_is_told_its_own_time_with_a_refusal(tmp_path: Path) -> None:
    async with site_env(tmp_path) as envs:
        far, north = envs["far"], envs["north"]
        site = far.site()
        await site.activate((await far.order())[1])
        for wrong in ((await north.order())[1], "0000-WRONG"):
            answer = await site.activate(wrong)
            assert isinstance(answer, str) or answer.time == await now_of(far), wrong


DOORS = ("activate", "stage", "look", "offline", "sync", "get", "sweep", "move", "wait", "renew")


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_tried_no_fact_and_no_posting_is_ahead_of_its_providers_clock(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a walk that can be repeated
    async with site_env(tmp_path) as envs:
        names = list(envs)
        sites = [envs[name].site() for name in names for _ in range(2)]
        sold: list[tuple[str, str, str]] = []
        for _ in range(70):
            name, site, door = dice.choice(names), dice.choice(sites), dice.choice(DOORS)
            env = envs[name]
            if len(sold) < 8 or (door in {"activate", "stage"} and dice.random() < 0.3):
                sub, code = await env.order(dice.choice(["standard", "monthly", "later", "brief"]))
                sold.append((name, sub, code))
            owner, sub, code = dice.choice(sold)
            match door:
                case "activate" | "stage" | "look" | "offline":
                    await at_door(door, envs[owner], site, code)
                case "sync" if site.lease is not None:
                    await site.sync()
                case "get":
                    await envs[owner].staff.get(f"/v1/subscriptions/{sub}/timeline")
                    await envs[owner].staff.get(f"/v1/customers/{envs[owner].customer}/account")
                case "renew":
                    await envs[owner].staff.send("POST", f"/v1/subscriptions/{sub}/renew", {})
                case "sweep":
                    await env.sweep()
                case "move" if env.sandbox:
                    await moved(env, await now_of(env) + dice.randrange(90) * DAY)
                case _:
                    env.clock.now += dice.randrange(20) * DAY
            assert await beyond(envs) == [], (door, name, owner)
        for site in sites:  # each stayed in the world of its key
            if site.lease is not None:
                assert site.lease.lease.sandbox == site.sandbox


GUARDED = {"settle", "catch_up", "execute", "execute_settled", "credit_account", "allowed_actions"}
"""What of the core settles an account."""


def imported(path: Path) -> set[str]:
    """What a module takes by name from the core's modules that settle; `*` for a whole one."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in {
            "tenure.core.business.settle",
            "tenure.core.business.execute",
            "tenure.core.business.allowed_actions",
        }:
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "tenure.core":
            names |= {"*" for each in node.names if each.name in {"settle", "act"}}
        elif isinstance(node, ast.Import):
            names |= {
                "*"
                for each in node.names
                if each.name
                in {
                    "tenure.core.business.settle",
                    "tenure.core.business.execute",
                    "tenure.core.business.allowed_actions",
                }
            }
    return names


def calls(path: Path, name: str) -> bool:
    tree = ast.walk(ast.parse(path.read_text()))
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == name for node in tree)


def test_only_one_module_of_the_server_settles_and_it_takes_no_instant() -> None:
    """Who wants an account settled hands over what `books.load_books` made, which has its own provider's now in it."""
    outside = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in {"core", "sandbox"}]
    settling = {str(path.relative_to(SOURCE)) for path in outside if imported(path) & {*GUARDED, "*"}}
    assert settling == {"server/settlement.py"}
    loading = {str(path.relative_to(SOURCE)) for path in outside if calls(path, "AccountBooks")}
    assert loading == {"server/account_repository.py"}, "what is settled was loaded, with the now of its own provider"
    reading = {str(path.relative_to(SOURCE / "server")) for path in outside if calls(path, "RealTime")}
    assert reading == {
        "activation.py",
        "api/notifications.py",
        "context.py",
        "messages/composing.py",
        "sweep.py",
        "sync.py",
        "lease_signing.py",
    }, "where the server's own clock has just been read"
    functions = ast.walk(ast.parse((SOURCE / "server" / "settlement.py").read_text()))
    taken = {
        argument.arg
        for each in functions
        if isinstance(each, ast.FunctionDef)
        for argument in (*each.args.args, *each.args.kwonlyargs)
    }
    assert taken <= {"conn", "loaded", "heard", "provider", "subscription", "time", "subject", "command", "seen",
                     "posting", "role"}  # fmt: skip
