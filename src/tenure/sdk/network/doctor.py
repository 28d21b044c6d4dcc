"""`tenure doctor` and *Test connection*: every way to the server tried, one line each, with what to do about it.

Obeys the policy like any exchange: switched off means no packet to a public resolver from here either. Clock and root
of trust are other checks, made elsewhere.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from tenure.sdk.network.attempts import AttemptLog
from tenure.sdk.network.bounds import Deadline
from tenure.sdk.network.dialer import connect_tcp, start_tls
from tenure.sdk.network.lookup_result import alternate_families
from tenure.sdk.network.path import TOLD, SourceKind, StepFault, StepOutcome
from tenure.sdk.network.policy import NamePolicy
from tenure.sdk.network.ports import AddressSource, NetworkPorts
from tenure.sdk.network.private import is_loopback
from tenure.sdk.network.proxy import Proxy
from tenure.sdk.network.server import ServerAddress, at_port
from tenure.sdk.network.sources import address_sources, recalled_addresses, why_no_public
from tenure.sdk.network.via_proxy import through_proxy


class CheckState(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not made, and rightly so; the text says why."""


class DoctorCheck(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    """What was checked: `System DNS`, `Public DNS dns://8.8.8.8:53`, `TLS 203.0.113.5:443`."""
    state: CheckState
    text: str
    """What was seen."""
    remedy: str = ""
    """What to do; empty unless the check failed."""
    seconds: float = 0.0


REMEDIES: dict[StepOutcome, str] = {
    StepOutcome.NO_SUCH_NAME: "Compare the server's name in the settings; if it is right, ask your DNS "
    "administrator why "
    "the name is unknown.",
    StepOutcome.NO_ADDRESS: "Ask your DNS administrator: the name exists but has no address.",
    StepOutcome.SERVER_FAILURE: "Ask your DNS administrator: the resolver fails for this name.",
    StepOutcome.NOT_DNS: "Check that address and port belong to a DNS server of this kind.",
    StepOutcome.TIMEOUT: "Check that the network is up and that a firewall lets this connection out.",
    StepOutcome.REFUSED: "Check the port; if it is right, a firewall or a stopped service refuses.",
    StepOutcome.NO_ROUTE: "Check the network's configuration: there is no route to this address.",
    StepOutcome.CERTIFICATE: "If the server's certificate is of an authority of its owner's, name that authority's "
    "certificate: ca_file under [network] in site.toml. Otherwise something between you and the server answers in its "
    "place, such as a login page or an inspecting firewall: log in there, or exempt the server's name from inspection.",
    StepOutcome.DATES: "Compare this computer's clock with the right time, and set it if it is wrong. If "
    "it is right, the "
    "server's certificate has run out: tell the operator of the server.",
    StepOutcome.TLS: "What answers there does not speak TLS for this name: check the port, or exempt it "
    "from inspection.",
    StepOutcome.NOT_LOOPBACK: "Use an https:// address; plain HTTP is for a demo on one computer.",
    StepOutcome.PROXY_REFUSED: "Ask the proxy's administrator to allow CONNECT to the server's name and "
    "port; check user "
    "and password.",
    StepOutcome.CUT_OFF: "Something closes the connection: exempt the server's name from inspection.",
    StepOutcome.NOT_HTTP: "Check that the address belongs to an HTTP proxy.",
    StepOutcome.TOO_LARGE: "Something else answers there than was asked for: check address and port.",
    StepOutcome.ENCODED: "Something else answers there than was asked for: check address and port.",
}
"""What an administrator does about an outcome."""


def check_connections(server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> Iterator[DoctorCheck]:
    """Checks every way to `server` and yields each result as soon as it is there; never raises.

    Each lookup and connection has its own bound (2 s, 3 s); all sources are asked even if the first one works.
    """
    untrusted = ports.trust.refuse_unreadable() if server.uses_tls else None
    if untrusted is not None:
        yield DoctorCheck("Trusted certificates", CheckState.FAILED, untrusted.detail, untrusted.row.remedy)
        return
    if policy.proxy:
        yield from _by_proxy(policy.proxy, server, policy, ports)
        return
    yield DoctorCheck("Proxy", CheckState.SKIPPED, "None is configured.")
    found: list[str] = []
    for source in address_sources(server, policy, ports):
        check, addresses = _check_lookup(source, server, ports)
        found.extend(addresses)
        yield check
    yield from _not_asked(server, policy, ports)
    for address in alternate_families(found)[: ports.bounds.candidates]:
        yield from _check_connection(server, address, ports)


def _check_lookup(
    source: AddressSource, server: ServerAddress, ports: NetworkPorts
) -> tuple[DoctorCheck, tuple[str, ...]]:
    began = ports.monotonic()
    result = source.look(Deadline.after_seconds(ports.monotonic, ports.bounds.lookup))
    name, seconds = _source_name(source), round(ports.monotonic() - began, 3)
    if result.outcome is StepOutcome.FOUND:
        return DoctorCheck(
            name, CheckState.OK, f"{server.host}: {', '.join(result.addresses)}.", seconds=seconds
        ), result.addresses
    return _failed_check(name, StepFault(result.outcome, result.detail), seconds), ()


def _source_name(source: AddressSource) -> str:
    names = {
        SourceKind.ADDRESS: "Address in the settings",
        SourceKind.SYSTEM: "System DNS",
        SourceKind.LAST_GOOD: "Addresses that worked lately",
        SourceKind.PUBLIC: "Public DNS",
    }
    return f"{names.get(source.kind, source.kind.value)} {source.resolver}".rstrip()


def _failed_check(name: str, fault: StepFault, seconds: float) -> DoctorCheck:
    text = TOLD[fault.outcome] + (f" ({fault.detail})" if fault.detail else "")
    return DoctorCheck(
        name, CheckState.FAILED, f"{text[0].upper()}{text[1:]}.", REMEDIES.get(fault.outcome, ""), seconds
    )


def _not_asked(server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> Iterator[DoctorCheck]:
    """Lines for the sources that are left out, so that an administrator does not look for them in vain."""
    if not recalled_addresses(server, ports):
        yield DoctorCheck("Addresses that worked lately", CheckState.SKIPPED, "None is known yet.")
    because = why_no_public(server, policy)
    if because:
        yield DoctorCheck("Public DNS", CheckState.SKIPPED, f"{because[0].upper()}{because[1:]}.")


def _check_connection(server: ServerAddress, address: str, ports: NetworkPorts) -> Iterator[DoctorCheck]:
    """TCP, then TLS, with one address."""
    where = at_port(address, server.port)
    if not server.uses_tls and not is_loopback(address):
        yield _failed_check(f"TCP {where}", StepFault(StepOutcome.NOT_LOOPBACK), 0.0)
        return
    began = ports.monotonic()
    deadline = Deadline.after_seconds(ports.monotonic, ports.bounds.candidate)
    stream = connect_tcp(address, server.port, deadline)
    seconds = round(ports.monotonic() - began, 3)
    if isinstance(stream, StepFault):
        yield _failed_check(f"TCP {where}", stream, seconds)
        return
    yield DoctorCheck(f"TCP {where}", CheckState.OK, "Connected.", "", seconds)
    if not server.uses_tls:
        stream.close()
        yield DoctorCheck(f"TLS {where}", CheckState.SKIPPED, "Plain HTTP within this computer, as in the demo.")
        return
    secured = start_tls(stream, ports.trust.server_context, server.host, deadline)
    seconds = round(ports.monotonic() - began, 3) - seconds
    if isinstance(secured, StepFault):
        yield _failed_check(f"TLS {where}", secured, seconds)
        return
    secured.close()
    yield DoctorCheck(f"TLS {where}", CheckState.OK, f"The certificate is valid for {server.host}.", "", seconds)


def _by_proxy(proxy: Proxy, server: ServerAddress, policy: NamePolicy, ports: NetworkPorts) -> Iterator[DoctorCheck]:
    """With a proxy there is one way, and one line for it."""
    began = ports.monotonic()
    deadline = Deadline.after_seconds(ports.monotonic, ports.bounds.total)
    stream = through_proxy(proxy, policy, server, AttemptLog(ports), deadline)
    name, seconds = f"Proxy {proxy.without_password}", round(ports.monotonic() - began, 3)
    if isinstance(stream, StepFault):
        yield _failed_check(name, stream, seconds)
    else:
        stream.close()
        yield DoctorCheck(name, CheckState.OK, f"It leads to {server.host}, whose certificate is valid.", "", seconds)
    yield DoctorCheck("System DNS", CheckState.SKIPPED, "The proxy resolves the server's name.")
    yield DoctorCheck("Public DNS", CheckState.SKIPPED, "Public DNS was not asked, as the proxy resolves names.")
