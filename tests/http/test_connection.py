"""What is half done at many connections at once harms nobody else: heads, bodies, handshakes, answers nobody reads."""

import asyncio
import socket
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from tenure.http.asgi import App
from tenure.http.connection import ConnectionBounds
from tenure.http.serve import HttpServer, ListenAddress
from tests.http.calls import shown
from tests.http.sample import Things, build, serve
from tests.http.test_serve import problem_in, read_all

HEAD = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\n"
WHOLE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
HALVES = {
    "a body": HEAD + b"Content-Length: 100\r\n\r\na",
    "a chunked body": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\na.b",
    "a body that waits to be asked for": HEAD + b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    "a head": HEAD,
    "a second request after a whole one": b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    + HEAD
    + b"Content-Length: 9\r\n\r\na",
}
FLOODERS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


@contextmanager
def connected_from(address: str, port: int, count: int, send: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5, (address, 0)))
            made.append(sock)
            sock.sendall(send)
        yield made


def honest(server: HttpServer, times: int = 40) -> tuple[set[int], float]:
    """The statuses that somebody else gets, and the seconds that an answer takes (median)."""
    statuses, took = set(), []
    with httpx2.Client(base_url=server.url) as client:
        for _ in range(times):
            begun = time.perf_counter()
            answer = client.post("/v1/echo", content=b"a.b.c", headers={"Content-Type": "application/jose"})
            statuses.add(answer.status_code)
            took.append(time.perf_counter() - begun)
    return statuses, statistics.median(took)


@pytest.mark.parametrize("half", HALVES)
def test_520_half_sent_requests_from_three_addresses_harm_nobody_else(half: str) -> None:
    with serve(build(Things(), in_flight_most=64)) as server, ExitStack() as stack:
        before = honest(server)[1]
        for address in FLOODERS:
            stack.enter_context(connected_from(address, server.port, 174, HALVES[half]))
        statuses, during = honest(server)
        assert statuses == {200}
        assert during < max(10 * before, 0.05), "nobody waits for those who do not go on"


def test_what_arrives_longest_makes_room_and_is_told_to_come_again() -> None:
    bounds = ConnectionBounds(arriving_each=4)
    with (
        serve(build(Things()), ListenAddress(bounds=bounds)) as server,
        connected_from("127.0.0.2", server.port, 4, HALVES["a body"]) as slow,
        connected_from("127.0.0.2", server.port, 1, HALVES["a body"]) as newest,
    ):
        told = problem_in(answer := read_all(slow[0]))
        assert (told["code"], b"retry-after: 1\r\n" in answer) == ("too_many_requests", True)
        newest[0].sendall(b".b." + b"c" * 96)
        assert newest[0].recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_the_application_learns_that_a_body_will_not_come() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (message := await receive())["type"] == "http.request":
            seen.append(message["body"])
        seen.append(message["type"])

    with (
        HttpServer(app, ListenAddress(bounds=ConnectionBounds(request_seconds=0.1))) as server,
        connected_from("127.0.0.2", server.port, 1, HALVES["a body"]) as slow,
    ):
        assert problem_in(read_all(slow[0]))["code"] == "body_unreadable"
    assert seen == [b"a", "http.disconnect"]


def test_requests_sent_far_ahead_are_not_read() -> None:
    with (
        serve(build(Things())) as server,
        connected_from("127.0.0.2", server.port, 1, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 2_000) as ahead,
    ):
        assert read_all(ahead[0]).count(b"HTTP/1.1 200 ") <= 17
        assert honest(server, 3)[0] == {200}


def test_trailers_without_end_are_cut() -> None:
    begun = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\na.b.c\r\n0\r\n"
    with serve(build(Things())) as server, connected_from("127.0.0.2", server.port, 1, begun) as sending:
        sent = 0
        with pytest.raises(OSError):
            for _ in range(100_000):
                sent += sending[0].send(b"X: " + b"x" * 8_000 + b"\r\n")
        assert sent < 16 * 2**20, "what sockets hold, no more"


def _large(size: int) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"x" * size})

    return app


def _until_gone(sock: socket.socket, seconds: float = 5) -> int:
    """How much was sent until the server ended it."""
    sock.settimeout(seconds)
    return len(read_all(sock))


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    bounds = ConnectionBounds(stall_seconds=0.2, stall_bytes=1024)
    with HttpServer(_large(32 * 2**20), ListenAddress(bounds=bounds)) as server:
        ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        with connected_from("127.0.0.2", server.port, 1, ask) as silent:
            time.sleep(0.7)
            assert _until_gone(silent[0]) < 32 * 2**20
        with connected_from("127.0.0.2", server.port, 1, ask) as slow:
            read = 0
            while read < 8 * 2**20:
                read += len(slow[0].recv(2**20))
                time.sleep(0.02)
            # Whoever reads, however slowly, gets it whole.
            while read < 32 * 2**20:
                read += len(slow[0].recv(2**20))
            assert read > 32 * 2**20


def test_so_many_unread_answers_of_one_network_and_no_more() -> None:
    bounds = ConnectionBounds(unread_each=2)
    with HttpServer(_large(32 * 2**20), ListenAddress(bounds=bounds)) as server:
        ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        with connected_from("127.0.0.2", server.port, 3, ask) as silent:
            time.sleep(0.3)
            assert _until_gone(silent[0]) < 32 * 2**20


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Callable[[ConnectionBounds], ListenAddress], ssl.SSLContext]:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    trust = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))

    def listen(bounds: ConnectionBounds) -> ListenAddress:
        return ListenAddress(certificate=shown(tmp_path / "certificate.pem", tmp_path / "key.pem"), bounds=bounds)

    return listen, trust


def test_half_done_handshakes_end_and_count_from_their_beginning(tls: Any) -> None:
    listen, trust = tls
    bounds = ConnectionBounds(handshake_seconds=0.5, connections_each=3)
    with serve(build(), listen(bounds)) as server:
        with connected_from("127.0.0.2", server.port, 4, b"\x16\x03\x01") as half:
            assert read_all(half[3]) == b"", "one more than this network may have"
            assert httpx2.get(f"{server.url}/livez", verify=trust).status_code == 200
            begun = time.monotonic()
            assert [read_all(each) for each in half[:3]] == [b"", b"", b""]
            assert time.monotonic() - begun < 5
        with (
            connected_from("127.0.0.2", server.port, 1, b"") as late,
            trust.wrap_socket(late[0], server_hostname="127.0.0.1") as again,
        ):
            again.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert read_all(again).startswith(b"HTTP/1.1 200 ")


def test_half_done_handshakes_that_take_longest_make_room(tls: Any) -> None:
    listen, trust = tls
    with (
        serve(build(), listen(ConnectionBounds(arriving_each=3))) as server,
        connected_from("127.0.0.1", server.port, 20, b"\x16\x03\x01"),
    ):
        assert httpx2.get(f"{server.url}/livez", verify=trust).status_code == 200


def test_a_first_request_sent_with_the_end_of_the_handshake_is_read(tls: Any) -> None:
    listen, trust = tls
    with serve(build(), listen(ConnectionBounds())) as server:

        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

        for _ in range(20):
            assert asyncio.run(ask()).startswith(b"HTTP/1.1 200 ")


def test_behind_a_trusted_proxy_there_are_many() -> None:
    bounds = ConnectionBounds(connections_each=2)
    listen = ListenAddress(bounds=bounds, trusted_proxies=("127.0.0.2",))
    with serve(build(), listen) as server, connected_from("127.0.0.2", server.port, 5, b"") as made:
        made[4].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_all(made[4]).startswith(b"HTTP/1.1 200 ")


WISHES = b"Connection: Upgrade\r\nUpgrade: %s\r\n"


@pytest.mark.parametrize("wish", [b"websocket", b"h2c", b"foo"])
@pytest.mark.parametrize("length", [b"Content-Length: 32\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_the_body_of_a_request_that_wants_another_protocol_is_no_request_of_its_own(wish: bytes, length: bytes) -> None:
    """A proxy that passes `Upgrade` on takes what follows for a body; two answers would go to two of its callers."""
    smuggled = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    assert len(smuggled) == 32
    with serve(build(Things())) as server, socket.create_connection(("127.0.0.1", server.port), 10) as sock:
        sock.sendall(HEAD + WISHES % wish + length)
        first = sock.recv(1, socket.MSG_PEEK)  # it has been judged by its head alone
        with suppress(OSError):
            sock.sendall(smuggled)
        said = read_all(sock)
    assert first == b"H"
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.startswith(b"HTTP/1.1 400 ")


def test_nothing_is_read_after_a_request_that_wants_another_protocol() -> None:
    with serve(build(Things())) as server, socket.create_connection(("127.0.0.1", server.port), 10) as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n" + WISHES % b"h2c" + b"\r\n" + WHOLE)
        said = read_all(sock)
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in said.lower()
