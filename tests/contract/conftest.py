"""Every test here runs once per kind of database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tenure.store.engine import Database
from tests.contract.databases import LiteFile, Opener, SharedSchema, postgres_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def shared_schema(postgres_url: str) -> SharedSchema:
    return SharedSchema(postgres_url)


@pytest.fixture(params=["lite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    if request.param == "lite":
        yield LiteFile(tmp_path / "tenure.db")
        return
    shared: SharedSchema = request.getfixturevalue("shared_schema")
    yield await shared.emptied()


@pytest.fixture
async def db(opener: Opener) -> AsyncIterator[Database]:
    opened = await opener.open()
    yield opened
    await opened.close()
