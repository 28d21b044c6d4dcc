"""Two processes of one portal behind a proxy: each serves what the other began, and what one ends is over for all."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from tenure.http.portal_key import KEY_HEADER
from tenure.portal import shared_browsers
from tenure.portal.app import PortalSettings, make_portal
from tenure.store.browser_values import BOUNDS, BrowserValueKind
from tenure.store.engine import Connection
from tenure.store.schema import METADATA
from tests.contract.databases import SharedSchema
from tests.portal.stage import SERVER, Stage, portal_client, users_of
from tests.server.server_env import office
from tests.server.users import PASSWORD
from tests.web.browser import Tab

pytestmark = pytest.mark.anyio


@pytest.fixture
async def on_postgres(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[tuple[Stage, Any]]:
    """A portal process over each of two server processes."""
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        second = await opener.open()
        other = env.second_process(second)
        ana, ben = await users_of(env)
        async with portal_client(env) as http, portal_client(other) as beside:
            there = Stage(env, http, None, ana, ben)
            there.app = there.another_process()
            yield there, Stage(other, beside, None, ana, ben).another_process()
        await second.close()


def moved(tab: Tab, app: Any) -> Tab:
    """The same browser, sent to another process by the proxy from now on."""
    cookies = tab.http.cookies
    tab.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=tab.origin)
    tab.http.cookies = cookies
    return tab


async def lived_at_two(there: Stage, other: Any) -> None:
    """Sign in at one, act at the other, sign out there: the first refuses at once."""
    tab = await there.staff()
    moved(tab, other)
    await tab.open("/customers/new")
    await tab.send(name="Chisel")
    assert "Chisel" in tab.text
    copied = Tab(there.app)
    copied.http.cookies.update(tab.http.cookies)
    await copied.open("/customers")
    assert copied.path == "/customers"
    assert "Chisel" in copied.text
    await tab.send(tab.form(action="/sign-out"))
    await copied.open("/customers")
    assert copied.path.startswith("/sign-in")


async def test_signed_in_at_one_is_signed_in_at_all_and_signed_out_of_all(at_the_portal: Stage) -> None:
    await lived_at_two(at_the_portal, at_the_portal.another_process())


@pytest.mark.postgres
async def test_on_postgresql_over_two_server_processes_too(on_postgres: tuple[Stage, Any]) -> None:
    await lived_at_two(*on_postgres)


async def test_a_token_signed_out_of_one_opens_nothing_at_the_other_although_it_lives(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(token=at_the_portal.office.staff.token)
    copied = Tab(at_the_portal.another_process())
    copied.http.cookies.update(tab.http.cookies)
    assert (await copied.open("/customers")).text
    assert copied.path == "/customers"
    await tab.send(tab.form(action="/sign-out"))
    await copied.open("/customers")
    assert copied.path.startswith("/sign-in")


async def test_a_message_for_the_next_page_is_shown_by_the_other_once(at_the_portal: Stage) -> None:
    tab = await at_the_portal.customer()
    await tab.open("/account")
    form = tab.form("old", "new")
    tab.answer = await tab.http.post(
        form.action,
        data={**form.fields, "old": PASSWORD, "new": "eleven lives of a cat"},
        headers={"Origin": tab.origin, "Sec-Fetch-Site": "same-origin"},
    )
    moved(tab, at_the_portal.another_process())
    assert "Your password is changed" in (await tab.open("/account")).text
    assert "Your password is changed" not in (await tab.open("/account")).text


async def test_what_is_shown_once_is_shown_by_whichever_process_answers(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/tokens")
    form = tab.form("name")
    tab.answer = await tab.http.post(
        form.action,
        data={**form.fields, "name": "ERP", "scopes": "customers:read"},
        headers={"Origin": tab.origin, "Sec-Fetch-Site": "same-origin"},
    )
    moved(tab, at_the_portal.another_process())
    shown = tab.answer.headers["location"]
    assert "shown=" in shown
    await tab.open(shown)
    assert "tnr_" in tab.answer.text
    stranger = await at_the_portal.customer()
    await stranger.open(shown)
    assert stranger.answer is not None
    assert "tnr_" not in stranger.answer.text, "the address alone opens nothing"


async def test_a_form_sent_too_late_is_found_again_at_the_other(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/customers/new")
    await at_the_portal.ana.send("POST", "/v1/me/sessions/end-others")
    form = tab.form("name")
    at_the_portal.office.clock.now += 13 * 3_600
    await tab.send(form, name="Chisel")
    assert tab.path.startswith("/sign-in")
    moved(tab, at_the_portal.another_process())
    await tab.send(email=at_the_portal.ana.email, password=PASSWORD)
    assert "Chisel" in tab.text


async def test_neither_database_nor_log_holds_what_opens_a_session(
    at_the_portal: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tab = await at_the_portal.staff()
    secret = next(iter(tab.http.cookies.jar)).value or ""

    def every_byte(conn: Connection) -> str:
        return repr([list(conn.execute(table.select())) for table in METADATA.sorted_tables])

    kept = await at_the_portal.office.context.db.read(every_byte)
    for where in (kept, caplog.text):
        assert secret not in where
        assert "tns_" not in where


@pytest.mark.parametrize("step", ["", "/find", "/change", "/forget"])
@pytest.mark.parametrize("shown", ["", "0" * 64])
async def test_without_the_portals_key_nothing_is_told_or_changed(at_the_portal: Stage, step: str, shown: str) -> None:
    tab = await at_the_portal.staff()
    secret = next(iter(tab.http.cookies.jar)).value or ""
    name = shared_browsers.secret_digest(secret)
    body = {"name": name, "sealed": "AAAA", "kind": "session", "owner": name, "browser": name}
    wanted = {"": set(body), "/find": {"name"}, "/change": {"name", "sealed"}, "/forget": {"name"}}[step]
    async with portal_client(at_the_portal.office) as http:
        answer = await http.post(
            f"/v1/portal/values{step}",
            json={each: body[each] for each in wanted},
            headers={KEY_HEADER: shown, "Authorization": f"Bearer {at_the_portal.office.vendor.token}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    await tab.open("/customers")
    assert tab.path == "/customers"


async def test_a_value_that_was_edited_or_moved_opens_nothing(at_the_portal: Stage) -> None:
    ana, ben = await at_the_portal.staff(), await at_the_portal.customer()

    def exchange(conn: Connection) -> None:
        table = METADATA.tables["browser_values"]
        rows = conn.execute(sa.select(table.c.digest, table.c.sealed).where(table.c.kind == "session")).all()
        for (digest, _), (_, sealed) in zip(rows, reversed(rows), strict=True):
            conn.execute(table.update().where(table.c.digest == digest).values(sealed=sealed))

    await at_the_portal.office.context.db.write(exchange)
    for tab in (ana, ben):
        await tab.open("/")
        assert tab.path.startswith("/sign-in")


async def test_a_server_that_is_away_signs_nobody_out(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()

    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse), base_url=SERVER) as http:
        alone = make_portal(http, PortalSettings(shared=True), at_the_portal.office.clock, lambda: 0.0)
        moved(tab, alone)
        await tab.open("/customers")
        assert tab.status == 503
        assert tab.answer is not None
        assert int(tab.answer.headers["retry-after"]) > 0
    moved(tab, at_the_portal.app)
    await tab.open("/customers")
    assert tab.status == 200
    assert tab.path == "/customers"


async def test_a_portal_with_another_servers_key_says_so(at_the_portal: Stage) -> None:
    async with portal_client(at_the_portal.office) as http:
        http.headers[KEY_HEADER] = "x" * 64
        tab = Tab(make_portal(http, PortalSettings(shared=True), at_the_portal.office.clock, lambda: 0.0))
        await tab.open("/sign-in")
        await tab.send(email=at_the_portal.ana.email, password=PASSWORD)
    assert tab.status == 503
    assert "not known to the activation server" in tab.text


async def test_sessions_end_unused_and_at_last(at_the_portal: Stage) -> None:
    """Of a token that was pasted: it lives longer than a session of pages does."""
    tab = at_the_portal.tab()
    await tab.open("/sign-in")
    await tab.send(token=at_the_portal.office.staff.token)
    bounds = BOUNDS[BrowserValueKind.SESSION]
    for _ in range(bounds.life // (bounds.idle - 60)):
        at_the_portal.office.clock.now += bounds.idle - 60
        await tab.open("/customers")
        assert tab.path == "/customers"
    at_the_portal.office.clock.now += bounds.idle - 60
    await tab.open("/customers")
    assert tab.path.startswith("/sign-in")


async def test_one_owner_has_so_many_and_pushes_out_no_other(at_the_portal: Stage) -> None:
    values = shared_browsers.PortalValues(shared_browsers.AsyncTransport(at_the_portal.http))
    sessions = shared_browsers.SharedSessions(values)
    user = shared_browsers.PortalSession("tns_x", {})
    mine = await sessions.open_session(user, 0, "other", "") or ""
    first = await sessions.open_session(user, 0, "hog", "") or ""
    at_the_portal.office.clock.now += 1
    hogs = [await sessions.open_session(user, 0, "hog", "") or "" for _ in range(BOUNDS[BrowserValueKind.SESSION].most)]
    assert await sessions.find_session(mine, 0) is not None
    assert await sessions.find_session(first, 0) is None
    assert await sessions.find_session(hogs[0], 0) is not None
