"""Two server processes on one PostgreSQL: every mail is written and sent once, every webhook told once."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tenure.http.outgoing.smtp import MailServer
from tenure.http.outgoing.ssrf import WebhookNetworks
from tenure.server.messages.email_worker import email_worker
from tenure.server.messages.webhook_worker import webhook_worker
from tests.contract.databases import SharedSchema
from tests.server.mailbox import mailbox
from tests.server.receiver import receiver
from tests.server.server_env import ServerEnv, office

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

HERE = WebhookNetworks(http=True, networks=("127.0.0.1/32",))
ORDERS = 10


@pytest.fixture
async def envs(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[ServerEnv, ServerEnv]]:
    """Two processes of one server, with a customer who has an address."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open(), reach=HERE) as env:
        body = {"name": "ACME", "email": "it@acme.example", "credit_limit": 10_000_000}
        env.customer = (await env.staff.post("/v1/customers", body))["id"]
        second = await opener.open()
        yield env, env.second_process(second)
        await second.close()


async def test_every_webhook_is_told_once(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    async with receiver() as other:
        hook = await one.staff.post("/v1/webhooks", {"url": other.url})
        for _ in range(ORDERS):
            await one.order()
        other.wait = 0.005
        workers = [webhook_worker(env.context, ssl.create_default_context(), lambda: 0.0) for env in (one, two)]
        while sum(await asyncio.gather(*[each.once() for each in workers])):
            await asyncio.gather(*[each.settle() for each in workers])
        first, last = hook["seq"] + 1, one_last(await one.staff.get("/v1/events", limit=200))
        assert Counter(other.sequence) == Counter(range(first, last + 1))
        log = (await two.staff.get(f"/v1/webhooks/{hook['id']}/deliveries", limit=200))["items"]
        assert {(each["state"], each["tries"]) for each in log} == {("delivered", 1)}


def one_last(page: dict[str, list[dict[str, int]]]) -> int:
    return page["items"][-1]["seq"]


async def test_every_mail_is_written_and_sent_once(envs: tuple[ServerEnv, ServerEnv]) -> None:
    one, two = envs
    async with mailbox() as box:
        server = MailServer(host="127.0.0.1", sender="a@x.example", port=box.port, security="none")
        for _ in range(ORDERS):
            await one.order()
        box.wait = 0.005
        both = [email_worker(replace(env.context, post=server), lambda: 0.0) for env in (one, two)]
        while sum(await asyncio.gather(*[each.once() for each in both])):
            pass
        # One says what was ordered, the other leads to the code.
        assert len(box.mails) == 2 * ORDERS
        assert len({mail["Message-ID"] for mail in box.mails}) == 2 * ORDERS
        assert {each["tries"] for each in (await two.staff.get("/v1/emails"))["items"]} == {1}
