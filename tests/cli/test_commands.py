"""A provider's day at the command line, against the real server over HTTP."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure.core.refusals import ExitCode
from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal, Vendor


def test_m01_an_order_by_command_line_names_plan_devices_and_term(staff: ProviderTerminal) -> None:
    until = staff.order("year", 10, "--until", "2026-12-31")
    assert until["subscription"]["paid_until"] == "2027-01-01T00:00:00Z"
    period = staff.order("year", 25)
    assert period["subscription"]["paid_until"] == "2027-01-01T00:00:00Z"
    assert period["subscription"]["terms"]["devices"] == 25
    assert re.fullmatch(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", period["activation_code"])


def test_m03_renewed_by_hand_switched_to_automatic_canceled_and_undone(sandbox: ProviderTerminal) -> None:
    sub, tell = sandbox.subscription(), sandbox.terminal.good
    tell("clock", "set", "2026-11-01")
    assert tell("renew", sub)["subscription"]["paid_until"] == "2028-01-01T00:00:00Z"
    assert tell("set-renewal-intent", sub, "auto")["subscription"]["renewal_intent"] == "auto"
    assert tell("intent", sub, "manual")["subscription"]["renewal_intent"] == "manual"
    canceled = tell("cancel", sub, "--why", "moving away")["subscription"]
    assert canceled["cancellation_effective"] == "2028-01-01T00:00:00Z"
    assert tell("undo-cancellation", sub)["subscription"]["canceled_at"] is None
    assert tell("cancel", sub, "--at-once")["subscription"]["phase"] == "ended"


def test_a_hold_includes_its_last_day_and_is_released(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(), staff.terminal.good
    held = tell("hold", sub, "an invoice is open", "--until", "2026-02-28")["subscription"]
    assert (held["phase"], held["holds"][0]["until"]) == ("paused", "2026-03-01T00:00:00Z")
    assert tell("release", sub)["subscription"]["phase"] == "active"


def test_devices_plan_and_a_change_that_is_dropped(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(devices=20), staff.terminal.good
    assert tell("change-devices", sub, "40")["subscription"]["terms"]["devices"] == 40
    fewer = tell("change-devices", sub, "10")["subscription"]
    assert fewer["terms"]["devices"] == 40
    (change,) = fewer["scheduled"]
    assert change["effective"] == "2027-01-01T00:00:00Z"
    assert (change["changes"], change["devices"], change["until"]) == (["devices"], 10, "2028-01-01T00:00:00Z")
    assert staff.terminal.refused("drop-change", sub, "2027-01-01", "--field", "plan")["code"] == "nothing_to_change"
    assert tell("drop-change", sub, "2027-01-01", "--field", "devices")["subscription"]["scheduled"] == []
    assert staff.terminal.refused("change-plan", sub, staff.offer("year"))["code"] == "nothing_to_change"


def test_codes_are_shown_once_reissued_blocked_and_unblocked(staff: ProviderTerminal) -> None:
    made = staff.order()
    sub = made["subscription"]["id"]
    again = staff.terminal.good("reissue-code", sub)
    assert again["activation_code"] not in ("", made["activation_code"])
    first, second = again["subscription"]["codes"]
    assert (first["state"], second["state"]) == ("withdrawn", "good")
    blocked = staff.terminal.good("block-code", sub, second["id"], "--fraud", "--why", "leaked")["subscription"]
    assert blocked["codes"][1]["state"] == "blocked"
    assert staff.terminal.good("unblock-code", sub, second["id"])["subscription"]["codes"][1]["state"] == "good"
    shown = staff.terminal.run("subscriptions", "show", sub).out
    assert again["activation_code"] not in shown
    assert again["activation_code"][-5:] in shown


def test_a_subscription_moves_to_another_customer_and_to_another_day(sandbox: ProviderTerminal) -> None:
    tell, sub = sandbox.terminal.good, sandbox.subscription()
    heir = tell("customers", "add", "Harbour Dentist")["id"]
    assert tell("transfer", sub, heir)["subscription"]["customer"] == heir
    tell("top-up", heir, "1000.00", "--reference", "heir")
    assert tell("extend-grace", sub, "7")["facts"] == ["GraceExtended"]
    moved = tell("reanchor", sub, "2027-01-01")
    assert moved["facts"] == ["Reanchored"]


def test_a_payment_outside_the_balance_is_confirmed(staff: ProviderTerminal) -> None:
    tell = staff.terminal.good
    words = ("offers", "add", "year", "--currency", "EUR", "--price", "10.00", "--settlement", "external")
    offer = tell(*words)["id"]
    made = tell("order", staff.customer, offer, "5")["subscription"]
    assert made["why"] == "awaiting_payment"
    paid = tell("confirm-payment", made["id"], "INV-17", "order")["subscription"]
    assert paid["why"] == "paid"


def test_sites_that_do_not_hold_it_are_unknown(staff: ProviderTerminal) -> None:
    sub, site = staff.subscription(), "sit_" + "0" * 26
    for words in (("release-site",), ("resolve-fork",), ("declare-site-lost",)):
        more = ("restored",) if words == ("resolve-fork",) else ()
        assert staff.terminal.refused(*words, sub, site, *more)["code"] == "site_unknown"


def test_every_list_follows_its_pages_to_the_end(staff: ProviderTerminal) -> None:
    names = [staff.subscription("year", 1) for _ in range(5)]
    listed = staff.terminal.good("subscriptions", "list")
    assert [each["id"] for each in listed["items"]] == sorted(names)
    assert listed["next"] is None
    assert len(staff.terminal.good("subscriptions", "list", "--limit", "3")["items"]) == 3
    by_phase = staff.terminal.good("subscriptions", "list", "--phase", "ended")
    assert by_phase["items"] == []
    mine = staff.terminal.good("subscriptions", "list", "--customer", staff.customer, "--product", "editor")
    assert len(mine["items"]) == 5


def test_a_long_list_on_a_terminal_counts_aside_of_the_table(staff: ProviderTerminal) -> None:
    names = [staff.subscription("year", 1) for _ in range(3)]
    ran = staff.terminal.run("subscriptions", "list", terminal=True)
    assert ran.code == ExitCode.DONE
    assert all(f"Subscription  {name}" in ran.out for name in names), "too wide for a table: one card for each"
    assert "read" not in ran.out
    wide = replace(staff.terminal, env={**staff.terminal.env, "COLUMNS": "250"})
    assert len(wide.run("subscriptions", "list", terminal=True).out.splitlines()) == 4
    quiet = staff.terminal.run("subscriptions", "list", "--json", terminal=True)
    assert (quiet.err, len(quiet.json["items"])) == ("", 3)


def test_money_in_and_out_as_people_write_it(staff: ProviderTerminal) -> None:
    tell = staff.terminal.good
    more = tell("top-up", staff.customer, "0.05", "--reference", "five cents")["account"]
    assert more["balance"] == 500_005
    assert tell("top-up", staff.customer, "0.05", "--reference", "five cents")["account"]["balance"] == 500_005
    staff.subscription("month", 10)
    assert tell("account", staff.customer)["balance"] == 500_005 - 12_000
    amounts = [line["posting"]["amount"] for line in tell("statement", staff.customer)["items"]]
    assert amounts == [500_000, 5, -12_000]
    runway = tell("runway", staff.customer)
    assert runway["until"] is None or runway["missing"] > 0


def test_b04_a_dry_run_does_nothing_and_its_plan_does_exactly_that(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(), staff.terminal.good
    seen = tell("change-devices", sub, "15", "--dry-run")
    assert tell("subscriptions", "show", sub)["terms"]["devices"] == 10
    done = tell("change-devices", sub, "15", "--outcome", seen["outcome_hash"])
    assert (done["facts"], done["timeline"]) == (seen["facts"], seen["timeline"])
    seen = tell("change-devices", sub, "20", "--dry-run")
    tell("hold", sub, "something else happens")
    assert (
        staff.terminal.refused("change-devices", sub, "20", "--outcome", seen["outcome_hash"])["code"]
        == "outcome_changed_meanwhile"
    )
    assert tell("subscriptions", "show", sub)["terms"]["devices"] == 15


def test_b04_an_order_is_placed_exactly_as_it_was_shown(staff: ProviderTerminal) -> None:
    words = ("order", staff.customer, staff.offer("year"), "7")
    seen = staff.terminal.good(*words, "--dry-run")
    assert seen["activation_code"] == ""
    assert staff.terminal.good("subscriptions", "list")["items"] == []
    assert "--outcome" in staff.terminal.run(*words, "--dry-run").out
    other = (*words[:-1], "8")
    assert staff.terminal.refused(*other, "--outcome", seen["outcome_hash"])["code"] == "outcome_changed_meanwhile"
    done = staff.terminal.good(*words, "--outcome", seen["outcome_hash"])
    assert (done["facts"], len(done["activation_code"])) == (seen["facts"], 23)


def test_b04_a_preview_is_shown_confirmed_and_done(staff: ProviderTerminal) -> None:
    sub = staff.subscription()
    no = staff.terminal.run("change-devices", sub, "15", "--preview", terminal=True, answers=("n",))
    assert (no.code, no.out.strip()) == (ExitCode.DONE, "Nothing was done.")
    assert "This is what would happen" in no.err
    yes = staff.terminal.run("change-devices", sub, "15", "--preview", terminal=True, answers=("y",))
    assert yes.code == ExitCode.DONE
    assert staff.terminal.good("subscriptions", "show", sub)["terms"]["devices"] == 15


def test_the_same_key_has_one_effect(staff: ProviderTerminal) -> None:
    words = ("order", staff.customer, staff.offer("year"), "3", "--idempotency-key", "order-of-monday")
    first, second = staff.terminal.good(*words), staff.terminal.good(*words)
    assert first == second
    assert len(staff.terminal.good("subscriptions", "list")["items"]) == 1


def test_what_changed_meanwhile_is_not_overwritten(staff: ProviderTerminal) -> None:
    sub = staff.subscription()
    assert staff.terminal.refused("cancel", sub, "--if-match", '"99"')["code"] == "version_stale"
    words = ("customers", "change", staff.customer, "Harbour Clinic Ltd", "--credit-limit", "50.00")
    assert staff.terminal.refused(*words, "--if-match", '"99"')["code"] == "version_stale"
    assert staff.terminal.good(*words, "--if-match", '"1"')["name"] == "Harbour Clinic Ltd"
    assert staff.terminal.good("account", staff.customer)["credit_limit"] == 5_000


def test_policy_from_a_file_and_from_single_rules(staff: ProviderTerminal, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"rules": {"grace_days": 3, "reminders": [30, 7]}, "plans": {"year": {"grace_days": 5}}}')
    published = staff.terminal.good(
        "policy", "publish", str(file), "--rule", "grace_days=9", "--rule", "refund=unused_days"
    )
    rules = {each["field"]: (each["value"], each["source"]) for each in published["rules"]}
    assert rules["grace_days"] == (9, "provider")
    assert rules["refund"] == ("unused_days", "provider")
    assert rules["reminders"] == ([30, 7], "provider")
    plan = {each["field"]: each["value"] for each in published["plans"]["year"]}
    assert plan["grace_days"] == 5
    assert staff.terminal.good("policy", "show") == published
    piped = staff.terminal.good("policy", "publish", "-", given='{"rules": {"grace_days": 0}}')
    assert piped["version"] == 2


def test_b05_the_clock_of_a_sandbox_moves_by_instants_dates_and_steps(sandbox: ProviderTerminal) -> None:
    tell = sandbox.terminal.good
    assert tell("clock", "set", "2026-03-01", "--rate", "0")["now"] == "2026-03-01T00:00:00Z"
    assert tell("clock", "set", "+90s")["now"] == "2026-03-01T00:01:30Z"
    assert tell("clock", "set", "+4w")["now"] == "2026-03-29T00:01:30Z"
    assert tell("clock", "set", "2028-02-29T12:00:00+01:00")["now"] == "2028-02-29T11:00:00Z"
    assert tell("clock", "show") == {"now": "2028-02-29T11:00:00Z", "rate": 0, "sandbox": True}


def test_events_go_on_from_the_last_number(staff: ProviderTerminal) -> None:
    staff.subscription()
    first = staff.terminal.good("events")["items"]
    staff.subscription()
    later = staff.terminal.good("events", "--after", str(first[-1]["seq"]))["items"]
    assert [each["seq"] for each in later] == [first[-1]["seq"] + 1]


def test_b02_explain_says_what_holds_why_and_what_follows(staff: ProviderTerminal) -> None:
    said = staff.terminal.run("subscriptions", "explain", staff.subscription()).out
    assert "All functions are on: it is paid for." in said
    assert "Until 2027-01-01 01:00:00 CET (00:00:00 UTC)." in said


def test_tokens_are_shown_once_and_withdrawn(staff: ProviderTerminal, server: Vendor, tmp_path: Path) -> None:
    made = staff.terminal.good("tokens", "add", "billing", "--scope", "money:read", "--scope", "catalog:read")
    billing = Terminal(tmp_path / "billing", {"TENURE_URL": server.url, "TENURE_TOKEN": made["token"]})
    assert billing.good("account", staff.customer)["currency"] == "EUR"
    assert billing.refused("customers", "list")["exit"] == ExitCode.PERMISSION
    assert made["token"] not in staff.terminal.run("tokens", "list").out
    assert "billing" in staff.terminal.run("tokens", "list").out
    assert staff.terminal.run("tokens", "withdraw", made["id"], "--json").json is None
    assert "billing" not in staff.terminal.run("tokens", "list").out
    assert billing.refused("account", staff.customer)["code"] == "not_authenticated"


def test_people_are_asked_in_given_roles_and_taken_out(server: Vendor, staff: ProviderTerminal) -> None:
    """By the vendor here, whose first token carries what is about people; the team is the provider's."""
    here = Terminal(server.terminal.home, {**server.terminal.env, "TENURE_PROVIDER": staff.provider})
    assert "The team has no users yet" in here.run("users", "list").out
    said = " ".join(here.run("invitations", "add", "ina@example.com", "Ina").out.split())
    assert "Nothing is sent: this server has no mail server. Hand this link over" in said and "server.json" in said
    assert "mail carries" not in said
    assert here.run("invitations", "withdraw", here.good("invitations", "list")["items"][0]["id"]).code == ExitCode.DONE
    asked = here.good("invitations", "add", "Eve@example.com", "Eve", "--role", "owner")
    assert asked["link_token"] not in here.run("invitations", "list").out
    assert "Nothing was done" in here.run("invitations", "add", "z@example.com", "Z", "--dry-run").out
    assert [each["email"] for each in here.good("invitations", "list")["items"]] == ["eve@example.com"]
    for name, link in (("Eve", asked), ("Zoe", here.good("invitations", "add", "zoe@example.com", "Zoe"))):
        accepted = {"token": link["link_token"], "name": name, "password": "nine lives of a cat"}
        answer = httpx2.post(f"{server.url}/v1/invitations/accept", json=accepted)
        assert answer.status_code == 200, answer.text
    team = {each["name"]: each["id"] for each in here.good("users", "list")["items"]}
    assert here.good("users", "role", team["Zoe"], "auditor")["role"] == "auditor"
    assert here.refused("users", "role", team["Eve"], "auditor")["code"] == "last_owner"
    assert here.refused("users", "remove", team["Eve"])["exit"] == ExitCode.STATE
    assert here.run("users", "remove", team["Zoe"]).code == ExitCode.DONE
    waiting = here.good("invitations", "add", "last@example.com", "Last")
    assert here.run("invitations", "withdraw", waiting["id"]).code == ExitCode.DONE
    noted = [each["what"] for each in here.good("audit", "--limit", "4")["items"]]
    assert noted[:2] == ["invitation_withdrawn", "invited"]
    assert sorted(noted[2:]) == ["account_removed", "user_removed"], "nobody is left to have proven the mailbox"
    assert "user_removed" in here.run("audit").out
    assert staff.terminal.refused("users", "list")["exit"] == ExitCode.PERMISSION, "a program's token must name it"


def test_the_vendor_names_whose_data_is_meant(server: Vendor, staff: ProviderTerminal) -> None:
    assert server.terminal.refused("customers", "list")["field"] == "provider"
    assert len(server.terminal.good("customers", "list", "--provider", staff.provider)["items"]) == 1
    named = Terminal(server.terminal.home, {**server.terminal.env, "TENURE_PROVIDER": staff.provider})
    assert len(named.good("customers", "list")["items"]) == 1
    limited = ("customers", "add", "Quay", "--credit-limit", "5.00", "--provider", staff.provider)
    assert server.terminal.good(*limited)["name"] == "Quay"
    unknown = "prv_" + "0" * 26
    assert server.terminal.refused(*limited[:-1], unknown)["code"] == "not_found"


def test_offers_are_withdrawn_and_plans_changed(server: Vendor, staff: ProviderTerminal) -> None:
    staff.offer("year")
    assert staff.terminal.run("offers", "withdraw", staff.offer("month")).code == ExitCode.DONE
    assert [each["plan"] for each in staff.terminal.good("offers", "list")["items"]] == ["year"]
    plan = ("plans", "add", "once", "Once", "--product", "editor", "--feature", "edit", "--max-sites", "2")
    assert server.terminal.good(*plan, "--dry-run")["id"] == "once"
    assert server.terminal.refused("plans", "show", "once")["code"] == "not_found"
    server.terminal.good(*plan)
    changed = server.terminal.good("plans", "change", "once", "Once more", "--feature", "read", "--min-devices", "2")
    assert (changed["name"], changed["features"], changed["min_devices"]) == ("Once more", ["read"], 2)
    assert server.terminal.refused("products", "add", "editor", "Again")["code"] == "already_exists"


@pytest.fixture(scope="module")
def sellers(server: Vendor, tmp_path_factory: pytest.TempPathFactory) -> str:
    return server.staff(tmp_path_factory.mktemp("sellers"), name="Sellers").provider


@pytest.mark.parametrize(
    "words",
    [
        ("customers", "list"),
        ("products", "list"),
        ("plans", "list"),
        ("offers", "list"),
        ("providers", "list"),
        ("tokens", "list"),
        ("users", "list"),
        ("invitations", "list"),
        ("audit",),
        ("subscriptions", "list"),
        ("installations", "list"),
        ("events",),
        ("policy", "show"),
        ("refusals",),
        ("refusals", "not_found"),
        ("profiles", "list"),
    ],
)
def test_what_a_program_reads_is_one_json_document(server: Vendor, words: tuple[str, ...], sellers: str) -> None:
    ran = Terminal(server.terminal.home, {**server.terminal.env, "TENURE_PROVIDER": sellers}).run(*words, "--json")
    assert ran.code == ExitCode.DONE
    assert ran.err == ""
    assert ran.out.count("\n") == 1
    value: Any = ran.json
    assert isinstance(value, dict | list)
