"""The usual company of a site: its DNS, public DNS in three forms, the true activation server."""

from collections.abc import Iterator

import pytest

from tenure.sandbox.dns import DnsRecord, LocalDns
from tests.sdk.names.servers import DNS_NAME, NAME, Target, certified, target


@pytest.fixture
def home() -> Iterator[Target]:
    """The true server, at 127.0.0.2."""
    with target() as running:
        yield running


@pytest.fixture
def system() -> Iterator[LocalDns]:
    """The system's DNS, telling the truth until a test changes its zone."""
    with LocalDns({NAME: DnsRecord(("127.0.0.2",))}) as running:
        yield running


@pytest.fixture
def public() -> Iterator[LocalDns]:
    """A public resolver that tells the truth, plain, by DoT and by DoH."""
    with LocalDns({NAME: DnsRecord(("127.0.0.2",))}, "127.0.0.8", tls=certified(DNS_NAME)) as running:
        yield running
