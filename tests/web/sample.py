"""A program of three pages on the kit: sign in with a word, a form with faults, a refusal."""

import msgspec

from tenure.http.fairness import FairPlaces, block_of
from tenure.web.forms import SentForm
from tenure.web.frame import MenuEntry, MenuGroup, PageFrame
from tenure.web.page_app import PageParts, PageVisit, build_pages, form_route, page_route
from tenure.web.replies import FileDownload, PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, local_path
from tenure.web.sessions import EACH, MOST, MemorySessions
from tenure.web.visits import form_screen


class Who(msgspec.Struct):
    name: str
    things: int = 0


LOCKED = {
    8: PageRefusal(title="Eight is not to be had <today>.", status=409, code="not_today"),
    9: PageRefusal(title="Nine are too many.", status=422, code="field_invalid", field="things"),
}
"""What is refused: about no field of the form, and about one."""
SPANS = [
    {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "phase": "active", "why": "paid"},
    {"since": "2027-01-01T00:00:00Z", "until": "2027-01-15T00:00:00Z", "phase": "grace", "why": "payment_ended"},
    {"since": "2027-01-15T00:00:00Z", "until": None, "phase": "ended", "why": "payment_ended"},
]


async def sign_in(visit: PageVisit[Who]) -> Reply:
    return PageScreen(template="sign_in.html", values={"next": visit.query.get("next", "/")})


async def do_sign_in(visit: PageVisit[Who]) -> Reply:
    if visit.form.read_text("word") != "open sesame":
        visit.form.add_fault("word", "That is not the word.")
        return PageScreen(template="sign_in.html", values={"next": "/"}, status=422)
    visit.signs_in = Who("Ana")
    return RedirectTo(local_path(visit.form.read_text("next")))


async def sign_out(visit: PageVisit[Who]) -> Reply:
    visit.signs_out = True
    return RedirectTo("/sign-in")


async def start(visit: PageVisit[Who]) -> Reply:
    form = SentForm.of(things=visit.session_value.things)
    return PageScreen(template="start.html", values={"form": form, "spans": SPANS})


async def start_again(visit: PageVisit[Who], refusal: PageRefusal | None = None) -> PageScreen:
    return form_screen(visit, "start.html", refusal, spans=SPANS)


async def change(visit: PageVisit[Who]) -> Reply:
    things = visit.form.read_whole("things", least=1, most=10)
    visit.form.require_valid()
    if things in LOCKED:
        raise RefusedPageError(LOCKED[things])
    visit.session_value.things = things
    return RedirectTo("/", f"There are {things} things now.")


async def refused(visit: PageVisit[Who]) -> Reply:
    raise RefusedPageError(PageRefusal(title="That is not possible <yet>.", remedy="Wait.", status=409, code="not_yet"))


async def broken(visit: PageVisit[Who]) -> Reply:
    raise RuntimeError("a secret inside")


async def export(visit: PageVisit[Who]) -> Reply:
    return FileDownload(name='a"b\r\n.csv', media_type="text/csv", body=b"a,b\n")


async def frame(visit: PageVisit[Who]) -> PageFrame:
    if visit.session is None:
        return PageFrame(title="Sample & Co")
    entries = (MenuEntry(path="/", text="Start", icon="board"), MenuEntry(path="/refused", text="Refused"))
    return PageFrame(
        title="Sample & Co",
        groups=(MenuGroup(text="Here", entries=entries),),
        user=visit.session_value.name,
        color="#ffee00",
        logo="https://pictures.example.com/logo.png",
        now="2026-06-01T00:00:00Z",
    )


def application(**more: str) -> object:
    return build_pages(
        PageParts(
            program="sample",
            package="tests.web",
            sessions=MemorySessions[Who](FairPlaces(MOST, EACH), block_of),
            owner=lambda who: who.name,
            frame=frame,
            clock=lambda: 1_780_272_000,
            routes=(
                page_route("/sign-in", sign_in, stranger=True),
                form_route("/sign-in", do_sign_in, stranger=True),
                form_route("/sign-out", sign_out),
                page_route("/", start),
                form_route("/", change, again=start_again),
                page_route("/refused", refused),
                page_route("/broken", broken),
                page_route("/export", export),
            ),
            **more,  # type: ignore[arg-type]
        )
    )
