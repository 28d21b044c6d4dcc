"""A form whose sender was no longer signed in: what was entered is kept, shown after signing in, and sent again.

Only what provably came from a page of ours is kept, and nothing is done by itself: the user presses the button.
"""

from urllib.parse import urlencode

from tenure.core.timeline import Instant
from tenure.web import csrf
from tenure.web.browser_cache import BrowserCache, KeptForm
from tenure.web.cookies import CookiePlace
from tenure.web.formatting import humanize_name
from tenure.web.forms import SentForm
from tenure.web.replies import PageScreen

FORM_MOST = 64 * 1024
"""Bytes of a form that is kept; more is entered again."""
WHERE = "/resume"
SECRET = frozenset({"password", "old", "new", "token", "secret", "ticket"})
"""Fields that are never kept: the next user who signs in may be another one."""
OWN = frozenset({csrf.FIELD, "_key", "step", "plan"})
"""Fields of the page, which the user did not fill in: sent again, but not shown."""


def of_ours(place: CookiePlace, origin: str | None, fetch_site: str | None) -> bool:
    """Whether the browser itself says that the form stood in one of our pages; silence is no proof."""
    return fetch_site in {None, "same-origin"} and origin is not None and origin.lower() == place.origin


async def keep_form(forms: BrowserCache, path: str, page: str, form: SentForm, now: Instant, address: str) -> str:
    """Where the form is found again after signing in; the page it stood in when it is not kept."""
    values = {name: given for name, given in form.values.items() if name != csrf.FIELD}
    size = sum(len(value) for given in values.values() for value in given)
    if form.files or size > FORM_MOST or SECRET & values.keys():
        return page
    name = await forms.keep_form(KeptForm(path, page, values), size + 500, now, address)
    return f"{WHERE}?{urlencode({'form': name})}" if name else page


def resume_screen(kept: KeptForm, why: str, status: int = 200) -> PageScreen:
    """What was entered, and the button that sends it."""
    shown = [(humanize_name(name), ", ".join(given)) for name, given in kept.values.items() if name not in OWN]
    fields = [(name, value) for name, given in kept.values.items() for value in given]
    values = {"kept": kept, "fields": fields, "shown": [each for each in shown if each[1]], "why": why}
    return PageScreen(template="web/resume.html", values=values, status=status)
