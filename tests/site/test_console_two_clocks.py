"""Contract and contact are two clocks, each drawn under a headline of its own."""

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
