"""The sample API, fresh for each test, and a client that may write."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tenure.http.api import BuiltApi
from tests.http.calls import caller
from tests.http.sample import Things, build


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def api(things: Things) -> BuiltApi:
    return build(things)


@pytest.fixture
async def client(api: BuiltApi) -> AsyncIterator[httpx2.AsyncClient]:
    async with caller(api) as calls:
        yield calls
