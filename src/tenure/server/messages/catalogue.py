"""The catalogue of events: every kind that the feed and webhooks can carry, with what it means; the docs show it.

Kinds that stand for facts are made from the facts themselves, so that none can be missing.
"""

from collections.abc import Iterable
from typing import get_args

from tenure.core.facts import Fact
from tenure.core.timeline import Phase
from tenure.server.books import snake

REMINDER = "subscription.reminder"
WEBHOOK_DISABLED = "webhook.disabled"
WEBHOOK_TEST = "webhook.test"
"""Sent when asked for, to one webhook only; not part of the feed."""

_FACTS = {
    f"subscription.{snake(fact.__name__)}": str(fact.__doc__).split("\n")[0].partition(";")[0].rstrip(".") + "."
    for fact in get_args(Fact)
}
_PHASES = {
    f"subscription.now_{Phase.ACTIVE}": "Since `since` the subscription serves, until `until` if nobody does anything.",
    f"subscription.now_{Phase.GRACE}": "Since `since` it is in grace: it still serves, until `until`.",
    f"subscription.now_{Phase.PAUSED}": "Since `since` a hold is in force.",
    f"subscription.now_{Phase.ENDED}": "Since `since` it has ended.",
}
_OTHERS = {
    REMINDER: "An end comes nearer; by the policy's `reminders`, then daily in grace.",
    "order.requested": "A customer asks for an order that its provider is to place.",
    "payment.requested": "A customer is asked to pay, or asked to be.",
    "payment.booked": "A requested payment came in and is on the balance.",
    "payment.withdrawn": "A payment is no longer requested.",
    WEBHOOK_DISABLED: "A webhook took nothing for days, or said that it is gone; it is told nothing any more.",
}
CATALOGUE: dict[str, str] = _FACTS | _PHASES | _OTHERS
"""Kind to meaning."""


def matches(filters: Iterable[str], kind: str) -> bool:
    """Whether a webhook with these filters wants `kind`; none wants everything, `subscription.*` all of a family."""
    wanted = tuple(filters)
    return not wanted or any(each == kind or (each.endswith("*") and kind.startswith(each[:-1])) for each in wanted)


def unknown(filters: Iterable[str]) -> str | None:
    """The first filter that no event can match; None when each may."""
    return next((each for each in filters if not any(matches((each,), kind) for kind in CATALOGUE)), None)


def page() -> str:
    """The catalogue as the table of docs/messages.md."""
    rows = [f"| `{kind}` | {meaning} |" for kind, meaning in sorted(CATALOGUE.items())]
    return "\n".join(["| event | meaning |", "|---|---|", *rows])
