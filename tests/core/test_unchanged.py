"""When a site is told `unchanged`, and when a new lease is signed [spec: synchronization, new-lease]."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, claims_at, lease_for
from tenure.core.answering.unchanged import (
    ServerMoment,
    SiteKnowledge,
    SiteReport,
    is_lease_current,
    is_unchanged,
    renewal_at,
    revision_told,
)
from tenure.core.timeline import DAY
from tests.core.histories import Life, Step, copy, live, lives

NOW = 1_800_000_000
KNOWN = SiteKnowledge(
    token=b"tok_7",
    epoch=5,
    serial=3,
    acked_serial=3,
    revision=4,
    subscription="sub_1",
    successor=None,
    forked_at=None,
    allotment=10,
    devices=6,
    devices_digest="d",
    version="12.0",
    present_revision=4,
    next_due=NOW + 1,
)
REPORT = SiteReport(
    token="tok_7", epoch=5, serial=3, subscription="sub_1", version="12.0", devices=6, digest="d", wanted=10,
    wishes=False,
)  # fmt: skip
MOMENT = ServerMoment(NOW, NOW + 1, 5)

NEEDS_A_LEASE: list[tuple[str, str, Any]] = [
    ("report", "serial", 2),
    ("report", "epoch", 4),
    ("known", "revision", 0),
    ("known", "present_revision", 5),
    ("known", "successor", "sub_2"),
    ("moment", "renew_at", NOW),
    ("moment", "epoch_floor", 6),
    ("moment", "is_trusted", False),
]
IS_NEWS: list[tuple[str, str, Any]] = [
    ("report", "token", "tok_6"),
    ("report", "devices", 5),
    ("report", "digest", "e"),
    ("report", "wanted", 11),
    ("report", "version", "12.1"),
    ("report", "subscription", "sub_2"),
    ("report", "wishes", True),
    ("known", "acked_serial", 2),
    ("known", "forked_at", NOW - 1),
    ("known", "next_due", NOW),
]


def changed(what: str, field: str, value: Any) -> tuple[SiteKnowledge, SiteReport, ServerMoment]:
    known = msgspec.structs.replace(KNOWN, **{field: value}) if what == "known" else KNOWN
    report = msgspec.structs.replace(REPORT, **{field: value}) if what == "report" else REPORT
    moment = msgspec.structs.replace(MOMENT, **{field: value}) if what == "moment" else MOMENT
    return known, report, moment


def test_nothing_new_is_unchanged() -> None:
    assert is_unchanged(KNOWN, REPORT, MOMENT)
    assert is_unchanged(*changed("report", "wanted", 3)), "less than it has is no news"
    assert is_unchanged(*changed("known", "next_due", None))


def test_that_it_holds_its_newest_lease_is_no_news_where_that_gives_nothing_back() -> None:
    first = changed("known", "acked_serial", 2)
    assert not is_unchanged(*first)
    assert is_unchanged(*first, gives_nothing_back=True)


@pytest.mark.parametrize(("what", "field", "value"), NEEDS_A_LEASE)
def test_a_lease_that_does_not_say_everything_is_signed_again(what: str, field: str, value: Any) -> None:
    assert not is_lease_current(*changed(what, field, value))
    assert not is_unchanged(*changed(what, field, value), gives_nothing_back=True)


@pytest.mark.parametrize(("what", "field", "value"), IS_NEWS)
def test_news_is_looked_at_and_needs_no_new_lease_by_itself(what: str, field: str, value: Any) -> None:
    assert not is_unchanged(*changed(what, field, value))
    assert is_lease_current(*changed(what, field, value))


def test_every_field_is_news_in_some_way() -> None:
    named = {(what, field) for what, field, _ in NEEDS_A_LEASE + IS_NEWS}
    matched = {("report", "wanted"), ("known", "next_due")} | named
    own = {("report", each) for each in SiteReport.__struct_fields__} | {("moment", "renew_at")}
    assert own <= matched


@given(lives(), st.integers(0, 400 * DAY))
def test_what_a_lease_says_stays_true_until_the_instant_at_which_it_is_renewed(
    drawn: tuple[Life, list[Step]], later: int
) -> None:
    """A row keeps that instant, so that the lease itself is not read again before it."""
    world = copy(drawn[0])
    for step in drawn[1]:
        live(world, step)
    for item in world.items.values():
        for site in item.sub.sites_holding:
            holder = LeaseHolderClaims(id=site.id, jwk={}, epoch=1, serial=1)
            lease = lease_for(item.sub, site, holder, LeaseIssuer(name="v", provider="p"), world.now)
            assert revision_told(lease, item.sub, site, world.now) == item.sub.revision
            until = renewal_at(lease, item.sub.next_turn(world.now))
            moment = min(until - 1, world.now + later)
            assert world.now >= until or claims_at(item.sub, site, moment) == claims_at(item.sub, site, world.now)
            assert world.now >= until or revision_told(lease, item.sub, site, moment) == item.sub.revision
