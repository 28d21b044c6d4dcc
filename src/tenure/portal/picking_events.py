"""Choosing kinds of events in a form: all, or single ones by topic, each with its sentence; works without script."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec

from tenure.web.formatting import format_instants_in
from tenure.web.forms import SentForm
from tenure.web.page_api import PageApi

SOME, ALL = "some", "all"
WHAT = (
    (SOME, "Only what is chosen below", ""),
    (ALL, "All events", "Also kinds that a later version adds. The choice below does not count then."),
)
FAMILIES = {
    "order": "Every event about order requests",
    "payment": "Every event about payment requests",
    "subscription": "Every event about subscriptions",
    "webhook": "Every event about webhooks",
}
"""What a whole family is called; one that is not named here goes by its own name."""


class Pick(msgspec.Struct, frozen=True):
    """One check box: the filter that it stands for, and its sentence."""

    value: str
    text: str
    hint: str = ""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """Check boxes under one heading; `opened` when one of them is checked."""

    title: str
    picks: tuple[Pick, ...]
    chosen: int

    @property
    def opened(self) -> bool:
        """Whether the reader has to see what is in it."""
        return self.chosen > 0


async def event_topics(api: PageApi, chosen: Iterable[str]) -> tuple[Topic, ...]:
    """Everything that can be picked, by topic; whole families come first."""
    kinds: list[Any] = (await api.get("/v1/event-kinds"))["items"]
    wanted = set(chosen)
    families = sorted({each["family"] for each in kinds})
    whole = tuple(Pick(f"{name}.*", FAMILIES.get(name, name), f"{name}.*") for name in families)
    single = [
        (topic, tuple(Pick(each["kind"], each["kind"], format_instants_in(each["meaning"])) for each in several))
        for topic, several in groupby(kinds, key=lambda each: each["topic"])
    ]
    return tuple(
        Topic(title=title, picks=picks, chosen=sum(pick.value in wanted for pick in picks))
        for title, picks in (("Whole families", whole), *single)
    )


def events_of(form: SentForm) -> list[str]:
    """The filters that the form says; none for all events. Nothing chosen at all is a fault."""
    form.values.setdefault("events", [])
    what = form.read_choice("what", (SOME, ALL))
    if what == ALL:
        form.values["events"] = []
    elif what and not form.read_many("events"):
        form.add_fault("events", "Choose at least one event, or say “All events” above.")
    return form.read_many("events")


def filled(events: list[str]) -> dict[str, Any]:
    """The fields of a form that shows these filters."""
    return {"what": SOME if events else ALL, "events": events}
