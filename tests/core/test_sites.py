"""Sites that activate, change the code, keep a successor ready, leave or are lost
([spec: another-code, successor, lost-site]; M9, M10, M13, B7, B9)."""

from typing import Any

import msgspec
import pytest

from tenure.core.business import commands as c
from tenure.core.business.decide.installations import take_over
from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription import facts as f
from tenure.core.subscription.allotment import SiteShare
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription, evolve
from tenure.core.subscription.terms import CodeRef, RenewalIntent, SubscriptionKind, TermStart
from tenure.core.timeline import DAY, Instant, Phase, span_at
from tests.core.situations import (
    PRICE,
    accepted,
    automatic,
    cancel,
    days_after,
    funded,
    limited,
    outside,
    refunding,
    refusal,
    unlimited,
    waiting,
    word,
)
from tests.core.world import World, activation, day, terms

RENEW = c.Renew(by="operator")


def with_second(world: World, *, at_once: bool = False) -> World:
    """Site 1 uses the first subscription; three weeks later a second one is paid for and waits for its activation."""
    accepted(world.activate())
    world.wait(days=21)
    world.top_up(PRICE)
    accepted(world.order("sub_2", of=terms(start=TermStart.AT_ORDER if at_once else TermStart.AT_FIRST_ACTIVATION)))
    return world


def other_code(world: World, site: str = "site_1") -> object:
    """The site that uses the first subscription applies the code of the second."""
    return world.activate(site, "sub_2", present=world.sub())


def stage(world: World, site: str = "site_1", **changed: object) -> object:
    command = c.StageSuccessor(
        by=site,
        site=site,
        key=f"key of {site}",
        code="code of sub_2",
        product="editor",
        version="12.0",
        name=site,
        allotment=5,
    )
    return world.do(msgspec.structs.replace(command, **changed), "sub_2", present=world.sub())


def book(world: World, site: str = "") -> bool:
    """Whoever looks first books a takeover that is due; whether there was one."""
    done = take_over(world.sub("sub_2"), world.sub(), c.DecisionContext(rules=world.rules), world.now, site)
    for name, fact in [] if done is None else [*(("sub_2", fact) for fact in done.facts), *done.others]:
        item = world.items[name]
        world.items[name] = msgspec.structs.replace(item, sub=evolve(item.sub, fact))
        world.facts.append((name, fact))
    return done is not None


# Activating


def test_m09_the_code_makes_the_site_a_holder() -> None:
    world = limited()
    accepted(world.activate())
    site = world.sub().find_site("site_1")
    assert (site.is_active, site.code, site.allotment) == (True, "code of sub_1", 5)


def test_the_same_code_again_is_idempotent() -> None:
    world = limited()
    accepted(world.activate())
    assert accepted(world.activate()).decision.facts == ()
    world.until(day("2028-01-01"))
    assert accepted(world.activate()).decision.facts == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"product": "viewer"}, RefusalCode.CODE_NOT_FOR_PRODUCT),
        ({"code": "code of sub_9"}, RefusalCode.CODE_UNKNOWN),
        ({"version": "9.9"}, RefusalCode.VERSION_TOO_OLD),
        ({"version": "new"}, RefusalCode.VERSION_UNREADABLE),
    ],
)
def test_a_code_that_does_not_fit_is_refused_with_the_reason(changed: dict[str, object], code: RefusalCode) -> None:
    assert refusal(limited().do(activation(**changed))) is code


def test_m13_an_earlier_version_is_told_which_one_is_needed() -> None:
    answer = limited().do(activation(version="9.9"))
    assert isinstance(answer, Refused)
    assert (answer.code, "10.0 or later" in answer.detail) == (RefusalCode.VERSION_TOO_OLD, True)


def test_m13_the_lowest_version_is_pinned_for_the_running_period() -> None:
    world = unlimited(3)
    accepted(world.activate())
    item = world.items["sub_1"]
    raised = msgspec.structs.replace(
        item.book, versions=(*item.book.versions, (day("2026-01-10"), world.rules, "11.0"))
    )
    world.items["sub_1"] = msgspec.structs.replace(item, book=raised)
    world.until(day("2026-01-15"))
    assert (world.sub().periods[-1].min_version, world.sub().find_site("site_1").floor) == ("10.0", "10.0")
    assert refusal(world.do(activation("site_2", version="10.5"))) is RefusalCode.VERSION_TOO_OLD
    world.until(day("2026-02-01"))
    assert world.sub().periods[-1].min_version == "11.0"


def test_a_subscription_has_so_many_sites() -> None:
    world = limited(of=terms(max_sites=2))
    for site in ("site_1", "site_2"):
        accepted(world.activate(site))
    assert refusal(world.activate("site_3")) is RefusalCode.SITE_LIMIT
    accepted(world.do(c.LeaveSite(by="site_1", site="site_1")))
    accepted(world.activate("site_3"))


def test_what_is_held_is_not_activated() -> None:
    world = limited()
    accepted(world.do(c.PlaceHold(by="operator", reason="unpaid bill")))
    answer = world.activate()
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.SUBSCRIPTION_PAUSED, "unpaid bill")


def test_what_is_over_is_not_activated_and_says_since_when() -> None:
    world = limited()
    world.until(day("2027-02-01"))
    answer = world.activate()
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.SUBSCRIPTION_ENDED, "It ended on 2027-01-15T00:00:00Z.")
    world = limited()
    accepted(cancel(world, at_once=True))
    assert refusal(world.activate()) is RefusalCode.SUBSCRIPTION_CANCELED


def test_in_grace_a_site_may_still_join() -> None:
    world = limited()
    world.until(day("2027-01-05"))
    accepted(world.activate())


def test_an_unlimited_one_that_ran_dry_is_revived_by_activating_only_with_money() -> None:
    world = unlimited(1)
    world.until(day("2026-04-15"))
    answer = world.activate()
    assert isinstance(answer, Refused)
    assert (answer.code, answer.detail) == (RefusalCode.INSUFFICIENT_BALANCE, "120.00 EUR are missing.")
    world.top_up(PRICE)
    accepted(world.activate())
    assert (world.phase(), world.account.balance) == (Phase.ACTIVE, 0)


# Another code (M10)

PAUSE = c.PlaceHold(by="operator", reason="unpaid bill")


def _at_end(world: World) -> None:
    world.until(day("2027-01-01"))


def _in_grace(world: World) -> None:
    world.until(day("2027-01-05"))


def _ended(world: World) -> None:
    world.until(day("2027-01-15"))
    assert world.phase() is Phase.ENDED


def _canceled(world: World) -> None:
    accepted(cancel(world))


def _canceled_now(world: World) -> None:
    accepted(cancel(world, at_once=True))


def _blocked(world: World) -> None:
    accepted(world.do(c.BlockCode(by="operator", code="code of sub_1", fraud=True)))


@pytest.mark.parametrize("after", [_at_end, _in_grace, _ended, _canceled, _canceled_now, _blocked])
def test_m10_another_code_is_accepted_once_the_paid_period_is_over_or_it_is_canceled(after: object) -> None:
    world = with_second(limited())
    after(world)  # type: ignore[operator]
    accepted(other_code(world))
    assert not world.sub().sites_holding
    assert [site.id for site in world.sub("sub_2").sites_holding] == ["site_1"]


def _nothing(world: World) -> None:
    assert world.phase() is Phase.ACTIVE


def _last_second(world: World) -> None:
    world.until(day("2027-01-01") - 1)


def _paused(world: World) -> None:
    accepted(world.do(PAUSE))


def _undone(world: World) -> None:
    _canceled(world)
    accepted(world.do(c.UndoCancellation(by="operator")))


def _block_announced(world: World) -> None:
    accepted(world.do(c.BlockCode(by="operator", code="code of sub_1")))


@pytest.mark.parametrize("after", [_nothing, _last_second, _paused, _undone, _block_announced])
def test_m10_another_code_is_refused_while_the_present_one_is_in_force(after: object) -> None:
    world = with_second(limited())
    after(world)  # type: ignore[operator]
    answer = other_code(world)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.when) == (RefusalCode.SUBSCRIPTION_IN_FORCE, day("2027-01-01"))
    assert "2027-01-01" in answer.detail
    assert world.phase("sub_2") is Phase.PENDING


def test_m10_a_stopped_clock_keeps_the_present_one_in_force() -> None:
    world = with_second(limited(stop_clock=True))
    accepted(world.do(PAUSE))
    world.until(day("2028-01-01") - 60 * DAY)
    accepted(world.order("sub_3", of=terms(devices=1), trial=True))
    answer = world.activate("site_1", "sub_3", present=world.sub())
    assert refusal(answer) is RefusalCode.SUBSCRIPTION_IN_FORCE


def test_m10_a_trial_in_force_is_in_force() -> None:
    world = funded()
    accepted(world.order(trial=True))
    accepted(world.activate())
    accepted(world.order("sub_2"))
    assert refusal(other_code(world)) is RefusalCode.SUBSCRIPTION_IN_FORCE


def test_m10_undoing_stays_allowed_but_the_site_returns_only_under_the_same_rule() -> None:
    world = with_second(limited())
    accepted(cancel(world))
    accepted(other_code(world))
    accepted(world.do(c.UndoCancellation(by="operator")))
    back = world.activate("site_1", "sub_1", present=world.sub("sub_2"))
    assert refusal(back) is RefusalCode.SUBSCRIPTION_IN_FORCE
    accepted(cancel(world, "sub_2"))
    accepted(world.activate("site_1", "sub_1", present=world.sub("sub_2")))


def test_a_subscription_left_by_its_last_site_buys_nothing_more_in_grace() -> None:
    world = unlimited(1)
    accepted(world.activate())
    accepted(world.order("sub_2", of=terms(devices=1), trial=True))
    world.until(day("2026-02-03"))
    accepted(other_code(world))
    world.top_up(PRICE)
    assert (world.phase(), world.account.balance) == (Phase.GRACE, PRICE)


# A successor kept ready


def test_a_staged_successor_starts_nothing() -> None:
    world = with_second(limited())
    accepted(stage(world))
    assert world.phase("sub_2") is Phase.PENDING
    assert world.sub("sub_2").find_site("site_1").is_staged
    assert accepted(stage(world)).decision.facts == ()


def test_staging_counts_as_activation_for_the_365_days() -> None:
    world = with_second(limited(PRICE))
    accepted(stage(world))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    world.until(day("2027-06-01"))
    assert world.phase("sub_2") is Phase.PENDING


def test_it_takes_over_at_the_last_paid_end_before_the_grace() -> None:
    world = with_second(limited())
    accepted(stage(world))
    world.until(day("2027-01-01") - 1)
    assert not book(world)
    world.wait(days=9)
    assert book(world)
    started = world.last(f.SuccessorStarted, "sub_2")
    assert (started.at, started.recorded_at) == (day("2027-01-01"), world.now)
    assert world.sub("sub_2").periods[0].since == day("2027-01-01")
    assert not world.sub().sites_holding
    assert not book(world)


def test_a_renewal_recorded_before_leaves_it_staged_and_unconsumed() -> None:
    world = with_second(limited(PRICE))
    accepted(stage(world))
    world.until(day("2026-12-20"))
    accepted(world.do(RENEW))
    world.until(day("2027-01-02"))
    assert not book(world)
    assert world.sub("sub_2").periods == ()
    world.until(day("2028-01-01"))
    assert book(world)


def test_a_reserve_counts_as_the_renewal_it_will_be() -> None:
    world = with_second(automatic())
    accepted(stage(world))
    world.until(day("2027-01-02"))
    assert not book(world)


def test_at_takeover_the_old_ones_automatic_payment_stops() -> None:
    world = unlimited(1)
    world = with_second(world)
    accepted(stage(world))
    world.until(day("2026-02-01"))
    assert book(world)
    world.top_up(PRICE)
    world.until(day("2026-02-10"))
    assert world.account.balance == PRICE
    assert world.phase("sub_2") is Phase.ACTIVE


@pytest.mark.parametrize(("at_once", "moment"), [(False, "2027-01-01"), (True, "2026-03-01")])
def test_it_takes_over_where_a_cancellation_ends_the_present_one(at_once: bool, moment: str) -> None:
    world = with_second(limited())
    accepted(stage(world))
    world.until(day("2026-03-01"))
    accepted(cancel(world, at_once=at_once))
    world.until(day(moment))
    assert book(world)
    assert world.last(f.SuccessorStarted, "sub_2").at == day(moment)


def test_canceled_in_grace_it_takes_over_from_the_paid_end() -> None:
    world = with_second(limited())
    world.until(day("2027-01-05"))
    accepted(cancel(world))
    accepted(stage(world))
    assert book(world)
    assert world.last(f.SuccessorStarted, "sub_2").at == day("2027-01-05")


def test_while_the_present_ones_clock_stands_still_nothing_takes_over() -> None:
    world = with_second(limited(stop_clock=True))
    accepted(stage(world))
    accepted(world.do(PAUSE))
    world.until(day("2027-03-01"))
    assert not book(world)
    accepted(world.do(c.ReleaseHold(by="operator")))
    world.until(days_after("2027-01-01", 424))
    assert book(world)


def test_a_successor_that_has_ended_itself_takes_nothing_over() -> None:
    world = with_second(limited())
    accepted(stage(world))
    accepted(cancel(world, "sub_2"))
    world.until(day("2027-01-01"))
    assert not book(world)
    assert world.phase() is Phase.GRACE
    assert [site.id for site in world.sub().sites_holding] == ["site_1"]


def test_a_successor_whose_term_runs_already_keeps_its_own_term() -> None:
    world = limited()
    accepted(world.activate())
    world.until(day("2026-12-01"))
    world.top_up(PRICE)
    accepted(world.order("sub_2"))
    accepted(stage(world))
    world.until(day("2027-01-01"))
    assert book(world)
    assert world.sub("sub_2").paid_until == day("2027-12-01")


def test_several_sites_move_one_by_one() -> None:
    world = with_second(limited())
    accepted(world.activate("site_2"))
    accepted(stage(world, "site_1"))
    accepted(stage(world, "site_2"))
    world.until(day("2027-01-01"))
    assert book(world, "site_2")
    assert [site.id for site in world.sub().sites_holding] == ["site_1"]
    assert book(world, "site_1")
    assert not world.sub().sites_holding
    assert world.sub("sub_2").periods[0].since == day("2027-01-01")


def test_once_started_it_is_never_staged_again() -> None:
    world = with_second(limited())
    accepted(stage(world))
    world.until(day("2027-01-01"))
    assert book(world)
    assert refusal(stage(world, "site_2")) is RefusalCode.SUCCESSOR_USED


def test_what_a_site_already_uses_is_no_successor() -> None:
    world = with_second(limited())
    accepted(world.activate("site_2", "sub_2"))
    assert refusal(stage(world)) is RefusalCode.SUCCESSOR_USED


@pytest.mark.parametrize("at_once", [False, True])
def test_dropped_it_can_be_staged_again_and_applied_elsewhere(at_once: bool) -> None:
    world = with_second(limited(), at_once=at_once)
    for drop in (c.DropSuccessor(by="admin", site="site_1"), c.LeaveSite(by="admin", site="site_1")):
        accepted(stage(world))
        accepted(world.do(drop, "sub_2"))
        assert world.last(f.SuccessorDropped, "sub_2")
    assert refusal(world.do(c.DropSuccessor(by="admin", site="site_1"), "sub_2")) is RefusalCode.NO_SUCCESSOR
    accepted(world.activate("site_2", "sub_2"))


def test_dropped_after_the_365_days_it_has_lapsed_and_is_refunded_from_then() -> None:
    world = with_second(limited(PRICE, **refunding()))
    accepted(stage(world))
    world.until(day("2026-12-01"))
    accepted(world.do(RENEW))
    world.until(day("2027-06-01"))
    accepted(world.do(c.DropSuccessor(by="admin", site="site_1"), "sub_2"))
    world.settle()
    assert world.phase("sub_2") is Phase.ENDED
    assert world.last(f.Refunded, "sub_2").at == day("2027-06-01")
    assert world.account.balance == PRICE


def test_a_staged_successor_can_be_applied_as_a_code() -> None:
    world = with_second(limited())
    accepted(stage(world))
    accepted(cancel(world))
    accepted(other_code(world))
    assert world.sub("sub_2").find_site("site_1").is_active
    assert world.phase("sub_2") is Phase.ACTIVE


def test_staging_checks_like_an_activation() -> None:
    world = with_second(limited())
    assert refusal(stage(world, version="9.9")) is RefusalCode.VERSION_TOO_OLD
    assert refusal(stage(world, product="viewer")) is RefusalCode.CODE_NOT_FOR_PRODUCT
    assert refusal(stage(world, code="code of sub_1")) is RefusalCode.CODE_UNKNOWN
    accepted(cancel(world, "sub_2"))
    assert refusal(stage(world)) is RefusalCode.SUBSCRIPTION_CANCELED


def test_staging_needs_a_subscription_in_use() -> None:
    world = limited()
    accepted(world.activate())
    world.top_up(PRICE)
    accepted(world.order("sub_2"))
    command = c.StageSuccessor(
        by="x", site="site_9", key="key", code="code of sub_2", product="editor", version="12.0", name="x"
    )
    assert refusal(world.do(command, "sub_2")) is RefusalCode.NO_SUCCESSOR


def test_staged_sites_count_towards_the_limit_of_sites() -> None:
    world = limited()
    for site in ("site_1", "site_2", "site_3"):
        accepted(world.activate(site))
    world.top_up(PRICE)
    accepted(world.order("sub_2", of=terms(max_sites=2)))
    accepted(stage(world, "site_1"))
    accepted(stage(world, "site_2"))
    assert refusal(stage(world, "site_3")) is RefusalCode.SITE_LIMIT
    assert refusal(world.activate("site_4", "sub_2")) is RefusalCode.SITE_LIMIT


def test_what_a_staged_lease_may_have_served_is_not_refunded() -> None:
    """Canceled while a site holds its lease for 30 days from the takeover on: those days were given."""
    world = with_second(limited())
    accepted(stage(world))
    world.hear("sub_2", word(days_after("2027-01-01", 30)))
    world.until(day("2026-12-20"))
    accepted(cancel(world, "sub_2"))
    world.until(day("2027-02-15"))
    assert world.account.balance == PRICE - PRICE * 30 // 365


def test_a_lease_returned_in_time_has_served_nothing() -> None:
    world = with_second(limited())
    accepted(stage(world))
    world.until(day("2026-12-20"))
    world.hear("sub_2", word(days_after("2027-01-01", 30)))
    accepted(cancel(world, "sub_2"))
    told = world.sub("sub_2").revision
    world.hear("sub_2", word(days_after("2027-01-01", 30), (told, day("2026-12-25"))))
    world.until(day("2026-12-26"))
    assert world.account.balance == PRICE


# Leaving, forks, loss


def test_a_site_that_left_may_come_back() -> None:
    world = limited()
    accepted(world.activate())
    accepted(world.do(c.LeaveSite(by="admin", site="site_1")))
    assert refusal(world.do(c.LeaveSite(by="admin", site="site_1"))) is RefusalCode.SITE_UNKNOWN
    assert refusal(world.do(c.LeaveSite(by="admin", site="site_9"))) is RefusalCode.SITE_UNKNOWN
    accepted(world.activate())


def test_b07_a_lost_sites_allotment_goes_to_the_heir_and_the_rest_is_declared() -> None:
    world = limited()
    accepted(world.activate("site_1"))
    accepted(world.activate("site_2"))
    world.hear("sub_1", word(day("2026-01-31")), word(day("2026-02-15"), site="site_2"))
    accepted(world.do(c.DeclareSiteLost(by="operator", site="site_1", recipient="site_2")))
    fact = world.last(f.SiteDeclaredLost)
    assert (fact.allotment, fact.excess_until) == (5, day("2026-01-31"))
    assert world.sub().find_site("site_2").allotment == 10


def test_a_lost_sites_key_is_refused_for_good() -> None:
    world = limited()
    accepted(world.activate())
    accepted(world.do(c.DeclareSiteLost(by="operator", site="site_1")))
    assert refusal(world.activate()) is RefusalCode.SITE_LOST
    assert refusal(world.do(c.DeclareSiteLost(by="operator", site="site_1"))) is RefusalCode.SITE_UNKNOWN
    accepted(world.do(activation("site_1b")))


@pytest.mark.parametrize("heir", ["site_1", "site_9", "site_3"])
def test_the_heir_is_another_site_that_holds_it(heir: str) -> None:
    world = limited()
    accepted(world.activate("site_1"))
    accepted(world.activate("site_3"))
    accepted(world.do(c.LeaveSite(by="admin", site="site_3")))
    assert (
        refusal(world.do(c.DeclareSiteLost(by="operator", site="site_1", recipient=heir))) is RefusalCode.SITE_UNKNOWN
    )


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SITE])
def test_only_the_provider_declares_a_site_lost(role: Role) -> None:
    asked = c.DeclareSiteLost(by="customer", role=role, site="site_1")
    assert refusal(limited().do(asked)) is RefusalCode.ACTION_NOT_PERMITTED


def held(until: Instant, **more: Any) -> SiteShare:
    """What site_1 holds of the pool; its word ends at `until`."""
    return SiteShare(site="site_1", signed=5, held=5, in_use=4, word_until=until, **more)


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.CUSTOMER])
def test_b07_provider_or_administrator_agrees_that_a_silent_site_is_waited_for_no_longer(role: Role) -> None:
    world = limited()
    accepted(world.activate())
    ask = c.FreeAllotment(by="ana", role=role, site="site_1")
    accepted(world.do(ask, parts=(held(world.now),)))
    assert world.last(f.AllotmentFreed).allotment == 5
    assert world.sub().find_site("site_1").allotment == 0
    assert world.sub().find_site("site_1").is_active, "it may come back, and gets what is free then"


def test_nobodys_devices_are_given_away_before_what_was_promised_is_over() -> None:
    world = limited()
    accepted(world.activate())
    ask = c.FreeAllotment(by="ana", site="site_1")
    refused = world.do(ask, parts=(held(world.now + 1),))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.when) == (RefusalCode.STILL_PROMISED, world.now + 1)


def test_nothing_is_given_away_twice_or_of_nobody() -> None:
    world = limited()
    accepted(world.activate())
    ask = c.FreeAllotment(by="ana", site="site_1")
    assert refusal(world.do(ask)) is RefusalCode.NOTHING_TO_CHANGE
    assert refusal(world.do(ask, parts=(held(world.now, agreed=True),))) is RefusalCode.NOTHING_TO_CHANGE
    assert refusal(world.do(c.FreeAllotment(by="ana", site="site_9"))) is RefusalCode.SITE_UNKNOWN
    accepted(world.do(c.LeaveSite(by="admin", site="site_1")))
    assert refusal(world.do(ask, parts=(held(world.now),))) is RefusalCode.SITE_UNKNOWN


def forked() -> World:
    world = limited()
    accepted(world.activate())
    found = f.ForkFound(at=world.now, recorded_at=world.now, by="server", site="site_1", evidence="serial 4")
    item = world.items["sub_1"]
    world.items["sub_1"] = msgspec.structs.replace(item, sub=evolve(item.sub, found))
    return world


@pytest.mark.parametrize(("resolution", "holds"), [("restored", True), ("second_site", True), ("retired", True)])
def test_b09_a_fork_is_resolved_by_saying_what_the_copies_are(resolution: str, holds: bool) -> None:
    world = forked()
    accepted(world.do(c.ResolveFork(by="admin", site="site_1", resolution=resolution)))
    site = world.sub().find_site("site_1")
    assert (site.forked_at, site.is_active) == (None, holds)


def test_b09_only_an_open_fork_is_resolved() -> None:
    world = forked()
    assert refusal(world.do(c.ResolveFork(by="a", site="site_1", resolution="new"))) is RefusalCode.FIELD_INVALID
    assert refusal(world.do(c.ResolveFork(by="a", site="site_9", resolution="restored"))) is RefusalCode.SITE_UNKNOWN
    accepted(world.do(c.ResolveFork(by="a", site="site_1", resolution="restored")))
    assert (
        refusal(world.do(c.ResolveFork(by="a", site="site_1", resolution="restored"))) is RefusalCode.NOTHING_TO_CHANGE
    )


def test_b09_the_customers_side_says_restored_twice_in_a_year_and_then_it_takes_the_provider() -> None:
    world = forked()
    restored = c.ResolveFork(by="site_1", role=Role.SITE, site="site_1", resolution="restored")
    for _ in range(2):
        accepted(world.do(restored))
        world.now += DAY
        found = f.ForkFound(at=world.now, recorded_at=world.now, by="server", site="site_1")
        item = world.items["sub_1"]
        world.items["sub_1"] = msgspec.structs.replace(item, sub=evolve(item.sub, found))
    said = world.do(restored)
    assert refusal(said) is RefusalCode.RESTORED_TOO_OFTEN
    assert said.when == world.now - 2 * DAY + 365 * DAY
    accepted(world.do(msgspec.structs.replace(restored, resolution="retired")))
    item = world.items["sub_1"]
    world.items["sub_1"] = msgspec.structs.replace(item, sub=evolve(item.sub, found))
    accepted(world.do(c.ResolveFork(by="desk", site="site_1", resolution="restored")))


# What a site is shown


def site_at(sub: Subscription, moment: Instant) -> tuple[Phase, int]:
    span = span_at(timeline(sub, sub.find_site("site_1")), moment)
    return span.phase, span.limit


def test_a_site_is_shown_its_own_allotment() -> None:
    world = limited()
    accepted(world.activate())
    assert site_at(world.sub(), world.now) == (Phase.ACTIVE, 5)
    assert site_at(world.sub(), day("2027-02-01")) == (Phase.ENDED, 0)


def test_an_external_one_that_is_paid_can_be_activated() -> None:
    world = outside(start=TermStart.AT_FIRST_ACTIVATION)
    assert refusal(world.activate()) is RefusalCode.AWAITING_PAYMENT
    accepted(world.do(c.ConfirmPayment(by="operator", reference="bank", covers="order")))
    accepted(world.activate())


def test_a_reissued_code_of_an_unlimited_one_revives_it_at_a_new_site() -> None:
    world = unlimited(1, resume_days=1)
    world.until(day("2026-03-01"))
    accepted(world.do(c.ReissueCode(by="operator", code=CodeRef(id="second code", last_group="2"))))
    world.top_up(PRICE)
    accepted(world.do(activation("site_2", code="second code")))
    assert (world.sub().intent, world.sub().kind, world.phase()) == (
        RenewalIntent.AUTO,
        SubscriptionKind.UNLIMITED,
        Phase.ACTIVE,
    )
    assert world.sub().periods[-1].until - world.sub().periods[-1].since == 28 * DAY


def test_activated_waiting_ones_begin_with_the_rules_of_that_day() -> None:
    world = waiting()
    item = world.items["sub_1"]
    later = msgspec.structs.replace(world.rules, grace_days=3)
    book_of_two = msgspec.structs.replace(item.book, versions=(*item.book.versions, (day("2026-02-01"), later, "10.0")))
    world.items["sub_1"] = msgspec.structs.replace(item, book=book_of_two)
    world.until(day("2026-03-01"))
    accepted(world.activate())
    assert world.sub().rules.grace_days == 3
