"""The local API: everything the console and the command line need, for the holder of the token and for nobody else."""

import pytest

from tenure.core.activation_codes import from_random
from tenure.core.timeline import DAY
from tenure.site.app import device_api
from tests.site.callers import PORT, Caller
from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_time import amnesty

LICENSE = "/v1/licenses/editor"


@pytest.fixture
def console(house: SiteProcess) -> Caller:
    return Caller(house)


class TestWhoMayAsk:
    def test_every_operation_but_health_asks_for_the_token_of_the_folder(self, house: SiteProcess) -> None:
        for token in ("", "tns_" + "0" * 48, house.site.token + "x", house.site.token[:-1]):
            stranger = Caller(house, token)
            for one in stranger.api.operations:
                path = one.path.replace("{product}", "editor").replace("{device}", "dev_" + "0" * 26)
                path = path.replace("{event}", "1").replace("{enrollment}", "enr_" + "0" * 26)
                answer = stranger.send(one.method, path, {} if one.method in ("POST", "PUT") else None)
                if one.path in ("/livez", "/readyz"):
                    assert answer.status_code == 200
                elif one.path in ("/v1/sign-in", "/v1/sign-in/second-factor"):
                    assert answer.status_code == 422, one.path  # open to strangers: it only misses what to judge
                else:
                    assert answer.status_code == 401, one.path
                    assert answer.json()["code"] == "not_authenticated"

    def test_the_token_lies_in_a_file_that_only_its_owner_can_read(self, house: SiteProcess) -> None:
        path = house.folder / "admin.token"
        assert path.read_text().strip() == house.site.token
        assert path.stat().st_mode & 0o077 == 0
        assert (house.folder / "key").stat().st_mode & 0o077 == 0

    def test_the_token_opens_nothing_at_the_device_port(self, house: SiteProcess) -> None:
        paths = {operation.path for operation in device_api(house.site, lambda: 0.0).operations}
        assert paths == {"/v1/root/{number}", "/livez", "/readyz"}

    def test_the_document_describes_every_operation(self, console: Caller) -> None:
        document = console.get("/openapi.json")
        assert document["info"]["title"] == "Tenure administration server"
        for one in console.api.operations:
            assert one.method.lower() in document["paths"][one.path]


class TestLicenses:
    def test_a_license_shows_what_an_administrator_asks(self, house: SiteProcess, console: Caller) -> None:
        agent = house.agent()
        agent.enroll(house.ticket())
        (shown,) = console.get("/v1/licenses")["items"]
        assert (shown["phase"], shown["cause"], shown["kind"]) == ("active", "paid", "limited")
        assert (shown["device_limit"], shown["in_use"], shown["waiting"]) == (10, 1, 0)
        assert shown["free"] == shown["allotment"] - 1
        assert shown["new_seats"] is None
        assert shown["paid_until"] > shown["as_of"]
        assert shown["grace_until"] > shown["paid_until"]
        assert shown["next_contact"] > shown["as_of"]
        assert [span["phase"] for span in shown["timeline"]] == ["active", "grace", "ended"]
        assert console.get(LICENSE) == shown

    def test_m17_synchronizing_shows_its_steps_the_path_and_what_changed(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order()
        console = Caller(house)
        done = console.post(f"{LICENSE}/activate", {"code": code})
        assert done["license"]["phase"] == "active"
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 25})
        here.wait(120)
        told = console.post(f"{LICENSE}/synchronize")
        assert told["result"] == "lease"
        assert {"what": "Device limit", "before": "10", "after": "25"} in told["differences"]
        assert told["path"] == "system DNS, 192.0.2.1:443"
        assert [step["name"] for step in told["steps"]] == ["answer", "lease"]
        run = console.get(f"{LICENSE}/synchronization")
        assert run["running"] is False
        assert run["steps"] == told["steps"]

    def test_m17_by_hand_once_a_minute(self, console: Caller) -> None:
        console.post(f"{LICENSE}/synchronize")
        assert console.refused("POST", f"{LICENSE}/synchronize") == "too_many_requests"

    def test_what_the_server_refuses_comes_through_with_its_remedy(self, here: SiteEnv) -> None:
        console = Caller(here.site())
        answer = console.send("POST", f"{LICENSE}/activate", {"code": from_random(bytes([9] * 19)).reveal()})
        assert answer.status_code == 404
        assert answer.json()["code"] == "code_unknown"
        assert answer.json()["remedy"]

    def test_m10_in_force_is_refused_with_the_date_also_in_a_dry_run(self, here: SiteEnv, house: SiteProcess) -> None:
        console = Caller(house)
        _, other = here.order()
        for query in ({}, {"dry_run": "true"}):
            answer = console.send("POST", f"{LICENSE}/activate", {"code": other}, **query)
            assert answer.json()["code"] == "subscription_in_force"
            assert answer.json()["possible_at"]
        assert console.refused("DELETE", LICENSE) == "subscription_in_force"

    def test_b04_a_rehearsed_activation_tells_what_it_would_start_and_starts_nothing(self, here: SiteEnv) -> None:
        house, (name, code) = here.site(), here.order()
        shown = Caller(house).post(f"{LICENSE}/activate", {"code": code}, dry_run="true")
        assert shown["license"]["phase"] == "pending"
        assert (shown["preview"]["devices"], shown["preview"]["paid_until"][:10]) == (10, "2027-01-01")
        assert [each["phase"] for each in shown["preview"]["timeline"]] == ["active", "grace", "ended"]
        assert here.get(f"/v1/subscriptions/{name}")["sites"] == []
        assert house.license.keeper.next_contact_at() is None, "nothing waits to be repeated"

    def test_a_rehearsed_activation_of_what_renews_itself_tells_the_renewals_and_no_end(self, here: SiteEnv) -> None:
        _, code = here.order("monthly", renewal_intent="auto")
        shown = Caller(here.site()).post(f"{LICENSE}/activate", {"code": code}, dry_run="true")
        preview = shown["preview"]
        assert preview["plan_name"] == "Monthly"
        assert preview["renewal"].startswith("It renews by itself on ")
        assert [(each["phase"], each["expected"]) for each in preview["timeline"]] == [
            ("active", False), ("active", True),
        ]  # fmt: skip
        assert preview["renewal"] in shown["message"]

    def test_what_is_told_without_asking_sends_nothing(self, here: SiteEnv) -> None:
        house = here.site()
        told = Caller(house).post(f"{LICENSE}/activate", {"code": here.order()[1]}, dry_run="true", ask="false")
        assert (told["result"], told["preview"]) == ("not_asked", None)
        assert house.cable.sent == []

    def test_the_same_key_applies_a_code_once(self, here: SiteEnv) -> None:
        house = here.site()
        console, body = Caller(house), {"code": here.order()[1]}
        first = console.send("POST", f"{LICENSE}/activate", body, key="once")
        sent = len(house.cable.sent)
        again = console.send("POST", f"{LICENSE}/activate", body, key="once")
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == first.json()
        assert len(house.cable.sent) == sent
        other = {"code": here.order()[1]}
        assert console.send("POST", f"{LICENSE}/activate", other, key="once").json()["code"] == "idempotency_key_reused"

    def test_a_refused_activation_leaves_its_key_free(self, here: SiteEnv) -> None:
        house = here.site()
        console, body = Caller(house), {"code": here.order()[1]}
        here.server_up = False
        assert console.send("POST", f"{LICENSE}/activate", body, key="k").json()["code"] == "unreachable"
        here.server_up = True
        assert console.send("POST", f"{LICENSE}/activate", body, key="k").status_code == 200

    def test_b02_explain_tells_the_rule_the_end_and_what_follows(self, console: Caller) -> None:
        told = console.get(f"{LICENSE}/explain")
        assert told["rule"]
        assert told["until"]
        assert told["until"] == console.get(LICENSE)["paid_until"]
        when = told["until"].replace("T", " ").replace("Z", " UTC")
        assert told["follows"] == f"On {when}: all functions are on, in grace, the paid period is over."

    def test_the_contact_clock_stands_apart_from_the_contract(self, console: Caller) -> None:
        told = console.get(f"{LICENSE}/explain")
        assert "sync_overdue" not in {each["cause"] for each in told["timeline"]}
        assert {"sync_overdue"} <= {each["cause"] for each in told["silence"]}

    def test_b06_when_silence_is_what_matters_explain_says_so(self, house: SiteProcess, console: Caller) -> None:
        house.site_env.server_up = False
        house.site_env.wait(8 * DAY)
        told = console.get(f"{LICENSE}/explain")
        assert "has not answered" in told["sentence"]
        assert {remedy["who"] for remedy in told["remedies"]} == {"administrator"}

    def test_b15_a_notice_that_came_as_a_file(self, house: SiteProcess, console: Caller) -> None:
        now = house.site_env.time.now
        before = console.get(LICENSE)["contact_until"]
        notice = amnesty(house, now, now + DAY).decode()
        assert console.post(f"{LICENSE}/notices", {"notice": notice})["contact_until"] > before
        bad = notice[:-4] + ("AAAA" if not notice.endswith("AAAA") else "BBBB")
        assert console.refused("POST", f"{LICENSE}/notices", {"notice": bad}) in (
            "signature_invalid",
            "message_malformed",
        )

    def test_status_names_the_site_its_key_and_its_port(self, house: SiteProcess, console: Caller) -> None:
        shown = console.get("/v1/status")
        assert (shown["name"], shown["device_host"], shown["device_port"]) == ("Head office", "127.0.0.1", PORT)
        assert shown["key"] == house.site.secrets.site_signer.key_id
        assert shown["products"][0]["phase"] == "active"
        assert len(shown["root_fingerprint"].split("-")) == 8


class TestDevices:
    def test_a_token_is_shown_once_and_enrolls(self, house: SiteProcess, console: Caller) -> None:
        made = console.post("/v1/enrollments", {"product": "editor", "group": "Bureau", "uses": 3})
        assert house.agent().enroll(made["token"]) is None
        (listed,) = console.get("/v1/enrollments")["items"]
        assert (listed["uses"], listed["used"], listed["group"]) == (3, 1, "Bureau")
        assert made["token"] not in str(console.get("/v1/enrollments"))
        assert console.send("DELETE", f"/v1/enrollments/{listed['id']}").status_code == 204
        assert house.agent("two").enroll(made["token"]) is not None

    def test_the_same_key_makes_one_token(self, house: SiteProcess, console: Caller) -> None:
        body = {"product": "editor"}
        first = console.send("POST", "/v1/enrollments", body, key="t").json()
        assert console.send("POST", "/v1/enrollments", body, key="t").json() == first
        assert len(console.get("/v1/enrollments")["items"]) == 1
        kept = house.site.store.read(lambda conn: conn.execute("select answer from answers").fetchall())
        assert all(first["token"].encode() not in row[0] for row in kept)

    def test_listing_pages_and_filters(self, house: SiteProcess, console: Caller) -> None:
        ticket = house.ticket(uses=5, group="Bureau")
        for number in range(5):
            house.agent(f"desk-{number}").enroll(ticket)
        first = console.get("/v1/devices", limit=2)
        rest = console.get("/v1/devices", limit=200, cursor=first["next"])
        assert len(first["items"]) == 2
        assert len(rest["items"]) == 3
        assert rest["next"] is None
        assert console.get("/v1/devices", group="")["items"] == []
        assert len(console.get("/v1/devices", group="Bureau", state="protected", product="editor")["items"]) == 5

    def test_withdrawing_assigning_and_removing(self, house: SiteProcess, console: Caller) -> None:
        agent = house.agent()
        agent.enroll(house.ticket())
        (device,) = console.get("/v1/devices")["items"]
        each = f"/v1/devices/{device['id']}"
        assert console.post(f"{each}/withdraw", dry_run="true")["state"] == "withdrawn"
        assert console.get(each)["state"] == "protected"
        assert console.post(f"{each}/withdraw")["state"] == "withdrawn"
        assert console.refused("POST", f"{each}/withdraw") == "nothing_to_change"
        agent.refresh()
        assert agent.on == frozenset()
        assert console.get(each)["counted"] is False
        console.post(f"{each}/assign")
        assert agent.refresh() is None
        assert agent.on == {"edit", "export", "read"}
        assert console.send("PUT", f"{each}/group", {"group": "Lab"}).json()["group"] == "Lab"
        assert console.send("DELETE", each).status_code == 204
        assert console.get(each)["state"] == "removed"
        agent.refresh()
        assert console.refused("GET", each) == "not_found"
        assert house.counted == 0

    def test_merging_by_hand_obeys_the_rule_of_silence(self, house: SiteProcess, console: Caller) -> None:
        parts = {"machine": "m", "board": "b", "network": "n"}
        ticket = house.ticket(uses=3)
        old, new = house.agent("old", hardware=parts), house.agent("new", hardware=parts)
        old.enroll(ticket)
        house.site_env.wait(DAY)
        new.enroll(ticket)
        one, other = (item["id"] for item in console.get("/v1/devices")["items"])
        assert console.refused("POST", f"/v1/devices/{other}/merge", {"into": one}) == "nothing_to_change"
        console.post(f"/v1/devices/{one}/merge", {"into": other})
        assert [item["id"] for item in console.get("/v1/devices")["items"]] == [other]
        assert house.counted == 1

    def test_events_are_listed_by_severity_and_acknowledged(self, house: SiteProcess, console: Caller) -> None:
        house.agent().enroll(house.ticket())
        events = console.get("/v1/events")["items"]
        assert events[0]["kind"] == "device_enrolled"
        assert console.get("/v1/events", severity="critical")["items"] == []
        path = f"/v1/events/{events[0]['number']}/acknowledgment"
        assert console.send("PUT", path).status_code == 204
        assert console.get("/v1/events")["items"][0]["acknowledged"] is True


BAD = [
    ("POST", f"{LICENSE}/activate", None, "media_type_unsupported"),
    ("POST", f"{LICENSE}/activate", b"{", "body_unreadable"),
    ("POST", f"{LICENSE}/activate", b'{"code":"A","code":"B"}', "body_unreadable"),
    ("POST", f"{LICENSE}/activate", {}, "field_invalid"),
    ("POST", f"{LICENSE}/activate", {"code": 7}, "field_invalid"),
    ("POST", f"{LICENSE}/activate", {"code": ""}, "field_invalid"),
    ("POST", f"{LICENSE}/activate", {"code": "x" * 101}, "field_invalid"),
    ("POST", f"{LICENSE}/activate", {"code": "hello"}, "code_malformed"),
    ("POST", f"{LICENSE}/activate", {"code": "\u0000"}, "field_invalid"),
    ("POST", f"{LICENSE}/activate", {"code": "A", "more": 1}, "field_invalid"),
    ("POST", "/v1/licenses/nothing/activate", {"code": "A"}, "not_found"),
    ("POST", "/v1/licenses/..%2f..%2fetc/activate", {"code": "A"}, "not_found"),
    ("POST", "/v1/licenses/nothing/synchronize", None, "not_found"),
    ("POST", f"{LICENSE}/notices", {"notice": "no notice"}, "field_invalid"),
    ("POST", f"{LICENSE}/notices", {"notice": "a.b.c"}, "message_malformed"),
    ("GET", f"{LICENSE}?dryrun=true", None, "field_invalid"),
    ("GET", "/v1/licenses/nothing", None, "not_found"),
    ("GET", "/v1/devices/dev_1", None, "not_found"),
    ("GET", "/v1/devices/dev_" + "0" * 26, None, "not_found"),
    ("GET", "/v1/devices?limit=0", None, "field_invalid"),
    ("GET", "/v1/devices?limit=201", None, "field_invalid"),
    ("GET", "/v1/devices?cursor=AAAA", None, "field_invalid"),
    ("GET", "/v1/devices?state=happy", None, "field_invalid"),
    ("GET", "/v1/events?severity=loud", None, "field_invalid"),
    ("POST", "/v1/devices/dev_" + "0" * 26 + "/withdraw", None, "not_found"),
    ("DELETE", "/v1/devices/dev_" + "0" * 26, None, "not_found"),
    ("POST", "/v1/enrollments", {"product": "nothing"}, "not_found"),
    ("POST", "/v1/enrollments", {"product": "Editor"}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "uses": 0}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "uses": 100_001}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "until": "yesterday"}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "until": "2001-01-01T00:00:00Z"}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "group": "x" * 65}, "field_invalid"),
    ("POST", "/v1/enrollments", {"product": "editor", "group": "a\nb"}, "field_invalid"),
    ("DELETE", "/v1/enrollments/enr_" + "0" * 26, None, "not_found"),
    ("PUT", "/v1/events/0/acknowledgment", None, "not_found"),
    ("PUT", "/v1/events/999999/acknowledgment", None, "not_found"),
    ("PATCH", LICENSE, None, "method_not_allowed"),
    ("GET", "/v1/nothing", None, "not_found"),
]


def test_what_is_not_acceptable_is_refused_by_its_name_and_changes_nothing(house: SiteProcess) -> None:
    console = Caller(house)
    before = console.get("/v1/devices"), console.get("/v1/enrollments"), console.get(LICENSE)["phase"]
    for method, path, body, code in BAD:
        assert console.refused(method, path, body) == code, (method, path, body)
    assert before == (console.get("/v1/devices"), console.get("/v1/enrollments"), console.get(LICENSE)["phase"])
