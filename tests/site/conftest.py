from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tests.server.office import START
from tests.site.town import House, Town, town

AGED = START + 200 * DAY
"""By then a subscription of a year is near its end for whoever comes next: a new town is built."""


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Town, ExitStack]]]:
    """The town that tests of a module share one after the other, because building one takes a while."""
    built: list[tuple[Town, ExitStack]] = []
    yield built
    for _, stack in built:
        stack.close()


@pytest.fixture
def here(towns: list[tuple[Town, ExitStack]], tmp_path: Path) -> Iterator[Town]:
    """The real server, and nobody else around yet."""
    if towns and towns[-1][0].time.now > AGED:
        towns.pop()[1].close()
    if not towns:
        stack = ExitStack()
        towns.append((stack.enter_context(town(tmp_path)), stack))
    made = towns[-1][0]
    made.folder, made.server_up = tmp_path, True
    yield made
    made.close_sites()


@pytest.fixture
def house(here: Town) -> House:
    """A site with a code for ten devices applied."""
    made = here.house()
    made.activate(here.order()[1])
    return made
