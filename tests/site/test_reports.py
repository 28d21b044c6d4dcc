"""Use by day and group, as a table and as a sheet; events as an administrator goes through them [spec: events]."""

import pytest

from tenure.core.timeline import DAY
from tenure.site.store import uses
from tests.site.callers import Caller
from tests.site.site_env import SiteProcess
from tests.site.test_devices import enrolled


@pytest.fixture
def console(house: SiteProcess) -> Caller:
    return Caller(house)


def test_use_is_reported_by_day_product_and_group(house: SiteProcess, console: Caller) -> None:
    agents = enrolled(house, 3)
    enrolled(house, 1, house.ticket(group="=lab"))
    house.watch.tick()
    assert agents[0].agent.keeper.release() is None
    house.watch.tick()
    first = console.get("/v1/usage", product="editor")
    assert [(each["group"], each["most"], each["latest"]) for each in first["items"]] == [
        ("=lab", 1, 1),
        ("default", 3, 2),
    ]
    house.site_env.wait(DAY)
    house.watch.tick()
    days = console.get("/v1/usage", group="default", days=2)["items"]
    assert [(each["most"], each["latest"]) for each in days] == [(3, 2), (2, 2)]
    assert days[0]["date"] < days[1]["date"]
    assert console.get("/v1/usage", group="")["items"] == []
    sheet = console.send("GET", "/v1/usage.csv", days=1)
    assert sheet.headers["content-type"].startswith("text/csv")
    lines = sheet.text.splitlines()
    assert lines[0] == "date,product,group,most,latest"
    assert lines[1].endswith(",editor,'=lab,1,1"), "no cell is a formula"
    assert console.refused("GET", "/v1/usage", days=0) == "field_invalid"


def test_old_days_are_forgotten(house: SiteProcess) -> None:
    enrolled(house, 1)
    house.watch.tick()
    later = house.site_env.time.now + (uses.KEPT_DAYS + 1) * DAY
    house.site.store.write(lambda conn: uses.prune(conn, later)).result()
    assert Caller(house).get("/v1/usage")["items"] == []


def test_events_are_filtered_and_acknowledged_together(house: SiteProcess, console: Caller) -> None:
    enrolled(house, 2)
    first = console.get("/v1/events", new="true", kind="device_enrolled", product="editor")["items"]
    assert len(first) == 2
    dry = console.send("PUT", "/v1/events-acknowledgment", {"number": first[0]["number"]}, dry_run="true").json()
    done = console.send("PUT", "/v1/events-acknowledgment", {"number": first[0]["number"], "severity": "info"}).json()
    assert done["acknowledged"] == dry["acknowledged"] >= 2
    assert console.get("/v1/events", new="true", kind="device_enrolled")["items"] == []
    assert len(console.get("/v1/events", kind="device_enrolled")["items"]) == 2
