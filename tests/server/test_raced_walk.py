"""Random commands, sites and sweeps at two processes in the same moment: none fails, and what is stored is sound."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure.core.business.command_table import COMMANDS
from tenure.core.policy.rules import Action
from tenure.core.timeline import DAY, HOUR
from tenure.server.sweep import BackgroundSweep
from tenure.store import integrity
from tenure.wire.messages import SyncAnswer
from tests.contract.databases import SharedSchema
from tests.server.server_env import Caller, PlainSite, ServerEnv, office
from tests.server.test_unchanged_walk import Walk

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ROUNDS = 15
ACTIONS = sorted({*Action} - {Action.REQUEST_PAYMENT, Action.TOP_UP})


@pytest.fixture
async def envs(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, ServerEnv]]:
    """Two processes of one server."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        second = await opener.open()
        yield env, env.second_process(second)
        await second.close()


class RacedWalk(Walk):
    """Several things at once, each at either process; what they are about is often the same subscription."""

    def __init__(self, envs: tuple[ServerEnv, ServerEnv], seed: int, customers: tuple[Caller, Caller]) -> None:
        super().__init__(envs[0], seed)
        self.envs, self.customers = envs, customers
        self.made = 0

    async def round(self) -> None:
        """Four to seven things at once; then time passes."""
        self.busy = list[PlainSite]()
        self.random.shuffle(self.sites)
        about = self.random.choice(self.names)
        sub = await self.env.staff.get(f"/v1/subscriptions/{about}")
        asked: list[Awaitable[None]] = []
        for _ in range(self.random.randrange(4, 8)):
            env = self.random.choice(self.envs)
            asked.append(
                self.random.choice([self.race, self.race, self.race, self.ask, self.settle, self.buy])(env, sub)
            )
        await asyncio.gather(*asked)
        self.env.clock.now += self.random.choice([60, HOUR, DAY, 6 * DAY, 20 * DAY])

    async def race(self, env: ServerEnv, sub: dict[str, Any]) -> None:
        """A command, by staff or the customer, twice under one key at both processes or once."""
        row = self.random.choice(COMMANDS)
        body = {each.name: self.value(each, sub) for each in row.fields if each.required or self.random.random() < 0.5}
        if row.name == "confirm_payment":
            body["reference"] = f"bank {self.random.randrange(4)}"
        self.made += 1
        place, path, key = self.envs.index(env), f"/v1/subscriptions/{sub['id']}/{row.verb}", f"raced-{self.made}"
        who = self.random.choice(["staff", "staff", "customer"])
        both = self.random.random() < 0.4
        callers = [self.caller(place, who), *([self.caller(1 - place, who)] if both else [])]
        told = await asyncio.gather(*(each.send("POST", path, body, key=key) for each in callers))
        self.count(row.name, told)
        done = [each for each in told if each.status_code < 300]
        assert all(each.json() == done[0].json() for each in done), (row.name, [each.text for each in told])

    def caller(self, place: int, who: str) -> Caller:
        return self.envs[place].staff if who == "staff" else self.customers[place]

    def count(self, name: str, told: list[httpx2.Response]) -> None:
        for each in told:
            assert each.status_code < 500 or each.json()["code"] == "server_busy", (name, each.text)
            self.seen[f"{name} {each.status_code < 300}"] += 1
            if each.status_code >= 500:
                self.seen["busy"] += 1

    async def ask(self, env: ServerEnv, _: dict[str, Any]) -> None:
        """A site of any subscription synchronizes at that process, at times by one request at both."""
        site = next((each for each in self.sites if each not in self.busy), None)
        if site is None:
            return
        self.busy.append(site)
        site.office = env
        site.asking()
        twin = site.clone()
        twin.last, twin.office = site.last, self.envs[1 - self.envs.index(env)]
        twice = self.random.random() < 0.3
        told = await asyncio.gather(site.sync(resend=True), *([twin.sync(resend=True)] if twice else []))
        for each in told:
            assert isinstance(each, SyncAnswer) or each == "server_busy", each
            self.seen[each if isinstance(each, str) else each.result] += 1

    async def settle(self, env: ServerEnv, _: dict[str, Any]) -> None:
        await BackgroundSweep(env.context).once()

    async def buy(self, env: ServerEnv, _: dict[str, Any]) -> None:
        offer = self.random.choice(["standard", "monthly", "later", "brief"])
        body = {"customer": env.customer, "offer": env.offers[offer], "devices": self.random.choice([5, 10, 20])}
        told = await env.staff.send("POST", "/v1/subscriptions", body)
        self.count("order", [told])
        if told.status_code < 300 and len(self.names) < 6:
            self.names.append(told.json()["subscription"]["id"])
            self.codes.append(told.json()["activation_code"])


@pytest.mark.parametrize("seed", range(2))
async def test_p4_p5_whatever_two_processes_are_asked_at_once(envs: tuple[ServerEnv, ServerEnv], seed: int) -> None:
    every = {"provider_actions": ACTIONS, "customer_actions": ACTIONS}
    assert (await envs[0].staff.send("PUT", "/v1/policy", every)).status_code == 200
    token = (await envs[0].token()).token
    walk = RacedWalk(envs, seed, (Caller(envs[0].http, token), Caller(envs[1].http, token)))
    for _ in range(3):
        await walk.order()
    for number in range(ROUNDS):
        if number % 4 == 0:
            await walk.join()
            await walk.top_up()
        await walk.round()
    assert await envs[1].context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
    assert await envs[1].context.db.read(integrity.drifted_accounts) == []
    done = sum(many for said, many in walk.seen.items() if said.endswith(" True"))
    assert done >= ROUNDS // 3, walk.seen
    assert walk.seen["busy"] <= ROUNDS // 4, walk.seen
