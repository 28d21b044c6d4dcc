"""The way through an HTTP proxy: it resolves the server's name, and no other way is ever tried
[spec: connection-rules]."""

import httpcore2

from tenure.sdk.network.attempts import AttemptLog
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import connect_tcp, open_tunnel
from tenure.sdk.network.lookup_result import LookupResult
from tenure.sdk.network.path import SourceKind, StepFault, StepOutcome
from tenure.sdk.network.policy import NamePolicy
from tenure.sdk.network.ports import AddressSource
from tenure.sdk.network.private import is_literal
from tenure.sdk.network.proxy import Proxy
from tenure.sdk.network.server import ServerAddress, at_port
from tenure.sdk.network.sources import system_source


def through_proxy(
    proxy: Proxy, policy: NamePolicy, server: ServerAddress, trail: AttemptLog, deadline: Deadline
) -> httpcore2.NetworkStream | StepFault:
    """A stream through `proxy` on which the server's name has proven itself; never raises.

    Connecting to the proxy has a candidate's time; the proxy's own resolving and connecting has all that is left, for
    there is nothing to try after it.
    """
    began, target = trail.ports.monotonic(), at_port(server.host, server.port)
    if not server.uses_tls:
        fault = StepFault(StepOutcome.NOT_LOOPBACK, "and does not go through a proxy")
        trail.note_connection(SourceKind.PROXY, fault, began, proxy.without_password, target)
        return fault
    stream = _to_proxy(proxy, policy, trail, deadline)
    if isinstance(stream, StepFault):
        return stream
    stream = open_tunnel(stream, proxy, target, deadline)
    if not isinstance(stream, StepFault):
        stream = trail.attempt_tls(stream, server.host, deadline)
    trail.note_connection(SourceKind.PROXY, stream, began, proxy.without_password, target)
    return stream


def _to_proxy(
    proxy: Proxy, policy: NamePolicy, trail: AttemptLog, deadline: Deadline
) -> httpcore2.NetworkStream | StepFault:
    """TCP to the first address of the proxy that answers. Only the proxy's own name is resolved, by the system."""
    result = LookupResult(StepOutcome.FOUND, (proxy.host,))
    if not is_literal(proxy.host):
        source = system_source(proxy.host, policy, trail.ports)
        result = trail.attempt_lookup(
            AddressSource(SourceKind.PROXY, source.resolver or proxy.without_password, source.look), deadline
        )
    stream: httpcore2.NetworkStream | StepFault = StepFault(result.outcome, result.detail)
    for address in result.addresses[: trail.ports.bounds.candidates]:
        began = trail.ports.monotonic()
        stream = connect_tcp(address, proxy.port, deadline.within_seconds(trail.ports.bounds.candidate))
        if not isinstance(stream, StepFault):
            return stream
        trail.note_connection(SourceKind.PROXY, stream, began, "", at_port(address, proxy.port))
    return stream
