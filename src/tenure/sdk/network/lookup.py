"""One name asked of one DNS server, A then AAAA; addresses or the reason there are none, never an exception.

Answers are only hints: what is reached there must show a certificate for the name. Who is asked when: `connect`.
"""

from collections.abc import Callable
from typing import Protocol

import dns.message
import dns.rcode
import dns.rdatatype

from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import fault_of
from tenure.sdk.network.dns_client import DnsOverHttps, DnsOverTls, PlainDns, ResolverFailed
from tenure.sdk.network.lookup_result import LookupResult, alternate_families
from tenure.sdk.network.path import StepOutcome
from tenure.sdk.network.resolvers import Resolver, ResolverProtocol
from tenure.sdk.network.trust import TrustStore


class OpenResolver(Protocol):
    """An open way to a resolver."""

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to `query`; raises what sockets and libraries raise, and `ResolverFailed`."""

    def close(self) -> None:
        """Frees what is open."""


def look_up(resolver: Resolver, host: str, deadline: Deadline, trust: TrustStore) -> LookupResult:
    """The addresses of `host` according to `resolver`, A then AAAA, within the deadline; never raises."""
    kinds: dict[ResolverProtocol, Callable[[], OpenResolver]] = {
        ResolverProtocol.PLAIN: lambda: PlainDns(resolver, deadline),
        ResolverProtocol.DOT: lambda: DnsOverTls(resolver, deadline, trust),
        ResolverProtocol.DOH: lambda: DnsOverHttps(resolver, deadline, trust),
    }
    asking: OpenResolver | None = None
    try:
        asking = kinds[resolver.via]()
        return _both_families(asking, host)
    except Exception as error:  # the resolver chooses the bytes, and the libraries' exceptions are many
        fault = error.fault if isinstance(error, ResolverFailed) else fault_of(error)
        outcome = (
            StepOutcome.NOT_DNS if fault.outcome in (StepOutcome.NOT_HTTP, StepOutcome.REDIRECT) else fault.outcome
        )
        return LookupResult(outcome, detail=fault.detail)
    finally:
        if asking is not None:
            asking.close()


def _both_families(asking: OpenResolver, host: str) -> LookupResult:
    """A and AAAA. What the first gave is enough to go on if the second fails."""
    found: list[str] = []
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            answer = asking.ask(dns.message.make_query(host, kind))
            result = _read_answer(answer)
        except Exception:
            if found:
                break
            raise
        if result.outcome not in (StepOutcome.FOUND, StepOutcome.NO_ADDRESS) and not found:
            return result
        found.extend(result.addresses)
    return LookupResult(StepOutcome.FOUND, alternate_families(found)) if found else LookupResult(StepOutcome.NO_ADDRESS)


def _read_answer(answer: dns.message.Message) -> LookupResult:
    """What one answer says, aliases followed within it."""
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return LookupResult(StepOutcome.NO_SUCH_NAME)
    if answer.rcode() != dns.rcode.NOERROR or not isinstance(answer, dns.message.QueryMessage):
        return LookupResult(StepOutcome.SERVER_FAILURE, detail=dns.rcode.to_text(answer.rcode()))
    records = answer.resolve_chaining().answer
    return (
        LookupResult(StepOutcome.FOUND, tuple(record.address for record in records))
        if records
        else LookupResult(StepOutcome.NO_ADDRESS)
    )
