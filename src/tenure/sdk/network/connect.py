"""The way to the server: system DNS, addresses that worked, public DNS, or a proxy and nothing else
[spec: name-resolution].

The next step is taken when the name does not resolve or no address it gave shows a certificate for the name. What is
said over the stream found is `tenure.sdk.transport`'s.
"""

import httpcore2
import msgspec

from tenure.sdk.network.attempts import AttemptLog
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.path import PathUsed, ServerUnreached, SourceKind, StepFault, refuse_unreached
from tenure.sdk.network.policy import NamePolicy
from tenure.sdk.network.ports import AddressSource, NetworkPorts
from tenure.sdk.network.server import ServerAddress, at_port
from tenure.sdk.network.sources import address_sources, why_no_public
from tenure.sdk.network.via_proxy import through_proxy


class OpenedStream(msgspec.Struct, frozen=True):
    """A stream to the server, trusted, and how it was found."""

    stream: httpcore2.NetworkStream
    path: PathUsed


class _PreferredSource(msgspec.Struct, frozen=True):
    """The source that worked when system DNS did not, and until when (monotonic) it goes first."""

    kind: SourceKind
    resolver: str
    until: float


class ServerConnector:
    """Finds a way to one server again and again, and remembers for an hour which one it was."""

    def __init__(self, server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> None:
        self.server = server
        self.policy = policy
        self.ports = ports
        self._preferred: _PreferredSource | None = None

    def open_stream(self, deadline: Deadline, *, dated: bool = True) -> OpenedStream | ServerUnreached:
        """A stream over which the configured name has proven itself, before `deadline`; never raises.

        Without `dated`, the dates of the certificate, and nothing else of it, are left out.
        """
        trail = AttemptLog(self.ports, dated=dated)
        if self.policy.proxy:
            stream = through_proxy(self.policy.proxy, self.policy, self.server, trail, deadline)
            path = PathUsed(
                SourceKind.PROXY,
                at_port(self.server.host, self.server.port),
                self.policy.proxy.without_password,
                trail.steps,
            )
            return self._system_failed(trail) if isinstance(stream, StepFault) else OpenedStream(stream, path)
        return self._connect_directly(trail, deadline)

    def _connect_directly(self, trail: AttemptLog, deadline: Deadline) -> OpenedStream | ServerUnreached:
        ordered = self._in_order()
        left = self.ports.bounds.candidates
        spent: set[str] = set()
        for number, source in enumerate(ordered):
            if left <= 0 or deadline.has_passed:
                break
            result = trail.attempt_lookup(source, deadline)
            fresh = [address for address in result.addresses if address not in spent]
            for address in fresh[: fair_share(left, len(ordered) - number - 1)]:
                left -= 1
                spent.add(address)
                stream = trail.attempt_connection(source, self.server, address, deadline)
                if not isinstance(stream, StepFault):
                    where = at_port(address, self.server.port)
                    return OpenedStream(stream, PathUsed(source.kind, where, source.resolver, trail.steps))
        return self._system_failed(trail)

    def _system_failed(self, trail: AttemptLog) -> ServerUnreached:
        return refuse_unreached(self.server.host, trail.steps, why_no_public(self.server, self.policy) or "")

    def note_success(self, path: PathUsed) -> None:
        """Notes that an answer came by `path`: its address is good, and its source goes first for up to an hour."""
        if path.kind in (SourceKind.PROXY, SourceKind.ADDRESS):
            return
        address = path.address.rpartition(":")[0].strip("[]")
        self.ports.last_good.remember_address(self.server.host, address, self.ports.wall())
        if path.kind is SourceKind.SYSTEM:
            self._preferred = None
        elif self._preferred is None or not self._is_preferred(path.kind, path.resolver):
            until = self.ports.monotonic() + self.ports.bounds.remember
            self._preferred = _PreferredSource(path.kind, path.resolver, until)

    def _is_preferred(self, kind: SourceKind, resolver: str) -> bool:
        preferred = self._preferred
        return (
            preferred is not None
            and (preferred.kind, preferred.resolver) == (kind, resolver)
            and self.ports.monotonic() < preferred.until
        )

    def _in_order(self) -> list[AddressSource]:
        """All sources: the one that worked within the hour, then the order of [spec: name-resolution]."""
        return sorted(
            address_sources(self.server, self.policy, self.ports),
            key=lambda source: not self._is_preferred(source.kind, source.resolver),
        )


def fair_share(left: int, later: int) -> int:
    """How many of the `left` candidates one source may use while `later` sources may still have to be tried.

    Two are kept for those after it: a captive portal with many dead addresses must not use up the way around it.
    """
    return max(1, left - min(2, later))
