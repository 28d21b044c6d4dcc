"""What a customer decides about names: whether public DNS may be used, whose, in which order, and for what never.

Read from settings once; `connect` obeys it, and `doctor` shows it.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.proxy import Proxy, read_proxy
from tenure.sdk.network.resolvers import DEFAULT, Resolver, ResolverProtocol, read_resolver
from tenure.sdk.network.server import read_host


class PublicDnsMode(StrEnum):
    """Whether public resolvers may be asked (M15, B10)."""

    AUTO = "auto"
    """The default list."""
    LIST = "list"
    """The customer's list, in the customer's order, and no other."""
    OFF = "off"
    """No packet to a public resolver, from anything we ship. Agents always use this."""


class NamePolicy(msgspec.Struct, frozen=True):
    """The customer's decisions; `read_name_policy` makes one from texts."""

    mode: PublicDnsMode = PublicDnsMode.AUTO
    resolvers: tuple[Resolver, ...] = ()
    """Asked in this order in mode `list`; kept but unused in the others."""
    private_suffixes: tuple[str, ...] = ()
    """Names under these are never asked of a public resolver; lower case, no leading dot."""
    system: Resolver | None = None
    """None: the operating system's resolver. Else a plain DNS server in its place (tests, demo, odd networks)."""
    proxy: Proxy | None = None
    """Given: every connection goes through it, and neither step 2 nor 3 is taken."""

    @property
    def public_resolvers(self) -> tuple[Resolver, ...]:
        """The public resolvers this policy allows, in order."""
        return {PublicDnsMode.AUTO: DEFAULT, PublicDnsMode.LIST: self.resolvers, PublicDnsMode.OFF: ()}[self.mode]


def read_name_policy(
    mode: str = "auto",
    resolvers: Iterable[str] = (),
    *,
    private_suffixes: Iterable[str] = (),
    system: str = "system",
    proxy: str = "",
) -> NamePolicy | Refused:
    """A policy from settings as people write them; `field_invalid` with the field's path for the first bad one.

    `resolvers` and `system` in the forms of `read_resolver` (`system` also `system`, and only plain DNS), `proxy` in
    that of `read_proxy` or empty, suffixes as `corp.example`, `.corp.example` or `*.corp.example`.
    """
    if mode not in tuple(PublicDnsMode):
        return Refused(RefusalCode.FIELD_INVALID, f"{mode!r} is not one of auto, list, off.", field="mode")
    read: list[Resolver] = []
    for number, text in enumerate(resolvers):
        resolver = read_resolver(text, field=f"resolvers[{number}]")
        if isinstance(resolver, Refused):
            return resolver
        read.append(resolver)
    if mode == PublicDnsMode.LIST and not read:
        return Refused(
            RefusalCode.FIELD_INVALID, "Mode list needs at least one resolver; off switches all off.", "resolvers"
        )
    suffixes = _read_suffixes(private_suffixes)
    if isinstance(suffixes, Refused):
        return suffixes
    own = _read_system(system)
    if isinstance(own, Refused):
        return own
    through = read_proxy(proxy) if proxy else None
    if isinstance(through, Refused):
        return through
    return NamePolicy(PublicDnsMode(mode), tuple(read), suffixes, own, through)


def _read_system(text: str) -> Resolver | Refused | None:
    if text == "system":
        return None
    resolver = read_resolver(text, field="system")
    if isinstance(resolver, Resolver) and resolver.via is not ResolverProtocol.PLAIN:
        return Refused(
            RefusalCode.FIELD_INVALID, f"{text!r}: the system's place is taken by plain DNS only.", field="system"
        )
    return resolver


def _read_suffixes(texts: Iterable[str]) -> tuple[str, ...] | Refused:
    read: list[str] = []
    for number, text in enumerate(texts):
        host = read_host(text.removeprefix("*").removeprefix("."))
        if host is None:
            field = f"private_suffixes[{number}]"
            return Refused(RefusalCode.FIELD_INVALID, f"{text!r} is not the end of a host name.", field=field)
        read.append(host)
    return tuple(read)
