"""A board without a battery: it begins each day in 1970, and the device port's certificate begins no later."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tenure.agent.port import PinnedTransport
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tenure.site import certificate
from tenure.site.folder import CERTIFICATE
from tenure.wire.devices import EnrollmentToken
from tests.sdk.names.servers import Target

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def beginning(folder: Path) -> datetime:
    return x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes()).not_valid_before_utc


def test_the_device_port_s_certificate_begins_with_the_epoch(tmp_path: Path) -> None:
    certificate.ensure_certificate(FolderOnDisk(tmp_path), ("site.example",))
    assert beginning(tmp_path) == EPOCH


def test_one_that_began_later_is_made_anew_under_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made by an earlier program: devices know the key, so that nothing of theirs changes."""
    disk = FolderOnDisk(tmp_path)
    with monkeypatch.context() as earlier:
        earlier.setattr(certificate, "_FIRST", datetime(1990, 1, 1, tzinfo=UTC))
        pin = certificate.ensure_certificate(disk, ("site.example",))
    assert beginning(tmp_path) > EPOCH
    assert certificate.ensure_certificate(disk, ("site.example",)) == pin
    assert beginning(tmp_path) == EPOCH
    kept = (tmp_path / CERTIFICATE).read_bytes()
    certificate.ensure_certificate(disk, ("site.example",))
    assert (tmp_path / CERTIFICATE).read_bytes() == kept


def test_a_device_whose_clock_lies_before_the_certificate_reaches_its_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To this computer's clock the certificate is one of next year, as one of 1990 is to a board's."""
    monkeypatch.setattr(certificate, "_FIRST", datetime.now(UTC) + timedelta(days=365))
    pin = certificate.ensure_certificate(FolderOnDisk(tmp_path), ("127.0.0.1",))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate.certificate_files(tmp_path))
    with Target(address="127.0.0.1", tls=context) as port:
        ticket = EnrollmentToken(host="127.0.0.1", port=port.port, pin=pin, product="editor", secret="s" * 16)
        way = PinnedTransport(ticket, "", time.monotonic, lambda: 0, bounds=ExchangeBounds(total=5))
        assert isinstance(way.send(TransportRequest("POST", "/v1/device", b"signed")), HttpExchange)
        with socket.create_connection(("127.0.0.1", port.port)) as plain, pytest.raises(ssl.SSLCertVerificationError):
            strict = ssl.create_default_context(cadata=way.certificate)
            strict.wrap_socket(plain, server_hostname="127.0.0.1")
