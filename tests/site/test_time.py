"""What was promised is kept to the second, with every server gone, and not a second longer (P1, P2; M5, B6, B15)."""

import pytest

from tenure.core.lease.standing import AMNESTY_MOST
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR, Phase, PhaseCause
from tenure.sdk.outcomes import Rejected, Synchronized
from tenure.wire.keys import Purpose
from tenure.wire.notices import SignedNotice, seal_notice
from tests.site.site_env import FEATURES, AgentProcess, SiteEnv, SiteProcess

BASE = frozenset({"read"})


@pytest.fixture
def agent(house: SiteProcess) -> AgentProcess:
    made = house.agent()
    assert made.enroll(house.ticket()) is None
    return made


def silence(house: SiteProcess) -> None:
    """Every server is gone: the vendor's, and for the device its site as well."""
    house.site_env.server_up = house.up = False


def features_of(house: SiteProcess) -> frozenset[str]:
    return frozenset(house.look().standing.features)


class TestAllServersGone:
    def test_m05_site_and_device_keep_what_was_promised_for_thirty_days_and_not_a_second_more(
        self, house: SiteProcess, agent: AgentProcess
    ) -> None:
        began = house.site_env.time.now
        lease = house.look().lease_terms
        assert lease is not None
        seat_until = house.devices()[0].seat_until
        silence(house)
        for day in range(31):
            house.watch.tick()
            agent.agent.keeper.tick()
            now = house.site_env.time.now
            assert features_of(house) == (FEATURES if now < lease.contact_until else BASE), day
            assert agent.on == (FEATURES if now < seat_until else BASE), day
            house.site_env.wait(DAY)
        assert seat_until - began == 14 * DAY
        assert lease.contact_until - lease.iat == 30 * DAY

    def test_the_seats_last_second_and_the_one_after(self, house: SiteProcess, agent: AgentProcess) -> None:
        seat_until = house.devices()[0].seat_until
        silence(house)
        house.site_env.time.now = seat_until - 1
        assert agent.on == FEATURES
        house.site_env.wait(1)
        assert agent.on == BASE
        assert (agent.standing.phase, agent.standing.why) == (Phase.ENDED, PhaseCause.SYNC_OVERDUE)

    def test_what_ended_stays_ended_when_the_machine_is_switched_on_again_weeks_later(
        self, house: SiteProcess, agent: AgentProcess
    ) -> None:
        silence(house)
        house.site_env.time.now = house.devices()[0].seat_until - 1
        agent.agent.keeper.tick()
        assert agent.on == FEATURES
        house.site_env.wait(1)
        agent.agent.keeper.tick()
        agent.hands.restart()
        house.site_env.wait(20 * DAY)
        agent.restart()
        assert agent.on == BASE, "although its clock, so far ahead, has yet to be believed"

    def test_b06_silence_is_shown_as_its_own_cause_after_a_week(self, house: SiteProcess, agent: AgentProcess) -> None:
        silence(house)
        house.site_env.wait(7 * DAY - 1)
        assert house.look().standing.why is PhaseCause.PAID
        house.site_env.wait(1)
        for standing in (house.look().standing, agent.standing):
            assert (standing.phase, standing.why) == (Phase.GRACE, PhaseCause.SYNC_OVERDUE)
        assert agent.on == FEATURES

    def test_a_restart_of_the_device_gives_nothing_back(self, house: SiteProcess, agent: AgentProcess) -> None:
        silence(house)
        house.site_env.wait(14 * DAY)
        agent.agent.keeper.tick()
        assert agent.on == BASE
        agent.hands.restart()
        agent.restart()
        assert agent.on == BASE

    def test_a_clock_set_back_gives_nothing_back(self, house: SiteProcess, agent: AgentProcess) -> None:
        silence(house)
        house.site_env.wait(14 * DAY)
        agent.agent.keeper.tick()
        agent.hands.off = -13 * DAY
        agent.hands.restart()
        agent.restart()
        assert agent.on == BASE

    def test_everything_comes_back_by_itself_when_the_servers_do(self, house: SiteProcess, agent: AgentProcess) -> None:
        silence(house)
        house.site_env.wait(20 * DAY)
        house.watch.tick()
        agent.agent.keeper.tick()
        house.site_env.server_up = house.up = True
        house.site_env.wait(2 * HOUR)
        house.watch.tick()
        agent.agent.keeper.tick()
        assert agent.on == FEATURES
        assert house.look().standing.why is PhaseCause.PAID


class TestTheContract:
    def test_m05_m07_after_the_paid_year_comes_grace_with_its_cause_and_then_nothing_at_site_and_device(
        self, here: SiteEnv
    ) -> None:
        house = here.site()
        name, code = here.order()
        house.activate(code)
        agent = house.agent()
        agent.enroll(house.ticket())
        ends = [span.until for span in house.look().lease_terms.spans if span.until is not None]  # type: ignore[union-attr]
        paid, grace = ends
        here.time.now = paid - DAY
        house.sync()
        agent.refresh()
        silence(house)
        here.time.now = paid - 1
        assert (agent.standing.phase, agent.standing.why) == (Phase.ACTIVE, PhaseCause.PAID)
        here.wait(1)
        for standing in (house.look().standing, agent.standing):
            assert (standing.phase, standing.why) == (Phase.GRACE, PhaseCause.PAYMENT_ENDED)
        assert agent.on == FEATURES
        here.time.now = min(grace, house.devices()[0].seat_until) - 1
        assert agent.on == FEATURES
        here.wait(1)
        assert agent.on == BASE
        here.time.now = grace
        assert features_of(house) == BASE
        assert house.look().standing.why is PhaseCause.PAYMENT_ENDED
        here.server_up = house.up = True
        here.post(f"/v1/subscriptions/{name}/renew", {})
        here.wait(DAY)
        house.watch.tick()
        agent.agent.keeper.tick()
        assert agent.on == FEATURES, "a late renewal arrives without a touch"

    def test_m14_the_site_goes_on_asking_after_the_end(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        here.wait(385 * DAY)
        assert isinstance(house.sync(), Synchronized)
        due = house.license.keeper.next_contact_at()
        assert due is not None
        assert due <= here.time.now + DAY * 11 // 10

    def test_no_new_device_is_protected_after_the_end(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        here.wait(385 * DAY)
        house.sync()
        agent = house.agent()
        refused = agent.enroll(house.ticket())
        assert refused is not None
        assert refused.code is RefusalCode.SUBSCRIPTION_ENDED
        assert agent.on == frozenset()

    def test_b06_a_pause_leaves_the_base_features_and_says_who_can_end_it(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order()
        house.activate(code)
        agent = house.agent()
        agent.enroll(house.ticket())
        here.post(f"/v1/subscriptions/{name}/hold", {"reason": "invoice 17"})
        house.sync()
        agent.refresh()
        assert agent.on == BASE
        assert (agent.standing.phase, agent.standing.why, agent.standing.note) == (
            Phase.PAUSED,
            PhaseCause.HELD,
            "invoice 17",
        )
        here.post(f"/v1/subscriptions/{name}/release", {})
        house.sync()
        agent.refresh()
        assert agent.on == FEATURES


def amnesty(house: SiteProcess, since: int, until: int) -> bytes:
    keys = house.site_env.env.context.keys
    notice = SignedNotice(iss="https://license.test", jti="ntc_1", iat=until, kind="amnesty", since=since, until=until)
    return seal_notice(notice, keys.signer_for(Purpose.NOTICE, "editor", until))


class TestAmnesty:
    def test_b15_an_outage_of_the_vendor_moves_every_offline_end_at_site_and_device_but_not_the_contract(
        self, house: SiteProcess, agent: AgentProcess
    ) -> None:
        began = house.site_env.time.now
        lease = house.look().lease_terms
        assert lease is not None
        seat_until = house.devices()[0].seat_until
        silence(house)
        house.site_env.wait(10 * DAY)
        taken = house.license.take_notice(amnesty(house, began + DAY, began + 6 * DAY))
        assert isinstance(taken, SignedNotice)
        house.up = True
        assert agent.refresh() is None  # the site still signs; it passes the notice on
        seat_until = house.devices()[0].seat_until
        silence(house)
        house.site_env.time.now = seat_until + 5 * DAY - 1
        assert agent.on == FEATURES
        house.site_env.wait(1)
        assert agent.on == BASE
        house.site_env.time.now = lease.contact_until + 5 * DAY - 1
        assert features_of(house) == FEATURES
        house.site_env.wait(1)
        assert features_of(house) == BASE
        assert house.look().lease_terms.spans == lease.spans  # type: ignore[union-attr]

    def test_it_reaches_at_most_thirty_days(self, house: SiteProcess) -> None:
        began = house.site_env.time.now
        lease = house.look().lease_terms
        assert lease is not None
        silence(house)
        house.site_env.wait(DAY)
        house.license.take_notice(amnesty(house, began, began + 40 * DAY))
        house.site_env.time.now = lease.contact_until + AMNESTY_MOST - 1
        assert features_of(house) == FEATURES
        house.site_env.wait(1)
        assert features_of(house) == BASE

    def test_a_forged_one_moves_nothing(self, house: SiteProcess) -> None:
        token = amnesty(house, house.site_env.time.now, house.site_env.time.now + DAY)
        refused = house.license.take_notice(token[:-6] + b"AAAAAA")
        assert isinstance(refused, Rejected)
        assert refused.code in (RefusalCode.SIGNATURE_INVALID, RefusalCode.MESSAGE_MALFORMED)
        assert house.look().amnesties == ()

    def test_a_device_that_can_be_signed_no_seat_does_not_count(self, house: SiteProcess, agent: AgentProcess) -> None:
        began = house.site_env.time.now
        lease = house.look().lease_terms
        assert lease is not None
        house.license.take_notice(amnesty(house, began, began + 5 * DAY))
        house.site_env.server_up = False
        house.site_env.time.now = lease.contact_until + DAY
        assert features_of(house) == FEATURES
        newcomer = house.agent("new")
        refused = newcomer.enroll(house.ticket())
        assert refused is not None
        assert refused.code is RefusalCode.LEASE_OUTSIDE_WINDOW
        newcomer.refresh()
        assert house.counted == 1
        assert [device.counted for device in house.devices()] == [1, 0]

    def test_a_removed_device_counts_as_long_as_an_amnesty_keeps_its_seat(
        self, house: SiteProcess, agent: AgentProcess
    ) -> None:
        began = house.site_env.time.now
        seat_until = house.devices()[0].seat_until
        house.remove(house.devices()[0])
        house.license.take_notice(amnesty(house, began, began + 3 * DAY))
        house.site_env.time.now = seat_until
        house.watch.tick()
        assert house.counted == 1
        house.site_env.wait(3 * DAY)
        house.watch.tick()
        assert house.counted == 0
