"""What a command on a subscription did, or would do, for people: facts, money, timeline, the plan's name, the code."""

import re
from typing import Any

from tenure.cli.show import Column, Screen, moment

STANDING = (
    Column("Subscription", "id"),
    Column("Customer", "customer"),
    Column("Product", "terms.product"),
    Column("Plan", "terms.plan_name"),
    Column("Kind", "terms.kind"),
    Column("Devices", "terms.devices", "count"),
    Column("Phase", "phase"),
    Column("Because", "why"),
    Column("Paid until", "paid_until", "when"),
    Column("Renewal", "renewal.state", "words"),
)
SPAN = (
    Column("From", "since", "moment"),
    Column("Until", "until", "end"),
    Column("Phase", "phase"),
    Column("Because", "why"),
    Column("Features", "features", "list"),
    Column("Devices", "limit", "count"),
)
CHANGE = (
    Column("Agreed from", "effective", "moment"),
    Column("Changes", "changes", "list"),
    Column("Plan", "plan"),
    Column("Devices", "devices", "count"),
    Column("First period until", "until", "moment"),
    Column("Costs", "price", "money:currency"),
)
POSTING = (
    Column("Money", "kind"),
    Column("At", "at", "moment"),
    Column("Balance", "amount", "money:currency"),
    Column("Reserve", "reserve", "money:currency"),
    Column("Reference", "reference"),
)


def outcome(screen: Screen, value: Any) -> None:
    """Everything an outcome says."""
    sub = value["subscription"]
    screen.line(f"Facts: {', '.join(map(_words, value['facts'])) or 'none; it was so already'}.")
    postings(screen, value["postings"], sub["terms"]["currency"])
    screen.line()
    screen.card(sub, STANDING)
    screen.line()
    agreed(screen, sub)
    screen.line()
    timeline(screen, value["timeline"], sub["as_of"])
    renewal(screen, sub)
    if value["affected_leases"]:
        screen.line(f"Sites that get another lease at their next synchronisation: {value['affected_leases']:,}.")
    for warning in value.get("warnings", ()):
        screen.line(f"Mind: {warning}")
    _code(screen, value["activation_code"])


def rehearsed(screen: Screen, value: Any) -> None:
    """An outcome of a dry run: how to get exactly this."""
    outcome(screen, value)
    screen.line()
    screen.line(f"To do exactly this within 15 minutes, add: --plan {value['plan']}")


def agreed(screen: Screen, sub: Any) -> None:
    """What is agreed for later; nothing agreed is said, too, so that what was dropped is seen."""
    items = [item | {"currency": sub["terms"]["currency"]} for item in sub["scheduled"]]
    screen.table(items, CHANGE, "No other terms are agreed for later.")


def timeline(screen: Screen, spans: Any, now: str) -> None:
    """What holds from now on, or all of it where nothing is said about now."""
    # RFC 3339 in UTC with whole seconds sorts as text.
    ahead = [span for span in spans if span["until"] is None or span["until"] > now]
    screen.table(with_renewals(ahead, "why"), SPAN)


def with_renewals(spans: Any, cause: str) -> list[Any]:
    """Spans whose member `cause` says of what is not paid yet that it renews itself."""
    return [span | {cause: "renews by itself"} if span.get("expected") else span for span in spans]


def renewal(screen: Screen, sub: Any) -> None:
    """What is known of the next renewal; nothing where none comes by itself."""
    if sub["renewal"]["sentence"]:
        screen.line(sub["renewal"]["sentence"])


def postings(screen: Screen, items: Any, currency: str) -> None:
    """Movements of money."""
    if items:
        screen.table([item | {"currency": currency} for item in items], POSTING)
    else:
        screen.line("No money moves.")


def until(screen: Screen, text: str | None) -> str:
    """An instant or `never`, in the reader's zone."""
    return moment(text, screen.zone)


def _code(screen: Screen, code: str) -> None:
    if not code:
        return
    screen.line()
    screen.heading(f"Activation code: {code}")
    screen.line("Give it to the customer, who applies it in the application. For 14 days it can be shown once more:")
    screen.line("`tenure subscriptions code`; after that `tenure reissue-code` makes a new one.")


def _words(fact: str) -> str:
    """`RenewalReserved` as `renewal reserved`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", fact).lower()
