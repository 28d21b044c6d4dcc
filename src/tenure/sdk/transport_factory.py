"""The way to the server put together from an application's settings; what is tried in which order is `network`'s.

Kept apart from the license, because an administrator changes these settings and a developer does not. HTTP, TLS and DNS
are loaded when something is first sent: an application that starts without a network does not wait for them.
"""

from collections.abc import Callable

import msgspec

from tenure.core.refusals import Refused
from tenure.sdk.computer import Computer
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.network.last_good import LastGood
from tenure.sdk.network.path import HttpExchange, PathStep
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode, read_name_policy
from tenure.sdk.network.proxy import Proxy, proxy_from_environment
from tenure.sdk.network.server import ServerAddress, read_server
from tenure.sdk.transport import Transport, TransportRequest


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer decides about the way to the server (M15, B10)."""

    dns: str = ""
    """`auto`, `list` (only `resolvers`) or `off`; empty: as the lease says, and `auto` before there is one."""
    resolvers: tuple[str, ...] = ()
    """Public resolvers in order, such as `dns://9.9.9.9` or `https://dns.example/dns-query`."""
    private_suffixes: tuple[str, ...] = ()
    """Names that no public resolver may learn of."""
    system: str = "system"
    """Who stands in for the system's resolver: `dns://host:port`."""
    proxy: str | None = None
    """`http://[user:password@]host[:port]`, empty for none; None: as `https_proxy` in the environment says."""
    ca_file: str = ""
    """Certificates (PEM) that are believed instead of the system's."""
    loopback_http: bool = False
    """Plain HTTP within this computer, for a demo."""
    bounds: ExchangeBounds = ExchangeBounds()


class LeaseAwareTransport:
    """A transport that leaves public resolvers alone while the lease in force says so."""

    def __init__(self, usual: Transport, private: Transport, only_private: Callable[[], bool]) -> None:
        self._usual = usual
        self._private = private
        self._only_private = only_private

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `transport.Transport`."""
        return (self._private if self._only_private() else self._usual).send(request)


class DeferredTransport:
    """A transport that is made when something is first sent."""

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make = make
        self._made: Transport | None = None

    def make_now(self) -> Transport:
        """The transport itself."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `transport.Transport`."""
        return self.make_now().send(request)


class EnvironmentTransport:
    """A transport that looks at each exchange which proxy the environment names, and refuses what it cannot follow."""

    def __init__(self, server: ServerAddress, computer: Computer, make: Callable[[Proxy | None], Transport]) -> None:
        self._server, self._environment, self._make = server, computer.environment, make
        self._made: tuple[Proxy | None, Transport] | None = None

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        """See `transport.Transport`; `environment_unusable`, with the variable's name, before anything is sent."""
        proxy = proxy_from_environment(self._environment, self._server)
        if isinstance(proxy, Refused):
            return proxy
        if self._made is None or self._made[0] != proxy:
            self._made = proxy, self._make(proxy)
        return self._made[1].send(request)


def make_transport(
    url: str,
    network: Network,
    computer: Computer,
    last_good: LastGood,
    watch: Callable[[PathStep], None],
    dns_of_lease: Callable[[], str],
) -> Transport | Refused:
    """The transport to the server at `url`; refuses with `field_invalid` what of the settings cannot be read."""
    server = read_server(url, allow_loopback_http=network.loopback_http)
    if isinstance(server, Refused):
        return server
    policy = read_name_policy(
        network.dns or "auto",
        network.resolvers,
        private_suffixes=network.private_suffixes,
        system=network.system,
        proxy=network.proxy or "",
    )
    if isinstance(policy, Refused):
        return policy

    def made(policy: NamePolicy) -> Transport:
        from tenure.sdk.http_transport import HttpTransport
        from tenure.sdk.network.ports import NetworkPorts
        from tenure.sdk.network.trust import trust_of

        ports = NetworkPorts(
            monotonic=computer.monotonic,
            wall=computer.clocks.wall,
            last_good=last_good,
            trust=trust_of(network.ca_file, computer.environment),
            bounds=network.bounds,
            watch=watch,
        )
        usual = HttpTransport(server, policy, ports)
        if network.dns:
            return usual
        private = HttpTransport(server, msgspec.structs.replace(policy, mode=PublicDnsMode.OFF), ports)
        # `list` without a list of this customer's own names no resolver that may be asked.
        return LeaseAwareTransport(usual, private, lambda: dns_of_lease() in (PublicDnsMode.OFF, PublicDnsMode.LIST))

    if network.proxy is not None:
        return DeferredTransport(lambda: made(policy))
    return EnvironmentTransport(server, computer, lambda proxy: made(msgspec.structs.replace(policy, proxy=proxy)))
