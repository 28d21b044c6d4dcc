"""What the facts imply for the time ahead: the timelines of a subscription and of its sites ([spec: severity, phases];
B1)."""

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.policy.rules import Role
from tenure.core.subscription import facts as f
from tenure.core.subscription.contract import contract_timeline, service_end, timeline
from tenure.core.subscription.fold import evolve, fold
from tenure.core.subscription.terms import SubscriptionKind
from tenure.core.timeline import DAY, Instant, Phase, PhaseCause, Span, Timeline, span_at
from tests.core.situations import (
    PRICE,
    accepted,
    automatic,
    cancel,
    days_after,
    funded,
    limited,
    monthly,
    unlimited,
    waiting,
)
from tests.core.world import MONTH, World, day, terms

FULL, BASE = ("edit", "export", "read"), ("read",)


def told(spans: Timeline) -> list[tuple[Instant, Instant | None, Phase, PhaseCause]]:
    return [(span.since, span.until, span.phase, span.why) for span in spans]


def test_b01_a_paid_year_with_grace_is_three_spans() -> None:
    spans = timeline(limited().sub())
    assert told(spans) == [
        (day("2026-01-01"), day("2027-01-01"), Phase.ACTIVE, PhaseCause.PAID),
        (day("2027-01-01"), day("2027-01-15"), Phase.GRACE, PhaseCause.PAYMENT_ENDED),
        (day("2027-01-15"), None, Phase.ENDED, PhaseCause.PAYMENT_ENDED),
    ]
    assert [(span.features, span.limit) for span in spans] == [(FULL, 10), (FULL, 10), (BASE, 0)]


def test_m05_past_end_and_grace_the_functions_are_withdrawn() -> None:
    spans = timeline(limited().sub())
    assert span_at(spans, day("2027-01-15") - 1).features == FULL
    assert span_at(spans, day("2027-01-15")).features == BASE


def test_m07_grace_is_full_function_with_a_countdown_and_a_cause() -> None:
    span = span_at(timeline(limited(grace_days=1).sub()), day("2027-01-01"))
    assert (span.phase, span.why, span.until, span.features) == (
        Phase.GRACE,
        PhaseCause.PAYMENT_ENDED,
        days_after("2027-01-01", 1),
        FULL,
    )


def test_m08_the_running_period_keeps_the_grace_it_began_with() -> None:
    world = limited(PRICE)
    item = world.items["sub_1"]
    shorter = msgspec.structs.replace(world.rules, grace_days=2)
    world.items["sub_1"] = msgspec.structs.replace(
        item, book=msgspec.structs.replace(item.book, versions=(*item.book.versions, (day("2026-06-01"), shorter, "")))
    )
    world.until(day("2027-01-05"))
    assert world.span().until == day("2027-01-15")
    accepted(world.do(c.Renew(by="operator")))
    assert span_at(timeline(world.sub()), day("2028-01-01")).until == day("2028-01-03")


def test_m12_no_grace_is_no_span() -> None:
    assert told(timeline(limited(grace_days=0).sub())) == [
        (day("2026-01-01"), day("2027-01-01"), Phase.ACTIVE, PhaseCause.PAID),
        (day("2027-01-01"), None, Phase.ENDED, PhaseCause.PAYMENT_ENDED),
    ]


def test_paid_periods_that_follow_one_another_show_no_edge() -> None:
    world = monthly(2 * PRICE)
    accepted(world.do(c.Renew(by="operator")))
    accepted(world.do(c.Renew(by="operator")))
    assert len(world.sub().periods) == 3
    assert timeline(world.sub())[0].until == day("2026-04-01")


def test_once_reserved_the_timeline_carries_the_next_period() -> None:
    world = automatic()
    assert world.span().until == day("2027-01-01")
    world.until(day("2026-12-23"))
    assert world.span().until == day("2028-01-01")


def test_a_late_renewal_leaves_the_gap_in_the_record() -> None:
    world = limited(PRICE, grace_days=7, late_renewal="from_now")
    world.until(day("2027-03-01"))
    accepted(world.do(c.Renew(by="operator")))
    assert [span.phase for span in timeline(world.sub())] == [
        Phase.ACTIVE,
        Phase.GRACE,
        Phase.ENDED,
        Phase.ACTIVE,
        Phase.GRACE,
        Phase.ENDED,
    ]


def test_features_and_limit_change_where_the_terms_do() -> None:
    world = automatic(2 * PRICE)
    accepted(world.do(c.ChangeDevices(by="operator", devices=5)))
    world.until(day("2026-12-25"))
    assert [(span.phase, span.limit) for span in timeline(world.sub())] == [
        (Phase.ACTIVE, 10),
        (Phase.ACTIVE, 5),
        (Phase.GRACE, 5),
        (Phase.ENDED, 0),
    ]


def test_features_that_stay_are_there_before_too() -> None:
    world = limited(of=terms(features=("edit", "read"), base_features=("read", "print")))
    assert world.span().features == ("edit", "read", "print")


def test_a_plan_may_leave_nothing_after_its_end() -> None:
    world = limited(of=terms(base_features=()))
    assert span_at(timeline(world.sub()), day("2028-01-01")).features == ()


def test_two_holds_show_the_one_that_ends_first() -> None:
    world = limited()
    accepted(world.do(c.PlaceHold(by="x", role=Role.VENDOR, reason="fraud?", until=day("2026-03-01"))))
    accepted(world.do(c.PlaceHold(by="x", reason="unpaid bill", until=day("2026-02-01"))))
    assert [(span.until, span.note) for span in timeline(world.sub()) if span.phase is Phase.PAUSED] == [
        (day("2026-02-01"), "unpaid bill"),
        (day("2026-03-01"), "fraud?"),
    ]


def test_an_end_outranks_a_pause() -> None:
    world = limited()
    accepted(world.do(c.PlaceHold(by="x", reason="unpaid bill")))
    assert [span.phase for span in timeline(world.sub())][-2:] == [Phase.PAUSED, Phase.ENDED]


def test_a_pause_outranks_the_grace_of_a_blocked_code() -> None:
    world = limited()
    accepted(world.activate())
    accepted(world.do(c.BlockCode(by="x", code="code of sub_1")))
    accepted(world.do(c.PlaceHold(by="x", reason="unpaid bill", until=day("2026-01-05"))))
    site = world.sub().find_site("site_1")
    phases = [(span.phase, span.why) for span in timeline(world.sub(), site)]
    assert phases == [
        (Phase.PAUSED, PhaseCause.HELD),
        (Phase.GRACE, PhaseCause.CODE_BLOCKED),
        (Phase.ENDED, PhaseCause.BLOCKED),
        (Phase.ENDED, PhaseCause.PAYMENT_ENDED),
    ]


def test_waiting_a_subscription_has_its_365_days() -> None:
    assert told(timeline(waiting().sub())) == [
        (day("2026-01-01"), day("2027-01-01"), Phase.PENDING, PhaseCause.NOT_ACTIVATED),
        (day("2027-01-01"), None, Phase.ENDED, PhaseCause.NEVER_ACTIVATED),
    ]


@pytest.mark.parametrize("at_once", [False, True])
def test_canceled_the_timeline_ends_with_that_cause(at_once: bool) -> None:
    world = limited()
    world.wait(days=30)
    accepted(cancel(world, at_once=at_once))
    end = world.now if at_once else day("2027-01-01")
    assert told(timeline(world.sub()))[-1] == (end, None, Phase.ENDED, PhaseCause.CANCELED)
    assert service_end(world.sub()) == end


def test_the_contract_knows_no_holds_and_no_blocks() -> None:
    world = limited()
    before = contract_timeline(world.sub())
    accepted(world.activate())
    accepted(world.do(c.PlaceHold(by="x", reason="unpaid bill")))
    accepted(world.do(c.BlockCode(by="x", code="code of sub_1", fraud=True)))
    assert contract_timeline(world.sub()) == before


def test_at_its_first_second_a_period_is_under_its_own_rules() -> None:
    world = unlimited(3)
    item = world.items["sub_1"]
    later = msgspec.structs.replace(world.rules, stop_clock=True)
    versions = (*item.book.versions, (day("2026-01-20"), later, ""))
    world.items["sub_1"] = msgspec.structs.replace(item, book=msgspec.structs.replace(item.book, versions=versions))
    world.until(day("2026-02-01"))
    assert not world.sub().rules_at(day("2026-02-01") - 1).stop_clock
    assert world.sub().rules_at(day("2026-02-01")).stop_clock


def test_before_the_term_has_begun_nobody_knows_its_end() -> None:
    assert service_end(waiting().sub()) is None


def test_b12_a_history_begins_with_its_order() -> None:
    with pytest.raises(ValueError, match="Ordered"):
        fold(())


def test_facts_that_fit_nothing_change_nothing_but_the_revision() -> None:
    """`evolve` never refuses: whatever stands in a history has happened."""
    sub = waiting().sub()
    stamp = {"at": 5, "recorded_at": 5, "by": "x"}
    for fact in (
        f.GraceExtended(**stamp, days=3),
        f.HoldReleased(**stamp, owner="vendor", shift_days=4),
        f.SiteLeft(**stamp, site="site_9"),
        f.CodeUnblocked(**stamp, code="code of sub_9"),
        f.ChangeDropped(**stamp, effective=9),
        f.CancellationUndone(**stamp),
        f.DevicesReleased(**stamp, site="site_9", count=3),
        f.Learned(**stamp, site="site_9", key="k", serial=4, until=9),
        f.EphemeralCounted(**stamp | {"at": 0}, day=0, came=2, went=1, digest="d"),
    ):
        assert evolve(sub, fact) == msgspec.structs.replace(sub, revision=sub.revision + 1)


def test_an_allotment_set_and_a_fork_found_concern_their_site_alone() -> None:
    world = limited()
    accepted(world.activate("site_1"))
    accepted(world.activate("site_2"))
    stamp = {"at": world.now, "recorded_at": world.now, "by": "server"}
    sub = evolve(world.sub(), f.AllotmentSet(**stamp, site="site_1", allotment=7))
    sub = evolve(sub, f.ForkFound(**stamp, site="site_1"))
    assert [(site.allotment, site.forked_at) for site in sub.sites] == [(7, world.now), (5, None)]


def test_an_unlimited_one_shows_how_far_it_is_prepaid() -> None:
    world = funded(5 * PRICE)
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    assert world.sub().paid_until == day("2026-02-01")
    world = unlimited(2)
    world.until(day("2026-01-25"))
    assert world.sub().paid_until == day("2026-03-01")


def _spans_at(world: World, *moments: Instant) -> list[Span]:
    return [span_at(timeline(world.sub()), moment) for moment in moments]


def test_the_last_second_and_the_first() -> None:
    world = limited(grace_days=7)
    end = day("2027-01-01")
    phases = [span.phase for span in _spans_at(world, end - 1, end, end + 7 * DAY - 1, end + 7 * DAY)]
    assert phases == [Phase.ACTIVE, Phase.GRACE, Phase.GRACE, Phase.ENDED]
