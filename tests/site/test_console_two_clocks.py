"""Contract and contact are two clocks, each under its own headline; what is over or for a while is told as that."""

from tenure.core.timeline import DAY
from tests.site.site_env import SiteEnv
from tests.site.test_console import signed_in


async def test_what_silence_would_bring_stands_under_its_own_headline(here: SiteEnv) -> None:
    """Both were drawn alike: a license that is paid for a year read as one of a week."""
    house = here.site()
    house.activate(here.order()[1])
    tab = await signed_in(house, "/licenses/editor/explain")
    await tab.open("/licenses/editor/explain")
    assert "Without further action" in tab.text
    contract, contact = tab.text.split("If the activation server never answered again")
    assert "Unless the activation server answers before" not in contract
    assert "It is asked by itself" in contact


async def test_grace_that_is_over_is_none_left_and_without_one_there_is_none(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    tab = await signed_in(house, "/licenses")
    assert "none left" not in tab.text
    here.wait(500 * DAY)
    house.sync()
    tab = await signed_in(house, "/licenses")
    assert "Ended" in tab.text
    assert "none left" in tab.text


async def test_the_page_of_dns_says_for_how_long_the_systems_own_is_not_asked_first(here: SiteEnv) -> None:
    tab = await signed_in(here.site(), "/settings/dns")
    assert "always" not in tab.text
    assert "What worked last goes first for an hour" in tab.text
