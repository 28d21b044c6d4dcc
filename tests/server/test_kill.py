"""`kill -9` of the real server in the midst of batches, activations and synchronizations: what is repeated under its
key comes to what it would have come to undisturbed (P3, P4, P5)."""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from tenure.core.refusals import Refused
from tenure.server import setup
from tenure.server.app import build_app
from tenure.server.main import open_context
from tenure.store import integrity
from tenure.store.engine import Connection
from tenure.wire.messages import SyncAnswer
from tests.server.server_env import Clock, PlainSite, ServerEnv, furnished

pytestmark = pytest.mark.anyio
ROUNDS = 60 if os.environ.get("SOAK") else 2
"""Times that it is killed: sixty with `SOAK=1`."""
BATCHES, ORDERS, PAID, PRICE = 4, 6, 18, 1_200
"""Batches of so many orders each, and for how many of all these orders there is money."""
ROOT = Path(__file__).parents[2]


async def founded(folder: Path) -> ServerEnv:
    """A new server, furnished, that does not run."""
    made = await setup.init_folder(folder, "https://license.test", secrets.token_bytes, int(time.time()))
    assert not isinstance(made, Refused), made
    context = await open_context(folder)
    assert not isinstance(context, Refused), context
    api = build_app(context, time.monotonic, sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.test") as http:
        env = await furnished(api, context, Clock(int(time.time())), http, made.vendor_token)
    await context.db.close()
    return env


@asynccontextmanager
async def running(env: ServerEnv, folder: Path) -> AsyncIterator[Callable[[], None]]:
    """While the server's process runs, where everybody reaches it; yields what kills it, as its end does."""
    words = ["-m", "tenure.cli.main", "server", "run", "--folder", str(folder), "--listen", "127.0.0.1:0"]
    out, err = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT / "src", stdout=out, stderr=err)
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()[-1]
        async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
            env.http = env.staff.http = http
            yield process.kill
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Clerk:
    """Somebody who sends one batch of orders under one key until it is answered."""

    def __init__(self, env: ServerEnv, customer: str, number: int) -> None:
        order = {"customer": customer, "offer": env.offers["standard"], "devices": 1}
        command = {"method": "POST", "path": "/v1/subscriptions", "body": order}
        self._shop, self._key, self._body = env, f"batch-{number}", {"commands": [command] * ORDERS}
        self.ids: list[str] | None = None

    async def send(self) -> list[str]:
        """The subscriptions that the batch has come to."""
        reply = await self._shop.staff.send("POST", "/v1/batch", self._body, key=self._key)
        assert reply.status_code < 300, reply.text
        items = reply.json()["items"]
        assert {item["answer"]["code"] for item in items if not item["done"]} <= {"insufficient_balance"}
        return [item["answer"]["subscription"]["id"] for item in items if item["done"]]

    async def work(self) -> None:
        if self.ids is None:
            self.ids = await self.send()


class Resident:
    """A site that activates once and then synchronizes without a pause; what found no answer is sent again."""

    def __init__(self, env: ServerEnv, code: str) -> None:
        self._site, self._code = PlainSite(env), code
        self._pending = False
        self.answered = 0

    async def work(self) -> None:
        while True:
            await self.step()

    async def step(self) -> None:
        site = self._site
        if not site.id:
            # As the SDK does: what found no answer is sent again as it was, for it may have been granted.
            told = await site.activate(self._code, resend=bool(site.last))
            assert not isinstance(told, str) and told.result == "granted", told
            return
        resend, self._pending = self._pending, True
        site.wanted += 0 if resend else 1
        answer = await site.sync(resend=resend)
        assert isinstance(answer, SyncAnswer), answer
        assert answer.result in ("lease", "unchanged") and not answer.forked, answer.result
        self._pending, self.answered = False, self.answered + 1

    @property
    def allotment(self) -> int:
        return 0 if self._site.lease is None else self._site.lease.lease.allotment


async def until_killed(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except httpx2.TransportError:
        return


async def counted(env: ServerEnv, folder: Path) -> tuple[list[Any], list[Any]]:
    """What is wrong with the histories, and with the balances, that are on the disk."""
    context = await open_context(folder)
    assert not isinstance(context, Refused), context

    def look(conn: Connection) -> tuple[list[Any], list[Any]]:
        return list(integrity.verify_histories(conn)), list(integrity.drifted_accounts(conn))

    found = await context.db.read(look)
    await context.db.close()
    return found


async def test_p3_p4_p5_killed_in_the_midst_of_batches_and_synchronizations_nothing_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    folder, random = tmp_path / "server", Random(8)  # noqa: S311 - chooses moments, no secrets
    env = await founded(folder)
    async with running(env, folder):
        customer = (await env.staff.post("/v1/customers", {"name": "Bellows"}))["id"]
        await env.staff.post(f"/v1/customers/{customer}/top-ups", {"amount": PAID * PRICE, "reference": "bank 2"})
        code = (await env.order(devices=30))[1]
    clerks = [Clerk(env, customer, number) for number in range(BATCHES)]
    residents = [Resident(env, code) for _ in range(3)]
    for _ in range(ROUNDS):
        async with running(env, folder) as kill:
            work = [asyncio.ensure_future(until_killed(each.work)) for each in (*clerks, *residents)]
            await asyncio.sleep(0.05 + random.random() * 0.4)
            kill()
            await asyncio.wait_for(asyncio.gather(*work), 60)
        assert await counted(env, folder) == ([], [])
    async with running(env, folder):
        known = {clerk: clerk.ids for clerk in clerks if clerk.ids is not None}
        bought = {clerk: await clerk.send() for clerk in clerks}
        for resident in residents:
            await resident.step()
            await resident.step()
        assert {clerk: bought[clerk] for clerk in known} == known, "what was acknowledged is there"
        account = await env.staff.get(f"/v1/customers/{customer}/account")
        listed = (await env.staff.get("/v1/subscriptions", customer=customer, limit=200))["items"]
    ids = [name for names in bought.values() for name in names]
    assert sorted(ids) == sorted({each["id"] for each in listed}), "nothing doubled"
    assert (len(ids), account["balance"]) == (PAID, 0), "all the money buys all that it can buy, and no more"
    assert sum(resident.allotment for resident in residents) <= 33
    assert await counted(env, folder) == ([], [])
