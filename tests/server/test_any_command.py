"""Any command with fields that may fit, in any state, asked by anybody: what a rehearsal says is what is done, and what
is not permitted leaves no trace [spec: commands, dry-run]."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandRow
from tenure.core.policy.rules import Action
from tenure.core.timeline import DAY, HOUR
from tenure.store import integrity
from tests.server.server_env import Caller, ServerEnv, neighbor, office
from tests.server.test_unchanged_walk import Walk

pytestmark = pytest.mark.anyio

ASKED = 120
ACTIONS = sorted({*Action} - {Action.REQUEST_PAYMENT, Action.TOP_UP})


class Askers(Walk):
    """Those who may ask about the subscriptions of one provider, and those who may not."""

    def __init__(self, env: ServerEnv, seed: int, own: dict[str, Caller], strangers: list[Caller]) -> None:
        super().__init__(env, seed)
        self.own, self.strangers = own, strangers

    async def ask(self) -> None:
        """One command: by strangers, rehearsed, done by the rehearsed plan, and sent again."""
        row, name = self.random.choice(COMMANDS), self.random.choice(self.names)
        sub = await self.env.staff.get(f"/v1/subscriptions/{name}")
        body = {each.name: self.value(each, sub) for each in row.fields if each.required or self.random.random() < 0.5}
        if row.name == "confirm_payment":
            body["reference"] = f"bank {self.random.random()}"
        path, before = f"/v1/subscriptions/{name}/{row.verb}", await self.env.snapshot(but=("idempotency",))
        for stranger in self.strangers:
            for query in ({}, {"dry_run": "true"}):
                assert await stranger.refused(path, body, **query) in self.barred(row), row.name
        who = self.random.choice(list(self.own))
        query = {"provider": self.env.provider} if who == "vendor" else {}
        rehearsed = await self.own[who].send("POST", path, body, dry_run="true", **query)
        assert await self.env.snapshot(but=("idempotency",)) == before, (row.name, who)
        await self.do(row, path, body, who, rehearsed, **query)

    def barred(self, row: CommandRow) -> set[str]:
        """What strangers are told: a customer may learn that nobody of its side may ask this at all."""
        return {"not_found", *(("action_not_permitted",) if row.providers_only else ())}

    async def do(
        self, row: CommandRow, path: str, body: dict[str, Any], who: str, rehearsed: httpx2.Response, **query: str
    ) -> None:
        """The command itself, as it was rehearsed."""
        asker, key = self.own[who], f"key {len(self.seen)} {self.random.random()}".replace(" ", "-")
        said = rehearsed.json()
        assert rehearsed.status_code < 500, (row.name, body, said)
        if rehearsed.status_code == 200:
            body = body | {"outcome_hash": said["outcome_hash"]}
        done = await asker.send("POST", path, body, key=key, **query)
        assert done.status_code == rehearsed.status_code, (row.name, who, body, said, done.text)
        self.seen[f"{row.name} {done.status_code == 200}"] += 1
        if done.status_code != 200:
            assert done.json()["code"] == said["code"], (row.name, who, body)
            return
        assert (done.json()["facts"], done.json()["postings"]) == (said["facts"], said["postings"]), (row.name, body)
        after = await self.env.snapshot()
        again = await asker.send("POST", path, body, key=key, **query)
        assert again.content == done.content, row.name
        other = await asker.send("POST", path, body | {"why": "another"}, key=key, **query)
        assert other.json()["code"] == "idempotency_key_reused"
        assert await self.env.snapshot() == after, row.name


@pytest.mark.parametrize("seed", range(2))
async def test_b04_any_command_by_any_caller_its_dry_run_has_no_effect_and_tells_it(seed: int, tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        south, toy = [await neighbor(env, name, sandbox=name == "Toy") for name in ("South", "Toy")]
        other = (await env.staff.post("/v1/customers", {"name": "Other"}))["id"]
        every = {"provider_actions": ACTIONS, "customer_actions": ACTIONS}
        assert (await env.staff.send("PUT", "/v1/policy", every)).status_code == 200
        own = {"desk": env.staff, "customer": await env.token(), "vendor": env.vendor}
        strangers = [south.staff, toy.staff, await south.token(), await env.token(of=other)]
        walk = Askers(env, seed, own, strangers)
        for _ in range(4):
            await walk.order()
        for number in range(ASKED):
            await walk.ask()
            if number % 3 == 0:
                await walk.random.choice([walk.join, walk.use_more, walk.top_up, walk.order, walk.fork])()
            env.clock.now += walk.random.choice([60, HOUR, DAY, 6 * DAY])
        assert sum(many for said, many in walk.seen.items() if said.endswith(" True")) >= ASKED // 10, walk.seen
        assert await env.context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []
        assert await env.context.db.read(integrity.drifted_accounts) == []
