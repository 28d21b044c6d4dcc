"""A public resolver that speaks only HTTP/2, as one of the five does, is understood."""

import contextlib
import socket
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events

from tenure.sandbox.dns import SERVER_FAILURE, LocalDns, TcpListener
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind, StepOutcome
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import DNS_NAME, NAME, Site, Target, asking, certified


@contextlib.contextmanager
def doh_over_http2(dns: LocalDns, status: str = "200") -> Iterator[str]:
    """A DoH endpoint with ALPN h2 alone, answering from `dns`; its text form."""

    def serve(connection: socket.socket) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        connection.sendall(state.data_to_send())
        bodies: dict[int, bytes] = {}
        while data := connection.recv(65_536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                if isinstance(event, h2.events.StreamEnded):
                    answer = dns.reply(bodies[event.stream_id], "h2") or b""
                    state.send_headers(event.stream_id, [(":status", status)])
                    state.send_data(event.stream_id, answer, end_stream=True)
            connection.sendall(state.data_to_send())

    with TcpListener(serve, "127.0.0.8", tls=certified(DNS_NAME, alpn=("h2",))) as door:
        yield f"https://{DNS_NAME}:{door.port}/dns-query#127.0.0.8"


def test_both_questions_go_over_one_connection(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = SERVER_FAILURE
    with doh_over_http2(public) as text:
        got = Site(asking(text, system=system.plain_url), home.port).transport.send(TransportRequest("GET", "/"))
    assert isinstance(got, HttpExchange), got
    assert (got.path.kind, got.path.resolver) == (SourceKind.PUBLIC, text)
    assert public.asked == [("h2", NAME, "A"), ("h2", NAME, "AAAA")]


def test_its_failure_is_a_step_like_any_other(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = SERVER_FAILURE
    with doh_over_http2(public, "503") as text:
        got = Site(asking(text, system=system.plain_url), home.port).transport.send(TransportRequest("GET", "/"))
    assert isinstance(got, ServerUnreached)
    assert (got.tried[-1].outcome, got.tried[-1].detail) == (StepOutcome.SERVER_FAILURE, "HTTP 503")
