"""One server for the whole room; whoever needs a provider of their own asks for a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.cli.vendor import Desk, Vendor, vendor


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    with vendor(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def desk(shop: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    """A provider that no other test knows."""
    return shop.desk(tmp_path, name=f"North {request.node.nodeid}"[:200])


@pytest.fixture
def sandbox(shop: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    """A sandbox that no other test knows."""
    return shop.desk(tmp_path, sandbox=True, name=f"Sandbox {request.node.nodeid}"[:200])


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Somebody who has never signed in anywhere."""
    return Terminal(tmp_path)
