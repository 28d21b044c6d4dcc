"""The outermost layer of an API: the part common to all requests and answers, and the short way to hot operations.

Request id, admission, headers that protect, HEAD, the last net under every error, and one observation for each request.
"""

import logging
import re
from collections.abc import Callable, Container, Iterable

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import App, Message, RawHeaders, Receive, Scope, Send, address_of, encode_headers, header_values
from tenure.http.fairness import FairShares, block_of
from tenure.http.hot_operations import RawOperation, send_answer, serve_raw
from tenure.http.hot_requests import HotRequests
from tenure.http.limits import Ticks
from tenure.http.logs import ServedRequest
from tenure.http.problems import Clock, log_internal, problem_response
from tenure.http.requestid import enter_request, leave_request, random_request_id, trace_id

API_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)
"""Headers of every answer that does not set them itself."""

UNCOUNTED = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that are answered however busy the server is: they tell its keeper how busy."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Observer = Callable[[ServedRequest], None]
Admit = Callable[[str, str], Refused | None]
"""Address and path to a refusal (`too_many_requests`) or None: the place of rate limits for strangers."""


class MiddlewareParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the outermost layer is built from."""

    clock: Clock
    ticks: Ticks
    """Seconds of a monotonic counter, for durations."""
    new_request_id: Callable[[], str] = random_request_id
    admit: Admit | None = None
    in_flight_most: int = 512
    """Requests worked on at once; more are told `server_busy` at once instead of queueing without end.

    One network gets at most its fair share of them (see `fairness`). What is still arriving, or being read by the
    caller, is no work: the server bounds it by itself (see `connection`).
    """
    observers: tuple[Observer, ...] = ()
    headers: tuple[tuple[str, str], ...] = API_HEADERS


class EdgeMiddleware:
    """An ASGI application: `app` behind the rules of the middleware, `raw` operations in front of it."""

    def __init__(self, app: App, parts: MiddlewareParts, raw: Iterable[RawOperation] = ()) -> None:
        self.app = app
        self._middleware_parts = parts
        self._raw = {one.path: one for one in raw}
        self._headers = encode_headers(parts.headers)
        self._work = FairShares(parts.in_flight_most)

    @property
    def in_flight(self) -> int:
        """How many requests are worked on at this moment."""
        return self._work.held

    def hot_requests(self) -> HotRequests | None:
        """The hot operations for a server that answers them past ASGI; None where strangers are limited, for they are
        counted once."""
        if self._middleware_parts.admit is not None:
            return None
        return HotRequests(self._middleware_parts, self._work, self._headers, self._raw.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; start and stop are the application's."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_observed(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve_observed(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = self._middleware_parts
        request_id = parts.new_request_id()
        token = enter_request(request_id)
        started = parts.ticks()
        who = block_of(address_of(scope))
        refused = self._refuse_admission(scope, who)
        self._work.take_share(who)
        # A scope of our own: HEAD is served as GET, and what the routing notes in it is read afterwards.
        mine = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        head = [*self._headers, (b"request-id", request_id.encode())]
        sending = send if mine is scope else _drop_body(send)
        status = 0
        try:
            if refused is not None:
                status = await send_answer(sending, problem_response(refused, parts.clock()), head)
            else:
                status = await self._serve_answered(mine, self._wrap_receive(who, receive), sending, head, who)
        finally:
            self._work.give_back(who)
            self._notify_observers(scope["method"], mine, status, parts.ticks() - started)
            leave_request(token)

    async def _serve_answered(self, scope: Scope, receive: Receive, send: Send, head: RawHeaders, who: str) -> int:
        raw = self._raw.get(scope["path"])
        if raw is not None:
            return await serve_raw(raw, self._middleware_parts.clock, head, scope, receive, send)
        sending = _HeaderSender(send, head, self._work, who)
        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if sending.status:
                # Half an answer is out: only ending the connection tells the caller so.
                raise
            log_internal(error)
            return await send_answer(
                send, problem_response(Refused(RefusalCode.INTERNAL), self._middleware_parts.clock()), head
            )
        return sending.status

    def _wrap_receive(self, who: str, receive: Receive) -> Receive:
        """Count no work while a body is awaited: a caller that sends slowly takes no place from others."""
        work = self._work

        async def receiving() -> Message:
            work.give_back(who)
            try:
                return await receive()
            finally:
                work.take_share(who)

        return receiving

    def _refuse_admission(self, scope: Scope, who: str) -> Refused | None:
        path = scope["path"]
        if path in UNCOUNTED:
            return None
        if not self._work.has_room(who):
            return Refused(RefusalCode.SERVER_BUSY)
        if not path.isprintable() and _CONTROL.search(path):
            return Refused(RefusalCode.NOT_FOUND)
        return self._middleware_parts.admit(address_of(scope), path) if self._middleware_parts.admit else None

    def _notify_observers(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        observers = self._middleware_parts.observers
        if not observers:
            return
        path = scope["path"]
        traces = header_values(scope, b"traceparent")
        served = ServedRequest(
            method=method if method in _METHODS else "OTHER",
            # Unmatched paths share one name, or any stranger could fill the metrics with names.
            route=path if path in self._raw else str(scope.get("path_template", "-")),
            status=status,
            milliseconds=round(seconds * 1000, 3),
            address=address_of(scope),
            token_id=getattr(scope.get("user"), "token_id", ""),
            trace_id=trace_id(traces[0]) if traces else "",
        )
        for observe in observers:
            observe(served)


class _HeaderSender:
    """Passes messages on, adds the headers that every answer carries, and remembers the status."""

    __slots__ = ("_head", "_send", "_who", "_work", "status")

    def __init__(self, send: Send, head: RawHeaders, work: FairShares, who: str) -> None:
        self._send = send
        self._head = head
        self._work, self._who = work, who
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers", ()))
            present = {name.lower() for name, _ in own}
            message["headers"] = own + [pair for pair in self._head if pair[0] not in present]
        if message.get("more_body"):
            # The next part waits until this one is read, and that is up to the caller.
            with self._work.lend_share(self._who):
                await self._send(message)
        else:
            await self._send(message)


def _drop_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending


def log_requests(log: logging.Logger, quiet: Container[str] = ()) -> Observer:
    """An observer that writes each request to `log`; of the routes in `quiet` only what did not succeed.

    A line costs about 20 microseconds, which is more than a hot operation has to spare; metrics count them all.
    """

    def observe(served: ServedRequest) -> None:
        if served.status >= 400 or served.route not in quiet:
            log.info(served)

    return observe
