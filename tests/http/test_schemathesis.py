"""The sample API is thrown at what its own documentation promises: everything it allows, and much that it forbids."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tenure.http.serve import HttpServer
from tests.http.sample import build

pytestmark = pytest.mark.slow

EXAMPLES = 8
"""For each of about ten operations, once with what is allowed and once with what is not."""

WRITER = {"Authorization": "Bearer writer-token"}


@schemathesis.serializer("application/jose")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    with HttpServer(build()) as server:
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_documentation_promises(schema: Any, mode: GenerationMode) -> None:
    seen: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        # What takes nothing cannot be given anything wrong.
        if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters:
            _try(operation, mode, seen)
    assert sum(seen.values()) >= 50
    assert not [status for status in seen if status >= 500]
    assert seen.keys() & ({200, 201} if mode is GenerationMode.POSITIVE else {400, 422})


def _try(operation: Any, mode: GenerationMode, seen: Counter[int]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        response = case.call(headers=WRITER)
        seen[response.status_code] += 1
        excluded = []
        if response.status_code in {412, 413}:
            # These refuse what is wrong as well; the check's own list of statuses does not know them.
            excluded.append(negative_data_rejection)
        if response.status_code == 412 or "cursor" in (case.query or {}) or "_key_reused" in response.text:
            # A schema cannot say which cursor was given out, which tag is the present one, which key is fresh.
            excluded.append(positive_data_acceptance)
        case.validate_response(response, headers=WRITER, excluded_checks=excluded)

    attempt()
