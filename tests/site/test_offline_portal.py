"""A request of a site without a network is answered on the portal's page, for the desk and for the customer."""

import html
import re

import httpx2
import pytest

from tenure.portal.app import PortalSettings, make_portal
from tests.server.users import PASSWORD, joined
from tests.site.site_env import SiteEnv
from tests.site.test_offline import bring, request
from tests.web.browser import Tab


async def answers(here: SiteEnv, sent: dict[str, str], *, customer: bool, as_file: bool = False) -> list[str]:
    """What the page says when somebody signs in and sends each of `sent`; of an answer the text to carry back."""
    env = here.env
    more = {"customer": env.customer} if customer else {}
    user = await joined(env, env.staff, **more)
    app = make_portal(httpx2.AsyncClient(transport=httpx2.ASGITransport(app=env.api), base_url="http://license.test"),
                 PortalSettings(), env.clock, lambda: float(env.clock()))  # fmt: skip
    tab = Tab(app)
    await tab.open("/sign-in")
    await tab.send(email=user.email, password=PASSWORD)
    told = []
    for text in sent.values():
        await tab.open("/offline-exchange")
        files = {"file": ("request.txt", text.encode(), "text/plain")} if as_file else None
        await tab.send(tab.form("request"), files=files, **({} if as_file else {"request": text}))
        assert tab.answer is not None
        made = re.search(r'<textarea id="made"[^>]*>(.*?)</textarea>', tab.answer.text, re.S)
        told.append(html.unescape(made[1]) if made else tab.text)
        if made:
            await tab.send(tab.form("save"))
            assert tab.answer.headers["content-disposition"].endswith('-answer.txt"')
            assert tab.answer.text.split() == told[-1].split()
    return told


@pytest.mark.parametrize("as_file", [False, True], ids=["pasted", "file"])
@pytest.mark.parametrize("customer", [False, True], ids=["desk", "customer"])
def test_b16_the_portals_answer_activates_the_site(here: SiteEnv, customer: bool, as_file: bool) -> None:
    cellar = here.site("cellar")
    cellar.cable.cut = True
    _, code = here.order()
    text = request(cellar, code=code)
    (answer,) = here.ask(answers(here, {"its request": text}, customer=customer, as_file=as_file))
    brought = bring(cellar, answer)
    assert (brought["kind"], brought["result"]) == ("activation", "granted")


def test_what_is_no_request_is_told_in_words_for_this_page(here: SiteEnv) -> None:
    cellar = here.site("cellar")
    cellar.cable.cut = True
    _, code = here.order()
    text = request(cellar, code=code)
    (answer,) = here.ask(answers(here, {"its request": text}, customer=False))
    wrong = {
        "a novel": "It was a dark and stormy night.",
        "half of it": text[: len(text) // 2],
        "a letter lost": text[:-200] + text[-199:],
        "its own answer": answer,
        "too much": "x" * 70_000,
        "marks that turn the line": "\u202e" + "\U0001f600" * 50,
    }
    for name, told in zip(wrong, here.ask(answers(here, wrong, customer=True)), strict=True):
        assert "This is not the request of an administration server." in told, name
        assert "BEGIN TENURE REQUEST" in told, name
    (empty,) = here.ask(answers(here, {"nothing": "  "}, customer=True))
    assert "Paste the text of the request, or choose its file." in empty
