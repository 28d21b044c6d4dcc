"""The question before devices lose their seats: which are meant, and what it means for them; the pages do it."""

from collections.abc import Sequence

from tenure.core.plurals import format_count
from tenure.http.client.api_exchange import fill_path
from tenure.web.page_api import PageApi
from tenure.web.questions import name_question
from tenure.web.replies import RefusedPageError
from tenure.web.visits import ConfirmationQuestion

NAMED = 10
"""Devices that the question names; the others are counted."""
LOSSES = {
    "withdraw": (
        "Withdraw the seat of {}?",
        "It stops being protected at its next contact, and its seat is free for another."
        " It gets none until one is assigned to it, if one is free then.",
        "Withdraw the seat",
    ),
    "remove": (
        "Remove {}?",
        "It gives its seat up and leaves the list. This cannot be undone: to come back it has to be enrolled again.",
        "Remove",
    ),
    "release": (
        "Release {} now?",
        "The seat is taken from each of them; it stops being protected at its next contact."
        " It gets a seat again only if it asks for one while one is free.",
        "Release now",
    ),
}
"""By action: the question, what is lost, the action as the button says it."""


async def loss_question(api: PageApi, what: str, devices: Sequence[str], back: str) -> ConfirmationQuestion:
    """The question for one of `LOSSES`, with the names of the first devices that are meant.

    Raises `RefusedPageError` when the only device that is meant is not there.
    """
    title, text, button = LOSSES[what]
    names = [await _device_name(api, each, alone=len(devices) == 1) for each in devices[:NAMED]]
    shown = [("Device", name) for name in names]
    if len(devices) > NAMED:
        shown.append(("And", f"{len(devices) - NAMED:,} more"))
    if len(devices) == 1:
        return name_question(ConfirmationQuestion(title=title, text=text, button=button, back=back), names[0], *shown)
    title = title.replace("{}", format_count(len(devices), "device"))
    text = f"For each of them: {text[0].lower()}{text[1:]}"
    return ConfirmationQuestion(title=title, text=text, button=button, back=back, shown=tuple(shown))


async def _device_name(api: PageApi, device: str, *, alone: bool) -> str:
    """A device's name; of several, one that is gone is named by its id, and the API then refuses the action for it."""
    try:
        found = await api.get(fill_path("/v1/devices/{device}", device=device))
    except RefusedPageError:
        if alone:
            raise
        return device
    return str(found["name"] or device)
