"""Where addresses of the server may be had, in the order of [spec: name-resolution], and what forbids the rest.

Nothing is asked here: each source is asked when its turn comes, in `walk` or by `doctor`.
"""

from collections.abc import Callable, Iterator

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.looked import Looked
from tenure.sdk.names.lookup import look
from tenure.sdk.names.path import Kind, Outcome
from tenure.sdk.names.policy import Mode, NamePolicy
from tenure.sdk.names.ports import Ports, Source
from tenure.sdk.names.private import is_literal, why_private
from tenure.sdk.names.resolvers import Resolver
from tenure.sdk.names.server import Server


def sources(server: Server, policy: NamePolicy, ports: Ports) -> Iterator[Source]:
    """Where addresses may be had, in the order of [spec: name-resolution], with what the customer forbids left out."""
    if is_literal(server.host):
        yield Source(Kind.ADDRESS, "", lambda deadline: Looked(Outcome.FOUND, (server.host,)))
        return
    yield system_source(server.host, policy, ports)
    good = recalled(server, ports)
    if good:
        yield Source(Kind.LAST_GOOD, "", lambda deadline: Looked(Outcome.FOUND, good))
    if why_no_public(server, policy) is None:
        for resolver in policy.public:
            yield Source(Kind.PUBLIC, resolver.text, _asker(resolver, server.host, ports))


def system_source(host: str, policy: NamePolicy, ports: Ports) -> Source:
    """The system's resolver, or the plain DNS server that stands in for it."""
    if policy.system:
        return Source(Kind.SYSTEM, policy.system.text, _asker(policy.system, host, ports))
    return Source(Kind.SYSTEM, "", lambda deadline: ports.system_dns.look(host, deadline))


def _asker(resolver: Resolver, host: str, ports: Ports) -> Callable[[Deadline], Looked]:
    return lambda deadline: look(resolver, host, deadline, ports.trust)


def recalled(server: Server, ports: Ports) -> tuple[str, ...]:
    """Addresses that worked within the last 30 days, latest first.

    One dated in the future is recalled too: the clock went back, and a hint harms nobody.
    """
    oldest = ports.wall() - ports.bounds.good_for
    return tuple(good.address for good in ports.last_good.recall(server.host) if good.at >= oldest)


def why_no_public(server: Server, policy: NamePolicy) -> str | None:
    """Why no public resolver is asked for this server, as a clause; None if they may be."""
    if policy.proxy:
        return "public DNS was not asked, as the proxy resolves names"
    if policy.mode is Mode.OFF:
        return "public DNS was not asked, as it is switched off"
    because = why_private(server.host, policy.private_suffixes)
    return f"public DNS was not asked, as {because}" if because else None
