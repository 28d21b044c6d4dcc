"""DNS control: whether public resolvers may be asked, whose, in which order; counters and the way used last (B10)."""

import asyncio
from typing import Annotated, Literal

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal
from tenure.http.fields import Body
from tenure.http.operations import Operation, operation
from tenure.sdk.names.doctor import Check
from tenure.sdk.names.resolvers import DEFAULT
from tenure.site.api.local import LOOKS, RULES, WORKS, Local
from tenure.site.api.views import moment
from tenure.site.doctor import dns_of, name_checks
from tenure.site.ways import Choice, Way, checked, effective

Resolver = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[!-~]+$(?!\n)")]
Suffix = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[!-~]+$(?!\n)")]


class DnsBody(Body, frozen=True, kw_only=True):
    """The administrator's choice."""

    mode: Literal["", "auto", "list", "off"]
    """Empty: as the provider's lease says, and `auto` before there is one."""
    resolvers: Annotated[tuple[Resolver, ...], msgspec.Meta(max_length=16)] = ()
    """Asked in this order in mode `list`: `dns://9.9.9.9`, `tls://dns.quad9.net`, `https://dns.example/dns-query`."""
    private_suffixes: Annotated[tuple[Suffix, ...], msgspec.Meta(max_length=64)] = ()
    """Names under these are never asked of a public resolver."""


class WayView(msgspec.Struct, frozen=True, kw_only=True):
    """One way by which answers came."""

    kind: str
    """`system`, `last_good`, `public`, `proxy` or `address`."""
    resolver: str
    address: str
    count: int
    last: str | None


class DnsView(msgspec.Struct, frozen=True, kw_only=True):
    """How names are resolved here."""

    mode: str
    resolvers: tuple[str, ...]
    private_suffixes: tuple[str, ...]
    effective: str
    """The mode that holds."""
    decided_by: str
    """`administrator`, `provider` (the lease) or `default`."""
    defaults: tuple[str, ...]
    """The public resolvers of mode `auto`, in order."""
    system: str
    proxy: str | None
    last: WayView | None
    ways: tuple[WayView, ...]
    failed: int
    last_failure: str | None
    lookups: dict[str, int]
    """Questions to resolvers since the site was made, by `kind outcome`."""


class DnsTest(msgspec.Struct, frozen=True):
    """One line for each way."""

    checks: tuple[Check, ...]


class Dns:
    """The operations."""

    def __init__(self, local: Local) -> None:
        self._local = local

    async def read_dns(self) -> DnsView:
        """Shows the choice that holds and who made it, the way used last, and how often each was used."""
        return self._view()

    async def choose_dns(self, caller: Principal, body: DnsBody, dry_run: bool = False) -> Answer[DnsView] | Refused:
        """Chooses whether and which public resolvers may be asked, from the next exchange on."""
        choice = _choice(body)
        ways = self._local.site.ways
        refused = checked(choice) if dry_run else await asyncio.to_thread(ways.choose, choice)
        return made(self._view()) if refused is None else refused

    async def test_dns(self, caller: Principal, body: DnsBody) -> DnsTest | Refused:
        """Tries every way that a choice would allow, without making it; nothing is sent to a resolver it forbids."""
        choice = _choice(body)
        refused = checked(choice)
        if refused is not None:
            return refused
        site = self._local.site
        chosen = msgspec.structs.replace(
            site.settings.network, dns=choice.mode, resolvers=choice.resolvers, private_suffixes=choice.private_suffixes
        )
        settings = msgspec.structs.replace(site.settings, network=chosen)
        lease = dns_of(site)
        checks = await asyncio.to_thread(lambda: tuple(name_checks(settings, site.computer, site.addresses, lease)))
        return DnsTest(checks)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/dns", LOOKS, self.read_dns),
            operation("PUT", "/v1/dns", RULES, self.choose_dns, refusals=[Code.FIELD_INVALID]),
            # It changes nothing, and is a POST only because it sends packets.
            operation(
                "POST", "/v1/dns/test", WORKS, self.test_dns, exempt=["dry_run", "idempotency_key"],
                refusals=[Code.FIELD_INVALID],
            ),
        )  # fmt: skip

    def _view(self) -> DnsView:
        site = self._local.site
        ways, network = site.ways, site.ways.network()
        choice, counted = ways.choice, ways.counted
        mode, by = effective(choice, dns_of(site))
        used = tuple(map(_way, counted.ways))
        return DnsView(
            mode=choice.mode,
            resolvers=choice.resolvers,
            private_suffixes=choice.private_suffixes,
            effective=mode,
            decided_by=by,
            defaults=tuple(each.text for each in DEFAULT),
            system=network.system,
            proxy=network.proxy,
            last=used[0] if used else None,
            ways=used,
            failed=counted.failed,
            last_failure=moment(counted.failed_at or None),
            lookups=counted.lookups,
        )


def _choice(body: DnsBody) -> Choice:
    return Choice(mode=body.mode, resolvers=body.resolvers, private_suffixes=body.private_suffixes)


def _way(way: Way) -> WayView:
    return WayView(kind=way.kind, resolver=way.resolver, address=way.address, count=way.count, last=moment(way.last))
