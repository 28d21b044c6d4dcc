"""*Test connection* and `tenure doctor`: every way to the server, the clock and the root of trust, one line each.

The ways are `sdk.names.doctor`'s; nothing is sent to a public resolver that the settings or the lease forbid.
"""

from collections.abc import Iterator

import msgspec

from tenure.core.lease.clock import TimeEstimate
from tenure.core.periods import format_date, format_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.computer import Computer
from tenure.sdk.network.doctor import CheckState, DoctorCheck, check_connections
from tenure.sdk.network.last_good import LastGood
from tenure.sdk.network.policy import NamePolicy, PublicDnsMode, read_name_policy
from tenure.sdk.network.ports import NetworkPorts
from tenure.sdk.network.proxy import proxy_from_environment
from tenure.sdk.network.server import ServerAddress, read_server
from tenure.sdk.network.trust import trust_of
from tenure.site.assembly import OpenedSite
from tenure.site.settings import SiteSettings
from tenure.wire.root import TrustedRoot, refuse_expired


class DoctorInput(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined."""

    settings: SiteSettings
    computer: Computer
    addresses: LastGood
    dns: str
    """What the lease says of public DNS; empty before there is one."""
    root: TrustedRoot | Refused
    estimate: TimeEstimate | None
    """None where the site is not running, so that only the wall clock is known."""
    pin: str = ""
    """Of the device port's key; empty where it is not known."""
    named: str | None = None
    """The device port that the lease names; None before there is a lease."""


def examine_site(patient: DoctorInput) -> Iterator[DoctorCheck]:
    """One check after another, each as soon as it is made; never raises."""
    yield from _check_ways(patient, "Correct the file site.toml.")
    if patient.named is not None:
        yield _device_port(patient.pin, patient.named)
    yield _check_clock(patient)
    yield _check_root(patient.root, _server_time(patient))


def name_checks(settings: SiteSettings, computer: Computer, addresses: LastGood, dns: str) -> Iterator[DoctorCheck]:
    """The ways that `settings` allow, tried one by one; `dns` is what the lease says."""
    unknown = Refused(RefusalCode.NOT_FOUND)
    patient = DoctorInput(
        settings=settings, computer=computer, addresses=addresses, dns=dns, root=unknown, estimate=None
    )
    return _check_ways(patient, "Correct the choice.")


def dns_of(site: OpenedSite) -> str:
    """What the lease of the first product says of public DNS; empty before there is one."""
    lease = next(iter(site.licenses.values())).keeper.holder.lease()
    return "" if lease is None else lease.figures.dns


def _check_ways(patient: DoctorInput, remedy: str) -> Iterator[DoctorCheck]:
    """Every way to the server that the settings allow; where they say nothing sound, that alone, with `remedy`."""
    server = read_server(patient.settings.server, allow_loopback_http=patient.settings.network.loopback_http)
    if isinstance(server, Refused):
        yield DoctorCheck("Settings", CheckState.FAILED, server.detail, remedy)
        return
    policy = _check_policy(patient, server)
    if isinstance(policy, Refused):
        local = policy.code is RefusalCode.ENVIRONMENT_UNUSABLE
        name = "Environment" if local else "Settings"
        yield DoctorCheck(name, CheckState.FAILED, policy.detail, policy.row.remedy if local else remedy)
        return
    yield from check_connections(server, policy, _network_ports(patient))


def _check_policy(patient: DoctorInput, server: ServerAddress) -> NamePolicy | Refused:
    network = patient.settings.network
    policy = read_name_policy(
        network.dns or "auto",
        network.resolvers,
        private_suffixes=network.private_suffixes,
        system=network.system,
        proxy=network.proxy or "",
    )
    if isinstance(policy, Refused):
        return policy
    if not network.dns and patient.dns in (PublicDnsMode.OFF, PublicDnsMode.LIST):
        policy = msgspec.structs.replace(policy, mode=PublicDnsMode.OFF)
    proxy = None if network.proxy is not None else proxy_from_environment(patient.computer.environment, server)
    if isinstance(proxy, Refused):
        return proxy
    return policy if proxy is None else msgspec.structs.replace(policy, proxy=proxy)


def _network_ports(patient: DoctorInput) -> NetworkPorts:
    ca_file = patient.settings.network.ca_file
    return NetworkPorts(
        monotonic=patient.computer.monotonic,
        wall=patient.computer.clocks.wall,
        last_good=patient.addresses,
        trust=trust_of(ca_file, patient.computer.environment),
    )


def _server_time(patient: DoctorInput) -> Instant:
    return patient.computer.clocks.wall() if patient.estimate is None else patient.estimate.now


def _check_clock(patient: DoctorInput) -> DoctorCheck:
    if patient.estimate is None:
        text = (
            f"This computer says {format_instant(_server_time(patient))}; a running site compares it "
            "with the server's time."
        )
        return DoctorCheck("Clock", CheckState.SKIPPED, text)
    refused = patient.estimate.refusal
    if refused is None:
        return DoctorCheck(
            "Clock", CheckState.OK, f"{format_instant(patient.estimate.now)} agrees with everything proven."
        )
    return DoctorCheck("Clock", CheckState.FAILED, refused.detail, refused.row.remedy)


def _device_port(pin: str, named: str) -> DoctorCheck:
    if pin == named:
        return DoctorCheck("Device port", CheckState.OK, "The lease names its key, so that devices trust it.")
    text = "The lease names another key than the device port's, so that no new device trusts it."
    return DoctorCheck(
        "Device port", CheckState.FAILED, text, "Apply the same activation code again: the server then learns the key."
    )


def _check_root(root: TrustedRoot | Refused, now: Instant) -> DoctorCheck:
    if isinstance(root, Refused):
        return DoctorCheck(
            "Root of trust", CheckState.FAILED, root.detail, "Put the vendor's root document in its place."
        )
    stale = refuse_expired(root, now)
    text = f"Version {root.version}, good until {format_date(root.document.expires)}: {root.fingerprint()}."
    if stale is None:
        return DoctorCheck("Root of trust", CheckState.OK, text)
    return DoctorCheck("Root of trust", CheckState.FAILED, text, "Synchronize: newer versions are fetched one by one.")
