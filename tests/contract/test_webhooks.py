"""Webhooks are served from their own place in the feed; a delivery is tried by one process at a time and logged."""

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.outgoing.signing import SigningSecret
from tenure.server.messages.webhook_worker import open_secrets, seal_secrets
from tenure.store import deliveries, webhooks
from tenure.store.deliveries import DELIVERED, FAILED, WAITING, DeliveryAttempt, WebhookDelivery
from tenure.store.engine import Connection, Database
from tenure.store.sealed import AnswerCipher
from tenure.store.webhooks import WebhookRow
from tests.contract.seed import NOW, two_providers

SAFE = AnswerCipher(b"k" * 32)
HOOK = ("prv_a", "whk_a")


@pytest.fixture
async def stocked(db: Database) -> Database:
    await db.write(two_providers)
    return db


def hook(conn: Connection) -> WebhookRow:
    found = webhooks.get_webhook(conn, *HOOK)
    assert found is not None
    return found


async def claimed(db: Database, now: int, limit: int = 9) -> list[WebhookDelivery]:
    found = await db.write(deliveries.claim, *HOOK, now, now + 300, limit)
    assert not isinstance(found, Refused)
    return found


async def test_a_webhook_is_served_from_its_place_once(stocked: Database) -> None:
    assert [each for _, each in await stocked.read(webhooks.webhooks_behind)] == ["whk_a", "whk_b"]
    mine = await stocked.read(hook)
    assert await stocked.write(webhooks.mark_served, mine, 1) is True
    assert await stocked.write(webhooks.mark_served, mine, 1) is False, "another process was first"
    assert [each for _, each in await stocked.read(webhooks.webhooks_behind)] == ["whk_b"]


async def test_a_change_needs_the_present_version_and_secrets_stay_sealed(stocked: Database) -> None:
    mine = await stocked.read(hook)
    secrets = (SigningSecret(b"new"), SigningSecret(b"old", NOW + 9))
    changed = msgspec.structs.replace(mine, events=("a", "b"), secrets=seal_secrets(SAFE, secrets))
    done = await stocked.write(webhooks.change, changed, 1)
    assert isinstance(done, WebhookRow)
    stale = await stocked.write(webhooks.change, changed, 1)
    assert isinstance(stale, Refused)
    assert stale.code is RefusalCode.VERSION_STALE
    known = await stocked.read(hook)
    assert (known.events, known.version, open_secrets(SAFE, known)) == (("a", "b"), 2, secrets)
    assert b"new" not in known.secrets
    assert open_secrets(AnswerCipher(b"other key".ljust(32)), known) == ()


async def test_a_provider_has_so_many_webhooks_and_no_more(stocked: Database) -> None:
    another = WebhookRow("whk_c", "prv_a", "https://y.test", (), "", b"", 0, NOW)
    refused = await stocked.write(webhooks.add, another, 1)
    assert isinstance(refused, Refused)
    assert isinstance(await stocked.write(webhooks.add, another, 2), WebhookRow)


async def test_a_delivery_is_tried_by_one_at_a_time_until_it_is_out(stocked: Database) -> None:
    assert await stocked.read(deliveries.due, NOW) == [HOOK, ("prv_b", "whk_b")]
    (mine,) = await claimed(stocked, NOW)
    assert await claimed(stocked, NOW) == []
    assert [each.id for each in await claimed(stocked, NOW + 300)] == [mine.id], "whoever had it is gone"
    again = DeliveryAttempt(state=WAITING, status=500, answer="no", fault="500", again=NOW + 400)
    await stocked.write(deliveries.record_attempt, mine, again, NOW + 301)
    assert await claimed(stocked, NOW + 399) == []
    (mine,) = await claimed(stocked, NOW + 400)
    await stocked.write(deliveries.record_attempt, mine, DeliveryAttempt(state=DELIVERED, status=204), NOW + 401)
    (logged,) = await stocked.read(deliveries.page, *HOOK)
    assert (logged.state, logged.tries, logged.tried, logged.status, logged.due) == (DELIVERED, 2, NOW + 401, 204, None)
    assert await stocked.write(deliveries.collect, NOW) == 0
    assert await stocked.write(deliveries.collect, NOW + 1) == 1
    assert await stocked.read(deliveries.count_waiting) == 1


async def test_what_is_for_a_disabled_webhook_waits(stocked: Database) -> None:
    mine = await stocked.read(hook)
    await stocked.write(webhooks.mark_failing, mine, NOW)
    await stocked.write(webhooks.mark_failing, mine, NOW + 5)
    assert (await stocked.read(hook)).failing_since == NOW
    assert await stocked.write(webhooks.disable_webhook, mine, "five days", NOW + 6) is True
    assert await stocked.write(webhooks.disable_webhook, mine, "five days", NOW + 7) is False
    assert await stocked.read(webhooks.count_disabled) == 1
    assert await stocked.read(deliveries.due, NOW + 8) == [("prv_b", "whk_b")]
    assert [each for _, each in await stocked.read(webhooks.webhooks_behind)] == ["whk_b"]
    await stocked.write(webhooks.mark_working, mine)
    assert (await stocked.read(hook)).failing_since is None


async def test_the_log_is_read_newest_first_and_goes_with_its_webhook(stocked: Database) -> None:
    for n in range(3):
        await stocked.write(deliveries.add_delivery, HOOK, n + 2, "renewed", b"{}", NOW + n + 1)
    first = await stocked.read(deliveries.page, *HOOK, deliveries.LAST, 2)
    assert [each.seq for each in first] == [4, 3]
    assert [each.seq for each in await stocked.read(deliveries.page, *HOOK, first[-1].id, 9)] == [2, 1]
    one = first[0]
    assert await stocked.read(deliveries.delivery, "prv_b", "whk_a", one.id) is None
    await stocked.write(deliveries.record_attempt, one, DeliveryAttempt(state=FAILED), NOW)
    assert await stocked.write(webhooks.delete, *HOOK) is True
    assert await stocked.read(deliveries.page, *HOOK) == []
