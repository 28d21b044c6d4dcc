"""Where addresses of the server may be had, in the order of [spec: name-resolution], and what forbids the rest.

Nothing is asked here: each source is asked when its turn comes, in `connect` or by `doctor`.
"""

from collections.abc import Callable, Iterator

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.lookup import look_up
from tenure.sdk.network.lookup_result import LookupResult
from tenure.sdk.network.path import SourceKind, StepOutcome
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode
from tenure.sdk.network.ports import AddressSource, NetworkPorts
from tenure.sdk.network.private import is_literal, why_private
from tenure.sdk.network.resolvers import Resolver
from tenure.sdk.network.server import ServerAddress


def address_sources(server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> Iterator[AddressSource]:
    """Where addresses may be had, in the order of [spec: name-resolution], with what the customer forbids left out."""
    if is_literal(server.host):
        yield AddressSource(SourceKind.ADDRESS, "", lambda deadline: LookupResult(StepOutcome.FOUND, (server.host,)))
        return
    yield system_source(server.host, policy, ports)
    good = recalled_addresses(server, ports)
    if good:
        yield AddressSource(SourceKind.LAST_GOOD, "", lambda deadline: LookupResult(StepOutcome.FOUND, good))
    if why_no_public(server, policy) is None:
        for resolver in policy.public_resolvers:
            yield AddressSource(SourceKind.PUBLIC, resolver.as_url, _resolver_lookup(resolver, server.host, ports))


def system_source(host: str, policy: NamePolicy, ports: NetworkPorts) -> AddressSource:
    """The system's resolver, or the plain DNS server that stands in for it."""
    if policy.system:
        return AddressSource(SourceKind.SYSTEM, policy.system.as_url, _resolver_lookup(policy.system, host, ports))
    return AddressSource(SourceKind.SYSTEM, "", lambda deadline: ports.system_dns.look_up(host, deadline))


def _resolver_lookup(resolver: Resolver, host: str, ports: NetworkPorts) -> Callable[[Deadline], LookupResult]:
    return lambda deadline: look_up(resolver, host, deadline, ports.trust)


def recalled_addresses(server: ServerAddress, ports: NetworkPorts) -> tuple[str, ...]:
    """Addresses that worked within the last 30 days, latest first.

    One dated in the future is recalled too: the clock went back, and an address is only a hint, which TLS checks.
    """
    oldest = ports.wall() - ports.bounds.good_for
    return tuple(good.address for good in ports.last_good.recall_addresses(server.host) if good.at >= oldest)


def why_no_public(server: ServerAddress, policy: NamePolicy) -> str | None:
    """Why no public resolver is asked for this server, as a clause; None if they may be."""
    if policy.proxy:
        return "public DNS was not asked, as the proxy resolves names"
    if policy.mode is PublicDnsMode.OFF:
        return "public DNS was not asked, as it is switched off"
    because = why_private(server.host, policy.private_suffixes)
    return f"public DNS was not asked, as {because}" if because else None
