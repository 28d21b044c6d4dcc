"""A program of three pages on the kit: sign in with a word, a form with faults, a refusal."""

import msgspec

from tenure.http.fairness import FairPlaces, block_of
from tenure.web.app import Parts, Visit, action, build, page
from tenure.web.forms import Form
from tenure.web.frame import Entry, Frame, Group
from tenure.web.replies import Download, Goto, Refusal, RefusedPageError, Reply, Screen, local
from tenure.web.sessions import EACH, MOST, MemorySessions


class Who(msgspec.Struct):
    name: str
    things: int = 0


SPANS = [
    {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "phase": "active", "why": "paid"},
    {"since": "2027-01-01T00:00:00Z", "until": "2027-01-15T00:00:00Z", "phase": "grace", "why": "payment_ended"},
    {"since": "2027-01-15T00:00:00Z", "until": None, "phase": "ended", "why": "payment_ended"},
]


async def sign_in(visit: Visit[Who]) -> Reply:
    return Screen(template="sign_in.html", values={"next": visit.query.get("next", "/")})


async def do_sign_in(visit: Visit[Who]) -> Reply:
    if visit.form.text("word") != "open sesame":
        visit.form.fault("word", "That is not the word.")
        return Screen(template="sign_in.html", values={"next": "/"}, status=422)
    visit.signs_in = Who("Ana")
    return Goto(local(visit.form.text("next")))


async def sign_out(visit: Visit[Who]) -> Reply:
    visit.signs_out = True
    return Goto("/sign-in")


async def start(visit: Visit[Who]) -> Reply:
    form = Form.of(things=visit.who.things)
    return Screen(template="start.html", values={"form": form, "spans": SPANS})


async def change(visit: Visit[Who]) -> Reply:
    things = visit.form.whole("things", least=1, most=10)
    if visit.form.errors:
        return Screen(template="start.html", values={"spans": SPANS}, status=422)
    visit.who.things = things
    visit.say(f"There are {things} things now.")
    return Goto("/")


async def refused(visit: Visit[Who]) -> Reply:
    raise RefusedPageError(Refusal(title="That is not possible <yet>.", remedy="Wait.", status=409, code="not_yet"))


async def broken(visit: Visit[Who]) -> Reply:
    raise RuntimeError("a secret inside")


async def export(visit: Visit[Who]) -> Reply:
    return Download(name='a"b\r\n.csv', media_type="text/csv", body=b"a,b\n")


async def frame(visit: Visit[Who]) -> Frame:
    if visit.session is None:
        return Frame(title="Sample & Co")
    entries = (Entry(path="/", text="Start", icon="board"), Entry(path="/refused", text="Refused"))
    return Frame(
        title="Sample & Co",
        groups=(Group(text="Here", entries=entries),),
        person=visit.who.name,
        colour="#ffee00",
        logo="https://pictures.example.com/logo.png",
        now="2026-06-01T00:00:00Z",
    )


def application(**more: str) -> object:
    return build(
        Parts(
            program="sample",
            package="tests.web",
            sessions=MemorySessions[Who](FairPlaces(MOST, EACH), block_of),
            owner=lambda who: who.name,
            frame=frame,
            clock=lambda: 1_780_272_000,
            routes=(
                page("/sign-in", sign_in, stranger=True),
                action("/sign-in", do_sign_in, stranger=True),
                action("/sign-out", sign_out),
                page("/", start),
                action("/", change),
                page("/refused", refused),
                page("/broken", broken),
                page("/export", export),
            ),
            **more,  # type: ignore[arg-type]
        )
    )
