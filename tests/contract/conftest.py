"""Every test here runs once per kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenure.store.engine import Database
from tests.contract.databases import LiteFile, Opener, SharedSchema


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
