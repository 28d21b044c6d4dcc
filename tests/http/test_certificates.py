"""A server's own certificate: what cannot serve is refused by its option, and renewed files are taken while it runs."""

import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.certificates import (
    LOOK_SECONDS,
    SETTLE_SECONDS,
    CertificateFiles,
    LoadedCertificate,
    ServedCertificate,
    load_certificate,
    open_certificate,
)
from tenure.http.metrics import watch_certificate
from tenure.http.serve import HttpServer, ListenAddress
from tests.http.authority import Authority
from tests.http.calls import shown
from tests.http.sample import build

DAY = 86_400
AUTHORITY = Authority()
TRUST = ssl.create_default_context(cadata=AUTHORITY.pem)


def files_in(folder: Path) -> CertificateFiles:
    return CertificateFiles(
        certificate=folder / "server.pem",
        key=folder / "server.key",
        certificate_option="--certificate",
        key_option="--key",
    )


def no_key(folder: Path) -> None:
    (folder / "server.key").unlink()


def no_chain(folder: Path) -> None:
    (folder / "server.pem").unlink()


def a_folder(folder: Path) -> None:
    no_chain(folder)
    (folder / "server.pem").mkdir()


def a_folder_as_key(folder: Path) -> None:
    no_key(folder)
    (folder / "server.key").mkdir()


def another_key(folder: Path) -> None:
    chain = (folder / "server.pem").read_bytes()
    AUTHORITY.issue(folder)
    (folder / "server.pem").write_bytes(chain)


def no_pem(folder: Path) -> None:
    (folder / "server.pem").write_bytes(b"\x30\x82\x01\x00")


def damaged_pem(folder: Path) -> None:
    text = (folder / "server.pem").read_text()
    (folder / "server.pem").write_text(text[:120] + "!" + text[121:])


def empty(folder: Path) -> None:
    (folder / "server.pem").write_bytes(b"")


def the_key_twice(folder: Path) -> None:
    (folder / "server.pem").write_bytes((folder / "server.key").read_bytes())


def the_chain_twice(folder: Path) -> None:
    (folder / "server.key").write_bytes((folder / "server.pem").read_bytes())


def locked(folder: Path) -> None:
    AUTHORITY.issue(folder, password=b"secret of somebody")


def readable_by_all(folder: Path) -> None:
    (folder / "server.key").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "option", "told"),
    [
        (no_key, "--key", "No such file or directory. Name the PEM file"),
        (no_chain, "--certificate", "No such file or directory. Name the PEM file"),
        (a_folder, "--certificate", "Is a directory. Name the PEM file"),
        (a_folder_as_key, "--key", "Is a directory. Name the PEM file"),
        (another_key, "--certificate", "the key belongs to another certificate"),
        (no_pem, "--certificate", "holds no certificate in PEM"),
        (damaged_pem, "--certificate", "do not serve"),
        (empty, "--certificate", "holds no certificate in PEM"),
        (the_key_twice, "--certificate", "holds no certificate in PEM"),
        (the_chain_twice, "--key", "holds no private key in PEM"),
        (locked, "--key", "has a password, which cannot be typed"),
        (readable_by_all, "--key", "set its mode to 0600"),
    ],
)
def test_what_cannot_serve_is_refused_with_option_and_remedy(
    tmp_path: Path, spoil: Callable[[Path], None], option: str, told: str
) -> None:
    AUTHORITY.issue(tmp_path)
    spoil(tmp_path)
    refused = load_certificate(files_in(tmp_path))
    assert isinstance(refused, Refused)
    assert refused.code is (RefusalCode.ACTION_NOT_PERMITTED if spoil is readable_by_all else RefusalCode.FIELD_INVALID)
    assert f"--{refused.field}" == option
    assert refused.detail.startswith(f"{option}: ")
    assert told in refused.detail
    assert str(tmp_path) in refused.detail
    assert "secret" not in refused.detail


def test_a_key_of_root_may_be_lent_to_a_group_and_no_one_else_s(tmp_path: Path) -> None:
    """Debian's `ssl-cert` group: what PostgreSQL accepts is accepted here."""
    AUTHORITY.issue(tmp_path)
    (tmp_path / "server.key").chmod(0o640)
    by_root = os.getuid() == 0
    assert isinstance(load_certificate(files_in(tmp_path)), LoadedCertificate if by_root else Refused)
    if by_root:
        os.chown(tmp_path / "server.key", 65_534, -1)
        assert isinstance(load_certificate(files_in(tmp_path)), Refused)


def test_dates_and_names_are_read(tmp_path: Path) -> None:
    AUTHORITY.issue(tmp_path, "license.example.com", "*.example.org", "127.0.0.1", "::1", days=90, began=0)
    loaded = load_certificate(files_in(tmp_path))
    assert isinstance(loaded, LoadedCertificate)
    assert loaded.ends - loaded.begins == 90 * DAY
    assert all(map(loaded.is_for, ("license.example.com", "License.Example.com.", "a.example.org", "127.0.0.1", "::1")))
    assert not any(map(loaded.is_for, ("example.com", "a.b.example.org", "example.org", "127.0.0.2", "")))


@pytest.mark.parametrize(
    ("life", "at", "told"),
    [
        (90, 75, ""),
        (90, 77, "expires at"),
        (90, 90, "expired at"),
        (90, -1, "valid only from"),
        (6, 3, ""),
        (6, 4.5, "expires at"),
    ],
)
def test_it_says_when_somebody_has_to_renew_it(tmp_path: Path, life: int, at: float, told: str) -> None:
    """Two weeks before its end; a short one, renewed by a program every few days, in its last third."""
    AUTHORITY.issue(tmp_path, days=life, began=0)
    loaded = load_certificate(files_in(tmp_path))
    assert isinstance(loaded, LoadedCertificate)
    warning = loaded.date_warning(loaded.begins + int(at * DAY))
    assert warning.find(told) >= 0 if told else warning == ""


def serial(port: int, context: ssl.SSLContext = TRUST) -> str:
    """The serial number of the certificate that a new connection is shown."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        found = secured.getpeercert()
        assert found is not None
        return str(found["serialNumber"])


def eventually(port: int, unlike: str) -> str:
    """The first serial number that is another one; connections looked at meanwhile are all served."""
    for _ in range(200):
        found = serial(port)
        if found != unlike:
            return found
        threading.Event().wait(LOOK_SECONDS / 20)
    raise AssertionError("the renewed certificate was never shown")


def test_a_renewed_certificate_is_shown_and_no_connection_is_lost(tmp_path: Path) -> None:
    certificate = shown(*AUTHORITY.issue(tmp_path))
    with HttpServer(build(), ListenAddress(certificate=certificate)) as server, httpx2.Client(verify=TRUST) as kept:
        first = serial(server.port)
        assert kept.get(f"{server.url}/livez").status_code == 200
        ended = threading.Event()
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                while not ended.is_set():
                    assert httpx2.get(f"{server.url}/livez", verify=TRUST).status_code == 200
            except BaseException as fault:
                failures.append(fault)

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for each in asking:
            each.start()
        AUTHORITY.issue(tmp_path)
        second = eventually(server.port, first)
        # The link is turned to a new folder, as ACME clients do.
        newer = tmp_path / "archive"
        newer.mkdir()
        for made in AUTHORITY.issue(newer):
            (tmp_path / f"{made.name}.link").symlink_to(made)
            (tmp_path / f"{made.name}.link").rename(tmp_path / made.name)
        third = eventually(server.port, second)
        ended.set()
        for each in asking:
            each.join(10)
        assert failures == []
        assert kept.get(f"{server.url}/livez").status_code == 200, "a connection from before goes on"
    assert len({first, second, third}) == 3
    assert certificate.renewals == 2


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    with HttpServer(build(), ListenAddress(certificate=shown(*AUTHORITY.issue(tmp_path)))) as server:
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
            old = ssl.create_default_context(cadata=AUTHORITY.pem)
            old.set_ciphers("ALL:@SECLEVEL=0")
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = version
            if spoken:
                assert serial(server.port, old)
            else:
                with pytest.raises(ssl.SSLError):
                    serial(server.port, old)
        elsewhere = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            serial(server.port, elsewhere)


def metrics(certificate: ServedCertificate) -> str:
    registry = CollectorRegistry()
    watch_certificate(certificate, registry)
    return generate_latest(registry).decode()


def test_a_new_pair_that_does_not_serve_is_told_and_the_one_before_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = shown(*AUTHORITY.issue(tmp_path))
    before = certificate.context_at(0.0)
    another_key(tmp_path)
    with caplog.at_level(logging.INFO):
        assert certificate.context_at(1.0) is before
        assert caplog.messages == [], "the other file may come in a moment"
        assert "tenure_tls_certificate_refused 1.0" in metrics(certificate)
        assert certificate.context_at(1.0 + SETTLE_SECONDS) is before
        assert certificate.context_at(100.0) is before
        (told,) = caplog.messages
        assert "the key belongs to another certificate" in told
        AUTHORITY.issue(tmp_path)
        assert certificate.context_at(101.0) is not before
    assert "tenure_tls_certificate_refused 0.0" in metrics(certificate)
    (ends,) = re.findall(r"^tenure_tls_certificate_ends_seconds (.+)$", metrics(certificate), re.MULTILINE)
    assert float(ends) == certificate.loaded.ends


def test_a_pair_whose_files_come_one_after_the_other_is_taken_without_a_complaint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = shown(*AUTHORITY.issue(tmp_path))
    before, old = certificate.context_at(0.0), (tmp_path / "server.key").read_bytes()
    AUTHORITY.issue(tmp_path)
    new = (tmp_path / "server.key").read_bytes()
    (tmp_path / "server.key").write_bytes(old)
    with caplog.at_level(logging.WARNING):
        assert certificate.context_at(1.0) is before
        (tmp_path / "server.key").write_bytes(new)
        assert certificate.context_at(2.0) is not before
    assert caplog.messages == []


def test_one_that_expires_is_warned_of_once_a_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    AUTHORITY.issue(tmp_path, days=90, began=0)
    now = [0]
    certificate = open_certificate(files_in(tmp_path), lambda: now[0])
    assert isinstance(certificate, ServedCertificate)
    ends = certificate.loaded.ends
    said = []
    for hours in (-15 * 24, -13 * 24, -13 * 24 + 1, -12 * 24, 1):
        now[0] = ends + hours * 3_600
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            certificate.reload_if_changed(float(hours))
        said.append(" ".join(caplog.messages))
    assert [bool(each) for each in said] == [False, True, False, True, True]
    assert "expires at" in said[1]
    assert "expired at" in said[4]
