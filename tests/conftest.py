"""What every test shares: how Hypothesis draws its examples, and the one event loop that async tests run on."""

import os

import pytest
from hypothesis import settings

# The same examples on every CI run, so that red means the change and not the dice; at home fresh ones each time.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


FIRST = ("simulation", "stories", "browser")
"""Folders whose files take longest: begun first, so that at the end no worker waits long for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(f"tests/{folder}/" in item.nodeid for folder in FIRST))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, the loop that the programs run on."""
    return "asyncio"
