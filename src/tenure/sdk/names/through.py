"""The way through an HTTP proxy: it resolves the server's name, and no other way is ever tried
[spec: connection-rules]."""

import httpcore2

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import connect, tunnel
from tenure.sdk.names.looked import Looked
from tenure.sdk.names.path import Fault, Kind, Outcome
from tenure.sdk.names.policy import NamePolicy
from tenure.sdk.names.ports import Source
from tenure.sdk.names.private import is_literal
from tenure.sdk.names.proxy import Proxy
from tenure.sdk.names.server import Server, at_port
from tenure.sdk.names.sources import system_source
from tenure.sdk.names.trail import Trail


def through_proxy(
    proxy: Proxy, policy: NamePolicy, server: Server, trail: Trail, deadline: Deadline
) -> httpcore2.NetworkStream | Fault:
    """A stream through `proxy` on which the server's name has proven itself; never raises.

    Connecting to the proxy has a candidate's time; the proxy's own resolving and connecting has all that is left, for
    there is nothing to try after it.
    """
    began, target = trail.ports.monotonic(), at_port(server.host, server.port)
    if not server.secure:
        fault = Fault(Outcome.NOT_LOOPBACK, "and does not go through a proxy")
        trail.told(Kind.PROXY, fault, began, proxy.text, target)
        return fault
    stream = _to_proxy(proxy, policy, trail, deadline)
    if isinstance(stream, Fault):
        return stream
    stream = tunnel(stream, proxy, target, deadline)
    if not isinstance(stream, Fault):
        stream = trail.secured(stream, server.host, deadline)
    trail.told(Kind.PROXY, stream, began, proxy.text, target)
    return stream


def _to_proxy(proxy: Proxy, policy: NamePolicy, trail: Trail, deadline: Deadline) -> httpcore2.NetworkStream | Fault:
    """TCP to the first address of the proxy that answers. Only the proxy's own name is resolved, by the system."""
    looked = Looked(Outcome.FOUND, (proxy.host,))
    if not is_literal(proxy.host):
        source = system_source(proxy.host, policy, trail.ports)
        looked = trail.look(Source(Kind.PROXY, source.resolver or proxy.text, source.look), deadline)
    stream: httpcore2.NetworkStream | Fault = Fault(looked.outcome, looked.detail)
    for address in looked.addresses[: trail.ports.bounds.candidates]:
        began = trail.ports.monotonic()
        stream = connect(address, proxy.port, deadline.within(trail.ports.bounds.candidate))
        if not isinstance(stream, Fault):
            return stream
        trail.told(Kind.PROXY, stream, began, "", at_port(address, proxy.port))
    return stream
