"""The steps of one walk, each done within its own bound, timed, and shown as it is taken.

Which step comes next is decided in `walk` and `through`; here is only how one is taken.
"""

import logging

import httpcore2

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import connect, out_of_date, secure
from tenure.sdk.names.looked import Looked
from tenure.sdk.names.path import Fault, Kind, Outcome, Step
from tenure.sdk.names.ports import Ports, Source
from tenure.sdk.names.private import is_loopback
from tenure.sdk.names.server import Server, at_port

log = logging.getLogger("tenure.transport")

LEFT_OUT = "the dates of its certificate do not fit this computer's clock, which is in doubt, and were left out"


class Trail:
    """The steps of one walk in the order taken."""

    def __init__(self, ports: Ports, *, dated: bool = True) -> None:
        """Without `dated`, the dates of the server's certificate are left out."""
        self.ports = ports
        self._dated = dated
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done so far."""
        return tuple(self._steps)

    def look(self, source: Source, deadline: Deadline) -> Looked:
        """Asks a source, two seconds at most."""
        began = self.ports.monotonic()
        looked = source.look(deadline.within(self.ports.bounds.lookup))
        self.note(source.kind, looked.outcome, began, source.resolver, "", looked.detail)
        return looked

    def reach(
        self, source: Source, server: Server, address: str, deadline: Deadline
    ) -> httpcore2.NetworkStream | Fault:
        """Connects to one candidate, three seconds at most."""
        began = self.ports.monotonic()
        within = deadline.within(self.ports.bounds.candidate)
        if not server.secure and not is_loopback(address):
            stream: httpcore2.NetworkStream | Fault = Fault(Outcome.NOT_LOOPBACK)
        else:
            stream = connect(address, server.port, within)
        if not isinstance(stream, Fault) and server.secure:
            stream = self.secured(stream, server.host, within)
        self.told(source.kind, stream, began, source.resolver, at_port(address, server.port))
        return stream

    def secured(
        self, stream: httpcore2.NetworkStream, name: str, deadline: Deadline
    ) -> httpcore2.NetworkStream | Fault:
        """TLS over `stream` with the holder of a certificate for `name`."""
        secured = secure(stream, lambda: self.ports.trust.server(dated=self._dated), name, deadline)
        if isinstance(secured, Fault) and secured.outcome is Outcome.CERTIFICATE:
            self.ports.trust.forget()
        return secured

    def told(
        self, kind: Kind, stream: httpcore2.NetworkStream | Fault, began: float, resolver: str, address: str
    ) -> None:
        """Notes how a connection ended."""
        fault = stream if isinstance(stream, Fault) else Fault(Outcome.REACHED)
        if not isinstance(stream, Fault) and not self._dated and out_of_date(stream, self.ports.wall()):
            fault = Fault(Outcome.REACHED, LEFT_OUT)
            log.warning("%s: %s", address, LEFT_OUT)
        self.note(kind, fault.outcome, began, resolver, address, fault.detail)

    def note(self, kind: Kind, outcome: Outcome, began: float, resolver: str, address: str, detail: str) -> None:
        """Adds a step that began at an instant of the monotonic clock."""
        step = Step(kind, outcome, resolver, address, detail, round(self.ports.monotonic() - began, 3))
        self._steps.append(step)
        self.ports.watch(step)
