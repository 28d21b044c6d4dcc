"""Pages put together: routes, sessions, the two fences of a form, templates, and a page for every way to say no.

A page is an async function of a `Visit` that answers with a `Reply`; it never sees cookies, tokens or headers.
"""

import logging
import re
import secrets
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from tenure.core.timeline import Instant
from tenure.http.asgi import Receive, Scope, Send
from tenure.http.lifespan import live
from tenure.http.routing import RouteEntry, Routes, has_readable_host, tidy
from tenure.web import csrf, resuming
from tenure.web.answers import asset_answer, download, page_answer, redirect
from tenure.web.assets import Assets
from tenure.web.browsers import browser_in_words
from tenure.web.cookies import (
    KNOWN_SECONDS,
    Place,
    cookie_name,
    device_name,
    marks_name,
    place_of,
    read_cookie,
    read_marks,
    set_cookie,
    write_marks,
)
from tenure.web.forms import Form, FormRefusedError, read_form
from tenure.web.frame import Frame
from tenure.web.kept import KeptForm, KeptPage, KeptThings
from tenure.web.refusing import CROWDED, INTERNAL, LATER, NOWHERE, UNREADABLE, not_ours, refusal_screen, seconds_until
from tenure.web.rendering import Templates
from tenure.web.replies import Goto, Refusal, RefusedPageError, Reply, Screen, SignInAgain, local
from tenure.web.sessions import Flash, Keeping, digest
from tenure.web.visits import Route, Run, Sure, Visit, action, page

__all__ = ["Parts", "Route", "Run", "Sure", "Visit", "action", "build", "page"]
T = TypeVar("T")
log = logging.getLogger("tenure.web")
SHOWN = "shown"
"""The query parameter that names the answer to a form."""
PAGES_MOST = 64 * 1024 * 1024
"""Bytes of compressed pages that are kept for going back to."""


@dataclass(kw_only=True)
class Parts(Generic[T]):
    """What a program's pages are made of."""

    program: str
    """`portal`, `console`: names the cookie."""
    package: str
    """The package whose folder `templates` holds the program's own templates."""
    routes: tuple[Route, ...]
    sessions: Keeping[T]
    owner: Callable[[T], str]
    """Whose session it is, by a name that no two have: so many sessions one owner may have."""
    frame: Callable[[Visit[T]], Awaitable[Frame]]
    """What stands around a page, for whoever looks (session None: a stranger). Must not raise."""
    clock: Callable[[], Instant]
    public_url: str = ""
    """The address people use, when a proxy stands before it; empty: as the request says."""
    sign_in_path: str = "/sign-in"
    globals: dict[str, Any] = field(default_factory=dict)
    """More for the templates."""


PageHandler = Callable[[Request], Awaitable[Response]]


def build(parts: Parts[Any]) -> "Pages":
    """The pages as an application."""
    served = _Served(parts)
    routes = (*parts.routes, page(resuming.WHERE, served.resume))
    looked_at = {route.path for route in routes if route.method == "GET"}
    # Every address that a form is sent to can be looked at too: there stands what the form was answered with.
    sent_to = {route.path for route in parts.routes} - looked_at
    answers = [page(path, served.began) for path in sorted(sent_to)]
    entries = [RouteEntry(route.method, route.path, served.handler(route)) for route in (*routes, *answers)]
    return Pages(Routes([*entries, RouteEntry("GET", "/assets/{folder}/{name}", served.asset)]), served)


class Pages:
    """An ASGI application of pages; `routes` is all that it answers."""

    def __init__(self, routes: Routes[PageHandler], served: "_Served") -> None:
        self.routes = routes
        self._served = served
        self._nowhere = served.handler(page("", _nowhere, stranger=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens to it."""
        if scope["type"] == "lifespan":
            await live((), receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Exception as error:  # what never became a visit: never a traceback
            log.error("internal", exc_info=error)
            response = self._served.failed(request, INTERNAL)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        if not has_readable_host(scope):
            return self._served.failed(request, UNREADABLE)
        scope["path"] = tidy(scope["path"])
        matched = self.routes.find(scope["path"])
        scope["path_template"] = matched.path if matched else "/{elsewhere}"
        scope["path_params"] = matched.parameters if matched else {}
        handlers = matched.handlers if matched else {"GET": self._nowhere}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(sorted({*handlers, "OPTIONS"}))})
        handler = handlers.get(request.method)
        return self._served.failed(request, NOWHERE) if handler is None else await handler(request)


class _Served:
    def __init__(self, parts: Parts[Any]) -> None:
        self._parts = parts
        self._assets = Assets()
        self._templates = Templates(parts.package, self._assets, parts.globals)
        self._pages: KeptThings[KeptPage] = KeptThings(PAGES_MOST)
        self._forms: KeptThings[KeptForm] = KeptThings(resuming.BYTES_MOST, each_most=resuming.FORMS_MOST)
        looked_at = (re.sub(r"{\w+}", "[^/]+", route.path) for route in parts.routes if route.method == "GET")
        self._looked_at = re.compile("|".join(looked_at))

    def handler(self, route: Route) -> PageHandler:
        async def answer(request: Request) -> Response:
            visit, secret = await self._visit(request)
            return await self._answered(route, visit, secret, request)

        return answer

    async def asset(self, request: Request) -> Response:
        """A file that a page loads."""
        return asset_answer(self._assets.find(request.path_params["folder"], request.path_params["name"]))

    async def _visit(self, request: Request) -> tuple[Visit[Any], str]:
        place = _place(self._parts.public_url, request)
        program, cookies = self._parts.program, request.headers.get("cookie", "")
        secret = read_cookie(cookies, cookie_name(program, place))
        now = self._parts.clock()
        visit: Visit[Any] = Visit(
            method=request.method,
            path=request.scope["path"],
            params=dict(request.path_params),
            query=_query(request.scope.get("query_string", b"")),
            form=Form(),
            now=now,
            place=place,
            address=request.client.host if request.client else "",
            device=read_cookie(cookies, device_name(program, place)),
            marks=read_marks(read_cookie(cookies, marks_name(program, place))),
            browser=browser_in_words(request.headers.get("user-agent", "")),
            session=await self._parts.sessions.find(secret, now) if secret else None,
        )
        return visit, secret

    async def _answered(self, route: Route, visit: Visit[Any], secret: str, request: Request) -> Response:
        if visit.session is None and not route.stranger:
            return await self._to_sign_in(route, visit, request)
        shown = visit.query.pop(SHOWN, "") if route.method == "GET" and visit.session is not None else ""
        if shown and (kept := self._pages.find(digest(secret), shown, visit.now)):
            return Response(zlib.decompress(kept.body), status_code=kept.status, headers=kept.headers)
        fenced = False
        try:
            if route.method == "POST":
                visit.form = await read_form(request)
                why = csrf.refusal(
                    visit.place,
                    request.headers.get("origin"),
                    request.headers.get("sec-fetch-site"),
                    secret,
                    visit.form.text(csrf.FIELD),
                )
                if why and route.stranger is False and self._from_here(visit, request):
                    return await self._sent(self._changed_hands(visit), visit, secret)
                if why:
                    raise RefusedPageError(not_ours(why))
                fenced = True
            reply = await route.run(visit)
        except RefusedPageError as error:
            reply = refusal_screen(error.refusal)
        except FormRefusedError as error:
            reply = refusal_screen(Refusal(title=error.words, status=error.status))
        except Exception as error:  # the last border before a person: never a traceback
            log.error("internal", exc_info=error)
            reply = refusal_screen(INTERNAL)
        if isinstance(reply, SignInAgain):
            visit.signs_out = True
            reply = Goto(self._sign_in(self._form_kept(visit, request) if fenced else visit.with_query(), over=True))
        returns = fenced and visit.session is not None and request.headers.get("sec-fetch-dest") != "empty"
        return await self._sent(reply, visit, secret, returns=returns)

    async def resume(self, visit: Visit[Any]) -> Reply:
        """What somebody had entered whose session was over."""
        kept = self._forms.find("", visit.query.get("form", ""), visit.now)
        if kept is None:
            visit.say("What you had entered is not kept any more. Nothing was done.", "warn")
            return Goto("/")
        return resuming.screen(kept, "Your session was over when you sent this.")

    async def began(self, visit: Visit[Any]) -> Reply:
        """The address of a form whose answer is not kept any more: to the page above it."""
        above = self._above(visit.path)
        if above == "/":
            raise RefusedPageError(NOWHERE)
        visit.say("That page is not kept any more. Nothing was done by coming back to it.", "info")
        return Goto(f"{above}?{urlencode(visit.query)}" if visit.query else above)

    def _above(self, path: str) -> str:
        """The nearest page at or above an address: most likely the one in which a form of that address stands."""
        while path and not self._looked_at.fullmatch(path):
            path = path.rpartition("/")[0]
        return path or "/"

    def _from_here(self, visit: Visit[Any], request: Request) -> bool:
        return resuming.of_ours(visit.place, request.headers.get("origin"), request.headers.get("sec-fetch-site"))

    def _changed_hands(self, visit: Visit[Any]) -> Reply:
        """A form of ours from before somebody signed in anew, perhaps in another tab."""
        values = {name: given for name, given in visit.form.values.items() if name != csrf.FIELD}
        kept = KeptForm(visit.with_query(), self._above(visit.path), values)
        why = "Somebody has signed in anew since this page was opened, perhaps you in another tab."
        return resuming.screen(kept, why, status=403)

    def _form_kept(self, visit: Visit[Any], request: Request) -> str:
        if not self._from_here(visit, request):
            return "/"
        return resuming.keep(self._forms, visit.with_query(), self._above(visit.path), visit.form, visit.now)

    async def _to_sign_in(self, route: Route, visit: Visit[Any], request: Request) -> Response:
        """A page is gone on with after signing in; a form of ours is kept, and anybody else's is not even read."""
        after = visit.with_query() if route.method == "GET" else "/"
        if route.method == "POST" and self._from_here(visit, request):
            try:
                visit.form = await read_form(request)
                after = self._form_kept(visit, request)
            except FormRefusedError:
                after = "/"
        return redirect(self._sign_in(after, over=route.method == "POST"))

    def _sign_in(self, after: str, *, over: bool) -> str:
        said = {"said": "over"} if over else {}
        return f"{self._parts.sign_in_path}?{urlencode({**said, 'next': after})}"

    async def _sent(self, reply: Reply, visit: Visit[Any], secret: str, *, returns: bool = False) -> Response:
        secret, cookies = await self._cookies(visit, secret)
        if visit.signs_in is not None and visit.session is None:
            reply = refusal_screen(CROWDED)
        if isinstance(reply, Screen):
            visit.frame = visit.frame or await self._parts.frame(visit)
            flashes = [*self._flashes(visit), *visit.spoken]
            body = self._templates.render(reply, visit, flashes, csrf.token_of(secret))
            answer = page_answer(reply.status, body, visit.frame, visit.place)
            if reply.status in LATER:
                answer.headers["Retry-After"] = str(seconds_until(reply.values.get("refusal"), visit.now))
            if returns and visit.session is not None:
                answer = self._returned(answer, visit, secret)
        elif isinstance(reply, SignInAgain):
            raise TypeError("signing in again was not made an address")
        else:
            if visit.session is not None:
                visit.session.flashes += visit.spoken
            answer = redirect(local(reply.path)) if isinstance(reply, Goto) else download(reply, visit.place)
        if visit.session is not None:
            await self._parts.sessions.save(secret, visit.session)
        for cookie in cookies:
            answer.headers.append("Set-Cookie", cookie)
        if visit.keeps:
            self._leave(answer, visit, device_name(self._parts.program, visit.place), visit.keeps)
        if visit.leaves is not None:
            self._leave(answer, visit, marks_name(self._parts.program, visit.place), write_marks(visit.leaves))
        return answer

    @staticmethod
    def _leave(answer: Response, visit: Visit[Any], name: str, value: str) -> None:
        """Have the browser keep something for long, whoever is signed in."""
        secure = visit.place.secure
        answer.set_cookie(name, value, max_age=KNOWN_SECONDS, httponly=True, secure=secure, samesite="lax")

    def _returned(self, answer: Response, visit: Visit[Any], secret: str) -> Response:
        """The answer to a form as an address of its own: going back to it, or loading it again, sends nothing."""
        body = zlib.compress(answer.body, 6)
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        name = self._pages.keep(digest(secret), KeptPage(answer.status_code, body, headers), len(body), visit.now)
        return redirect(visit.with_query(**{SHOWN: name})) if name else answer

    @staticmethod
    def _flashes(visit: Visit[Any]) -> list[Flash]:
        if visit.session is None:
            return []
        flashes, visit.session.flashes = visit.session.flashes, []
        return flashes

    async def _cookies(self, visit: Visit[Any], secret: str) -> tuple[str, list[str]]:
        """The browser's secret from now on, and the cookie that says so; signing in or out always makes a new one."""
        name = cookie_name(self._parts.program, visit.place)
        if visit.signs_in is not None or visit.signs_out:
            await self._parts.sessions.close(secret)
            self._pages.forget(digest(secret))
            visit.session = None
        if visit.signs_in is not None:
            owner = self._parts.owner(visit.signs_in)
            opened = await self._parts.sessions.open(visit.signs_in, visit.now, owner, visit.address)
            secret = opened or secrets.token_urlsafe(24)
            visit.session = await self._parts.sessions.find(secret, visit.now)
            return secret, [set_cookie(name, secret, visit.place)]
        if secret and not visit.signs_out:
            return secret, []
        # A stranger's forms are fenced as well: signing in must be meant by whoever does it.
        secret = secrets.token_urlsafe(24)
        return secret, [set_cookie(name, secret, visit.place)]

    def failed(self, request: Request, refusal: Refusal) -> Response:
        """The last net: what never became a visit. A plain page without anything that is asked of elsewhere."""
        place = _place(self._parts.public_url, request)
        visit: Visit[Any] = Visit(
            method=request.method,
            path=request.scope["path"],
            params={},
            query={},
            form=Form(),
            now=self._parts.clock(),
            place=place,
            address="",
            frame=Frame(title=self._parts.program.title()),
        )
        body = self._templates.render(refusal_screen(refusal), visit, [], "")
        return page_answer(refusal.status, body, Frame(title=""), place)


async def _nowhere(_: Visit[Any]) -> Reply:
    raise RefusedPageError(NOWHERE)


def _place(public_url: str, request: Request) -> Place:
    # Not `request.url`: it cannot be made of every Host that somebody may send.
    return place_of(public_url, request.scope["scheme"], request.headers.get("host", ""))


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=50))
    except ValueError:
        return {}
