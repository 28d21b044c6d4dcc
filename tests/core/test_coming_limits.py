"""What leases say of a lower limit before its day: never more are promised than are ordered [spec: seat-conflict]."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.answering.coming_limits import (
    LimitUsers,
    PlaceUser,
    has_room,
    make_conflict,
    says_date,
    share_ahead,
    told_share,
)
from tenure.core.installation import Installation
from tenure.core.lease.claims import ComingLimit
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import SiteState, Subscription
from tenure.core.subscription.seat_conflict import LowerLimit
from tenure.core.timeline import DAY, Instant
from tests.core.world import World

WORLD = World()
WORLD.top_up(1_000_000)
WORLD.order()
WORLD.activate()
NOW = WORLD.now
AT = NOW + 60 * DAY


def user(site: str, until: Instant = 0, **more: object) -> PlaceUser:
    plain = PlaceUser(site=site, since=NOW, until=until, ephemeral=0, heard=NOW)
    return msgspec.structs.replace(plain, **more)


def with_applications(names: list[str]) -> Subscription:
    sites = tuple(
        SiteState(id=name, key=name, code="", name="", version="", since=NOW, installation=Installation.STANDALONE)
        for name in names
    )
    return msgspec.structs.replace(WORLD.sub(), sites=sites)


def test_a_lease_tells_a_share_by_the_day_that_it_names_or_an_earlier_one() -> None:
    lower = LowerLimit(AT, 6, 6)
    assert told_share(ComingLimit(AT, 6, 2), lower) == 2
    assert told_share(ComingLimit(AT - DAY, 6, 2), lower) == 2, "a hold has moved the day since"
    assert told_share(ComingLimit(AT + DAY, 6, 2), lower) is None
    assert told_share(None, lower) is None


def test_servers_and_applications_are_cut_in_proportion() -> None:
    alone = [user(f"a{number}") for number in range(6)]
    users = LimitUsers(lower=LowerLimit(AT, 6, 6), alone=alone, servers={"s": 4})
    conflict = make_conflict(with_applications([each.site for each in alone]), users, NOW)
    assert (conflict.servers, conflict.stay, conflict.go) == (2, 4, 2)


def test_who_holds_a_place_and_is_on_no_list_takes_what_is_promised_to_it() -> None:
    alone = [user("a"), user("gone", AT + DAY), user("passing", AT, ephemeral=1)]
    conflict = make_conflict(
        with_applications(["a"]), LimitUsers(lower=LowerLimit(AT, 2, 2), alone=alone, servers={}), NOW
    )
    assert (conflict.elsewhere, conflict.ephemeral, conflict.stay) == (1, 1, 1)
    new = make_conflict(
        with_applications(["a", "new"]), LimitUsers(lower=LowerLimit(AT, 2, 2), alone=alone, servers={}), NOW, "new"
    )
    assert [each.site for each in new.applications] == ["a", "new"]


@given(
    most=st.integers(0, 30),
    servers=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    beyond=st.integers(0, 12),
    short=st.integers(0, 12),
)
def test_b11_shares_told_one_after_another_never_exceed_the_lower_limit(
    most: int, servers: list[int], beyond: int, short: int
) -> None:
    names = [f"s{number}" for number in range(len(servers))]
    told: dict[str, int] = {}
    lasting = min(beyond, most)
    for in_use in (servers, [max(0, each - 3) for each in servers], [each + 5 for each in servers]):
        alone = [user(f"b{n}", AT + DAY) for n in range(lasting)] + [user(f"c{n}", AT) for n in range(short)]
        users = LimitUsers(lower=LowerLimit(AT, most, most), alone=alone, servers=dict(zip(names, in_use, strict=True)))
        for name in names:
            told[name] = share_ahead(users, name, told.get)
            assert 0 <= told[name] <= users.parts[name]
        assert sum(told.values()) + lasting <= most


@given(
    most=st.integers(0, 12),
    applications=st.integers(1, 12),
    passing=st.integers(0, 4),
    server=st.integers(0, 8),
    order=st.randoms(use_true_random=False),
)
def test_b11_places_promised_one_after_another_never_exceed_what_is_ordered(
    most: int, applications: int, passing: int, server: int, order: object
) -> None:
    lower = LowerLimit(AT, most, most)
    names = [f"a{number:02}" for number in range(applications)]
    sub, until = with_applications(names), dict.fromkeys([*names, *(f"e{n}" for n in range(passing))], NOW)
    asking = list(until)
    order.shuffle(asking)  # type: ignore[attr-defined]  # a seeded Random
    servers = {"s": server} if server else {}
    part = LimitUsers(lower=lower, alone=[user(each) for each in until], servers=servers).parts
    for name in asking:
        alone = [user(each, end, ephemeral=int(each[0] == "e")) for each, end in until.items()]
        users = LimitUsers(lower=lower, alone=alone, servers=servers)
        if has_room(sub, users, name, part.get, NOW, ephemeral=name[0] == "e"):
            until[name] = AT + DAY
    promised = sum(end > AT for end in until.values())
    if promised < len(until):
        assert promised + sum(part.values()) <= most


def test_a_lease_is_held_against_the_date_that_it_is_to_carry() -> None:
    sub, state = WORLD.sub(), WORLD.sub().sites[0]
    struck = msgspec.structs.replace(state, installation=Installation.STANDALONE, place_until=AT)
    assert says_date(sub, state, timeline(sub, state), NOW)
    assert says_date(sub, struck, timeline(sub, struck), NOW)
    assert not says_date(sub, struck, timeline(sub, state), NOW)
