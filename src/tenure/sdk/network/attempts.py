"""The steps of one walk, each done within its own bound, timed, and shown as it is taken.

Which step comes next is decided in `connect` and `via_proxy`; here is only how one is taken.
"""

import logging

import httpcore2

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import connect_tcp, out_of_date, start_tls
from tenure.sdk.network.lookup_result import LookupResult
from tenure.sdk.network.path import PathStep, SourceKind, StepFault, StepOutcome
from tenure.sdk.network.ports import AddressSource, NetworkPorts
from tenure.sdk.network.private import is_loopback
from tenure.sdk.network.server import ServerAddress, at_port

log = logging.getLogger("tenure.transport")

LEFT_OUT = "the dates of its certificate do not fit this computer's clock, which is in doubt, and were left out"


class AttemptLog:
    """The steps of one walk in the order taken."""

    def __init__(self, ports: NetworkPorts, *, dated: bool = True) -> None:
        """Without `dated`, the dates of the server's certificate are left out."""
        self.ports = ports
        self._dated = dated
        self._steps: list[PathStep] = []

    @property
    def steps(self) -> tuple[PathStep, ...]:
        """What was done so far."""
        return tuple(self._steps)

    def attempt_lookup(self, source: AddressSource, deadline: Deadline) -> LookupResult:
        """Asks a source, two seconds at most."""
        began = self.ports.monotonic()
        result = source.look(deadline.within_seconds(self.ports.bounds.lookup))
        self.add_step(source.kind, result.outcome, began, source.resolver, "", result.detail)
        return result

    def attempt_connection(
        self, source: AddressSource, server: ServerAddress, address: str, deadline: Deadline
    ) -> httpcore2.NetworkStream | StepFault:
        """Connects to one candidate, three seconds at most."""
        began = self.ports.monotonic()
        within = deadline.within_seconds(self.ports.bounds.candidate)
        if not server.uses_tls and not is_loopback(address):
            stream: httpcore2.NetworkStream | StepFault = StepFault(StepOutcome.NOT_LOOPBACK)
        else:
            stream = connect_tcp(address, server.port, within)
        if not isinstance(stream, StepFault) and server.uses_tls:
            stream = self.attempt_tls(stream, server.host, within)
        self.note_connection(source.kind, stream, began, source.resolver, at_port(address, server.port))
        return stream

    def attempt_tls(
        self, stream: httpcore2.NetworkStream, name: str, deadline: Deadline
    ) -> httpcore2.NetworkStream | StepFault:
        """TLS over `stream` with the holder of a certificate for `name`."""
        secured = start_tls(stream, lambda: self.ports.trust.server_context(dated=self._dated), name, deadline)
        if isinstance(secured, StepFault) and secured.outcome is StepOutcome.CERTIFICATE:
            self.ports.trust.forget_contexts()
        return secured

    def note_connection(
        self, kind: SourceKind, stream: httpcore2.NetworkStream | StepFault, began: float, resolver: str, address: str
    ) -> None:
        """Notes how a connection ended."""
        fault = stream if isinstance(stream, StepFault) else StepFault(StepOutcome.REACHED)
        if not isinstance(stream, StepFault) and not self._dated and out_of_date(stream, self.ports.wall()):
            fault = StepFault(StepOutcome.REACHED, LEFT_OUT)
            log.warning("%s: %s", address, LEFT_OUT)
        self.add_step(kind, fault.outcome, began, resolver, address, fault.detail)

    def add_step(
        self, kind: SourceKind, outcome: StepOutcome, began: float, resolver: str, address: str, detail: str
    ) -> None:
        """Adds a step that began at an instant of the monotonic clock."""
        step = PathStep(kind, outcome, resolver, address, detail, round(self.ports.monotonic() - began, 3))
        self._steps.append(step)
        self.ports.watch(step)
