"""Which lease may replace which, which seat a device takes, and what an answer or its absence may change."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.lease.acceptance import (
    AcceptedLease,
    AcceptedSeat,
    ResponseEffect,
    ResponseKind,
    TrustedLeaseState,
    TrustedSeatState,
    accept_lease,
    accept_seat,
    accept_successor,
    another_code,
    effect_of_response,
    take_over,
)
from tenure.core.lease.claims import Confirmation, Lease
from tenure.core.lease.standing import OutageAmnesty, SeatTerm
from tenure.core.refusals import TABLE, RefusalCode, Refused
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span

NOW = 1_800_000_000
EPOCH = 1_700_000_000
MINE = {"kty": "OKP", "crv": "Ed25519", "x": "mine"}
PAID = Span(NOW - DAY, NOW + 300 * DAY, Phase.ACTIVE, PhaseCause.PAID, ("scan",), 10)
GRACE = Span(NOW + 300 * DAY, NOW + 314 * DAY, Phase.GRACE, PhaseCause.PAYMENT_ENDED, ("scan",), 10)
EMPTY = Span(NOW + 300 * DAY, NOW + 300 * DAY, Phase.GRACE, PhaseCause.PAYMENT_ENDED)
OVER = Span(NOW + 314 * DAY, None, Phase.ENDED, PhaseCause.PAYMENT_ENDED)


def a_lease(**more: object) -> Lease:
    lease = Lease(
        iss="tenure",
        sub="site_1",
        aud="prod_1",
        jti="lea_5",
        iat=NOW - 300,
        nbf=NOW - 300,
        exp=NOW + 30 * DAY,
        cnf=Confirmation({**MINE, "kid": "a name is not the key"}),
        serial=5,
        epoch=EPOCH,
        subscription="sub_1",
        revision=9,
        product="prod_1",
        plan="plan_1",
        kind="limited",
        spans=(PAID, GRACE, OVER),
        contact_until=NOW + 30 * DAY,
        refresh_after=NOW + 7 * DAY,
        prepaid_until=NOW + 300 * DAY,
    )
    return msgspec.structs.replace(lease, **more)


HELD = TrustedLeaseState(
    product="prod_1",
    version="5.0",
    key=MINE,
    site="site_1",
    epoch=EPOCH,
    serial=4,
    digest="four",
    subscription="sub_1",
    revision=8,
)
NEW = TrustedLeaseState(product="prod_1", version="5.0", key=MINE)


def code(verdict: object) -> RefusalCode:
    assert isinstance(verdict, Refused)
    return verdict.code


def test_the_first_lease_is_accepted_and_remembered() -> None:
    verdict = accept_lease(NEW, a_lease(), "five", NOW)
    assert isinstance(verdict, AcceptedLease)
    remembered = msgspec.structs.replace(HELD, serial=5, digest="five", revision=9)
    assert verdict == AcceptedLease(remembered, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"cnf": Confirmation({**MINE, "x": "another"})}, RefusalCode.LEASE_NOT_MINE, id="another key"),
        pytest.param({"cnf": Confirmation({**MINE, "crv": "X25519"})}, RefusalCode.LEASE_NOT_MINE, id="another curve"),
        pytest.param({"cnf": Confirmation({})}, RefusalCode.LEASE_NOT_MINE, id="no key"),
        pytest.param({"sub": "site_2"}, RefusalCode.LEASE_NOT_MINE, id="another site"),
        pytest.param({"product": "prod_2"}, RefusalCode.LEASE_NOT_MINE, id="another product"),
        pytest.param({"sandbox": True}, RefusalCode.KEY_NOT_FOR_THIS, id="a sandbox lease in production"),
        pytest.param({"role": "successor"}, RefusalCode.TYPE_UNEXPECTED, id="a successor in the present one's slot"),
        pytest.param({"spans": ()}, RefusalCode.MESSAGE_MALFORMED, id="no spans"),
        pytest.param({"spans": (PAID,)}, RefusalCode.MESSAGE_MALFORMED, id="a timeline that stops"),
        pytest.param({"spans": (PAID, OVER)}, RefusalCode.MESSAGE_MALFORMED, id="a gap"),
        pytest.param({"spans": (PAID, EMPTY, GRACE, OVER)}, RefusalCode.MESSAGE_MALFORMED, id="an empty span"),
        pytest.param({"spans": (OVER, PAID)}, RefusalCode.MESSAGE_MALFORMED, id="out of order"),
        pytest.param({"spans": (GRACE, OVER)}, RefusalCode.MESSAGE_MALFORMED, id="beginning later than the lease"),
        pytest.param({"contact_until": NOW - 300}, RefusalCode.MESSAGE_MALFORMED, id="no time at all"),
        pytest.param({"serial": 3}, RefusalCode.LEASE_OLDER, id="a lower serial"),
        pytest.param({"serial": 4}, RefusalCode.LEASE_OLDER, id="the same serial, other bytes"),
        pytest.param({"epoch": EPOCH - 1, "serial": 99}, RefusalCode.LEASE_OLDER, id="a lower epoch"),
        pytest.param({"revision": 7}, RefusalCode.LEASE_OLDER, id="a lower revision"),
        pytest.param({"nbf": NOW + 301}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="not valid yet"),
        pytest.param({"contact_until": NOW}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="over"),
    ],
)
def test_each_check_has_its_own_refusal(change: dict[str, object], expected: RefusalCode) -> None:
    assert code(accept_lease(HELD, a_lease(**change), "five", NOW)) is expected


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"serial": 6}, id="a serial left out"),
        pytest.param({"epoch": EPOCH + 1, "serial": 1, "revision": 1}, id="an epoch opened by a restore"),
        pytest.param({"revision": 8}, id="the same revision"),
        pytest.param({"subscription": "sub_2", "revision": 1}, id="another subscription"),
        pytest.param({"nbf": NOW + 300}, id="within the clock's tolerance"),
        pytest.param({"contact_until": NOW + 1}, id="a second left"),
    ],
)
def test_what_is_newer_is_accepted(change: dict[str, object]) -> None:
    assert isinstance(accept_lease(HELD, a_lease(**change), "five", NOW), AcceptedLease)


def test_the_same_bytes_again_are_accepted_and_change_nothing() -> None:
    verdict = accept_lease(HELD, a_lease(serial=4, revision=8), "four", NOW)
    assert verdict == AcceptedLease(HELD, None)


def test_checks_come_in_the_order_of_the_protocol() -> None:
    """Each fault alone is told by its own code; of several the first in order is told."""
    faults: list[tuple[dict[str, object], RefusalCode]] = [
        ({"cnf": Confirmation({})}, RefusalCode.LEASE_NOT_MINE),
        ({"sandbox": True}, RefusalCode.KEY_NOT_FOR_THIS),
        ({"spans": ()}, RefusalCode.MESSAGE_MALFORMED),
        ({"serial": 1}, RefusalCode.LEASE_OLDER),
        ({"nbf": NOW + DAY}, RefusalCode.LEASE_OUTSIDE_WINDOW),
    ]
    for (first, told), (second, _) in itertools.combinations(faults, 2):
        assert code(accept_lease(HELD, a_lease(**first, **second), "five", NOW)) is told


def test_m13_a_lease_with_a_higher_floor_is_the_truth_even_for_an_older_application() -> None:
    """Refusing it would leave the older, kinder lease in force."""
    verdict = accept_lease(HELD, a_lease(min_version="6.0"), "five", NOW)
    assert isinstance(verdict, AcceptedLease)
    assert verdict.held.serial == 5
    assert code(verdict.reservation) is RefusalCode.VERSION_TOO_OLD


def test_b15_an_amnesty_keeps_a_lease_acceptable_for_longer() -> None:
    late = a_lease(contact_until=NOW - 1, iat=NOW - 30 * DAY, nbf=NOW - 30 * DAY, spans=(OVER_SINCE_LONG,))
    assert code(accept_lease(HELD, late, "five", NOW)) is RefusalCode.LEASE_OUTSIDE_WINDOW
    assert isinstance(accept_lease(HELD, late, "five", NOW, [OutageAmnesty(NOW - 3 * DAY, NOW - DAY)]), AcceptedLease)


OVER_SINCE_LONG = Span(NOW - 60 * DAY, None, Phase.ACTIVE, PhaseCause.PAID, ("scan",), 10)


def test_a_sandbox_lease_is_welcome_in_a_sandbox() -> None:
    inside = msgspec.structs.replace(HELD, sandbox=True)
    assert isinstance(accept_lease(inside, a_lease(sandbox=True), "five", NOW), AcceptedLease)


@given(st.lists(st.tuples(st.integers(EPOCH - 2, EPOCH + 2), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_b9_whatever_is_offered_the_memory_only_grows(offers: list[tuple[int, int, int]]) -> None:
    held = HELD
    for epoch, serial, revision in offers:
        offer = a_lease(epoch=epoch, serial=serial, revision=revision)
        verdict = accept_lease(held, offer, f"{epoch}.{serial}.{revision}", NOW)
        if isinstance(verdict, AcceptedLease):
            assert (verdict.held.epoch, verdict.held.serial) >= (held.epoch, held.serial)
            assert verdict.held.epoch > held.epoch or verdict.held.revision >= held.revision
            held = verdict.held


# Successors ----------------------------------------------------------------------------------------------------------

END = NOW + 40 * DAY


def a_successor(**more: object) -> Lease:
    coming = Span(END, None, Phase.ACTIVE, PhaseCause.PAID, ("scan",), 10)
    changed = {"role": "successor", "subscription": "sub_2", "revision": 2, "nbf": END, "iat": END, "spans": (coming,)}
    return a_lease(**{**changed, "contact_until": END + 30 * DAY, **more})


def test_m10_a_successor_is_checked_at_receipt_in_all_but_its_beginning() -> None:
    verdict = accept_successor(NEW, a_successor(), "next", NOW)
    assert isinstance(verdict, AcceptedLease)
    assert code(accept_successor(NEW, a_lease(), "five", NOW)) is RefusalCode.TYPE_UNEXPECTED
    assert code(accept_successor(NEW, a_successor(cnf=Confirmation({})), "next", NOW)) is RefusalCode.LEASE_NOT_MINE
    assert code(accept_successor(verdict.held, a_successor(serial=4), "old", NOW)) is RefusalCode.LEASE_OLDER
    assert code(accept_successor(NEW, a_successor(), "next", END + 30 * DAY)) is RefusalCode.LEASE_OUTSIDE_WINDOW


def test_m10_a_successor_is_checked_again_at_takeover() -> None:
    staged = accept_successor(NEW, a_successor(), "next", NOW)
    assert isinstance(staged, AcceptedLease)
    assert code(take_over(staged.held, a_successor(), "next", END - 301)) is RefusalCode.LEASE_OUTSIDE_WINDOW
    assert take_over(staged.held, a_successor(), "next", END) == staged
    assert code(take_over(staged.held, a_successor(), "changed on disk", END)) is RefusalCode.LEASE_OLDER
    assert code(take_over(staged.held, a_successor(), "next", END + 30 * DAY)) is RefusalCode.LEASE_OUTSIDE_WINDOW


# Seats ---------------------------------------------------------------------------------------------------------------

DEVICE = TrustedSeatState(lease=TrustedLeaseState(product="prod_1", version="5.0", key=None), thumbprint="device")


def a_seat(**more: object) -> SeatTerm:
    seat = SeatTerm(thumbprint="device", lease="five", iat=NOW, until=NOW + 14 * DAY, features=("scan",))
    return msgspec.structs.replace(seat, **more)


def test_b8_a_device_takes_its_seat_and_the_lease_under_it() -> None:
    verdict = accept_seat(DEVICE, a_lease(), "five", a_seat(), NOW)
    assert isinstance(verdict, AcceptedSeat)
    assert (verdict.held.lease.site, verdict.held.lease.serial, verdict.held.iat) == ("site_1", 5, NOW)
    refreshed = accept_seat(verdict.held, a_lease(), "five", a_seat(iat=NOW + DAY, until=NOW + 15 * DAY), NOW + DAY)
    assert isinstance(refreshed, AcceptedSeat)
    again = accept_seat(verdict.held, a_lease(), "five", a_seat(), NOW)
    assert again == verdict
    assert code(accept_seat(refreshed.held, a_lease(), "five", a_seat(), NOW + DAY)) is RefusalCode.LEASE_OLDER


@pytest.mark.parametrize(
    ("lease", "seat", "expected"),
    [
        pytest.param({}, {"thumbprint": "another"}, RefusalCode.LEASE_NOT_MINE, id="another device's seat"),
        pytest.param({}, {"lease": "four"}, RefusalCode.LEASE_NOT_MINE, id="a seat under another lease"),
        pytest.param({"sub": "site_2"}, {}, RefusalCode.LEASE_NOT_MINE, id="another site's lease"),
        pytest.param({"product": "prod_2"}, {}, RefusalCode.LEASE_NOT_MINE, id="another product"),
        pytest.param({"sandbox": True}, {}, RefusalCode.KEY_NOT_FOR_THIS, id="a sandbox lease"),
        pytest.param({"serial": 3}, {}, RefusalCode.LEASE_OLDER, id="on an older lease"),
        pytest.param({"serial": 4}, {}, RefusalCode.LEASE_OLDER, id="on another lease of the same serial"),
        pytest.param({"revision": 7}, {}, RefusalCode.LEASE_OLDER, id="on a lease whose history went back"),
        pytest.param(
            {"subscription": "sub_2", "epoch": EPOCH - 1}, {}, RefusalCode.LEASE_OLDER, id="from before a restore"
        ),
        pytest.param(
            {"role": "successor", "nbf": NOW + 400}, {}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="before its takeover"
        ),
        pytest.param({}, {"until": NOW + 30 * DAY + 1}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="beyond its lease"),
        pytest.param({}, {"iat": NOW, "until": NOW}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="of no length"),
        pytest.param({}, {"iat": NOW - DAY, "until": NOW}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="over"),
        pytest.param({"nbf": NOW + 400}, {}, RefusalCode.LEASE_OUTSIDE_WINDOW, id="on a lease to come"),
    ],
)
def test_what_a_device_does_not_take(lease: dict[str, object], seat: dict[str, object], expected: RefusalCode) -> None:
    held = TrustedSeatState(lease=msgspec.structs.replace(HELD, key=None), thumbprint="device")
    assert code(accept_seat(held, a_lease(**lease), "five", a_seat(**seat), NOW)) is expected


def test_m10_a_device_follows_its_site_to_the_successor_and_back() -> None:
    present = accept_seat(DEVICE, a_lease(), "five", a_seat(), NOW)
    assert isinstance(present, AcceptedSeat)
    next_lease = a_lease(role="successor", subscription="sub_2", serial=4, revision=1)
    moved = accept_seat(present.held, next_lease, "next", a_seat(lease="next", iat=NOW + 1), NOW)
    assert isinstance(moved, AcceptedSeat)
    assert isinstance(accept_seat(moved.held, a_lease(), "five", a_seat(iat=NOW + 2), NOW), AcceptedSeat)
    assert code(accept_seat(moved.held, a_lease(), "five", a_seat(), NOW)) is RefusalCode.LEASE_OLDER


def test_a_seat_up_to_the_last_second_of_its_lease_is_fine() -> None:
    assert isinstance(accept_seat(DEVICE, a_lease(), "five", a_seat(until=NOW + 30 * DAY), NOW), AcceptedSeat)


def test_b15_a_seat_past_its_written_end_is_taken_under_an_amnesty() -> None:
    old = a_seat(iat=NOW - 14 * DAY, until=NOW - 1)
    held, lease = DEVICE, a_lease(iat=NOW - 20 * DAY)
    assert code(accept_seat(held, lease, "five", old, NOW)) is RefusalCode.LEASE_OUTSIDE_WINDOW
    assert isinstance(accept_seat(held, lease, "five", old, NOW, [OutageAmnesty(NOW - 3 * DAY, NOW)]), AcceptedSeat)


def test_m13_a_device_too_old_takes_its_seat_with_a_reservation() -> None:
    verdict = accept_seat(DEVICE, a_lease(min_version="6.0"), "five", a_seat(), NOW)
    assert isinstance(verdict, AcceptedSeat)
    assert code(verdict.reservation) is RefusalCode.VERSION_TOO_OLD


# Another code --------------------------------------------------------------------------------------------------------


def span(phase: Phase, why: PhaseCause, until: Instant | None = None) -> Span:
    return Span(NOW - DAY, until, phase, why)


AFTER_TRIAL = msgspec.structs.replace(PAID, since=NOW + 5)
CANCELED = Span(NOW + 300 * DAY, None, Phase.ENDED, PhaseCause.CANCELED)


@pytest.mark.parametrize(
    ("change", "date"),
    [
        pytest.param({}, NOW + 300 * DAY, id="active"),
        pytest.param({"spans": (span(Phase.ACTIVE, PhaseCause.PAID),)}, None, id="active without an end"),
        pytest.param(
            {"spans": (span(Phase.ACTIVE, PhaseCause.TRIAL, NOW + 5), AFTER_TRIAL, GRACE, OVER)},
            NOW + 300 * DAY,
            id="a trial followed by a paid period",
        ),
        pytest.param({"spans": (span(Phase.PAUSED, PhaseCause.HELD),)}, NOW + 300 * DAY, id="paused in paid time"),
        pytest.param({"spans": (span(Phase.GRACE, PhaseCause.CODE_BLOCKED),)}, NOW + 300 * DAY,
        id="blocked in paid time"),
    ],
)  # fmt: skip
def test_m10_another_code_is_refused_in_force_with_the_date(change: dict[str, object], date: Instant | None) -> None:
    refused = another_code(a_lease(**change), NOW)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.when) == (RefusalCode.SUBSCRIPTION_IN_FORCE, date)


@pytest.mark.parametrize(
    ("change", "now"),
    [
        pytest.param({}, NOW + 300 * DAY, id="the first instant after the last paid period, in grace"),
        pytest.param({}, NOW + 314 * DAY, id="ended"),
        pytest.param({"spans": (PAID, CANCELED)}, NOW, id="canceled, not yet in effect"),
        pytest.param(
            {"spans": (span(Phase.PAUSED, PhaseCause.HELD),), "prepaid_until": NOW}, NOW, id="paused, paid time over"
        ),
        pytest.param({"spans": (span(Phase.ENDED, PhaseCause.BLOCKED),)}, NOW, id="blocked for good"),
        pytest.param(
            {"spans": (span(Phase.PENDING, PhaseCause.AWAITING_PAYMENT),)}, NOW, id="not started: the server decides"
        ),
    ],
)
def test_m10_another_code_may_be_applied(change: dict[str, object], now: Instant) -> None:
    assert another_code(a_lease(**change), now) is None


def test_m10_a_client_without_a_lease_may_apply_a_code() -> None:
    assert another_code(None, NOW) is None


def test_m10_silence_does_not_open_the_way_for_another_code() -> None:
    assert another_code(a_lease(contact_until=NOW - DAY), NOW) is not None


# Conclusions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heard", [ResponseKind.UNBOUND, ResponseKind.FOREIGN, ResponseKind.UNSIGNED, ResponseKind.SILENCE]
)
@pytest.mark.parametrize("refusal", [None, RefusalCode.SITE_LOST, RefusalCode.CODE_UNKNOWN])
def test_p1_what_is_not_signed_and_bound_changes_nothing(heard: ResponseKind, refusal: RefusalCode | None) -> None:
    assert effect_of_response(heard, refusal) == ResponseEffect()
    assert msgspec.structs.astuple(ResponseEffect()) == (False, False, False, False, False, True)


@pytest.mark.parametrize(
    ("heard", "contact", "lease", "seats"),
    [
        (ResponseKind.LEASE, True, True, True),
        (ResponseKind.UNCHANGED, True, False, True),
        (ResponseKind.SEND_LEASE, True, False, False),
        (ResponseKind.FORKED, True, True, False),
    ],
)
def test_what_a_bound_answer_may_do(heard: ResponseKind, contact: bool, lease: bool, seats: bool) -> None:
    told = effect_of_response(heard)
    assert (told.contact, told.lease, told.seats) == (contact, lease, seats)
    assert told.time
    assert not told.again
    assert not told.lost


@pytest.mark.parametrize("refusal", list(RefusalCode))
def test_a_bound_refusal_takes_nothing_away_unless_the_site_is_lost_or_the_copy_retired(refusal: RefusalCode) -> None:
    told = effect_of_response(ResponseKind.REFUSED, refusal)
    assert told.time
    assert not (told.contact or told.lease or told.seats)
    gone = {
        RefusalCode.SITE_LOST,
        RefusalCode.COPY_RETIRED,
        RefusalCode.INSTALLATION_RELEASED,
        RefusalCode.INSTALLATION_REPLACED,
    }
    assert told.lost is (refusal in gone)
    assert told.again is (not TABLE[refusal].conclusive)


def test_a_refusal_says_what_was_wrong() -> None:
    same = accept_lease(HELD, a_lease(serial=4), "five", NOW)
    older = accept_lease(HELD, a_lease(serial=3), "five", NOW)
    over = accept_lease(HELD, a_lease(), "five", NOW + 30 * DAY)
    seat_over = accept_seat(DEVICE, a_lease(), "five", a_seat(), NOW + 14 * DAY)
    assert [each.detail for each in (same, older, over, seat_over) if isinstance(each, Refused)] == [
        "Two leases carry the same serial.",
        "A newer lease was accepted before.",
        "The lease is over.",
        "The seat is over.",
    ]
