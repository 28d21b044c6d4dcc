"""The load: many sites on kept-alive connections, each with its requests sealed beforehand, so that sending is cheap.

Sealing ahead is possible because the load generator knows the server's secrets and with them every coming state token;
the server cannot tell. Answers are kept and judged after the clock has stopped.
"""

import gc
import math
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

READ = 65_536
LONGEST_WAIT = 10.0
"""Seconds without any answer after which a slice is given up."""


class Slice(NamedTuple):
    """What one slice of load was answered."""

    answered: int
    rate: float
    """Answers per second."""
    own_cpu: float
    """Seconds of processor time that the load generator used."""
    milliseconds: list[float]
    """From the instant at which each request was to be sent, sorted."""

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the answers came."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


@dataclass
class Link:
    """One connection with what it has still to send and what it was answered."""

    sock: socket.socket
    waiting: deque[bytes] = field(default_factory=deque)
    """Whole HTTP requests; those of one site are all on one connection, in order."""
    sent: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    """One for each of `sent`."""
    late: deque[float] = field(default_factory=deque)
    """When requests were to be sent for which the connection was still busy."""
    due: float = 0.0
    """When the request under way was to be sent."""
    busy: bool = False
    begun: bytes = b""


def http_request(body: bytes, path: str = "/v1/sync", media_type: str = "application/jose") -> bytes:
    """A sealed request as it goes over the wire; a synchronization where `path` says nothing else."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def body_of(answer: bytes) -> bytes:
    """The body of a whole answer; raises ValueError for one that is not 200."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError((head + body).decode(errors="replace")[:600])
    return body


def whole_length(begun: bytes) -> float:
    """How many bytes the answer that begins so has in all; infinite as long as its head has not come."""
    head = begun.find(b"\r\n\r\n")
    if head < 0:
        return math.inf
    at = begun.find(b"content-length: ", 0, head)
    return head + 4 + int(begun[at + 16 : begun.index(b"\r", at)])


class ClientGroup:
    """Connections to one server, each with the requests that it is to send, in order."""

    def __init__(
        self,
        port: int,
        waiting: Sequence[Sequence[bytes]],
        tls: ssl.SSLContext | None = None,
        others: Sequence[int] = (),
    ) -> None:
        """`tls`: where the server speaks TLS; `others`: ports of more processes, each with its share of connections."""
        ports = (port, *others)
        self.links = [
            Link(connect(ports[number % len(ports)], tls), deque(each)) for number, each in enumerate(waiting)
        ]
        self._poll = select.epoll()
        self._by_number = {link.sock.fileno(): link for link in self.links}
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)

    def close(self) -> None:
        """Hang up."""
        self._poll.close()
        for link in self.links:
            link.sock.close()

    def flood(self) -> Slice:
        """As fast as the server answers, one request at a time on each connection, until all are answered."""
        return self._measured(self._flood)

    def stream(self, rate: float) -> Slice:
        """At `rate` requests a second in all, spread evenly; a late answer delays no other connection's request."""
        return self._measured(lambda times: self._stream(times, rate))

    def answered(self) -> list[tuple[bytes, bytes]]:
        """Every request with its answer, as HTTP messages."""
        return [pair for link in self.links for pair in zip(link.sent, link.answers, strict=True)]

    def _measured(self, run: Callable[[list[float]], float]) -> Slice:
        gc.collect()
        gc.disable()
        times: list[float] = []
        cpu = time.process_time()
        try:
            rate = run(times)
        finally:
            gc.enable()
        return Slice(len(times), rate, time.process_time() - cpu, sorted(each * 1000 for each in times))

    def _flood(self, times: list[float]) -> float:
        clock = time.perf_counter
        begun = clock()
        for link in self.links:
            self._send(link, clock())
        under_way = len(self.links)
        while under_way:
            for number, _ in self._answered():
                link = self._by_number[number]
                if not self._read(link, times):
                    continue
                if link.waiting:
                    self._send(link, clock())
                else:
                    under_way -= 1
        return len(times) / (clock() - begun)

    def _stream(self, times: list[float], rate: float) -> float:
        clock, gap = time.perf_counter, 1.0 / rate
        begun, sent, all_ = clock(), 0, sum(len(link.waiting) for link in self.links)
        while len(times) < all_:
            while sent < all_ and begun + sent * gap <= clock():
                link, due = self.links[sent % len(self.links)], begun + sent * gap
                if link.busy:
                    link.late.append(due)
                else:
                    self._send(link, due)
                sent += 1
            for number, _ in self._poll.poll(0):
                link = self._by_number[number]
                if self._read(link, times) and link.late:
                    # It goes out late; the delay counts from its turn.
                    self._send(link, link.late.popleft())
        return len(times) / (clock() - begun)

    def _answered(self) -> list[tuple[int, int]]:
        ready = self._poll.poll(LONGEST_WAIT)
        if not ready:
            raise TimeoutError(f"no answer for {LONGEST_WAIT:.0f} s")
        return ready

    @staticmethod
    def _send(link: Link, due: float) -> None:
        request = link.waiting.popleft()
        link.due, link.busy = due, True
        link.sent.append(request)
        link.sock.send(request)

    @staticmethod
    def _read(link: Link, times: list[float]) -> bool:
        """Whether the answer is now whole; then it is kept and its time noted."""
        try:
            data = _received(link.sock)
        except ssl.SSLWantReadError:
            return False  # what came was TLS's own, such as a session ticket
        if not data:
            raise ConnectionError("the server hung up")
        data = link.begun + data if link.begun else data
        if len(data) < whole_length(data):
            link.begun = data
            return False
        times.append(time.perf_counter() - link.due)
        link.begun, link.busy = b"", False
        link.answers.append(data)
        return True


def read_whole(sock: socket.socket) -> bytes:
    """One answer from a connection that blocks."""
    data = b""
    while not data or len(data) < whole_length(data):
        more = sock.recv(READ)
        if not more:
            raise ConnectionError("the server hung up")
        data += more
    return data


def connect(port: int, tls: ssl.SSLContext | None = None) -> socket.socket:
    """A connection to a server on this computer; one over TLS does not block."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return sock
    wrapped = tls.wrap_socket(sock)
    wrapped.setblocking(False)
    return wrapped


def _received(sock: socket.socket) -> bytes:
    """What has come; of TLS every record that was read already, because the poll tells of none of them."""
    data = sock.recv(READ)
    if isinstance(sock, ssl.SSLSocket):
        while data and sock.pending():
            data += sock.recv(READ)
    return data
