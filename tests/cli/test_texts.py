"""What a person who mistypes is told: the value, and what to type instead."""

from pathlib import Path

import pytest

from tenure.cli.argument_types import parse_amount
from tenure.cli.problems import CommandError
from tenure.cli.screen import readable_text
from tests.cli.terminal import CET, Terminal
from tests.cli.vendor import ProviderTerminal, Vendor


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1,320", "'1,320' has a comma: write 1320, without a comma."),
        ("1,320.00", "'1,320.00' has a comma: write 1320.00, without a comma."),
        ("13,20", "'13,20' has a comma: write the amount with a point, 13.20."),
        ("lots", "'lots' is no amount: one in EUR is written as 120.50, with at most 2 digits after the point."),
    ],
)
def test_an_amount_that_is_none_is_shown_with_how_it_is_written(typed: str, told: str) -> None:
    with pytest.raises(CommandError) as failed:
        parse_amount(typed, "EUR", "amount")
    assert failed.value.problem.detail == told


def test_a_whole_number_is_written_without_a_comma(terminal: Terminal) -> None:
    assert terminal.refused("order", "cus_1", "off_1", "1,000")["detail"] == "DEVICES: write 1000, without a comma."


def test_an_id_of_another_sort_is_told_as_that(staff: ProviderTerminal) -> None:
    customer, offer = f"cus_{'0' * 26}", f"off_{'0' * 26}"
    ran = staff.terminal.refused("order", offer, customer, "5")
    assert ran["detail"] == f"{offer} is an offer; a customer (cus_…) is needed here."
    assert staff.terminal.refused("statement", f"sub_{'0' * 26}")["detail"].endswith(
        "a customer (cus_…) is needed here."
    )


def test_a_product_in_place_of_a_plan_leads_to_the_plans(staff: ProviderTerminal) -> None:
    told = staff.terminal.refused("offers", "add", "nosuch", "--price", "3.90", "--currency", "EUR")
    assert told["code"] == "unknown_plan"
    assert "“nosuch” is the id of no plan" in told["cause"]
    assert "`tenure plans list`" in told["remedy"]


def test_a_token_that_login_cannot_use_does_not_send_to_login(terminal: Terminal, server: Vendor) -> None:
    ran = terminal.run("login", server.url, given="tnr_wrong")
    assert "Nothing was kept." in ran.err
    assert "tenure login" not in ran.err


def test_a_missing_site_is_told_before_a_missing_code(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.refused("activate", "--site", str(tmp_path / "nosite"))
    assert told["field"] == "site"


def test_sentences_show_instants_and_amounts_as_tables_do() -> None:
    said = "Renewal opens on 2026-12-01T00:00:00Z; 12000.00 EUR and 999.00 EUR are missing."
    shown = "Renewal opens on 2026-12-01 01:00:00 CET (00:00:00 UTC); 12,000.00 EUR and 999.00 EUR are missing."
    assert readable_text(said, CET) == shown
