"""An API put together: operations, hot operations, access rules and documentation, behind one middleware.

Building fails, with the reason, when a route has no rule or two operations share a name: none of them is ever served.
"""

from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http import docs, openapi
from tenure.http.asgi import Receive, Scope, Send
from tenure.http.auth import AccessRule, Authenticate, admit
from tenure.http.hot_operations import RawOperation, send_answer
from tenure.http.lifespan import live
from tenure.http.middleware import EdgeMiddleware, MiddlewareParts
from tenure.http.operations import Handler, Operation, handler_of
from tenure.http.pacing import CallerPacing
from tenure.http.problems import Clock, allow_header, problem_of, problem_response
from tenure.http.responses import ApiResponse
from tenure.http.routing import RouteEntry, Routes, has_readable_host, tidy


class RouteWithoutRuleError(TypeError):
    """A route without a rule that says who may call it."""


class ApiParts(msgspec.Struct, frozen=True, kw_only=True):
    """What an API is made of."""

    about: openapi.ApiDescription
    operations: tuple[Operation, ...]
    raw: tuple[RawOperation, ...] = ()
    authenticate: Authenticate
    middleware: MiddlewareParts
    pacing: CallerPacing | None = None
    """What known callers may ask for; None: whatever they like."""
    pages: tuple[RouteEntry[Handler], ...] = ()
    """Routes beside the operations, such as the page at `/`; they are not documented."""
    lifespan: tuple[AbstractAsyncContextManager[Any], ...] = ()


class BuiltApi(EdgeMiddleware):
    """A built API, ready to be served; `document` is its OpenAPI description, `routes` is all that it answers."""

    def __init__(self, parts: ApiParts) -> None:
        openapi.refuse_unclear(parts.operations, parts.raw)
        self._parts = parts
        self.operations = parts.operations
        operations = (*parts.operations, *docs.documentation_operations(lambda: self.document))
        clock, pacing = parts.middleware.clock, parts.pacing
        found = [RouteEntry(one.method, one.path, handler_of(one, clock, pacing)) for one in operations]
        self.routes = Routes((*found, *parts.pages))
        refuse_ruleless(self.routes)
        super().__init__(_Routed(self.routes, parts), parts.middleware, parts.raw)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Made when it is first asked for: it and its page take longer than all the rest of a start."""
        return openapi.openapi_document(self._parts.about, self._parts.operations, self._parts.raw)


class _Routed:
    """Answers by route: 404 and 405, who asks, the operation, and the net under its errors."""

    def __init__(self, routes: Routes[Handler], parts: ApiParts) -> None:
        self._routes = routes
        self._authenticate = parts.authenticate
        self._clock: Clock = parts.middleware.clock
        self._lifespan = parts.lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(self._lifespan, receive, send)
            return
        try:
            answer = await self._answer(scope, receive)
        except Exception as error:  # whatever it is, the caller gets a problem
            answer = problem_of(error, self._clock())
        await send_answer(send, answer, [])

    async def _answer(self, scope: Scope, receive: Receive) -> ApiResponse[Any]:
        if not has_readable_host(scope):
            return problem_response(Refused(RefusalCode.FIELD_INVALID, "Invalid host header"), self._clock())
        scope["path"] = tidy(scope["path"])
        matched = self._routes.find(scope["path"])
        if matched is None:
            return problem_response(Refused(RefusalCode.NOT_FOUND), self._clock())
        handler = matched.handlers.get(scope["method"])
        if handler is None:
            headers = [("Allow", allow_header(matched.handlers))]
            return problem_response(Refused(RefusalCode.METHOD_NOT_ALLOWED), self._clock(), headers=headers)
        # The middleware reads it afterwards, for the log and the metrics.
        scope["path_template"], scope["path_params"] = matched.path, matched.parameters
        refused = await admit(self._authenticate, handler.rule, scope)
        return problem_response(refused, self._clock()) if refused is not None else await handler.answer(scope, receive)


def refuse_ruleless(routes: Routes[Handler]) -> None:
    """Raise `RouteWithoutRuleError` naming every one of `routes` that has no rule."""
    bare = [f"{route.method} {route.path}" for route in routes if not isinstance(route.handler.rule, AccessRule)]
    if bare:
        raise RouteWithoutRuleError(f"these routes say nothing about who may call them: {', '.join(sorted(bare))}")
