"""A real server on a real socket: how it begins and ends, and what one connection can cost."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from tenure.http.connection import ConnectionBounds
from tenure.http.serve import CannotListen, HttpServer, ListenAddress
from tests.http.calls import shown
from tests.http.sample import build, serve

HASTY = ConnectionBounds(
    request_seconds=0.3, idle_seconds=1, head_bytes=4_096, discarded_bytes=100_000, connections_each=3, stop_seconds=2
)


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with serve(build(), ListenAddress(bounds=HASTY)) as running:
        yield running


@contextmanager
def connected(server: HttpServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server ends the connection."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def problem_in(received: bytes) -> dict[str, Any]:
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    problem: dict[str, Any] = json.loads(body)
    assert f"request-id: {problem['request_id']}".encode() in head
    assert head.startswith(b"HTTP/1.1 %d " % problem["status"])
    return problem


def test_it_serves_under_the_port_the_system_chose(server: HttpServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}"
    answer = httpx2.get(f"{server.url}/livez")
    assert answer.json() == {"status": "ok", "checks": []}
    assert "server" not in answer.headers
    assert "date" in answer.headers


def test_what_is_not_http_is_refused_as_a_problem(server: HttpServer) -> None:
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n",
    ):
        with connected(server) as connection:
            connection.sendall(garbage)
            assert problem_in(read_all(connection))["code"] == "body_unreadable", garbage


def test_a_head_without_end_is_cut(server: HttpServer) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for number in range(100):
            try:
                connection.sendall(b"X-%d: " % number + b"x" * 100 + b"\r\n")
            except (BrokenPipeError, ConnectionResetError):
                break
        assert problem_in(read_all(connection))["code"] == "body_too_large"


@pytest.mark.parametrize("before", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_long_head_is_refused_too_where_it_comes_in_one_piece(server: HttpServer, before: bytes) -> None:
    with connected(server) as connection:
        if before:
            connection.sendall(before)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 5_000 + b"\r\n\r\n")
        problem = problem_in(read_all(connection))
    assert (problem["status"], problem["code"]) == (413, "body_too_large")
    assert "4096 bytes of headers" in problem["detail"]


def test_a_long_body_behind_a_short_head_is_read(server: HttpServer) -> None:
    body = b"x" * 6_000
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: %d\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(head % len(body) + body)
        assert b"At most 1024 bytes are read here" in connection.recv(65_536)


def test_a_head_that_trickles_is_cut_while_others_are_served(server: HttpServer) -> None:
    with connected(server) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        started = time.monotonic()
        assert httpx2.get(f"{server.url}/livez").status_code == 200
        told = problem_in(read_all(slow))
    assert told["detail"] == "The request took too long to arrive."
    assert time.monotonic() - started < 2


def test_a_body_that_trickles_is_cut(server: HttpServer) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: 9\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(head)
        started = time.monotonic()
        for byte in b"aaaa":
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        told = problem_in(read_all(connection))
    assert (told["code"], told["detail"]) == ("body_unreadable", "The request took too long to arrive.")
    assert 0.2 < time.monotonic() - started < 2


def test_a_request_in_pieces_that_comes_in_time_is_answered(server: HttpServer) -> None:
    with connected(server) as connection:
        whole = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: 5\r\n\r\na.b.c"
        for at in range(0, len(whole), 30):
            connection.sendall(whole[at : at + 30])
            time.sleep(0.01)
        assert connection.recv(65_536).endswith(b"a.b.c")
        # The deadline was the first request's: a second one on the same connection has its own.
        time.sleep(0.4)
        connection.sendall(whole)
        assert connection.recv(65_536).endswith(b"a.b.c")


def test_a_body_of_a_gibibyte_is_refused_at_once_and_not_read(server: HttpServer) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: 1073741824\r\n\r\n"
    with connected(server) as connection:
        connection.sendall(head)
        answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 413 ")
        sent = 0
        with pytest.raises(OSError):
            for _ in range(100_000):
                sent += connection.send(b"x" * 65_536)
    assert sent < 16 * 2**20, "socket buffers and the part that is discarded, no more"


def test_a_silent_connection_is_closed(server: HttpServer) -> None:
    with connected(server) as connection:
        started = time.monotonic()
        assert read_all(connection) == b""
    assert 0.5 < time.monotonic() - started < 3


def test_line_ends_are_silence_too(server: HttpServer) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        started = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(100):
                connection.sendall(b"\r\n")
                time.sleep(0.05)
    assert 0.5 < time.monotonic() - started < 3


def test_one_address_holds_only_so_many_connections(server: HttpServer) -> None:
    with connected(server) as first, connected(server), connected(server):
        with connected(server) as fourth:
            assert read_all(fourth) == b""
        first.close()
        time.sleep(0.1)
        with connected(server) as again:
            again.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert read_all(again).startswith(b"HTTP/1.1 200 ")


def test_requests_at_work_are_finished_when_it_stops() -> None:
    at_work, go_on = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _quiet_lifespan(receive, send)
            return
        at_work.set()
        await asyncio.to_thread(go_on.wait, 5)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    answers: list[int] = []
    with HttpServer(app) as server:
        asking = threading.Thread(target=lambda: answers.append(httpx2.get(server.url).status_code))
        asking.start()
        at_work.wait(5)
        assert not server.draining
        threading.Timer(0.2, go_on.set).start()
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        asking.join(5)
        stopping.join(5)
        assert server.draining
    assert answers == [204]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(server.url)


async def _quiet_lifespan(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def run_as_program() -> None:
    """What a program's main does, in a process of its own."""
    server = serve(build(), ListenAddress(bounds=HASTY))
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.run()


def test_a_program_ends_on_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from tests.http.test_serve import run_as_program; run_as_program()"]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'src'}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        assert httpx2.get(f"{url}/livez").status_code == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == -signal.SIGTERM


async def test_a_guest_in_a_loop_leaves_signals_to_its_host() -> None:
    before = signal.getsignal(signal.SIGINT)
    server = serve(build())
    serving = asyncio.create_task(server.serve())
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{server.url}/livez")).status_code == 200
    assert signal.getsignal(signal.SIGINT) is before
    server.stop()
    await asyncio.wait_for(serving, 5)


def test_an_application_that_cannot_start_is_told() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no store"})

    with pytest.raises(RuntimeError, match="did not start"), HttpServer(app):
        raise AssertionError("it must not get here")


def test_a_taken_port_is_told_before_anything_runs(server: HttpServer) -> None:
    with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{server.port} .*another program listens there already"):
        serve(build(), ListenAddress(port=server.port))


def test_an_address_of_another_computer_is_told_as_such() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0 .*this computer does not have that address"):
        serve(build(), ListenAddress(host="192.0.2.1"))


def test_it_speaks_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    listen = ListenAddress(certificate=shown(tmp_path / "certificate.pem", tmp_path / "key.pem"))
    trust = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    with serve(build(), listen) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert httpx2.get(f"{server.url}/livez", verify=trust).status_code == 200


def test_the_address_comes_from_a_trusted_proxy_only() -> None:
    writer = {"Authorization": "Bearer writer-token", "X-Forwarded-For": "203.0.113.9"}
    with serve(build()) as server:
        assert httpx2.get(f"{server.url}/v1/address", headers=writer).json() == "127.0.0.1"
    with serve(build(), ListenAddress(trusted_proxies=("127.0.0.1",))) as server:
        assert httpx2.get(f"{server.url}/v1/address", headers=writer).json() == "203.0.113.9"
