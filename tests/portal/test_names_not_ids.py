"""No page of portal and console shows an id where a name exists, or a word of a decoder: all of them are walked."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import httpx2
import pytest

from tenure.portal.pages.audit import describe_detail
from tenure.sandbox.demo import RunningDemo, running_demo
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.seed import EVERYBODYS, PLANS
from tests.web.browser import Tab
from tests.web.visible_words import internal_words

pytestmark = pytest.mark.slow

_ID = re.compile(r"[a-z]{3,4}_[0-9a-z]{20,26}")
IDS = [str(each["id"]) for each in PLANS]
"""Ids that the vendor has chosen; each plan has a name, too."""


class Shown(NamedTuple):
    """An id that is shown on purpose."""

    page: str
    """The address, as an expression; ids in it are stars."""
    piece: str
    """What is shown there, likewise: the id, the element, and the words around it."""
    why: str


DELIBERATE = (
    Shown(r"/subscriptions/\*", r"\* in <code> \*$", "the number to quote, under its own heading, to support and API"),
    Shown(r"/subscriptions/\*/history", r"\S+ in <(span|code)\[title\]>", "hash and author, beside short forms"),
    Shown(r"/licenses/editor", r"\* in <code> \*$", "the subscription's number, to quote to the provider"),
    Shown(r"/devices/\*", r"\* in <code> \*$", "the device's number and key, under their own headings"),
    Shown(r"/providers(/\*)?", r"\* in <(code|span)> \*$", "for the vendor's commands, under the name"),
    Shown(r"/(plans|products)(/.*)?", r"editor-\w+ in <(code|span)> editor-\w+$", "the vendor's own choice"),
    Shown(r"/offers/new", r"editor-\w+ in <code> editor-\w+$", "beside the plan's name, as an import has to write it"),
    Shown(r"/import/\w+", r"editor-\w+ in <(code|pre)>", "what is written into the column of the file"),
    Shown(r".*", r"req_\w+ in <code> req_\w+$|\* in <code> \*$", "the request's number on a page of a refusal"),
)  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("walked")) as started:
        yield started


class LiveTab(Tab):
    """A tab at a program that listens."""

    def __init__(self, origin: str) -> None:
        super().__init__(None, origin)
        self.http = httpx2.AsyncClient(base_url=origin, timeout=60)


async def walk(tab: Tab, starts: list[str], most: int = 220) -> AsyncIterator[str]:
    """Every page that links lead to, of each kind of address two; the tab stands at it."""
    todo, seen = list(starts), dict[str, int]()
    while todo and len(seen) < 2 * most:
        path = todo.pop(0).partition("#")[0]
        kind = _ID.sub("*", path)
        if path in seen or seen.get(kind, 0) >= 2:
            continue
        seen[kind], seen[path] = seen.get(kind, 0) + 1, 1
        await tab.open(path)
        if tab.answer is None or "html" not in tab.answer.headers.get("content-type", ""):
            continue
        yield path
        ours = (each for each in tab.page.links if each.startswith("/") and not each.startswith("//"))
        todo += [each for each in ours if not each.startswith(("/assets/", "/docs", "/v1"))]


def shown_on_purpose(path: str, piece: str, status: int) -> bool:
    return any(
        re.fullmatch(each.page, path) and re.match(each.piece, piece)
        for each in DELIBERATE
        if each.page != ".*" or status >= 400
    )


async def wrong_words(tab: Tab, starts: list[str]) -> tuple[int, list[str]]:
    """How many pages were walked, and what they should not say."""
    pages, found = 0, set[str]()
    async for path in walk(tab, starts):
        pages += 1
        at = _ID.sub("*", path).partition("?")[0]
        for each in internal_words(tab.answer.text if tab.answer else "", IDS):
            if not shown_on_purpose(at, _ID.sub("*", each), tab.status):
                found.add(f"{path}: {each}")
    return pages, sorted(found)


def hire_auditor(demo: RunningDemo) -> str:
    """Somebody of the provider's who may only look."""
    entrance = httpx2.post(f"{demo.url}/v1/sign-in", json={"email": "olga@north.example", "password": EVERYBODYS})
    owner = ProviderClient(demo.url, entrance.json()["session"])
    asked = owner.post("/v1/invitations", {"email": "eve@north.example", "name": "Eve", "role": "auditor"})
    owner.post("/v1/invitations/accept", {"token": asked["link_token"], "name": "Eve", "password": EVERYBODYS})
    owner.close()
    return "eve@north.example"


@pytest.mark.parametrize(("who", "least"), [("provider", 60), ("customer", 18), ("vendor", 18), ("auditor", 40)])
async def test_no_page_of_the_portal_says_what_only_a_program_understands(
    demo: RunningDemo, who: str, least: int
) -> None:
    emails = {"provider": "olga@north.example", "customer": "ana@architects.example", "vendor": "vera@vendor.example"}
    tab = LiveTab(demo.portal)
    await tab.open("/sign-in")
    await tab.send(email=emails.get(who) or hire_auditor(demo), password=EVERYBODYS)
    pages, found = await wrong_words(tab, ["/", "/nowhere"])
    assert pages >= least
    assert found == []


async def test_no_page_of_the_console_says_what_only_a_program_understands(demo: RunningDemo) -> None:
    tab = LiveTab(demo.console)
    await tab.open("/sign-in")
    await tab.send(tab.form("token"), token=demo.console_token)
    await tab.open("/licenses/editor/code")
    await tab.send(tab.form(action="/licenses/editor/code"), code=demo.codes["a year for ten devices"])
    starts = ["/", "/licenses", "/devices", "/settings", "/events", "/nowhere", "/licenses/editor/explain"]
    pages, found = await wrong_words(tab, starts)
    assert pages >= 25
    assert found == []


def test_what_should_not_be_said_is_seen() -> None:
    """The control."""
    html = (
        '<p>By usr_01m8r27tqgf7m82psxdq97kpgd</p><td title="Expected `int` >= 1">editor-year</td>'
        "<p>None</p><script>null</script><input type=hidden value=tok_01m8r27tqgf7m82psxdq97kpgd><p>Editor, yearly</p>"
    )
    said = " ".join(internal_words(html, IDS))
    for word in ("usr_01m8r27tqgf7m82psxdq97kpgd in <p>", "Expected `", "int in <td[title]>", "editor-year", "None"):
        assert word in said
    assert "null" not in said
    assert "tok_" not in said


def test_the_audit_names_what_an_entry_is_about_and_leads_there() -> None:
    name = f"cus_{'0' * 26}"
    assert describe_detail(f"{name}: Acme, Ltd.") == ("Acme, Ltd.", "the customer", f"/customers/{name}")
    hook = f"whk_{'1' * 26}"
    assert describe_detail(f"{hook}: dlv_{'2' * 26}") == ("", "the webhook", f"/webhooks/{hook}")
    assert describe_detail(f"sub_{'3' * 26}: …7YK2M")[0] == "…7YK2M"
    assert describe_detail(f"ses_{'4' * 26}") == ("", "", "")
    assert describe_detail("version 3") == ("version 3", "", "")
