"""Who holds a valid certificate misbehaves, or a resolver does: bounded in bytes and time, and never an exception."""

import gzip
import socket
import time
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.sandbox.dns import DnsRecord, LocalDns, TcpListener
from tenure.sdk.network.bounds import Deadline, ExchangeBounds
from tenure.sdk.network.lookup import look_up
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind, StepOutcome
from tenure.sdk.network.trust import TrustStore
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import (
    DNS_NAME,
    NAME,
    Answer,
    Clock,
    Site,
    Target,
    asking,
    certified,
    http,
    resolver,
    roots,
    says_nothing,
    target,
)

SYNC = TransportRequest("POST", "/v1/sync", b"signed")
KIB = 1024
TRUST = TrustStore(roots(), roots())
DOT_SERVER = certified(DNS_NAME, alpn=("dot",))


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 16 * KIB)


def endless_chunks(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\nx\r\n" * 1000)


def endless_preliminaries(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)


def endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: yes\r\n" * 1000)


def one_byte_at_a_time(connection: socket.socket) -> None:
    for byte in http(b"patience" * 100):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def bomb() -> bytes:
    return http(gzip.compress(b"\0" * 1_000_000), "200 OK", "Content-Encoding: gzip")


HOSTILE: dict[str, tuple[Answer, StepOutcome]] = {
    "endless body": (endless, StepOutcome.TOO_LARGE),
    "endless chunks": (endless_chunks, StepOutcome.TOO_LARGE),
    "endless preliminaries": (endless_preliminaries, StepOutcome.TOO_LARGE),
    "endless headers": (endless_headers, StepOutcome.NOT_HTTP),
    "one byte more than allowed": (http(b"x" * (64 * KIB + 1)), StepOutcome.TOO_LARGE),
    "gzip bomb": (bomb(), StepOutcome.ENCODED),
    "brotli": (http(b"x", "200 OK", "Content-Encoding: br"), StepOutcome.ENCODED),
    "redirect": (http(b"", "302 Found", "Location: https://evil.example/"), StepOutcome.REDIRECT),
    "permanent redirect": (http(b"", "308 Permanent Redirect", "Location: http://127.0.0.1/"), StepOutcome.REDIRECT),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", StepOutcome.CUT_OFF),
    "hangs up": (b"", StepOutcome.CUT_OFF),
    "not HTTP": (b"220 mail.example ESMTP\r\n\r\n", StepOutcome.NOT_HTTP),
    "two lengths": (http(b"x", "200 OK", "Content-Length: 7"), StepOutcome.NOT_HTTP),
    "one byte at a time": (one_byte_at_a_time, StepOutcome.TIMEOUT),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_ends_in_time_as_an_inconclusive_refusal(
    kind: str, system: LocalDns, public: LocalDns
) -> None:
    answer, outcome = HOSTILE[kind]
    bounds = ExchangeBounds(lookup=0.5, candidate=0.5, total=0.8 if outcome is StepOutcome.TIMEOUT else 5.0)
    with target(answer) as home:
        began = time.monotonic()
        got = Site(asking(public.plain_url, system=system.plain_url), home.port, bounds=bounds).transport.send(SYNC)
        took = time.monotonic() - began
    assert isinstance(got, ServerUnreached), got
    assert got.tried[-1].outcome is outcome, got.detail
    assert took < bounds.total + 0.5
    assert not got.row.conclusive
    assert public.count_arrivals == 0, "the certificate was valid: the path is not at fault, so none other is tried"
    assert len(home.requests) == 1, "a request that may have arrived is not sent again by the transport"


def test_the_largest_answer_allowed_is_read(system: LocalDns) -> None:
    with target(http(b"x" * 64 * KIB)) as home:
        got = Site(asking(system=system.plain_url), home.port).transport.send(SYNC)
    assert isinstance(got, HttpExchange) and len(got.body) == 64 * KIB


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "429 Too Many", "503 Service Unavailable"])
def test_any_status_is_an_exchange_with_its_headers(status: str, system: LocalDns) -> None:
    body = b"" if status.startswith("204") else b"<h1>later</h1>"
    with target(http(body, status, "Retry-After: 120", "X-Twice: 1", "X-Twice: 2")) as home:
        got = Site(asking(system=system.plain_url), home.port).transport.send(SYNC)
    assert isinstance(got, HttpExchange)
    assert str(got.status) == status[:3]
    assert (got.first_header("Retry-After"), got.first_header("x-twice"), got.first_header("absent")) == (
        "120",
        "1",
        None,
    )
    assert 0 < got.elapsed < 5


def test_everything_together_ends_at_the_total() -> None:
    """Every resolver silent: each has its bound, and all together theirs."""
    with TcpListener(says_nothing, "127.0.0.5") as silent:
        texts = [f"tls://127.0.0.5:{silent.port}#{DNS_NAME}"] * 20
        bounds = ExchangeBounds(lookup=0.2, candidate=0.2, total=0.7)
        began = time.monotonic()
        policy = asking(*texts, system=f"dns://127.0.0.5:{silent.port}")
        got = Site(policy, 443, bounds=bounds).transport.send(SYNC)
        assert time.monotonic() - began < 1.2
    assert isinstance(got, ServerUnreached)
    assert 1 <= len([step for step in got.tried if step.kind is SourceKind.PUBLIC]) <= 5


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (http(b"<html>log in</html>"), StepOutcome.NOT_DNS),
        (http(b"", "500 Internal Server Error"), StepOutcome.SERVER_FAILURE),
        (http(b"", "301 Moved", "Location: https://elsewhere.example/"), StepOutcome.NOT_DNS),
        (bomb(), StepOutcome.ENCODED),
        (http(b"x" * 70_000), StepOutcome.TOO_LARGE),
        (endless, StepOutcome.TOO_LARGE),
    ],
)
def test_a_hostile_doh_server_gives_no_address(answer: Answer, outcome: StepOutcome) -> None:
    with Target(answer, "127.0.0.1", tls=certified(DNS_NAME)) as server:
        text = f"https://{DNS_NAME}:{server.port}/dns-query#127.0.0.1"
        looked = look_up(resolver(text), NAME, Deadline.after_seconds(Clock().monotonic, 2.0), TRUST)
    assert (looked.outcome, looked.addresses) == (outcome, ())


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_no_bytes_from_a_server_raise(junk: bytes) -> None:
    with Target(junk) as home, LocalDns({NAME: DnsRecord(("127.0.0.2",))}) as system:
        site = Site(asking(system=system.plain_url), home.port, scheme="http", bounds=ExchangeBounds(total=2.0))
        got = site.transport.send(SYNC)
    assert isinstance(got, HttpExchange | ServerUnreached)


@settings(max_examples=60)
@given(st.binary(max_size=100), st.booleans())
def test_no_bytes_from_a_resolver_raise(junk: bytes, framed: bool) -> None:
    def answer(connection: socket.socket) -> None:
        query = connection.recv(512)
        body = query[2:4] + junk if framed else junk
        connection.sendall(len(body).to_bytes(2) + body if framed else body)

    with TcpListener(answer, "127.0.0.1", tls=DOT_SERVER) as door:
        text = f"tls://127.0.0.1:{door.port}#{DNS_NAME}"
        looked = look_up(resolver(text), NAME, Deadline.after_seconds(Clock().monotonic, 2.0), TRUST)
    assert looked.addresses == ()


def test_junk_and_strangers_answers_over_udp_are_passed_over(home: Target) -> None:
    """A forged datagram with another id does not win over the true answer that comes after it."""
    with (
        LocalDns({NAME: DnsRecord(("127.0.0.2",))}) as truth,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger,
    ):
        forger.bind(("127.0.0.1", 0))
        forger.settimeout(2.0)
        site = Site(asking(system=f"dns://127.0.0.1:{forger.getsockname()[1]}"), home.port)

        def forge() -> None:
            for _ in range(2):
                wire, peer = forger.recvfrom(512)
                forger.sendto(b"junk", peer)
                other = truth.reply(bytes([wire[0] ^ 1]) + wire[1:], "udp")
                forger.sendto((other or b"").replace(bytes([127, 0, 0, 2]), bytes([127, 0, 0, 3])), peer)
                forger.sendto(truth.reply(wire, "udp") or b"", peer)

        thread = Thread(target=forge)
        thread.start()
        got = site.transport.send(SYNC)
        thread.join()
    assert isinstance(got, HttpExchange)
    assert got.path.address == f"127.0.0.2:{home.port}"
