"""Two users save one form: the second sees what stands there now beside what was entered, and decides.

The entity tag travels in the form, from when it was opened; what differs is told here, the page shows it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from tenure.core.field_errors import field_label
from tenure.portal.session import Portal
from tenure.web.forms import SentForm
from tenure.web.page_api import WriteAnswer
from tenure.web.replies import PageRefusal, PageScreen
from tenure.web.visits import form_screen

STALE = "version_stale"
STATUS = 412
NOTHING_SEEN = '"0"'
"""A form that carries no entity tag has seen nothing: nothing that exists has this version."""


class StaleField(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it is stored now, and as it was entered."""

    name: str
    """What the field is called on its page."""
    stored: str
    entered: str


def is_stale(refusal: PageRefusal | None) -> bool:
    """Whether another user has saved since the form was opened."""
    return refusal is not None and refusal.code == STALE


def stale_fields(
    form: SentForm, stored: Mapping[str, object], names: Mapping[str, str] = MappingProxyType({})
) -> list[StaleField]:
    """The fields in which what was entered is not what is stored now, called as the form calls them.

    `names` are those that this form alone calls otherwise.
    """
    found = []
    for name, value in stored.items():
        now = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        entered = ", ".join(form.values.get(name, [])) if isinstance(value, list) else form.read_text(name)
        if now != entered:
            found.append(StaleField(name=names.get(name) or field_label(name), stored=now, entered=entered))
    return found


def shown_form(visit: Portal, stored: Mapping[str, object], known: SentForm | None = None) -> SentForm:
    """The form that was sent, if it is the one with the `stored` fields; else that form filled in, or `known`."""
    return visit.form if stored.keys() & visit.form.values.keys() else known or SentForm.of(**stored)


def edit_screen(
    visit: Portal,
    template: str,
    refusal: PageRefusal | None,
    seen: WriteAnswer,
    stored: Mapping[str, object],
    names: Mapping[str, str] = MappingProxyType({}),
    *,
    known: SentForm | None = None,
    **values: Any,
) -> PageScreen:
    """The page of a form over what is stored: filled in by that, or as it was sent, also if it was meanwhile too old.

    `stored` are its fields, `names` as for `stale_fields`; `known` is the filled form where its fields are others.
    """
    form = shown_form(visit, stored, known)
    if not is_stale(refusal):
        opened = visit.form.read_text("seen") if form is visit.form else seen.etag
        return form_screen(visit, template, refusal, form=form, seen=opened, **values)
    values |= {"refusal": None, "form": form, "seen": seen.etag, "differences": stale_fields(form, stored, names)}
    return PageScreen(template=template, values=values, status=STATUS)
