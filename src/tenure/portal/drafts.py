"""What a form of the vendor's would save: shown first from a dry run, then saved exactly so.

For what cannot be taken back: an id, a currency, a kind that never change once they are saved.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tenure.portal.session import Portal
from tenure.portal.stale import NOTHING_SEEN
from tenure.web.forms import FormAgainError
from tenure.web.page_api import PageApi, WriteAnswer
from tenure.web.replies import PageScreen, RedirectTo, Reply

Crumbs = tuple[tuple[str, str], ...]
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
    crumbs: Crumbs
    """(address, text) of what lies above."""
    button: str
    note: str
    """What never changes afterwards, or whom it reaches."""
    lines: Callable[[Any], list[DraftLine]]
    """Makes lines to read of the dry run's answer."""
    send: Callable[[bool], Awaitable[WriteAnswer]]
    """Ask the API; True makes it a dry run."""
    after: Callable[[Any], str]
    """Where to go on."""
    said: str


def stepping_back(visit: Portal) -> bool:
    """Whether the reader of a preview wants to change what the form says."""
    return visit.form.read_text("step") == "change"


async def take_draft(visit: Portal, draft: FormDraft) -> Reply:
    """Show the preview, or save where the user has confirmed it; for a form that is shown again (`form_at`)."""
    form, real = visit.form, visit.form.read_text("step") == "apply"
    if form.errors or stepping_back(visit):
        raise FormAgainError
    done = await draft.send(not real)
    if real:
        return RedirectTo(draft.after(done.value), draft.said)
    kept = [(name, value) for name, values in form.values.items() if name not in NOT_KEPT for value in values]
    lines = draft.lines(done.value)
    return PageScreen.of("draft.html", draft=draft, lines=lines, kept=kept, compared=any(line.before for line in lines))


async def change_name(
    api: PageApi, visit: Portal, address: str, above: Crumbs, body: dict[str, str], note: str
) -> Reply:
    """`take_draft` of another name for what the API has at `address`, beside the present one."""
    where = visit.fill_address(address)
    before = (await api.get(where))["name"]
    draft = FormDraft(
        title="Another name",
        crumbs=(*above, (visit.path, before)),
        button="Save the name",
        note=note,
        lines=lambda made: [DraftLine("Name", made["name"], before)],
        send=lambda dry: api.put(where, body, if_match=visit.form.read_text("seen") or NOTHING_SEEN, dry_run=dry),
        after=lambda made: visit.path,
        said="Saved.",
    )
    return await take_draft(visit, draft)
