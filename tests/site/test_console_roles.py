"""Roles in the console: every page as each role shows only what its bearer may use, and refuses the rest in words."""

import asyncio
import re
from collections.abc import Iterable

import httpx2
import pytest

from tenure.core.timeline import DAY
from tenure.http.client.transports import AsyncTransport
from tenure.site.console.app import console_routes
from tenure.site.console.rights import MAY_DO, needed_scope
from tenure.site.console.session import LocalServer
from tenure.site.roles import RULE, SCOPES, WORK
from tests.site.callers import Caller
from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_console import ORIGIN, PAGES, app_of
from tests.web.browser import FormFound, Tab

PASSWORD = "seven gray geese over Turku"
FORMS = {
    WORK: (
        "/connection", "/devices", "/enrollments", "/enrollments/enr_1/withdraw", "/events/acknowledge", "/groups",
        "/groups/remove", "/devices/{device}/group", "/duplicates/{device}/{device}", "/devices/{device}/withdraw",
        "/devices/{device}/assign", "/devices/{device}/remove", "/devices/{device}/pin", "/devices/{device}/unpin",
        "/licenses/editor/code", "/licenses/editor/code/check", "/licenses/editor/successor",
        "/licenses/editor/successor/check", "/licenses/editor/drop-successor", "/licenses/editor/distribution",
        "/licenses/editor/synchronization", "/licenses/editor/offline/request", "/licenses/editor/offline/import",
        "/licenses/editor/conflict", "/licenses/editor/conflict/keep", "/licenses/editor/silent", "/settings/dns/test",
        "/events/acknowledge-all",
    ),
    RULE: (
        "/settings/dns", "/licenses/editor/fork", "/licenses/editor/remove", "/users", "/users/usr_1/role",
        "/users/usr_1/reset", "/users/usr_1/remove", "/settings/forwarding/new", "/settings/forwarding/fwd_1/edit",
        "/settings/forwarding/fwd_1/test", "/settings/forwarding/fwd_1/resume", "/settings/forwarding/fwd_1/secret",
        "/settings/forwarding/fwd_1/switch", "/settings/forwarding/fwd_1/remove",
    ),
}  # fmt: skip
"""What every form of the console asks for."""

SLOW = ("/connection", "/settings/dns/test", "/sign-out")
"""Not tried by the walk: two send packets and wait for them, the last ends it."""


@pytest.fixture
def busy(here: SiteEnv) -> SiteProcess:
    """A house in which every page has something to show: devices with and without seat, a copy, a seat conflict."""
    house = here.site()
    name, code = here.order(devices=4)
    house.activate(code)
    ticket = house.ticket(6)
    for number in range(5):
        house.agent(f"desk-{number}", hardware={"disk": f"d{number}", "board": f"b{number}"}).enroll(ticket)
    here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 2})
    backup = house.backed_up()
    here.wait(DAY)
    house.sync()
    house.restore(backup)
    here.wait(120)
    house.sync()
    assert house.look().kept.forked
    return house


def hired(house: SiteProcess, role: str) -> tuple[str, str]:
    """A user of that role who has chosen a password."""
    root, name = Caller(house), f"{role}-{house.folder.parent.name[-4:]}"
    made = root.post("/v1/users", {"name": name, "role": role})
    return name, made["password"]


async def signed_in(house: SiteProcess, role: str) -> Tab:
    name, password = await asyncio.to_thread(hired, house, role)
    tab = Tab(app_of(house), ORIGIN)
    await tab.open("/sign-in?by=user")
    await tab.send(name=name, password=password)
    assert tab.path == "/account"
    await tab.open("/devices")
    assert tab.path == "/account", "whoever has a given password changes it first"
    await tab.send(tab.form(action="/account/password"), old=password, new=PASSWORD)
    return tab


def demoted(house: SiteProcess) -> None:
    root = Caller(house)
    (user,) = root.get("/v1/users")["items"]
    assert root.send("PUT", f"/v1/users/{user['id']}", {"role": "auditor"}).status_code == 200


def pages(house: SiteProcess) -> list[str]:
    return [*PAGES, *(f"/devices/{each.id}" for each in house.devices())]


def inside(links: Iterable[str]) -> set[str]:
    ours = {each.partition("#")[0] for each in links if each.startswith("/") and not each.startswith("/assets/")}
    return {each for each in ours if each and not each.startswith(("/docs", "/v1/"))}


@pytest.mark.parametrize("role", sorted(SCOPES))
async def test_no_control_is_shown_whose_use_is_refused(busy: SiteProcess, role: str) -> None:
    tab = await signed_in(busy, role)
    links: set[str] = set()
    forms: dict[tuple[str, str], FormFound] = {}
    for path in pages(busy):
        await tab.open(path)
        if tab.status != 403:
            links |= inside(tab.page.links)
            forms |= {(each.action, each.texts): each for each in tab.page.forms if each.method == "post"}
    for path in sorted(links):
        await tab.open(path)
        assert tab.status != 403, f"{role} is led to {path}"
    # Accounts come last: an administrator may remove its own.
    for form in sorted(forms.values(), key=lambda each: (each.action.startswith("/users"), each.action)):
        if form.action in SLOW:
            continue
        await tab.open("/")
        await tab.send(form)
        assert tab.status != 403, f"{role} is shown {form.action}"
        assert "not permitted" not in tab.text, f"{role} is shown {form.action}"


@pytest.mark.parametrize("role", sorted(SCOPES))
async def test_every_page_and_form_that_a_role_does_not_include_says_so_and_who_can(
    busy: SiteProcess, role: str
) -> None:
    tab = await signed_in(busy, role)
    token = tab.page.forms[0].fields["_token"]
    for path in pages(busy):
        await tab.open(path)
        asked = needed_scope("GET", path)
        assert (tab.status == 403) == (asked not in {"", *SCOPES[role]}), path
        if tab.status == 403:
            told(tab, asked)
    device = busy.devices()[0].id
    for scope, paths in FORMS.items():
        for path in paths:
            if scope not in SCOPES[role]:
                form = FormFound(path.replace("{device}", device), "post", {"_token": token})
                await tab.send(form)
                assert tab.status == 403, f"{role} may {path}"
                told(tab, scope)


def told(tab: Tab, scope: str) -> None:
    assert "Your role does not include this." in tab.text
    assert f"This is for {MAY_DO[scope]}." in tab.text
    assert "Ask an administrator of this server" in tab.text
    assert "action_not_permitted" in tab.text


def test_every_form_of_the_console_is_in_the_table_of_this_test() -> None:
    known = {
        re.sub(r"/(dev|enr|fwd|usr)_\w+|/\{\w+\}|/editor", "/*", path) for paths in FORMS.values() for path in paths
    }
    own = ("/sign-", "/account")
    server = LocalServer(AsyncTransport(httpx2.AsyncClient()))
    posts = {each.path for each in console_routes(server) if each.method == "POST"}
    assert {re.sub(r"/\{\w+\}", "/*", path) for path in posts if not path.startswith(own)} == known


async def test_another_role_holds_from_the_next_page_on(house: SiteProcess) -> None:
    tab = await signed_in(house, "operator")
    await tab.open("/licenses/editor/code")
    assert tab.status == 200
    await asyncio.to_thread(demoted, house)
    await tab.open("/licenses/editor/code")
    assert tab.status == 403
    await tab.open("/licenses")
    assert "/licenses/editor/code" not in tab.page.links
    assert "Auditor: looks, changes nothing" in tab.text
