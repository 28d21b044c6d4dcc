"""Rows that all jobs of a set ask for are read once, and never staler than what the set itself has written."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.site.store import devices, enrollments, groups, merged_devices, pools
from tenure.site.store.devices import DeviceRow
from tenure.site.store.enrollments import EnrollmentRow, digest_of
from tenure.site.store.sqlite import SiteStore, open_store
from tenure.site.store.writer import Connection, Work, WriteOutcome

NOW = 1_790_000_000
SECRET = "s" * 32
TOKEN = EnrollmentRow("enr_1", digest_of(SECRET), "editor", "Desks", 2, 0, NOW + DAY, NOW, 0)
DEVICE = DeviceRow(
    number=0, id="dev_1", product="editor", thumbprint="A" * 43, name="desk", group="Desks", version="1",
    hardware=b"{}", created=NOW, last_seen=NOW, count=1, last_request="", seat="", seat_sha256="", seat_until=0,
    lease_iat=0, state="waiting", counted=0, counts_until=0, pinned=0, twin="", note="",
)  # fmt: skip


@pytest.fixture
def store(folder: Path) -> Iterator[SiteStore]:
    opened = open_store(folder / "site.db")
    assert isinstance(opened, SiteStore)
    opened.write(lambda conn: pools.ensure_pool(conn, "editor")).result()
    yield opened
    opened.close()


def values_of(store: SiteStore, *works: Work) -> list[Any]:
    """What the works of one set give."""
    told: list[Sequence[WriteOutcome]] = []
    done = threading.Event()

    def tell(outcomes: Sequence[WriteOutcome]) -> None:
        told.append(outcomes)
        done.set()

    assert store.submit_set(works, tell) is None
    assert done.wait(20)
    assert all(each.fault is None for each in told[0]), told
    return [each.value for each in told[0]]


def spend(conn: Connection) -> int | None:
    token = enrollments.use_token(conn, SECRET, "editor", NOW)
    return None if token is None else token.used


def pool(conn: Connection) -> pools.ProductPool:
    return pools.get_pool(conn, "editor")


def test_a_token_for_two_devices_serves_two_of_one_set(store: SiteStore) -> None:
    store.write(lambda conn: enrollments.add(conn, TOKEN)).result()
    assert values_of(store, spend, spend, spend) == [1, 2, None]
    (kept,) = store.read(lambda conn: enrollments.page(conn, "", 9))
    assert kept.used == 2


@pytest.mark.parametrize(("product", "now"), [("other", NOW), ("editor", NOW + DAY)])
def test_a_token_that_was_read_serves_neither_another_product_nor_after_its_end(
    store: SiteStore, product: str, now: int
) -> None:
    store.write(lambda conn: enrollments.add(conn, TOKEN)).result()
    assert values_of(store, spend, lambda conn: enrollments.use_token(conn, SECRET, product, now), spend) == [
        1,
        None,
        2,
    ]


def test_a_token_that_was_withdrawn_in_the_set_serves_nobody_after_that(store: SiteStore) -> None:
    store.write(lambda conn: enrollments.add(conn, TOKEN)).result()
    assert values_of(store, spend, lambda conn: enrollments.withdraw(conn, "enr_1"), spend) == [1, True, None]


def test_a_token_that_was_unknown_serves_once_it_is_added(store: SiteStore) -> None:
    assert values_of(store, spend, lambda conn: enrollments.add(conn, TOKEN), spend) == [None, None, 1]


CHANGES: dict[str, tuple[Callable[[Connection], object], dict[str, Any]]] = {
    "claimed": (lambda conn: pools.claim_place(conn, "editor", 9), {"counted": 2}),
    "not claimed": (lambda conn: pools.claim_place(conn, "editor", 1), {}),
    "adopted": (lambda conn: pools.adopt_place(conn, "editor"), {"counted": 2}),
    "freed": (lambda conn: pools.free_place(conn, "editor"), {"counted": 0}),
    "epoch": (lambda conn: pools.noticed_epoch(conn, "editor", 7, True, NOW),
              {"epoch": 7, "forked": True, "adopting_until": NOW}),
    "stopped": (lambda conn: pools.noticed_stopped(conn, "editor", stopped=True), {"stopped": True}),
    "subscription": (lambda conn: pools.noticed_subscription(conn, "editor", "sub_2"), {"subscription": "sub_2"}),
    "wait": (lambda conn: pools.noticed_wait(conn, "editor", 5, NOW), {"waited": 5, "waited_at": NOW}),
    "told": (lambda conn: pools.noticed_told(conn, "editor", b"x"), {"told": b"x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_a_pool_is_seen_by_the_next_job_of_the_set(store: SiteStore, name: str) -> None:
    change, expected = CHANGES[name]
    store.write(lambda conn: pools.adopt_place(conn, "editor")).result()
    before, _, after = values_of(store, pool, change, pool)
    assert after == msgspec.structs.replace(before, **expected)
    assert store.read(pool) == after


def test_what_was_undone_is_not_remembered(store: SiteStore) -> None:
    def refused(conn: Connection) -> Refused:
        pools.claim_place(conn, "editor", 9)
        return Refused(RefusalCode.NOT_FOUND)

    def claims(conn: Connection) -> int:
        pools.claim_place(conn, "editor", 9)
        return pool(conn).counted

    values = values_of(store, claims, refused, claims)
    assert (values[0], values[2]) == (1, 2)
    assert store.read(pool).counted == 2


def test_what_another_set_wrote_is_seen(store: SiteStore) -> None:
    assert values_of(store, pool)[0].counted == 0
    store.write(lambda conn: conn.execute("update pools set counted = 5")).result()
    assert values_of(store, pool)[0].counted == 5


def test_the_policy_of_a_group_is_seen_as_the_set_changes_it(store: SiteStore) -> None:
    def automatic(conn: Connection) -> bool:
        return groups.is_automatic(conn, "Desks")

    def put(conn: Connection) -> None:
        groups.put(conn, "Desks", automatic=False)

    def ensure(conn: Connection) -> None:
        groups.ensure_group(conn, "Desks")

    values = values_of(
        store, automatic, ensure, automatic, put, automatic, ensure, automatic,
        lambda conn: groups.delete(conn, "Desks"), automatic, ensure, lambda conn: groups.get_group(conn, "Desks"),
    )  # fmt: skip
    assert [values[at] for at in (0, 2, 4, 6, 8)] == [True, True, False, False, True]
    assert values[-1].automatic


def test_a_device_that_was_merged_in_the_set_comes_back(store: SiteStore) -> None:
    def take(conn: Connection) -> DeviceRow | None:
        return merged_devices.take_device(conn, "editor", DEVICE.thumbprint)

    values = values_of(store, take, lambda conn: merged_devices.keep_device(conn, DEVICE, NOW), take, take)
    assert values == [None, None, DEVICE, None]


def test_a_row_that_all_jobs_of_a_set_ask_for_is_read_once(store: SiteStore) -> None:
    store.write(lambda conn: devices.save_device(conn, DEVICE)).result()
    seen: list[str] = []
    store._writer._connection.set_trace_callback(seen.append)
    values_of(store, *[pool] * 50)
    assert sum("from pools" in statement for statement in seen) == 1
