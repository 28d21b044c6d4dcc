"""Two users save one form: the second sees what stands there now beside what was entered, and decides.

The entity tag travels in the form, from when it was opened; what differs is told here, the page shows it.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tenure.core.field_errors import field_label
from tenure.web.forms import SentForm
from tenure.web.replies import PageRefusal

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
