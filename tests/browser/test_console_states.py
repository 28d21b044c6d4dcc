"""The console between its pages: every step of every flow, every refusal, every role, at the desk and on a phone.

Before a real administration server whose clock stands still and to which everything has happened that can happen.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tenure.core.activation_codes import from_random
from tenure.core.timeline import DAY
from tenure.http.accounts.passwords import PasswordHashes
from tenure.site.main import SiteServers
from tests.browser.conftest import PHONE, launched
from tests.browser.looks import look_everywhere
from tests.server.server_env import CHEAP
from tests.site.site_env import SiteEnv, SiteProcess, site_env

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "seven gray geese over Turku"


class States:
    """Two houses, the users of one, and codes to type."""

    def __init__(self, here: SiteEnv) -> None:
        self.here, self.fresh = here, here.site("fresh")
        self.busy = here.site("busy")
        name, code = here.order(devices=6)
        self.codes = {"next": here.order()[1], "unknown": from_random(bytes([9] * 19)).reveal()}
        self.busy.activate(code)
        ticket = self.busy.ticket(20)
        for number in range(6):
            parts = {"machine": f"m-{number}", "board": f"b-{number}"}
            self.busy.agent(f"desk-{number}", hardware=parts).enroll(ticket)
        here.wait(3 * DAY)
        for number in (1, 2):
            parts = {"machine": f"m-{number}", "board": f"b-{number}"}
            self.busy.agent(f"again-{number}", hardware=parts).enroll(ticket)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 4})
        backup = self.busy.backed_up()
        here.wait(DAY)
        self.busy.sync()
        self.busy.restore(backup)
        here.wait(120)
        self.busy.sync()
        # From here on nothing changes by itself.
        self.vault = here.site("vault")
        self.vault.cable.cut = True
        self.serving = {
            each: SiteServers(each.site, passwords=PasswordHashes(CHEAP))
            for each in (self.fresh, self.busy, self.vault)
        }

    def url(self, house: SiteProcess) -> str:
        return self.serving[house].local.url

    def ask(self, house: SiteProcess, method: str, path: str, body: object, token: str = "") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or house.site.token}", "Idempotency-Key": f"{path}-{id(body)}"}
        return httpx2.request(method, self.url(house) + path, json=body, headers=headers, trust_env=False)

    def user(self, name: str, role: str) -> str:
        """Somebody with a password of one's own; the session."""
        first = self.ask(self.busy, "POST", "/v1/users", {"name": name, "role": role}).json()["password"]
        session: str = self.ask(self.busy, "POST", "/v1/sign-in", {"name": name, "password": first}).json()["session"]
        self.ask(self.busy, "POST", "/v1/me/password", {"old": first, "new": PASSWORD}, session)
        return session

    def device(self, ending: str) -> str:
        return next(each.id for each in self.busy.devices() if each.name.endswith(ending))


@pytest.fixture(scope="module")
def states() -> Iterator[States]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = States(stack.enter_context(site_env(folder)))
        for each in made.serving.values():
            stack.enter_context(each.local)
        for role in ("operator", "auditor", "administrator"):
            session = made.user(role, role)
        begun = made.ask(made.busy, "POST", "/v1/me/second-factor", {"password": PASSWORD}, session).json()
        code = pyotp.TOTP(begun["secret"]).at(made.here.time.now)
        assert made.ask(made.busy, "POST", "/v1/me/second-factor/confirm", {"code": code}, session).is_success
        yield made


@pytest.fixture(scope="module")
def browser(states: States) -> Iterator[Browser]:
    with launched() as started:
        yield started


class Tour:
    """One browser window, and what was wrong on the way."""

    def __init__(self, context: BrowserContext, states: States) -> None:
        self.context, self.states = context, states
        self.found: dict[str, list[str]] = {}
        self.seen: list[str] = []
        self.page: Page = context.new_page()

    def signed_in(self, house: SiteProcess, name: str = "") -> None:
        self.context.clear_cookies()
        self.house = house
        if name:
            self.go("/sign-in?by=user")
            self.page.get_by_label("Name or email address").fill(name)
            self.page.get_by_label("Password").fill(PASSWORD)
        else:
            self.go("/sign-in")
            self.page.get_by_label("Administrator's token").fill(house.site.token)
        self.click("Sign in")

    def go(self, path: str) -> None:
        self.page.goto(self.states.url(self.house) + path)

    def click(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=False).first.click()  # type: ignore[arg-type]

    def look(self, name: str, says: str) -> None:
        """The page says what it has to, is kept as pictures, and everybody can read it."""
        expect(self.page.get_by_role("main")).to_contain_text(says)
        self.seen.append(name)
        if said := look_everywhere(self.page, f"state-{name}-{{width}}-{{scheme}}"):
            self.found[name] = said


def doors(tour: Tour) -> None:
    tour.house = tour.states.busy
    tour.context.clear_cookies()
    tour.go("/sign-in")
    tour.look("sign-in-token", "admin.token")
    tour.page.get_by_label("Administrator's token").fill("tns_wrong")
    tour.click("Sign in")
    tour.look("sign-in-token-wrong", "This is not the token")
    tour.go("/sign-in?by=user")
    tour.look("sign-in-user", "Name or email address")
    tour.page.get_by_label("Name or email address").fill("nobody")
    tour.page.get_by_label("Password").fill("wrong")
    tour.click("Sign in")
    tour.look("sign-in-user-wrong", "What helps")
    tour.signed_in(tour.states.busy, "administrator")
    tour.look("sign-in-factor", "One more step")
    tour.page.get_by_label("Code").fill("000000")
    tour.click("Go on")
    tour.look("sign-in-factor-wrong", "What helps")


def typing_a_code(tour: Tour) -> None:
    tour.signed_in(tour.states.fresh)
    tour.look("fresh-overview", "nothing is licensed yet")
    tour.go("/licenses")
    tour.look("fresh-licenses", "Add activation code")
    tour.go("/devices")
    tour.look("fresh-devices", "No devices yet")
    tour.go("/licenses/editor/code")
    field = tour.page.get_by_role("textbox", name="Activation code")
    field.press_sequentially(tour.states.codes["next"][:11])
    expect(tour.page.locator("#checked")).to_contain_text("20 characters")
    tour.look("code-half", "20 characters")
    field.fill(tour.states.codes["next"])
    tour.click("Show what it would start")
    tour.look("code-preview", "What the code would start")
    field = tour.page.get_by_role("textbox", name="Activation code")
    field.fill(tour.states.codes["unknown"])
    expect(tour.page.locator("#checked")).to_contain_text("Well typed")
    tour.look("code-well-typed", "Well typed")
    tour.click("Apply the code")
    tour.look("code-refused", "Type the code again")
    tour.go("/licenses/editor/successor")
    tour.look("successor-of-nothing", "Nothing is licensed now")
    tour.go("/licenses/editor/explain")
    tour.look("fresh-explain", "Who can change it")


def what_went_wrong(tour: Tour) -> None:
    tour.signed_in(tour.states.busy)
    for name, path, says in (
        ("busy-overview", "/", "a copy of this administration server"),
        ("busy-licenses", "/licenses", "Additional actions"),
        ("busy-license", "/licenses/editor", "How the subscription is shared"),
        ("fork", "/licenses/editor/fork", "What are they?"),
        ("conflict", "/licenses/editor/conflict", "to give up"),
        ("silent", "/licenses/editor/silent?days=2", "been silent for 2 days"),
        ("remove-refused", "/licenses/editor/remove", "is not removed"),
        ("busy-devices", "/devices", "duplicates"),
        ("device-waiting", f"/devices/{tour.states.device('again-2')}", "Facts"),
        ("device-seated", f"/devices/{tour.states.device('desk-1')}", "Withdraw its seat"),
        ("duplicates", "/duplicates", "Compare and merge"),
        ("merge-preview", pair(tour, "1"), "If you merge them"),
        ("merge-refused", f"/duplicates/{tour.states.device('desk-1')}/{tour.states.device('desk-3')}", "not merged"),
        ("users", "/users", "New account"),
        ("account-token", "/account", "which has no account"),
        ("missing", "/devices/dev_0000000000000000000000000a", "What helps"),
    ):
        tour.go(path)
        tour.look(name, says)
    tour.go("/licenses")
    tour.page.get_by_text("Additional actions").click()
    tour.look("menu", "Synchronize subscription settings")


def pair(tour: Tour, number: str) -> str:
    return f"/duplicates/{tour.states.device('desk-' + number)}/{tour.states.device('again-' + number)}"


def what_is_done(tour: Tour) -> None:
    tour.signed_in(tour.states.busy)
    tour.go("/enrollments")
    tour.click("Make the token")
    tour.look("token-made", "shown this once")
    tour.go("/licenses/editor/successor")
    tour.look("successor-preview", "The switch")
    tour.go("/licenses/editor/code")
    tour.look("code-in-force", "A subscription is in force")
    tour.page.get_by_role("textbox", name="Activation code").fill(tour.states.codes["next"])
    tour.click("Apply the code")
    tour.look("code-too-early", "Stage it as successor instead")
    tour.go("/users")
    tour.page.get_by_label("Name or email address").fill("new")
    tour.click("Add")
    tour.look("password-made", "shown this once")
    tour.go("/events")
    tour.look("events", "Severity")
    tour.go("/reports?days=7")
    tour.look("reports", "Report on usage")


def without_a_network(tour: Tour) -> None:
    tour.signed_in(tour.states.vault)
    tour.go("/licenses/editor/offline")
    tour.look("offline", "Carry a request out")
    tour.page.get_by_label("Activation code").fill(tour.states.codes["next"])
    tour.click("Make the request")
    tour.page.get_by_text("Show as a QR code").click()
    tour.look("offline-request", "Copy this whole text")
    tour.page.get_by_label("Or its text").fill("Dear Sir or Madam")
    tour.click("Take the answer")
    tour.look("offline-refused", "What helps")
    tour.go("/licenses/editor/synchronization")
    tour.look("synchronization-before", "Synchronize now")


def by_role(tour: Tour) -> None:
    for role in ("operator", "auditor"):
        tour.signed_in(tour.states.busy, role)
        for name, path in (
            ("overview", "/"), ("licenses", "/licenses"), ("license", "/licenses/editor"), ("devices", "/devices"),
            ("device", f"/devices/{tour.states.device('again-2')}"), ("conflict", "/licenses/editor/conflict"),
            ("fork", "/licenses/editor/fork"), ("dns", "/settings/dns"), ("users", "/users"),
            ("settings", "/settings"), ("events", "/events"), ("enrollments", "/enrollments"), ("account", "/account"),
        ):  # fmt: skip
            tour.go(path)
            tour.look(f"{role}-{name}", "")
        tour.go("/licenses/editor/remove")
        tour.look(f"{role}-refused", "Ask an administrator of this server")
    tour.go("/account")
    factor = tour.page.get_by_role("region", name="Second factor")
    factor.get_by_label("Present password").fill(PASSWORD)
    tour.click("Set it up")
    tour.look("factor-begun", "authenticator application")


FLOWS = (doors, typing_a_code, what_went_wrong, what_is_done, without_a_network, by_role)


@pytest.mark.parametrize("flow", FLOWS, ids=[each.__name__ for each in FLOWS])
def test_every_step_can_be_read_by_everybody(browser: Browser, states: States, flow: Callable[[Tour], None]) -> None:
    """Walked on a phone, where there is least room to click; each step is looked at in every size and scheme."""
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    tour = Tour(context, states)
    flow(tour)
    assert tour.found == {}
    assert tour.seen
    context.close()
