"""Building an API: a route that nobody said who may call is never served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from litestar import Litestar, asgi, get
from litestar.types import Receive, Scope, Send

from tenure.http.api import Api, Parts, RouteWithoutRuleError, refuse_ruleless
from tenure.http.auth import PUBLIC
from tenure.http.openapi import About
from tenure.http.serve import Server
from tests.http.calls import caller, code_of
from tests.http.sample import authenticate
from tests.http.test_edge import border


@get("/bare", sync_to_thread=False)
def bare() -> str:
    return ""


@get("/open", sync_to_thread=False, opt={"rule": PUBLIC})
def opened() -> str:
    return "open"


@asgi("/mounted", copy_scope=True)
async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("never served")


def parts(*pages: Any) -> Parts:
    return Parts(
        about=About(title="x", version="1"), operations=(), authenticate=authenticate, border=border(), pages=pages
    )


@pytest.mark.parametrize(("page", "named"), [(bare, "GET /bare"), (mounted, "ASGI /mounted")])
def test_a_route_without_a_rule_is_not_built(page: Any, named: str) -> None:
    with pytest.raises(RouteWithoutRuleError, match=named):
        Api(parts(page))


def test_something_that_is_no_rule_does_not_count() -> None:
    page = get("/", sync_to_thread=False, opt={"rule": "public"})(bare.fn)
    framework = Litestar([page], openapi_config=None, logging_config=None)
    with pytest.raises(RouteWithoutRuleError, match="GET /"):
        refuse_ruleless(framework)


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


async def test_a_page_of_the_framework_is_served_behind_the_same_border() -> None:
    async with caller(Api(parts(opened)), "") as client:
        answer = await client.get("/open")
        assert (answer.text, answer.headers["cache-control"]) == ("open", "no-store")
        assert code_of(await client.options("/open")) == "method_not_allowed"
