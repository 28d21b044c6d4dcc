"""System DNS is broken in every way there is, and the site reaches its server all the same (M15)."""

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from tenure.sandbox.dns import BLACK_HOLE, NO_SUCH_NAME, SERVER_FAILURE, DnsRecord, LocalDns, TcpListener
from tenure.sdk.http_transport import HttpTransport
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind, StepOutcome
from tenure.sdk.network.policy import PublicDnsMode
from tenure.sdk.network.server import ServerAddress
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import (
    CAPTURE,
    DNS_NAME,
    NAME,
    STRANGER,
    Site,
    Target,
    asking,
    black_hole,
    http,
    says_nothing,
    target,
)

SYNC = TransportRequest("POST", "/v1/sync", b"eyJ.signed.bytes")
WRONG = "127.0.0.3"

Fault = Callable[[LocalDns, int], contextlib.AbstractContextManager[None]]


def dns_says(says: DnsRecord) -> Fault:
    @contextlib.contextmanager
    def fault(system: LocalDns, port: int) -> Iterator[None]:
        system.zone[NAME] = says
        yield

    return fault


def wrong_address(serve: Callable[[int], contextlib.AbstractContextManager[object]]) -> Fault:
    """System DNS gives 127.0.0.3, where `serve` runs something on the server's port."""

    @contextlib.contextmanager
    def fault(system: LocalDns, port: int) -> Iterator[None]:
        system.zone[NAME] = DnsRecord((WRONG,))
        with serve(port):
            yield

    return fault


def login_page(connection: socket.socket) -> None:
    """A captive portal without TLS: answers anything with a page."""
    with contextlib.suppress(OSError):
        connection.recv(4096)
        connection.sendall(http(b"<html>Please log in</html>", "200 OK", "Content-Type: text/html"))


FAULTS: dict[str, tuple[Fault, StepOutcome]] = {
    "unknown name": (dns_says(NO_SUCH_NAME), StepOutcome.NO_SUCH_NAME),
    "server failure": (dns_says(SERVER_FAILURE), StepOutcome.SERVER_FAILURE),
    "refusing resolver": (dns_says(DnsRecord(rcode="REFUSED")), StepOutcome.SERVER_FAILURE),
    "name without address": (dns_says(DnsRecord()), StepOutcome.NO_ADDRESS),
    "silent resolver": (dns_says(BLACK_HOLE), StepOutcome.TIMEOUT),
    "nobody at the address": (wrong_address(lambda port: contextlib.nullcontext()), StepOutcome.REFUSED),
    "address is a black hole": (wrong_address(lambda port: black_hole(WRONG, port)), StepOutcome.TIMEOUT),
    "address accepts and is silent": (
        wrong_address(lambda port: TcpListener(says_nothing, WRONG, port)),
        StepOutcome.TIMEOUT,
    ),
    "captive portal without TLS": (wrong_address(lambda port: TcpListener(login_page, WRONG, port)), StepOutcome.TLS),
    "captive portal, own certificate": (
        wrong_address(lambda port: target(http(b"<html>log in</html>"), WRONG, port, (NAME,), STRANGER)),
        StepOutcome.CERTIFICATE,
    ),
    "certificate of another name": (
        wrong_address(lambda port: target(http(), WRONG, port, ("other.example.test",))),
        StepOutcome.CERTIFICATE,
    ),
}
QUICK = ("unknown name", "server failure", "captive portal, own certificate", "certificate of another name")
FORMS: dict[str, Callable[[LocalDns], str]] = {
    "dns": lambda dns: dns.plain_url,
    "tls": lambda dns: dns.dot_url(DNS_NAME),
    "https": lambda dns: dns.doh_url(DNS_NAME),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_m15_public_dns_leads_to_the_server_when_system_dns_does_not(
    fault: str, system: LocalDns, public: LocalDns, home: Target
) -> None:
    broken, outcome = FAULTS[fault]
    site = Site(asking(public.plain_url, system=system.plain_url), home.port)
    with broken(system, home.port):
        got = site.transport.send(SYNC)
    assert isinstance(got, HttpExchange), got
    assert (got.status, got.body) == (200, b"licensed")
    assert (got.path.kind, got.path.resolver) == (SourceKind.PUBLIC, public.plain_url)
    assert outcome in [step.outcome for step in got.path.tried if step.kind is SourceKind.SYSTEM]
    assert home.requests[0].startswith(b"POST /v1/sync HTTP/1.1\r\n")
    assert f"Host: {NAME}:{home.port}".encode() in home.requests[0]
    assert home.requests[0].endswith(b"\r\n\r\neyJ.signed.bytes")


@pytest.mark.parametrize("fault", QUICK)
@pytest.mark.parametrize("form", ["tls", "https"])
def test_m15_public_dns_is_asked_over_tls_and_https_too(
    fault: str, form: str, system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(FORMS[form](public), system=system.plain_url), home.port)
    with FAULTS[fault][0](system, home.port):
        got = site.transport.send(SYNC)
    assert isinstance(got, HttpExchange), got
    assert got.path.kind is SourceKind.PUBLIC
    assert {via for via, _, _ in public.asked} == {form}
    assert {name for _, name, _ in public.asked} == {NAME}


def test_m15_nothing_is_asked_of_public_dns_while_system_dns_is_healthy(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    got = Site(asking(*(form(public) for form in FORMS.values()), system=system.plain_url), home.port).transport.send(
        SYNC
    )
    assert isinstance(got, HttpExchange)
    assert got.path.kind is SourceKind.SYSTEM
    assert public.count_arrivals == 0


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "address is a black hole"])
def test_b10_p9_switched_off_no_packet_goes_to_public_dns_whatever_happens(
    fault: str, system: LocalDns, public: LocalDns, home: Target
) -> None:
    policy = asking(*(form(public) for form in FORMS.values()), system=system.plain_url, mode=PublicDnsMode.OFF)
    with FAULTS[fault][0](system, home.port), CAPTURE.listening() as seen:
        got = Site(policy, home.port).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert "switched off" in got.detail
    assert public.count_arrivals == 0
    assert seen, "the capture saw the packet to the system's DNS at least"
    assert {address for address, _ in seen} <= {"127.0.0.1", WRONG}
    assert home.requests == []


def test_the_capture_itself_sees_public_dns_when_it_is_used(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone.clear()
    with CAPTURE.listening() as seen:
        Site(asking(public.plain_url, system=system.plain_url), home.port).transport.send(SYNC)
    assert "127.0.0.8" in {address for address, _ in seen}


def test_m15_p9_no_certificate_no_answer_not_even_from_public_dns(system: LocalDns, public: LocalDns) -> None:
    with target(ca=STRANGER) as impostor:
        got = Site(asking(public.plain_url, system=system.plain_url), impostor.port).transport.send(SYNC)
        assert impostor.requests == []
    assert isinstance(got, ServerUnreached)
    assert got.code == "unreachable" and not got.row.conclusive
    assert "certificate" in got.detail


def test_a_public_resolver_that_cannot_prove_its_own_name_is_not_believed(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    system.zone.clear()
    for text in (public.dot_url("other.example.test"), public.doh_url("other.example.test")):
        got = Site(asking(text, system=system.plain_url), home.port).transport.send(SYNC)
        assert isinstance(got, ServerUnreached)
        assert [step.outcome for step in got.tried if step.kind is SourceKind.PUBLIC] == [StepOutcome.CERTIFICATE]
    assert public.asked == []


def test_b10_the_customers_order_is_kept(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone.clear()
    with LocalDns({NAME: SERVER_FAILURE}, "127.0.0.9") as failing:
        first = Site(asking(failing.plain_url, public.plain_url, system=system.plain_url), home.port).transport.send(
            SYNC
        )
        assert isinstance(first, HttpExchange)
        asked = [step.resolver for step in first.path.tried if not step.address]
        assert asked == [system.plain_url, failing.plain_url, public.plain_url]
        before = failing.count_arrivals
        second = Site(asking(public.plain_url, failing.plain_url, system=system.plain_url), home.port).transport.send(
            SYNC
        )
        assert isinstance(second, HttpExchange) and second.path.resolver == public.plain_url
        assert failing.count_arrivals == before


def test_a_resolver_that_lies_is_followed_by_one_that_does_not(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    system.zone[NAME] = DnsRecord((WRONG,))
    with (
        LocalDns({NAME: DnsRecord((WRONG, "127.0.0.4"))}, "127.0.0.9") as lying,
        target(http(b"<html>"), WRONG, home.port, (NAME,), STRANGER) as portal,
    ):
        got = Site(asking(lying.plain_url, public.plain_url, system=system.plain_url), home.port).transport.send(SYNC)
        assert portal.door.arrivals == 1, "an address that failed once is not tried again"
    assert isinstance(got, HttpExchange)
    assert got.path.resolver == public.plain_url


@pytest.mark.parametrize(
    ("host", "suffixes"),
    [
        ("licensing", ()),
        ("licensing.local", ()),
        ("licensing.internal", ()),
        ("licensing.home.arpa", ()),
        ("licensing.corp.example", ("corp.example",)),
        ("corp.example", ("corp.example",)),
    ],
)
def test_a_private_name_is_asked_inside_only(
    host: str, suffixes: tuple[str, ...], system: LocalDns, public: LocalDns, home: Target
) -> None:
    system.zone[host] = SERVER_FAILURE
    policy = asking(public.plain_url, system=system.plain_url, private_suffixes=suffixes)
    got = Site(policy, home.port, host).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    assert [name for _, name, _ in system.asked] == [host]
    assert public.count_arrivals == 0


def test_a_name_beside_a_private_suffix_may_be_asked(system: LocalDns, public: LocalDns) -> None:
    host = "mycorp.example"
    public.zone[host] = DnsRecord(("127.0.0.2",))
    with target(names=(host,)) as home:
        policy = asking(public.plain_url, system=system.plain_url, private_suffixes=("corp.example",))
        got = Site(policy, home.port, host).transport.send(SYNC)
    assert isinstance(got, HttpExchange)


def test_ipv6_is_reached_when_ipv4_is_dead(system: LocalDns, public: LocalDns) -> None:
    system.zone[NAME] = DnsRecord((WRONG, "127.0.0.4", "::1"))
    with target(address="::1") as home:
        got = Site(asking(system=system.plain_url), home.port).transport.send(SYNC)
        assert isinstance(got, HttpExchange)
        assert got.path.address == f"[::1]:{home.port}"
        assert [step.address for step in got.path.tried if step.address][1] == got.path.address, "v4, then v6"


def test_the_system_resolver_may_itself_live_on_ipv6(public: LocalDns, home: Target) -> None:
    with LocalDns({NAME: DnsRecord(("127.0.0.2",))}, "::1") as system:
        text = f"dns://[::1]:{system.plain_url.rpartition(':')[2]}"
        assert isinstance(Site(asking(system=text), home.port).transport.send(SYNC), HttpExchange)


def test_an_answer_cut_short_is_asked_again_over_tcp(system: LocalDns, home: Target) -> None:
    system.zone[NAME] = DnsRecord(("127.0.0.2",), truncated=True)
    assert isinstance(Site(asking(system=system.plain_url), home.port).transport.send(SYNC), HttpExchange)
    assert [via for via, _, kind in system.asked if kind == "A"] == ["udp", "tcp"]


def test_an_alias_is_followed_within_the_answer(system: LocalDns, home: Target) -> None:
    system.zone[NAME] = DnsRecord(("127.0.0.2",), alias="cdn.example.test")
    assert isinstance(Site(asking(system=system.plain_url), home.port).transport.send(SYNC), HttpExchange)
    assert {name for _, name, _ in system.asked} == {NAME}


def test_an_ip_address_in_the_settings_needs_no_dns(system: LocalDns, public: LocalDns) -> None:
    with target(names=("127.0.0.2",)) as home:
        got = Site(asking(public.plain_url, system=system.plain_url), home.port, "127.0.0.2").transport.send(SYNC)
    assert isinstance(got, HttpExchange)
    assert got.path.kind is SourceKind.ADDRESS
    assert got.path.tried[0].describe_step() == "the fixed address is used"
    assert system.count_arrivals == public.count_arrivals == 0


def test_plain_http_goes_to_this_computer_and_no_further(system: LocalDns, public: LocalDns) -> None:
    with Target(http(b"demo")) as home:
        site = Site(asking(public.plain_url, system=system.plain_url), home.port, scheme="http")
        got = site.transport.send(TransportRequest("GET", "/v1/status"))
        assert isinstance(got, HttpExchange) and got.body == b"demo"
        system.zone[NAME] = public.zone[NAME] = DnsRecord(("192.0.2.1", "10.0.0.1"))
        with CAPTURE.listening() as seen:
            away = Site(asking(public.plain_url, system=system.plain_url), home.port, scheme="http").transport.send(
                SYNC
            )
    assert isinstance(away, ServerUnreached)
    assert StepOutcome.NOT_LOOPBACK in [step.outcome for step in away.tried]
    assert not {"192.0.2.1", "10.0.0.1"} & {address for address, _ in seen}


def test_a_get_carries_neither_body_nor_content_type(system: LocalDns, home: Target) -> None:
    Site(asking(system=system.plain_url), home.port).transport.send(TransportRequest("GET", "/v1/root/2"))
    assert home.requests[0].startswith(b"GET /v1/root/2 HTTP/1.1\r\n")
    assert b"Content-Type" not in home.requests[0] and b"Accept-Encoding: identity" in home.requests[0]


def test_a_server_at_home_under_a_prefix(system: LocalDns, home: Target) -> None:
    site = Site(asking(system=system.plain_url), home.port)
    HttpTransport(ServerAddress("https", NAME, home.port, "/licensing"), site.policy, site.ports).send(SYNC)
    assert home.requests[0].startswith(b"POST /licensing/v1/sync ")
