"""Pages put together: routes, sessions, the two fences of a form, templates, and a page for every way to say no.

A page is an async function of a `PageVisit` that answers with a `Reply`; it never sees cookies, tokens or headers.
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
from tenure.web import csrf, resumed_forms
from tenure.web.answers import asset_answer, download, page_answer, redirect
from tenure.web.assets import PageAssets
from tenure.web.browser_cache import BrowserCache, KeptForm, KeptPage, MemoryBrowserCache
from tenure.web.browsers import browser_in_words
from tenure.web.cookies import (
    KNOWN_SECONDS,
    CookiePlace,
    cookie_name,
    device_name,
    marks_name,
    place_of,
    read_cookie,
    read_marks,
    set_cookie,
    write_marks,
)
from tenure.web.forms import FormRefusedError, SentForm, read_form
from tenure.web.frame import PageFrame
from tenure.web.refusing import CROWDED, INTERNAL, LATER, NOWHERE, UNREADABLE, not_ours, refusal_screen, seconds_until
from tenure.web.rendering import PageTemplates
from tenure.web.replies import PageRefusal, PageScreen, RedirectTo, RefusedPageError, Reply, SignInAgain, local_path
from tenure.web.sessions import FlashMessage, SessionStore
from tenure.web.visits import ConfirmationQuestion, PageRoute, PageVisit, Run, form_route, page_route

__all__ = [
    "ConfirmationQuestion",
    "PageParts",
    "PageRoute",
    "PageVisit",
    "Run",
    "build_pages",
    "form_route",
    "page_route",
]
T = TypeVar("T")
log = logging.getLogger("tenure.web")
SHOWN = "shown"
"""The query parameter that names the answer to a form."""


@dataclass(kw_only=True)
class PageParts(Generic[T]):
    """What a program's pages are made of."""

    program: str
    """`portal`, `console`: names the cookie."""
    package: str
    """The package whose folder `templates` holds the program's own templates."""
    routes: tuple[PageRoute, ...]
    sessions: SessionStore[T]
    owner: Callable[[T], str]
    """Whose session it is, by a name that no two have: so many sessions one owner may have."""
    frame: Callable[[PageVisit[T]], Awaitable[PageFrame]]
    """Makes the frame around a page for the user of the visit (session None: not signed in). Must not raise."""
    clock: Callable[[], Instant]
    kept: BrowserCache = field(default_factory=MemoryBrowserCache)
    """Answers and unsent forms that a browser may come back to."""
    public_url: str = ""
    """The address people use, when a proxy stands before it; empty: as the request says."""
    sign_in_path: str = "/sign-in"
    globals: dict[str, Any] = field(default_factory=dict)
    """More for the templates."""


PageHandler = Callable[[Request], Awaitable[Response]]


def build_pages(parts: PageParts[Any]) -> "Pages":
    """The pages as an application."""
    served = _PageServer(parts)
    routes = (*parts.routes, page_route(resumed_forms.WHERE, served.resume_form))
    seen = {route.path for route in routes if route.method == "GET"}
    # Every address that a form is sent to can be looked at too: there stands what the form was answered with.
    sent_to = {route.path for route in parts.routes} - seen
    answers = [page_route(path, served.expired_answer) for path in sorted(sent_to)]
    entries = [RouteEntry(route.method, route.path, served.route_handler(route)) for route in (*routes, *answers)]
    return Pages(Routes([*entries, RouteEntry("GET", "/assets/{folder}/{name}", served.asset)]), served)


class Pages:
    """An ASGI application of pages; `routes` is all that it answers."""

    def __init__(self, routes: Routes[PageHandler], served: "_PageServer") -> None:
        self.routes = routes
        self._served = served
        self._nowhere = served.route_handler(page_route("", _not_found, stranger=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens to it."""
        if scope["type"] == "lifespan":
            await live((), receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except RefusedPageError as error:  # who asks could not be found out
            response = self._served.answer_failure(request, error.refusal)
        except Exception as error:  # what never became a visit: never a traceback
            log.error("internal", exc_info=error)
            response = self._served.answer_failure(request, INTERNAL)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        if not has_readable_host(scope):
            return self._served.answer_failure(request, UNREADABLE)
        scope["path"] = tidy(scope["path"])
        matched = self.routes.find(scope["path"])
        scope["path_template"] = matched.path if matched else "/{elsewhere}"
        scope["path_params"] = matched.parameters if matched else {}
        handlers = matched.handlers if matched else {"GET": self._nowhere}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(sorted({*handlers, "OPTIONS"}))})
        handler = handlers.get(request.method)
        return self._served.answer_failure(request, NOWHERE) if handler is None else await handler(request)


class _PageServer:
    def __init__(self, parts: PageParts[Any]) -> None:
        self._parts = parts
        self._assets = PageAssets()
        self._templates = PageTemplates(parts.package, self._assets, parts.globals)
        self._kept = parts.kept
        seen = (re.sub(r"{\w+}", "[^/]+", route.path) for route in parts.routes if route.method == "GET")
        self._seen = re.compile("|".join(seen))

    def route_handler(self, route: PageRoute) -> PageHandler:
        async def answer(request: Request) -> Response:
            visit, secret = await self._make_visit(request)
            return await self._answer_visit(route, visit, secret, request)

        return answer

    async def asset(self, request: Request) -> Response:
        """A file that a page loads."""
        return asset_answer(self._assets.find_asset(request.path_params["folder"], request.path_params["name"]))

    async def _make_visit(self, request: Request) -> tuple[PageVisit[Any], str]:
        place = _cookie_place(self._parts.public_url, request)
        program, cookies = self._parts.program, request.headers.get("cookie", "")
        secret = read_cookie(cookies, cookie_name(program, place))
        now, address = self._parts.clock(), request.client.host if request.client else ""
        visit: PageVisit[Any] = PageVisit(
            method=request.method,
            path=request.scope["path"],
            params=dict(request.path_params),
            query=_parse_query(request.scope.get("query_string", b"")),
            form=SentForm(),
            now=now,
            place=place,
            address=address,
            device=read_cookie(cookies, device_name(program, place)),
            marks=read_marks(read_cookie(cookies, marks_name(program, place))),
            browser=browser_in_words(request.headers.get("user-agent", "")),
            session=await self._parts.sessions.find_session(secret, now, address) if secret else None,
        )
        return visit, secret

    async def _answer_visit(self, route: PageRoute, visit: PageVisit[Any], secret: str, request: Request) -> Response:
        if visit.session is None and not route.stranger:
            return await self._to_sign_in(route, visit, request)
        shown = visit.query.pop(SHOWN, "") if route.method == "GET" and visit.session is not None else ""
        if shown and (kept := await self._kept.find_page(secret, shown, visit.now)):
            return Response(zlib.decompress(kept.body), status_code=kept.status, headers=kept.headers)
        fenced = False
        try:
            if route.method == "POST":
                visit.form = await read_form(request)
                why = csrf.refuse_forged(
                    visit.place,
                    request.headers.get("origin"),
                    request.headers.get("sec-fetch-site"),
                    secret,
                    visit.form.read_text(csrf.FIELD),
                )
                if why and route.stranger is False and self._from_here(visit, request):
                    return await self._send_reply(self._changed_hands(visit), visit, secret)
                if why:
                    raise RefusedPageError(not_ours(why))
                fenced = True
            reply = await route.run(visit)
        except RefusedPageError as error:
            # A session that the API has ended meanwhile leads to signing in again, wherever it is noticed.
            over = visit.session is not None and error.refusal.code == "not_authenticated"
            reply = SignInAgain() if over else refusal_screen(error.refusal)
        except FormRefusedError as error:
            reply = refusal_screen(PageRefusal(title=error.words, status=error.status))
        except Exception as error:  # the last net before a user: never a traceback
            log.error("internal", exc_info=error)
            reply = refusal_screen(INTERNAL)
        if isinstance(reply, SignInAgain):
            visit.signs_out = True
            reply = RedirectTo(
                self._sign_in(await self._form_kept(visit, request) if fenced else visit.with_query(), over=True)
            )
        returns = fenced and visit.session is not None and request.headers.get("sec-fetch-dest") != "empty"
        return await self._send_reply(reply, visit, secret, returns=returns)

    async def resume_form(self, visit: PageVisit[Any]) -> Reply:
        """Show the form again that a user sent after the session was over."""
        kept = await self._kept.find_form(visit.query.get("form", ""), visit.now, visit.address)
        if kept is None:
            return RedirectTo("/", "What you had entered is not kept any more. Nothing was done.", "warn")
        return resumed_forms.resume_screen(kept, "Your session was over when you sent this.")

    async def expired_answer(self, visit: PageVisit[Any]) -> Reply:
        """The address of a form whose answer is not kept any more: to the page above it."""
        above = self._nearest_page(visit.path)
        if above == "/":
            raise RefusedPageError(NOWHERE)
        said = "That page is not kept any more. Nothing was done by coming back to it."
        return RedirectTo(f"{above}?{urlencode(visit.query)}" if visit.query else above, said, "info")

    def _nearest_page(self, path: str) -> str:
        """The nearest page at or above an address: most likely the one in which a form of that address stands."""
        while path and not self._seen.fullmatch(path):
            path = path.rpartition("/")[0]
        return path or "/"

    def _from_here(self, visit: PageVisit[Any], request: Request) -> bool:
        return resumed_forms.of_ours(visit.place, request.headers.get("origin"), request.headers.get("sec-fetch-site"))

    def _changed_hands(self, visit: PageVisit[Any]) -> Reply:
        """Show a form of ours again that is older than the latest sign-in, perhaps in another tab."""
        values = {name: given for name, given in visit.form.values.items() if name != csrf.FIELD}
        kept = KeptForm(visit.with_query(), self._nearest_page(visit.path), values)
        why = "A user has signed in again since this page was opened, perhaps you in another tab."
        return resumed_forms.resume_screen(kept, why, status=403)

    async def _form_kept(self, visit: PageVisit[Any], request: Request) -> str:
        if not self._from_here(visit, request):
            return "/"
        page = self._nearest_page(visit.path)
        return await resumed_forms.keep_form(self._kept, visit.with_query(), page, visit.form, visit.now, visit.address)

    async def _to_sign_in(self, route: PageRoute, visit: PageVisit[Any], request: Request) -> Response:
        """A page is gone on with after signing in; a form of ours is kept, and anybody else's is not even read."""
        after = visit.with_query() if route.method == "GET" else "/"
        if route.method == "POST" and self._from_here(visit, request):
            try:
                visit.form = await read_form(request)
                after = await self._form_kept(visit, request)
            except FormRefusedError:
                after = "/"
        return redirect(self._sign_in(after, over=route.method == "POST"))

    def _sign_in(self, after: str, *, over: bool) -> str:
        said = {"said": "over"} if over else {}
        return f"{self._parts.sign_in_path}?{urlencode({**said, 'next': after})}"

    async def _send_reply(self, reply: Reply, visit: PageVisit[Any], secret: str, *, returns: bool = False) -> Response:
        secret, cookies = await self._set_cookies(visit, secret)
        if visit.signs_in is not None and visit.session is None:
            reply = refusal_screen(CROWDED)
        if isinstance(reply, PageScreen):
            visit.frame = visit.frame or await self._parts.frame(visit)
            flashes = [*self._take_flashes(visit), *visit.spoken]
            body = self._templates.render_page(reply, visit, flashes, csrf.token_of(secret))
            answer = page_answer(reply.status, body, visit.frame, visit.place)
            if reply.status in LATER:
                answer.headers["Retry-After"] = str(seconds_until(reply.values.get("refusal"), visit.now))
            if returns and visit.session is not None:
                answer = await self._redirect_to_answer(answer, visit, visit.session.value, secret)
        elif isinstance(reply, SignInAgain):
            raise TypeError("signing in again was not made an address")
        else:
            if isinstance(reply, RedirectTo) and reply.said:
                visit.flash_message(reply.said, reply.tone)
            if visit.session is not None:
                visit.session.flashes += visit.spoken
            answer = redirect(local_path(reply.path)) if isinstance(reply, RedirectTo) else download(reply, visit.place)
        if visit.session is not None:
            await self._parts.sessions.save_session(secret, visit.session)
        for cookie in cookies:
            answer.headers.append("Set-Cookie", cookie)
        if visit.keeps:
            self._leave(answer, visit, device_name(self._parts.program, visit.place), visit.keeps)
        if visit.leaves is not None:
            self._leave(answer, visit, marks_name(self._parts.program, visit.place), write_marks(visit.leaves))
        return answer

    @staticmethod
    def _leave(answer: Response, visit: PageVisit[Any], name: str, value: str) -> None:
        """Have the browser keep a value for long, for every user who signs in there."""
        secure = visit.place.secure
        answer.set_cookie(name, value, max_age=KNOWN_SECONDS, httponly=True, secure=secure, samesite="lax")

    async def _redirect_to_answer(self, answer: Response, visit: PageVisit[T], value: T, secret: str) -> Response:
        """The answer to a form as an address of its own: going back to it, or loading it again, sends nothing."""
        body = zlib.compress(answer.body, 6)
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        page, owner = KeptPage(answer.status_code, body, headers), self._parts.owner(value)
        name = await self._kept.keep_page(secret, owner, page, visit.now)
        return redirect(visit.with_query(**{SHOWN: name})) if name else answer

    @staticmethod
    def _take_flashes(visit: PageVisit[Any]) -> list[FlashMessage]:
        if visit.session is None:
            return []
        flashes, visit.session.flashes = visit.session.flashes, []
        return flashes

    async def _set_cookies(self, visit: PageVisit[Any], secret: str) -> tuple[str, list[str]]:
        """The browser's secret from now on, and the cookie that says so; signing in or out always makes a new one."""
        name = cookie_name(self._parts.program, visit.place)
        if visit.signs_in is not None or visit.signs_out:
            await self._parts.sessions.close_session(secret)
            await self._kept.forget_pages(secret)
            visit.session = None
        if visit.signs_in is not None:
            owner = self._parts.owner(visit.signs_in)
            opened = await self._parts.sessions.open_session(visit.signs_in, visit.now, owner, visit.address)
            secret = opened or secrets.token_urlsafe(24)
            visit.session = await self._parts.sessions.find_session(secret, visit.now, visit.address)
            return secret, [set_cookie(name, secret, visit.place)]
        if secret and not visit.signs_out:
            return secret, []
        # Forms before the sign-in are fenced as well: no other website may sign a browser in.
        secret = secrets.token_urlsafe(24)
        return secret, [set_cookie(name, secret, visit.place)]

    def answer_failure(self, request: Request, refusal: PageRefusal) -> Response:
        """The last net: what never became a visit. A plain page without anything that is asked of elsewhere."""
        place = _cookie_place(self._parts.public_url, request)
        visit: PageVisit[Any] = PageVisit(
            method=request.method,
            path=request.scope["path"],
            params={},
            query={},
            form=SentForm(),
            now=self._parts.clock(),
            place=place,
            address="",
            frame=PageFrame(title=self._parts.program.title()),
        )
        body = self._templates.render_page(refusal_screen(refusal), visit, [], "")
        answer = page_answer(refusal.status, body, PageFrame(title=""), place)
        if refusal.status in LATER:
            answer.headers["Retry-After"] = str(seconds_until(refusal, visit.now))
        return answer


async def _not_found(_: PageVisit[Any]) -> Reply:
    raise RefusedPageError(NOWHERE)


def _cookie_place(public_url: str, request: Request) -> CookiePlace:
    # Not `request.url`: it cannot be made of every Host that a client may send.
    return place_of(public_url, request.scope["scheme"], request.headers.get("host", ""))


def _parse_query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=50))
    except ValueError:
        return {}
