"""One connection of a server: a deadline for each request's arrival, limits on what it may send, its place among all.

uvicorn reads and writes HTTP. Added here is what it leaves open: how long a request may take to arrive and an answer to
be read, how large a head may be, how many connections, half-sent requests and unread answers one network may hold, and
problems instead of plain text where a request is refused before any application sees it.
"""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.asgi import App
from tenure.http.fairness import FairPlaces, networks_of
from tenure.http.hot_requests import HotRequests
from tenure.http.problems import problem_response
from tenure.http.requestid import random_request_id
from tenure.http.single_write import SingleWrite


class ConnectionBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection may cost; seconds, bytes, numbers. `_each` is what one network holds (one /64 of IPv6)."""

    request_seconds: float = 20.0
    """From a request's first byte to its last."""
    handshake_seconds: float = 10.0
    """From the first byte of a TLS handshake to its end."""
    idle_seconds: int = 15
    """Between two requests on one connection, and before the first."""
    stall_seconds: float = 20.0
    """In which at least `stall_bytes` of an answer must be read."""
    stall_bytes: int = 16 * 1024
    head_bytes: int = 32 * 1024
    """Request line and headers; trailers likewise."""
    discarded_bytes: int = 1024 * 1024
    """How much more is read of a body that was refused already, so that the caller can read why."""
    ahead: int = 16
    """Requests that may be sent before the one before them is answered (pipelining)."""
    connections_each: int = 256
    connections: int = 4_096
    arriving_each: int = 128
    """Requests and handshakes that have begun and are not whole yet: those arriving longest make room for others."""
    arriving: int = 1_024
    unread_each: int = 64
    """Answers of which a part waits to be read."""
    unread: int = 512
    stop_seconds: int = 10
    """How long requests at work may take when the server is stopped."""


class ConnectionPlaces:
    """What all connections of one server share."""

    def __init__(self, bounds: ConnectionBounds, connections: int) -> None:
        self.connections: FairPlaces[object] = FairPlaces(connections, bounds.connections_each)
        self.arriving: FairPlaces[Interruptible] = FairPlaces(bounds.arriving, bounds.arriving_each)
        self.unread: FairPlaces[BoundedHttp] = FairPlaces(bounds.unread, bounds.unread_each)


class Interruptible(Protocol):
    """A connection that is still sending and can be told to come again."""

    def interrupt(self) -> None:
        """Give the place up, for others who wait."""


def begin_arriving(places: ConnectionPlaces, holder: Interruptible, network: str, block: str, *, each: bool) -> None:
    """Note that `holder` has begun to send; where there is no room, the longest sender is interrupted."""
    if not places.arriving.has_room(network, block, each=each):
        longest = places.arriving.longest_holder(block)
        if longest is not None:
            places.arriving.give_back(longest)
            longest.interrupt()
    places.arriving.take_place(holder, network, block)


class ConnectionConfig(uvicorn.Config):
    """uvicorn's settings with our bounds, and the places that they limit."""

    bounds: ConnectionBounds
    places: ConnectionPlaces
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks of the proxies that are trusted to name their callers."""
    app: App
    hot: HotRequests | None = None
    """What is answered past ASGI (`hot_protocol`)."""

    def is_proxy(self, address: str) -> bool:
        """Whether many callers stand behind this address: then only the bounds on all of them hold for it."""
        if not self.proxies:
            return False
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in each for each in self.proxies)


_ANNOUNCES_BODY = frozenset({b"content-length", b"transfer-encoding"})


def _head_length(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def _do_nothing() -> None:
    """A connection that is not encrypted had no place before."""


class _TrailersError(ValueError):
    """More headers after a body than any request has."""


class _Trailers(list[tuple[bytes, bytes]]):
    """Where headers go that come after a body: no code reads them, and one connection may not send many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def append(self, pair: tuple[bytes, bytes]) -> None:
        self._left -= len(pair[0]) + len(pair[1]) + 4
        if self._left < 0:
            raise _TrailersError


class BoundedHttp(HttpToolsProtocol):
    """One connection, from its first byte to its last."""

    config: ConnectionConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds, self._places = self.config.bounds, self.config.places
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._arriving = False
        self._in_head = self._has_long_head = False
        self._read = self._piece = self._unread = 0
        self._network = self._block = "local"
        self._each = True
        self._trailers = _Trailers(self._bounds.head_bytes)
        self.before: Callable[[], None] = _do_nothing
        """Gives back the place that the connection had until it was encrypted."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place; one too many is closed at once."""
        super().connection_made(transport)
        self.before()
        if self.client:
            networks = networks_of(self.client[0])
            self._network, self._block = networks[0], networks[-1]
            self._each = not self.config.is_proxy(self.client[0])
        if not self._places.connections.has_room(self._network, self._block, each=self._each):
            transport.close()
            return
        self._places.connections.take_place(self, self._network, self._block)
        # Before the first request there is nothing uvicorn would time: the idle limit holds here too.
        self._deadline = self.loop.call_later(self._bounds.idle_seconds, self._end_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give every place back."""
        self._cancel_deadline()
        self.resume_writing()
        self._places.connections.give_back(self)
        self._places.arriving.give_back(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then judge what has arrived so far."""
        self._piece = len(data)
        self._read += self._piece
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._arriving:
            self._watch_idleness()
        elif self._in_head and self._read > self._bounds.head_bytes:
            self._refuse_head()
        elif self._read > self._bounds.discarded_bytes and self.cycle is not None and self.cycle.response_complete:
            self.transport.close()
        elif self._deadline is None:
            # Nearly every request arrives in one piece and never gets here.
            self._deadline = self.loop.call_later(self._bounds.request_seconds, self._too_slow)
            begin_arriving(self._places, self, self._network, self._block, each=self._each)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._cancel_deadline()
        self._arriving = self._in_head = True
        self._read = self._piece

    def on_headers_complete(self) -> None:
        """A request's head is complete."""
        if len(self.pipeline) >= self._bounds.ahead:
            # The parser takes what is raised here for a request that it cannot read, and reads no further.
            raise ValueError("more requests were sent ahead than are read")
        most = self._bounds.head_bytes
        if self._read > most and _head_length(self.url, self.headers) > most:
            self._has_long_head = True  # it came in few pieces, or behind other requests
            raise ValueError("the head is longer than is read")
        self._in_head = False
        before = self.cycle
        upgrade = self.parser.should_upgrade()
        if upgrade and any(name in _ANNOUNCES_BODY for name, _ in self.headers):
            # The parser reads no body after these headers: what a proxy takes for one would be the next request here.
            raise ValueError("a request with a body wants to go on in another protocol")
        super().on_headers_complete()
        self.headers = self._trailers
        if self.cycle is not before:
            self.cycle.__class__ = SingleWrite
            if upgrade:
                self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """A request has arrived whole."""
        self._arriving = False
        if self._deadline is not None:
            self._cancel_deadline()
            self._places.arriving.give_back(self)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """A part of an answer waits to be read: it must go on being read, and only so many may wait."""
        super().pause_writing()
        unread = self._places.unread
        if not unread.has_room(self._network, self._block, each=self._each):
            longest = unread.longest_holder(self._block)
            if longest is not None:
                longest.give_up_answer()
        unread.take_place(self, self._network, self._block)
        self._unread = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self._bounds.stall_seconds, self._look_at_reading)

    def resume_writing(self) -> None:
        """What waited has been read."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
            self._places.unread.give_back(self)
        super().resume_writing()

    def give_up_answer(self) -> None:
        """Cut off a caller who does not read the answer."""
        self._places.unread.give_back(self)
        self.transport.abort()

    def interrupt(self) -> None:
        """See `Interrupted`."""
        self._refuse(Refused(RefusalCode.TOO_MANY_REQUESTS, "Too many requests from your network are half sent."))

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is refused like everything else: as a problem."""
        if self._has_long_head:
            self._refuse_head()
            return
        self._refuse(Refused(RefusalCode.BODY_UNREADABLE, "This is not a request in HTTP/1.1."))

    def timeout_keep_alive_handler(self) -> None:
        """Between two requests: uvicorn's own timer."""
        self._end_idle()

    def _end_idle(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait for a client that does not read
        else:
            self.transport.close()

    def _look_at_reading(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left > self._unread - self._bounds.stall_bytes:
            self.give_up_answer()
            return
        self._unread = left
        self._stalled = self.loop.call_later(self._bounds.stall_seconds, self._look_at_reading)

    def _watch_idleness(self) -> None:
        # Line ends between requests stop uvicorn's own timer without beginning anything.
        at_work = self.cycle is not None and not self.cycle.response_complete
        if not at_work and self._deadline is None:
            self._deadline = self.loop.call_later(self._bounds.idle_seconds, self._end_idle)

    def _too_slow(self) -> None:
        self._deadline = None
        self._refuse(Refused(RefusalCode.BODY_UNREADABLE, "The request took too long to arrive."))

    def _refuse_head(self) -> None:
        self._refuse(
            Refused(RefusalCode.BODY_TOO_LARGE, f"At most {self._bounds.head_bytes} bytes of headers are read.")
        )

    def _refuse(self, refused: Refused) -> None:
        """Say why and end; only silence where an answer is being sent or an earlier request still has none."""
        cycle: Any = self.cycle
        busy = cycle is not None and not cycle.response_complete
        waits = busy and self._arriving and not self._in_head and not self.pipeline and not cycle.has_begun
        if (waits or not busy) and not self.transport.is_closing():
            request_id = random_request_id()
            answer = problem_response(refused, 0, request_id)
            head = [
                b"content-type: " + answer.media_type.encode(),
                b"content-length: %d" % len(answer.body),
                b"request-id: " + request_id.encode(),
                *(name.lower().encode() + b": " + value.encode() for name, value in answer.headers),
                b"connection: close",
            ]
            self.transport.write(STATUS_LINE[answer.status] + b"\r\n".join([*head, b"", answer.body]))
        if waits:
            # The application waits for the rest: it learns of the end as of any other disconnection.
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
