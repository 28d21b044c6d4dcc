"""What a command on a subscription did, or would do, for people: facts, money, timeline, the plan's name, the code."""

import re
from typing import Any

from tenure.cli.screen import CommandScreen, TableColumn

STANDING = (
    TableColumn("Subscription", "id"),
    TableColumn("Customer", "customer_name"),
    TableColumn("Product", "terms.product"),
    TableColumn("Plan", "terms.plan_name"),
    TableColumn("Kind", "terms.kind"),
    TableColumn("Devices", "terms.devices", "count"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "why"),
    TableColumn("Paid until", "paid_until", "when"),
    TableColumn("Renewal", "renewal.state", "words"),
)
SPAN = (
    TableColumn("From", "since", "moment"),
    TableColumn("Until", "until", "end"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "why"),
    TableColumn("Features", "features", "list"),
    TableColumn("Devices", "limit", "count"),
)
CHANGE = (
    TableColumn("Agreed from", "effective", "moment"),
    TableColumn("Changes", "changes", "list"),
    TableColumn("Plan", "plan"),
    TableColumn("Devices", "devices", "count"),
    TableColumn("First period until", "until", "when"),
    TableColumn("Costs", "price", "money:currency"),
)
POSTING = (
    TableColumn("Money", "kind"),
    TableColumn("At", "at", "moment"),
    TableColumn("Balance", "amount", "money:currency"),
    TableColumn("Reserve", "reserve", "money:currency"),
    TableColumn("Reference", "reference"),
)


def print_outcome(screen: CommandScreen, value: Any) -> None:
    """Everything an outcome says."""
    sub = value["subscription"]
    screen.line(f"Facts: {', '.join(map(_fact_words, value['facts'])) or 'none; it was so already'}.")
    print_postings(screen, value["postings"], sub["terms"]["currency"])
    screen.line()
    screen.card(sub, STANDING)
    screen.line()
    print_agreed(screen, sub)
    screen.line()
    print_timeline(screen, value["timeline"], sub["as_of"])
    print_renewal(screen, sub)
    if value["affected_leases"]:
        screen.line(f"Sites that get another lease at their next synchronization: {value['affected_leases']:,}.")
    for warning in value.get("warnings", ()):
        screen.line(f"Mind: {warning}")
    _print_code(screen, value["activation_code"])


def print_dry_run(screen: CommandScreen, value: Any) -> None:
    """An outcome of a dry run: how to get exactly this."""
    print_outcome(screen, value)
    screen.line()
    screen.line(f"To do exactly this within 15 minutes, add: --outcome {value['outcome_hash']}")


def print_agreed(screen: CommandScreen, sub: Any) -> None:
    """What is agreed for later; nothing agreed is said, too, so that what was dropped is seen."""
    items = [item | {"currency": sub["terms"]["currency"]} for item in sub["scheduled"]]
    screen.table(items, CHANGE, "No other terms are agreed for later.")


def print_timeline(screen: CommandScreen, spans: Any, now: str) -> None:
    """What holds from now on, or all of it where nothing is said about now."""
    # RFC 3339 in UTC with whole seconds sorts as text.
    ahead = [span for span in spans if span["until"] is None or span["until"] > now]
    screen.table(with_renewals(ahead, "why"), SPAN)


def with_renewals(spans: Any, cause: str) -> list[Any]:
    """Spans whose member `cause` says of what is not paid yet that it renews itself."""
    return [span | {cause: "renews by itself"} if span.get("expected") else span for span in spans]


def print_renewal(screen: CommandScreen, sub: Any) -> None:
    """What is known of the next renewal; nothing where none comes by itself."""
    if sub["renewal"]["sentence"]:
        screen.line(sub["renewal"]["sentence"])


def print_postings(screen: CommandScreen, items: Any, currency: str) -> None:
    """Movements of money."""
    if items:
        screen.table([item | {"currency": currency} for item in items], POSTING)
    else:
        screen.line("No money moves.")


def _print_code(screen: CommandScreen, code: str) -> None:
    if not code:
        return
    screen.line()
    screen.heading(f"Activation code: {code}")
    screen.line("Give it to the customer, who applies it in the application. For 14 days it can be shown once more:")
    screen.line("`tenure subscriptions code`; after that `tenure reissue-code` makes a new one.")


def _fact_words(fact: str) -> str:
    """`RenewalReserved` as `renewal reserved`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", fact).lower()
