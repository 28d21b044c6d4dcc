"""The way to the site's device port: TLS with exactly the key that the enrolment token names, name check on
[spec: device-port].

Never a public resolver, never a proxy: the site is on the customer's own network. What is said is `keeper`'s.
"""

import socket
import ssl
from collections.abc import Callable

from tenure.agent.spki import pin_of
from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.sdk.names.bounds import Bounds, Deadline
from tenure.sdk.names.last_good import LastGood, LastGoodInMemory
from tenure.sdk.names.path import Exchange, Outcome, Unreached, unreached
from tenure.sdk.names.policy import Mode, NamePolicy
from tenure.sdk.names.ports import SYSTEM_DNS, Ports
from tenure.sdk.names.server import Server
from tenure.sdk.names.trust import NO_CHECK_TIME, Trust
from tenure.sdk.transport import HttpTransport, Request
from tenure.wire.devices import Ticket

OFF = NamePolicy(mode=Mode.OFF)
"""Agents never use public DNS [spec: connection-rules]."""


class PinnedTransport:
    """A `Transport` to one device port. `certificate` is the one that is trusted: its key is the one pinned."""

    def __init__(
        self,
        ticket: Ticket,
        certificate: str,
        monotonic: Callable[[], float],
        wall: Callable[[], Instant],
        last_good: LastGood | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.ticket = ticket
        self.certificate = certificate
        self._monotonic, self._wall = monotonic, wall
        self._last_good = last_good or LastGoodInMemory()
        self._bounds = bounds or Bounds()
        self._made = self._transport() if certificate else None

    def send(self, request: Request) -> Exchange | Refused:
        """See `transport.Transport`. A certificate that has changed is fetched anew, and trusted if its key has not."""
        if self._made is not None:
            reply = self._made.send(request)
            if not _by_certificate(reply):
                return reply
        shown = self._shown()
        if isinstance(shown, Refused) or (shown == self.certificate and self._made is not None):
            return shown if isinstance(shown, Refused) else reply
        self.certificate = shown
        self._made = self._transport()
        return self._made.send(request)

    def _transport(self) -> HttpTransport:
        ports = Ports(
            monotonic=self._monotonic,
            wall=self._wall,
            last_good=self._last_good,
            trust=Trust(server=lambda: trusting(self.certificate)),
            bounds=self._bounds,
        )
        return HttpTransport(Server("https", self.ticket.host, self.ticket.port), OFF, ports)

    def _shown(self) -> str | Refused:
        """The certificate (PEM) that the port shows, if it is under the key pinned; nothing is sent over this."""
        deadline = Deadline.after(self._monotonic, self._bounds.candidate)
        addresses = SYSTEM_DNS.look(self.ticket.host, deadline).addresses or (self.ticket.host,)
        fault = "it could not be reached"
        for address in addresses[: self._bounds.candidates]:
            try:
                found = _certificate_at(address, self.ticket.port, self._bounds.candidate)
            except (OSError, ValueError) as error:
                fault = str(error) or type(error).__name__
                continue
            if pin_of(found) == self.ticket.pin:
                return ssl.DER_cert_to_PEM_cert(found)
            fault = "its key is not the one that the enrolment token names"
        return unreached(self.ticket.host, (), fault)


def trusting(certificate: str) -> ssl.SSLContext:
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


def _by_certificate(reply: Exchange | Refused) -> bool:
    return isinstance(reply, Unreached) and any(
        step.outcome in (Outcome.CERTIFICATE, Outcome.DATES) for step in reply.tried
    )
