"""A lower device limit is agreed, and a hold stops the clock before its day: no device is withdrawn while it stands."""

import pytest

from tenure.core.periods import format_instant
from tenure.core.timeline import DAY, HOUR, Instant
from tests.site.site_env import FEATURES, AgentProcess, SiteEnv, SiteProcess
from tests.site.test_devices import enrolled, truly_counted


def lived(here: SiteEnv, house: SiteProcess, agents: list[AgentProcess], days: int) -> None:
    """So many days, in which everybody asks daily."""
    for _ in range(days):
        here.wait(DAY)
        house.sync()
        for agent in agents:
            agent.refresh()
            agent.agent.keeper.tick()
        house.watch.tick()


def lowers_at(house: SiteProcess) -> Instant | None:
    """When the lower limit begins, by the lease in hand."""
    terms = house.look().lease_terms
    return None if terms is None or terms.coming is None else terms.coming.at


@pytest.mark.parametrize("timed", [False, True], ids=["a hold without an end", "a hold with an end"])
def test_nobody_is_withdrawn_by_a_lower_limit_while_a_hold_stops_the_clock(here: SiteEnv, timed: bool) -> None:
    here.ask(here.env.staff.send("PUT", "/v1/policy", {"rules": {"stop_clock": True}}))
    house = here.site()
    name, code = here.order("monthly", devices=10)
    house.activate(code)
    agents = enrolled(house, 8)
    here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 5})
    here.wait(HOUR)
    house.sync()
    agreed = lowers_at(house)
    assert agreed is not None
    lived(here, house, agents, (agreed - here.time.now) // DAY - 5)
    until = {"until": format_instant(here.time.now + 20 * DAY)} if timed else {}
    here.post(f"/v1/subscriptions/{name}/hold", {"reason": "holidays", **until})
    for _ in range(2):  # the second acknowledges what the first brought, and days are given back from then on
        house.sync()
    lived(here, house, agents, 10)
    assert here.time.now > agreed
    assert lowers_at(house) == (agreed + 20 * DAY if timed else None)
    assert truly_counted(house) == 8, "nobody was withdrawn on the day that was agreed before the hold"
    lived(here, house, agents, 10)
    if not timed:
        here.post(f"/v1/subscriptions/{name}/release", {})
    house.sync()
    assert lowers_at(house) == agreed + 20 * DAY
    lived(here, house, agents, 2)
    assert [agent.on for agent in agents] == [FEATURES] * 8
    assert "device_withdrawn" not in house.events()
    lived(here, house, agents, 6)
    assert here.time.now > agreed + 20 * DAY
    assert house.events().count("device_withdrawn") == 3
    assert truly_counted(house) == 5
