"""Paying at the command line: asked, booked once, withdrawn, played; a statement as a file."""

from pathlib import Path

from tests.cli.vendor import ProviderTerminal


def test_m08_a_payment_is_asked_for_and_booked_once(sandbox: ProviderTerminal, tmp_path: Path) -> None:
    tell, customer = sandbox.terminal.good, sandbox.customer
    tell("payments", "change", "To the usual account.", "--days", "14")
    assert tell("payments", "settings")["request_days"] == 14
    one = tell("payments", "ask", customer, "--amount", "12.50")
    assert (one["amount"], one["instructions"]) == (1_250, "To the usual account.")
    assert one["reference"] in sandbox.terminal.run("payments", "list", "--state", "asked").out
    ran = sandbox.terminal.run("payments", "book", one["id"], "--reference", "bank 5", "--amount", "12.00")
    assert "12.00 EUR" in ran.out and "booked" in ran.out
    assert tell("payments", "show", one["id"])["paid"] == 1_200
    two = tell("payments", "ask", customer, "--amount", "1")
    assert tell("payments", "withdraw", two["id"])["state"] == "withdrawn"
    three = tell("payments", "ask", customer, "--amount", "3")
    assert tell("payments", "play", three["id"])["payment_request"]["state"] == "booked"
    assert tell("payments", "secret")["secret"].startswith("pgs_")
    rows = tell("statement", customer, "--csv", str(tmp_path / "s.csv"))["rows"]
    assert rows == len(tell("statement", customer)["items"])
