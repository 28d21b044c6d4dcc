"""Another subscription that allows fewer devices: nobody is served beyond it, nobody loses what was signed (ADR 17)."""

import msgspec

from tenure.core.timeline import DAY
from tenure.sandbox.simulation.promises import lease_claims
from tenure.site.store import devices
from tests.site.callers import Caller
from tests.site.site_env import FEATURES, AgentProcess, SiteEnv, SiteProcess
from tests.site.test_console import signed_in

HOUR = 3_600
LICENSE = "/licenses/editor"


def many_agents(here: SiteEnv, many: int = 15) -> tuple[SiteProcess, str, list[AgentProcess]]:
    """A site on which so many devices are protected, its subscription, and the devices."""
    house = here.site()
    name, code = here.order(devices=30)
    house.activate(code)
    house.sync()
    agents = [house.agent(f"d{number:02}") for number in range(many)]
    for number, agent in enumerate(agents):
        assert agent.enroll(house.ticket()) is None
        if number % 5 == 4:
            here.wait(HOUR)
            house.sync("edge")
    return house, name, agents


def seated(house: SiteProcess) -> int:
    """Devices that are served by what rules now."""
    return sum(each.state == "protected" for each in house.devices())


def to_a_smaller_one(here: SiteEnv, house: SiteProcess, name: str, many: int = 8) -> None:
    here.post(f"/v1/subscriptions/{name}/cancel", {})
    house.sync()
    house.activate(here.order(devices=many)[1])


def test_b07_no_more_devices_are_served_than_the_new_subscription_allows(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    to_a_smaller_one(here, house, name)
    most = house.allotment
    assert most < len(agents)
    for _ in range(3):
        here.wait(DAY)
        for agent in agents:
            agent.refresh()
        assert seated(house) == most
    assert "devices_displaced" in house.events()
    served = [agent for agent in agents if lease_claims(agent.kept.held.token).subscription != name]
    assert len(served) == most


def test_who_is_beyond_keeps_what_was_signed_for_him_and_then_waits(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    to_a_smaller_one(here, house, name)
    here.wait(HOUR)
    refused = [agent for agent in agents if agent.refresh() is not None]
    assert len(refused) == len(agents) - house.allotment
    for agent in refused:
        assert agent.on == FEATURES, "its seat is not over yet"
    here.wait(20 * DAY)
    house.sync()
    house.watch.tick()
    for agent in agents:
        agent.refresh()
    assert sum(bool(agent.on == FEATURES) for agent in agents) == house.allotment
    assert house.counted == house.allotment
    assert sum(each.state == "waiting" for each in house.devices()) == len(refused)


def test_a_place_that_becomes_free_goes_to_one_of_them(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    to_a_smaller_one(here, house, name)
    here.wait(HOUR)
    refused = [agent for agent in agents if agent.refresh() is not None]
    gone = next(agent for agent in agents if agent not in refused)
    gone.agent.keeper.release()
    assert [agent.refresh() for agent in refused].count(None) == 1


def test_the_longest_silent_are_set_aside_and_pinned_ones_last(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    here.wait(HOUR)
    for agent in agents[6:]:
        agent.refresh()
    first = min(house.devices(), key=lambda each: each.name)
    pinned = msgspec.structs.replace(first, pinned=1)
    house.site.store.write(lambda conn: devices.save_device(conn, pinned)).result()
    to_a_smaller_one(here, house, name)
    set_aside = {each.name for each in house.devices() if each.state == "displaced"}
    assert len(set_aside) == len(agents) - house.allotment
    assert pinned.name not in set_aside
    assert {each.name for each in sorted(house.devices(), key=lambda each: each.name)[1:6]} <= set_aside


def test_withdrawing_before_and_assigning_after_gains_nothing(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    console = Caller(house)
    kept = [each.id for each in house.devices()[:5]]
    for device in kept:
        console.post(f"/v1/devices/{device}/withdraw")
    to_a_smaller_one(here, house, name)
    for device in kept:
        console.post(f"/v1/devices/{device}/assign")
    here.wait(HOUR)
    for agent in agents:
        agent.refresh()
    assert seated(house) <= house.allotment


def test_a_code_again_or_a_larger_one_sets_nobody_aside(here: SiteEnv) -> None:
    house, name, agents = many_agents(here)
    here.post(f"/v1/subscriptions/{name}/cancel", {})
    house.sync()
    house.activate(here.order(devices=40)[1])
    here.wait(HOUR)
    assert [agent.refresh() for agent in agents] == [None] * len(agents)
    assert "devices_displaced" not in house.events()


async def test_the_page_of_a_code_says_how_many_it_does_not_cover(here: SiteEnv) -> None:
    house, name, _ = many_agents(here)
    here.post(f"/v1/subscriptions/{name}/cancel", {})
    house.sync()
    tab = await signed_in(house, f"{LICENSE}/code")
    assert "Another code can be applied only once" not in tab.text, "the present one is canceled"
    code = here.order(devices=8)[1]
    await tab.send(tab.form("code"), code=code, preview="1")
    assert "It allows fewer devices than are protected here" in tab.text
    await tab.open(f"{LICENSE}/code")
    await tab.send(tab.form("code"), code=code)
    await tab.open("/")
    assert "beyond what the present license allows" in tab.text
    await tab.open("/devices?state=displaced")
    assert "The present license allows fewer devices than were protected before." in tab.text


def test_b11_a_smaller_successor_opens_the_conflict_before_it_takes_over(here: SiteEnv) -> None:
    house, _, agents = many_agents(here)
    house.activate(here.order("later", devices=8)[1], "successor")
    here.wait(HOUR)
    house.sync()
    house.watch.tick()
    assert "seat_conflict" in house.events()
    lease = house.look().lease_terms
    assert lease is not None and lease.spans[0].until is not None
    turn = lease.spans[0].until
    here.time.now = turn - 2 * DAY
    house.sync()
    house.watch.tick()
    for agent in agents:
        assert agent.refresh() is None, "until then everybody is served"
    here.time.now = turn + 1
    house.watch.tick()
    for agent in agents:
        agent.refresh()
    assert seated(house) == house.allotment < len(agents)
