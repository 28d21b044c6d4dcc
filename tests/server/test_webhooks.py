"""Webhooks against real receivers: everything once and in order, proven, tried again, given up, and told about."""

import asyncio
import errno
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
import trustme
from nacl.signing import VerifyKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tenure.core.timeline import DAY, HOUR
from tenure.http.outgoing.delivery_worker import DeliveryWorker
from tenure.http.outgoing.send_outcome import one_line_excerpt
from tenure.http.outgoing.ssrf import WebhookNetworks
from tenure.http.outgoing.webhook_client import MOST, post_webhook
from tenure.server.messages import webhook_worker as webhook_source
from tenure.server.messages.catalog import CATALOG, PHASES, TOPICS
from tenure.server.messages.webhook_worker import open_secrets, webhook_worker
from tenure.server.values import ProviderValue
from tenure.store import emails, tenants, webhooks
from tenure.store import schema as tables
from tenure.store.engine import Connection
from tenure.wire.keys import Purpose
from tests.server.receiver import Message, Receiver, answer, receiver
from tests.server.server_env import Clock, ServerEnv, office

pytestmark = pytest.mark.anyio

HERE = WebhookNetworks(http=True, networks=("127.0.0.1/32",))
TRUST = ssl.create_default_context()


def worker(env: ServerEnv) -> DeliveryWorker:
    return webhook_worker(env.context, TRUST, lambda: 0.0)


async def told(env: ServerEnv) -> None:
    """Everything that can be told now is."""
    await look(worker(env))


async def look(*workers: DeliveryWorker) -> None:
    """Looks, one after the other, until nothing is found any more."""
    while sum(await asyncio.gather(*[each.once() for each in workers])):
        await asyncio.gather(*[each.settle() for each in workers])


@asynccontextmanager
async def watched(
    folder: Path, clock: Clock | None = None, **wanted: Any
) -> AsyncIterator[tuple[ServerEnv, Receiver, Any]]:
    """An office with a webhook to a real receiver."""
    async with office(folder, reach=HERE, clock=clock) as env, receiver() as other:
        hook = await env.staff.post("/v1/webhooks", {"url": other.url, **wanted})
        yield env, other, hook


async def deliveries(env: ServerEnv, hook: Any) -> list[Any]:
    found: list[Any] = (await env.staff.get(f"/v1/webhooks/{hook['id']}/deliveries", limit=200))["items"]
    return found


async def state(env: ServerEnv, hook: Any) -> Any:
    return await env.staff.get(f"/v1/webhooks/{hook['id']}")


async def test_push_and_pull_carry_the_same_sequence(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, _):
        before = (await env.staff.get("/v1/events"))["items"]
        name, code = await env.order()
        await env.site().activate(code)
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        await told(env)
        pulled = (await env.staff.get("/v1/events"))["items"][len(before) :]
        pushed = [message.event for message in other.messages]
        assert [one["seq"] for one in pushed] == [one["seq"] for one in pulled]
        assert other.sequence == list(range(other.sequence[0], other.sequence[0] + len(pulled)))
        for pull, push in zip(pulled, pushed, strict=True):
            same = {name: push[name] for name in ("seq", "subscription", "since", "data")}
            assert same == {name: pull[name] for name in same}
            assert (push["type"], push["timestamp"]) == (pull["kind"], pull["created"])
            assert push["type"] in CATALOG


async def test_a_filter_lets_through_what_it_names(tmp_path: Path) -> None:
    async with watched(tmp_path, events=["subscription.ordered", "webhook.*"]) as (env, other, hook):
        name, _ = await env.order()
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        await told(env)
        assert [message.event["type"] for message in other.messages] == ["subscription.ordered"]
        assert (await state(env, hook))["seq"] >= 2, "what is not wanted counts as served"
        wrong = {"url": other.url, "events": ["subscription.renwed"]}
        refused = (await env.staff.send("POST", "/v1/webhooks", wrong)).json()
        assert refused["field"] == "events"
        assert "no event kind subscription.renwed. Did you mean subscription.renewed?" in refused["detail"]
        assert "GET /v1/event-kinds" in refused["detail"]


async def test_the_kinds_of_events_are_listed_as_the_page_has_them(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        kinds = (await env.staff.get("/v1/event-kinds"))["items"]
        assert {each["kind"]: each["meaning"] for each in kinds} == CATALOG
        assert [each["topic"] for each in kinds] == sorted((each["topic"] for each in kinds), key=TOPICS.index)
        general = {each["kind"] for each in kinds if each["topic"] == PHASES}
        assert general == {"subscription.reminder", *(each for each in CATALOG if ".now_" in each)}, (
            "every kind of fact has a topic of its own"
        )


def signatures(message: Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in message.headers["webhook-signature"].split(" "):
        version, _, mark = each.partition(",")
        found.setdefault(version, []).append(mark)
    return found


async def test_a_message_proves_who_sent_it(tmp_path: Path) -> None:
    """`standardwebhooks` is the oracle for v1; v1a is the server's own key, over the same words."""
    async with watched(tmp_path, Clock(int(time.time()))) as (env, other, hook):
        await env.order()
        await told(env)
        message = other.messages[0]
        assert Webhook(hook["secret"]).verify(message.body, message.headers) == message.event
        with pytest.raises(WebhookVerificationError):
            Webhook(hook["secret"]).verify(message.body + b" ", message.headers)
        signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
        key = VerifyKey(b64decode(hook["public_key"].removeprefix("whpk_")))
        (mark,) = signatures(message)["v1a"]
        key.verify(signed, b64decode(mark))
        listed = [each for each in env.context.keys.root.document.keys if each.purpose is Purpose.WEBHOOK]
        assert [b64decode(each.x + "=", b"-_") for each in listed] == [bytes(key)], "the root document vouches for it"


async def test_a_rotated_secret_overlaps_and_then_goes(tmp_path: Path) -> None:
    async with watched(tmp_path, Clock(int(time.time()))) as (env, other, hook):
        path = f"/v1/webhooks/{hook['id']}/rotate-secret"
        new = await env.staff.post(path, {"overlap_hours": 2})
        assert new["secret"] not in ("", hook["secret"])
        assert [each is None for each in new["secrets"]] == [True, False]
        await env.order()
        await told(env)
        for secret in (hook["secret"], new["secret"]):
            assert Webhook(secret).verify(other.messages[0].body, other.messages[0].headers)
        env.clock.now += 2 * HOUR
        await env.order()
        await told(env)
        assert len(signatures(other.messages[-1])["v1"]) == 1
        third = await env.staff.post(path, {"overlap_hours": 0})
        assert len(third["secrets"]) == 1


async def test_a_secret_is_shown_once_and_kept_nowhere_in_the_clear(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, _, hook):
        assert hook["secret"].startswith("whsec_")
        assert (await state(env, hook))["secret"] == ""
        assert (await env.staff.get("/v1/webhooks"))["items"][0]["secret"] == ""
        shown = await env.staff.post("/v1/webhooks", {"url": "https://x.example/y"}, dry_run="true")
        assert shown["secret"] == ""
        raw = b64decode(hook["secret"].removeprefix("whsec_"))
        stored = repr(await env.snapshot())
        assert repr(raw)[2:-1] not in stored
        assert hook["secret"] not in stored


async def test_what_fails_is_tried_again_by_the_schedule_and_given_up(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        other.always = answer("500 Oops", b"no\r\nsuch <b>luck</b>\x00")
        begun = env.clock.now
        await env.order()
        waits = []
        for _ in range(20):
            await told(env)
            (one,) = await deliveries(env, hook)
            if one["due"] is None:
                break
            moment = _instant(one["due"])
            waits.append(moment - env.clock.now)
            env.clock.now = moment
        assert waits == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        assert (one["state"], one["tries"], one["status"]) == ("failed", 10, 500)
        assert one["answer"] == "no such <b>luck</b>"
        assert one["fault"] == "answered with status 500"
        assert {message.headers["webhook-id"] for message in other.messages} == {
            other.messages[0].headers["webhook-id"]
        }
        assert env.clock.now - begun > 3 * DAY
        assert (await state(env, hook))["active"] is False, "three days of nothing else are enough"


def _instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


async def test_a_webhook_that_stays_silent_is_switched_off_and_its_desk_is_told(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        await _brand(env, "help@north.example")
        other.always = answer("503 Busy", b"", "Retry-After: 100")
        await env.order()
        await told(env)
        assert (await deliveries(env, hook))[0]["due"] == "2026-01-01T00:01:40Z", "as asked for"
        assert (await state(env, hook))["failing_since"] == "2026-01-01T00:00:00Z"
        env.clock.now += 3 * DAY
        for _ in range(3):
            await told(env)
            assert (await state(env, hook))["active"] is True, "a clock that jumped is no reason"
            env.clock.now = _instant((await deliveries(env, hook))[0]["due"])
        await told(env)
        off = await state(env, hook)
        assert off["active"] is False
        assert "2026-01-01T00:00:00Z" in off["reason"]
        (email,) = await env.context.db.read(emails.page, env.provider)
        assert (email.template, email.recipient) == ("webhook_disabled", "help@north.example")
        last = (await env.staff.get("/v1/events"))["items"][-1]
        assert (last["kind"], last["subscription"], last["data"]["webhook"]) == ("webhook.disabled", None, hook["id"])

        count = len(other.messages)
        await env.order()
        await told(env)
        assert len(other.messages) == count, "nothing is sent any more"
        other.always = answer("200 OK")
        await env.staff.send("PUT", f"/v1/webhooks/{hook['id']}", {"url": other.url, "active": True})
        await told(env)
        assert (await state(env, hook))["failing_since"] is None
        assert sorted(set(other.sequence)) == list(range(min(other.sequence), last["seq"] + 2)), "and nothing was lost"


@pytest.mark.parametrize(
    "fault", [socket.gaierror(socket.EAI_AGAIN, "no name server"), OSError(errno.EMFILE, "no free files")]
)
async def test_no_webhook_is_given_up_for_what_this_server_lacks(tmp_path: Path, fault: OSError) -> None:
    """For ten days nothing can be sent to anybody: no receiver is at fault, and all of it arrives afterwards."""
    found: list[str] = []

    async def look_up(host: str, port: int) -> list[str]:
        if not found:
            raise fault
        return found

    async with office(tmp_path, reach=replace(HERE, look_up=look_up)) as env, receiver() as other:
        hook = await env.staff.post("/v1/webhooks", {"url": f"http://hooks.example:{other.port}/hook"})
        await env.order()
        for _ in range(10):
            await told(env)
            (one,) = await deliveries(env, hook)
            assert (one["state"], one["tries"]) == ("waiting", 0)
            assert one["fault"].startswith("not sent")
            assert 300 <= _instant(one["due"]) - env.clock.now <= 330
            env.clock.now += DAY
        assert (await state(env, hook))["failing_since"] is None
        found.append("127.0.0.1")
        await told(env)
        assert ((await deliveries(env, hook))[0]["state"], len(other.messages)) == ("delivered", 1)


async def test_what_this_server_lacks_is_met_with_once_and_not_for_each_message(tmp_path: Path) -> None:
    """Many messages wait for a name that no name server answers: each look-up waits for seconds, and keeps a place."""
    asked: list[str] = []

    async def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        if env.clock.now < mended:
            raise socket.gaierror(socket.EAI_AGAIN, "no name server")
        return ["127.0.0.1"]

    async with office(tmp_path, reach=replace(HERE, look_up=look_up)) as env, receiver() as other:
        mended = env.clock.now + HOUR
        hook = await env.staff.post("/v1/webhooks", {"url": f"http://hooks.example:{other.port}/hook"})
        for _ in range(12):
            await env.order()
        for tries in (1, 1, 2, 2):
            await told(env)
            assert len(asked) == tries
            env.clock.now += 165
        assert all(each["state"] == "waiting" for each in await deliveries(env, hook))
        env.clock.now = mended + 330
        await told(env)
        assert other.sequence == sorted(set(other.sequence))
        assert len(other.sequence) >= 12


async def test_what_cannot_be_sent_for_a_month_is_given_up(tmp_path: Path) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        raise OSError(errno.EMFILE, "no free files")

    async with office(tmp_path, reach=replace(HERE, look_up=look_up)) as env:
        hook = await env.staff.post("/v1/webhooks", {"url": "http://hooks.example/hook"})
        await env.order()
        await told(env)
        env.clock.now += 30 * DAY
        await told(env)
        assert (await deliveries(env, hook))[0]["state"] == "failed"
        assert (await state(env, hook))["active"] is True


async def test_what_cannot_be_signed_is_not_sent(tmp_path: Path) -> None:
    """The server's key for its secrets is another: a receiver would refuse each message, and be given up for that."""
    async with watched(tmp_path) as (env, other, hook):
        await env.context.db.write(
            lambda conn: conn.execute(sa.update(tables.webhooks).values(secrets=b"sealed by another key"))
        )
        await env.order()
        await told(env)
        (one,) = await deliveries(env, hook)
        assert (other.messages, one["tries"], (await state(env, hook))["failing_since"]) == ([], 0, None)
        assert "its secrets cannot be opened" in one["fault"]


async def test_one_webhook_that_cannot_be_served_keeps_nothing_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path) as (env, other, hook):
        second = await env.staff.post("/v1/webhooks", {"url": f"{other.url}/second"})
        whole = webhook_source.fan_out

        def partly(conn: Connection, provider: str, webhook: str, now: int) -> int:
            if webhook == hook["id"]:
                raise RuntimeError("its feed cannot be read")
            return whole(conn, provider, webhook, now)

        monkeypatch.setattr(webhook_source, "fan_out", partly)
        await env.order()
        await told(env)
        assert {message.path for message in other.messages} == {"/hook/second"}
        assert (await state(env, second))["failing_since"] is None


async def test_one_webhook_that_cannot_be_read_keeps_nothing_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where a look takes but one."""
    monkeypatch.setattr(webhook_source, "AT_ONCE", 1)
    async with watched(tmp_path) as (env, other, first):
        second = await env.staff.post("/v1/webhooks", {"url": f"{other.url}/second"})
        broken, whole = sorted((first, second), key=lambda each: str(each["id"]))
        damage = sa.update(tables.webhooks).where(tables.webhooks.c.id == broken["id"]).values(events="{")
        await env.context.db.write(lambda conn: conn.execute(damage))
        await env.order()
        caplog.clear()
        looking = worker(env)
        for _ in range(6):
            await looking.once()
            await looking.settle()
        assert {message.path for message in other.messages} == {"/hook" if whole == first else "/hook/second"}
        assert len([each for each in caplog.records if broken["id"] in each.message]) == 1, "not with each look"


def test_the_first_webhook_does_not_hold_up_the_loop() -> None:
    """What it is sent with takes some 60 ms to load: another thread does that."""
    seen = """
import asyncio, builtins, sys, threading
from tenure.server.messages import webhook_worker
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == webhook_worker.CLIENT or name.startswith("httpcore2"):
            found.add(threading.current_thread() is threading.main_thread())
found = set()
sys.meta_path.insert(0, Watch())
for _ in range(2):
    client = asyncio.run(webhook_worker.load_client())
print(found, client.post_webhook.__name__)
"""
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout == "{False} post_webhook\n"


async def test_a_message_that_was_put_off_by_a_clock_that_was_ahead_goes_out(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, _):
        other.answers = [answer("500 Oops")]
        env.clock.now += 365 * DAY
        await env.order()
        await told(env)
        env.clock.now -= 365 * DAY
        await told(env)
        assert len(other.messages) == 2


async def test_a_receiver_whose_first_address_is_dead_is_reached_by_another(tmp_path: Path) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receiver() as other:
        reach = replace(HERE, networks=("127.0.0.0/8",), look_up=look_up)
        reply = await post_webhook(f"http://two.example:{other.port}/hook", [], b"{}", reach, TRUST)
        assert (reply.status, len(other.messages)) == (204, 1)
        reply = await post_webhook("http://two.example:1/hook", [], b"{}", reach, TRUST)
        assert (reply.status, reply.cause) == (None, "connection_refused")


async def _brand(env: ServerEnv, support: str) -> None:
    """The provider's brand says how its desk is reached."""

    def work(conn: Connection) -> None:
        row = tenants.get_provider(conn, env.provider)
        assert row is not None
        value = msgspec.json.decode(row.body, type=ProviderValue)
        brand = msgspec.structs.replace(value.brand, support=support)
        body = msgspec.json.encode(msgspec.structs.replace(value, brand=brand))
        tenants.change_provider(conn, msgspec.structs.replace(row, body=body), row.version)

    await env.context.db.write(work)


async def test_a_receiver_that_says_it_is_gone_is_believed(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        other.always = answer("410 Gone")
        await env.order()
        await told(env)
        assert (await state(env, hook))["active"] is False
        assert (await deliveries(env, hook))[-1]["state"] == "failed"
        assert len(other.messages) == 1


async def test_one_failure_does_not_throw_the_rest_after_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        other.answers = [answer("500 Oops")]
        for _ in range(3):
            await env.order()
        one_look = worker(env)
        await one_look.once()
        await one_look.settle()
        assert len(other.messages) == 1
        await told(env)
        waiting = [one for one in await deliveries(env, hook) if one["state"] == "waiting"]
        assert [one["tries"] for one in waiting] == [1]
        env.clock.now += 5
        await told(env)
        assert {one["state"] for one in await deliveries(env, hook)} == {"delivered"}


async def test_two_processes_deliver_each_message_once(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        for _ in range(10):
            await env.order()
        other.wait = 0.01
        beside = env.second_process(env.context.db)
        both = [webhook_worker(replace(one.context, reach=HERE), TRUST, lambda: 0.0) for one in (env, beside, env)]
        await look(*both)
        assert sorted(other.sequence) == list(range(min(other.sequence), min(other.sequence) + len(other.sequence)))
        assert {one["tries"] for one in await deliveries(env, hook)} == {1}
        await beside.http.aclose()


async def test_a_slow_webhook_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, slow, _), receiver() as quick:
        slow.open.clear()
        await env.staff.post("/v1/webhooks", {"url": quick.url})
        running = worker(env)
        for number in range(3):
            await env.order()
            await running.once()
            async with asyncio.timeout(30):
                await quick.came(number + 1)
            await asyncio.sleep(0.05)  # until it is free again
        assert len(slow.messages) == 1
        slow.open.set()
        await running.close()


async def test_a_server_that_is_stopped_finishes_the_try_under_way(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        other.wait = 0.2
        for _ in range(3):
            await env.order()
        stopped = worker(env)
        await stopped.once()
        await other.came(1)
        await stopped.close()
        states = [one["state"] for one in await deliveries(env, hook)]
        assert states.count("delivered") == len(other.messages) == 1
        await told(env)
        assert {one["tries"] for one in await deliveries(env, hook)} == {1}, "the rest was let go at once"


async def test_a_message_can_be_replayed_and_a_test_sent(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        await env.order()
        await told(env)
        first = (await deliveries(env, hook))[0]
        path = f"/v1/webhooks/{hook['id']}/deliveries/{first['id']}/replay"
        again = (await env.staff.send("POST", path)).json()
        assert again["replay_of"] == first["id"]
        await told(env)
        assert other.messages[-1].headers["webhook-id"] == other.messages[-2].headers["webhook-id"]
        assert other.messages[-1].body == other.messages[-2].body
        other.answers = [answer("500 Oops")]
        env.clock.now += 1
        tried = (await env.staff.send("POST", f"/v1/webhooks/{hook['id']}/test")).json()
        await told(env)
        assert other.messages[-1].event["type"] == tried["kind"] == "webhook.test"
        done = (await deliveries(env, hook))[0]
        assert (done["id"], done["state"], done["tries"]) == (tried["id"], "failed", 1), "a test is tried once"
        assert (await state(env, hook))["failing_since"] is None


async def test_a_deleted_webhook_is_told_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        await env.order()
        assert (await env.staff.send("DELETE", f"/v1/webhooks/{hook['id']}")).status_code == 204
        await told(env)
        assert other.messages == []
        assert (await env.staff.send("GET", f"/v1/webhooks/{hook['id']}")).status_code == 404


async def test_a_stale_change_is_refused(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, other, hook):
        body = {"url": other.url, "note": "mine"}
        headers = {"Authorization": f"Bearer {env.staff.token}", "If-Match": '"7"', "Content-Type": "application/json"}
        stale = await env.http.put(f"/v1/webhooks/{hook['id']}", content=msgspec.json.encode(body), headers=headers)
        assert stale.json()["code"] == "version_stale"


@pytest.mark.parametrize("url", ["http://hooks.example/x", "https://127.0.0.1/x", "https://[::ffff:10.0.0.1]/x"])
async def test_a_private_address_is_refused_when_it_is_named(tmp_path: Path, url: str) -> None:
    async with office(tmp_path) as env:
        refused = await env.staff.send("POST", "/v1/webhooks", {"url": url})
        assert (refused.status_code, refused.json()["field"]) == (422, "url")


# -- one request --


async def test_a_redirect_is_not_followed() -> None:
    async with receiver() as other, receiver() as elsewhere:
        other.always = answer("302 Found", b"", f"Location: {elsewhere.url}")
        reply = await post_webhook(other.url, [], b"{}", HERE, TRUST)
        assert (reply.status, reply.was_accepted, reply.fault) == (302, False, "redirects are not followed")
        assert elsewhere.messages == []


async def test_a_slow_answer_is_not_waited_for() -> None:
    async with receiver() as other:
        other.open.clear()
        begun = time.monotonic()
        reply = await post_webhook(other.url, [], b"{}", HERE, TRUST, 0.2)
        assert reply.fault == "no answer within 0.2 seconds"
        assert time.monotonic() - begun < 15


async def test_of_a_huge_answer_the_beginning_is_read() -> None:
    async with receiver() as other:
        other.always = answer("200 OK", b"x" * (40 * MOST))
        reply = await post_webhook(other.url, [], b"{}", HERE, TRUST)
        assert reply.was_accepted
        assert reply.answer == "x" * 300


@pytest.mark.parametrize("junk", [b"", b"220 smtp ready\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 100_000])
async def test_what_is_no_http_is_a_fault(junk: bytes) -> None:
    async with receiver() as other:
        other.always = junk
        reply = await post_webhook(other.url, [], b"{}", HERE, TRUST)
        assert reply.status is None
        assert reply.fault


async def test_nobody_listening_is_a_fault() -> None:
    async with receiver() as other:
        url = other.url
    reply = await post_webhook(url, [], b"{}", HERE, TRUST)
    assert reply.status is None


async def test_the_certificate_must_be_the_names(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(serving)
    async with receiver(tls=serving) as other:

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        reach = WebhookNetworks(networks=("127.0.0.1/32",), look_up=here)
        good = await post_webhook(f"https://localhost:{other.port}/", [], b"{}", reach, trust)
        assert good.was_accepted, good.fault
        for name, trusted in (("hooks.example", trust), ("localhost", TRUST)):
            reply = await post_webhook(f"https://{name}:{other.port}/", [], b"{}", reach, trusted)
            assert reply.status is None
            assert "certificate" in reply.fault.lower()
        assert len(other.messages) == 1


def test_an_excerpt_is_one_line_that_forges_no_other() -> None:
    assert one_line_excerpt(b"a\r\nERROR forged\x1b[31m\xff") == "a ERROR forged [31m\ufffd"
    assert len(one_line_excerpt(b"x" * 10_000)) == 300


async def test_a_webhook_row_cannot_be_opened_with_another_key(tmp_path: Path) -> None:
    async with watched(tmp_path) as (env, _, hook):
        stored = await env.context.db.read(webhooks.get_webhook, env.provider, hook["id"])
        assert stored is not None
        assert len(open_secrets(env.context.safe, stored)[0].key) == 32
