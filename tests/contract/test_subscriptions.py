"""Registrations, codes and the projection that lists are made from."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.timeline import DAY, Instant, Phase
from tenure.store import codes, integrity, projections, search, subscriptions, tenants
from tenure.store.codes import StoredCode
from tenure.store.engine import Connection, Database
from tenure.store.projections import StandingFilter, StandingRow
from tenure.store.search import ListPosition, SubscriptionOrder
from tenure.store.subscriptions import SubscriptionRow
from tests.contract.seed import NOW, must, provide, sell, standing, two_providers


@pytest.fixture
async def stocked(db: Database) -> Database:
    must(await db.write(two_providers))
    return db


def listed(
    conn: Connection, wanted: StandingFilter, now: Instant, after: str = "", limit: int = 50
) -> list[StandingRow]:
    """Provider a's subscriptions in order of ids, those after `after`."""
    position = ListPosition("id", after, after) if after else None
    found = search.page(conn, "prv_a", wanted, "", now, SubscriptionOrder.ID, position, limit)
    return [each.standing for each in found]


async def test_the_sweep_sees_what_is_due_longest_first(stocked: Database) -> None:
    assert await stocked.read(subscriptions.due_subscriptions, NOW, 10) == []
    await stocked.write(subscriptions.look_again, "prv_a", "sub_a", NOW + 2)
    await stocked.write(subscriptions.look_again, "prv_b", "sub_b", NOW + 1)
    assert await stocked.read(subscriptions.due_subscriptions, NOW, 10) == []
    assert await stocked.read(subscriptions.due_subscriptions, NOW + 2, 10) == [("prv_b", "sub_b"), ("prv_a", "sub_a")]
    assert await stocked.read(subscriptions.due_subscriptions, NOW + 2, 1) == [("prv_b", "sub_b")]
    await stocked.write(subscriptions.look_again, "prv_b", "sub_b", None)
    assert await stocked.read(subscriptions.due_subscriptions, NOW + 2, 10) == [("prv_a", "sub_a")]


async def test_sandboxes_are_swept_by_their_own_clock_alone(stocked: Database) -> None:
    await stocked.write(provide, "s", sandbox=True)
    await stocked.write(subscriptions.look_again, "prv_s", "sub_s", NOW - 5)
    assert await stocked.read(subscriptions.due_subscriptions, NOW, 10) == [], "by real time nobody may touch it"
    assert await stocked.read(subscriptions.due_subscriptions, NOW - 6, 10, "prv_s") == []
    assert await stocked.read(subscriptions.due_subscriptions, NOW - 5, 10, "prv_s") == [("prv_s", "sub_s")]


async def test_a_trial_is_used_once_per_customer_and_product(stocked: Database) -> None:
    tried = SubscriptionRow("sub_try", "prv_a", "cus_a", "prd", True, NOW)
    assert not await stocked.read(subscriptions.trial_used, "prv_a", "cus_a", "prd")
    await stocked.write(subscriptions.add_subscription, tried)
    assert await stocked.read(subscriptions.trial_used, "prv_a", "cus_a", "prd")
    assert not await stocked.read(subscriptions.trial_used, "prv_a", "cus_a", "other")
    assert not await stocked.read(subscriptions.trial_used, "prv_b", "cus_b", "prd")
    assert await stocked.read(subscriptions.get_subscription, "prv_a", "sub_try") == tried


async def test_a_transfer_stays_with_the_provider(stocked: Database) -> None:
    must(await stocked.write(tenants.add_customer, tenants.CustomerRow("cus_a2", "prv_a", "2", None, b"", 1, NOW)))
    await stocked.write(subscriptions.move_to_customer, "prv_a", "sub_a", "cus_a2")
    assert await stocked.read(subscriptions.of_customer, "prv_a", "cus_a") == []
    assert [each.id for each in await stocked.read(subscriptions.of_customer, "prv_a", "cus_a2")] == ["sub_a"]


async def test_a_code_is_found_by_its_hash_alone(stocked: Database) -> None:
    new = StoredCode(b"new", "cod_a2", "prv_a", "sub_a", "FGHJK", "live", NOW + 1)
    await stocked.write(codes.add, new)
    assert await stocked.read(codes.by_digest, b"new") == new
    assert await stocked.read(codes.by_digest, b"guess") is None


EDGES = {
    NOW - 1: Phase.PENDING,
    NOW: Phase.ACTIVE,
    NOW + 30 * DAY - 1: Phase.ACTIVE,
    NOW + 30 * DAY: Phase.GRACE,
    NOW + 40 * DAY - 1: Phase.GRACE,
    NOW + 40 * DAY: Phase.ENDED,
}


async def test_a_list_by_phase_turns_at_the_very_second(stocked: Database) -> None:
    for now, phase in EDGES.items():
        found = {
            wanted: [each.subscription for each in await stocked.read(listed, StandingFilter(phase=wanted), now)]
            for wanted in Phase
        }
        assert found == {wanted: ["sub_a"] if wanted is phase else [] for wanted in Phase}, f"at NOW {now - NOW:+}"


MOMENTS = st.none() | st.integers(-3, 3).map(lambda n: NOW + n)


def expected(each: StandingRow) -> Phase:
    """The same rule in plain words: ended > pending > paused > grace > active, a missing instant means never."""
    if each.ended_at is not None and each.ended_at <= NOW:
        return Phase.ENDED
    if each.active_from is None or each.active_from > NOW:
        return Phase.PENDING
    if each.paused_from is not None and each.paused_from <= NOW < (each.paused_until or NOW + 9):
        return Phase.PAUSED
    if each.paid_until is not None and each.paid_until <= NOW:
        return Phase.GRACE
    return Phase.ACTIVE


async def test_every_mixture_of_instants_has_one_phase(stocked: Database) -> None:
    rows: list[StandingRow] = []

    @given(st.lists(MOMENTS, min_size=5, max_size=5))
    def draw(moments: list[int | None]) -> None:
        names = ("active_from", "paid_until", "ended_at", "paused_from", "paused_until")
        rows.append(standing("a", **dict(zip(names, moments, strict=True))))

    draw()

    def phases(conn: Connection) -> list[tuple[StandingRow, list[Phase]]]:
        seen = []
        for row in rows:
            projections.save_standing(conn, row)
            found = [phase for phase in Phase if listed(conn, StandingFilter(phase=phase), NOW)]
            seen.append((row, found))
        return seen

    seen = await stocked.dry_run(phases)
    assert isinstance(seen, list)
    assert len(seen) >= 50
    assert [(row, found) for row, found in seen if found != [expected(row)]] == []


async def test_lists_are_narrowed_and_paged(db: Database) -> None:
    def stock(conn: Connection) -> None:
        sell(conn)
        provide(conn, "a")
        for n in range(4):
            subscriptions.add_subscription(conn, SubscriptionRow(f"sub_{n}", "prv_a", "cus_a", "prd", False, NOW))
            row = standing("a", subscription=f"sub_{n}", paid_until=NOW + n * DAY)
            projections.save_standing(conn, msgspec.structs.replace(row, canceled_at=NOW if n == 3 else None))

    must(await db.write(stock))

    async def ids(wanted: StandingFilter, after: str = "", limit: int = 50) -> list[str]:
        return [each.subscription for each in await db.read(listed, wanted, NOW, after, limit)]

    assert await ids(StandingFilter(), "", 3) == ["sub_0", "sub_1", "sub_2"]
    assert await ids(StandingFilter(), "sub_2", 3) == ["sub_3", "sub_a"]
    assert await ids(StandingFilter(ends_before=NOW + 2 * DAY)) == ["sub_0", "sub_1"]
    assert await ids(StandingFilter(canceled=True)) == ["sub_3"]
    assert await ids(StandingFilter(canceled=False, phase=Phase.GRACE)) == ["sub_0"]
    assert await ids(StandingFilter(customer="cus_a", product="prd", phase=Phase.ACTIVE)) == [
        "sub_1",
        "sub_2",
        "sub_3",
        "sub_a",
    ]
    assert await ids(StandingFilter(customer="cus_b")) == await ids(StandingFilter(product="other")) == []


async def test_what_is_dropped_can_be_computed_again(stocked: Database) -> None:
    await stocked.write(integrity.drop_projections)
    assert await stocked.read(projections.get_standing, "prv_a", "sub_a") is None
    assert await stocked.read(subscriptions.due_subscriptions, 0, 10) == [("prv_a", "sub_a"), ("prv_b", "sub_b")]
    await stocked.write(projections.save_standing, standing("a"))
    await stocked.write(projections.save_standing, standing("a", devices=7))
    assert await stocked.read(projections.get_standing, "prv_a", "sub_a") == standing("a", devices=7)
    assert await stocked.read(lambda conn: list(integrity.verify_chains(conn))) == [], "history is no projection"
