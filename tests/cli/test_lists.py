"""Looking around at the command line: the board, narrowed lists, and files for spreadsheets."""

from pathlib import Path

from tests.cli.vendor import ProviderTerminal, Vendor


def test_the_board_and_a_list_that_is_narrowed(staff: ProviderTerminal) -> None:
    sub, tell = staff.subscription(), staff.terminal.good
    assert sub in [one["id"] for one in tell("subscriptions", "list", "--no-auto", "--due-by", "2028-01-01")["items"]]
    assert tell("subscriptions", "list", "--about", sub, "--phase", "grace")["items"] == []
    totals = tell("board", "--days", "14")["totals"]
    assert totals["subscriptions"] >= 1 and totals["due"]["count"] == 0
    shown = staff.terminal.run("board", "--days", "366").out
    assert "Falls due: 1" in shown and "active" in shown


def test_an_export_is_a_new_file(staff: ProviderTerminal, tmp_path: Path) -> None:
    sub, file = staff.subscription(), tmp_path / "all.csv"
    told = staff.terminal.good("subscriptions", "export", "--out", str(file))
    text = file.read_bytes().decode("utf-8-sig")
    assert text.count("\r\n") == told["rows"] + 1 and sub in text
    assert staff.terminal.refused("subscriptions", "export", "--out", str(file))["field"] == "out"
    assert staff.terminal.good("customers", "export", "--out", str(tmp_path / "c.csv"))["rows"] >= 1


def test_the_vendor_is_told_to_name_the_provider(server: Vendor) -> None:
    """Every refusal of that kind, whichever command; what no token of a provider is ever told."""
    for words in (("customers", "add", "Harbour"), ("offers", "list"), ("offers", "add", "year", "--price", "1")):
        problem = server.terminal.refused(*words)
        assert (problem["code"], problem["field"]) == ("field_invalid", "provider")
        assert problem["title"] == "No provider is named."
        assert "--provider prv_…" in problem["remedy"]
