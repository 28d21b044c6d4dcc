"""Building an API: a route that nobody said who may call is never served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tenure.http.api import ApiParts, BuiltApi, RouteWithoutRuleError
from tenure.http.asgi import Receive, Scope
from tenure.http.auth import PUBLIC
from tenure.http.openapi import ApiDescription
from tenure.http.operations import Handler
from tenure.http.responses import ApiResponse
from tenure.http.routing import RouteEntry
from tenure.http.serve import HttpServer
from tests.http.calls import caller, code_of
from tests.http.sample import authenticate
from tests.http.test_edge import middleware


async def show(_scope: Scope, _receive: Receive) -> ApiResponse[bytes]:
    return ApiResponse(body=b"open", media_type="text/plain")


def page(path: str, rule: Any) -> RouteEntry[Handler]:
    return RouteEntry("GET", path, Handler(rule, show))


def parts(*pages: RouteEntry[Handler]) -> ApiParts:
    return ApiParts(
        about=ApiDescription(title="x", version="1"),
        operations=(),
        authenticate=authenticate,
        middleware=middleware(),
        pages=pages,
    )


@pytest.mark.parametrize("rule", [None, "public"], ids=["no rule", "something that is none"])
def test_a_route_without_a_rule_is_not_built(rule: Any) -> None:
    with pytest.raises(RouteWithoutRuleError, match="GET /bare"):
        BuiltApi(parts(page("/bare", rule), page("/open", PUBLIC)))


def test_what_belongs_to_the_application_begins_and_ends_with_it() -> None:
    notes: list[str] = []

    @asynccontextmanager
    async def store() -> AsyncIterator[None]:
        notes.append("open")
        yield
        notes.append("closed")

    with HttpServer(BuiltApi(msgspec.structs.replace(parts(), lifespan=(store(),)))):
        assert notes == ["open"]
    assert notes == ["open", "closed"]


async def test_a_page_beside_the_operations_is_served_behind_the_same_border() -> None:
    async with caller(BuiltApi(parts(page("/open", PUBLIC))), "") as client:
        answer = await client.get("/open")
        assert (answer.text, answer.headers["cache-control"]) == ("open", "no-store")
        assert code_of(await client.options("/open")) == "method_not_allowed"
