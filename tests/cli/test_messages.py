"""Webhooks and mails from the command line: made, changed, switched, tested, and what came of them."""

from tests.cli.vendor import ProviderTerminal, Vendor

URL = "https://hooks.invalid/tenure"
"""A name that never resolves: nothing leaves this computer."""


def test_a_webhook_from_its_first_day_to_its_last(staff: ProviderTerminal) -> None:
    terminal = staff.terminal
    made = terminal.run("webhooks", "add", URL, "--event", "subscription.*", "--note", "billing")
    assert "whsec_" in made.out
    assert "shown once" in made.out
    (hook,) = terminal.good("webhooks", "list")["items"]
    assert (hook["url"], hook["events"], hook["note"], hook["secret"]) == (URL, ["subscription.*"], "billing", "")
    changed = terminal.good("webhooks", "change", hook["id"], "--event", "subscription.renewed")
    assert (changed["events"], changed["note"], changed["active"]) == (["subscription.renewed"], "billing", True)
    assert terminal.good("webhooks", "off", hook["id"])["active"] is False
    shown = terminal.run("webhooks", "show", hook["id"]).out
    assert "It was switched off by hand." in shown
    assert "whpk_" in shown
    assert terminal.good("webhooks", "on", hook["id"])["active"] is True
    rotated = terminal.good("webhooks", "rotate-secret", hook["id"], "--overlap-hours", "2")
    assert len(rotated["secrets"]) == 2
    test = terminal.good("webhooks", "test", hook["id"])
    again = terminal.good("webhooks", "replay", hook["id"], test["id"])
    assert again["replay_of"] == test["id"]
    listed = terminal.good("webhooks", "deliveries", hook["id"])["items"]
    assert {one["id"] for one in listed} == {test["id"], again["id"]}
    assert "webhook.test" in terminal.run("webhooks", "deliveries", hook["id"]).out
    assert "is deleted" in terminal.run("webhooks", "delete", hook["id"]).out
    assert terminal.good("webhooks", "list")["items"] == []


def test_what_cannot_be_told_is_refused_with_its_reason(staff: ProviderTerminal) -> None:
    assert staff.terminal.refused("webhooks", "add", "http://hooks.invalid/")["field"] == "url"
    assert staff.terminal.refused("webhooks", "add", "https://169.254.169.254/latest")["field"] == "url"
    problem = staff.terminal.refused("webhooks", "add", URL, "--event", "subscription.no_such")
    assert (problem["field"], problem["code"]) == ("events", "field_invalid")


def test_a_dry_run_shows_no_secret_and_makes_nothing(staff: ProviderTerminal) -> None:
    assert "whsec_" not in staff.terminal.run("webhooks", "add", URL, "--dry-run").out
    assert staff.terminal.good("webhooks", "list")["items"] == []


def test_mails_wait_and_say_what_to_do(server: Vendor, staff: ProviderTerminal) -> None:
    status = server.terminal.run("emails", "status").out
    assert "no" in status
    assert "server.json" in status
    letter = server.terminal.good("emails", "test", "ana@example.com")
    assert (letter["to"], letter["template"], letter["state"]) == ("ana@example.com", "email_test", "waiting")
    assert letter["id"] in server.terminal.run("emails", "list").out
    assert server.terminal.good("emails", "resend", letter["id"])["state"] == "waiting"
    assert staff.terminal.good("emails", "list")["items"] == []
    assert staff.terminal.refused("emails", "status")["code"] == "action_not_permitted"
    assert staff.terminal.refused("emails", "resend", letter["id"])["code"] == "not_found"
    assert server.terminal.refused("emails", "test", "nobody")["code"] == "field_invalid"
