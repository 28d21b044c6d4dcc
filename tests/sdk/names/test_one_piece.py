"""A question of the SDK leaves in one piece, head and body, which the server answers past its parser."""

import socket
import time
from typing import Any

import httpcore2
import pytest

from tenure.http.hot_protocol import HotHttp
from tenure.http.serve import HttpServer, ListenAddress
from tenure.sandbox.dns import LocalDns, TcpListener
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.http_exchange import HttpConnection, WireAnswer, WireRequest
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.transport import TransportRequest
from tests.http.sample import build
from tests.sdk.names.servers import NAME, Site, asking, certified, http

BODY = b"a.b." + b"c" * 900


def test_head_and_body_are_in_one_record_of_tls(system: LocalDns) -> None:
    pieces: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        pieces.append(connection.recv(65_536))
        connection.sendall(http())

    with TcpListener(serve, "127.0.0.2", tls=certified(NAME)) as door:
        got = Site(asking(system=system.plain_url), door.port).transport.send(TransportRequest("POST", "/x", BODY))
    assert isinstance(got, HttpExchange), got
    assert pieces[0].endswith(b"\r\n\r\n" + BODY)


def test_the_server_answers_it_past_its_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    api, parsed = build(), []

    def note(self: HotHttp, *_: Any) -> None:
        parsed.append(self)

    monkeypatch.setattr(HotHttp, "on_message_begin", note)
    with HttpServer(api, ListenAddress(), api.hot_requests()) as server:
        site = Site(asking(), server.port, host="127.0.0.1", scheme="http")
        got = site.transport.send(TransportRequest("POST", "/v1/echo", BODY))
    assert isinstance(got, HttpExchange), got
    assert (got.status, got.body, parsed) == (200, BODY, [])


class ClosedForWriting(httpcore2.NetworkStream):
    """The other side has answered and reads no more."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return http(b"no", "413 Content Too Large")[:max_bytes]

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise httpcore2.WriteError

    def close(self) -> None:
        """Nothing is open."""

    def get_extra_info(self, info: str) -> object:
        return None


def test_an_answer_before_the_question_is_read_is_heard() -> None:
    deadline = Deadline.after_seconds(time.monotonic, 5)
    line = HttpConnection(ClosedForWriting(), httpcore2.URL("http://x/v1/sync"), deadline, 1_000)
    got = line.send_request(WireRequest("POST", httpcore2.URL("http://x/v1/sync"), (("Host", "x"),), BODY))
    assert isinstance(got, WireAnswer), got
    assert (got.status, got.body) == (413, b"no")
