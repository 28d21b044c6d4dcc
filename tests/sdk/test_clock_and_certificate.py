"""A clock that is in doubt before certificates: what is accepted, what is sent, and whose fault it is said to be.

Real sockets and real TLS; the clock of a table's row is what the application's own estimate makes of its computer.
"""

import functools
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conformance import keys
from conformance.vendor import code
from conformance.web import Asked, honest
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.dns import DnsRecord, LocalDns
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind, StepOutcome
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import DNS_NAME, NAME, OURS, STRANGER, Site, Target, asking, certified, http, request_on
from tests.sdk.world import World

YEAR = timedelta(days=365)
NOW = datetime.now(UTC)
PAST, FUTURE = (NOW - 2 * YEAR, NOW - YEAR), (NOW + YEAR, NOW + 2 * YEAR)
Context = Callable[[], ssl.SSLContext]


def issued(
    *names: str, ca: trustme.CA = OURS, dates: tuple[datetime, datetime] = (NOW - YEAR, NOW + YEAR)
) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names, not_before=dates[0], not_after=dates[1]).configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def self_signed() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - YEAR)
        .not_valid_after(NOW + YEAR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


CERTIFICATES: dict[str, Callable[[], ssl.SSLContext]] = {
    "fine": lambda: issued(NAME),
    "expired": lambda: issued(NAME, dates=PAST),
    "not yet valid": lambda: issued(NAME, dates=FUTURE),
    "wrong name": lambda: issued("other.example.test"),
    "wrong name, expired": lambda: issued("other.example.test", dates=PAST),
    "wrong authority": lambda: issued(NAME, ca=STRANGER),
    "wrong authority, expired": lambda: issued(NAME, ca=STRANGER, dates=PAST),
}
DATED = frozenset({"expired", "not yet valid"})
CLOCKS = {"right": 0, "a year ahead": 365 * DAY, "a year behind": -365 * DAY, "an hour behind": -HOUR}


class Vendors(Target):
    """The vendor's own server on a socket."""

    def __init__(self, world: World, certificate: ssl.SSLContext) -> None:
        self.world, self.paths = world, list[str]()
        super().__init__(tls=certificate)

    def _serve(self, connection: socket.socket) -> None:
        asked = request_on(connection)
        head, _, body = asked.partition(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode().split()
        self.paths.append(path)
        reply = honest(self.world.vendor, Asked(method, path, body))
        connection.sendall(http(reply.body, f"{reply.status} OK"))


@pytest.fixture
def world() -> World:
    made = World()
    assert isinstance(made.keeper.activate(code("A").reveal()), ActivationGranted)
    made.wait(2 * DAY)
    return made


@pytest.fixture
def system() -> Iterator[LocalDns]:
    with LocalDns({NAME: DnsRecord(("127.0.0.2",))}) as running:
        yield running


def connect(world: World, vendor: Vendors, system: LocalDns) -> None:
    site = Site(asking(system=system.plain_url), vendor.port)
    world.cable.send = site.transport.send  # type: ignore[method-assign]


def set_clock(world: World, by: int) -> None:
    world.hands.wall += by
    world.keeper.holder.now()


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("clock", CLOCKS)
def test_synchronization(world: World, system: LocalDns, clock: str, certificate: str) -> None:
    before = world.kept.present
    set_clock(world, CLOCKS[clock])
    with Vendors(world, CERTIFICATES[certificate]()) as vendor:
        connect(world, vendor, system)
        outcome = world.keeper.synchronize()
    if certificate == "fine" or (certificate in DATED and clock != "right"):
        assert isinstance(outcome, Synchronized), outcome
        assert world.keeper.holder.now().instant == world.vendor.now, "the answer has settled the time"
        return
    assert isinstance(outcome, Rejected)
    assert not outcome.conclusive
    assert vendor.paths == [], "nothing is sent to who has not proven its name"
    assert world.kept.present == before
    if certificate in DATED:
        assert "not valid at the time that this computer's clock shows" in outcome.detail
    else:
        assert "no valid certificate for the name" in outcome.detail


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("clock", CLOCKS)
def test_activation_shows_its_code_to_nobody_whose_certificate_is_out_of_date(
    world: World, system: LocalDns, clock: str, certificate: str
) -> None:
    set_clock(world, CLOCKS[clock])
    world.keeper.holder.apply_state(world.keeper.holder.kept)
    with Vendors(world, CERTIFICATES[certificate]()) as vendor:
        connect(world, vendor, system)
        outcome = world.keeper.activate(code("A").reveal())
    if certificate == "fine":
        assert isinstance(outcome, ActivationGranted), outcome
        return
    assert isinstance(outcome, Rejected)
    assert vendor.paths == []
    if certificate not in DATED:
        assert outcome.code is RefusalCode.UNREACHABLE
        assert "no valid certificate for the name" in outcome.detail
    elif clock == "right":
        assert outcome.code is RefusalCode.UNREACHABLE
        assert "not valid at the time that this computer's clock shows" in outcome.detail
    else:
        assert outcome.code is RefusalCode.CLOCK_IMPLAUSIBLE
        assert outcome.detail.endswith("The server's certificate is not valid at the time that it shows.")


@pytest.mark.parametrize(("clock", "taken"), [("right", False), ("a year ahead", True)])
def test_root_documents(world: World, system: LocalDns, clock: str, taken: bool) -> None:
    """They are proven by their own signatures, and come before the answer that settles the time."""
    world.vendor.publish(msgspec.structs.replace(keys.first(), version=2))
    set_clock(world, CLOCKS[clock])
    with Vendors(world, CERTIFICATES["expired"]()) as vendor:
        connect(world, vendor, system)
        world.keeper.synchronize()
    assert (world.keeper.holder.root.version == 2) is taken


def test_a_clock_known_as_wrong_is_left_out_until_it_is_right_again(world: World, system: LocalDns) -> None:
    set_clock(world, CLOCKS["a year behind"])
    with Vendors(world, CERTIFICATES["not yet valid"]()) as vendor:
        connect(world, vendor, system)
        for _ in range(3):
            assert isinstance(world.keeper.synchronize(), Synchronized)
            world.wait(DAY)
        world.hands.wall = world.vendor.now
        assert isinstance(world.keeper.synchronize(), Rejected)


def test_a_fake_server_with_an_expired_certificate_takes_nothing_away(world: World, system: LocalDns) -> None:
    before = world.keeper.holder.standing()
    set_clock(world, CLOCKS["a year ahead"])
    with Target(http(b'{"result":"refused","code":"site_lost"}'), tls=CERTIFICATES["expired"]()) as fake:
        site = Site(asking(system=system.plain_url), fake.port)
        world.cable.send = site.transport.send  # type: ignore[method-assign]
        outcome = world.keeper.synchronize()
    assert isinstance(outcome, Rejected)
    assert len(fake.requests) == 1
    assert not outcome.conclusive
    assert world.keeper.holder.standing().features == before.features


def test_a_self_signed_certificate_is_nobodys(world: World, system: LocalDns, tmp_path: object) -> None:
    chain, private = self_signed()
    path = f"{tmp_path}/both.pem"
    with open(path, "wb") as file:  # noqa: PTH123 - a scratch file
        file.write(chain + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    for clock in (0, 365 * DAY):
        set_clock(world, clock)
        with Vendors(world, context) as vendor:
            connect(world, vendor, system)
            outcome = world.keeper.synchronize("timer")
        assert isinstance(outcome, Rejected)
        assert vendor.paths == []


@pytest.mark.parametrize("kind", ["doh", "dot"])
@pytest.mark.parametrize("dated", [True, False])
def test_a_public_resolver_out_of_date_is_never_believed(kind: str, dated: bool) -> None:
    """What it says is signed by nobody."""
    zone = {NAME: DnsRecord(("127.0.0.2",))}
    context = issued(DNS_NAME, dates=PAST)
    with (
        LocalDns({}) as system,
        LocalDns(zone, "127.0.0.8", tls=context) as public,
        Target(tls=certified(NAME)) as home,
    ):
        text = public.doh_url(DNS_NAME) if kind == "doh" else public.dot_url(DNS_NAME)
        site = Site(asking(text, system=system.plain_url), home.port)
        got = site.transport.send(TransportRequest("POST", "/v1/sync", b"signed", dated=dated))
    assert isinstance(got, ServerUnreached)
    assert [step.outcome for step in got.tried if step.kind is SourceKind.PUBLIC] == [StepOutcome.DATES]
    assert home.requests == []


def test_it_is_told_that_dates_were_left_out(system: LocalDns) -> None:
    with Target(tls=CERTIFICATES["expired"]()) as home:
        site = Site(asking(system=system.plain_url), home.port)
        got = site.transport.send(TransportRequest("POST", "/v1/sync", b"signed", dated=False))
    assert isinstance(got, HttpExchange)
    assert "left out" in got.path.tried[-1].describe_step()


def test_the_first_activation_under_a_wrong_clock_names_the_clock(system: LocalDns) -> None:
    """Nothing is known yet that the clock could be measured by; the certificate is enough to name it."""
    world = World()
    with Vendors(world, CERTIFICATES["not yet valid"]()) as vendor:
        connect(world, vendor, system)
        outcome = world.keeper.activate(code("A").reveal())
    assert isinstance(outcome, Refused)
    assert "clock" in outcome.message
    assert vendor.paths == []
