"""`tenure doctor` and *Test connection*: every way to the server tried, one line each, with what to do about it.

Obeys the policy like any exchange: switched off means no packet to a public resolver from here either. Clock and root
of trust are other checks, made elsewhere.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tenure.sdk.names.bounds import Deadline
from tenure.sdk.names.dial import connect, secure
from tenure.sdk.names.looked import alternate
from tenure.sdk.names.path import TOLD, Fault, Kind, Outcome
from tenure.sdk.names.policy import NamePolicy
from tenure.sdk.names.ports import Ports, Source
from tenure.sdk.names.private import is_loopback
from tenure.sdk.names.proxy import Proxy
from tenure.sdk.names.server import Server, at_port
from tenure.sdk.names.sources import recalled, sources, why_no_public
from tenure.sdk.names.through import through_proxy
from tenure.sdk.names.trail import Trail


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not made, and rightly so; the text says why."""


class Check(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    """What was checked: `System DNS`, `Public DNS dns://8.8.8.8:53`, `TLS 203.0.113.5:443`."""
    state: State
    text: str
    """What was seen."""
    remedy: str = ""
    """What to do; empty unless the check failed."""
    seconds: float = 0.0


REMEDIES: dict[Outcome, str] = {
    Outcome.NO_SUCH_NAME: "Compare the server's name in the settings; if it is right, ask your DNS administrator why "
    "the name is unknown.",
    Outcome.NO_ADDRESS: "Ask your DNS administrator: the name exists but has no address.",
    Outcome.SERVER_FAILURE: "Ask your DNS administrator: the resolver fails for this name.",
    Outcome.NOT_DNS: "Check that address and port belong to a DNS server of this kind.",
    Outcome.TIMEOUT: "Check that the network is up and that a firewall lets this connection out.",
    Outcome.REFUSED: "Check the port; if it is right, a firewall or a stopped service refuses.",
    Outcome.NO_ROUTE: "Check the network's configuration: there is no route to this address.",
    Outcome.CERTIFICATE: "If the server's certificate is of an authority of its owner's, name that authority's "
    "certificate: ca_file under [network] in site.toml. Otherwise something between you and the server answers in its "
    "place, such as a login page or an inspecting firewall: log in there, or exempt the server's name from inspection.",
    Outcome.DATES: "Compare this computer's clock with the right time, and set it if it is wrong. If it is right, the "
    "server's certificate has run out: tell whoever runs the server.",
    Outcome.TLS: "What answers there does not speak TLS for this name: check the port, or exempt it from inspection.",
    Outcome.NOT_LOOPBACK: "Use an https:// address; plain HTTP is for a demo on one computer.",
    Outcome.PROXY_REFUSED: "Ask the proxy's administrator to allow CONNECT to the server's name and port; check user "
    "and password.",
    Outcome.CUT_OFF: "Something closes the connection: exempt the server's name from inspection.",
    Outcome.NOT_HTTP: "Check that the address belongs to an HTTP proxy.",
    Outcome.TOO_LARGE: "Something else answers there than was asked for: check address and port.",
    Outcome.ENCODED: "Something else answers there than was asked for: check address and port.",
}
"""What an administrator does about an outcome."""


def doctor(server: Server, policy: NamePolicy, ports: Ports) -> Iterator[Check]:
    """Checks every way to `server` and yields each result as soon as it is there; never raises.

    Each lookup and connection has its own bound (2 s, 3 s); all sources are asked even if the first one works.
    """
    untrusted = ports.trust.refused() if server.secure else None
    if untrusted is not None:
        yield Check("Trusted certificates", State.FAILED, untrusted.detail, untrusted.row.remedy)
        return
    if policy.proxy:
        yield from _by_proxy(policy.proxy, server, policy, ports)
        return
    yield Check("Proxy", State.SKIPPED, "None is configured.")
    found: list[str] = []
    for source in sources(server, policy, ports):
        check, addresses = _lookup(source, server, ports)
        found.extend(addresses)
        yield check
    yield from _not_asked(server, policy, ports)
    for address in alternate(found)[: ports.bounds.candidates]:
        yield from _connection(server, address, ports)


def _lookup(source: Source, server: Server, ports: Ports) -> tuple[Check, tuple[str, ...]]:
    began = ports.monotonic()
    looked = source.look(Deadline.after(ports.monotonic, ports.bounds.lookup))
    name, seconds = _named(source), round(ports.monotonic() - began, 3)
    if looked.outcome is Outcome.FOUND:
        return Check(
            name, State.OK, f"{server.host}: {', '.join(looked.addresses)}.", seconds=seconds
        ), looked.addresses
    return _failed(name, Fault(looked.outcome, looked.detail), seconds), ()


def _named(source: Source) -> str:
    names = {
        Kind.ADDRESS: "Address in the settings",
        Kind.SYSTEM: "System DNS",
        Kind.LAST_GOOD: "Addresses that worked lately",
        Kind.PUBLIC: "Public DNS",
    }
    return f"{names.get(source.kind, source.kind.value)} {source.resolver}".rstrip()


def _failed(name: str, fault: Fault, seconds: float) -> Check:
    text = TOLD[fault.outcome] + (f" ({fault.detail})" if fault.detail else "")
    return Check(name, State.FAILED, f"{text[0].upper()}{text[1:]}.", REMEDIES.get(fault.outcome, ""), seconds)


def _not_asked(server: Server, policy: NamePolicy, ports: Ports) -> Iterator[Check]:
    """Lines for the sources that are left out, so that nobody looks for them in vain."""
    if not recalled(server, ports):
        yield Check("Addresses that worked lately", State.SKIPPED, "None is known yet.")
    because = why_no_public(server, policy)
    if because:
        yield Check("Public DNS", State.SKIPPED, f"{because[0].upper()}{because[1:]}.")


def _connection(server: Server, address: str, ports: Ports) -> Iterator[Check]:
    """TCP, then TLS, with one address."""
    where = at_port(address, server.port)
    if not server.secure and not is_loopback(address):
        yield _failed(f"TCP {where}", Fault(Outcome.NOT_LOOPBACK), 0.0)
        return
    began = ports.monotonic()
    deadline = Deadline.after(ports.monotonic, ports.bounds.candidate)
    stream = connect(address, server.port, deadline)
    seconds = round(ports.monotonic() - began, 3)
    if isinstance(stream, Fault):
        yield _failed(f"TCP {where}", stream, seconds)
        return
    yield Check(f"TCP {where}", State.OK, "Connected.", "", seconds)
    if not server.secure:
        stream.close()
        yield Check(f"TLS {where}", State.SKIPPED, "Plain HTTP within this computer, as in the demo.")
        return
    secured = secure(stream, ports.trust.server, server.host, deadline)
    seconds = round(ports.monotonic() - began, 3) - seconds
    if isinstance(secured, Fault):
        yield _failed(f"TLS {where}", secured, seconds)
        return
    secured.close()
    yield Check(f"TLS {where}", State.OK, f"The certificate is valid for {server.host}.", "", seconds)


def _by_proxy(proxy: Proxy, server: Server, policy: NamePolicy, ports: Ports) -> Iterator[Check]:
    """With a proxy there is one way, and one line for it."""
    began = ports.monotonic()
    deadline = Deadline.after(ports.monotonic, ports.bounds.total)
    stream = through_proxy(proxy, policy, server, Trail(ports), deadline)
    name, seconds = f"Proxy {proxy.text}", round(ports.monotonic() - began, 3)
    if isinstance(stream, Fault):
        yield _failed(name, stream, seconds)
    else:
        stream.close()
        yield Check(name, State.OK, f"It leads to {server.host}, whose certificate is valid.", "", seconds)
    yield Check("System DNS", State.SKIPPED, "The proxy resolves the server's name.")
    yield Check("Public DNS", State.SKIPPED, "Public DNS was not asked, as the proxy resolves names.")
