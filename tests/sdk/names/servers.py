"""Servers and doubles for everything that goes over a wire here: real sockets on loopback, a CA of our own."""

import contextlib
import functools
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import trustme

from tenure.core.timeline import Instant
from tenure.sandbox.dns import TcpListener
from tenure.sdk.http_transport import HttpTransport
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.network.last_good import LastGood, LastGoodInMemory
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode
from tenure.sdk.network.ports import NetworkPorts
from tenure.sdk.network.resolvers import Resolver, read_resolver
from tenure.sdk.network.server import ServerAddress
from tenure.sdk.network.system import SystemDns
from tenure.sdk.network.trust import Roots, TrustStore

NAME = "licensing.example.test"
DNS_NAME = "dns.example.test"
OURS = trustme.CA()
STRANGER = trustme.CA()
SHORT = ExchangeBounds(lookup=0.6, candidate=0.6, total=6.0)


@functools.cache
def certified(*names: str, ca: trustme.CA = OURS, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """A server's context with a certificate for `names` by `ca`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    context.set_alpn_protocols(list(alpn))
    return context


def roots(ca: trustme.CA = OURS) -> Roots:
    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ca.configure_trust(context)
        return context

    return make


def request_on(connection: socket.socket) -> bytes:
    """One whole HTTP request, so that hanging up afterwards resets nothing."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            raise ConnectionError("the client left")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def http(body: bytes = b"licensed", status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Answer = bytes | Callable[[socket.socket], None]
LICENSED = http()


def says_nothing(connection: socket.socket) -> None:
    """Takes everything and answers nothing."""
    while connection.recv(4096):
        pass


class Target:
    """An activation server, or what pretends to be one, at one address and port; remembers requests."""

    def __init__(
        self,
        answer: Answer = LICENSED,
        address: str = "127.0.0.2",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer = answer
        self.requests: list[bytes] = []
        self.door = TcpListener(self._serve, address, port, tls)
        self.port = self.door.port

    def _serve(self, connection: socket.socket) -> None:
        self.requests.append(request_on(connection))
        if isinstance(self._answer, bytes):
            connection.sendall(self._answer)
        else:
            self._answer(connection)

    def __enter__(self) -> "Target":
        return self

    def __exit__(self, *_: object) -> None:
        self.door.stop()


@contextlib.contextmanager
def target(
    answer: Answer = LICENSED,
    address: str = "127.0.0.2",
    port: int = 0,
    names: tuple[str, ...] = (NAME,),
    ca: trustme.CA = OURS,
) -> Iterator[Target]:
    """A TLS server with a certificate for `names`."""
    with Target(answer, address, port, certified(*names, ca=ca)) as running:
        yield running


@contextlib.contextmanager
def black_hole(address: str, port: int) -> Iterator[None]:
    """An address that takes no connection and refuses none: its queue is full, so the kernel drops the rest."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        time.sleep(0.01)
        yield


class ConnectProxy:
    """An HTTP proxy for CONNECT: resolves by its own table, notes what it was asked."""

    def __init__(self, table: dict[str, str], refuse: str = "") -> None:
        self._table = table
        self._refuse = refuse
        self.requests: list[bytes] = []
        self.door = TcpListener(self._serve, "127.0.0.1")

    @property
    def text(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def _serve(self, connection: socket.socket) -> None:
        asked = request_on(connection)
        self.requests.append(asked)
        if self._refuse:
            connection.sendall(http(b"no", self._refuse))
            return
        host, _, port = asked.split()[1].decode().rpartition(":")
        with socket.create_connection((self._table[host], int(port))) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, connection), daemon=True)
            back.start()
            _pump(connection, onward)
            back.join()

    def __enter__(self) -> "ConnectProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.door.stop()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@dataclass
class Clock:
    """The monotonic clock with a hand that can be moved forward, and a wall clock moved with it."""

    ahead: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def wall(self) -> Instant:
        return 1_800_000_000 + int(self.monotonic() - self.started)


def resolver(text: str) -> Resolver:
    read = read_resolver(text)
    assert isinstance(read, Resolver), read
    return read


def asking(
    *public: str, system: str | None = None, mode: PublicDnsMode = PublicDnsMode.LIST, **more: Any
) -> NamePolicy:
    """A policy with these public resolvers and this stand-in for the system's."""
    own = resolver(system) if system else None
    return NamePolicy(mode=mode, resolvers=tuple(map(resolver, public)), system=own, **more)


@dataclass
class Site:
    """A client with all its ports: `send` goes the whole way."""

    policy: NamePolicy
    port: int
    host: str = NAME
    scheme: str = "https"
    clock: Clock = field(default_factory=Clock)
    bounds: ExchangeBounds = SHORT
    last_good: LastGood = field(default_factory=LastGoodInMemory)
    system_dns: SystemDns = field(default_factory=SystemDns)
    trust: TrustStore = field(default_factory=lambda: TrustStore(roots(), roots()))

    def __post_init__(self) -> None:
        self.server = ServerAddress(self.scheme, self.host, self.port)
        self.ports = NetworkPorts(
            self.clock.monotonic, self.clock.wall, self.last_good, self.trust, self.bounds, self.system_dns
        )
        self.transport = HttpTransport(self.server, self.policy, self.ports)


class Capture:
    """Every address a socket of this process was pointed at, as the interpreter's audit events tell it."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[tuple[str, int]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.on and event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(args[1], tuple):
            self.seen.append((str(args[1][0]), int(args[1][1])))

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[tuple[str, int]]]:
        self.seen = []
        self.on = True
        try:
            yield self.seen
        finally:
            self.on = False


CAPTURE = Capture()
"""One for the test run: an audit hook cannot be taken away again."""
