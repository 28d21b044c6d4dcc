"""Whose certificates are believed; a context that checks nothing is not used at all."""

import ssl
from pathlib import Path

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.sandbox.dns import LocalDns
from tenure.sdk.network.path import HttpExchange, ServerUnreached, StepOutcome
from tenure.sdk.network.trust import Roots, TrustStore, roots_from, system_roots
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import OURS, STRANGER, Site, Target, asking

SYNC = TransportRequest("POST", "/v1/sync", b"signed")


def test_a_private_ca_from_a_file(tmp_path: Path, system: LocalDns, home: Target) -> None:
    for ca, reached in ((OURS, True), (STRANGER, False)):
        path = tmp_path / f"{reached}.pem"
        ca.cert_pem.write_to_path(str(path))
        got = Site(asking(system=system.plain_url), home.port, trust=TrustStore(roots_from(str(path)))).transport.send(
            SYNC
        )
        assert isinstance(got, HttpExchange) is reached


def test_the_systems_roots_do_not_know_a_private_ca(system: LocalDns, home: Target) -> None:
    got = Site(asking(system=system.plain_url), home.port, trust=TrustStore()).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert got.tried[-1].outcome is StepOutcome.CERTIFICATE
    assert system_roots().verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("file", ["/nowhere/ca.pem", "/dev/null"])
def test_nothing_is_sent_while_the_trusted_certificates_cannot_be_read(
    file: str, system: LocalDns, home: Target
) -> None:
    got = Site(asking(system=system.plain_url), home.port, trust=TrustStore(roots_from(file))).transport.send(SYNC)
    assert isinstance(got, Refused)
    assert (got.code, got.field) == (RefusalCode.ENVIRONMENT_UNUSABLE, "ca_file")
    assert file in got.detail


def careless() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def nameless() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    OURS.configure_trust(context)
    context.check_hostname = False
    return context


@pytest.mark.parametrize(
    ("roots", "words"),
    [
        (careless, "does not check"),
        (nameless, "does not check"),
    ],
)
def test_nothing_is_sent_under_a_context_that_cannot_be_relied_on(
    roots: Roots, words: str, system: LocalDns, home: Target
) -> None:
    got = Site(asking(system=system.plain_url), home.port, trust=TrustStore(roots)).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert got.tried[-1].outcome is StepOutcome.TLS
    assert words in got.detail
    assert home.requests == []
