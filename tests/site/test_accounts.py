"""Users who sign in at a site: roles, passwords, second factors, delays, and what is told of it all."""

import re

import pyotp
import pytest

from tenure.site.accounts import LIFE
from tenure.site.app import local_api
from tenure.site.roles import LOOK, RULE, WORK
from tenure.site.store import users
from tests.site.callers import PORT, Caller
from tests.site.site_env import SiteProcess
from tests.site.test_console import signed_in
from tests.web.browser import Tab

PASSWORD = "seven gray geese over Turku"


class Staff:
    """One house, its holder of the token, and the users that were added."""

    def __init__(self, house: SiteProcess) -> None:
        self.house = house
        self.root = Caller(house)
        self.door = Caller(house, "")
        self.door.api = self.root.api

    def user(self, name: str, role: str) -> "Signed":
        made = self.root.post("/v1/users", {"name": name, "role": role})
        caller = self.session(name, made["password"])
        caller.post_nothing("/v1/me/password", {"old": made["password"], "new": PASSWORD})
        return caller

    def session(self, name: str, password: str) -> "Signed":
        entered = self.door.post("/v1/sign-in", {"name": name, "password": password})
        return Signed(self, entered["session"])


class Signed(Caller):
    """A console with the session of somebody who signed in."""

    def __init__(self, staff: Staff, session: str) -> None:
        self.api, self.token = staff.root.api, session

    def post_nothing(self, path: str, body: object) -> None:
        answer = self.send("POST", path, body)
        assert answer.status_code == 204, answer.text


@pytest.fixture
def staff(house: SiteProcess) -> Staff:
    return Staff(house)


def kinds(caller: Caller) -> list[str]:
    return [each["kind"] for each in caller.get("/v1/events")["items"]]


def test_every_route_has_a_rule_and_no_role_may_what_its_scopes_do_not_hold(house: SiteProcess) -> None:
    operations = local_api(house.site, house.watch, lambda: 0.0, lambda: PORT).operations
    public = {each.path for each in operations if each.rule.public}
    assert public == {"/v1/sign-in", "/v1/sign-in/second-factor"} | {each for each in public if "/v1/" not in each}
    for each in operations:
        if each.rule.public:
            continue
        own = each.path.startswith("/v1/me") or each.path == "/v1/sign-out"
        assert each.rule.scope in ({""} if own else {LOOK, WORK, RULE}), each.path
        if each.method != "GET" and not own:
            assert each.rule.scope != LOOK, f"an auditor could {each.method} {each.path}"
    ruled = {(each.method, each.path) for each in operations if each.rule.scope == RULE}
    assert {("PUT", "/v1/dns"), ("POST", "/v1/users"), ("DELETE", "/v1/licenses/{product}")} <= ruled


def test_a_site_as_it_is_shipped_keeps_passwords_at_their_full_cost(staff: Staff) -> None:
    """The tests' own houses hash cheaply, because they sign in often; nothing else does."""
    shipped = Caller(staff.house)
    shipped.api = local_api(staff.house.site, staff.house.watch, lambda: 0.0, lambda: PORT)
    shipped.post("/v1/users", {"name": "ada@example.com", "role": "auditor"})
    staff.root.post("/v1/users", {"name": "bob@example.com", "role": "auditor"})
    kept = {each.name: each.password for each in staff.house.site.store.read(users.all_users)}
    assert kept["ada@example.com"].startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert kept["bob@example.com"].startswith("$argon2id$v=19$m=64,t=1,p=1$")


def test_a_new_user_changes_the_password_before_anything_else(staff: Staff) -> None:
    made = staff.root.post("/v1/users", {"name": "Ada@Example.com", "role": "administrator"})
    assert made["user"]["name"] == "ada@example.com"
    ada = staff.session("ADA@example.com", made["password"])
    assert ada.refused("GET", "/v1/licenses") == "action_not_permitted"
    assert ada.get("/v1/me")["change_password"]
    assert ada.refused("POST", "/v1/me/password", {"old": "wrong", "new": PASSWORD}) == "password_refused"
    assert ada.refused("POST", "/v1/me/password", {"old": made["password"], "new": "short"}) == "password_unfit"
    ada.post_nothing("/v1/me/password", {"old": made["password"], "new": PASSWORD})
    assert ada.get("/v1/licenses")["items"]
    assert staff.door.refused("POST", "/v1/sign-in", {"name": "ada@example.com", "password": made["password"]}) == (
        "sign_in_refused"
    )


def test_roles_bound_what_somebody_may_do_and_change_at_once(staff: Staff) -> None:
    auditor, operator = staff.user("otto", "auditor"), staff.user("olga", "operator")
    assert auditor.get("/v1/licenses")["items"] == operator.get("/v1/licenses")["items"]
    group = {"automatic": True}
    assert auditor.refused("PUT", "/v1/groups/lab", group) == "action_not_permitted"
    assert operator.send("PUT", "/v1/groups/lab", group).status_code == 200
    for each in (auditor, operator):
        assert each.refused("PUT", "/v1/dns", {"mode": "off"}) == "action_not_permitted"
        assert each.refused("POST", "/v1/users", {"name": "eve", "role": "administrator"}) == "action_not_permitted"
    names = {each["name"]: each["id"] for each in staff.root.get("/v1/users")["items"]}
    assert staff.root.send("PUT", f"/v1/users/{names['olga']}", {"role": "auditor"}).status_code == 200
    assert operator.refused("PUT", "/v1/groups/lab", group) == "action_not_permitted"
    assert staff.root.send("DELETE", f"/v1/users/{names['otto']}").status_code == 204
    assert auditor.refused("GET", "/v1/licenses") == "not_authenticated"


def test_a_second_factor_is_asked_for_once_it_is_confirmed(staff: Staff) -> None:
    ada = staff.user("ada", "administrator")
    begun = ada.post("/v1/me/second-factor", {"password": PASSWORD})
    now = staff.house.site.computer.clocks.wall
    codes = pyotp.TOTP(begun["secret"])
    assert ada.refused("POST", "/v1/me/second-factor/confirm", {"code": "000000"}) == "second_factor_refused"
    shown = ada.post("/v1/me/second-factor/confirm", {"code": codes.at(now())})["recovery_codes"]
    assert len(shown) == 10

    def ticket() -> str:
        entered = staff.door.post("/v1/sign-in", {"name": "ada", "password": PASSWORD})
        assert entered["second_factor"]
        assert not entered["session"]
        return str(entered["ticket"])

    half, door = ticket(), staff.door
    where = "/v1/sign-in/second-factor"
    assert door.refused("POST", where, {"ticket": half, "code": codes.at(now())}) == "sign_in_refused"  # used already
    assert Signed(staff, half).refused("GET", "/v1/me") == "not_authenticated"
    session = door.post(where, {"ticket": half, "code": shown[3].upper()})["session"]
    assert door.refused("POST", where, {"ticket": ticket(), "code": shown[3]}) == "sign_in_refused"
    back = Signed(staff, session)
    assert back.get("/v1/me")["recovery_codes"] == 9
    back.post_nothing("/v1/me/second-factor/remove", {"password": PASSWORD, "code": shown[0]})
    assert not back.get("/v1/me")["second_factor"]


def with_factor(staff: Staff, name: str) -> tuple[Signed, tuple[str, ...]]:
    """Somebody with a second factor, and the recovery codes."""
    caller = staff.user(name, "operator")
    begun = caller.post("/v1/me/second-factor", {"password": PASSWORD})
    code = pyotp.TOTP(begun["secret"]).at(staff.house.site.computer.clocks.wall())
    return caller, tuple(caller.post("/v1/me/second-factor/confirm", {"code": code})["recovery_codes"])


def test_a_session_alone_changes_nothing_about_the_second_factor(staff: Staff) -> None:
    ada, shown = with_factor(staff, "ada")
    begin, remove = "/v1/me/second-factor", "/v1/me/second-factor/remove"
    assert ada.refused("POST", begin, {}) == "field_invalid"
    assert ada.refused("POST", begin, {"password": "not this one"}) == "password_refused"
    assert ada.refused("POST", begin, {"password": PASSWORD}) == "already_exists", "it is not replaced unseen"
    assert ada.refused("POST", remove, {"code": shown[0]}) == "field_invalid"
    assert ada.refused("POST", remove, {"password": "not this one", "code": shown[0]}) == "password_refused"
    assert ada.refused("POST", remove, {"password": PASSWORD, "code": "000000"}) == "second_factor_refused"
    assert ada.get("/v1/me")["second_factor"]
    assert ada.get("/v1/me")["recovery_codes"] == 10, "no code is used up by a wrong password"
    ada.post_nothing(remove, {"password": PASSWORD, "code": shown[0]})
    for _ in range(5):
        assert ada.refused("POST", begin, {"password": "guessed"}) == "password_refused"
    assert ada.send("POST", begin, {"password": PASSWORD}).status_code == 429, "wrong ones are counted"
    assert staff.root.refused("POST", begin, {"password": PASSWORD}) == "action_not_permitted"


def test_another_second_factor_ends_every_other_session_and_half_sign_in(staff: Staff) -> None:
    bob = staff.user("bob", "operator")
    before = staff.user("ada", "operator")
    begun = before.post("/v1/me/second-factor", {"password": PASSWORD})
    ada = staff.session("ada", PASSWORD)
    code = pyotp.TOTP(begun["secret"]).at(staff.house.site.computer.clocks.wall())
    shown = ada.post("/v1/me/second-factor/confirm", {"code": code})["recovery_codes"]
    assert before.refused("GET", "/v1/me") == "not_authenticated"
    half = staff.door.post("/v1/sign-in", {"name": "ada", "password": PASSWORD})["ticket"]
    other = staff.door.post(
        "/v1/sign-in/second-factor",
        {"ticket": staff.door.post("/v1/sign-in", {"name": "ada", "password": PASSWORD})["ticket"], "code": shown[0]},
    )["session"]
    ada.post_nothing("/v1/me/second-factor/remove", {"password": PASSWORD, "code": shown[1]})
    assert Signed(staff, other).refused("GET", "/v1/me") == "not_authenticated"
    asked = {"ticket": half, "code": shown[2]}
    assert staff.door.refused("POST", "/v1/sign-in/second-factor", asked) == "sign_in_refused"
    assert ada.get("/v1/me")["name"] == "ada"
    assert bob.get("/v1/me")["name"] == "bob", "nobody else's session ends"


def test_no_record_of_a_request_keeps_a_hash_of_a_password_that_is_fast_to_guess(staff: Staff) -> None:
    ada = staff.user("ada", "operator")
    ada.post("/v1/me/second-factor", {"password": PASSWORD})
    kept = staff.house.site.store.read(lambda conn: conn.execute("select * from answers").fetchall())
    asked = {(each.method, each.path): each.exempt for each in ada.api.operations}
    for path in ("/v1/me/password", "/v1/me/second-factor", "/v1/me/second-factor/remove"):
        assert asked["POST", path] >= {"idempotency_key", "dry_run"}, path
    assert len(kept) == 1, "the account that was added, and nothing else"


def test_who_signed_in_sees_and_ends_their_own_sessions_and_nobody_elses(staff: Staff) -> None:
    bob, ada = staff.user("bob", "operator"), staff.user("ada", "auditor")
    asked = {"name": "ada", "password": PASSWORD, "browser": "Firefox on Linux"}
    other = Signed(staff, staff.door.post("/v1/sign-in", asked)["session"])
    shown = other.get("/v1/me/sessions")["items"]
    assert sorted((each["browser"], each["current"]) for each in shown) == [("", False), ("Firefox on Linux", True)]
    assert all(each["created"] < each["expires"] for each in shown)
    (name,) = [each["id"] for each in shown if not each["current"]]
    assert bob.refused("DELETE", f"/v1/me/sessions/{name}") == "not_found", "another's is not found"
    assert staff.root.refused("DELETE", f"/v1/me/sessions/{name}") == "not_found"
    assert staff.root.refused("GET", "/v1/me/sessions") == "action_not_permitted"
    assert other.send("DELETE", f"/v1/me/sessions/{name}", dry_run="true").status_code == 204
    assert ada.get("/v1/me")["name"] == "ada", "a rehearsal ends nothing"
    assert other.send("DELETE", f"/v1/me/sessions/{name}").status_code == 204
    assert ada.refused("GET", "/v1/me") == "not_authenticated"
    assert other.refused("DELETE", f"/v1/me/sessions/{name}") == "not_found", "it has ended"
    more = [staff.session("ada", PASSWORD) for _ in range(2)]
    assert other.post("/v1/me/sessions/end-others", None) == {"ended": 2}
    assert {each.refused("GET", "/v1/me") for each in more} == {"not_authenticated"}
    assert [each["current"] for each in other.get("/v1/me/sessions")["items"]] == [True]
    assert bob.get("/v1/me")["name"] == "bob"
    assert kinds(staff.root).count("sessions_ended") == 2
    staff.house.site_env.time.now += LIFE
    assert bob.refused("GET", "/v1/me/sessions") == "not_authenticated"


def test_who_guesses_waits_and_is_told_of(staff: Staff) -> None:
    staff.user("ada", "operator")
    for _ in range(5):
        wrong = {"name": "ada", "password": "not this one"}
        assert staff.door.refused("POST", "/v1/sign-in", wrong) == "sign_in_refused"
    answer = staff.door.send("POST", "/v1/sign-in", {"name": "ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    staff.house.site_env.time.now += 3
    staff.session("ada", PASSWORD)
    told = kinds(staff.root)
    assert told.count("sign_in_refused") == 1, "one event an hour, with a count"
    assert "5 times within an hour" in str(staff.root.get("/v1/events"))
    assert {"user_added", "signed_in", "password_changed"} <= set(told)
    texts = str(staff.root.get("/v1/events"))
    assert "not this one" not in texts
    assert PASSWORD not in texts


def test_a_lost_password_is_given_anew_and_sessions_end_with_it(staff: Staff) -> None:
    ada = staff.user("ada", "operator")
    (user,) = staff.root.get("/v1/users")["items"]
    made = staff.root.post(f"/v1/users/{user['id']}/reset-password", {"second_factor": True})
    assert ada.refused("GET", "/v1/me") == "not_authenticated"
    assert staff.session("ada", made["password"]).get("/v1/me")["change_password"]
    rehearsed = staff.root.post("/v1/users", {"name": "bob", "role": "auditor"}, dry_run="true")
    assert not rehearsed["password"]
    assert staff.root.refused("POST", "/v1/users", {"name": "ADA", "role": "auditor"}) == "already_exists"


def test_signing_out_ends_the_session_alone(staff: Staff) -> None:
    ada = staff.user("ada", "operator")
    other = staff.session("ada", PASSWORD)
    ada.post_nothing("/v1/sign-out", None)
    assert ada.refused("GET", "/v1/me") == "not_authenticated"
    assert other.get("/v1/me")["name"] == "ada"
    assert staff.root.refused("POST", "/v1/sign-out") == "action_not_permitted"
    assert staff.root.get("/v1/me")["user"] is None


def test_a_session_ends_after_twelve_hours(staff: Staff) -> None:
    ada = staff.user("ada", "operator")
    staff.house.site_env.time.now += 12 * 3_600
    assert ada.refused("GET", "/v1/me") == "not_authenticated"


def test_no_secret_lies_in_the_store_as_it_is(staff: Staff) -> None:
    ada = staff.user("ada", "operator")
    begun = ada.post("/v1/me/second-factor", {"password": PASSWORD})
    code = pyotp.TOTP(begun["secret"]).at(staff.house.site.computer.clocks.wall())
    shown = ada.post("/v1/me/second-factor/confirm", {"code": code})["recovery_codes"]
    folder = staff.house.site.folder
    kept = b"".join(each.read_bytes() for each in folder.iterdir() if each.name.startswith("site.db"))
    for secret in (ada.token, begun["secret"], shown[0], PASSWORD):
        assert secret.encode() not in kept


def html(tab: Tab) -> str:
    assert tab.answer is not None
    return tab.answer.text


class TestTheConsole:
    async def test_an_administrator_is_made_with_the_token_and_signs_in_by_name(self, house: SiteProcess) -> None:
        tab = await signed_in(house, "/users")
        await tab.send(name="Ada@example.com", role="administrator")
        assert tab.status == 200, tab.text
        first = re.findall(r"data-copy=\"([a-z2-7-]{19})\"", html(tab))[0]
        await tab.send(tab.form(action="/sign-out"))
        await tab.open("/sign-in?by=user")
        await tab.send(tab.form(action="/sign-in/user"), name="ada@example.com", password="wrong")
        assert tab.status == 401
        await tab.send(tab.form(action="/sign-in/user"), name="ada@example.com", password=first)
        assert tab.path == "/account"
        await tab.send(tab.form(action="/account/password"), old=first, new="short")
        assert tab.status == 422
        await tab.send(tab.form(action="/account/password"), old="wrong", new=PASSWORD)
        assert "This is not your present password." in tab.text
        await tab.send(tab.form(action="/account/password"), old=first, new=f" {PASSWORD} ")
        assert "Your password is changed" in tab.text
        await tab.send(tab.form(action="/account/password"), old=f" {PASSWORD} ", new=PASSWORD)
        assert "Your password is changed" in tab.text
        await tab.send(tab.form(action="/account/second-factor"), password="wrong")
        assert tab.status == 422
        await tab.send(tab.form(action="/account/second-factor"), password=PASSWORD)
        secret = re.findall(r'name="secret" value="([A-Z2-7]+)"', html(tab))[0]
        code = pyotp.TOTP(secret).at(house.site_env.time.now)
        await tab.send(tab.form(action="/account/second-factor/confirm"), code=code)
        recovery = re.findall(r"<pre><code>([0-9a-z\n-]+)</code>", html(tab))[0].split()
        assert len(recovery) == 10
        await tab.send(tab.form(action="/sign-out"))
        await tab.open("/sign-in?by=user&next=%2Fevents")
        await tab.send(tab.form(action="/sign-in/user"), name="ada@example.com", password=PASSWORD)
        await tab.send(tab.form(action="/sign-in/second-factor"), code="000000")
        assert tab.status == 401
        await tab.send(tab.form(action="/sign-in/second-factor"), code=recovery[0])
        assert tab.path == "/events"
        assert "ada@example.com" in tab.text
        elsewhere = await signed_in(house, "/")
        await elsewhere.send(elsewhere.form(action="/sign-out"))
        await elsewhere.open("/sign-in?by=user")
        await elsewhere.send(elsewhere.form(action="/sign-in/user"), name="ada@example.com", password=PASSWORD)
        await elsewhere.send(elsewhere.form(action="/sign-in/second-factor"), code=recovery[2])
        await tab.open("/account")
        assert "Where you are signed in" in tab.text
        (end,) = [each for each in tab.page.forms if re.fullmatch(r"/account/sessions/ses_\w+/end", each.action)]
        await tab.send(end)
        assert "That session has ended" in tab.text
        await elsewhere.open("/licenses")
        assert elsewhere.path.startswith("/sign-in"), "it has to sign in again"
        await tab.open("/account")
        await tab.send(tab.form(action="/account/second-factor/remove"), password="wrong", code=recovery[1])
        assert tab.status == 422
        assert "8 recovery codes are left" in tab.text
        await tab.send(tab.form(action="/account/second-factor/remove"), password=PASSWORD, code=recovery[1])
        assert "The second factor is off. Every other session has ended." in tab.text

    async def test_an_auditor_sees_the_team_and_changes_nothing(self, house: SiteProcess) -> None:
        tab = await signed_in(house, "/users")
        await tab.send(name="otto", role="auditor")
        first = re.findall(r"data-copy=\"([a-z2-7-]{19})\"", html(tab))[0]
        await tab.send(tab.form(action="/sign-out"))
        await tab.open("/sign-in?by=user")
        await tab.send(tab.form(action="/sign-in/user"), name="otto", password=first)
        await tab.send(tab.form(action="/account/password"), old=first, new=PASSWORD)
        await tab.open("/users")
        assert tab.status == 200
        assert "otto" in tab.text
        assert not [each for each in tab.page.forms if each.action.startswith("/users")]
