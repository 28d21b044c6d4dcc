"""Whatever stands in an address, a cookie or a header: a page of the console answers, and not that it is broken."""

import pytest

from tests.site.site_env import SiteProcess
from tests.site.test_console import ORIGIN, app_of, signed_in
from tests.web.browser import Tab
from tests.web.hostile_values import HEADERS, VALUES, addresses, pages, parameters, status


def _pages(house: SiteProcess) -> list[tuple[str, str]]:
    return [each for each in pages(app_of(house)._pages.app) if each[1] != "/sign-out"]


@pytest.mark.parametrize("value", VALUES)
async def test_every_parameter_of_every_page(house: SiteProcess, value: str) -> None:
    tab = await signed_in(house)
    names = parameters("site/console")
    assert {"q", "group", "cursor"} <= set(names)
    for method, path in _pages(house):
        if method == "GET":
            for address in addresses(path, names, VALUES[value]):
                assert await status(tab, method, address) < 500, address[:200]


async def test_every_header_at_every_page(house: SiteProcess) -> None:
    tab = Tab(app_of(house), ORIGIN)
    for method, path in _pages(house):
        for name, values in HEADERS.items():
            for value in values:
                plain = path.replace("{", "").replace("}", "")
                assert await status(tab, method, plain, [(name.encode(), value)]) < 500, (method, path, value[:40])


async def test_a_token_pasted_with_letters_that_none_has(house: SiteProcess) -> None:
    tab = Tab(app_of(house), ORIGIN)
    for pasted in ("tst_ü☃", "“tst_0”"):
        await tab.open("/sign-in")
        await tab.send(token=pasted)
        assert tab.status == 422, tab.text
