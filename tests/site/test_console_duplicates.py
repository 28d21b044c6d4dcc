"""Duplicates in the console: found among many, compared, merged after a preview, and refused where they are two."""

from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.site.store import duplicates
from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_console import signed_in
from tests.web.browser import Tab

PARTS = {"machine": "m-1", "board": "b-1", "network": "n-1"}
HOUR = 3_600
DEVICES, PAIRS = 100_000, 3_000


@pytest.fixture
def reinstalled(here: SiteEnv) -> SiteProcess:
    """A computer that was enrolled in the group Lab, and again an hour later after a new installation."""
    house = here.site()
    house.activate(here.order()[1])
    assert house.agent("old", hardware=PARTS).enroll(house.ticket(group="Lab")) is None
    here.wait(HOUR)
    house.agent("new", hardware={**PARTS, "network": "n-2"}).enroll(house.ticket(group=""))
    assert [each.state for each in house.devices()] == ["protected", "waiting"], "nobody has assigned the second a seat"
    return house


def names(house: SiteProcess) -> list[str]:
    return [each.name for each in house.devices()]


async def test_two_that_are_one_are_found_compared_and_merged(reinstalled: SiteProcess) -> None:
    tab = await signed_in(reinstalled, "/devices")
    assert "1 duplicate" in tab.text
    assert "/duplicates" in tab.page.links
    await tab.open("/duplicates")
    assert "1 device shares its hardware" in tab.text
    (compare,) = [each for each in tab.page.links if each.startswith("/duplicates/dev_")]
    await tab.open(compare)
    assert "The device stays as site-new" in tab.text
    assert "It takes over the seat of site-old" in tab.text
    assert "It belongs to the group “Lab”, as before." in tab.text
    assert "site-old is forgotten" in tab.text
    assert names(reinstalled) == ["site-old", "site-new"], "a preview changes nothing"
    await tab.send(tab.form(action=compare))
    assert "The two are one device now" in tab.text
    assert tab.path.startswith("/devices/dev_")
    assert names(reinstalled) == ["site-new"]
    assert reinstalled.counted == 1
    await tab.open("/devices")
    assert "/duplicates" not in tab.page.links
    await tab.open("/duplicates")
    assert "No duplicates" in tab.text


async def test_a_second_seat_that_becomes_free_is_told_before(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    house.agent("old", hardware=PARTS).enroll(house.ticket())
    here.wait(HOUR)
    house.agent("new", hardware=PARTS).enroll(house.ticket())
    assert house.counted == 2
    tab = await signed_in(house, "/duplicates")
    (compare,) = [each for each in tab.page.links if each.startswith("/duplicates/dev_")]
    await tab.open(compare)
    assert "One seat is free at once" in tab.text
    await tab.send(tab.form(action=compare))
    assert house.counted == 1


async def test_clones_that_are_both_alive_are_refused_in_words(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    old = house.agent("old", hardware=PARTS)
    old.enroll(house.ticket())
    here.wait(HOUR)
    house.agent("new", hardware=PARTS).enroll(house.ticket())
    tab = await signed_in(house, "/duplicates")
    (compare,) = [each for each in tab.page.links if each.startswith("/duplicates/dev_")]
    await tab.open(compare)
    merge = tab.form(action=compare)
    here.wait(DAY)
    assert old.refresh() is None
    tab = await signed_in(house, "/duplicates")
    assert "they are two computers" in tab.text
    assert compare not in tab.page.links
    await tab.open(compare)
    await refused(tab)
    merge.fields["_token"] = tab.page.forms[0].fields["_token"]
    await tab.send(merge)
    await refused(tab)
    assert house.counted == 2


async def refused(tab: Tab) -> None:
    assert tab.status == 409
    assert "They are not merged." in tab.text
    assert "needs a seat of its own" in tab.text
    assert not [form for form in tab.page.forms if form.action.startswith("/duplicates")]


@pytest.mark.slow
async def test_a_pair_of_a_hundred_thousand_is_found_by_the_index(house: SiteProcess) -> None:
    house.site.store.write(_many_devices).result()
    plan = house.site.store.read(
        lambda conn: conn.execute(f"explain query plan select 1 {duplicates.OPEN} and new.number > 5").fetchall()
    )
    assert "devices_twins" in str(plan)
    tab = await signed_in(house, "/duplicates")
    assert f"{PAIRS:,} devices share their hardware" in tab.text
    seen: set[str] = set()
    for _ in range(3):
        following = [each for each in tab.page.links if "cursor=" in each][-1]  # before it the way back
        pairs = {each for each in tab.page.links if each.startswith("/duplicates/dev_")}
        assert len(pairs) == 50
        assert not pairs & seen
        seen |= pairs
        await tab.open(following)


def _many_devices(conn: Any) -> None:
    """As many devices as a site may have; the last ones look like the first ones."""
    conn.execute(
        "insert into devices (id, product, thumbprint, name, grp, version, hardware, created, last_seen, count,"
        " last_request, seat, seat_sha256, seat_until, lease_iat, state, counted, counts_until, pinned, twin, note)"
        " with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?)"
        " select printf('dev_%026d', i), 'editor', 'key ' || i, 'desk ' || i, 'default', '12.0', x'7b7d', i, 0, 1,"
        " '', '', '', 0, 0, 'waiting', 0, 0, 0, case when i < ? then '' else printf('dev_%026d', i - ?) end, '' from n",
        (DEVICES, DEVICES - PAIRS, DEVICES - PAIRS),
    )
