"""The console over the real API, site and server in one process: what an administrator sees, clicks and is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tenure.core.activation_codes import from_random
from tenure.core.timeline import DAY
from tenure.site.background import SiteWatch
from tenure.site.console.app import PortRouter, make_console
from tenure.site.console.banner import most_important, renew_link
from tenure.site.store import events
from tenure.site.store.writer import Connection
from tests.site.callers import api_of
from tests.site.receiver import ForwardingEnv
from tests.site.site_env import SiteEnv, SiteProcess
from tests.web.browser import Tab

ORIGIN = "http://127.0.0.1:8481"
PAGES = (
    "/", "/devices", "/unassigned", "/events", "/reports", "/licenses", "/settings", "/connection", "/enrollments",
    "/licenses/editor", "/licenses/editor/code", "/licenses/editor/successor", "/licenses/editor/explain",
    "/licenses/editor/synchronization", "/licenses/editor/remove", "/licenses/editor/fork", "/banner",
    "/licenses/editor/offline", "/licenses/editor/conflict", "/licenses/editor/silent", "/settings/dns",
    "/groups/default",
    "/users", "/account", "/duplicates",
    "/settings/forwarding", "/settings/forwarding/new?by=mail",
    "/settings/forwarding/new?by=webhook",
)  # fmt: skip


def app_of(house: SiteProcess) -> Any:
    api = api_of(house)
    return PortRouter(api, make_console(api, lambda: house.site_env.time.now, lambda: 0.0))


async def signed_in(house: SiteProcess, path: str = "/") -> Tab:
    tab = Tab(app_of(house), ORIGIN)
    await tab.open(path)
    await tab.send(token=house.site.token)
    assert tab.status == 200, tab.text
    return tab


@pytest.fixture
async def tab(house: SiteProcess) -> AsyncIterator[Tab]:
    yield await signed_in(house)


class TestTheFrame:
    async def test_whoever_has_not_the_token_sees_nothing(self, house: SiteProcess) -> None:
        tab = Tab(app_of(house), ORIGIN)
        for path in PAGES:
            await tab.open(path)
            assert tab.path.startswith("/sign-in?next="), path
        for wrong in ("", "tns_" + "0" * 48, "Ünsinn", house.site.token + "x"):
            await tab.send(token=wrong)
            assert tab.status == 422
            assert tab.path == "/sign-in"
        assert house.site.token not in tab.text

    async def test_signing_in_leads_to_where_one_wanted(self, house: SiteProcess) -> None:
        tab = await signed_in(house, "/events?severity=critical")
        assert tab.path == "/events?severity=critical"
        await tab.send(tab.form(action="/sign-out"))
        await tab.open("/licenses")
        assert tab.path.startswith("/sign-in")

    async def test_the_api_stays_where_it_was_on_the_same_port(self, house: SiteProcess) -> None:
        tab = Tab(app_of(house), ORIGIN)
        bearer = {"Authorization": f"Bearer {house.site.token}"}
        assert (await tab.http.get("/v1/status", headers=bearer)).json()["name"] == "Head office"
        assert (await tab.http.get("/v1/status")).status_code == 401
        assert (await tab.http.get("/livez")).status_code == 200
        # A session of the console is no way into the API.
        inside = await signed_in(house)
        assert (await inside.http.get("/v1/status")).status_code == 401

    async def test_the_tree_is_the_one_that_administrators_know(self, tab: Tab) -> None:
        for name, path in [
            ("Administration server Head office", "/"), ("Managed devices", "/devices"),
            ("Unassigned devices", "/unassigned"), ("Events", "/events"), ("Reports", "/reports"),
            ("Licenses", "/licenses"), ("Settings", "/settings"),
        ]:  # fmt: skip
            assert name in tab.text
            assert path in tab.page.links

    @pytest.mark.parametrize("path", PAGES)
    async def test_every_page_can_be_read_by_machines_that_read_to_people(self, tab: Tab, path: str) -> None:
        await tab.open(path)
        assert tab.status in (200, 409), tab.text
        tags = tab.page.tags
        headings = [tag for tag, _ in tags if tag in {"h1", "h2", "h3"}]
        assert headings.count("h1") == 1
        ids = [held["id"] for _, held in tags if "id" in held]
        assert len(ids) == len(set(ids))
        labeled = {held.get("for") for tag, held in tags if tag == "label"}
        for tag, held in tags:
            if tag in {"input", "select", "textarea"} and held.get("type") not in {"hidden", "checkbox", "radio"}:
                assert held.get("id") in labeled or "aria-label" in held, (tag, held)
            assert "style" not in held
            assert not any(name.startswith("on") for name in held)
            for name in ("aria-labelledby", "aria-describedby"):
                assert set(held.get(name, "").split()) <= set(ids), held
        assert ("main", "main") in [(tag, held.get("id", "")) for tag, held in tags]

    async def test_what_is_not_there_is_said_inside_the_frame(self, tab: Tab) -> None:
        for path in ("/no/such/page", "/licenses/nothing", "/devices/dev_" + "0" * 26, "/devices/x"):
            await tab.open(path)
            assert tab.status in (404, 422), path


class TestTheFolder:
    async def test_it_has_every_column_and_every_button(self, house: SiteProcess, tab: Tab) -> None:
        agent = house.agent()
        agent.enroll(house.ticket())
        await tab.open("/licenses")
        for column in (
            "Product", "Type", "Phase", "Expires", "Grace until", "Limit", "In use", "Free", "Provider", "Role",
            "Code", "Synchronized",
        ):  # fmt: skip
            assert column in tab.text
        for button in (
            "Add activation code", "Stage successor", "Renew on the provider's website", "Properties", "Export",
            "Report on usage", "Remove", "Additional actions",
            "Synchronize subscription settings with Licensing server", "Test connection", "Explain",
        ):  # fmt: skip
            assert button in tab.text, button
        assert "Subscription, limited" in tab.text
        answer = await tab.http.get("/licenses.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        head, line = answer.text.lstrip("\ufeff").splitlines()
        row = dict(zip(head.split(","), line.split(","), strict=True))
        assert (row["product"], row["in_use"], row["role"]) == ("editor", "1", "active")

    async def test_removing_is_refused_with_the_reason_and_the_date(self, house: SiteProcess, tab: Tab) -> None:
        await tab.open("/licenses/editor/remove")
        assert tab.status == 409
        assert "It cannot be removed while it is in force." in tab.text
        assert "Another code" not in tab.text
        assert "Possible from" in tab.text
        assert not [form for form in tab.page.forms if form.action.endswith("/remove")]

    async def test_a_license_that_is_over_is_removed_on_a_second_click(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order()
        house.activate(code)
        here.post(f"/v1/subscriptions/{name}/cancel", {"why": "no", "at_once": True})
        here.wait(120)
        house.sync()
        tab = await signed_in(house, "/licenses/editor/remove")
        await tab.send(tab.form(action="/licenses/editor/remove"))
        assert "was removed" in tab.text
        assert "nothing is licensed yet" in tab.text


class TestSynchronizing:
    async def test_m17_by_the_menu_with_steps_path_and_what_changed(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order()
        house.activate(code)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 25})
        here.wait(120)
        tab = await signed_in(house, "/licenses")
        menu = tab.form(action="/licenses/editor/synchronization")
        assert "Synchronize subscription settings with Licensing server" in menu.texts
        await tab.send(menu)
        assert tab.path == "/licenses/editor/synchronization"
        assert "something has changed" in tab.text
        assert "system DNS, 192.0.2.1:443" in tab.text
        assert "Device limit 10 25" in tab.text

    async def test_m17_a_second_click_within_the_minute_is_refused_in_words(self, house: SiteProcess, tab: Tab) -> None:
        house.site_env.wait(120)
        await tab.open("/licenses")
        form = tab.form(action="/licenses/editor/synchronization")
        await tab.send(form)
        assert "nothing has changed" in tab.text
        await tab.send(tab.form(action="/licenses/editor/synchronization"))
        assert "What helps" in tab.text

    async def test_a_server_that_does_not_answer_is_said_and_what_to_click(self, house: SiteProcess, tab: Tab) -> None:
        house.site_env.wait(120)
        house.site_env.server_up = False
        await tab.open("/licenses")
        await tab.send(tab.form(action="/licenses/editor/synchronization"))
        assert "/connection" in tab.page.links
        assert "The cable is out" in tab.text


class TestCodes:
    async def test_m09_typing_the_code_starts_it_and_says_until_when(self, here: SiteEnv) -> None:
        house = here.site()
        tab = await signed_in(house)
        assert "nothing is licensed yet" in tab.text
        await tab.open("/licenses/editor/code")
        await tab.send(code=here.order()[1].lower().replace("-", " "))
        assert "The activation code was accepted" in tab.text
        assert "What the code has started" in tab.text
        assert "All is well" in tab.text

    async def test_a_code_is_checked_while_it_is_typed_and_never_sent_for_it(self, here: SiteEnv) -> None:
        house, (_, code) = here.site(), here.order()
        tab = await signed_in(house, "/licenses/editor/code")
        form = tab.form("code")
        form.action = "/licenses/editor/code/check"
        await tab.send(form, code=code[:-1] + ("0" if code[-1] != "0" else "1"))
        assert "mistyped" in tab.text
        await tab.send(form, code=code[:7])
        assert "mistyped" not in tab.text, "a shortened text is not told of the longer one"
        assert 'id="checked"' in (tab.answer.text if tab.answer else "")
        await tab.send(form, code=code)
        assert "Well typed" in tab.text
        await tab.send(form, code="")
        assert tab.status == 200
        assert house.cable.sent == []
        assert code not in tab.text

    async def test_b04_what_a_code_would_start_is_shown_before_anything_begins(self, here: SiteEnv) -> None:
        house, (_, code) = here.site(), here.order()
        tab = await signed_in(house, "/licenses/editor/code")
        await tab.send(tab.form("code"), code=code, preview="1")
        assert "What the code would start" in tab.text
        assert "Nothing has begun yet" in tab.text
        assert "Expires 1 Jan 2027" in tab.text
        assert code not in tab.text, "it stands in the field alone"
        await tab.open("/licenses/editor")
        assert "nothing is licensed yet" in tab.text
        await tab.open("/licenses/editor/code")
        await tab.send(tab.form("code"), code=from_random(bytes([9] * 19)).reveal(), preview="1")
        assert tab.status == 422
        assert "What helps" in tab.text
        here.server_up = False
        await tab.send(tab.form("code"), code=code, preview="1")
        assert "The cable is out" in tab.text

    async def test_a_successors_own_dates_are_shown_before_it_is_staged(
        self, here: SiteEnv, house: SiteProcess
    ) -> None:
        tab = await signed_in(house, "/licenses/editor/successor")
        await tab.send(tab.form("code"), code=here.order("later")[1], preview="1")
        assert "It would take over on 1 Jan 2027" in tab.text
        assert "Expires 1 Jan 2028" in tab.text
        await tab.open("/licenses/editor/successor")
        assert "waits already" not in tab.text

    async def test_m10_another_code_is_refused_with_the_date_and_the_way_out(
        self, here: SiteEnv, house: SiteProcess
    ) -> None:
        tab = await signed_in(house, "/licenses/editor/code")
        assert "A subscription is in force until" in tab.text
        _, other = here.order()
        await tab.send(code=other)
        assert tab.status == 422
        assert "Possible from" in tab.text
        assert "/licenses/editor/successor" in tab.page.links

    async def test_what_the_server_refuses_is_said_with_its_remedy(self, here: SiteEnv) -> None:
        tab = await signed_in(here.site(), "/licenses/editor/code")
        await tab.send(code=from_random(bytes([9] * 19)).reveal())
        assert "What helps" in tab.text
        assert "Type the code again" in tab.text

    async def test_m13_an_earlier_version_is_told_which_it_takes(self, here: SiteEnv) -> None:
        house = here.site("old", version="12.9")
        tab = await signed_in(house, "/licenses/editor/code")
        await tab.send(code=here.order("next")[1])
        assert "13" in tab.text
        assert "version" in tab.text.lower()

    async def test_a_successor_shows_the_switch_and_can_be_dropped(self, here: SiteEnv, house: SiteProcess) -> None:
        tab = await signed_in(house, "/licenses/editor/successor")
        assert "before any grace" in tab.text
        await tab.send(code=here.order()[1])
        assert "What will follow" in tab.text
        await tab.open("/licenses")
        assert "Successor" in tab.text
        assert "takes over" in tab.text
        await tab.open("/licenses/editor")
        await tab.send(tab.form(action="/licenses/editor/drop-successor"))
        await tab.open("/licenses/editor")
        assert "/licenses/editor/drop-successor" not in [form.action for form in tab.page.forms]


class TestTheBanner:
    async def test_m07_grace_says_cause_days_left_and_remedy(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        paid = house.license.keeper.holder.standing().paid_until
        assert paid is not None
        house.cable.site_env.server_up = False
        lease = house.look().lease_terms
        assert lease is not None
        here.wait(lease.contact_until - 5 * DAY - here.time.now)
        tab = await signed_in(house)
        assert "is in grace" in tab.text
        assert "synchronization overdue" in tab.text
        assert "in 5 days" in tab.text
        assert "Synchronize now" in tab.text
        here.wait(6 * DAY)
        await tab.open("/")
        if tab.path.startswith("/sign-in"):
            tab = await signed_in(house)
        assert "has ended" in tab.text

    async def test_a_device_beyond_the_limit_is_the_news_and_leads_to_the_reason(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order(devices=1)[1])
        ticket = house.ticket(3)
        for number in range(2):
            agent = house.agent(f"desk-{number}")
            agent.enroll(ticket)
        tab = await signed_in(house)
        assert "1 device has no seat" in tab.text
        await tab.open("/devices?state=waiting&product=editor")
        assert "Every seat is taken: 1 of 1 seat is in use." in tab.text
        (link,) = [each for each in tab.page.links if each.startswith("/devices/dev_")]
        await tab.open(link)
        assert "Choose a device to withdraw" in tab.text

    async def test_seats_beyond_what_was_ordered_are_explained(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order(devices=10)[1])
        ticket = house.ticket(12)
        for number in range(12):
            house.agent(f"desk-{number}").enroll(ticket)
        tab = await signed_in(house)
        assert "All 11 seats of this server are taken (10 ordered, 1 more tolerated)." in tab.text
        await tab.open("/devices?state=waiting&product=editor")
        assert "Every seat is taken: 11 of 11 seats are in use (10 ordered, 1 more tolerated)." in tab.text


class TestDevices:
    async def test_one_that_does_not_last_is_marked_with_its_hour_in_the_list_and_on_its_page(
        self, house: SiteProcess, tab: Tab
    ) -> None:
        ticket = house.ticket(uses=2)
        house.agent("reception").enroll(ticket)
        await tab.open("/devices")
        assert "ephemeral" not in tab.text
        assert house.agent("container").agent.keeper.enroll(ticket, ephemeral=True) is None
        await tab.open("/devices")
        assert tab.text.count("ephemeral") == 1
        assert "lives one hour, refreshed" in tab.text
        (device,) = [each for each in house.devices() if each.ephemeral]
        await tab.open(f"/devices/{device.id}")
        assert "its seat lives one hour, refreshed at" in tab.text

    async def test_enrolled_withdrawn_assigned_grouped_removed(self, house: SiteProcess, tab: Tab) -> None:
        await tab.open("/enrollments")
        await tab.send(tab.form("uses"), uses="2", days="3", group="")
        token = next(word for word in tab.page.words if len(word) > 60 and " " not in word.strip()).strip()
        await tab.open("/enrollments")
        assert token not in tab.answer.text
        agent = house.agent("reception")
        agent.enroll(token)
        await tab.open("/devices")
        assert "reception" in tab.text
        assert "Protected" in tab.text
        (device,) = house.devices()
        one = f"/devices/{device.id}"
        await tab.open(one)
        await tab.send(tab.form(action=f"{one}/withdraw"))
        assert "Withdraw the seat of “site-reception”?" in tab.text
        assert house.devices()[0].state == "protected", "nothing is done before the question is answered"
        await tab.agree()
        assert "An administrator took its seat back" in tab.text
        await tab.send(tab.form(action=f"{one}/assign"))
        assert "It has a seat and is protected" in tab.text
        await tab.send(tab.form(action=f"{one}/group"), group="Ground floor / left")
        assert "belongs to" in tab.text
        await tab.open("/devices")
        await tab.send(tab.form("back"), device=[device.id])
        assert "Nothing was chosen to be done." in tab.text
        await tab.send(tab.form("back"), device=[device.id], what="remove")
        assert "Remove “site-reception”?" in tab.text
        assert house.devices()[0].state != "removed"
        await tab.agree()
        assert "Done for 1 device." in tab.text
        assert house.devices()[0].state == "removed"

    async def test_before_many_lose_their_seats_they_are_named_and_nothing_is_done_unasked(
        self, house: SiteProcess, tab: Tab
    ) -> None:
        ticket = house.ticket(12)
        for number in range(12):
            house.agent(f"d{number:02}").enroll(ticket)
        await tab.open("/devices")
        choices = tab.answer.text.partition('name="what"')[2]
        assert choices.index('value=""') < choices.index('value="withdraw"'), "nothing is chosen beforehand"
        await tab.send(tab.form("back"), device=[each.id for each in house.devices()], what="withdraw")
        assert "Withdraw the seat of 12 devices?" in tab.text
        assert "2 more" in tab.text
        assert {each.state for each in house.devices()} <= {"protected", "waiting"}
        await tab.agree()
        assert "Done for 12 devices." in tab.text
        assert {each.state for each in house.devices()} == {"withdrawn"}

    async def test_pages_go_on_where_the_last_one_ended(self, house: SiteProcess, tab: Tab) -> None:
        ticket = house.ticket(60)
        for number in range(53):
            house.agent(f"d{number:02}").enroll(ticket)
        await tab.open("/devices")
        (following,) = [each for each in tab.page.links if "cursor=" in each]
        await tab.open(following)
        assert "d52" in tab.text
        assert "d01" not in tab.text

    async def test_what_is_wrong_in_a_form_stands_beside_its_field(self, tab: Tab) -> None:
        await tab.open("/enrollments")
        await tab.send(tab.form("uses"), uses="0")
        assert tab.status == 422
        assert "A whole number from 1" in tab.text

    async def test_names_of_devices_are_text_and_nothing_else(self, house: SiteProcess, tab: Tab) -> None:
        house.agent("x").enroll(house.ticket())
        (device,) = house.devices()
        await tab.open(f"/devices/{device.id}")
        await tab.send(tab.form(action=f"/devices/{device.id}/group"), group="<script>alert(1)</script>")
        await tab.open("/devices")
        assert "<script>alert" not in tab.answer.text


class TestEvents:
    async def test_they_are_filtered_and_acknowledged(self, house: SiteProcess, tab: Tab) -> None:
        await tab.open("/events")
        assert "The license is active" in tab.text
        await tab.send(tab.form("number"))
        assert "acknowledged" in tab.text
        await tab.open("/events?severity=critical")
        assert "Nothing matches" in tab.text

    async def test_all_are_acknowledged_up_to_what_the_page_showed_and_nothing_newer(
        self, house: SiteProcess, tab: Tab
    ) -> None:
        room = ForwardingEnv(house)
        room.happen(*(f"event {number}" for number in range(60)))
        room.happen("told only", severity="info")
        await tab.open("/events?severity=warning")
        shown = tab.form("up_to")
        room.happen("too late to have been seen")
        await tab.send(shown)
        assert "60 events are acknowledged; newer ones are not." in tab.text
        assert tab.path == "/events?severity=warning"
        await tab.open("/events?open=1")
        assert "too late to have been seen" in tab.text
        assert "told only" in tab.text
        assert "event 7" not in tab.text
        await tab.send(tab.form("up_to"), up_to="0")
        assert tab.path.startswith("/events")


class TestForks:
    async def test_b09_both_copies_are_shown_and_it_is_settled_by_a_click(self, house: SiteProcess) -> None:
        backup = house.backed_up()
        house.site_env.wait(DAY)
        house.sync()
        house.restore(backup)
        house.site_env.wait(120)
        house.sync()
        assert house.look().kept.forked
        tab = await signed_in(house)
        assert "uses the same identity" in tab.text
        await tab.open("/licenses/editor/fork")
        assert "This server" in tab.text
        assert "The other one" in tab.text
        await tab.send(tab.form(action="/licenses/editor/fork"))
        assert tab.status == 422
        house.site_env.wait(120)
        await tab.send(tab.form(action="/licenses/editor/fork"), resolution="restored")
        assert "Is “Head office” the same server, restored from a backup?" in tab.text
        assert "This cannot be undone." in tab.text
        assert house.look().kept.forked, "nothing is told before it is agreed to"
        await tab.agree()
        assert not house.look().kept.forked
        await tab.open("/licenses/editor/fork")
        assert "There is only one of this server" in tab.text


async def test_testing_the_connection_shows_a_line_for_each_check(tab: Tab) -> None:
    await tab.open("/connection")
    await tab.send(tab.form(action="/connection"))
    assert "Clock" in tab.text
    assert "Root of trust" in tab.text


class TestWhatElseAnAdministratorDoes:
    async def test_m16_renewing_leads_to_the_providers_website_at_this_subscription(self, here: SiteEnv) -> None:
        shown = {"renew_url": "https://north.example/renew", "subscription": "sub_1"}
        assert renew_link(shown) == "https://north.example/renew?subscription=sub_1"
        for evil in ("", "javascript:alert(1)", "data:text/html,x", "//elsewhere.example"):
            assert renew_link({**shown, "renew_url": evil}) == ""

    @pytest.mark.parametrize("phase", ["grace", "ended"])
    def test_m16_the_banners_button_leads_to_this_subscription_too(self, phase: str) -> None:
        quiet = dict.fromkeys(("refusal", "fork", "conflict", "until", "last_answered", "paid_until", "successor"))
        quiet |= dict.fromkeys(("pending", "forked", "displaced", "waiting", "in_use", "free"), 0)
        shown = quiet | {"product": "editor", "phase": phase, "cause": "payment_ended", "remedies": [], "warnings": []}
        shown |= {"renew_url": "https://north.example/renew", "subscription": "sub_1", "kind": "limited"}
        shown |= {"renewal": "", "timeline": []}
        told = most_important([shown], 0)
        assert (told.button, told.path) == ("Renew on the provider's website", renew_link(shown))
        assert told.path.endswith("?subscription=sub_1")

    async def test_all_is_well_is_never_said_beside_an_open_warning(self, house: SiteProcess, tab: Tab) -> None:
        assert "All is well" in tab.text
        now = house.site_env.time.now
        house.site.store.write(lambda conn: events.add(conn, now, "warning", "use_high", "9 of 10 are used.")).result()
        await tab.open("/licenses")
        assert "All is well" not in tab.text
        assert "1 warning has not been acknowledged yet." in tab.text
        assert "/events?open=1" in tab.page.links
        await tab.open("/events?open=1")
        await tab.send(tab.form(action="/events/acknowledge"))
        await tab.open("/licenses")
        assert "All is well" in tab.text

    async def test_the_banner_of_what_renews_itself_tells_the_renewal_and_no_end(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order("monthly", renewal_intent="auto")[1])
        here.wait(26 * DAY)
        house.sync()
        tab = await signed_in(house)
        assert "All is well" in tab.text
        assert "It renews by itself on" in tab.text
        assert "The paid period ends" not in tab.text
        assert "over soon" not in tab.text

    async def test_events_stand_in_the_order_in_which_things_became_true(self, house: SiteProcess, tab: Tab) -> None:
        now = house.site_env.time.now

        def note(conn: Connection) -> None:
            events.add(conn, now + 30, "info", "first", "Became true later.")
            events.add(conn, now + 20, "info", "second", "Became true earlier, noticed last.")

        house.site.store.write(note).result()
        await tab.open("/events")
        assert tab.text.index("Became true later.") < tab.text.index("Became true earlier, noticed last.")
        bearer = {"Authorization": f"Bearer {house.site.token}"}
        one = (await tab.http.get("/v1/events?limit=1", headers=bearer)).json()
        following = (await tab.http.get(f"/v1/events?limit=1&cursor={one['next']}", headers=bearer)).json()
        assert [each["kind"] for each in (*one["items"], *following["items"])] == ["first", "second"]

    async def test_a_synchronization_is_told_in_sentences(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order()
        house.activate(code)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 25})
        here.wait(120)
        SiteWatch(house.site).note_sync(house.license, house.license.synchronize("manual"))
        tab = await signed_in(house, "/events")
        assert "25 devices are ordered now, 10 before." in tab.text
        assert "->" not in tab.text

    async def test_no_remedy_sends_to_the_command_line_beside_its_own_button(
        self, here: SiteEnv, house: SiteProcess
    ) -> None:
        here.server_up = False
        here.wait(40 * DAY)
        tab = await signed_in(house, "/licenses/editor/explain")
        assert "test the connection" in tab.text
        assert "tenure doctor" not in tab.text
        await tab.open("/licenses")
        assert "Current" in tab.text

    async def test_a_group_that_does_not_distribute_leaves_its_devices_waiting_and_says_so(
        self, house: SiteProcess, tab: Tab
    ) -> None:
        await tab.open("/devices")
        await tab.send(tab.form("name"), name="Lab")
        assert "The group “Lab” is as you said." in tab.text
        await tab.open("/licenses/editor")
        form = tab.form(action="/licenses/editor/distribution")
        form.fields["automatic"] = [each for each in form.fields["automatic"] if each != "Lab"]
        await tab.send(form)
        house.agent("bench").enroll(house.ticket(group="Lab"))
        await tab.open("/groups/Lab")
        assert "No seat is assigned to it." in tab.text
        (device,) = house.devices()
        await tab.send(tab.form(action=f"/devices/{device.id}/assign"))
        assert "gets a seat at its next contact" in tab.text

    async def test_b11_a_lower_limit_is_the_news_with_a_list_that_can_be_edited(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order(devices=10)
        house.activate(code)
        ticket = house.ticket(8)
        for number in range(8):
            house.agent(f"d{number}").enroll(ticket)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 5})
        here.wait(3_600)
        house.sync()
        tab = await signed_in(house)
        assert "fewer devices will be allowed than are protected" in tab.text
        await tab.open("/licenses/editor/conflict")
        assert "3 devices have to give up their seats" in tab.text
        kept = tab.form("device")
        await tab.send(kept)
        assert "1 device is kept off the list" in tab.text
        assert kept.fields["device"] not in [form.fields.get("device") for form in tab.page.forms]
        (proposed, *_) = [form.fields["device"] for form in tab.page.forms if form.action.endswith("/keep")]
        await tab.send(tab.form(action="/licenses/editor/conflict"), device=[proposed])
        (named,) = [each.name for each in house.devices() if each.id == proposed]
        assert f"Release “{named}” now?" in tab.text
        assert "released" not in tab.text
        await tab.agree()
        assert "1 released" in tab.text

    async def test_b16_a_request_is_carried_out_and_nonsense_is_not_taken_in(self, tab: Tab) -> None:
        await tab.open("/licenses/editor/offline")
        await tab.send(tab.form(action="/licenses/editor/offline/request"))
        assert "Copy this whole text" in tab.text
        for sent in ("Dear Sir or Madam", "-----BEGIN TENURE ANSWER-----", "x" * 300_000):
            await tab.send(tab.form("text"), text=sent)
            assert tab.status == 422
            assert "This is not an answer of the activation server." in tab.text
            assert "BEGIN TENURE ANSWER" in tab.text
        await tab.open("/licenses/editor/offline")
        await tab.send(tab.form("text"), text="  ")
        assert "Paste the text of the answer, or choose its file." in tab.text

    async def test_the_answers_file_is_taken_in_as_it_came(self, here: SiteEnv, tab: Tab) -> None:
        await tab.open("/licenses/editor/offline")
        await tab.send(tab.form(action="/licenses/editor/offline/request"), file="on")
        assert tab.answer is not None
        made = here.post("/v1/offline-exchange", {"request": tab.answer.text})
        await tab.open("/licenses/editor/offline")
        brought = {"answer": (made["file_name"], b"\xef\xbb\xbf" + made["answer"].encode(), "text/plain")}
        await tab.send(tab.form("text"), files=brought)
        assert tab.path == "/licenses/editor", tab.text

    async def test_b10_public_dns_is_switched_off_and_a_wrong_list_is_refused(
        self, house: SiteProcess, tab: Tab
    ) -> None:
        await tab.open("/settings/dns")
        await tab.send(tab.form("resolvers"), mode="off", resolvers="", private_suffixes="")
        assert "It holds from the next exchange on." in tab.text
        assert "never" in tab.text
        await tab.send(tab.form("resolvers"), mode="list", resolvers="not a resolver", private_suffixes="")
        assert tab.status == 422

    async def test_use_is_reported_by_day_and_exported(self, house: SiteProcess, tab: Tab) -> None:
        house.agent("x").enroll(house.ticket())
        house.watch.tick()
        await tab.open("/reports?days=7")
        assert "1 of 10 devices in use" in tab.text
        assert "The same as a table" in tab.text
        answer = await tab.http.get("/reports.csv?days=7")
        assert answer.text.lstrip("\ufeff").startswith("date,product,group,most,latest")
        for page in ("/reports", "/licenses/editor/silent"):
            await tab.open(f"{page}?days={'9' * 5_000}")
            assert tab.status == 200, "a number of 5,000 digits is none"
