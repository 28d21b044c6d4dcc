"""The transport over HTTP/1.1, by the way that `tenure.sdk.network` finds.

It loads HTTP, TLS and DNS, which takes several times as long as the rest of the SDK: `transport_factory` loads it when
something is sent.
"""

import logging

import httpcore2

from tenure.core.refusals import Refused
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.connect import OpenedStream, ServerConnector
from tenure.sdk.network.http_exchange import HttpConnection, WireRequest
from tenure.sdk.network.path import HttpExchange, PathStep, PathUsed, StepFault, refuse_unreached
from tenure.sdk.network.policy import NamePolicy
from tenure.sdk.network.ports import NetworkPorts
from tenure.sdk.network.server import ServerAddress
from tenure.sdk.transport import TransportRequest

log = logging.getLogger("tenure.transport")


class HttpTransport:
    """HTTP/1.1 over the way that `network` finds: one connection per request, at most 30 s from call to last byte.

    Synchronous on purpose: it serves a background thread (and asyncio through one), a synchronization comes once a day,
    and sockets with one deadline are simpler to bound than tasks. Safe to call from several threads.
    """

    def __init__(self, server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> None:
        self._walk = ServerConnector(server, policy, ports)
        self._ports = ports

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """Sends `request` once. Trouble after the server has proven its name ends the exchange: the request may have
        been received, and repeating it is the caller's decision."""
        refused = self._ports.trust.refuse_unreadable() if self._walk.server.uses_tls else None
        if refused is not None:
            log.warning("nothing sent: %s", refused.detail)
            return refused
        began = self._ports.monotonic()
        deadline = Deadline.after_seconds(self._ports.monotonic, self._ports.bounds.total)
        opened = self._walk.open_stream(deadline, dated=request.dated)
        if not isinstance(opened, OpenedStream):
            log.warning("no answer: %s", opened.detail)
            return opened
        line = HttpConnection(opened.stream, self._full_url(request), deadline, self._ports.bounds.body)
        answer = line.send_request(self._wire_request(request))
        line.close()
        if isinstance(answer, StepFault):
            return self._no_answer(opened.path, answer, began)
        self._walk.note_success(opened.path)
        elapsed = self._ports.monotonic() - began
        log.info(
            "%s %s: %d by %s, %.3f s", request.method, request.path, answer.status, opened.path.describe_path(), elapsed
        )
        return HttpExchange(answer.status, answer.headers, answer.body, opened.path, elapsed)

    def _no_answer(self, path: PathUsed, fault: StepFault, began: float) -> Refused:
        seconds = round(self._ports.monotonic() - began, 3)
        step = PathStep(path.kind, fault.outcome, path.resolver, path.address, fault.detail, seconds)
        self._ports.watch(step)
        refused = refuse_unreached(self._walk.server.host, (*path.tried, step))
        log.warning("no answer: %s", refused.detail)
        return refused

    def _full_url(self, request: TransportRequest) -> httpcore2.URL:
        server = self._walk.server
        return httpcore2.URL(
            scheme=server.scheme, host=server.host, port=server.port, target=(server.prefix + request.path).encode()
        )

    def _wire_request(self, request: TransportRequest) -> WireRequest:
        headers = (("Host", self._walk.server.host_header), ("Connection", "close"), *request.headers)
        if request.method == "POST":
            headers = (*headers, ("Content-Type", request.content_type))
        return WireRequest(request.method, self._full_url(request), headers, request.body)
