import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tests.server.server_env import START
from tests.site.site_env import SiteEnv, SiteProcess, site_env

AGED = START + 8 * DAY
"""From then on a new town is built for whoever comes next: the root document is good for 13 months, and some tests take
a year and the days of grace."""


@pytest.fixture(scope="module")
def site_envs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[SiteEnv, ExitStack]]]:
    """The town that tests of a module share one after the other, because building one takes a while."""
    built: list[tuple[SiteEnv, ExitStack]] = []
    yield built
    for _, stack in built:
        stack.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where state is kept: in memory where there is such a place, for none of it has to survive a power cut here."""
    shm = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else tmp_path) as made:
        yield Path(made)


@pytest.fixture
def here(site_envs: list[tuple[SiteEnv, ExitStack]], folder: Path) -> Iterator[SiteEnv]:
    """The real server, and nobody else around yet."""
    if site_envs and site_envs[-1][0].time.now > AGED:
        site_envs.pop()[1].close()
    if not site_envs:
        stack = ExitStack()
        site_envs.append(
            (
                stack.enter_context(
                    site_env(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder.parent))))
                ),
                stack,
            )
        )
    made = site_envs[-1][0]
    made.folder, made.server_up = folder, True
    yield made
    made.close_sites()


@pytest.fixture
def house(here: SiteEnv) -> SiteProcess:
    """A site with a code for ten devices applied."""
    made = here.site()
    made.activate(here.order()[1])
    return made
