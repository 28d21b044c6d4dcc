"""The steps of one walk, each done within its own bound, timed, and shown as it is taken.

Which step comes next is decided in `walk` and `through`; here is only how one is taken.
"""

import httpcore2

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import connect, secure
from tenure.sdk.names.looked import Looked
from tenure.sdk.names.path import Fault, Kind, Outcome, Step
from tenure.sdk.names.ports import Ports, Source
from tenure.sdk.names.private import is_loopback
from tenure.sdk.names.server import Server, at_port
from tenure.sdk.names.trust import Trust


class Trail:
    """The steps of one walk in the order taken."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
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
        stream = reach(server, address, deadline.within(self.ports.bounds.candidate), self.ports.trust)
        self.told(source.kind, stream, began, source.resolver, at_port(address, server.port))
        return stream

    def told(
        self, kind: Kind, stream: httpcore2.NetworkStream | Fault, began: float, resolver: str, address: str
    ) -> None:
        """Notes how a connection ended."""
        fault = stream if isinstance(stream, Fault) else Fault(Outcome.REACHED)
        self.note(kind, fault.outcome, began, resolver, address, fault.detail)

    def note(self, kind: Kind, outcome: Outcome, began: float, resolver: str, address: str, detail: str) -> None:
        """Adds a step that began at an instant of the monotonic clock."""
        step = Step(kind, outcome, resolver, address, detail, round(self.ports.monotonic() - began, 3))
        self._steps.append(step)
        self.ports.watch(step)


def reach(server: Server, address: str, deadline: Deadline, trust: Trust) -> httpcore2.NetworkStream | Fault:
    """A stream to `address` on which the server's name has proven itself; plain HTTP only within this computer."""
    if not server.secure and not is_loopback(address):
        return Fault(Outcome.NOT_LOOPBACK)
    stream = connect(address, server.port, deadline)
    if isinstance(stream, Fault) or not server.secure:
        return stream
    return secure(stream, trust.server, server.host, deadline)
