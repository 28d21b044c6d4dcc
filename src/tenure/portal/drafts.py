"""What a form of the vendor's would save: shown first from a dry run, then saved exactly so.

For what cannot be taken back: an id, a currency, a kind that never change once they are saved.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tenure.portal.session import Portal
from tenure.web.page_api import WriteAnswer
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply

NOT_KEPT = frozenset({"_token", "_key", "step"})


class DraftLine(msgspec.Struct, frozen=True):
    """One thing that is going to stand there; `before` is empty where it is new."""

    name: str
    after: str
    before: str = ""


class FormDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One form with everything that its two steps need."""

    title: str
    """What is going to happen, as a heading."""
    crumbs: tuple[tuple[str, str], ...]
    """(address, text) of what lies above."""
    action: str
    """Where the form is sent."""
    button: str
    note: str
    """What never changes afterwards, or whom it reaches."""
    lines: Callable[[Any], list[DraftLine]]
    """Makes lines to read of the dry run's answer."""
    send: Callable[[bool], Awaitable[WriteAnswer]]
    """Ask the API; True makes it a dry run."""
    form: Callable[[PageRefusal | None], Awaitable[PageScreen]]
    """The form again, with what was refused."""
    after: Callable[[Any], str]
    """Where to go on."""
    said: str


def stepping_back(visit: Portal) -> bool:
    """Whether the reader of a preview wants to change what the form says."""
    return visit.form.read_text("step") == "change"


async def take_draft(visit: Portal, draft: FormDraft) -> Reply:
    """Show the preview, or save where the user has confirmed it; the form again where the API refuses either."""
    form, real = visit.form, visit.form.read_text("step") == "apply"
    if form.errors or stepping_back(visit):
        return await draft.form(None)
    try:
        done = await draft.send(not real)
    except RefusedPageError as error:
        form.values.pop("_key", None)
        return await draft.form(error.refusal)
    if real:
        visit.flash_message(draft.said)
        return RedirectTo(draft.after(done.value))
    kept = [(name, value) for name, values in form.values.items() if name not in NOT_KEPT for value in values]
    lines = draft.lines(done.value)
    values = {"draft": draft, "lines": lines, "kept": kept, "compared": any(line.before for line in lines)}
    return PageScreen(template="draft.html", values=values)
