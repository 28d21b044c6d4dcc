"""A form whose sender was no longer signed in: what was entered is kept, shown after signing in, and sent again.

Only what provably came from a page of ours is kept, and nothing is done by itself: whoever reads it says so.
"""

from urllib.parse import urlencode

from tenure.core.timeline import Instant
from tenure.web import csrf
from tenure.web.cookies import Place
from tenure.web.forms import Form
from tenure.web.kept import KeptForm, KeptThings
from tenure.web.replies import Screen
from tenure.web.words import spoken

BYTES_MOST = 8 * 1024 * 1024
FORM_MOST = 64 * 1024
"""Bytes of a form that is kept; more is entered again."""
FORMS_MOST = 2_000
"""Forms that are kept of everybody together."""
WHERE = "/resume"
SECRET = frozenset({"password", "old", "new", "token", "secret", "ticket"})
"""Fields that are never kept: whoever signs in next may be somebody else."""
OWN = frozenset({csrf.FIELD, "_key", "step", "plan"})
"""Fields of the page, not of whoever filled it in: sent again, but not shown."""


def of_ours(place: Place, origin: str | None, fetch_site: str | None) -> bool:
    """Whether the browser itself says that the form stood in one of our pages; silence is no proof."""
    return fetch_site in {None, "same-origin"} and origin is not None and origin.lower() == place.origin


def keep(forms: KeptThings[KeptForm], path: str, page: str, form: Form, now: Instant) -> str:
    """Where the form is found again after signing in; the page it stood in when it is not kept."""
    values = {name: given for name, given in form.values.items() if name != csrf.FIELD}
    size = sum(len(value) for given in values.values() for value in given)
    if form.files or size > FORM_MOST or SECRET & values.keys():
        return page
    name = forms.keep("", KeptForm(path, page, values), size + 500, now)
    return f"{WHERE}?{urlencode({'form': name})}" if name else page


def screen(kept: KeptForm, why: str, status: int = 200) -> Screen:
    """What was entered, and the button that sends it."""
    shown = [(spoken(name), ", ".join(given)) for name, given in kept.values.items() if name not in OWN]
    fields = [(name, value) for name, given in kept.values.items() for value in given]
    values = {"kept": kept, "fields": fields, "shown": [each for each in shown if each[1]], "why": why}
    return Screen(template="web/resume.html", values=values, status=status)
