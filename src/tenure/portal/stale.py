"""Two people save one form: the second sees what stands there now beside what was entered, and decides.

The entity tag travels in the form, from when it was opened; what differs is told here, the page shows it.
"""

from collections.abc import Mapping

import msgspec

from tenure.web.forms import Form
from tenure.web.replies import Refusal

STALE = "version_stale"
STATUS = 412
NOTHING_SEEN = '"0"'
"""A form that carries no entity tag has seen nothing: nothing that exists has this version."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it is stored now, and as it was entered."""

    field: str
    stored: str
    entered: str


def is_stale(refusal: Refusal | None) -> bool:
    """Whether somebody else has saved since the form was opened."""
    return refusal is not None and refusal.code == STALE


def differences(form: Form, stored: Mapping[str, object]) -> list[Difference]:
    """The fields in which what was entered is not what is stored now."""
    found = []
    for name, value in stored.items():
        now = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        entered = ", ".join(form.values.get(name, [])) if isinstance(value, list) else form.text(name)
        if now != entered:
            found.append(Difference(field=name, stored=now, entered=entered))
    return found
