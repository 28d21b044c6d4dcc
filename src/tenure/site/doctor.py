"""*Test connection* and `tenure doctor`: every way to the server, the clock and the root of trust, one line each.

The ways are `sdk.names.doctor`'s; nothing is sent to a public resolver that the settings or the lease forbid.
"""

from collections.abc import Iterator

import msgspec

from tenure.core.clock import Estimate
from tenure.core.periods import format_date, format_instant
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.sdk.computer import Computer
from tenure.sdk.names.doctor import Check, State
from tenure.sdk.names.doctor import doctor as ways
from tenure.sdk.names.last_good import LastGood
from tenure.sdk.names.policy import Mode, NamePolicy, read_name_policy
from tenure.sdk.names.ports import Ports
from tenure.sdk.names.proxy import proxy_from_environment
from tenure.sdk.names.server import Server, read_server
from tenure.sdk.reach import trust_of
from tenure.site.opening import Site
from tenure.site.settings import Settings
from tenure.wire.root import Root, expired


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined."""

    settings: Settings
    computer: Computer
    addresses: LastGood
    dns: str
    """What the lease says of public DNS; empty before there is one."""
    root: Root | Refused
    estimate: Estimate | None
    """None where the site is not running, so that only the wall clock is known."""
    pin: str = ""
    """Of the device port's key; empty where it is not known."""
    named: str | None = None
    """The device port that the lease names; None before there is a lease."""


def doctor(patient: Patient) -> Iterator[Check]:
    """One check after another, each as soon as it is made; never raises."""
    yield from _ways(patient, "Correct the file site.toml.")
    if patient.named is not None:
        yield _device_port(patient.pin, patient.named)
    yield _clock(patient)
    yield _root(patient.root, _now(patient))


def name_checks(settings: Settings, computer: Computer, addresses: LastGood, dns: str) -> Iterator[Check]:
    """The ways that `settings` allow, tried one by one; `dns` is what the lease says."""
    unknown = Refused(Code.NOT_FOUND)
    patient = Patient(settings=settings, computer=computer, addresses=addresses, dns=dns, root=unknown, estimate=None)
    return _ways(patient, "Correct the choice.")


def dns_of(site: Site) -> str:
    """What the lease of the first product says of public DNS; empty before there is one."""
    lease = next(iter(site.licenses.values())).keeper.holder.lease()
    return "" if lease is None else lease.figures.dns


def _ways(patient: Patient, remedy: str) -> Iterator[Check]:
    """Every way to the server that the settings allow; where they say nothing sound, that alone, with `remedy`."""
    server = read_server(patient.settings.server, allow_loopback_http=patient.settings.network.loopback_http)
    if isinstance(server, Refused):
        yield Check("Settings", State.FAILED, server.detail, remedy)
        return
    policy = _policy(patient, server)
    if isinstance(policy, Refused):
        local = policy.code is Code.ENVIRONMENT_UNUSABLE
        name = "Environment" if local else "Settings"
        yield Check(name, State.FAILED, policy.detail, policy.row.remedy if local else remedy)
        return
    yield from ways(server, policy, _ports(patient))


def _policy(patient: Patient, server: Server) -> NamePolicy | Refused:
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
    if not network.dns and patient.dns in (Mode.OFF, Mode.LIST):
        policy = msgspec.structs.replace(policy, mode=Mode.OFF)
    proxy = None if network.proxy is not None else proxy_from_environment(patient.computer.environment, server)
    if isinstance(proxy, Refused):
        return proxy
    return policy if proxy is None else msgspec.structs.replace(policy, proxy=proxy)


def _ports(patient: Patient) -> Ports:
    ca_file = patient.settings.network.ca_file
    return Ports(
        monotonic=patient.computer.monotonic,
        wall=patient.computer.clocks.wall,
        last_good=patient.addresses,
        trust=trust_of(ca_file, patient.computer),
    )


def _now(patient: Patient) -> Instant:
    return patient.computer.clocks.wall() if patient.estimate is None else patient.estimate.now


def _clock(patient: Patient) -> Check:
    if patient.estimate is None:
        text = f"This computer says {format_instant(_now(patient))}; a running site compares it with the server's time."
        return Check("Clock", State.SKIPPED, text)
    refused = patient.estimate.refusal
    if refused is None:
        return Check("Clock", State.OK, f"{format_instant(patient.estimate.now)} agrees with everything proven.")
    return Check("Clock", State.FAILED, refused.detail, refused.row.remedy)


def _device_port(pin: str, named: str) -> Check:
    if pin == named:
        return Check("Device port", State.OK, "The lease names its key, so that devices trust it.")
    text = "The lease names another key than the device port's, so that no new device trusts it."
    return Check(
        "Device port", State.FAILED, text, "Apply the same activation code again: the server then learns the key."
    )


def _root(root: Root | Refused, now: Instant) -> Check:
    if isinstance(root, Refused):
        return Check("Root of trust", State.FAILED, root.detail, "Put the vendor's root document in its place.")
    stale = expired(root, now)
    text = f"Version {root.version}, good until {format_date(root.document.expires)}: {root.fingerprint()}."
    if stale is None:
        return Check("Root of trust", State.OK, text)
    return Check("Root of trust", State.FAILED, text, "Synchronise: newer versions are fetched one by one.")
