"""Events forwarded to a real mail server and a real receiver: in order, without gaps, told once where it fails."""

import asyncio
import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from tenure.core.timeline import DAY, HOUR
from tenure.site.forwarding.worker import forwarding_worker
from tenure.site.store import events
from tests.server.mailbox import mailbox
from tests.server.receiver import answer, receiver
from tests.site.receiver import ANA, BOB, ForwardingEnv, body_of, by_mail, by_webhook, texts
from tests.site.site_env import SiteProcess


@pytest.fixture
def room(house: SiteProcess) -> ForwardingEnv:
    return ForwardingEnv(house)


def told(room: ForwardingEnv) -> list[str]:
    return [kind for kind in room.house.events() if kind.startswith("forwarding_")]


class TestWebhooks:
    async def test_what_happens_from_now_on_arrives_in_order_signed_and_once(self, room: ForwardingEnv) -> None:
        room.happen("before")
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            room.happen("one", "two", "three")
            await room.go(2)
            assert texts(there) == ["one", "two", "three"]
            first = there.messages[0]
            assert first.event["type"] == "device_limit_reached"
            data = first.event["data"]
            assert (data["site"], data["severity"], data["product"]) == ("Head office", "warning", "editor")
            signed = {name: first.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")}
            key = base64.b64decode(made["secret"].removeprefix("whsec_"))
            proof = Verifier(key).sign(signed["id"], _when(signed["timestamp"]), first.body.decode())
            assert proof == signed["signature"]
            assert (await room.read(made["id"]))["state"] == "working"

    async def test_only_what_is_severe_enough_and_of_the_kinds_named(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            await room.add(**by_webhook(there), severity="warning", kinds=["seat_conflict", "fork_found"])
            room.happen("too low", severity="info", kind="seat_conflict")
            room.happen("another kind", severity="critical", kind="device_limit_reached")
            room.happen("right", severity="critical", kind="fork_found")
            await room.go()
            assert texts(there) == ["right"]

    async def test_a_receiver_that_is_down_gets_everything_later_in_order_under_the_same_id(
        self, room: ForwardingEnv
    ) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            there.answers = [answer("503 Busy")] * 2
            room.happen("one", "two")
            await room.go(3)
            assert texts(there) == ["one"]
            shown = await room.read(made["id"])
            assert (shown["state"], shown["tries"], shown["waiting"]) == ("failing", 1, 2)
            assert "status 503" in shown["said"]
            room.house.site_env.wait(40)
            await room.go()
            room.house.site_env.wait(80)
            await room.go()
            assert texts(there) == ["one", "one", "one", "two"]
            assert len({each.headers["webhook-id"] for each in there.messages}) == 2
            log = await room.log(made["id"])
            assert [each["taken"] for each in log] == [True, True, False, False]
            assert (await room.read(made["id"]))["waiting"] == 0

    async def test_one_that_cannot_be_read_keeps_nothing_from_the_others(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = [await room.add(**by_webhook(there), name=name) for name in ("One", "Two")]
            spoiled = "update forwardings set body = cast('{' as blob) where id = ?"
            room.house.site.store.write(lambda conn: conn.execute(spoiled, (made[0]["id"],)).rowcount).result()
            room.happen("one", "two")
            await room.go(3)
            assert texts(there) == ["one", "two"]

    async def test_who_asks_to_be_left_alone_is(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            there.answers = [answer("429 Slow down", b"", "Retry-After: 600")]
            room.happen("one")
            await room.go()
            room.house.site_env.wait(599)
            await room.go()
            assert len(there.messages) == 1
            room.house.site_env.wait(1)
            await room.go()
            assert len(there.messages) == 2
            assert (await room.read(made["id"]))["state"] == "working"

    async def test_a_redirect_is_not_followed_and_a_slow_body_is_not_read_to_its_end(self, room: ForwardingEnv) -> None:
        async with receiver() as there, receiver() as elsewhere:
            made = await room.add(**by_webhook(there))
            there.answers = [answer("302 Found", b"", f"Location: {elsewhere.url}")]
            tested = await room.test(made["id"])
            assert not tested["taken"]
            assert tested["cause"] == "redirected"
            assert "redirects are not followed" in tested["what"]
            assert elsewhere.messages == []

    async def test_a_new_secret_signs_beside_the_old_one_for_a_day(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            fresh = await room.aside(room.root.post, f"/v1/forwardings/{made['id']}/rotate-secret", {})
            assert fresh["secret"] != made["secret"]
            room.happen("one")
            await room.go()
            assert len(there.messages[0].headers["webhook-signature"].split()) == 2
            room.house.site_env.wait(DAY)
            room.happen("two")
            await room.go()
            assert len(there.messages[1].headers["webhook-signature"].split()) == 1


class TestMails:
    async def test_what_came_within_a_minute_is_one_mail(self, house: SiteProcess) -> None:
        room = ForwardingEnv(house, gather=0.3)
        async with mailbox() as box:
            await room.add(**by_mail(box, ANA, BOB))
            room.happen("The device limit is reached.")
            room.happen("The license has ended.", severity="critical", kind="phase_changed")
            await room.go()
            assert box.mails == []
            await asyncio.sleep(0.35)
            room.happen("<b>One more</b>", severity="info")
            await room.go()
            (mail,) = box.mails
            assert box.recipients == [ANA, BOB]
            assert mail["Subject"] == "[Head office] 3 events (1 critical, 1 warning, 1 info)"
            assert mail["From"] == "Head office <tenure@site.example>"
            assert mail["Auto-Submitted"] == "auto-generated"
            assert "CRITICAL The license has ended. (editor · Phase changed)" in body_of(box)
            html = mail.get_body(("html",))
            assert html is not None
            assert "&lt;b&gt;One more&lt;/b&gt;" in html.get_content()
            await room.go()
            assert len(box.mails) == 1

    async def test_a_site_that_never_runs_for_a_minute_mails_at_its_next_start(self, house: SiteProcess) -> None:
        room = ForwardingEnv(house, gather=3_600)
        async with mailbox() as box:
            await room.add(**by_mail(box, ANA))
            room.happen("The device limit is reached.")
            await room.go()
            assert box.mails == []
            room.webhook_worker = forwarding_worker(house.site, 3_600)
            await room.go()
            assert len(box.mails) == 1
            room.happen("And once more.")
            await room.go()
            assert len(box.mails) == 1, "what happens in this run gathers"

    async def test_a_mailbox_that_is_refused_keeps_nobody_else_waiting_and_is_told_of_once(
        self, room: ForwardingEnv
    ) -> None:
        async with mailbox() as box:
            made = await room.add(**by_mail(box, ANA, BOB))
            box.refuses = {BOB: "550 5.1.1 No such user"}
            room.happen("one")
            await room.go()
            room.happen("two")
            await room.go(2)
            assert box.recipients.count(ANA) == len(box.mails) >= 2
            assert BOB not in box.recipients
            shown = await room.read(made["id"])
            assert shown["state"] == "partly"
            assert "bob@example.com: 550 5.1.1 No such user" in shown["said"]
            assert told(room).count("forwarding_partly") == 1
            box.refuses = {}
            room.happen("three")
            await room.go(2)
            assert (await room.read(made["id"]))["state"] == "working"

    async def test_a_mailbox_that_is_full_today_gets_the_same_mail_later(self, room: ForwardingEnv) -> None:
        async with mailbox() as box:
            await room.add(**by_mail(box, ANA, BOB))
            box.refuses = {BOB: "452 4.2.2 Mailbox full"}
            room.happen("one")
            await room.go(2)
            assert box.recipients == [ANA]
            box.refuses = {}
            room.house.site_env.wait(40)
            room.happen("two")
            await room.go()
            assert box.recipients[:2] == [ANA, BOB]
            assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]
            assert "two" not in body_of(box, 1)

    async def test_a_mail_that_was_begun_before_a_crash_is_the_same_mail_after_it(self, room: ForwardingEnv) -> None:
        async with mailbox() as box:
            await room.add(**by_mail(box))
            box.refused = "451 Try again later"
            room.happen("one", "two")
            await room.go()
            room.restart()
            room.happen("three")
            box.refused = ""
            room.house.site_env.wait(40)
            await room.go(2)
            first, second = box.mails
            assert "one" in body_of(box, 0)
            assert "three" not in body_of(box, 0)
            assert "three" in body_of(box, 1)
            assert first["Message-ID"] != second["Message-ID"]

    async def test_a_long_outage_becomes_mails_of_a_hundred(self, room: ForwardingEnv) -> None:
        async with mailbox() as box:
            await room.add(**by_mail(box))
            room.happen(*(f"event {number}" for number in range(130)))
            await room.go()
            assert [mail["Subject"].split(" (")[0] for mail in box.mails] == [
                "[Head office] 100 events", "[Head office] 30 events",
            ]  # fmt: skip


class TestFailing:
    async def test_it_says_so_after_half_an_hour_and_stops_after_three_days(self, room: ForwardingEnv) -> None:
        async with receiver() as there, receiver() as other:
            await room.add(**by_webhook(other), name="Others")
            made = await room.add(**by_webhook(there))
            there.always = answer("500 Broken")
            room.happen("one")
            await room.go()
            assert told(room).count("forwarding_failing") == 0
            room.house.site_env.wait(HOUR)
            await room.go(2)
            assert told(room).count("forwarding_failing") == 1
            # The other forwarding tells of it; the one that fails will not tell of itself.
            assert any("fails since" in text for text in texts(other))
            for _ in range(75):
                room.house.site_env.wait(HOUR + 400)
                await room.go()
            shown = await room.read(made["id"])
            assert shown["state"] == "stopped"
            assert told(room).count("forwarding_stopped") == 1
            tried = len(there.messages)
            room.house.site_env.wait(DAY)
            await room.go()
            assert len(there.messages) == tried
            there.always = answer("204 No Content")
            room.happen("two")
            await room.aside(room.root.post, f"/v1/forwardings/{made['id']}/resume", {})
            there.messages.clear()
            await room.go(2)
            assert texts(there) == ["one", "two"]

    async def test_who_recovers_is_told_of(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            await room.add(**by_webhook(there))
            there.always = answer("500 Broken")
            room.happen("one")
            for _ in range(3):
                await room.go()
                room.house.site_env.wait(HOUR)
            there.always = answer("200 OK")
            await room.go(2)
            assert told(room)[:2] == ["forwarding_recovered", "forwarding_failing"]
            # Neither is forwarded by the one that they are about.
            assert set(texts(there)) == {"one"}

    async def test_gone_for_good_stops_it_at_once_and_what_waits_can_be_left_out(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            there.answers = [answer("410 Gone")]
            room.happen("one")
            await room.go()
            assert (await room.read(made["id"]))["state"] == "stopped"
            where = f"/v1/forwardings/{made['id']}/resume"
            await room.aside(room.root.post, where, {"skip": True})
            room.happen("two")
            await room.go()
            assert texts(there) == ["one", "two"]
            assert await room.aside(room.root.refused, "POST", where, {}) == "nothing_to_change"

    async def test_a_clock_that_jumps_ahead_is_no_reason_to_give_up(self, room: ForwardingEnv) -> None:
        async with receiver() as there:
            made = await room.add(**by_webhook(there))
            there.always = answer("500 Broken")
            room.happen("one")
            await room.go()
            room.house.hands.off = 400 * DAY
            await room.go()
            assert (await room.read(made["id"]))["state"] == "failing"
            room.house.hands.off = 0
            there.always = answer("200 OK")
            await room.go()  # the next try lies a year ahead, which nobody believes
            assert (await room.read(made["id"]))["state"] == "working"

    async def test_events_that_are_forgotten_meanwhile_are_passed_over(self, room: ForwardingEnv) -> None:
        async with mailbox() as box:
            made = await room.add(**by_mail(box))
            box.refused = "451 Later"
            room.happen("one")
            await room.go()
            room.house.site_env.wait(100 * DAY)
            room.house.site.store.write(lambda conn: events.prune(conn, room.now)).result()
            assert (await room.read(made["id"]))["state"] == "failing"
            await room.go()
            assert (await room.read(made["id"]))["state"] == "new"
            box.refused = ""
            room.happen("two")
            await room.go(3)
            assert "two" in body_of(box)
            assert (await room.read(made["id"]))["waiting"] == 0


def _when(timestamp: str) -> datetime:
    return datetime.fromtimestamp(int(timestamp), UTC)
