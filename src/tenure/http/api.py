"""An API put together: operations, hot operations, who may ask, the documentation, behind one border.

Building fails, with the reason, when a route has no rule or two operations share a name: none of them is ever served.
"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any, cast

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from tenure.http import docs, openapi
from tenure.http.asgi import App
from tenure.http.auth import Authenticate, guard, rule_of
from tenure.http.edge import Border, Edge
from tenure.http.operations import Operation, handler_of
from tenure.http.pacing import Pacing
from tenure.http.problems import exception_handler
from tenure.http.raw import RawOperation


class RouteWithoutRuleError(TypeError):
    """A route that nobody said who may call."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an API is made of."""

    about: openapi.About
    operations: tuple[Operation, ...]
    raw: tuple[RawOperation, ...] = ()
    authenticate: Authenticate
    border: Border
    pacing: Pacing | None = None
    """What known callers may ask for; None: whatever they like."""
    pages: tuple[ControllerRouterHandler, ...] = ()
    """Handlers of the framework itself, such as static files; each has `opt={"rule": Rule(...)}`."""
    lifespan: tuple[AbstractAsyncContextManager[Any], ...] = ()


class Api(Edge):
    """A built API, ready to be served; `document` is its OpenAPI description."""

    def __init__(self, parts: Parts) -> None:
        openapi.refuse_unclear(parts.operations, parts.raw)
        self._parts = parts
        self.operations = parts.operations
        described = docs.operations(lambda: self.document)
        handlers = [handler_of(one, parts.border.clock, parts.pacing) for one in (*parts.operations, *described)]
        self.framework = Litestar(
            [*handlers, *parts.pages],
            exception_handlers={Exception: exception_handler(parts.border.clock)},
            guards=[guard(parts.authenticate)],
            openapi_config=None,
            logging_config=None,
            lifespan=parts.lifespan,
        )
        refuse_ruleless(self.framework)
        super().__init__(cast(App, self.framework), parts.border, parts.raw)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Made when it is first asked for: it and its page take longer than all the rest of a start."""
        return openapi.document(self._parts.about, self._parts.operations, self._parts.raw)


def refuse_ruleless(framework: Litestar) -> None:
    """Raise `RouteWithoutRuleError` naming every route of `framework` that has no rule."""
    bare = [
        f"{method} {route.path}"
        for route in framework.routes
        for method, handler in _handlers(route)
        if rule_of(handler.opt) is None and not _is_frameworks_own(handler)
    ]
    if bare:
        raise RouteWithoutRuleError(f"these routes say nothing about who may call them: {', '.join(sorted(bare))}")


def _handlers(route: Any) -> Iterable[tuple[str, Any]]:
    if hasattr(route, "route_handler_map"):
        return [(method, handler) for method, (handler, _) in route.route_handler_map.items()]
    return [("ASGI", route.route_handler)]


def _is_frameworks_own(handler: Any) -> bool:
    """The answers to OPTIONS, which the framework makes for each path: an Allow header and nothing else."""
    return isinstance(handler, HTTPRouteHandler) and handler.fn.__qualname__.startswith(
        "HTTPRoute.create_options_handler"
    )
