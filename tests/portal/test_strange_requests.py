"""Whatever stands in an address, a cookie or a header: a page of the portal answers, and not that it is broken."""

import pytest

from tests.portal.stage import Stage
from tests.web.hostile_values import HEADERS, VALUES, addresses, pages, parameters, status

STAYS = ("/sign-out",)


async def test_signing_in_goes_on_to_an_address_beyond_ascii(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    answer = await tab.http.get(f"{tab.origin}/sign-in?next=/customers%3Fq%3D%C3%BC%E2%98%83")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/customers?q=%C3%BC%E2%98%83"


@pytest.mark.parametrize("value", VALUES)
async def test_every_parameter_of_every_page(at_the_portal: Stage, value: str) -> None:
    tab = await at_the_portal.staff()
    stranger = at_the_portal.tab()
    names = parameters("portal")
    assert {"next", "q", "cursor"} <= set(names)
    for method, path in pages(at_the_portal.app.app):
        if method == "GET":
            for address in addresses(path, names, VALUES[value]):
                assert await status(tab, method, address) < 500, address[:200]
        elif path not in STAYS:
            assert await status(stranger, method, path.replace("{", "").replace("}", "")) < 500, path
    for address in addresses("/sign-in", names, VALUES[value]):
        assert await status(stranger, "GET", address) < 500, address[:200]


@pytest.mark.parametrize("name", HEADERS)
async def test_every_header_at_every_page(at_the_portal: Stage, name: str) -> None:
    tab = at_the_portal.tab()
    for value in HEADERS[name]:
        for method, path in pages(at_the_portal.app.app):
            plain = path.replace("{", "").replace("}", "")
            assert await status(tab, method, plain, [(name.encode(), value)]) < 500, (method, path, value[:40])


async def test_a_token_pasted_with_letters_that_none_has(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    for pasted in ("tnr_ü☃", "tnr_\u202e", "“tnr_0”"):
        await tab.open("/sign-in")
        await tab.send(tab.form("token"), token=pasted)
        assert tab.status == 422
        assert "This token is unknown or no longer valid." in tab.text
