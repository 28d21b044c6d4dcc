"""A DNS server of our own on loopback, to show and test what happens when DNS is broken; it needs no root.

Speaks UDP and TCP on one port and, given a TLS context, DNS over TLS and over HTTPS on two more. It says what its
`zone` says, which may be changed while it runs, and counts every arrival. Not for production.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import BinaryIO, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec

LONGEST_WAIT = 10.0
"""Seconds after which a connection that says nothing is dropped."""


class DnsRecord(msgspec.Struct, frozen=True):
    """What the server says about one name."""

    addresses: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    alias: str = ""
    """The name is an alias (CNAME) of this one, to which the addresses then belong."""
    silent: bool = False
    """No answer at all."""
    truncated: bool = False
    """Over UDP only an empty answer with the TC bit: ask again over TCP."""


NO_SUCH_NAME = DnsRecord(rcode="NXDOMAIN")
SERVER_FAILURE = DnsRecord(rcode="SERVFAIL")
BLACK_HOLE = DnsRecord(silent=True)


class TcpListener:
    """A TCP listener that gives each connection a thread of its own and counts the arrivals; a context manager."""

    def __init__(
        self,
        serve: Callable[[socket.socket], None],
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._serve = serve
        self._tls = tls
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=64)
        self.address, self.port = address, int(self._listener.getsockname()[1])
        self.arrivals = 0
        self._open = True
        self._thread = threading.Thread(target=self._accept_loop, daemon=True)
        self._thread.start()

    def _accept_loop(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not self._open:
                connection.close()
                return
            self.arrivals += 1
            threading.Thread(target=self._handle_connection, args=(connection,), daemon=True).start()

    def _handle_connection(self, connection: socket.socket) -> None:
        # Who hangs up in the middle, or talks nonsense, is no trouble of ours.
        quiet = (OSError, ValueError, dns.exception.DNSException)
        with contextlib.suppress(*quiet), connection:
            connection.settimeout(LONGEST_WAIT)
            if self._tls is None:
                self._serve(connection)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secured:
                self._serve(secured)

    def stop(self) -> None:
        """Stop to accept connections; open ones end by themselves."""
        self._open = False
        with socket.create_connection((self.address, self.port)):
            self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class LocalDns:
    """The server; it runs from its making until `stop`, or as a context manager."""

    def __init__(
        self,
        zone: Mapping[str, DnsRecord],
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.zone = dict(zone)
        """Names in lower case without final dot; a name that is not here does not exist."""
        self.asked: list[tuple[str, str, str]] = []
        """Each question: `udp`, `tcp`, `tls` or `https`, then name and type."""
        self._tcp, self._udp = _bind_both(lambda connection: self._serve_stream(connection, "tcp"), address, port)
        self._listeners = [self._tcp]
        if tls:
            self._listeners.append(
                TcpListener(lambda connection: self._serve_stream(connection, "tls"), address, tls=tls)
            )
            self._listeners.append(TcpListener(self._serve_https, address, tls=tls))
        self._datagrams = 0
        self._open = True
        self._thread = threading.Thread(target=self._serve_udp, daemon=True)
        self._thread.start()

    @property
    def count_arrivals(self) -> int:
        """Datagrams and connections that came in, whatever they carried."""
        return self._datagrams + sum(listener.arrivals for listener in self._listeners)

    @property
    def plain_url(self) -> str:
        """The text form for plain DNS."""
        return f"dns://{self._tcp.address}:{self._tcp.port}"

    def dot_url(self, name: str) -> str:
        """The text form for DNS over TLS, with the name its certificate is for."""
        return f"tls://{self._listeners[1].address}:{self._listeners[1].port}#{name}"

    def doh_url(self, name: str) -> str:
        """The text form for DNS over HTTPS, with the name its certificate is for."""
        return f"https://{name}:{self._listeners[2].port}/dns-query#{self._listeners[2].address}"

    def reply(self, wire: bytes, via: str) -> bytes | None:
        """The answer to a DNS message, or None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append((via, name, dns.rdatatype.to_text(question.rdtype)))
        says = self.zone.get(name, NO_SUCH_NAME)
        return None if says.silent else _encode_answer(query, says, via).to_wire()

    def _serve_udp(self) -> None:
        while True:
            wire, peer = self._udp.recvfrom(65_535)
            if not self._open:
                return
            self._datagrams += 1
            with contextlib.suppress(OSError, dns.exception.DNSException):
                answer = self.reply(wire, "udp")
                if answer is not None:
                    self._udp.sendto(answer, peer)

    def _serve_stream(self, connection: socket.socket, via: str) -> None:
        """DNS over TCP or TLS: two bytes of length before each message."""
        with connection.makefile("rb") as reader:
            while size := reader.read(2):
                answer = self.reply(reader.read(int.from_bytes(size)), via)
                if answer is not None:
                    connection.sendall(len(answer).to_bytes(2) + answer)

    def _serve_https(self, connection: socket.socket) -> None:
        """DNS over HTTPS, as much of HTTP/1.1 as a POST needs."""
        with connection.makefile("rb") as reader:
            while reader.readline():
                answer = self.reply(reader.read(_content_length(reader)), "https")
                if answer is not None:
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: {len(answer)}"
                    connection.sendall(head.encode() + b"\r\n\r\n" + answer)

    def stop(self) -> None:
        """Close every listener."""
        self._open = False
        self._udp.sendto(b"", self._udp.getsockname())
        self._thread.join()
        self._udp.close()
        for listener in self._listeners:
            listener.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _bind_both(serve: Callable[[socket.socket], None], address: str, port: int) -> tuple[TcpListener, socket.socket]:
    """Open a TCP listener and a UDP socket on one port; with port 0 the system chooses, until both are free."""
    while True:
        listener = TcpListener(serve, address, port)
        udp = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind((address, listener.port))
        except OSError:
            udp.close()
            listener.stop()
            if port:
                raise
        else:
            return listener, udp


def _content_length(reader: BinaryIO) -> int:
    """The body's length from the headers, which are read to their end."""
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length


def _encode_answer(query: dns.message.Message, says: DnsRecord, via: str) -> dns.message.Message:
    """The answer to `query` in DNS's own form."""
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    answer.set_rcode(dns.rcode.from_text(says.rcode))
    if says.truncated and via == "udp":
        answer.flags |= dns.flags.TC
        return answer
    question = query.question[0]
    name = question.name.to_text()
    if says.alias:
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"{says.alias}."))
        name = f"{says.alias}."
    kind = dns.rdatatype.to_text(question.rdtype)
    fitting = [address for address in says.addresses if (":" in address) == (kind == "AAAA")]
    if fitting and kind in ("A", "AAAA"):
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *fitting))
    return answer
