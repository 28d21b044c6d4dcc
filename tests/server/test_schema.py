"""The whole API is thrown at what its own document promises: everything it allows, and much that it forbids."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tenure.http.serve import HttpServer
from tests.server.route_matrix import World, furnished
from tests.server.server_env import office

EXAMPLES = 3
"""For each of sixty operations, once with what is allowed and once with what is not."""


@schemathesis.serializer("application/jose")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Any]]:
    """A furnished office behind a real socket, and its document."""

    async def open_() -> tuple[AsyncExitStack, World]:
        stack = AsyncExitStack()
        return stack, await furnished(await stack.enter_async_context(office(tmp_path_factory.mktemp("schema"))))

    # The store needs no loop of its own: it is furnished in one, served in another, closed in a third.
    stack, world = asyncio.run(open_())
    with HttpServer(world.env.api) as server:
        yield world, schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    asyncio.run(stack.aclose())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_promises(served: tuple[World, Any], mode: GenerationMode) -> None:
    world, schema = served
    seen: Counter[int] = Counter()
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters:
            _try(world, operation, mode, seen)
            tried += 1
    assert tried >= 50
    assert not [status for status in seen if status >= 500]
    assert seen.keys() >= ({200, 404} if mode is GenerationMode.POSITIVE else {422})


def _try(world: World, operation: Any, mode: GenerationMode, seen: Counter[int]) -> None:
    vendors = operation.path in {
        "/v1/products",
        "/v1/plans",
        "/v1/plans/{plan}",
        "/v1/providers",
        "/v1/root",
        "/metrics",
    }
    headers = {"Authorization": f"Bearer {(world.env.vendor if vendors else world.north.staff).token}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        _about_what_there_is(case, world)
        response = case.call(headers=headers)
        seen[response.status_code] += 1
        case.validate_response(response, headers=headers, excluded_checks=_beyond_schemas(case, response))

    attempt()


def _about_what_there_is(case: Any, world: World) -> None:
    """Drawn ids exist once in a universe's life; those that are well formed become the caller's own."""
    for name, value in (case.path_parameters or {}).items():
        if name in world.north.things and re.fullmatch(r"[a-z]{2,4}_[0-9a-z]{26}", str(value)):
            case.path_parameters[name] = world.north.things[name]


BEYOND = {"/v1/root", "/v1/activate", "/v1/activation-preview", "/v1/sync", "/v1/offline-exchange", "/v1/batch"}
"""Signed messages, and bodies of other operations: no schema says what they have to be."""


def _beyond_schemas(case: Any, response: Any) -> list[Any]:
    """What a schema cannot say: which cursor was given out, which id exists, what it costs, what a signature covers."""
    excluded = []
    if response.status_code in {404, 412, 413}:
        excluded.append(negative_data_rejection)  # refused as well; the check's own list of statuses lacks them
    if response.status_code in {401, 403, 404, 409, 412, 422, 429} and not _about_form(response):
        excluded.append(positive_data_acceptance)
    if "cursor" in (case.query or {}) or case.path in BEYOND:
        excluded.append(positive_data_acceptance)
    return excluded


def _about_form(response: Any) -> bool:
    """Whether it was refused for what the schema says, and not for what it means."""
    problem = response.json()
    return problem["code"] == "field_invalid" and problem["detail"].endswith(
        ("is needed.", "fit.", "fill this in.", "must be there.", "is missing.")
    )
