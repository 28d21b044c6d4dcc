"""One world for each file whose tests leave no mark on it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.server.chosen_database import ON_POSTGRES, SCHEMAS
from tests.server.route_matrix import World, furnished
from tests.server.server_env import office


@pytest.fixture(scope="session", autouse=True)
def chosen_server(request: pytest.FixtureRequest) -> None:
    """The server that the tests' schemas are in, where they run on PostgreSQL."""
    if ON_POSTGRES:
        SCHEMAS.url = request.getfixturevalue("postgres_url")


@pytest.fixture(autouse=True)
def released_schemas() -> Iterator[None]:
    yield
    SCHEMAS.release_closed()


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with office(tmp_path_factory.mktemp("world")) as env:
        yield await furnished(env)
