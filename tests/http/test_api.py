"""Building an API: a route that nobody said who may call is never served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tenure.http.answers import Answer
from tenure.http.api import Api, Parts, RouteWithoutRuleError
from tenure.http.asgi import Receive, Scope
from tenure.http.auth import PUBLIC
from tenure.http.openapi import About
from tenure.http.operations import Handler
from tenure.http.routing import RouteEntry
from tenure.http.serve import Server
from tests.http.calls import caller, code_of
from tests.http.sample import authenticate
from tests.http.test_edge import border


async def show(_scope: Scope, _receive: Receive) -> Answer[bytes]:
    return Answer(body=b"open", media_type="text/plain")


def page(path: str, rule: Any) -> RouteEntry[Handler]:
    return RouteEntry("GET", path, Handler(rule, show))


def parts(*pages: RouteEntry[Handler]) -> Parts:
    return Parts(
        about=About(title="x", version="1"), operations=(), authenticate=authenticate, border=border(), pages=pages
    )


@pytest.mark.parametrize("rule", [None, "public"], ids=["no rule", "something that is none"])
def test_a_route_without_a_rule_is_not_built(rule: Any) -> None:
    with pytest.raises(RouteWithoutRuleError, match="GET /bare"):
        Api(parts(page("/bare", rule), page("/open", PUBLIC)))


def test_what_belongs_to_the_application_begins_and_ends_with_it() -> None:
    notes: list[str] = []

    @asynccontextmanager
    async def store() -> AsyncIterator[None]:
        notes.append("open")
        yield
        notes.append("closed")

    with Server(Api(msgspec.structs.replace(parts(), lifespan=(store(),)))):
        assert notes == ["open"]
    assert notes == ["open", "closed"]


async def test_a_page_beside_the_operations_is_served_behind_the_same_border() -> None:
    async with caller(Api(parts(page("/open", PUBLIC))), "") as client:
        answer = await client.get("/open")
        assert (answer.text, answer.headers["cache-control"]) == ("open", "no-store")
        assert code_of(await client.options("/open")) == "method_not_allowed"
