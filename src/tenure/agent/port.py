"""The way to the site's device port: TLS with exactly the key that the enrollment token names, name check on
[spec: device-port].

Never a public resolver, never a proxy: the site is on the customer's own network. What is said is `seat_keeper`'s.
"""

import socket
import ssl
from collections.abc import Callable

import msgspec

from tenure.agent.spki import pin_of
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.http_transport import HttpTransport
from tenure.sdk.network.bounds import Deadline, ExchangeBounds
from tenure.sdk.network.last_good import LastGood, LastGoodInMemory
from tenure.sdk.network.path import HttpExchange, ServerUnreached, StepOutcome, refuse_unreached
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode
from tenure.sdk.network.ports import SYSTEM_DNS, NetworkPorts
from tenure.sdk.network.server import ServerAddress
from tenure.sdk.network.trust import NO_CHECK_TIME, TrustStore
from tenure.sdk.transport import TransportRequest
from tenure.wire.devices import EnrollmentToken

OFF = NamePolicy(mode=PublicDnsMode.OFF)
"""Agents never use public DNS [spec: connection-rules]."""


class PinnedTransport:
    """A `Transport` to one device port. `certificate` is the one that is trusted: its key is the one pinned."""

    def __init__(
        self,
        ticket: EnrollmentToken,
        certificate: str,
        monotonic: Callable[[], float],
        wall: Callable[[], Instant],
        last_good: LastGood | None = None,
        bounds: ExchangeBounds | None = None,
    ) -> None:
        self.ticket = ticket
        self.certificate = certificate
        self._monotonic, self._wall = monotonic, wall
        self._last_good = last_good or LastGoodInMemory()
        self._bounds = bounds or ExchangeBounds()
        self._made = self._current_transport() if certificate else None

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `transport.Transport`. A certificate that has changed is fetched again, and trusted if its key has not.

        Refuses `site_unreachable`: the peer of an agent is its administration server.
        """
        reply = self._send_pinned(request)
        unreached = isinstance(reply, ServerUnreached)
        return msgspec.structs.replace(reply, code=RefusalCode.SITE_UNREACHABLE) if unreached else reply

    def _send_pinned(self, request: TransportRequest) -> HttpExchange | Refused:
        if self._made is not None:
            reply = self._made.send(request)
            if not _by_certificate(reply):
                return reply
        shown = self._shown_certificate()
        if isinstance(shown, Refused) or (shown == self.certificate and self._made is not None):
            return shown if isinstance(shown, Refused) else reply
        self.certificate = shown
        self._made = self._current_transport()
        return self._made.send(request)

    def _current_transport(self) -> HttpTransport:
        ports = NetworkPorts(
            monotonic=self._monotonic,
            wall=self._wall,
            last_good=self._last_good,
            trust=TrustStore(server=lambda: pinned_context(self.certificate)),
            bounds=self._bounds,
        )
        return HttpTransport(ServerAddress("https", self.ticket.host, self.ticket.port), OFF, ports)

    def _shown_certificate(self) -> str | Refused:
        """The certificate (PEM) that the port shows, if it is under the key pinned; nothing is sent over this."""
        deadline = Deadline.after_seconds(self._monotonic, self._bounds.candidate)
        addresses = SYSTEM_DNS.look_up(self.ticket.host, deadline).addresses or (self.ticket.host,)
        fault = "it could not be reached"
        for address in addresses[: self._bounds.candidates]:
            try:
                found = _certificate_at(address, self.ticket.port, self._bounds.candidate)
            except (OSError, ValueError) as error:
                fault = str(error) or type(error).__name__
                continue
            if pin_of(found) == self.ticket.pin:
                return ssl.DER_cert_to_PEM_cert(found)
            fault = "its key is not the one that the enrollment token names"
        return refuse_unreached(self.ticket.host, (), fault)


def pinned_context(certificate: str) -> ssl.SSLContext:
    """A client context that believes this one certificate, for the names in it, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The key alone is what is trusted, and a board without a battery begins each day in 1970.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    context.load_verify_locations(cadata=certificate)
    return context


def _certificate_at(address: str, port: int, seconds: float) -> bytes:
    """What is shown there (DER). The connection is closed at once: all it serves is to compare the key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, port), timeout=seconds) as plain, context.wrap_socket(plain) as secured:
        return secured.getpeercert(binary_form=True) or b""


def _by_certificate(reply: HttpExchange | Refused) -> bool:
    return isinstance(reply, ServerUnreached) and any(
        step.outcome in (StepOutcome.CERTIFICATE, StepOutcome.DATES) for step in reply.tried
    )
