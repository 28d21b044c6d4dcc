"""What is remembered between exchanges: the way that worked for an hour, addresses for thirty days."""

from pathlib import Path

import pytest

from tenure.core.timeline import DAY
from tenure.sandbox.dns import SERVER_FAILURE, LocalDns, Says
from tenure.sdk.names.last_good import ADDRESSES, Good, LastGoodFile, LastGoodInMemory
from tenure.sdk.names.path import Exchange, Kind, Unreached
from tenure.sdk.names.policy import Mode
from tenure.sdk.names.walk import fair_share
from tenure.sdk.transport import Request
from tests.sdk.names.servers import NAME, Clock, Site, Target, asking

SYNC = Request("POST", "/v1/sync", b"signed")


def way(site: Site) -> Kind:
    got = site.transport.send(SYNC)
    assert isinstance(got, Exchange), got
    return got.path.kind


def test_public_dns_goes_first_for_an_hour_then_system_dns_again(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain, system=system.plain), home.port)
    system.zone[NAME] = SERVER_FAILURE
    assert way(site) is Kind.PUBLIC
    system.zone[NAME] = Says(("127.0.0.2",))
    asked = system.arrivals
    site.clock.ahead = 1800
    assert way(site) is Kind.PUBLIC
    assert system.arrivals == asked, "the broken resolver is not waited for again within the hour"
    site.clock.ahead = 3599
    assert way(site) is Kind.PUBLIC
    site.clock.ahead = 3602
    assert way(site) is Kind.SYSTEM, "the hour counts from the first use, or it would never end"
    site.clock.ahead = 3700
    assert way(site) is Kind.SYSTEM


def test_the_way_remembered_failing_all_others_are_tried_at_once(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain, system=system.plain), home.port)
    system.zone[NAME] = SERVER_FAILURE
    assert way(site) is Kind.PUBLIC
    system.zone[NAME] = Says(("127.0.0.2",))
    public.zone[NAME] = SERVER_FAILURE
    assert way(site) is Kind.SYSTEM
    public.zone[NAME] = Says(("127.0.0.2",))
    assert way(site) is Kind.SYSTEM, "system DNS that works has its place again"


@pytest.mark.parametrize(("later", "found"), [(1, True), (29 * DAY, True), (31 * DAY, False)])
def test_addresses_that_worked_are_used_for_thirty_days_without_any_dns(
    later: int, found: bool, system: LocalDns, public: LocalDns, home: Target
) -> None:
    site = Site(asking(public.plain, system=system.plain, mode=Mode.OFF), home.port)
    assert way(site) is Kind.SYSTEM
    system.zone[NAME] = SERVER_FAILURE
    site.clock.ahead = later
    got = site.transport.send(SYNC)
    assert isinstance(got, Exchange if found else Unreached)
    if isinstance(got, Exchange):
        assert (got.path.kind, got.path.address) == (Kind.LAST_GOOD, f"127.0.0.2:{home.port}")
    assert public.arrivals == 0


def test_m15_an_address_that_worked_is_tried_before_public_dns(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    good = LastGoodInMemory()
    clock = Clock()
    good.remember(NAME, "127.0.0.2", clock.wall())
    system.zone[NAME] = SERVER_FAILURE
    assert way(Site(asking(public.plain, system=system.plain), home.port, clock=clock, last_good=good)) is (
        Kind.LAST_GOOD
    )
    assert public.arrivals == 0


def test_an_old_address_that_is_somebody_elses_now_is_only_a_step(
    system: LocalDns, public: LocalDns, home: Target
) -> None:
    good = LastGoodInMemory()
    clock = Clock()
    good.remember(NAME, "127.0.0.6", clock.wall())
    system.zone[NAME] = SERVER_FAILURE
    site = Site(asking(public.plain, system=system.plain), home.port, clock=clock, last_good=good)
    assert way(site) is Kind.PUBLIC
    assert [kept.address for kept in good.recall(NAME)] == ["127.0.0.2", "127.0.0.6"]


def test_six_candidates_at_most_and_public_dns_has_its_share(system: LocalDns, public: LocalDns, home: Target) -> None:
    system.zone[NAME] = Says(tuple(f"127.0.1.{number}" for number in range(1, 11)))
    reached = Site(asking(public.plain, system=system.plain), home.port).transport.send(SYNC)
    assert isinstance(reached, Exchange)
    public.zone[NAME] = Says(tuple(f"127.0.2.{number}" for number in range(1, 11)))
    got = Site(asking(public.plain, system=system.plain), home.port).transport.send(SYNC)
    assert isinstance(got, Unreached)
    tried = [step for step in got.tried if step.address]
    assert len(tried) == 6
    assert {step.kind for step in tried} == {Kind.SYSTEM, Kind.PUBLIC}


def test_without_another_way_all_six_are_system_dns(system: LocalDns, home: Target) -> None:
    system.zone[NAME] = Says((*(f"127.0.1.{number}" for number in range(1, 6)), "127.0.0.2"))
    assert way(Site(asking(system=system.plain), home.port)) is Kind.SYSTEM


@pytest.mark.parametrize(
    ("left", "later", "share"), [(6, 0, 6), (6, 1, 5), (6, 2, 4), (6, 16, 4), (2, 5, 1), (1, 0, 1)]
)
def test_shares(left: int, later: int, share: int) -> None:
    assert fair_share(left, later) == share


def test_a_program_started_anew_knows_the_addresses_from_its_file(
    tmp_path: Path, system: LocalDns, home: Target
) -> None:
    path = tmp_path / "addresses.json"
    assert way(Site(asking(system=system.plain), home.port, last_good=LastGoodFile(path))) is Kind.SYSTEM
    system.zone[NAME] = SERVER_FAILURE
    assert way(Site(asking(system=system.plain), home.port, last_good=LastGoodFile(path))) is Kind.LAST_GOOD
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


@pytest.mark.parametrize("content", [b"", b"not json", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_counts_as_empty_and_is_replaced(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    path.write_bytes(content)
    good = LastGoodFile(path)
    assert good.recall(NAME) == ()
    good.remember(NAME, "127.0.0.2", 5)
    assert LastGoodFile(path).recall(NAME) == (Good("127.0.0.2", 5),)


def test_a_disk_that_takes_nothing_costs_only_the_hint(tmp_path: Path) -> None:
    good = LastGoodFile(tmp_path / "missing" / "addresses.json")
    good.remember(NAME, "127.0.0.2", 5)
    assert good.recall(NAME) == (Good("127.0.0.2", 5),)


def test_no_more_is_kept_than_is_ever_tried() -> None:
    good = LastGoodInMemory()
    for number in range(10):
        good.remember(NAME, f"127.0.0.{number}", number)
    good.remember(NAME, "127.0.0.7", 20)
    kept = LastGoodInMemory.from_json(good.as_json()).recall(NAME)
    assert len(kept) == ADDRESSES
    assert [(entry.address, entry.at) for entry in kept[:3]] == [
        ("127.0.0.7", 20),
        ("127.0.0.9", 9),
        ("127.0.0.8", 8),
    ]
    for number in range(40):
        good.remember(f"host{number}.example", "127.0.0.1", number)
    assert good.recall(NAME) == () and good.recall("host39.example")
