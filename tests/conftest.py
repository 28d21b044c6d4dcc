"""What every test shares: how Hypothesis draws its examples, the order of files, the event loop of async tests."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import scratch
from tests.schedule import TABLE, Durations, file_of, longest_first, read

if TYPE_CHECKING:
    from tests.contract.databases import SharedSchema

scratch.keep_in_memory()

# Collecting 11,000 tests makes a million objects that stay, and searching those for cycles took a third of the time.
gc.disable()

# The in-process HTTP transport imports `sniffio` at each request; where it is not installed, the search through all
# folders of the path is a tenth of what a page costs here. None says "not installed" without a search.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

# The same examples on every CI run, so that red means the change and not the dice; at home fresh ones each time.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-durations", action="store_true", help="write what each file took to tests/durations.txt")


def pytest_configure(config: pytest.Config) -> None:
    # A run in the background of a shell ignores Ctrl-C, and so would every program that a test starts and interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = hasattr(config, "workerinput")
    if config.getoption("--write-durations") and not worker:
        config.pluginmanager.register(Durations())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    files = longest_first([file_of(item.nodeid) for item in items], read(TABLE.read_text("utf-8")))
    place = {path: number for number, path in enumerate(files)}
    items.sort(key=lambda item: place[file_of(item.nodeid)])


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Modules and tests are there for good: from now on only what tests make is searched for cycles, and seldom."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One PostgreSQL server for all tests of a worker: starting one takes longer than most of them."""
    # Drivers and database are half a second to load, and rooms without them need not wait for that in each process.
    from tests.contract.databases import postgres_server  # noqa: PLC0415

    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def shared_schema(postgres_url: str) -> "SharedSchema":
    from tests.contract.databases import SharedSchema  # noqa: PLC0415

    return SharedSchema(postgres_url)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, the loop that the programs run on."""
    return "asyncio"
