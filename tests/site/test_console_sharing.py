"""Two administration servers on one subscription (B7), as their administrators see it on screen."""

from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_console import signed_in
from tests.web.browser import Tab

MINUTE = 120


def pairs(tab: Tab) -> str:
    """The text of the page from the card of devices on."""
    return tab.text.partition("How the subscription is shared")[2].replace(" The other places are held", " ")


async def shown(house: SiteProcess) -> Tab:
    return await signed_in(house, "/licenses/editor")


async def test_after_a_restore_of_the_server_a_short_site_reads_whom_it_waits_for(here: SiteEnv) -> None:
    _, code = here.order(devices=20)
    first, second = here.site("first"), here.site("second")
    for house in (first, second):
        house.activate(code)
    agents = [first.agent(f"d{number}") for number in range(first.allotment + 1)]
    for agent in agents:
        agent.enroll(first.ticket())
    # What the server's next process reads at its start, once `tenure restore` has opened an epoch.
    object.__setattr__(here.env.context, "epoch_floor", here.time.now + 1)
    here.wait(MINUTE)
    first.sync("edge")
    tab = await shown(first)
    assert "another administration server that shares this subscription has not been heard of since" in tab.text
    for house in (second, first, second, first):
        here.wait(MINUTE)
        house.sync("edge")
    tab = await shown(first)
    assert "has not been heard of since" not in tab.text
    assert agents[-1].refresh() is None


async def test_b07_each_server_shows_its_part_what_is_elsewhere_and_how_more_is_had(here: SiteEnv) -> None:
    _, code = here.order(devices=10)
    first, second = here.site("first"), here.site("second")
    first.activate(code)
    first.agent("one").enroll(first.ticket())
    tab = await shown(first)
    mine = first.allotment
    assert f"Its limit 10 With tolerance {mine}" in pairs(tab)
    assert f"For this server {mine} Elsewhere or free 0" in pairs(tab)
    # The same code, typed at the second server: it is told at once that nothing is left for it yet.
    tab = await signed_in(second, "/licenses/editor/code")
    await tab.send(code=code)
    assert "The activation code was accepted" in tab.text
    assert "10 in the subscription, 0 for this server so far" in tab.text
    second.agent("two").enroll(second.ticket())
    tab = await shown(second)
    assert f"For this server 0 Elsewhere or free {mine}" in pairs(tab)
    assert "a server asks for more by itself" in tab.text
    assert "1 device has no seat" in tab.text
    assert "the subscription's other servers hold the rest of 10" in tab.text
    await tab.open("/devices?state=waiting")
    assert "Every seat is taken: 0 of 0" in tab.text
    await tab.open(f"/devices/{second.devices()[0].id}")
    assert "comes here after that one's next synchronization" in tab.text
    # The need is reported, the margin called back and acknowledged, and then given out.
    for house in (second, first, first, second):
        here.wait(MINUTE)
        house.sync("edge")
    tab = await shown(second)
    assert second.allotment >= 1
    assert f"For this server {second.allotment} Elsewhere or free {mine - second.allotment}" in pairs(tab)
    assert first.allotment + second.allotment <= mine
    tab = await shown(first)
    assert f"For this server {first.allotment} Elsewhere or free {mine - first.allotment}" in pairs(tab)
    await tab.open("/licenses")
    assert f"10 {first.allotment} here" in tab.text
