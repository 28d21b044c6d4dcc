"""One name asked of one DNS server, A then AAAA; addresses or the reason there are none, never an exception.

Answers are only hints: what is reached there must show a certificate for the name. Who is asked when: `walk`.
"""

from collections.abc import Callable
from typing import Protocol

import dns.message
import dns.rcode
import dns.rdatatype

from tenure.sdk.names.asking import Doh, Dot, Failed, Plain
from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import fault_of
from tenure.sdk.names.looked import Looked, alternate
from tenure.sdk.names.path import Outcome
from tenure.sdk.names.resolvers import Resolver, Via
from tenure.sdk.names.trust import Trust


class Asking(Protocol):
    """An open way to a resolver."""

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        """The answer to `query`; raises what sockets and libraries raise, and `Failed`."""

    def close(self) -> None:
        """Frees what is open."""


def look(resolver: Resolver, host: str, deadline: Deadline, trust: Trust) -> Looked:
    """The addresses of `host` according to `resolver`, A then AAAA, within the deadline; never raises."""
    kinds: dict[Via, Callable[[], Asking]] = {
        Via.PLAIN: lambda: Plain(resolver, deadline),
        Via.DOT: lambda: Dot(resolver, deadline, trust),
        Via.DOH: lambda: Doh(resolver, deadline, trust),
    }
    asking: Asking | None = None
    try:
        asking = kinds[resolver.via]()
        return _both_families(asking, host)
    except Exception as error:  # the resolver chooses the bytes, and the libraries' exceptions are many
        fault = error.fault if isinstance(error, Failed) else fault_of(error)
        outcome = Outcome.NOT_DNS if fault.outcome in (Outcome.NOT_HTTP, Outcome.REDIRECT) else fault.outcome
        return Looked(outcome, detail=fault.detail)
    finally:
        if asking is not None:
            asking.close()


def _both_families(asking: Asking, host: str) -> Looked:
    """A and AAAA. What the first gave is enough to go on if the second fails."""
    found: list[str] = []
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            answer = asking.ask(dns.message.make_query(host, kind))
            looked = _read(answer)
        except Exception:
            if found:
                break
            raise
        if looked.outcome not in (Outcome.FOUND, Outcome.NO_ADDRESS) and not found:
            return looked
        found.extend(looked.addresses)
    return Looked(Outcome.FOUND, alternate(found)) if found else Looked(Outcome.NO_ADDRESS)


def _read(answer: dns.message.Message) -> Looked:
    """What one answer says, aliases followed within it."""
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return Looked(Outcome.NO_SUCH_NAME)
    if answer.rcode() != dns.rcode.NOERROR or not isinstance(answer, dns.message.QueryMessage):
        return Looked(Outcome.SERVER_FAILURE, detail=dns.rcode.to_text(answer.rcode()))
    records = answer.resolve_chaining().answer
    return Looked(Outcome.FOUND, tuple(record.address for record in records)) if records else Looked(Outcome.NO_ADDRESS)
