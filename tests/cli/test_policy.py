"""The policy at the command line: a report first, then exactly that is published."""

from tests.cli.vendor import ProviderTerminal


def test_a_report_is_read_and_exactly_that_is_published(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(), staff.terminal.good
    shown = staff.terminal.run("policy", "impact", "--rule", "grace_days=3").out
    assert "Grace after a paid period: 14 becomes 3, worse" in shown and sub in shown
    name = tell("policy", "impact", "--rule", "grace_days=3")["outcome_hash"]
    refused = staff.terminal.refused("policy", "publish", "--rule", "grace_days=4", "--outcome", name)
    assert refused["code"] == "outcome_changed_meanwhile"
    assert tell("policy", "publish", "--rule", "grace_days=3", "--outcome", name)["version"] >= 1
    rules = {one["field"]: one["source"] for one in tell("policy", "effective", "--subscription", sub)["rules"]}
    assert rules["grace_days"] in {"vendor_default", "subscription"}


def test_a_longer_grace_is_applied_now(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(), staff.terminal.good
    shown = staff.terminal.run("policy", "impact", "--rule", "grace_days=40", "--apply-now").out
    assert "gets a longer grace" in shown and "now" in shown
    tell("policy", "publish", "--rule", "grace_days=40", "--apply-now")
    rules = {one["field"]: one["value"] for one in tell("policy", "effective", "--subscription", sub)["rules"]}
    assert rules["grace_days"] in {14, 40}
    tell("subscriptions", "show", sub)
    rules = {one["field"]: one["value"] for one in tell("policy", "effective", "--subscription", sub)["rules"]}
    assert rules["grace_days"] == 40
