"""What is remembered between exchanges: the way that worked for an hour, addresses for thirty days."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.sandbox.dns import SERVER_FAILURE, DnsRecord, LocalDns
from tenure.sdk.network.connect import fair_share
from tenure.sdk.network.last_good import ADDRESSES, GoodAddress, LastGoodFile, LastGoodInMemory
from tenure.sdk.network.path import HttpExchange, ServerUnreached, SourceKind
from tenure.sdk.network.policy import PublicDnsMode
from tenure.sdk.transport import TransportRequest
from tests.sdk.names.servers import NAME, Clock, Site, Target, asking

SYNC = TransportRequest("POST", "/v1/sync", b"signed")


def way(site: Site) -> SourceKind:
    got = site.transport.send(SYNC)
    assert isinstance(got, HttpExchange), got
    return got.path.kind


def test_public_dns_goes_first_for_an_hour_then_system_dns_again(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain_url, system=system.plain_url), home.port)
    system.zone[NAME] = SERVER_FAILURE
    assert way(site) is SourceKind.PUBLIC
    system.zone[NAME] = DnsRecord(("127.0.0.2",))
    asked = system.count_arrivals
    site.clock.ahead = 1800
    assert way(site) is SourceKind.PUBLIC
    assert system.count_arrivals == asked, "the broken resolver is not waited for again within the hour"
    site.clock.ahead = 3599
    assert way(site) is SourceKind.PUBLIC
    site.clock.ahead = 3602
    assert way(site) is SourceKind.SYSTEM, "the hour counts from the first use, or it would never end"
    site.clock.ahead = 3700
    assert way(site) is SourceKind.SYSTEM


def test_the_way_remembered_failing_all_others_are_tried_at_once(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain_url, system=system.plain_url), home.port)
    system.zone[NAME] = SERVER_FAILURE
    assert way(site) is SourceKind.PUBLIC
    system.zone[NAME] = DnsRecord(("127.0.0.2",))
    public.zone[NAME] = SERVER_FAILURE
    assert way(site) is SourceKind.SYSTEM
    public.zone[NAME] = DnsRecord(("127.0.0.2",))
    assert way(site) is SourceKind.SYSTEM, "system DNS that works has its place again"


@pytest.mark.parametrize(("later", "found"), [(1, True), (29 * DAY, True), (31 * DAY, False)])
def test_addresses_that_worked_are_used_for_thirty_days_without_any_dns(
    later: int, found: bool, system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain_url, system=system.plain_url, mode=PublicDnsMode.OFF), home.port)
    assert way(site) is SourceKind.SYSTEM
    system.zone[NAME] = SERVER_FAILURE
    site.clock.ahead = later
    got = site.transport.send(SYNC)
    assert isinstance(got, HttpExchange if found else ServerUnreached)
    if isinstance(got, HttpExchange):
        assert (got.path.kind, got.path.address) == (SourceKind.LAST_GOOD, f"127.0.0.2:{home.port}")
    assert public.count_arrivals == 0


def test_m15_an_address_that_worked_is_tried_before_public_dns(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    good = LastGoodInMemory()
    clock = Clock()
    good.remember_address(NAME, "127.0.0.2", clock.wall())
    system.zone[NAME] = SERVER_FAILURE
    assert way(Site(asking(public.plain_url, system=system.plain_url), home.port, clock=clock, last_good=good)) is (
        SourceKind.LAST_GOOD
    )
    assert public.count_arrivals == 0


def test_an_old_address_that_is_somebody_elses_now_is_only_a_step(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    good = LastGoodInMemory()
    clock = Clock()
    good.remember_address(NAME, "127.0.0.6", clock.wall())
    system.zone[NAME] = SERVER_FAILURE
    site = Site(asking(public.plain_url, system=system.plain_url), home.port, clock=clock, last_good=good)
    assert way(site) is SourceKind.PUBLIC
    assert [kept.address for kept in good.recall_addresses(NAME)] == ["127.0.0.2", "127.0.0.6"]


def test_six_candidates_at_most_and_public_dns_has_its_share(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = DnsRecord(tuple(f"127.0.1.{number}" for number in range(1, 11)))
    reached = Site(asking(public.plain_url, system=system.plain_url), home.port).transport.send(SYNC)
    assert isinstance(reached, HttpExchange)
    public.zone[NAME] = DnsRecord(tuple(f"127.0.2.{number}" for number in range(1, 11)))
    got = Site(asking(public.plain_url, system=system.plain_url), home.port).transport.send(SYNC)
    assert isinstance(got, ServerUnreached)
    tried = [step for step in got.tried if step.address]
    assert len(tried) == 6
    assert {step.kind for step in tried} == {SourceKind.SYSTEM, SourceKind.PUBLIC}


def test_without_another_way_all_six_are_system_dns(system: LocalDns, home: Target) -> None:
    system.zone[NAME] = DnsRecord((*(f"127.0.1.{number}" for number in range(1, 6)), "127.0.0.2"))
    assert way(Site(asking(system=system.plain_url), home.port)) is SourceKind.SYSTEM


@pytest.mark.parametrize(
    ("left", "later", "share"), [(6, 0, 6), (6, 1, 5), (6, 2, 4), (6, 16, 4), (2, 5, 1), (1, 0, 1)]
)
def test_shares(left: int, later: int, share: int) -> None:
    assert fair_share(left, later) == share


def test_a_program_started_anew_knows_the_addresses_from_its_file(
    tmp_path: Path, system: LocalDns, home: Target
) -> None:
    path = tmp_path / "addresses.json"
    assert way(Site(asking(system=system.plain_url), home.port, last_good=LastGoodFile(path))) is SourceKind.SYSTEM
    system.zone[NAME] = SERVER_FAILURE
    assert way(Site(asking(system=system.plain_url), home.port, last_good=LastGoodFile(path))) is SourceKind.LAST_GOOD
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


@pytest.mark.parametrize("content", [b"", b"not json", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_counts_as_empty_and_is_replaced(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    path.write_bytes(content)
    good = LastGoodFile(path)
    assert good.recall_addresses(NAME) == ()
    good.remember_address(NAME, "127.0.0.2", 5)
    assert LastGoodFile(path).recall_addresses(NAME) == (GoodAddress("127.0.0.2", 5),)


def test_a_disk_that_takes_nothing_costs_only_the_hint(tmp_path: Path) -> None:
    good = LastGoodFile(tmp_path / "missing" / "addresses.json")
    good.remember_address(NAME, "127.0.0.2", 5)
    assert good.recall_addresses(NAME) == (GoodAddress("127.0.0.2", 5),)


def test_no_more_is_kept_than_is_ever_tried() -> None:
    good = LastGoodInMemory()
    for number in range(10):
        good.remember_address(NAME, f"127.0.0.{number}", number)
    good.remember_address(NAME, "127.0.0.7", 20)
    kept = LastGoodInMemory.from_json(good.as_json()).recall_addresses(NAME)
    assert len(kept) == ADDRESSES
    assert [(entry.address, entry.at) for entry in kept[:3]] == [
        ("127.0.0.7", 20),
        ("127.0.0.9", 9),
        ("127.0.0.8", 8),
    ]
    for number in range(40):
        good.remember_address(f"host{number}.example", "127.0.0.1", number)
    assert good.recall_addresses(NAME) == () and good.recall_addresses("host39.example")
