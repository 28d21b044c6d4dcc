"""What one is told that has nothing here any more [spec: leaving], and what a restored server learns of a site
[spec: restored-server]."""

from typing import Any

import msgspec
import pytest

from tenure.core.answering.departures import gave_itself_up, is_told_to_leave, refuse_gone, refuse_struck
from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.answering.restored_server import code_shown, is_elsewhere, joining_facts, learned_fact
from tenure.core.business.account import AccountSubscription
from tenure.core.lease.claims import Lease
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.fold import SiteState, evolve
from tests.core.world import World

STATE = SiteState(id="s", key="k", code="", name="", version="", since=0)


def state(**changed: Any) -> SiteState:
    return msgspec.structs.replace(STATE, **changed)


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        (None, RefusalCode.SITE_UNKNOWN),
        (state(left_at=5), RefusalCode.SITE_UNKNOWN),
        (state(left_at=5, lost=True), RefusalCode.SITE_LOST),
        (state(left_at=5, leaving_until=4), RefusalCode.INSTALLATION_RELEASED),
        (state(left_at=5, replacement="site_2"), RefusalCode.INSTALLATION_REPLACED),
    ],
)
def test_one_without_a_place_is_told_why(gone: SiteState | None, code: RefusalCode) -> None:
    assert refuse_gone(gone).code is code


@pytest.mark.parametrize(
    ("gone", "itself"),
    [
        (None, False),
        (state(left_at=5), True),
        (state(), False),
        (state(left_at=5, lost=True), False),
        (state(left_at=5, leaving_until=4), False),
    ],
)
def test_only_one_that_was_not_made_to_leave_gave_itself_up(gone: SiteState | None, itself: bool) -> None:
    assert gave_itself_up(gone, ephemeral=False) is itself
    assert gave_itself_up(gone, ephemeral=True)


@pytest.mark.parametrize(
    ("site", "leaves"),
    [(None, False), (state(leaving_until=5), True), (state(leaving_until=5, left_at=4), False), (STATE, False)],
)
def test_a_site_that_was_made_to_leave_is_told_until_it_has_acknowledged(site: SiteState | None, leaves: bool) -> None:
    assert is_told_to_leave(site) is leaves


def test_one_that_was_struck_out_reads_from_when() -> None:
    full = Refused(RefusalCode.DEVICE_LIMIT_REACHED, "All taken.")
    assert refuse_struck(full, None) is full
    assert refuse_struck(full, 1_767_225_600).detail.startswith("It was struck out from 2026-01-01")


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.top_up(1_000_000)
    world.order()
    world.order(name="sub_2")
    world.activate()
    return world


@pytest.fixture(scope="module")
def lease(world: World) -> Lease:
    sub = world.sub()
    return lease_for(
        sub,
        sub.sites[0],
        LeaseHolderClaims(id="site_9", jwk={}, epoch=100, serial=9),
        LeaseIssuer(name="v", provider="p"),
        world.now,
    )


def test_a_lease_in_force_of_another_subscription_says_where_the_site_went(world: World, lease: Lease) -> None:
    assert is_elsewhere(lease, ("sub_2", None), world.now)
    assert not is_elsewhere(lease, (lease.subscription, None), world.now)
    assert not is_elsewhere(lease, ("sub_2", lease.subscription), world.now), "as its successor it is known here"
    assert not is_elsewhere(lease, ("sub_2", None), lease.contact_until)


def test_what_was_forgotten_is_written_down(lease: Lease) -> None:
    fact = learned_fact(lease, "digest", "thumb", 5)
    assert (fact.site, fact.key, fact.serial, fact.until, fact.lease) == (
        "site_9",
        "thumb",
        9,
        lease.contact_until,
        "digest",
    )


def test_a_site_that_joined_after_the_backup_joins_and_its_term_began_when_the_lease_says(
    world: World, lease: Lease
) -> None:
    item = world.items["sub_2"]
    item = AccountSubscription(msgspec.structs.replace(item.sub, periods=(), started_at=None), item.book)
    began, joined = joining_facts(item, lease, "thumb", "name", "12.0", lease.iat)
    assert isinstance(began, f.Activated)
    assert isinstance(joined, f.SiteActivated)
    assert began.at == lease.spans[0].since
    assert (joined.site, joined.key, joined.version, joined.allotment) == ("site_9", "thumb", "12.0", lease.allotment)
    after = item.sub
    for fact in (began, joined):
        after = evolve(after, fact)
    known = AccountSubscription(after, item.book)
    assert joining_facts(known, lease, "thumb", "name", "12.0", lease.iat) == (), "nothing is written twice"
    passing = msgspec.structs.replace(lease, ephemeral=True)
    assert [type(each) for each in joining_facts(item, passing, "thumb", "", "12.0", lease.iat)] == [f.Activated]


def test_the_code_is_known_by_its_last_group(world: World, lease: Lease) -> None:
    code = world.sub().codes[0]
    assert code_shown(world.sub(), msgspec.structs.replace(lease, code_last_group=code.last_group)) == code.id
    assert code_shown(world.sub(), msgspec.structs.replace(lease, code_last_group="none")) == ""
