"""Who gets a seat by itself, who does not and why; idle devices, duplicates, and a limit that falls
[spec: seat-conflict, distribution]."""

from typing import Any

import pytest

from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR
from tenure.site.store import devices, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tests.site.callers import Caller
from tests.site.site_env import FEATURES, SiteEnv, SiteProcess
from tests.site.test_devices import code_of, enrolled, truly_counted

LICENSE = "/v1/licenses/editor"


@pytest.fixture
def console(house: SiteProcess) -> Caller:
    return Caller(house)


class TestGroups:
    def test_a_group_says_whether_its_devices_get_seats_by_themselves(
        self, house: SiteProcess, console: Caller
    ) -> None:
        made = console.send("PUT", "/v1/groups/lab", {"automatic": False}).json()
        assert made == {"name": "lab", "automatic": False, "devices": 0, "counted": 0, "waiting": 0}
        agent = house.agent()
        assert code_of(agent.enroll(house.ticket(group="lab"))) is RefusalCode.SEAT_NOT_ASSIGNED
        (shown,) = console.get("/v1/devices", reason="seat_not_assigned")["items"]
        assert shown["why"]["text"].startswith("No seat has been assigned to this device.")
        assert console.send("PUT", "/v1/groups/lab", {"automatic": True}).json()["waiting"] == 1
        assert agent.refresh() is None
        assert agent.on == FEATURES

    def test_an_unassigned_device_gets_a_seat_only_by_hand(self, house: SiteProcess, console: Caller) -> None:
        agent = house.agent()
        assert code_of(agent.enroll(house.ticket(group=""))) is RefusalCode.SEAT_NOT_ASSIGNED
        assert console.get("/v1/unassigned-devices")["waiting"] == 1
        (device,) = house.devices()
        assigned = console.post(f"/v1/devices/{device.id}/assign")
        assert (assigned["state"], assigned["assigned"]) == ("waiting", True)
        assert agent.refresh() is None
        assert console.get(f"/v1/devices/{device.id}")["state"] == "protected"

    def test_devices_are_moved_by_the_thousand_and_lose_their_group_with_it(
        self, house: SiteProcess, console: Caller
    ) -> None:
        enrolled(house, 3)
        names = [each.id for each in house.devices()]
        console.send("PUT", "/v1/groups/Hall 2", {"automatic": True})
        assert console.post("/v1/groups/Hall 2/devices", {"devices": [*names, "dev_" + "0" * 26]}) == {"moved": 3}
        assert console.get("/v1/device-counts")["by_group"] == {"Hall 2": 3}
        assert [each["name"] for each in console.get("/v1/groups")["items"]] == ["Hall 2", "default"]
        assert console.send("DELETE", "/v1/groups/Hall 2").status_code == 204
        assert console.get("/v1/device-counts")["by_group"] == {"": 3}
        assert truly_counted(house) == 3, "who has a seat keeps it"

    def test_distribution_stops_at_the_limit_and_says_so_once(self, house: SiteProcess, console: Caller) -> None:
        ticket = house.ticket(uses=20)
        for _ in range(2):
            enrolled(house, 5, ticket)
            house.watch.tick()
        enrolled(house, 1, ticket)
        house.watch.tick()
        for number in range(3):
            assert code_of(house.agent(f"late-{number}").enroll(ticket)) is RefusalCode.DEVICE_LIMIT_REACHED
        assert house.events().count("device_limit_reached") == 1
        shown = console.get(f"{LICENSE}/distribution")
        assert (shown["free"], shown["waiting"], shown["stopped"]) == (0, 3, True)
        assert shown["waiting_for"] == {"device_limit_reached": 3}


def many(house: SiteProcess, number: int, **changes: Any) -> None:
    """So many protected devices, written straight into the store."""
    now = house.site_env.time.now

    def work(conn: Any) -> None:
        for each in range(number):
            values = {
                "number": 0, "id": f"dev_{each:026d}", "product": "editor", "thumbprint": f"key {each}",
                "name": f"desk {each:05d}", "group": "default", "version": "12.0", "hardware": b"{}", "created": now,
                "last_seen": now - each * DAY, "count": 1, "last_request": "", "seat": f"seat_{each}",
                "seat_sha256": "", "seat_until": now + (14 - each) * DAY, "lease_iat": now, "state":
                DeviceDecision.PROTECTED,
                "counted": 1, "counts_until": now + 60 * DAY, "pinned": 0, "twin": "", "note": "", **changes,
            }  # fmt: skip
            pools.adopt_place(conn, "editor")
            devices.save_device(conn, DeviceRow(**values))

    house.site.store.write(work).result()


class TestIdle:
    def test_a_release_is_previewed_and_frees_at_once_where_the_seat_is_over(
        self, house: SiteProcess, console: Caller
    ) -> None:
        many(house, 30)
        shown = console.get(f"{LICENSE}/idle-devices", days=10)
        assert (shown["count"], shown["free_at_once"]) == (19, 16)
        assert shown["devices"][0]["name"] == "desk 00029"
        dry = console.post(f"{LICENSE}/release-idle", {"days": 10}, dry_run="true")
        assert dry == {"released": 19, "free_at_once": 16}
        assert truly_counted(house) == 30
        assert console.post(f"{LICENSE}/release-idle", {"days": 10}) == dry
        assert truly_counted(house) == 14
        house.site_env.wait(3 * DAY)
        house.watch.tick()
        assert truly_counted(house) == 11, "the others were free at their seats' ends"
        assert console.get(f"{LICENSE}/idle-devices", days=14)["count"] == 0

    def test_an_idle_device_that_returns_claims_a_seat_anew(self, house: SiteProcess, console: Caller) -> None:
        (agent,) = enrolled(house, 1)
        house.site_env.wait(5 * DAY)
        assert console.post(f"{LICENSE}/release-idle", {"days": 3}) == {"released": 1, "free_at_once": 0}
        assert [each.state for each in house.devices()] == ["idle"]
        house.sync()
        assert agent.refresh() is None
        assert [each.state for each in house.devices()] == ["protected"]
        assert truly_counted(house) == 1

    def test_pinned_devices_and_those_not_named_stay(self, house: SiteProcess, console: Caller) -> None:
        many(house, 20)
        pinned, named = f"dev_{19:026d}", f"dev_{18:026d}"
        assert console.send("PUT", f"/v1/devices/{pinned}/pin", {"pinned": True}).json()["pinned"]
        assert console.post(f"{LICENSE}/release-idle", {"days": 5, "devices": [pinned, named]})["released"] == 1
        assert console.get(f"/v1/devices/{pinned}")["counted"]


class TestSearch:
    def test_filters_over_many_devices(self, house: SiteProcess, console: Caller) -> None:
        many(house, 40)
        for asked, found in (
            ({"q": "DESK 0000"}, 10),
            ({"q": f"dev_{7:026d}"}, 1),
            ({"silent_days": 30}, 9),
            ({"counted": "false"}, 0),
            ({"counted": "true", "group": "default", "state": "protected", "product": "editor"}, 40),
            ({"alike": "true"}, 0),
        ):
            assert len(console.get("/v1/devices", limit=200, **asked)["items"]) == found, asked

    def test_duplicates_are_shown_with_what_may_be_done(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        console, parts = Caller(house), {"machine": "m", "board": "b"}
        assert house.agent("old", hardware=parts).enroll(house.ticket()) is None
        here.wait(HOUR)
        assert house.agent("new", hardware=parts).enroll(house.ticket()) is None
        (pair,) = console.get("/v1/duplicates")["items"]
        assert (pair["older"]["name"], pair["newer"]["name"]) == ("site-old", "site-new")
        assert pair["can_merge"]
        console.post(f"/v1/devices/{pair['older']['id']}/merge", {"into": pair["newer"]["id"]})
        assert console.get("/v1/duplicates")["items"] == []


class TestSeatConflict:
    def test_b11_a_lower_limit_is_announced_listed_edited_and_kept(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order(devices=10)
        house.activate(code)
        console = Caller(house)
        enrolled(house, 8)
        assert console.refused("GET", f"{LICENSE}/seat-conflict") == "not_found"
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 5})
        here.wait(HOUR)
        house.sync()
        shown = console.get(f"{LICENSE}/seat-conflict")
        assert (shown["allowed"], shown["in_use"], shown["release"]) == (5, 8, 3)
        assert shown["days_left"] > 300
        assert house.events().count("seat_conflict") == 1
        first = shown["proposed"][0]["id"]
        console.send("PUT", f"/v1/devices/{first}/pin", {"pinned": True})
        edited = console.get(f"{LICENSE}/seat-conflict")
        assert len(edited["proposed"]) == 3
        assert first not in [each["id"] for each in edited["proposed"]]
        released = console.post(f"{LICENSE}/seat-conflict/release", {"devices": [edited["proposed"][0]["id"]]})
        assert released == {"released": 1, "free_at_once": 0}
        assert len(console.get(f"{LICENSE}/seat-conflict")["proposed"]) == 2

    def test_b11_reminders_come_and_at_the_date_the_list_is_withdrawn_aloud(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order("monthly", devices=10)
        house.activate(code)
        agents = enrolled(house, 8)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 5})
        here.wait(HOUR)
        house.sync()
        begins = house.look().lease_terms.coming.at  # type: ignore[union-attr]
        while here.time.now < begins + DAY:
            here.wait(DAY)
            for agent in agents:
                agent.refresh()
            house.watch.tick()
        assert house.events().count("seat_conflict") >= 4
        assert house.events().count("device_withdrawn") == 3
        for agent in agents:
            agent.refresh()
            agent.agent.keeper.tick()
        house.watch.tick()
        assert truly_counted(house) == 5
        assert "seat_conflict_closed" in house.events()
