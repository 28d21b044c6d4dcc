"""DNS control: whether public resolvers may be asked, whose, in which order; counters and the way used last (B10)."""

import asyncio
from typing import Annotated, Literal

import msgspec

from tenure.core.refusals import RefusalCode
from tenure.http.auth import Principal
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.sdk.network.doctor import DoctorCheck
from tenure.sdk.network.resolvers import DEFAULT
from tenure.site.api.local import LOOKS, RULES, WORKS, LocalChange, LocalOperations
from tenure.site.api.views import optional_rfc3339
from tenure.site.doctor import dns_of, name_checks
from tenure.site.server_connection import AnswerPath, DnsChoice, effective_mode, refuse_choice

Resolver = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[!-~]+$(?!\n)")]
Suffix = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[!-~]+$(?!\n)")]


class DnsBody(RequestBody, frozen=True, kw_only=True):
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

    checks: tuple[DoctorCheck, ...]


class DnsOperations(LocalOperations):
    """The operations."""

    @operation_at("GET", "/v1/dns", LOOKS)
    async def read_dns(self) -> DnsView:
        """Shows the choice that holds and who made it, the way used last, and how often each was used."""
        return self._dns_view()

    @operation_at("PUT", "/v1/dns", RULES, refusals=[RefusalCode.FIELD_INVALID])
    async def choose_dns(self, request: LocalChange, body: DnsBody) -> ApiResponse[DnsView]:
        """Chooses whether and which public resolvers may be asked, from the next exchange on."""
        choice = _read_choice(body)
        ways = self._local.site.ways
        accept(refuse_choice(choice) if request.dry_run else await asyncio.to_thread(ways.set_choice, choice))
        return json_response(self._dns_view())

    # It changes nothing, and is a POST only because it sends packets.
    @operation_at(
        "POST", "/v1/dns/test", WORKS, exempt=["dry_run", "idempotency_key"], refusals=[RefusalCode.FIELD_INVALID]
    )
    async def test_dns(self, caller: Principal, body: DnsBody) -> DnsTest:
        """Tries every way that a choice would allow, without making it; nothing is sent to a resolver it forbids."""
        choice = _read_choice(body)
        accept(refuse_choice(choice))
        site = self._local.site
        chosen = msgspec.structs.replace(
            site.settings.network, dns=choice.mode, resolvers=choice.resolvers, private_suffixes=choice.private_suffixes
        )
        settings = msgspec.structs.replace(site.settings, network=chosen)
        lease = dns_of(site)
        checks = await asyncio.to_thread(lambda: tuple(name_checks(settings, site.computer, site.addresses, lease)))
        return DnsTest(checks)

    def _dns_view(self) -> DnsView:
        site = self._local.site
        ways, network = site.ways, site.ways.chosen_network()
        choice, counted = ways.current_choice, ways.path_counts
        mode, by = effective_mode(choice, dns_of(site))
        used = tuple(map(_way_view, counted.ways))
        return copy_fields(
            DnsView,
            choice,
            effective=mode,
            decided_by=by,
            defaults=tuple(each.as_url for each in DEFAULT),
            system=network.system,
            proxy=network.proxy,
            last=used[0] if used else None,
            ways=used,
            failed=counted.failed,
            last_failure=optional_rfc3339(counted.failed_at or None),
            lookups=counted.lookups,
        )


def _read_choice(body: DnsBody) -> DnsChoice:
    return copy_fields(DnsChoice, body)


def _way_view(way: AnswerPath) -> WayView:
    return copy_fields(WayView, way)
