"""The examples in the docstrings of the hardest functions of the core, computed: their numbers are true."""

from tenure.core.answering.forks import (
    CopyMemory,
    CopySighting,
    epoch_restored,
    is_newest,
    told_to_copy,
    with_fork_answer,
    with_resolution,
    with_sighting,
)
from tenure.core.answering.lease_issue import LeaseHolderClaims, LeaseIssuer, lease_for
from tenure.core.answering.unchanged import renewal_at
from tenure.core.business import commands as c
from tenure.core.lease.claims import ISSUE_SKEW
from tenure.core.lease.clock import ClockReading, ClockState, clock_after_answer, observe
from tenure.core.policy.rules import LateRenewal
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.allotment import Pool, grant_allotment
from tenure.core.subscription.terms import SubscriptionKind
from tenure.core.timeline import DAY, HOUR
from tests.core.situations import accepted, funded
from tests.core.world import MONTH, World, activation, day, terms

NOON = day("2026-05-01") + 12 * HOUR


def test_settle_books_each_event_at_its_own_instant() -> None:
    world = funded(25_000)
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    assert world.account.balance == 13_000
    world.asleep = True
    world.until(day("2026-03-05"))
    world.settle()
    reserved, renewed, failed = world.last(f.RenewalReserved), world.last(f.Renewed), world.last(f.PaymentFailed)
    assert reserved.at == day("2026-01-22") + 16 * HOUR
    assert (renewed.at, renewed.paid_by, renewed.period.until) == (day("2026-02-01"), "reserve", day("2026-03-01"))
    assert (failed.at, failed.missing) == (day("2026-03-01"), 11_000)
    assert {fact.recorded_at for fact in (reserved, renewed, failed)} == {day("2026-03-05")}
    assert world.account.balance == 1_000


def test_grant_covers_the_need_first_and_calls_unused_margin_back() -> None:
    now, word = day("2026-05-01"), day("2026-05-31")

    def synchronize(pool: Pool, site: str, in_use: int, wanted: int) -> tuple[Pool, int, dict[str, int]]:
        known = pool.share_of(site).after_acknowledgment(in_use)
        granted = grant_allotment(pool.with_share(known), site, in_use, wanted, now)
        share = known.after_report(in_use, wanted, now).after_grant(granted.allotment, word, now)
        return pool.with_share(share), granted.allotment, dict(granted.recall)

    pool, allotment, _ = synchronize(Pool(100, 10), "a", 40, 40)
    assert (pool.ceiling, allotment) == (110, 50)
    pool, allotment, _ = synchronize(pool, "b", 55, 55)
    assert (allotment, pool.counted_at(now)) == (58, 108)
    pool, allotment, recall = synchronize(pool, "a", 50, 54)
    assert (allotment, recall) == (52, {"b": 55})
    pool, allotment, _ = synchronize(pool, "b", 55, 55)
    assert allotment == 55
    pool = pool.with_share(pool.share_of("b").after_acknowledgment(55))
    pool, allotment, _ = synchronize(pool, "a", 52, 54)
    assert allotment == 55


def test_observe_goes_on_from_what_is_known() -> None:
    answer = ClockReading("boot", 1_000, NOON)
    known = clock_after_answer(ClockState(), answer, answer, NOON)
    assert observe(known, ClockReading("boot", 1_600, NOON + 602), 1)[1].now == NOON + 600
    behind = observe(known, ClockReading("boot", 1_600, NOON - HOUR), 1)[1]
    assert (behind.now, behind.synchronize) == (NOON + 600, True)
    known = observe(known, ClockReading("boot", 1_600, NOON + 602), 1)[0]
    assert observe(known, ClockReading("next", 5, NOON + 8 * HOUR), 1)[1].now == NOON + 8 * HOUR
    assert observe(known, ClockReading("next", 5, NOON - HOUR), 1)[1].now == NOON + 1_200
    ahead = NOON + 5 * DAY
    jumped, seen = observe(known, ClockReading("next", 5, ahead), 1)
    assert (seen.now, seen.jump_in) == (NOON + 1_200, 24 * HOUR)
    later, seen = observe(jumped, ClockReading("next", 5 + 9 * HOUR, ahead + 9 * HOUR), 1)
    assert (seen.now, seen.jump_in) == (NOON + 1_200 + 9 * HOUR, 15 * HOUR)
    assert observe(later, ClockReading("third", 5, ahead + 9 * HOUR), 1)[1].jump_in == 15 * HOUR - 600


def test_next_period_runs_to_the_edge_of_its_anchor() -> None:
    world = _paid_from_the_31st()
    accepted(world.do(c.Renew(by="operator")))
    period = world.sub().periods[-1]
    assert (period.since, period.until, period.price) == (day("2026-03-31"), day("2026-04-30"), 12_000)

    world = _paid_from_the_31st()
    accepted(world.do(c.Reanchor(by="operator", anchor=day("2026-03-15"))))
    accepted(world.do(c.Renew(by="operator")))
    period = world.sub().periods[-1]
    assert (period.since, period.until, period.price) == (day("2026-03-31"), day("2026-05-15"), 17_419)

    world = _paid_from_the_31st()
    world.until(day("2026-05-02"))
    accepted(world.do(c.Renew(by="operator", late=LateRenewal.FROM_NOW)))
    sub = world.sub()
    assert (sub.periods[-1].since, sub.periods[-1].until) == (day("2026-05-02"), day("2026-06-02"))
    assert sub.anchor == day("2026-05-02")


def _paid_from_the_31st() -> World:
    """Ten devices by the month, ordered on 31 January, renewed once: paid until 31 March."""
    world = funded(0)
    world.until(day("2026-01-31"))
    world.top_up(120_000)
    accepted(world.order(of=terms(period=MONTH)))
    accepted(world.do(c.Renew(by="operator")))
    return world


def test_a_lease_reaches_as_far_as_life_reserve_and_fork_let_it() -> None:
    def reach(now: int, **more: bool) -> int:
        holder = LeaseHolderClaims(id="site_1", jwk={}, epoch=1, serial=1)
        sub = world.items["sub_1"].sub
        site = sub.find_site("site_1")
        assert site is not None
        return lease_for(sub, site, holder, LeaseIssuer(name="vendor", provider="p"), now, **more).contact_until

    world = funded(25_000)
    accepted(world.order(of=terms(kind=SubscriptionKind.UNLIMITED, period=MONTH)))
    accepted(world.do(activation()))
    signed = day("2026-01-10")
    assert reach(signed) == signed - ISSUE_SKEW + 30 * DAY
    assert reach(signed, carried=True) == signed - ISSUE_SKEW + 90 * DAY
    assert reach(signed, forked=True) == signed + 7 * DAY
    world.until(day("2026-01-25"))
    assert world.items["sub_1"].sub.reserved is not None
    assert reach(world.now) == day("2026-02-01") + 7 * DAY
    assert reach(world.now, carried=True) == day("2026-02-01") + 7 * DAY
    assert reach(world.now, forked=True) == world.now + 7 * DAY


def test_a_lease_says_everything_until_a_quarter_of_its_life_or_its_spans_end() -> None:
    world = funded(25_000)
    accepted(world.order(of=terms(period=MONTH)))
    accepted(world.do(activation()))
    sub = world.items["sub_1"].sub
    site, end = sub.sites[0], day("2026-02-01")
    holder, issuer = LeaseHolderClaims(id="site_1", jwk={}, epoch=1, serial=1), LeaseIssuer(name="v", provider="p")
    early = lease_for(sub, site, holder, issuer, end - 20 * DAY)
    assert renewal_at(early) == end - 20 * DAY - ISSUE_SKEW + 30 * DAY // 4
    late = lease_for(sub, site, holder, issuer, end - 5 * DAY)
    assert renewal_at(late) == end
    assert renewal_at(late, end - 2 * DAY) == end - 2 * DAY


def test_a_fork_is_answered_once_and_told_what_it_is_after_that() -> None:
    memory = with_sighting(CopyMemory(), CopySighting(token="tok_5", at=NOON, serial=4, epoch=1))
    assert not is_newest("tok_5", "tok_7", "req_7", ())
    assert is_newest("tok_7", "tok_7", "req_7", ())
    assert is_newest("tok_5", "tok_7", "req_7", ("req_7",)), "its answer was lost"
    answered = with_fork_answer(memory, NOON)
    assert isinstance(answered, CopyMemory)
    again = with_fork_answer(answered, NOON + DAY)
    assert isinstance(again, Refused)
    assert (again.code, again.when) == (RefusalCode.LEASE_FORKED, NOON + 90 * DAY)
    assert isinstance(with_fork_answer(answered, NOON + 90 * DAY), CopyMemory)
    told = told_to_copy(with_resolution(answered, "second_site", NOON + DAY, ephemeral=False), "tok_5")
    assert told is not None
    assert told.code is RefusalCode.COPY_SEPARATED
    restored = with_resolution(answered, "restored", NOON + DAY, ephemeral=False)
    assert (told_to_copy(restored, "tok_5"), restored.copies) == (None, ())
    assert is_newest("tok_5", "", "req_7", ()), "no token is the newest any more"
    assert epoch_restored(1, NOON) == NOON
