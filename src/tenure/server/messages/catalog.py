"""The catalog of events: every kind that the feed and webhooks can carry, with what it means; the docs show it.

Kinds that stand for facts are made from the facts themselves, so that none can be missing.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, get_args

import msgspec

from tenure.core.subscription import facts
from tenure.core.subscription.facts import Fact
from tenure.core.timeline import Phase
from tenure.server.account_repository import snake_case

REMINDER = "subscription.reminder"
WEBHOOK_DISABLED = "webhook.disabled"
WEBHOOK_TEST = "webhook.test"
"""Sent when asked for, to one webhook only; not part of the feed."""

_FACTS = {
    f"subscription.{snake_case(fact.__name__)}": str(fact.__doc__).split("\n")[0].partition(";")[0].rstrip(".") + "."
    for fact in get_args(Fact)
}
_PHASES = {
    f"subscription.now_{Phase.ACTIVE}": "It has become active: `since` says when, `until` for how long.",
    f"subscription.now_{Phase.GRACE}": "It is in grace and still works: `since` says from when.",
    f"subscription.now_{Phase.PAUSED}": "It is paused by a hold: `since` says from when.",
    f"subscription.now_{Phase.ENDED}": "It has ended: `since` says when.",
}
_OTHERS = {
    REMINDER: "An end comes nearer; by the policy's `reminders`, then daily in grace.",
    "order.requested": "A customer asks for an order that its provider is to place.",
    "payment.requested": "A customer is asked to pay, or asked to be.",
    "payment.booked": "A requested payment came in and is on the balance.",
    "payment.withdrawn": "A payment is no longer requested.",
    WEBHOOK_DISABLED: "A webhook took nothing for days, or said that it is gone; it is told nothing any more.",
}
CATALOG: dict[str, str] = _FACTS | _PHASES | _OTHERS
"""Kind to meaning."""

LISTED_AT: Final = "/v1/event-kinds"
"""Where the API lists the catalog."""

PHASES: Final = "Phases and reminders"
_TOPIC_OF = {
    f"subscription.{snake_case(fact.__name__)}": topic for topic, several in facts.TOPICS.items() for fact in several
}
_OTHER_TOPICS = {"order": "Orders and activation codes", "payment": "Renewals and payments", "webhook": "Webhooks"}
TOPICS: Final = (PHASES, *facts.TOPICS, "Webhooks")
"""What kinds are about, in the order in which they are shown."""


class EventKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of event that the feed and webhooks carry."""

    kind: str
    family: str
    """The part before the dot; `subscription.*` as a filter stands for the whole family."""
    topic: str
    """What it is about, as a heading."""
    meaning: str
    """One sentence; names in back quotes are fields of the event's `data` or of the event itself."""


def event_kinds() -> tuple[EventKind, ...]:
    """The catalog by topic, each topic by kind."""
    listed = [
        EventKind(kind=kind, family=kind.partition(".")[0], topic=_topic(kind), meaning=meaning)
        for kind, meaning in CATALOG.items()
    ]
    return tuple(sorted(listed, key=lambda each: (TOPICS.index(each.topic), each.kind)))


def _topic(kind: str) -> str:
    """Of a fact, its own; what stands for none goes by its family."""
    return _TOPIC_OF.get(kind) or _OTHER_TOPICS.get(kind.partition(".")[0]) or PHASES


def matches_filters(filters: Iterable[str], kind: str) -> bool:
    """Whether a webhook with these filters wants `kind`; none wants everything, `subscription.*` all of a family."""
    wanted = tuple(filters)
    return not wanted or any(each == kind or (each.endswith("*") and kind.startswith(each[:-1])) for each in wanted)


def unknown_filter(filters: Iterable[str]) -> str | None:
    """The first filter that no event can match; None when each may."""
    return next((each for each in filters if not any(matches_filters((each,), kind) for kind in CATALOG)), None)


def no_such_kind(name: str) -> str:
    """What is wrong with a filter that no event can match, and what helps: a close kind, and where all are listed."""
    families = {f"{kind.partition('.')[0]}.*" for kind in CATALOG}
    close = get_close_matches(name, [*CATALOG, *sorted(families)], n=1, cutoff=0.7)
    meant = f" Did you mean {close[0]}?" if close else ""
    return (
        f"There is no event kind {name}.{meant} All kinds: GET {LISTED_AT}, or `tenure webhooks kinds`;"
        " subscription.* stands for a whole family, an empty list for all events."
    )
