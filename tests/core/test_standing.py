"""What a site or device may do: two clocks, grace with its cause, base features, amnesties, successors, snapshots."""

import timeit
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.lease.claims import Confirmation, Lease
from tenure.core.lease.clock import TimeEstimate, certain_estimate
from tenure.core.lease.standing import (
    UNLICENSED,
    OutageAmnesty,
    SeatTerm,
    Standing,
    compile_snapshot,
    device_standing,
    device_timeline,
    effective_lease,
    local_timeline,
    moved_by,
    standing,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span, Timeline, span_at

NOW = 1_800_000_000
FULL, BASE = ("scan", "update"), ("update",)


def paid(since: Instant, until: Instant | None) -> Span:
    return Span(since, until, Phase.ACTIVE, PhaseCause.PAID, FULL, 10)


def grace(since: Instant, until: Instant, why: PhaseCause = PhaseCause.PAYMENT_ENDED) -> Span:
    return Span(since, until, Phase.GRACE, why, FULL, 10)


def ended(since: Instant, why: PhaseCause = PhaseCause.PAYMENT_ENDED) -> Span:
    return Span(since, None, Phase.ENDED, why, BASE)


def year(end: Instant = NOW + 300 * DAY, grace_days: int = 14) -> Timeline:
    over = end + grace_days * DAY
    return (paid(NOW - 65 * DAY, end), *((grace(end, over),) if grace_days else ()), ended(over))


def a_lease(spans: Timeline | None = None, **more: object) -> Lease:
    lease = Lease(
        iss="tenure",
        sub="site_1",
        aud="prod_1",
        jti="lea_1",
        iat=NOW,
        nbf=NOW,
        exp=NOW + 30 * DAY,
        cnf=Confirmation({"kty": "OKP", "crv": "Ed25519", "x": "site"}),
        serial=1,
        epoch=1,
        subscription="sub_1",
        revision=3,
        product="prod_1",
        plan="plan_1",
        kind="limited",
        spans=year() if spans is None else spans,
        contact_until=NOW + 30 * DAY,
        refresh_after=NOW + 7 * DAY,
        features=FULL,
        base_features=BASE,
        prepaid_until=NOW + 300 * DAY,
    )
    return msgspec.structs.replace(lease, **more)


def stands(lease: Lease, now: Instant, contact: Instant = NOW, notices: tuple[OutageAmnesty, ...] = ()) -> Standing:
    return standing(lease, contact, notices, certain_estimate(now), version="5.0")


def told(lease: Lease, now: Instant, contact: Instant = NOW) -> tuple[Phase, PhaseCause, tuple[str, ...], int]:
    now_here = stands(lease, now, contact)
    return now_here.phase, now_here.why, now_here.features, now_here.limit


ACTIVE = (Phase.ACTIVE, PhaseCause.PAID, FULL, 10)
SILENT = (Phase.GRACE, PhaseCause.SYNC_OVERDUE, FULL, 10)
CUT_OFF = (Phase.ENDED, PhaseCause.SYNC_OVERDUE, BASE, 0)
UNPAID = (Phase.GRACE, PhaseCause.PAYMENT_ENDED, FULL, 10)
OVER = (Phase.ENDED, PhaseCause.PAYMENT_ENDED, BASE, 0)


# The two clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(0, ACTIVE, id="just answered"),
        pytest.param(7 * DAY - 1, ACTIVE, id="a second less than seven days"),
        pytest.param(7 * DAY, SILENT, id="seven days"),
        pytest.param(30 * DAY - 1, SILENT, id="the last second of the lease"),
        pytest.param(30 * DAY, CUT_OFF, id="its end"),
        pytest.param(3000 * DAY, CUT_OFF, id="for ever, also past the contract's end: base features stay"),
    ],
)
def test_b6_silence_warns_then_ends(after: int, expected: tuple[object, ...]) -> None:
    assert told(a_lease(), NOW + after) == expected


def test_an_unchanged_answer_clears_the_warning_and_moves_no_end() -> None:
    lease = a_lease()
    assert told(lease, NOW + 29 * DAY, contact=NOW + 20 * DAY) == SILENT
    assert told(lease, NOW + 29 * DAY, contact=NOW + 29 * DAY) == ACTIVE
    assert told(lease, NOW + 30 * DAY, contact=NOW + 30 * DAY - 1) == CUT_OFF
    assert stands(lease, NOW + 29 * DAY, contact=NOW + 29 * DAY).until == NOW + 30 * DAY


def test_m05_m07_the_contracts_end_inside_the_silence_keeps_its_own_cause() -> None:
    lease = a_lease(year(end=NOW + 10 * DAY, grace_days=14))
    seen = [told(lease, NOW + day * DAY) for day in (9, 10, 23, 24, 29, 30, 100)]
    assert seen == [SILENT, UNPAID, UNPAID, OVER, OVER, OVER, OVER]


def test_m12_without_grace_the_first_instant_after_the_end_is_without_function() -> None:
    lease = a_lease(year(end=NOW + 5 * DAY, grace_days=0))
    assert told(lease, NOW + 5 * DAY - 1) == ACTIVE
    assert told(lease, NOW + 5 * DAY) == OVER


def test_silence_that_outlasts_payment_grace_ends_it_with_its_own_cause() -> None:
    lease = a_lease(year(end=NOW + 20 * DAY, grace_days=60))
    assert told(lease, NOW + 25 * DAY) == UNPAID
    assert told(lease, NOW + 30 * DAY) == CUT_OFF


def test_a_pause_shows_no_warning_and_ends_with_the_lease() -> None:
    held = Span(NOW, None, Phase.PAUSED, PhaseCause.HELD, BASE, note="moving house")
    lease = a_lease((held,))
    assert told(lease, NOW + 20 * DAY) == (Phase.PAUSED, PhaseCause.HELD, BASE, 0)
    assert stands(lease, NOW).note == "moving house"
    assert told(lease, NOW + 30 * DAY) == CUT_OFF


def test_what_was_never_started_gives_nothing_however_long_the_silence() -> None:
    waiting = Span(NOW, NOW + 365 * DAY, Phase.PENDING, PhaseCause.AWAITING_PAYMENT)
    lease = a_lease((waiting, ended(NOW + 365 * DAY, PhaseCause.NEVER_ACTIVATED)))
    for day in (0, 29, 30, 364):
        assert told(lease, NOW + day * DAY) == (Phase.PENDING, PhaseCause.AWAITING_PAYMENT, (), 0)


def test_a_period_that_begins_after_the_lease_is_not_begun_in_silence() -> None:
    waiting = Span(NOW, NOW + 40 * DAY, Phase.PENDING, PhaseCause.AWAITING_PAYMENT)
    lease = a_lease((waiting, paid(NOW + 40 * DAY, None)))
    assert told(lease, NOW + 40 * DAY) == CUT_OFF


def test_a_short_lease_warns_from_a_quarter_of_its_life() -> None:
    """After a week, as of others, there would be nothing left to warn of."""
    short = a_lease(contact_until=NOW + 5 * DAY)
    quarter = NOW + short.life // 4
    assert told(short, quarter - 1) == ACTIVE
    assert told(short, quarter)[:2] == (Phase.GRACE, PhaseCause.SYNC_OVERDUE)
    assert told(short, NOW + 5 * DAY - 1)[:2] == (Phase.GRACE, PhaseCause.SYNC_OVERDUE)
    assert told(short, NOW + 5 * DAY) == CUT_OFF


def test_until_and_next_tell_what_comes() -> None:
    now_here = stands(a_lease(), NOW)
    assert (now_here.since, now_here.until, now_here.contact_until) == (NOW - 65 * DAY, NOW + 7 * DAY, NOW + 30 * DAY)
    assert now_here.next is not None
    assert (now_here.next.why, now_here.next.until) == (PhaseCause.SYNC_OVERDUE, NOW + 30 * DAY)
    last = stands(a_lease(), NOW + 31 * DAY)
    assert (last.until, last.next) == (None, None)


# Nothing, too old, lost ----------------------------------------------------------------------------------------------


def test_m09_without_a_code_nothing_licensed_works() -> None:
    assert standing(None, NOW, (), certain_estimate(NOW), version="5.0") == UNLICENSED
    assert (UNLICENSED.phase, UNLICENSED.why, UNLICENSED.features) == (Phase.PENDING, PhaseCause.NOT_ACTIVATED, ())


@pytest.mark.parametrize("day", [0, 10])
def test_m13_a_downgraded_application_keeps_base_features_and_hears_why(day: int) -> None:
    lease = a_lease(min_version="10.2")
    old = standing(lease, NOW, (), certain_estimate(NOW + day * DAY), version="9.9")
    assert old.refusal is not None
    assert (old.refusal.code, old.features) == (RefusalCode.VERSION_TOO_OLD, BASE)
    assert old.phase is (Phase.GRACE if day else Phase.ACTIVE)
    new = standing(lease, NOW, (), certain_estimate(NOW), version="10.2")
    assert (new.refusal, new.features) == (None, FULL)
    assert standing(lease, NOW, (), certain_estimate(NOW), version=None).features == FULL


def test_a_site_refused_for_good_has_base_features() -> None:
    lost = Refused(RefusalCode.SITE_LOST)
    gone = standing(a_lease(), NOW, (), certain_estimate(NOW), version="5.0", lost=lost)
    assert (gone.phase, gone.why, gone.features, gone.refusal) == (Phase.ENDED, PhaseCause.BLOCKED, BASE, lost)


def test_an_implausible_clock_warns_and_takes_nothing_away() -> None:
    doubt = Refused(RefusalCode.CLOCK_IMPLAUSIBLE)
    warned = standing(a_lease(), NOW, (), TimeEstimate(now=NOW, refusal=doubt), version="5.0")
    assert (warned.warning, warned.features) == (doubt, FULL)


# Amnesty -------------------------------------------------------------------------------------------------------------


def outage(since: int, until: int) -> OutageAmnesty:
    return OutageAmnesty(NOW + since * DAY, NOW + until * DAY)


@pytest.mark.parametrize(
    ("notices", "days"),
    [
        pytest.param((), 0, id="none"),
        pytest.param((outage(2, 5),), 3, id="one"),
        pytest.param((outage(2, 5), outage(10, 11)), 4, id="two"),
        pytest.param((outage(2, 5), outage(4, 9)), 7, id="what they share counts once"),
        pytest.param((outage(2, 9), outage(3, 4)), 7, id="one inside the other"),
        pytest.param((outage(3, 4), outage(2, 9), outage(2, 9)), 7, id="in any order, repeated"),
        pytest.param((outage(1, 40),), 30, id="at most thirty days"),
        pytest.param((outage(1, 20), outage(21, 40)), 30, id="at most thirty days in all"),
        pytest.param((outage(-5, 0),), 0, id="over before the lease was signed"),
        pytest.param((outage(-5, 1),), 6, id="signed within it"),
        pytest.param((outage(5, 5), outage(7, 6)), 0, id="of no length"),
    ],
)
def test_b15_amnesties_add_up(notices: tuple[OutageAmnesty, ...], days: int) -> None:
    assert moved_by(NOW, notices) == days * DAY


def test_b15_an_amnesty_moves_warning_and_end_of_silence_but_not_the_contract() -> None:
    lease = a_lease(year(end=NOW + 32 * DAY, grace_days=1))
    notices = (outage(8, 18),)
    moved = local_timeline(lease, NOW, notices)
    assert [(span.since, span.why) for span in moved[1:]] == [
        (NOW + 17 * DAY, PhaseCause.SYNC_OVERDUE),
        (NOW + 32 * DAY, PhaseCause.PAYMENT_ENDED),
        (NOW + 33 * DAY, PhaseCause.PAYMENT_ENDED),
    ]
    assert stands(lease, NOW, notices=notices).contact_until == NOW + 40 * DAY


def test_b15_an_amnesty_moves_a_seats_end() -> None:
    lease, seat = a_lease(), a_seat(until=NOW + 14 * DAY)
    at_end = device_standing(lease, seat, NOW, (outage(10, 12),), certain_estimate(NOW + 15 * DAY), version="5.0")
    assert (at_end.phase, at_end.contact_until) == (Phase.GRACE, NOW + 16 * DAY)


# Devices -------------------------------------------------------------------------------------------------------------


def a_seat(**more: object) -> SeatTerm:
    seat = SeatTerm(thumbprint="device", lease="digest", iat=NOW, until=NOW + 14 * DAY, features=FULL)
    return msgspec.structs.replace(seat, **more)


def device(seat: SeatTerm | None, after: int, lease: Lease | None = None) -> Standing:
    return device_standing(lease or a_lease(), seat, NOW, (), certain_estimate(NOW + after), version="5.0")


def test_b8_a_device_knows_to_the_second_what_it_may_do_with_every_server_down() -> None:
    seat = a_seat()
    seen = [(device(seat, after).phase, device(seat, after).why) for after in (0, 7 * DAY, 14 * DAY - 1, 14 * DAY)]
    assert seen == [ACTIVE[:2], SILENT[:2], SILENT[:2], CUT_OFF[:2]]
    assert device(seat, 14 * DAY).features == BASE


def test_m05_the_contracts_end_reaches_a_device_within_its_seat() -> None:
    lease = a_lease(year(end=NOW + 3 * DAY, grace_days=1))
    assert device(a_seat(), 3 * DAY, lease).why is PhaseCause.PAYMENT_ENDED
    assert device(a_seat(), 4 * DAY, lease).features == BASE


def test_a_seat_longer_than_its_lease_ends_with_it() -> None:
    assert device(a_seat(until=NOW + 99 * DAY), 30 * DAY).features == BASE


def test_a_seat_may_grant_fewer_features_but_never_withholds_base_ones() -> None:
    assert device(a_seat(features=("scan", "other")), 0).features == FULL
    assert device(a_seat(features=()), 0).features == BASE
    assert device(a_seat(features=()), 20 * DAY).features == BASE


def test_a_device_without_a_seat_has_nothing() -> None:
    assert device(None, 0) == UNLICENSED
    assert device_standing(None, a_seat(), NOW, (), certain_estimate(NOW), version="5.0") == UNLICENSED


def test_m13_a_device_checks_its_own_version() -> None:
    lease = a_lease(min_version="10.2")
    old = device_standing(lease, a_seat(), NOW, (), certain_estimate(NOW), version="9.9")
    assert old.features == BASE
    assert old.refusal is not None


# Successors ----------------------------------------------------------------------------------------------------------


END = NOW + 10 * DAY


def successor(**more: object) -> Lease:
    lease = a_lease((paid(END, END + 365 * DAY), ended(END + 365 * DAY)))
    changed = {"role": "successor", "subscription": "sub_2", "nbf": END, "contact_until": END + 30 * DAY, **more}
    return msgspec.structs.replace(lease, **changed)


def test_a_successor_takes_over_at_the_last_paid_end_before_grace_without_a_server() -> None:
    present, staged = a_lease(year(end=END), prepaid_until=END), successor()
    assert effective_lease(present, staged, END - 1) is present
    assert effective_lease(present, staged, END) is staged
    assert effective_lease(present, staged, END + 20 * DAY) is staged
    assert told(staged, END, contact=END) == ACTIVE


def test_a_successor_stays_staged_when_the_present_one_is_known_to_be_renewed() -> None:
    renewed = a_lease(year(end=END + 365 * DAY))
    assert effective_lease(renewed, successor(), END + 5 * DAY) is renewed


@pytest.mark.parametrize(
    ("prepaid", "stays"),
    [(END + 365 * DAY, True), (END, False), (None, False)],
)
@pytest.mark.parametrize(
    "beneath",
    [
        Span(NOW, None, Phase.PAUSED, PhaseCause.HELD, BASE),
        Span(NOW, None, Phase.GRACE, PhaseCause.CODE_BLOCKED, FULL, 10),
    ],
    ids=["held", "code blocked"],
)
def test_under_a_hold_or_a_block_the_paid_time_beneath_decides(
    beneath: Span, prepaid: Instant | None, stays: bool
) -> None:
    present = a_lease((beneath,), prepaid_until=prepaid)
    assert (effective_lease(present, successor(), END) is present) is stays


def test_a_successor_takes_over_from_a_canceled_one() -> None:
    canceled = a_lease((paid(NOW, END), ended(END, PhaseCause.CANCELED)), prepaid_until=NOW + 300 * DAY)
    assert effective_lease(canceled, staged := successor(), END) is staged


def test_once_the_server_has_booked_the_takeover_the_staged_lease_is_history() -> None:
    present = a_lease((paid(END, END + 365 * DAY), ended(END + 365 * DAY)), subscription="sub_2", prepaid_until=None)
    assert effective_lease(present, successor(), END + 400 * DAY) is present


def test_whoever_holds_one_lease_goes_by_it() -> None:
    assert effective_lease(None, None, NOW) is None
    assert effective_lease(None, staged := successor(), NOW) is staged
    assert effective_lease(present := a_lease(), None, NOW) is present


def test_a_successor_grants_nothing_before_its_beginning() -> None:
    early = stands(successor(), END - 1)
    assert (early.phase, early.features, early.until) == (Phase.PENDING, (), END)
    lengthened = successor(spans=(paid(NOW, None),))
    assert stands(lengthened, END - 1).features == ()
    assert stands(lengthened, END, contact=END).features == FULL


def test_a_successor_grants_nothing_early_even_if_the_last_answer_seems_later() -> None:
    early = stands(successor(), END - 1, contact=END + DAY)
    assert (early.phase, early.since, early.features) == (Phase.PENDING, END - 1, ())
    assert stands(successor(), END - 1, contact=NOW).since == NOW


def test_a_takeover_does_not_clear_the_warning() -> None:
    assert told(successor(), END, contact=NOW) == SILENT


# Snapshots -----------------------------------------------------------------------------------------------------------


def test_a_snapshot_answers_until_the_next_change() -> None:
    snapshot = compile_snapshot(stands(a_lease(), NOW + DAY), NOW + DAY)
    assert snapshot.allows("scan")
    assert not snapshot.allows("other")
    assert snapshot.covers(NOW + 7 * DAY - 1)
    assert not snapshot.covers(NOW + 7 * DAY)
    assert not snapshot.covers(NOW - 66 * DAY)
    early = NOW - 70 * DAY
    assert compile_snapshot(stands(a_lease(), early), early).covers(early)
    assert compile_snapshot(UNLICENSED, NOW).covers(NOW + 10**9)
    assert not compile_snapshot(UNLICENSED, NOW).allows("update")


def test_allows_costs_less_than_a_microsecond() -> None:
    snapshot = compile_snapshot(stands(a_lease(), NOW), NOW)
    best = min(timeit.repeat(lambda: snapshot.covers(NOW) and snapshot.allows("scan"), number=10_000, repeat=20))
    assert best / 10_000 < 1e-6


# Properties ----------------------------------------------------------------------------------------------------------

BEFORE = st.sampled_from([
    Span(0, None, Phase.PENDING, PhaseCause.NOT_ACTIVATED),
    Span(0, None, Phase.PENDING, PhaseCause.AWAITING_PAYMENT),
])  # fmt: skip
STARTED = st.sampled_from([
    Span(0, None, Phase.ACTIVE, PhaseCause.PAID, FULL, 10),
    Span(0, None, Phase.ACTIVE, PhaseCause.TRIAL, FULL, 5),
    Span(0, None, Phase.GRACE, PhaseCause.PAYMENT_ENDED, FULL, 10),
    Span(0, None, Phase.GRACE, PhaseCause.CODE_BLOCKED, FULL, 10),
    Span(0, None, Phase.PAUSED, PhaseCause.HELD, BASE),
    Span(0, None, Phase.ENDED, PhaseCause.CANCELED, BASE),
])  # fmt: skip


@st.composite
def contracts(draw: st.DrawFn) -> Timeline:
    """Any course at all, except that what has started is not pending again."""
    since = NOW - draw(st.integers(0, 50 * DAY))
    course = draw(st.lists(BEFORE, max_size=1)) + draw(st.lists(STARTED, min_size=1, max_size=5))
    spans = []
    for number, what in enumerate(course, start=1):
        until = None if number == len(course) else since + draw(st.integers(1, 40 * DAY))
        spans.append(msgspec.structs.replace(what, since=since, until=until))
        since = until or since
    return tuple(spans)


outages = st.lists(
    st.builds(
        lambda begin, length: OutageAmnesty(NOW + begin, NOW + begin + length),
        st.integers(-50 * DAY, 80 * DAY),
        st.integers(0, 50 * DAY),
    ),
    max_size=4,
).map(tuple)
leases = st.builds(
    lambda spans, life, role: a_lease(
        spans, contact_until=NOW + life, role=role, nbf=max(NOW, spans[0].since), min_version=""
    ),
    contracts(),
    st.integers(1, 95 * DAY),
    st.sampled_from(["active", "active", "successor"]),
)
contacts = st.integers(NOW - 10 * DAY, NOW + 60 * DAY)
moments = st.integers(NOW, NOW + 250 * DAY)
seats = st.builds(
    lambda life, features: a_seat(until=NOW + life, features=features),
    st.integers(1, 95 * DAY),
    st.lists(st.sampled_from(["scan", "update", "other"])).map(tuple),
)

SERVICE = {Phase.PENDING: 0, Phase.ENDED: 0, Phase.PAUSED: 0, Phase.GRACE: 1, Phase.ACTIVE: 2}


@given(leases, contacts, contacts, moments, outages)
def test_more_silence_never_raises_the_service(
    lease: Lease, one: Instant, other: Instant, now: Instant, notices: tuple[OutageAmnesty, ...]
) -> None:
    silent, heard = sorted((one, other))
    less, more = stands(lease, now, silent, notices), stands(lease, now, heard, notices)
    assert set(less.features) <= set(more.features)
    assert SERVICE[less.phase] <= SERVICE[more.phase]
    assert less.limit <= more.limit


@given(leases, contacts, outages)
def test_a_local_timeline_is_well_formed(lease: Lease, contact: Instant, notices: tuple[OutageAmnesty, ...]) -> None:
    spans = local_timeline(lease, contact, notices)
    assert spans[-1].until is None
    for one, following in pairwise(spans):
        assert one.since < (one.until or 0) == following.since
        assert msgspec.structs.replace(one, since=0, until=0) != msgspec.structs.replace(following, since=0, until=0)


@given(leases, contacts, moments, outages)
def test_until_is_the_first_instant_of_change(
    lease: Lease, contact: Instant, now: Instant, notices: tuple[OutageAmnesty, ...]
) -> None:
    here = stands(lease, now, contact, notices)
    end = now + 400 * DAY if here.until is None else here.until
    assert now < end
    assert stands(lease, end - 1, contact, notices) == here
    if here.until is not None:
        there = stands(lease, end, contact, notices)
        assert (there.phase, there.why, there.features, there.limit) != (
            here.phase,
            here.why,
            here.features,
            here.limit,
        )


@given(leases, contacts, moments, outages)
def test_nothing_but_base_features_past_the_end_of_contact(
    lease: Lease, contact: Instant, after: int, notices: tuple[OutageAmnesty, ...]
) -> None:
    end = lease.contact_until + moved_by(lease.iat, notices)
    past = stands(lease, max(end, after), contact, notices)
    assert past.phase in (Phase.ENDED, Phase.PENDING)
    assert past.limit == 0
    assert past.features == (() if past.phase is Phase.PENDING else BASE)
    assert end <= lease.contact_until + 30 * DAY


@given(leases, contacts, moments, outages)
def test_no_more_than_the_contract_ever(
    lease: Lease, contact: Instant, now: Instant, notices: tuple[OutageAmnesty, ...]
) -> None:
    """Amnesty moves the contact clock only: it never gives what the contract's own span at that time does not."""
    here, contract = stands(lease, now, contact, notices), span_at(lease.spans, now)
    assert set(here.features) <= set(contract.features) | set(BASE)
    assert SERVICE[here.phase] <= SERVICE[contract.phase]
    if here.why is not PhaseCause.SYNC_OVERDUE and here.phase is not Phase.PENDING:
        assert (here.phase, here.why) == (contract.phase, contract.why)


@given(leases, contacts, moments, outages, outages)
def test_more_amnesty_never_lowers_the_service(
    lease: Lease, contact: Instant, now: Instant, few: tuple[OutageAmnesty, ...], more: tuple[OutageAmnesty, ...]
) -> None:
    less = stands(lease, now, contact, few)
    assert SERVICE[less.phase] <= SERVICE[stands(lease, now, contact, few + more).phase]


@given(leases, seats, contacts, moments, outages)
def test_a_device_never_gets_more_than_its_site(
    lease: Lease, seat: SeatTerm, contact: Instant, now: Instant, notices: tuple[OutageAmnesty, ...]
) -> None:
    site = stands(lease, now, contact, notices)
    here = device_standing(lease, seat, contact, notices, certain_estimate(now), version="5.0")
    assert set(here.features) <= set(site.features)
    assert SERVICE[here.phase] <= SERVICE[site.phase]
    spans = device_timeline(lease, seat, contact, notices)
    assert all(one.until == following.since for one, following in pairwise(spans))


@given(leases, contacts, moments, outages)
def test_a_snapshot_says_what_the_standing_says(
    lease: Lease, contact: Instant, now: Instant, notices: tuple[OutageAmnesty, ...]
) -> None:
    here = stands(lease, now, contact, notices)
    snapshot = compile_snapshot(here, now)
    assert snapshot.covers(now)
    assert snapshot.features == frozenset(here.features)
