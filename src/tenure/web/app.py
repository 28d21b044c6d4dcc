"""Pages put together: routes, sessions, the two fences of a form, templates, and a page for every way to say no.

A page is an async function of a `Visit` that answers with a `Reply`; it never sees cookies, tokens or headers.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from tenure.core.periods import parse_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.web import csrf, guarding
from tenure.web.assets import Asset, Assets
from tenure.web.cookies import KNOWN_SECONDS, Place, cookie_name, device_name, place_of, read_cookie, set_cookie
from tenure.web.forms import Form, FormRefusedError, read_form
from tenure.web.frame import Frame
from tenure.web.rendering import Templates
from tenure.web.replies import Download, Goto, Refusal, RefusedPageError, Reply, Screen, in_ascii, local
from tenure.web.sessions import Flash, Keeping, Session

T = TypeVar("T")
log = logging.getLogger("tenure.web")


@dataclass
class Visit(Generic[T]):
    """One request of a person at a browser."""

    method: str
    path: str
    params: dict[str, str]
    """The parts of the path in braces."""
    query: dict[str, str]
    form: Form
    """What was sent, or an empty form."""
    now: Instant
    """Real time."""
    place: Place
    address: str
    """The caller's network address."""
    session: Session[T] | None = None
    frame: Frame | None = None
    signs_in: T | None = None
    """Set by a page that signs somebody in: what the new session holds."""
    signs_out: bool = False
    device: str = ""
    """What this browser was given to be known by; empty when it has nothing."""
    keeps: str | None = None
    """Set by a page that gives it something to be known by from now on."""
    spoken: list[Flash] = field(default_factory=list)

    @property
    def who(self) -> T:
        """What the session holds. Only on routes that need one."""
        if self.session is None:
            raise LookupError(f"nobody is signed in at {self.path}")
        return self.session.value

    def say(self, text: str, tone: str = "good") -> None:
        """A sentence for the next page that is shown."""
        self.spoken.append(Flash(tone, text))

    def with_query(self, **changed: str | None) -> str:
        """This address with other query parameters; None takes one away."""
        merged: dict[str, str | None] = {**self.query, **changed}
        text = urlencode({name: value for name, value in merged.items() if value})
        return f"{self.path}?{text}" if text else self.path


Run = Callable[[Visit[Any]], Awaitable[Reply]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A page, or what one of its forms does."""

    method: Literal["GET", "POST"]
    path: str
    """Such as `/subscriptions/{subscription}`."""
    run: Run
    stranger: bool = False
    """Open to whoever is not signed in."""


def page(path: str, run: Run, *, stranger: bool = False) -> Route:
    """A page that is looked at."""
    return Route(method="GET", path=path, run=run, stranger=stranger)


def action(path: str, run: Run, *, stranger: bool = False) -> Route:
    """What a form does; it gets the form and has passed both fences."""
    return Route(method="POST", path=path, run=run, stranger=stranger)


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


def build(parts: Parts[Any]) -> Litestar:
    """The pages as an application."""
    served = _Served(parts)
    handlers = [served.handler(route) for route in (*parts.routes, page("/{elsewhere:path}", _nowhere, stranger=True))]
    return Litestar(
        [*handlers, served.assets_handler()],
        exception_handlers={Exception: served.failed},
        openapi_config=None,
        logging_config=None,
    )


class _Served:
    def __init__(self, parts: Parts[Any]) -> None:
        self._parts = parts
        self._assets = Assets()
        self._templates = Templates(parts.package, self._assets, parts.globals)

    def handler(self, route: Route) -> HTTPRouteHandler:
        async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
            visit, secret = await self._visit(request)
            return await self._answered(route, visit, secret, request)

        answer.__name__ = f"{route.method.lower()}_{route.path}"
        path = re.sub(r"\{(\w+)\}", r"{\1:str}", route.path)
        return HTTPRouteHandler(path, http_method=route.method, status_code=200)(answer)

    def assets_handler(self) -> HTTPRouteHandler:
        async def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
            found = self._assets.find(request.path_params["folder"], request.path_params["name"])
            return _plain(404, b"") if found is None else _file(found)

        return HTTPRouteHandler("/assets/{folder:str}/{name:str}", http_method="GET", status_code=200)(asset)

    async def _visit(self, request: Request[Any, Any, Any]) -> tuple[Visit[Any], str]:
        place = _place(self._parts.public_url, request)
        secret = read_cookie(request.headers.get("cookie", ""), cookie_name(self._parts.program, place))
        now = self._parts.clock()
        visit: Visit[Any] = Visit(
            method=request.method,
            path=request.scope["path"],
            params={name: str(value) for name, value in request.path_params.items()},
            query=_query(request.scope.get("query_string", b"")),
            form=Form(),
            now=now,
            place=place,
            address=request.client.host if request.client else "",
            device=read_cookie(request.headers.get("cookie", ""), device_name(self._parts.program, place)),
            session=await self._parts.sessions.find(secret, now) if secret else None,
        )
        return visit, secret

    async def _answered(
        self, route: Route, visit: Visit[Any], secret: str, request: Request[Any, Any, Any]
    ) -> Response[bytes]:
        if visit.session is None and not route.stranger:
            after = visit.with_query() if route.method == "GET" else "/"
            return self._redirect(f"{self._parts.sign_in_path}?{urlencode({'next': after})}")
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
                if why:
                    raise RefusedPageError(_not_ours(why))
            reply = await route.run(visit)
        except RefusedPageError as error:
            reply = _refusal_screen(error.refusal)
        except FormRefusedError as error:
            reply = _refusal_screen(Refusal(title=error.words, status=error.status))
        except Exception as error:  # the last border before a person: never a traceback
            log.error("internal", exc_info=error)
            reply = _refusal_screen(INTERNAL)
        return await self._sent(reply, visit, secret)

    async def _sent(self, reply: Reply, visit: Visit[Any], secret: str) -> Response[bytes]:
        secret, cookies = await self._cookies(visit, secret)
        if visit.signs_in is not None and visit.session is None:
            reply = _refusal_screen(CROWDED)
        if isinstance(reply, Screen):
            visit.frame = visit.frame or await self._parts.frame(visit)
            flashes = [*self._flashes(visit), *visit.spoken]
            body = self._templates.render(reply, visit, flashes, csrf.token_of(secret))
            answer = _page(reply.status, body, visit.frame, visit.place)
            if reply.status in LATER:
                answer.headers["Retry-After"] = str(_seconds_until(reply.values.get("refusal"), visit.now))
        else:
            if visit.session is not None:
                visit.session.flashes += visit.spoken
            answer = self._redirect(local(reply.path)) if isinstance(reply, Goto) else _download(reply, visit.place)
        if visit.session is not None:
            await self._parts.sessions.save(secret, visit.session)
        for cookie in cookies:
            answer.headers["Set-Cookie"] = cookie
        if visit.keeps:
            name = device_name(self._parts.program, visit.place)
            secure = visit.place.secure
            answer.set_cookie(name, visit.keeps, max_age=KNOWN_SECONDS, httponly=True, secure=secure, samesite="lax")
        return answer

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

    def _redirect(self, path: str) -> Response[bytes]:
        return Response(b"", status_code=303, headers={**guarding.headers(), "Location": in_ascii(path)})

    def failed(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """The last net: what never became a visit. A plain page without anything that is asked of elsewhere."""
        refusal = _of_framework(error)
        if refusal is None:
            log.error("internal", exc_info=error)
            refusal = INTERNAL
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
        body = self._templates.render(_refusal_screen(refusal), visit, [], "")
        return _page(refusal.status, body, Frame(title=""), place)


async def _nowhere(_: Visit[Any]) -> Reply:
    raise RefusedPageError(NOWHERE)


LATER = (429, 503)
"""Statuses that mean: the same again, later."""


def _seconds_until(refusal: object, now: Instant) -> int:
    """How long to wait, as the refusal says; a few seconds where it does not."""
    when = getattr(refusal, "possible_at", "")
    moment = parse_instant(when, "possible_at") if when else now + 5
    return 5 if isinstance(moment, Refused) else max(1, moment - now)


INTERNAL = Refusal(
    title="Something went wrong on our side.",
    status=500,
    code="internal",
    remedy="Try again in a moment. If it stays, tell the support what you did and when.",
)


CROWDED = Refusal(
    title="Too many people are signed in here at the moment.",
    status=503,
    code="server_busy",
    cause="This website keeps so many sessions and no more.",
    remedy="Try again in a few minutes. Nobody who is signed in was signed out for it.",
)

NOWHERE = Refusal(
    title="There is no such page.",
    status=404,
    code="not_found",
    remedy="The address may be misspelt, or what it named may not be yours to see.",
)


def _of_framework(error: Exception) -> Refusal | None:
    if isinstance(error, HTTPException) and error.status_code in {404, 405}:
        return NOWHERE
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Refusal(title="The request cannot be read.", status=error.status_code)
    return None


def _place(public_url: str, request: Request[Any, Any, Any]) -> Place:
    # Not `request.url`: it cannot be made of every Host that somebody may send.
    return place_of(public_url, request.scope["scheme"], request.headers.get("host", ""))


def _not_ours(why: str) -> Refusal:
    return Refusal(
        title="This form was not sent from here.",
        status=403,
        code="form_not_ours",
        detail=why,
        remedy="Nothing was done. Go back, load the page again and repeat what you wanted to do.",
    )


def _refusal_screen(refusal: Refusal) -> Screen:
    return Screen(template="web/refusal.html", values={"refusal": refusal}, status=refusal.status)


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=50))
    except ValueError:
        return {}


def _page(status: int, body: str, frame: Frame, place: Place) -> Response[bytes]:
    headers = guarding.headers(frame.logo, secure=place.secure)
    return Response(body.encode(), status_code=status, headers={**headers, "Content-Type": "text/html; charset=utf-8"})


def _download(reply: Download, place: Place) -> Response[bytes]:
    name = "".join(letter for letter in reply.name if letter.isascii() and (letter.isalnum() or letter in "._-"))
    headers = {
        **guarding.headers(secure=place.secure),
        "Content-Type": reply.media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(reply.body, status_code=200, headers=headers)


def _file(found: Asset) -> Response[bytes]:
    headers = {
        "Content-Type": found.media_type,
        "Cache-Control": found.cache,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(found.body, status_code=200, headers=headers)


def _plain(status: int, body: bytes) -> Response[bytes]:
    return Response(body, status_code=status, headers={"Content-Type": "text/plain; charset=utf-8"})
