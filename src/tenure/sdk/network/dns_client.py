"""Three ways to put a question to a resolver: plain DNS, DNS over TLS, DNS over HTTPS.

Each raises what sockets and libraries raise; `lookup` turns that into outcomes. Every wait ends at the deadline given:
dnspython is used for messages only, as its own waiting goes by the wall clock, which people and viruses set.
"""

import socket
from importlib.util import find_spec

import dns.exception
import dns.message
import httpcore2

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import BoundedStream, connect_secure, connect_tcp
from tenure.sdk.network.http_exchange import HttpConnection, WireRequest
from tenure.sdk.network.path import StepFault, StepOutcome
from tenure.sdk.network.resolvers import Resolver
from tenure.sdk.network.server import at_port, in_url
from tenure.sdk.network.trust import DOT, HTTP, HTTP_ANY, TrustStore

MOST = 64 * 1024
"""Bytes of a DNS message over a stream, as its length field allows."""

_DOH = HTTP_ANY if find_spec("h2") else HTTP
"""Some resolvers speak only HTTP/2; the library for it comes with dnspython's extra, and is not forced on anybody."""


class ResolverFailed(Exception):
    """A fault on the way to a resolver; it goes no further than `lookup.look_up`."""

    def __init__(self, fault: StepFault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class PlainDns:
    """UDP, and TCP when the answer does not fit."""

    def __init__(self, resolver: Resolver, deadline: Deadline) -> None:
        self._resolver = resolver
        self._deadline = deadline

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to `query`, by UDP or TCP."""
        family = socket.AF_INET6 if ":" in self._resolver.ip else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(self._deadline.require_seconds())
            sock.connect((self._resolver.ip, self._resolver.port))  # the kernel then drops what others send
            sock.send(query.to_wire())
            answer = self._read_answer(sock, query)
        return self._over_tcp(query) if answer is None else answer

    def _read_answer(self, sock: socket.socket, query: dns.message.Message) -> dns.message.Message | None:
        """The answer to `query`; None if it was cut short. What is no answer to it is passed over."""
        while True:
            sock.settimeout(self._deadline.require_seconds())
            wire = sock.recv(65_535)
            try:
                answer = dns.message.from_wire(wire, raise_on_truncation=True)
            except dns.message.Truncated as cut:
                if query.is_response(cut.kwargs["message"]):
                    return None
            except (dns.exception.DNSException, ValueError):
                continue
            else:
                if query.is_response(answer):
                    return answer

    def _over_tcp(self, query: dns.message.Message) -> dns.message.Message:
        stream = _or_fail(connect_tcp(self._resolver.ip, self._resolver.port, self._deadline))
        try:
            return _over_stream(BoundedStream(stream, self._deadline, MOST + 2), query)
        finally:
            stream.close()

    def close(self) -> None:
        """Nothing stays open between questions."""


class DnsOverTls:
    """DNS over TLS, both questions on one connection (RFC 7858)."""

    def __init__(self, resolver: Resolver, deadline: Deadline, trust: TrustStore) -> None:
        stream = connect_secure(
            resolver.ip, resolver.port, deadline, lambda: trust.resolver_context(DOT), resolver.name
        )
        self._stream = BoundedStream(_or_fail(stream), deadline, 2 * (MOST + 2))

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to `query`, on the connection made at first."""
        return _over_stream(self._stream, query)

    def close(self) -> None:
        """Ends the connection."""
        self._stream.close()


class DnsOverHttps:
    """DNS over HTTPS by POST (RFC 8484). A server that closes after one answer is dialled again for the second."""

    def __init__(self, resolver: Resolver, deadline: Deadline, trust: TrustStore) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._trust = trust
        self._url = httpcore2.URL(scheme="https", host=resolver.name, port=resolver.port, target=resolver.path)
        self._line: HttpConnection | None = None

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to `query`."""
        query.id = 0  # one answer for all who ask the same (RFC 8484, [spec: two-commands])
        answer = self._open_connection().send_request(
            WireRequest("POST", self._url, self._request_headers(), query.to_wire())
        )
        if isinstance(answer, StepFault):
            raise ResolverFailed(answer)
        if answer.status != 200:
            raise ResolverFailed(StepFault(StepOutcome.SERVER_FAILURE, f"HTTP {answer.status}"))
        return _matching_answer(query, answer.body)

    def _request_headers(self) -> tuple[tuple[str, str], ...]:
        name, port = self._resolver.name, self._resolver.port
        mime = "application/dns-message"
        host = in_url(name) if port == 443 else at_port(name, port)
        return (("Host", host), ("Accept", mime), ("Content-Type", mime))

    def _open_connection(self) -> HttpConnection:
        if self._line is None or not self._line.is_usable:
            self.close()
            context = self._trust.resolver_context
            stream = connect_secure(
                self._resolver.ip, self._resolver.port, self._deadline, lambda: context(_DOH), self._resolver.name
            )
            self._line = HttpConnection(_or_fail(stream), self._url, self._deadline, MOST)
        return self._line

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._line is not None:
            self._line.close()


def _or_fail(stream: httpcore2.NetworkStream | StepFault) -> httpcore2.NetworkStream:
    if isinstance(stream, StepFault):
        raise ResolverFailed(stream)
    return stream


def _over_stream(stream: BoundedStream, query: dns.message.Message) -> dns.message.Message:
    """One question and its answer with two bytes of length before each (RFC 1035, 4.2.2)."""
    wire = query.to_wire()
    stream.write(len(wire).to_bytes(2) + wire)
    return _matching_answer(query, _read_exactly(stream, int.from_bytes(_read_exactly(stream, 2))))


def _read_exactly(stream: BoundedStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise ResolverFailed(StepFault(StepOutcome.CUT_OFF))
        data += more
    return data


def _matching_answer(query: dns.message.Message, wire: bytes) -> dns.message.Message:
    """The message in `wire`, if it answers `query`."""
    answer = dns.message.from_wire(wire)
    if not query.is_response(answer):
        raise ResolverFailed(StepFault(StepOutcome.NOT_DNS, "the answer is to another question"))
    return answer
