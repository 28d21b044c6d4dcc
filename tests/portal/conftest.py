"""One stage for each test: pages leave marks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.portal.stage import Stage, stage


@pytest.fixture
async def at_the_portal(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as there:
        yield there
