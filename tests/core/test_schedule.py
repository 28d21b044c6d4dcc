"""When a client calls: regular, near an edge, after failures, after the end, after a power cut, by hand."""

import random
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenure.core.lease.claims import Confirmation, Lease, SiteFigures
from tenure.core.lease.clock import TimeEstimate
from tenure.core.lease.standing import standing
from tenure.core.lease.sync_schedule import (
    Rhythm,
    SyncState,
    after_answer,
    after_failure,
    after_manual_sync,
    network_returned,
    next_due,
    repeat_due,
    retry_at,
    sync_rhythm,
    sync_window,
)
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR, Instant, Phase, PhaseCause, Span

WEEK, SPREAD = 7 * DAY, 15 * 60
START = 1_800_000_000
END = START + 365 * DAY
OVER = END + 14 * DAY
YEAR = (
    Span(START, END, Phase.ACTIVE, PhaseCause.PAID, ("scan",), 10),
    Span(END, OVER, Phase.GRACE, PhaseCause.PAYMENT_ENDED, ("scan",), 10),
    Span(OVER, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED),
)
YEARLY = Rhythm(spans=YEAR)
QUIET = START + 100 * DAY
draws = st.floats(0, 1, exclude_max=True)


def attempting(known: SyncState, now: Instant) -> SyncState:
    """An attempt begins; kept before anything is sent."""
    return msgspec.structs.replace(known, attempted=now)


def state(answered: Instant, beat: Rhythm = YEARLY, **more: object) -> SyncState:
    fresh = SyncState(rhythm=beat, woke=START, answered=answered)
    return msgspec.structs.replace(fresh, **more)


def signed(iat: Instant, life: int, **more: object) -> Lease:
    """A lease of `YEAR` signed at `iat`, good for `life` seconds without contact."""
    lease = Lease(
        iss="tenure",
        sub="site_1",
        aud="prod_1",
        jti="lea_1",
        iat=iat,
        nbf=iat,
        exp=iat + life,
        cnf=Confirmation({}),
        serial=1,
        epoch=1,
        subscription="sub_1",
        revision=3,
        product="prod_1",
        plan="plan_1",
        kind="limited",
        spans=YEAR,
        contact_until=iat + life,
        refresh_after=QUIET + 7 * DAY,
    )
    return msgspec.structs.replace(lease, **more)


def due(of: SyncState, now: Instant, draw: float = 0.5) -> Instant:
    moment = next_due(of, now, draw)
    assert moment is not None
    return moment


@given(draws)
def test_m14_by_default_a_site_calls_every_day_more_or_less(draw: float) -> None:
    wait = due(state(QUIET), QUIET, draw) - QUIET
    assert DAY * 9 // 10 <= wait <= DAY * 11 // 10


def test_the_interval_is_the_providers() -> None:
    assert due(state(QUIET, Rhythm(spans=YEAR, interval=6 * HOUR)), QUIET) == QUIET + 6 * HOUR


@given(st.integers(-3 * DAY, DAY - 1), draws, st.sampled_from([END, OVER]))
@example(-3 * DAY, 0.5, END)
@example(DAY - 1, 0.5, END)
def test_near_an_edge_a_site_calls_hourly(distance: int, draw: float, edge: Instant) -> None:
    answered = edge + distance
    wait = due(state(answered), answered, draw) - answered
    assert HOUR * 9 // 10 <= wait <= HOUR * 11 // 10


@given(st.integers(1, DAY), draws)
def test_further_from_an_edge_no_call_is_hourly(before: int, draw: float) -> None:
    answered = END - 3 * DAY - before
    assert due(state(answered), answered, draw) >= min(END - 3 * DAY, answered + DAY * 9 // 10)


@given(st.integers(0, 2 * DAY), draws)
def test_the_next_call_never_skips_the_beginning_of_an_edge(before: int, draw: float) -> None:
    answered = END - 3 * DAY - 1 - before
    assert due(state(answered), answered, draw) <= max(END - 3 * DAY + HOUR, answered + HOUR * 11 // 10)


def test_those_who_reach_an_edge_together_are_spread_over_an_hour() -> None:
    calls = [due(state(END - 4 * DAY), END - 4 * DAY, draw) - (END - 3 * DAY) for draw in (0.0, 0.999)]
    assert calls == [-(DAY // 10), pytest.approx(HOUR, abs=60)]
    late = END - 3 * DAY - HOUR
    assert [due(state(late), late, draw) - late for draw in (0.0, 0.5)] == [HOUR, HOUR + HOUR // 2]


def test_a_day_after_an_edge_the_daily_rhythm_is_back() -> None:
    answered = END + DAY
    assert due(state(answered), answered) == answered + DAY


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        pytest.param(0, HOUR, id="at the end"),
        pytest.param(DAY - 1, HOUR, id="the first day"),
        pytest.param(DAY, DAY, id="daily then"),
        pytest.param(90 * DAY - 1, DAY, id="the ninetieth day"),
        pytest.param(90 * DAY, WEEK, id="weekly then"),
        pytest.param(365 * DAY - 1, WEEK, id="as long as it can be renewed"),
        pytest.param(365 * DAY, None, id="no longer"),
    ],
)
def test_m14_after_the_end(age: int, wait: int | None) -> None:
    answered = OVER + age
    moment = next_due(state(answered), answered, 0.5)
    assert moment == (None if wait is None else answered + wait)


def test_m14_with_zero_calls_stop_at_the_end_as_in_the_original() -> None:
    silent = state(OVER - 1, Rhythm(spans=YEAR, after_end_days=0), failed=OVER - 1, failures=3)
    assert next_due(silent, OVER - 1, 0.0) is not None
    assert next_due(silent, OVER, 0.0) is None
    assert next_due(network_returned(silent, OVER + 5), OVER + 5, 0.0) is None
    assert sync_window(YEAR, signed(QUIET, 30 * DAY, figures=SiteFigures(after_end_sync_days=0)), OVER) is None


def test_the_end_is_counted_from_its_first_instant_also_when_its_words_change() -> None:
    later = OVER + 80 * DAY
    over = (
        Span(OVER, later, Phase.ENDED, PhaseCause.PAYMENT_ENDED, ("a",)),
        Span(later, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED),
    )
    spans = (*YEAR[:2], *over)
    answered = OVER + 95 * DAY
    assert due(state(answered, Rhythm(spans=spans)), answered) == answered + WEEK


def test_a_renewal_found_after_the_end_restores_the_rhythm() -> None:
    ended = state(OVER + 200 * DAY)
    renewed = (Span(OVER + 190 * DAY, None, Phase.ACTIVE, PhaseCause.PAID),)
    now = OVER + 200 * DAY
    assert due(after_answer(ended, Rhythm(spans=renewed), now, None), now) == now + DAY


def test_a_silent_site_still_goes_by_the_contract_and_not_by_the_contact_clock() -> None:
    spans = (Span(START, None, Phase.ACTIVE, PhaseCause.PAID),)
    failing = state(QUIET, Rhythm(spans=spans), failed=QUIET + 40 * DAY, failures=50)
    assert due(failing, QUIET + 40 * DAY, 0.999) <= QUIET + 40 * DAY + HOUR


@given(draws, st.integers(0, 10 * DAY), st.integers(0, 10 * DAY))
def test_the_servers_window_is_kept(draw: float, first: int, length: int) -> None:
    asked = (QUIET + first, QUIET + first + length)
    assert asked[0] <= due(state(QUIET, window=asked), QUIET, draw) <= asked[1]


def test_a_window_the_wrong_way_round_is_its_beginning() -> None:
    assert due(state(QUIET, window=(QUIET + 50, QUIET + 10)), QUIET) == QUIET + 50


@given(st.integers(0, 900 * DAY))
def test_server_and_client_count_alike(age: int) -> None:
    now = START + age
    asked = sync_window(YEAR, signed(QUIET, 30 * DAY), now)
    alone = next_due(state(now), now, 0.25)
    told = next_due(state(now, window=asked), now, 0.25)
    assert alone == told
    if asked is not None:
        assert now < asked[0] <= asked[1]


def test_a_lease_due_for_refresh_is_fetched_also_at_a_slow_rhythm() -> None:
    slow = Rhythm(spans=YEAR, interval=30 * DAY, refresh_after=QUIET + 7 * DAY)
    assert QUIET + 7 * DAY <= due(state(QUIET, slow), QUIET, 0.9) <= QUIET + 7 * DAY + HOUR
    late = QUIET + 8 * DAY
    assert due(state(late, slow), late) == late + 30 * DAY


def test_m14_the_rhythm_is_the_leases_and_the_end_the_administrators() -> None:
    figures = SiteFigures(sync_interval=2 * HOUR, after_end_sync_days=20, reinstate_days=30)
    lease = signed(QUIET, 30 * DAY, figures=figures)
    own = Rhythm(spans=YEAR, interval=2 * HOUR, after_end_days=20, reinstate_days=30, refresh_after=QUIET + 7 * DAY)
    assert sync_rhythm(lease) == own
    assert sync_rhythm(lease, after_end_days=0) == msgspec.structs.replace(own, after_end_days=0)


# Short leases --------------------------------------------------------------------------------------------------------

lives = st.one_of(st.integers(HOUR, 14 * DAY), st.integers(14 * DAY, 90 * DAY))


@pytest.mark.parametrize(
    ("life", "interval", "warned", "borne"),
    [
        pytest.param(HOUR, 128, 900, 2_560, id="an hour: every two minutes"),
        pytest.param(DAY, 3_085, 6 * HOUR, 61_407, id="a container's day: 17 hours of outage"),
        pytest.param(7 * DAY, 6 * HOUR, 7 * DAY // 4, 429_840, id="a week: almost five days"),
        pytest.param(14 * DAY - 1, 43_199, 302_399, 859_682, id="just short"),
        pytest.param(14 * DAY, DAY, 7 * DAY, 14 * DAY * 3 // 4 - DAY * 11 // 10, id="not short any more"),
        pytest.param(30 * DAY, DAY, 7 * DAY, 1_848_960, id="the usual one: 21.4 days"),
    ],
)
def test_a_lease_says_how_often_it_asks_when_it_warns_and_what_it_bears(
    life: int, interval: int, warned: int, borne: int
) -> None:
    lease = signed(QUIET, life)
    assert (lease.contact_interval, lease.warned_after, lease.outage_borne) == (interval, warned, borne)


def test_a_provider_that_asks_more_often_than_a_short_lease_needs_is_obeyed() -> None:
    figures = SiteFigures(sync_interval=900)
    assert signed(QUIET, 7 * DAY, figures=figures).contact_interval == 900


@given(lives)
def test_the_least_life_left_holds_twenty_contacts_whatever_a_lease_s_length(life: int) -> None:
    """A policy's own figures are bound to the same ratio (`bounds.check_rules`)."""
    lease = signed(QUIET, life, figures=SiteFigures(sync_interval=min(DAY, max(14 * DAY, life) * 3 // 4 // 20)))
    assert life * 3 // 4 >= 20 * lease.contact_interval


@given(lives, st.lists(draws, min_size=8, max_size=40), st.floats(0, 1))
def test_whenever_an_outage_begins_a_lease_bears_what_it_says(life: int, throws: list[float], share: float) -> None:
    """A healthy life by the real schedule and the server's own rule; then silence for as long as the lease says."""
    lease, now = signed(QUIET, life), QUIET
    usual = min(DAY, max(14 * DAY, life) * 3 // 4 // 20)
    lease = msgspec.structs.replace(lease, figures=SiteFigures(sync_interval=usual))
    known = state(now, sync_rhythm(lease))
    for throw in throws:
        begin = now + int(share * (due(known, now, throw) - now))
        assert begin + lease.outage_borne <= lease.contact_until
        now = due(known, now, throw)
        if now >= lease.iat + lease.life // 4:
            lease = msgspec.structs.replace(lease, iat=now, nbf=now, contact_until=now + life)
        known = after_answer(known, sync_rhythm(lease), now, sync_window(YEAR, lease, now))


@given(lives)
def test_silence_is_shown_long_before_it_ends_the_service(life: int) -> None:
    lease = signed(QUIET, life)
    free = TimeEstimate(now=QUIET + lease.warned_after)
    before = TimeEstimate(now=free.now - 1)
    assert standing(lease, QUIET, (), before, version=None).phase is Phase.ACTIVE
    shown = standing(lease, QUIET, (), free, version=None)
    assert (shown.phase, shown.why, shown.features) == (Phase.GRACE, PhaseCause.SYNC_OVERDUE, ("scan",))
    assert shown.until == QUIET + life
    assert 3 * lease.contact_interval <= lease.warned_after <= life // 2 + 1


# Failures ------------------------------------------------------------------------------------------------------------


@given(draws, st.integers(1, 10_000))
def test_failures_back_off_with_full_jitter_up_to_an_hour(draw: float, failures: int) -> None:
    wait = retry_at(QUIET, failures, None, draw) - QUIET
    assert 1 <= wait <= min(HOUR, 60 * 2 ** min(failures - 1, 20))


def test_the_back_off_really_doubles() -> None:
    waits = [retry_at(0, failures, None, 0.999999) + 1 for failures in range(1, 9)]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


@pytest.mark.parametrize(
    ("asked", "least"),
    [(None, 0), (0, 30), (-5, 30), (29, 30), (30, 30), (600, 600), (DAY, DAY), (DAY + 1, DAY), (10**12, DAY)],
)
def test_retry_after_is_obeyed_within_bounds(asked: int | None, least: int) -> None:
    assert retry_at(QUIET, 1, asked, 0.0) == QUIET + least + 1
    assert least < retry_at(QUIET, 1, asked, 0.999) - QUIET <= least + 60


def test_a_failure_then_an_answer() -> None:
    failing = after_failure(after_failure(state(QUIET), QUIET + DAY), QUIET + DAY + 30, retry_after=300)
    assert (failing.failures, failing.retry_after) == (2, 300)
    assert due(failing, QUIET + DAY + 30, 0.0) == QUIET + DAY + 30 + 301
    healed = after_answer(failing, YEARLY, QUIET + DAY + 400, None)
    assert healed.failures == 0
    assert due(healed, QUIET + DAY + 400) == QUIET + 2 * DAY + 400


# Starts and returns --------------------------------------------------------------------------------------------------


def test_after_a_power_cut_nobody_calls_at_once_together() -> None:
    dice = random.Random(7)  # noqa: S311 - a fixed throw
    back = QUIET + HOUR
    calls = Counter((due(state(QUIET, woke=back), back, dice.random()) - back) // 60 for _ in range(20_000))
    assert min(calls) == 0
    assert max(calls) == SPREAD // 60 - 1
    assert max(calls.values()) <= 2.2 * 20_000 / len(calls)


def test_when_the_network_returns_also_those_who_are_late_are_spread() -> None:
    dice = random.Random(7)  # noqa: S311 - a fixed throw
    back = QUIET + 3 * DAY
    calls = Counter(
        (due(network_returned(state(QUIET), back), back, dice.random()) - back) // 60 for _ in range(20_000)
    )
    assert (min(calls), max(calls)) == (0, SPREAD // 60 - 1)
    assert max(calls.values()) <= 2.2 * 20_000 / len(calls)


def test_a_network_that_comes_and_goes_puts_nothing_off() -> None:
    """Each return used to begin a quarter of an hour of its own, so that no attempt was ever made."""
    now, known = QUIET + 2 * DAY, state(QUIET)
    for _ in range(5):
        known = network_returned(known, now)
        now += 5 * 60
    assert due(known, now, 0.9) == QUIET + 2 * DAY + 810
    failing = after_failure(attempting(known, now), now + 5)
    again = network_returned(failing, now + HOUR)
    assert due(again, now + HOUR, 0.5) == now + HOUR + 450


def test_a_program_that_runs_for_a_second_asks_as_soon_as_its_window_has_passed() -> None:
    """A delay that began anew with each process never ended in one that ran for 0.7 s a day."""
    start = QUIET + DAY
    assert due(state(QUIET, woke=start), start, 0.5) <= start
    early = QUIET + DAY - 1
    assert early < due(state(QUIET, woke=early), early, 0.5) <= early + SPREAD


def test_overdue_is_due_at_once_whatever_window_the_server_gave() -> None:
    far = (QUIET + 20 * DAY, QUIET + 25 * DAY)
    now = QUIET + 8 * DAY
    assert due(state(QUIET, window=far), now) > now
    assert due(state(QUIET, window=far, overdue=True), now) <= now
    assert due(state(now, window=far, overdue=True), now) == now + DAY, (
        "after a signed refusal not before a day is over"
    )


def test_a_start_does_not_replace_a_back_off_nor_what_the_server_asked_for() -> None:
    failing = after_failure(state(QUIET), QUIET + DAY, retry_after=DAY)
    back = QUIET + DAY + HOUR
    assert due(msgspec.structs.replace(failing, woke=back), back, 0.1) == QUIET + 2 * DAY + 6
    plain = after_failure(after_failure(state(QUIET), QUIET + DAY), QUIET + DAY)
    assert due(msgspec.structs.replace(plain, woke=QUIET + DAY + 1), QUIET + DAY + 1, 0.5) == QUIET + DAY + 60


def test_the_networks_return_replaces_a_back_off_but_not_what_the_server_asked_for() -> None:
    back = QUIET + DAY + HOUR
    failing = network_returned(after_failure(state(QUIET), QUIET + DAY, retry_after=DAY), back)
    assert due(failing, back, 0.1) == QUIET + 2 * DAY
    assert due(network_returned(after_failure(state(QUIET), QUIET + DAY), back), back, 0.1) == back + 90


def test_a_start_calls_even_if_an_answer_came_shortly_before() -> None:
    assert due(state(QUIET, woke=QUIET + 60), QUIET + 60, 0.999) < QUIET + 60 + SPREAD


def test_a_site_never_answered_calls_at_once() -> None:
    new = SyncState(rhythm=YEARLY, woke=QUIET)
    assert due(new, QUIET, 0.7) <= QUIET


@given(draws, st.integers(0, 90))
def test_an_attempt_that_nothing_is_known_of_is_followed_by_another_after_a_minute(draw: float, age: int) -> None:
    """A program that is ended in the midst of each exchange makes one attempt a minute, however often it is started."""
    now = QUIET + 3 * DAY
    known = attempting(state(QUIET, woke=now + age), now)
    moment = due(known, now + age, draw)
    assert (moment <= now + age) is (age >= 60)
    assert repeat_due(known, now + age, draw) == max(now + age, now + 60)


@given(draws, st.integers(0, 30), st.integers(1, 12))
def test_a_failure_is_repeated_a_minute_after_it_was_tried_at_the_earliest(
    draw: float, took: int, failures: int
) -> None:
    tried = QUIET + 3 * DAY
    failing = after_failure(attempting(state(QUIET, failures=failures - 1), tried), tried + took)
    wait = due(failing, tried + took, draw) - tried
    assert 60 <= wait <= max(120, took + min(HOUR, 60 * 2 ** (failures - 1)))
    assert due(failing, tried + took, draw) == repeat_due(failing, tried + took, draw)


def test_under_a_short_lease_neither_spread_nor_back_off_is_longer_than_its_interval() -> None:
    hour = sync_rhythm(signed(QUIET, HOUR))
    failing = after_failure(state(QUIET, hour, failures=20), QUIET + 200)
    assert due(failing, QUIET + 200, 0.999) <= QUIET + 200 + 128
    back = network_returned(state(QUIET, hour), QUIET + 100)
    assert due(back, QUIET + 100, 0.999) <= QUIET + 100 + 128


@given(
    st.lists(st.tuples(st.integers(1, 2 * HOUR), st.booleans(), st.booleans()), min_size=40, max_size=200),
    st.lists(draws, min_size=1, max_size=20),
)
def test_programs_in_a_loop_of_crashes_never_hammer_the_server(
    runs: list[tuple[int, bool, bool]], throws: list[float]
) -> None:
    """Each start looks once; some end in the midst of an attempt, some hear a failure, and nothing is in memory."""
    now, known, attempts = QUIET + 2 * DAY, state(QUIET), list[Instant]()
    for number, (pause, ends, fails) in enumerate(runs):
        now += pause
        if due(msgspec.structs.replace(known, woke=now), now, throws[number % len(throws)]) > now:
            continue
        attempts.append(now)
        known = attempting(known, now)
        if not ends:
            known = after_failure(known, now) if fails else after_answer(known, YEARLY, now, None)
    assert all(after - before >= 60 for before, after in pairwise(attempts))


# Clocks that jump ----------------------------------------------------------------------------------------------------


def test_a_clock_moved_far_ahead_makes_the_call_due() -> None:
    assert due(state(QUIET), QUIET + 400 * DAY) <= QUIET + 400 * DAY


def test_stamps_of_a_future_that_was_healed_do_not_silence_the_site() -> None:
    far = QUIET + 70 * 365 * DAY
    healed = (
        state(far),
        state(QUIET - 2 * DAY, failed=far, failures=4, retry_after=DAY),
        state(QUIET - 2 * DAY, woke=far),
        state(far, woke=far, failed=far, failures=4),
    )
    for each in healed:
        polls = range(QUIET, QUIET + SPREAD + 1, 60)
        assert any(due(each, now, 0.5) <= now for now in polls)


def test_an_answer_heals_the_memory_of_the_start() -> None:
    assert after_answer(state(QUIET, woke=QUIET + DAY), YEARLY, QUIET, None).woke == QUIET
    assert after_answer(state(QUIET), YEARLY, QUIET, None).woke == START


def test_a_doubtful_clock_calls_now_and_not_without_end() -> None:
    assert due(state(QUIET, urgent=True), QUIET + HOUR, 0.9) <= QUIET + HOUR
    unsettled = after_answer(state(QUIET, urgent=True), YEARLY, QUIET + HOUR, None, settled=False)
    assert due(unsettled, QUIET + HOUR) == QUIET + HOUR + 300
    settled = after_answer(unsettled, YEARLY, QUIET + 2 * HOUR, None)
    assert due(settled, QUIET + 2 * HOUR) == QUIET + 2 * HOUR + DAY


# By hand -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [START, END + 5, OVER + 5, OVER + 1000 * DAY])
def test_m17_by_hand_works_in_every_phase_once_a_minute(now: Instant) -> None:
    assert after_manual_sync(None, now) is None
    assert after_manual_sync(now, now) is not None
    refused = after_manual_sync(now, now + 59)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.when) == (RefusalCode.TOO_MANY_REQUESTS, now + 60)
    assert after_manual_sync(now, now + 60) is None
    assert after_manual_sync(now + DAY, now) is None
