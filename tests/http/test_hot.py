"""Hot requests answered past ASGI: the same bytes, metrics and manners as behind it, whatever is sent."""

import asyncio
import random
import re
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from uvicorn.server import ServerState

from tenure.http.connection import BoundedHttp, ConnectionBounds
from tenure.http.hot_heads import REMEMBERED, KnownHeads
from tenure.http.hot_protocol import HotHttp
from tenure.http.logs import ServedRequest
from tenure.http.serve import HttpServer, ListenAddress
from tests.http.sample import ECHO, SLOW, build, serve
from tests.http.test_serve import connected, read_all

HEAD = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: %d\r\n"
BODIES = (
    b"a.b.c",
    b"carried",
    b"soon.b.c",
    b"slow.b.c",
    b"long.b.c",
    b"busy",
    b"break",
    b"no jws",
    b"x" * 1_024,
    b"x" * 1_025,
)


def hot(body: bytes = b"a.b.c", more: bytes = b"") -> bytes:
    return HEAD % len(body) + more + b"\r\n" + body


class Wire(asyncio.Transport):
    """What a connection writes, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.paused = False
        self.ended = asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.7", 40_000), "sockname": ("192.0.2.1", 80)}.get(name, default)

    def write(self, data: Any) -> None:
        if not self.closed:
            self.written += bytes(data)

    def close(self) -> None:
        self.closed = True
        self.ended.set()

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return 0


class Served:
    """One connection of a sample server, with or without the short way, and who observes it."""

    def __init__(self, *, short: bool, bounds: ConnectionBounds | None = None, **middleware: Any) -> None:
        self.seen: list[ServedRequest] = []
        self.api = build(
            new_request_id=lambda: "req_" + "0" * 24, ticks=lambda: 1.0, observers=(self.seen.append,), **middleware
        )
        listen = ListenAddress(bounds=bounds or ConnectionBounds())
        server = HttpServer(self.api, listen, self.api.hot_requests() if short else None)
        server._socket.close()
        config: Any = server._uvicorn.config
        config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]
        kind = HotHttp if short else BoundedHttp
        self.protocol = kind(config=config, server_state=self.state, app_state={})
        self.wire = Wire()
        self.protocol.connection_made(self.wire)

    async def send(self, pieces: Iterable[bytes], *, in_turn: bool = False) -> None:
        """`in_turn`: each piece after what the one before has begun is answered."""
        for piece in pieces:
            if in_turn:
                await self.rest()
            for _ in range(100):
                if not self.wire.paused:
                    break
                await asyncio.sleep(SLOW / 10)
            if not self.wire.closed:
                self.protocol.data_received(piece)
            for _ in range(3):
                await asyncio.sleep(0)

    async def rest(self) -> None:
        """Until all that was begun is answered, and nothing that was held back has begun for ten turns of the loop."""
        quiet = 0
        while quiet < 10:
            busy = bool(self.api.in_flight)
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(SLOW / 10 if busy else 0)

    def end(self) -> tuple[bytes, bool, list[ServedRequest]]:
        closed = self.wire.closed
        self.protocol.connection_lost(None)
        # What the connection itself refuses has an id of its own, drawn at random.
        return re.sub(rb"req_[0-9a-f]{24}", b"req_same", self.wire.written), closed, self.seen


async def both(pieces: Sequence[bytes], *, in_turn: bool = False) -> tuple[bytes, bool, list[ServedRequest]]:
    """What is answered to `pieces`, which has to be the same with and without the short way."""
    with_it, without = Served(short=True), Served(short=False)
    for each in (with_it, without):
        await each.send(pieces, in_turn=in_turn)
    for each in (with_it, without):
        await each.rest()
    told = with_it.end()
    assert told == without.end(), pieces
    return told


@pytest.mark.parametrize("body", BODIES)
async def test_an_answer_is_the_same_to_the_byte(body: bytes) -> None:
    written, closed, seen = await both([hot(body)])
    assert written.count(b"HTTP/1.1 ") == len(seen) == 1
    assert not closed


async def test_a_client_that_closes_is_told_so_and_closed() -> None:
    written, closed, _ = await both([hot(b"a.b.c", b"Connection: close\r\n")])
    assert b"\r\nconnection: close\r\n\r\na.b.c" in written
    assert closed


async def test_what_is_sent_ahead_is_answered_in_its_order() -> None:
    told = [
        hot(b"slow.1.x"),
        hot(b"a.2.x"),
        hot(b"long.3.x"),
        hot(b"slow.4.x"),
        b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    for pieces in (told, [b"".join(told)], [b"".join(told[:2]), b"".join(told[2:])]):
        written, _, seen = await both(pieces)
        assert re.findall(rb"[a-z]+\.(\d)\.x", written) == [b"1", b"2", b"3", b"4"]
        assert len(seen) == 5


HEADERS = (
    b"Expect: 100-continue", b"Transfer-Encoding: chunked", b"Content-Length: 5", b"Content-Length: 6",
    b"Content-Length: +5", b"Content-Length: 05", b"Content-Length : 5", b"Connection: close",
    b"Connection: keep-alive", b"Connection: Upgrade", b"Upgrade: websocket", b"Host: y",
    b"Content-Encoding: gzip", b"Content-Type: text/plain", b"X-Forwarded-For: 192.0.2.9",
    b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"Tenure-Portal-Key: x",
    b"User-Agent: a b", b"Accept: */*", b"accept: */*", b"X: \xff", b"X: \x00", b" folded",
    b"User-Agent: a\x0bb", b"Accept-Encoding:gzip", b"User-Agent:  two", b"User-Agent: end ", b"Trailer: x",
    b"Range: bytes=0-1", b"User-Agent: \xe9",
)  # fmt: skip
FIRST = (
    b"POST /v1/echo HTTP/1.1", b"POST /v1/echo HTTP/1.0", b"POST /v1/echo?x=1 HTTP/1.1", b"POST /v1/ech%6f HTTP/1.1",
    b"HEAD /v1/echo HTTP/1.1", b"GET /v1/echo HTTP/1.1", b"POST http://x/v1/echo HTTP/1.1", b"post /v1/echo HTTP/1.1",
    b"POST  /v1/echo HTTP/1.1", b"POST /v1/echo/ HTTP/1.1", b"POST /v1/address HTTP/1.1", b"PRI * HTTP/2.0",
)  # fmt: skip


def hostile(chance: random.Random) -> bytes:
    """A request that may be hot, or that differs from one in a way that an attacker could profit from."""
    body = chance.choice(BODIES)
    lines = [
        chance.choice(FIRST) if chance.random() < 0.3 else FIRST[0],
        b"Host: x",
        b"Content-Type: application/jose",
        b"Content-Length: %d" % max(0, len(body) + chance.choice((0, 0, 0, 0, -1, 1))),
    ]
    for _ in range(chance.choice((0, 0, 1, 2))):
        lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(HEADERS))
    if chance.random() < 0.1:
        del lines[chance.randrange(1, len(lines))]
    end = b"\n" if chance.random() < 0.05 else b"\r\n"
    request = end.join(lines) + end * 2 + body
    if chance.random() < 0.15:
        at = chance.randrange(len(request))
        request = request[:at] + bytes([chance.randrange(256)]) + request[at + 1 :]
    return chance.choice((b"", b"", b"", b"\r\n", b"\n")) + request


def cut(chance: random.Random, stream: bytes) -> list[bytes]:
    edges = sorted(chance.randrange(len(stream)) for _ in range(chance.choice((0, 0, 1, 3))))
    return [stream[a:b] for a, b in zip([0, *edges], [*edges, len(stream)], strict=True) if a < b]


@pytest.mark.parametrize("seed", range(12))
async def test_random_and_hostile_requests_are_answered_alike(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same cases each time
    for _ in range(60):
        requests = [hostile(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
        pieces = requests if chance.random() < 0.5 else cut(chance, b"".join(requests))
        # What is unreadable ends the connection at once, also under a request at work: when it comes is no chance here.
        await both(pieces, in_turn=True)


@pytest.mark.parametrize("body", [b"carried", b"break"])
async def test_a_fault_is_logged_alike(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal that is raised is no unforeseen error, on either way."""
    logged = []
    for short in (True, False):
        caplog.clear()
        served = Served(short=short)
        await served.send([hot(body)])
        await served.rest()
        served.end()
        logged.append([(each.name, each.levelname, each.message) for each in caplog.records])
    assert logged[0] == logged[1]
    assert len(logged[0]) == (body == b"break")


async def test_what_is_unreadable_waits_for_the_answer_of_a_hot_request() -> None:
    """The one difference: behind ASGI the connection is ended without the answer that is still to come."""
    served = Served(short=True)
    await served.send([hot(b"slow.b.c"), b"no request\r\n\r\n"])
    await served.rest()
    written, closed, _ = served.end()
    assert written.index(b"slow.b.c") < written.index(b"HTTP/1.1 400 ")
    assert closed


async def test_only_the_exact_request_goes_the_short_way() -> None:
    taken: list[bytes] = []

    class Spy(KnownHeads):
        def read(self, head: bytes) -> Any:
            found = super().read(head)
            if found is not None:
                taken.append(head)
            return found

    served = Served(short=True)
    assert isinstance(served.protocol, HotHttp)
    served.protocol._hot.heads = Spy([ECHO])
    await served.send([hot(), hot(b"soon.b.c")])
    assert len(taken) == 2
    for header in HEADERS:
        if header.partition(b":")[0].lower() not in (b"connection", b"user-agent", b"accept"):
            await Served(short=True).send([hot(b"a.b.c", header + b"\r\n")])
    assert len(taken) == 2


PIECES = (
    [hot()[:-5], b"a.b.c"],
    [hot()[:-5], b"a.", b"b", b".c"],
    [hot()[:-2], b".c"],
    [hot(b"slow.b.c")[:-8], b"slow.b.c", hot()[:-5], b"a.b.c"],
)


@pytest.mark.parametrize("pieces", PIECES)
async def test_a_body_that_arrives_in_later_pieces_goes_the_short_way(pieces: list[bytes]) -> None:
    written, _, seen = await both(pieces, in_turn=True)
    assert written.count(b"HTTP/1.1 200 ") == len(seen) > 0
    served = Served(short=True)
    await served.send(pieces, in_turn=True)
    await served.rest()
    assert vars(served.protocol)["cycle"] is None, "the parser has seen nothing"
    assert len(served.protocol._places.arriving) == 0
    served.end()


async def test_what_lies_behind_a_body_of_several_pieces_is_answered_in_its_order() -> None:
    written, _, seen = await both([hot(b"slow.1.x")[:-3], b"1.x" + hot(b"a.2.x") + hot(b"a.3.x")[:-3], b"3.x"])
    assert re.findall(rb"[a-z]+\.(\d)\.x", written) == [b"1", b"2", b"3"]
    assert len(seen) == 3


async def test_a_body_that_does_not_come_is_cut_off_and_observed() -> None:
    for short in (True, False):
        served = Served(short=short, bounds=ConnectionBounds(request_seconds=SLOW))
        await served.send([hot()[:-2]])
        assert len(served.protocol._places.arriving) == 1
        await asyncio.wait_for(served.wire.ended.wait(), 5)
        written, closed, seen = served.end()
        assert written.startswith(b"HTTP/1.1 400 ") and closed
        assert len(served.protocol._places.arriving) == 0
        await served.rest()
        assert [(one.route, one.status) for one in seen] == [("/v1/echo", 400)]


async def test_half_a_body_makes_room_for_others_and_is_told_to_come_again() -> None:
    served = Served(short=True)
    await served.send([hot()[:-2]])
    served.protocol.interrupt()
    assert served.end()[0].startswith(b"HTTP/1.1 429 ")


async def test_a_caller_that_leaves_in_the_middle_of_a_body_leaves_nothing_behind() -> None:
    served = Served(short=True)
    await served.send([hot()[:-2]])
    written, _, seen = served.end()
    await served.rest()
    assert (written, len(served.protocol._places.arriving), served.api.in_flight) == (b"", 0, 0)
    assert [one.status for one in seen] == [400]


async def test_a_stop_waits_for_a_body_that_is_arriving() -> None:
    for short in (True, False):
        served = Served(short=short)
        await served.send([hot()[:-2]])
        served.protocol.shutdown()
        assert not served.wire.closed
        await served.send([b".c"])
        await served.rest()
        written, closed, _ = served.end()
        assert b"connection: close" in written and written.endswith(b"a.b.c") and closed


def test_heads_are_remembered_within_bounds() -> None:
    heads = KnownHeads([ECHO])
    for number in range(REMEMBERED * 2):
        heads.read(b"POST /v1/echo HTTP/1.1\r\nHost: %d\r\n\r\n" % number)
    assert len(heads._known) == REMEMBERED
    assert heads.read(b"POST /v1/echo HTTP/1.1\r\nUser-Agent: %s\r\n\r\n" % (b"x" * 2_000)) is None
    assert len(heads._known) == REMEMBERED
    known = heads.read(hot()[: -len(b"a.b.c")])
    assert known is not None and (known.length, known.closes) == (5, False)
    assert heads.read(hot()[: -len(b"a.b.c")]) is known


async def test_who_holds_too_many_places_goes_the_long_way_and_is_refused_there() -> None:
    served = Served(short=True, in_flight_most=2)
    served.api._work.take_share("192.0.2.7")
    await served.send([hot()])
    assert b"HTTP/1.1 503 " in served.wire.written or b"HTTP/1.1 429 " in served.wire.written
    served.api._work.give_back("192.0.2.7")
    assert served.api.in_flight == 0
    await served.send([hot()])
    assert served.wire.written.endswith(b"a.b.c")


def test_strangers_that_are_limited_are_counted_behind_asgi_alone() -> None:
    assert build(admit=lambda address, path: None).hot_requests() is None


async def test_a_caller_that_does_not_read_goes_the_long_way() -> None:
    served = Served(short=True)
    served.protocol.pause_writing()
    await served.send([hot()])
    assert served.wire.written == b"", "the long way waits until what was written is read"
    served.protocol.resume_writing()
    await served.rest()
    assert served.wire.written.endswith(b"a.b.c")
    served.end()


async def test_a_caller_that_is_gone_is_not_written_to() -> None:
    served = Served(short=True)
    await served.send([hot(b"slow.b.c")])
    served.wire.closed = True
    served.protocol.connection_lost(None)
    await served.rest()
    assert (served.wire.written, served.api.in_flight, len(served.seen)) == (b"", 0, 1)


def test_an_idle_connection_is_closed_and_one_at_work_is_not() -> None:
    with serve(build(), ListenAddress(bounds=ConnectionBounds(idle_seconds=1))) as server, connected(server) as asking:
        begun = time.monotonic()
        for body in (b"slow.b.c", b"a.b.c"):
            asking.sendall(hot(body))
            assert asking.recv(65_536).endswith(body)
            time.sleep(0.6)
        assert read_all(asking) == b""
        assert 1.4 < time.monotonic() - begun < 4


def test_a_stop_waits_for_the_requests_at_work() -> None:
    with serve(build(), ListenAddress(bounds=ConnectionBounds(stop_seconds=5))) as server:
        asking = socket.create_connection(("127.0.0.1", server.port), 5)
        asking.sendall(hot(b"slow.b.c"))
        time.sleep(SLOW / 3)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        answer = read_all(asking)
        stopping.join(10)
        asking.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nslow.b.c")
