"""One request of a user at a browser, the pages and forms a program is made of, and the question before a loss.

A page is an async function of a `PageVisit` that answers with a `Reply`; how it is served is `app`'s.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

import msgspec

from tenure.core.timeline import Instant
from tenure.http.client.api_exchange import fill_path
from tenure.web import csrf
from tenure.web.cookies import CookiePlace
from tenure.web.formatting import humanize_name
from tenure.web.forms import FormAgainError, SentForm
from tenure.web.frame import PageFrame
from tenure.web.replies import PageRefusal, PageScreen, RefusedPageError, Reply
from tenure.web.sessions import FlashMessage, PageSession

T = TypeVar("T")


@dataclass
class PageVisit(Generic[T]):
    """One request of a user at a browser."""

    method: str
    path: str
    params: dict[str, str]
    """The parts of the path in braces."""
    query: dict[str, str]
    form: SentForm
    """What was sent, or an empty form."""
    now: Instant
    """Real time."""
    place: CookiePlace
    address: str
    """The caller's network address."""
    session: PageSession[T] | None = None
    frame: PageFrame | None = None
    signs_in: T | None = None
    """Set by a page that signs a user in: what the new session holds."""
    signs_out: bool = False
    device: str = ""
    """What this browser was given to be known by; empty when it has nothing."""
    browser: str = ""
    """What it says it is, in words; empty when it says nothing that is known."""
    keeps: str | None = None
    """Set by a page that gives it something to be known by from now on."""
    marks: tuple[str, ...] = ()
    """Choices about what is shown that this browser was asked to keep; see `cookies.read_marks`."""
    leaves: tuple[str, ...] | None = None
    """Set by a page that changes those choices: all that are kept from now on."""
    spoken: list[FlashMessage] = field(default_factory=list)

    @property
    def session_value(self) -> T:
        """What the session holds. Only on routes that need one."""
        if self.session is None:
            raise LookupError(f"no user is signed in at {self.path}")
        return self.session.value

    def flash_message(self, text: str, tone: str = "good") -> None:
        """A sentence for the next page that is shown."""
        self.spoken.append(FlashMessage(tone, text))

    def fill_address(self, template: str) -> str:
        """An address of ours or of the API, with the parts of this one's path in its braces."""
        return fill_path(template, **self.params)

    def with_query(self, **changed: str | None) -> str:
        """This address with other query parameters; None takes one away."""
        merged: dict[str, str | None] = {**self.query, **changed}
        text = urlencode({name: value for name, value in merged.items() if value})
        return f"{self.path}?{text}" if text else self.path


Run = Callable[[PageVisit[Any]], Awaitable[Reply]]


class ConfirmationQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked before something that cannot be undone."""

    title: str
    """The question."""
    text: str
    """What will be lost, and that it cannot be undone."""
    button: str
    """The action, as a verb with its object."""
    back: str
    """The page to which a user goes back who does not confirm."""
    shown: tuple[tuple[str, str], ...] | None = None
    """What it is about, as names with values; None: what was entered, as it was."""
    gain: bool = False
    """Whether nothing is lost by it, so that the button does not warn."""


Ask = Callable[[PageVisit[Any]], Awaitable[ConfirmationQuestion | None]]
"""The question for what was entered; None where nothing would be lost."""
Again = Callable[[PageVisit[Any], PageRefusal | None], Awaitable[PageScreen]]
"""The page of a form with what was entered and what is wrong with it; None: only fields are."""


class PageRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A page, or what one of its forms does."""

    method: Literal["GET", "POST"]
    path: str
    """Such as `/subscriptions/{subscription}`."""
    run: Run
    stranger: bool = False
    """Open to users who are not signed in."""
    asks: bool = False
    """Whether the user is asked to confirm first (`ConfirmationQuestion`)."""


def page_route(path: str, run: Run, *, stranger: bool = False) -> PageRoute:
    """A page that is looked at."""
    return PageRoute(method="GET", path=path, run=run, stranger=stranger)


def form_screen(visit: PageVisit[Any], template: str, refusal: PageRefusal | None = None, **values: Any) -> PageScreen:
    """A page with a form: 422 where something is wrong with it, a refusal beside its field or, as `refusal`, above."""
    shown = None if refusal is None else visit.form.place_refusal(refusal)
    status = 422 if refusal or visit.form.errors else 200
    return PageScreen(template=template, values={"refusal": shown, **values}, status=status)


def fields_screen(visit: PageVisit[Any], template: str, refusal: PageRefusal | None, **values: Any) -> PageScreen:
    """As `form_screen`, of a page that shows faults beside fields alone. Raises `RefusedPageError` for others."""
    screen = form_screen(visit, template, refusal, **values)
    if screen.values["refusal"] is not None:
        raise RefusedPageError(screen.values["refusal"])
    return screen


def form_route(
    path: str,
    run: Run,
    *,
    stranger: bool = False,
    sure: ConfirmationQuestion | Ask | None = None,
    again: Again | None = None,
) -> PageRoute:
    """What a form does; it gets the form and has passed both fences. With `sure` it is asked first.

    With `again` the form is shown again when fields are wrong (`SentForm.require_valid`) or something is refused.
    """
    checked = run if again is None else show_again(again, run)
    asked = checked if sure is None else _ask_first(sure, checked)
    return PageRoute(method="POST", path=path, run=asked, stranger=stranger, asks=sure is not None)


def show_again(again: Again, run: Run) -> Run:
    """`run`, with the form's page instead where fields are wrong or something is refused."""

    async def run_form(visit: PageVisit[Any]) -> Reply:
        try:
            return await run(visit)
        except FormAgainError:
            return await again(visit, None)
        except RefusedPageError as error:
            visit.form.values.pop("_key", None)  # what is tried next is another request
            return await again(visit, error.refusal)

    return run_form


def _ask_first(ask: ConfirmationQuestion | Ask, run: Run) -> Run:
    """Wrap `run` in the question: it runs after the user has confirmed, and refusals come before the question."""

    async def asked_first(visit: PageVisit[Any]) -> Reply:
        if visit.form.read_text("_sure") == "yes":
            return await run(visit)
        sure = ask if isinstance(ask, ConfirmationQuestion) else await ask(visit)
        if sure is None:
            return await run(visit)
        fields = [(name, value) for name, given in visit.form.values.items() if name != csrf.FIELD for value in given]
        shown = [(humanize_name(name), value) for name, value in fields if value and not name.startswith("_")]
        query = f"?{urlencode(visit.query)}" if visit.query and "?" not in sure.back else ""
        return PageScreen.of(
            "web/sure.html",
            sure=sure,
            fields=fields,
            address=visit.with_query(),
            shown=shown if sure.shown is None else sure.shown,
            back=sure.back + query,
        )

    return asked_first
