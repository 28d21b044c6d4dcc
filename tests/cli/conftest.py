"""One server for the whole room; whoever needs a provider of their own asks for a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal, Vendor, vendor


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    with vendor(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def staff(server: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> ProviderTerminal:
    """A provider that no other test knows."""
    return server.staff(tmp_path, name=f"North {request.node.nodeid}"[:200])


@pytest.fixture
def sandbox(server: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> ProviderTerminal:
    """A sandbox that no other test knows."""
    return server.staff(tmp_path, sandbox=True, name=f"Sandbox {request.node.nodeid}"[:200])


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Somebody who has never signed in anywhere."""
    return Terminal(tmp_path)
