"""How the command treats people: whole help, short errors, questions before what is grave, names for ids."""

import re
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.cli.test_help import ALL, arguments_of
from tests.cli.vendor import ProviderTerminal, Vendor

ENDLESS = {("demo",), ("story",), ("server", "run"), ("portal", "run"), ("site", "run"), ("agent", "run")}
"""Commands that serve until they are stopped, or start everything: `tests/stories` runs them."""
ELSEWHERE = re.compile(r"/(?=srv/|media/)")
"""Where examples keep their files on a real machine."""


@pytest.mark.parametrize("words", [words for words, _ in ALL], ids=" ".join)
def test_the_help_shows_every_option_that_works(words: tuple[str, ...], terminal: Terminal) -> None:
    shown = set(re.findall(r"--[a-z-]+", terminal.run(*words, "--help").out))
    taken = {name for each in arguments_of(words) if each.show for name in each.names}
    assert {name for name in taken if name.startswith("--")} <= shown


@pytest.mark.parametrize("words", [words for words, _ in ALL if words not in ENDLESS], ids=" ".join)
def test_no_example_ends_in_an_error_of_our_own(
    words: tuple[str, ...], terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    example = str(dict(ALL)[words].help_epilogue).removeprefix("Example: tenure ")
    example = ELSEWHERE.sub(f"{tmp_path}/", example)
    typed = [each.strip("'") for each in re.findall(r"'[^']*'|\S+", example)]
    assert "(internal)" not in terminal.run(*typed).err


@pytest.mark.parametrize(
    ("typed", "told", "usage"),
    [
        (("stat",), 'Unknown command "stat". Did you mean "status"?', "tenure COMMAND"),
        (("customers", "lisst"), 'Unknown command "lisst". Did you mean "list"?', "tenure customers COMMAND"),
        (("order", "cus_1"), "OFFER is missing.", "tenure order [OPTIONS] CUSTOMER OFFER DEVICES"),
        (("order", "a", "b", "1,5"), "DEVICES: '1,5' is not a whole number", "tenure order [OPTIONS]"),
        (("order", "a", "b", "3", "--autoo"), "Unknown option: --autoo. Did you mean --auto?", "tenure order"),
        (("cancel", "a", "b", "c"), "Too much was given: b c", "tenure cancel [OPTIONS] SUBSCRIPTION"),
        (("top-up", "c", "5"), "--reference is missing.", "tenure top-up --reference STR"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_with_the_usage(
    typed: tuple[str, ...], told: str, usage: str, terminal: Terminal
) -> None:
    ran = terminal.run(*typed)
    first, second, third = ran.err.splitlines()
    assert ran.code == 2
    assert first.startswith(told)
    assert second.startswith(f"Usage: {usage}")
    assert third.startswith("More: tenure ")
    assert third.endswith("--help")


def test_a_fault_of_a_field_is_told_without_what_fits_every_field(terminal: Terminal) -> None:
    ran = terminal.run("server", "run", "--folder", str(terminal.home), "--listen", "127.0.0.1:99999")
    assert ran.err.splitlines() == [
        "'99999' is no port: a number from 1 to 65535, or 0 for any that is free. (field_invalid)",
        "Field  listen",
    ]


def test_a_token_that_nobody_knows_leads_to_the_login(server: Vendor, tmp_path: Path) -> None:
    ran = Terminal(tmp_path, {"TENURE_URL": server.url, "TENURE_TOKEN": "tnp_" + "a" * 43}).run("customers", "list")
    assert "tenure login" in ran.err
    assert "Bearer" not in ran.err


def test_on_a_terminal_what_is_grave_is_shown_and_asked_first(staff: ProviderTerminal) -> None:
    sub, terminal = staff.subscription(), staff.terminal
    ran = terminal.run("cancel", sub, answers=("n",), terminal=True)
    assert "Nothing was done. This is what would happen:" in ran.err
    assert terminal.good("subscriptions", "show", sub)["canceled_at"] is None
    terminal.run("top-up", staff.customer, "10", "--reference", "r", answers=("",), terminal=True)
    assert terminal.good("account", staff.customer)["balance"] == 500_000 - 12_000
    terminal.run("cancel", sub, answers=("y",), terminal=True)
    assert terminal.good("subscriptions", "show", sub)["canceled_at"]
    terminal.run("undo-cancellation", sub, "--yes", terminal=True)
    assert terminal.good("subscriptions", "show", sub)["canceled_at"] is None


def test_a_program_is_never_asked(staff: ProviderTerminal) -> None:
    sub = staff.subscription()
    assert staff.terminal.run("cancel", sub).code == 0
    assert staff.terminal.asked == []


def test_customer_offer_and_subscription_go_by_the_names_people_use(staff: ProviderTerminal) -> None:
    staff.offer("year")
    tell = staff.terminal.good
    made = tell("order", "Harbour clinic", "year", "3")["subscription"]
    assert made["customer"] == staff.customer
    assert tell("account", "C-1")["customer"] == staff.customer
    (listed,) = tell("subscriptions", "list", "--customer", "C-1")["items"]
    assert tell("subscriptions", "show", listed["code_last_group"].lower())["id"] == made["id"]


def test_a_name_that_nobody_or_several_have_is_refused_with_what_helps(staff: ProviderTerminal) -> None:
    staff.terminal.good("customers", "add", "Twin")
    staff.terminal.good("customers", "add", "Twin")
    assert staff.terminal.refused("account", "Nobody")["code"] == "not_found"
    several = staff.terminal.refused("account", "Twin")
    assert (several["code"], several["field"]) == ("field_invalid", "customer")
    assert "2 are called 'Twin': cus_" in several["detail"]
    assert staff.terminal.refused("order", "C-1", "nothing", "3")["field"] == "offer"


def test_a_single_rule_is_set_and_the_others_stay(staff: ProviderTerminal) -> None:
    tell = staff.terminal.good
    tell("policy", "publish", "--rule", "grace_days=9", "--rule", "idle_release_days=60")
    tell("policy", "set", "grace_days=7", "renewal_order=cheapest")
    policy = tell("policy", "show")
    assert policy["own_rules"] == {"grace_days": 7, "idle_release_days": 60}
    assert policy["renewal_order"] == "cheapest"
    tell("policy", "set", "grace_days=", "--for-plan", "")
    assert tell("policy", "show")["own_rules"] == {"idle_release_days": 60}


def test_one_payment_from_outside_is_confirmed_for_several_subscriptions(staff: ProviderTerminal) -> None:
    tell = staff.terminal.good
    words = ("offers", "add", "year", "--currency", "EUR", "--price", "12.00", "--settlement", "external")
    offer = tell(*words)["id"]
    subs = [tell("order", "C-1", offer, "2")["subscription"]["id"] for _ in range(2)]
    tell("payments", "confirm", "INV-17", *(f"{sub}=order" for sub in subs))
    assert [tell("subscriptions", "show", sub)["phase"] for sub in subs] == ["active", "active"]


def test_help_and_completion_are_words_too(terminal: Terminal) -> None:
    assert terminal.run("help", "customers", "add").out.startswith("Usage: tenure customers add")
    assert 'Did you mean "cancel"?' in terminal.run("help", "cancle").err
    assert "undo-cancellation" in terminal.run("completion", "bash").out
