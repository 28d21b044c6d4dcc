"""What people read, word for word: the outputs of a day in a sandbox whose clock stands still."""

from dataclasses import dataclass, replace
from datetime import UTC

import pytest

from tests.cli import golden
from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal, Vendor


@dataclass
class Day:
    """One provider after a day's work."""

    staff: ProviderTerminal
    subscription: str
    ordered: str
    """What the order printed."""
    group: str
    """The last group of its code, which lists show."""


@pytest.fixture(scope="module")
def day(server: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Day:
    staff = server.staff(tmp_path_factory.mktemp("day"), sandbox=True, name="Day")
    staff.terminal.good("clock", "set", "2026-03-01", "--rate", "0")
    ordered = staff.terminal.run("order", staff.customer, staff.offer("year"), "10", "--why", "first order").out
    sub = staff.terminal.good("subscriptions", "list")["items"][0]["id"]
    staff.terminal.good("hold", sub, "an invoice is open", "--until", "2026-03-31")
    group = staff.terminal.good("subscriptions", "list")["items"][0]["code_last_group"]
    return Day(staff, sub, ordered, group)


def test_an_order_shows_the_code_once(day: Day) -> None:
    golden.compare("order", day.ordered)


@pytest.mark.parametrize("verb", ["show", "timeline", "explain", "history"])
def test_one_subscription(day: Day, verb: str) -> None:
    golden.compare(
        f"subscriptions-{verb}", day.staff.terminal.run("subscriptions", verb, day.subscription).out, day.group
    )


@pytest.mark.parametrize(
    "words",
    [
        ("subscriptions", "list"),
        ("customers", "list"),
        ("offers", "list"),
        ("plans", "show", "year"),
        ("policy", "show"),
        ("clock", "show"),
        ("events",),
        ("installations", "list"),
        ("tokens", "list"),
        ("refusals", "insufficient_balance"),
        ("refusals",),
    ],
)
def test_lists_and_cards(day: Day, words: tuple[str, ...]) -> None:
    golden.compare("-".join(words), day.staff.terminal.run(*words).out, day.group)


@pytest.mark.parametrize("verb", ["account", "statement", "runway"])
def test_money(day: Day, verb: str) -> None:
    golden.compare(verb, day.staff.terminal.run(verb, day.staff.customer).out)


def test_a_dry_run_names_its_plan(day: Day) -> None:
    ran = day.staff.terminal.run("change-devices", day.subscription, "20", "--dry-run")
    golden.compare("change-devices-dry-run", ran.out)


def test_a_refusal_says_why_what_helps_who_and_when(day: Day) -> None:
    ran = day.staff.terminal.run("renew", day.subscription)
    assert ran.out == ""
    golden.compare("refused-renewal", ran.err)


def test_a_reader_in_utc_sees_each_instant_once(day: Day) -> None:
    there = replace(day.staff.terminal, zone=UTC)
    golden.compare("subscriptions-timeline-utc", there.run("subscriptions", "timeline", day.subscription).out)


def test_signing_in_and_the_profiles(server: Vendor, terminal: Terminal) -> None:
    ran = terminal.run("login", server.url, "--as", "vendor", given=server.token + "\n")
    golden.compare("login", (ran.out + terminal.run("profiles", "list").out).replace(str(terminal.home), "~"))


@pytest.mark.parametrize("words", [("customers",), ("renew",), ("order",), ("login",), ("keys", "rotate")])
def test_help(terminal: Terminal, words: tuple[str, ...]) -> None:
    ran = terminal.run(*words, "--help")
    assert ran.code == 0
    golden.compare("-".join(("help", *words)), ran.out)
