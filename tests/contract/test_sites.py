"""Sites: the set-based hot path, and the words that the rule *Giving back* asks about."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
import pytest
import sqlalchemy as sa

from tenure.core.answering.unchanged import ServerMoment, SiteReport, is_unchanged
from tenure.core.business.commands import OutstandingLease
from tenure.core.refusals import Refused
from tenure.core.subscription.ephemeral import EphemeralStay
from tenure.core.subscription.occupied_place import CountRule, OccupiedPlace
from tenure.store import leases, places, schema, sites, stays, subscriptions, sync_fast_path, sync_lease_path
from tenure.store.engine import Connection, Database
from tenure.store.leases import PRESENT, SUCCESSOR, Acknowledgment, SignedLease
from tenure.store.sync_lease_path import PlainLease
from tests.contract.seed import NOW, lease, must, provide, site, two_providers

T = TypeVar("T")


def must_be(outcome: T | Refused) -> T:
    """It was not refused."""
    assert not isinstance(outcome, Refused), outcome
    return outcome


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


async def test_a_site_is_found_by_id_and_by_key_and_product(stocked: Database) -> None:
    assert await stocked.read(sites.by_id, "sit_a") == site("a")
    assert await stocked.read(sites.by_key, "key-a", "prd") == site("a")
    assert await stocked.read(sites.by_key, "key-a", "other") is None
    assert await stocked.read(sites.by_id, "sit_none") is None


async def test_many_are_loaded_and_saved_at_once(stocked: Database) -> None:
    """As a synchronization does it: what cannot change stays, everything else is as it was handed in."""

    def sync_many(conn: Connection, names: Sequence[str]) -> list[bool]:
        known = sites.lock_many(conn, names)
        moved = [
            msgspec.structs.replace(
                each, token=b"next", last_request="req", answer=b"answer", serial=5, epoch=2, revision=3,
                acked_serial=4, lease_until=NOW + 1, promised_until=NOW + 2, allotment=6, devices=7, devices_digest="d",
                last_contact=NOW, next_sync=NOW + 3, forked_at=NOW, version="2.0", successor="sub_b",
            )
            for each in known.values()
        ]  # fmt: skip
        sites.save_many(conn, moved)
        return [name in known for name in names]

    assert await stocked.write(sync_many, ["sit_b", "sit_none", "sit_a"]) == [True, False, True]
    found = await stocked.read(sites.by_id, "sit_a")
    assert found is not None
    changed = {name for name in site("a").__struct_fields__ if getattr(found, name) != getattr(site("a"), name)}
    assert changed == {
        "token", "last_request", "answer", "serial", "epoch", "revision", "acked_serial", "lease_until",
        "promised_until", "allotment", "devices", "devices_digest", "last_contact", "next_sync", "forked_at", "version",
        "successor",
    }  # fmt: skip
    assert await stocked.write(sync_many, []) == []


async def test_what_a_contact_needs_is_found_at_once(stocked: Database) -> None:
    def look(conn: Connection) -> dict[str, sync_fast_path.SiteSnapshot]:
        return sync_fast_path.at_hand(conn, ["sit_b", "sit_none", "sit_a"])

    found = must_be(await stocked.write(look))
    assert sorted(found) == ["sit_a", "sit_b"]
    at_hand, whole = found["sit_a"], site("a")
    own = set(sync_fast_path.SiteSnapshot.__struct_fields__) & set(whole.__struct_fields__)
    assert {name: getattr(at_hand, name) for name in own} == {name: getattr(whole, name) for name in own}
    assert (at_hand.next_due, at_hand.is_sandbox, at_hand.provider_now(5)) == (None, False, 5)
    assert await stocked.read(sync_fast_path.key_of, "sit_a") == b"jwk"
    assert await stocked.read(sync_fast_path.key_of, "sit_none") is None


@pytest.mark.parametrize(
    ("changed", "unchanged"),
    [
        ({}, True),
        ({"acked_serial": 2}, False),
        ({"revision": 1}, False),
        ({"successor": "sub_b"}, False),
        ({"forked_at": NOW}, False),
    ],
)
async def test_what_is_known_of_a_site_comes_from_its_row_and_from_its_subscription(
    stocked: Database, changed: dict[str, object], unchanged: bool
) -> None:
    current = {"serial": 3, "acked_serial": 3, "revision": 2}
    await stocked.write(sites.save_many, [msgspec.structs.replace(site("a"), **current | changed)])
    known = must_be(await stocked.write(lambda conn: sync_fast_path.at_hand(conn, ["sit_a"])))["sit_a"]
    assert (known.serial, known.present_revision) == (3, 2)
    report = SiteReport(
        token=known.token.decode(),
        epoch=known.epoch,
        serial=known.serial,
        subscription=known.subscription,
        version=known.version,
        devices=known.devices,
        digest=known.devices_digest,
        wanted=known.allotment,
        wishes=False,
    )
    assert is_unchanged(known, report, ServerMoment(NOW, NOW + 1, 0)) is unchanged


async def test_a_sandbox_has_its_own_time_at_every_contact(stocked: Database) -> None:
    await stocked.write(lambda conn: provide(conn, "s", sandbox=True))
    found = must_be(await stocked.write(lambda conn: sync_fast_path.at_hand(conn, ["sit_s"])))
    assert found["sit_s"].is_sandbox
    assert found["sit_s"].provider_now(NOW + 60) == NOW + 60, "its clock was set to the real one, at the same pace"


async def test_a_mere_contact_leaves_everything_else(stocked: Database) -> None:
    told = sync_fast_path.SiteUpdate("sit_a", b"next", 7, "req", b"answer", NOW, NOW + 9, "system", "timer", 3)
    await stocked.write(sync_fast_path.save_updates, [told])
    changed = {name: getattr(told, name) for name in told.__struct_fields__}
    assert await stocked.read(sites.by_id, "sit_a") == msgspec.structs.replace(site("a"), **changed)
    assert await stocked.read(sites.by_id, "sit_b") == site("b")
    assert await stocked.read(sync_fast_path.last_answer, "sit_a") == b"answer"
    assert await stocked.read(sync_fast_path.last_answer, "sit_none") == b""
    await stocked.write(sync_fast_path.save_updates, [])


async def test_sites_of_a_subscription_include_its_stagers(stocked: Database) -> None:
    staging = site("a", id="sit_a2", thumbprint="k2", subscription="sub_a", successor=None)
    await stocked.write(sites.add, staging)
    found = await stocked.read(sites.page, "prv_a", "sub_a")
    assert [each.id for each in found] == ["sit_a", "sit_a2"]
    await stocked.write(sites.save_many, [msgspec.structs.replace(staging, subscription="sub_b", successor="sub_a")])
    assert [each.id for each in await stocked.read(sites.page, "prv_a", "sub_a")] == ["sit_a", "sit_a2"]


@pytest.mark.parametrize("read", [False, True], ids=["looked for", "read before"])
async def test_only_the_latest_lease_keeps_its_bytes(stocked: Database, read: bool) -> None:
    def add(conn: Connection, new: SignedLease) -> None:
        leases.add_lease(conn, new, leases.latest_lease(conn, new.site, new.slot) if read else None)

    await stocked.write(add, lease("a", serial=2, digest=b"2", body=b"second"))
    await stocked.write(add, lease("a", serial=2, slot=SUCCESSOR, digest=b"s", body=b"successor"))
    await stocked.write(add, lease("a", epoch=2, serial=1, digest=b"3", body=b"third"))
    latest = await stocked.read(leases.latest_lease, "sit_a")
    assert latest is not None
    assert (latest.epoch, latest.serial, latest.body) == (2, 1, b"third"), "an epoch outranks every serial before it"
    successor = await stocked.read(leases.latest_lease, "sit_a", SUCCESSOR)
    assert successor is not None
    assert successor.body == b"successor"
    assert await stocked.read(leases.latest_lease, "sit_none", PRESENT) is None
    assert await stocked.write(leases.collect_ended, NOW + 999, 9, None) == 2, (
        "those without bytes go when they are over"
    )
    assert await stocked.read(leases.latest_lease, "sit_a") == latest


async def test_what_leases_are_signed_from_is_read_at_once_and_what_comes_of_it_is_written_at_once(
    stocked: Database,
) -> None:
    must(await stocked.write(sites.save_many, [site("a", epoch=1, serial=1), site("b", epoch=1, serial=7)]))
    asked = ["sit_b", "sit_a", "sit_none"]
    found = must_be(await stocked.write(sync_lease_path.lease_grounds, asked))
    assert set(found) == {"sit_a"}, "the newest lease of the other is not of its present numbers"
    ground = found["sit_a"]
    assert ground.site == await stocked.read(sites.by_id, "sit_a")
    assert ground.newest == lease("a")
    assert not ground.is_shared
    sub = await stocked.read(subscriptions.get_subscription, "prv_a", "sub_a")
    assert sub is not None
    assert (ground.head.seq, ground.head.hash) == (sub.revision, sub.head_hash)

    after = msgspec.structs.replace(ground.site, serial=2, token=b"next", answer=b"answer", body=b'{"a":1}')
    signed = lease("a", serial=2, body=b"second", digest=b"second")
    plain = PlainLease(ground.site, after, signed, ground.newest, Acknowledgment("sit_a", 1, 1, NOW + 5))
    must(await stocked.write(sync_lease_path.save_leases, [plain]))
    assert await stocked.read(sites.by_id, "sit_a") == after
    assert await stocked.read(leases.latest_lease, "sit_a") == signed
    assert await words_of(stocked) == (OutstandingLease(site="sit_a", until=NOW + 100, acks=((2, NOW + 5),)),)
    must(await stocked.write(sync_lease_path.save_leases, []))
    assert must_be(await stocked.write(sync_lease_path.lease_grounds, ["sit_a"]))["sit_a"].newest == signed


async def test_a_pool_on_which_others_draw_is_told_with_what_leases_are_signed_from(stocked: Database) -> None:
    async def is_shared() -> bool:
        found = must_be(await stocked.write(sync_lease_path.lease_grounds, ["sit_a"]))
        return found["sit_a"].is_shared

    must(await stocked.write(sites.save_many, [site("a", epoch=1, serial=1)]))
    other = site("a", id="sit_c", thumbprint="key-c", subscription="sub_b")
    must(await stocked.write(sites.add, other))
    assert not await is_shared()
    must(await stocked.write(sites.save_many, [msgspec.structs.replace(other, successor="sub_a")]))
    assert await is_shared(), "it keeps the subscription ready"
    must(await stocked.write(sites.save_many, [msgspec.structs.replace(other, subscription="sub_a")]))
    assert await is_shared()
    must(await stocked.write(sites.save_many, [other]))
    assert not await is_shared()
    place = OccupiedPlace(site="sit_c", provider="prv_a", subscription="sub_a", since=NOW, until=NOW + 9)
    must(await stocked.write(places.save_place, place))
    assert await is_shared(), "an application on its own has a place"


async def words_of(db: Database) -> tuple[OutstandingLease, ...]:
    return (await db.read(leases.outstanding_leases, "prv_a", ["sub_a"]))["sub_a"]


async def test_words_count_until_a_later_one_is_acknowledged(stocked: Database) -> None:
    async def words() -> tuple[OutstandingLease, ...]:
        return (await stocked.read(leases.outstanding_leases, "prv_a", ["sub_a"]))["sub_a"]

    assert await words() == (OutstandingLease(site="sit_a", until=NOW + 100),)
    await stocked.write(leases.add_lease, lease("a", serial=2, revision=3, until=NOW + 50))
    assert await words() == (OutstandingLease(site="sit_a", until=NOW + 100),), "the longer one may still be in use"
    await stocked.write(leases.mark_acknowledged, [Acknowledgment("sit_a", 1, 1, NOW + 5)])
    assert await words() == (OutstandingLease(site="sit_a", until=NOW + 100, acks=((2, NOW + 5),)),)
    await stocked.write(leases.add_lease, lease("a", epoch=2, serial=1, revision=4, until=NOW + 60))
    await stocked.write(leases.mark_acknowledged, [Acknowledgment("sit_a", 1, 2, NOW + 6)])
    acks = ((2, NOW + 5), (3, NOW + 6))
    assert await words() == (OutstandingLease(site="sit_a", until=NOW + 60, acks=acks),)
    await stocked.write(leases.mark_acknowledged, [Acknowledgment("sit_a", 2, 1, NOW + 7)])
    assert await words() == (OutstandingLease(site="sit_a", until=NOW + 60, acks=(*acks, (4, NOW + 7))),)
    await stocked.write(leases.mark_acknowledged, [Acknowledgment("sit_a", 2, 1, NOW + 99)])
    assert (await words())[0].acks[-1] == (4, NOW + 7), "acknowledged once"


async def test_words_of_many_are_each_ones_own_and_nobody_elses(stocked: Database) -> None:
    asked = ["sub_a", "sub_b", "sub_none"]
    assert set(await stocked.read(leases.outstanding_leases, "prv_a", asked)) == {"sub_a"}
    assert not set(await stocked.read(leases.outstanding_leases, "prv_b", asked)) & {"sub_a", "sub_none"}


async def test_stays_are_found_by_the_day_that_is_over_and_forgotten_when_they_are_in_its_fact(
    stocked: Database,
) -> None:
    here, stay = ("prv_a", "sub_a"), EphemeralStay(site="sit_gone", came=NOW, until=NOW + 50)
    must(await stocked.write(stays.save_stay, *here, stay))
    must(await stocked.write(stays.save_stay, *here, msgspec.structs.replace(stay, until=NOW + 60)))
    assert await stocked.read(stays.open_stay, *here, "sit_gone", NOW + 59) == msgspec.structs.replace(
        stay, until=NOW + 60
    )
    assert await stocked.read(stays.open_stay, *here, "sit_gone", NOW + 60) is None
    assert await stocked.read(stays.open_stay, "prv_b", "sub_a", "sit_gone", NOW) is None
    assert await stocked.read(stays.stays_due, NOW, 9, None) == []
    for clock, found in ((None, [here]), ("prv_a", [here]), ("prv_b", [])):
        assert await stocked.read(stays.stays_due, NOW + 1, 9, clock) == found
    (known,) = must_be(await stocked.read(stays.uncounted_stays, *here, NOW + 1))
    for counted, due in ((1, [here]), (2, [])):
        must(await stocked.write(stays.mark_counted, *here, [msgspec.structs.replace(known, counted=counted)]))
        assert await stocked.read(stays.stays_due, NOW + 61, 9, None) == due
    assert await stocked.write(stays.collect_counted, NOW + 60, 9, None) == 0
    assert await stocked.write(stays.collect_counted, NOW + 61, 0, None) == 0
    assert await stocked.write(stays.collect_counted, NOW + 61, 9, "prv_b") == 0
    assert await stocked.write(stays.collect_counted, NOW + 61, 9, None) == 1


async def test_places_that_do_not_count_are_forgotten_a_few_at_a_time(stocked: Database) -> None:
    """Silent ones as long as their silence is waited for, and none that an amnesty may concern."""
    place = OccupiedPlace(site="sit_a", subscription="sub_a", provider="prv_a", since=NOW, signed=NOW, until=NOW + 50)
    by = CountRule(now=NOW + 100, heard_since=NOW + 1)

    def collect(conn: Connection, by: CountRule, moved_from: int, most: int) -> int:
        return places.collect_lapsed(conn, "prv_a", "sub_a", by, moved_from, most)

    must(await stocked.write(places.save_place, place))
    assert await stocked.read(places.lapsed_in, NOW + 49, "", 9, None) == []
    for clock, found in ((None, [("prv_a", "sub_a")]), ("prv_a", [("prv_a", "sub_a")]), ("prv_b", [])):
        assert await stocked.read(places.lapsed_in, NOW + 50, "", 9, clock) == found
    assert await stocked.read(places.lapsed_in, NOW + 50, "sub_a", 9, None) == []
    assert await stocked.write(collect, by, NOW + 49, 9) == 0
    assert await stocked.write(collect, msgspec.structs.replace(by, now=NOW + 49), NOW + 50, 9) == 0
    assert await stocked.write(collect, msgspec.structs.replace(by, heard_since=-1), NOW + 50, 9) == 0
    assert await stocked.write(collect, msgspec.structs.replace(by, restored=NOW * 2), NOW + 50, 9) == 0
    assert await stocked.write(collect, by, NOW + 50, 0) == 0
    assert await stocked.write(collect, by, NOW + 50, 9) == 1


async def test_a_lease_that_is_over_goes_when_a_later_one_was_acknowledged(stocked: Database) -> None:
    def sign(conn: Connection) -> None:
        for serial in (2, 3):
            leases.add_lease(conn, lease("a", serial=serial, digest=str(serial).encode()))
        leases.mark_acknowledged(conn, [Acknowledgment("sit_a", 1, 2, NOW)])

    def serials(conn: Connection) -> list[int]:
        rows = conn.execute(sa.select(schema.leases.c.serial).where(schema.leases.c.site == "sit_a"))
        return sorted(rows.scalars())

    must(await stocked.write(sign))
    before = await stocked.read(leases.outstanding_leases, "prv_a", ["sub_a"])
    must(await stocked.write(leases.collect_replaced, ["sit_a"], NOW * 9))
    assert await stocked.read(serials) == [2, 3], "the second is the last that it has shown"
    after = await stocked.read(leases.outstanding_leases, "prv_a", ["sub_a"])
    assert isinstance(before, dict) and isinstance(after, dict)
    assert [each.until for each in after["sub_a"]] == [each.until for each in before["sub_a"]]
    assert await stocked.read(leases.lease_ends, ["sit_a", "sit_none"]) == {"sit_a": NOW + 200}


async def test_an_ephemeral_application_is_forgotten_with_all_that_refers_to_it(stocked: Database) -> None:
    one = msgspec.structs.replace(site("a"), id="sit_e", thumbprint="key-e", ephemeral=1)
    must(await stocked.write(sites.add, one))
    must(
        await stocked.write(
            places.save_place, OccupiedPlace(site="sit_e", subscription="sub_a", provider="prv_a", since=NOW)
        )
    )
    must(await stocked.write(leases.add_lease, lease("a", site="sit_e")))
    assert await stocked.read(sites.ephemeral_sites, "", 9, None) == ["sit_e"]
    assert await stocked.read(sites.ephemeral_sites, "sit_e", 9, None) == []
    assert await stocked.read(sites.ephemeral_sites, "", 9, "prv_b") == []
    for forget in (leases.forget_leases, places.forget_places, sites.forget_sites):
        must(await stocked.write(forget, ["sit_e"]))
    assert await stocked.read(sites.by_id, "sit_e") is None
    assert await stocked.read(sites.by_id, "sit_a") == site("a")
