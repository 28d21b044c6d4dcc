"""One world for each file whose tests leave no mark on it."""

from collections.abc import AsyncIterator

import pytest

from tests.server.route_matrix import World, furnished
from tests.server.server_env import office


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with office(tmp_path_factory.mktemp("world")) as env:
        yield await furnished(env)
