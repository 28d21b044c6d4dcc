"""Codes at a site: nothing before one, no other while one is in force, a successor that takes over alone (M9, M10)."""

import msgspec

from tenure.core.activation_codes import from_random
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, Phase
from tenure.sdk.outcomes import ActivationGranted, Rejected
from tenure.site.store import devices
from tests.site.site_env import FEATURES, FakeComputer, SiteEnv

HOUR = 3_600


def test_m09_nothing_licensed_works_before_the_code_and_everything_after_it(here: SiteEnv) -> None:
    house = here.site()
    assert house.look().standing.phase is Phase.PENDING
    assert house.look().standing.features == ()
    house.activate(here.order()[1])
    assert frozenset(house.look().standing.features) == FEATURES
    assert "phase_changed" in house.events()


def test_m09_a_mistyped_code_is_refused_before_anything_is_sent(here: SiteEnv) -> None:
    house = here.site()
    refused = house.license.activate("7K3MN-PQRST-VWXYZ-01235")
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.CODE_MALFORMED
    assert house.cable.sent == []


def test_m10_another_code_is_refused_with_the_date_and_without_asking_the_server(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    sent = len(house.cable.sent)
    refused = house.license.activate(here.order()[1])
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE
    assert refused.when == here.time.now + 365 * DAY
    assert len(house.cable.sent) == sent


def test_m10_once_the_server_does_not_know_the_site_it_judges_another_code(here: SiteEnv) -> None:
    house = here.site()
    house.activate(here.order()[1])
    code, holder = here.order()[1], house.license.keeper.holder
    refused = house.license.would_apply(code)
    assert refused is not None
    assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE
    assert holder.save_state(msgspec.structs.replace(holder.kept, key_wanted=True)) is None
    assert house.license.would_apply(code) is None
    asked = house.license.activate(code)
    assert isinstance(asked, Rejected)
    assert asked.code is RefusalCode.SUBSCRIPTION_IN_FORCE, "this server knows it: the word was another's"
    assert house.license.remove() is not None, "and what is in force stays"


def test_m10_the_same_code_again_changes_nothing(here: SiteEnv) -> None:
    house = here.site()
    _, code = here.order()
    house.activate(code)
    before = house.look().kept.present.site
    house.activate(code)
    assert house.look().kept.present.site == before


def test_a_code_that_belongs_to_nothing_is_refused_signed(here: SiteEnv) -> None:
    refused = here.site().license.activate(from_random(bytes([7] * 19)).reveal())
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.CODE_UNKNOWN
    assert refused.conclusive


def test_m13_an_earlier_version_is_refused_with_the_one_that_is_needed(here: SiteEnv) -> None:
    refused = here.site(version="12.9").license.activate(here.order("next")[1])
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.VERSION_TOO_OLD
    assert "13.0" in refused.detail


def test_m13_a_device_below_the_floor_gets_base_features_and_is_told_why(here: SiteEnv) -> None:
    house = here.site(version="13.0")
    house.activate(here.order("next")[1])
    agent = house.agent(version="12.9")
    refused = agent.enroll(house.ticket())
    assert refused is not None
    assert refused.code is RefusalCode.VERSION_TOO_OLD, "seats go to compatible devices"
    by_hand = msgspec.structs.replace(house.devices()[0], assigned=1)
    house.site.store.write(lambda conn: devices.save_device(conn, by_hand)).result()
    assert agent.refresh() is None
    assert agent.on == {"read"}
    assert agent.standing.refusal.code is RefusalCode.VERSION_TOO_OLD


def test_the_lease_names_the_site_its_device_port_and_its_hardware(here: SiteEnv) -> None:
    house = here.site(hands=FakeComputer(here.time, hardware={"machine": "m-1", "board": "b-1"}))
    house.activate(here.order()[1])
    lease = house.look().lease_terms
    assert lease is not None
    assert lease.device_port == house.site.pin
    assert lease.cnf.jwk["x"] == house.license.keeper.holder.reader.jwk["x"]


def test_an_activation_whose_answer_was_lost_is_repeated_after_a_restart(here: SiteEnv) -> None:
    house = here.site()
    _, code = here.order()
    house.cable.loses_answer = True
    assert isinstance(house.license.activate(code), Rejected)
    house.cable.loses_answer = False
    here.wait(3_600)
    house.restart()
    house.watch.tick()
    assert frozenset(house.look().standing.features) == FEATURES
    activations = {request.body for request in house.cable.sent if request.path == "/v1/activate"}
    assert len(activations) == 1


class TestSuccessor:
    def test_it_takes_over_without_a_server_and_its_devices_follow(self, here: SiteEnv) -> None:
        house = here.site()
        old, first = here.order()
        new, second = here.order("later")
        house.activate(first)
        staged = house.license.activate(second, "successor")
        assert isinstance(staged, ActivationGranted)
        agent = house.agent()
        agent.enroll(house.ticket())
        lease = house.look().lease_terms
        assert lease is not None
        turn = lease.spans[0].until
        assert turn is not None
        assert staged.begins == turn
        here.time.now = turn - 2 * DAY
        house.sync()
        assert agent.refresh() is None
        here.server_up = False
        here.time.now = turn - 1
        assert house.look().lease_terms.subscription == old  # type: ignore[union-attr]
        here.wait(1)
        assert house.look().lease_terms.subscription == new  # type: ignore[union-attr]
        assert house.look().standing.phase is Phase.ACTIVE
        assert agent.refresh() is None
        assert (agent.standing.phase, agent.on) == (Phase.ACTIVE, FEATURES)
        assert house.agent("fresh").enroll(house.ticket()) is None

    def test_every_device_keeps_its_functions_although_nobody_is_asked_at_the_switch(self, here: SiteEnv) -> None:
        """More of them than a site that nobody knows would be granted at once."""
        house = here.site()
        house.activate(here.order(devices=30)[1])
        house.sync()
        agents = [house.agent(f"d{number}") for number in range(18)]
        for agent in agents[:9]:
            assert agent.enroll(house.ticket()) is None
        house.activate(here.order("later", devices=30)[1], "successor")
        for agent in agents[9:]:
            assert agent.enroll(house.ticket()) is None
            here.wait(HOUR)
            house.sync("edge")
        lease = house.look().lease_terms
        assert lease is not None and lease.spans[0].until is not None
        turn = lease.spans[0].until
        here.time.now = turn - 2 * DAY
        house.sync()
        for agent in agents:
            assert agent.refresh() is None
        here.server_up = False
        here.time.now = turn + 1
        house.watch.tick()
        for agent in agents:
            assert agent.refresh() is None
            assert agent.on == FEATURES
        assert house.allotment >= len(agents)

    def test_a_successor_that_the_provider_took_away_is_taken_away_here_too(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        new, second = here.order("later")
        house.activate(second, "successor")
        here.wait(HOUR)
        house.sync()
        site = here.get(f"/v1/subscriptions/{new}")["sites"][0]["id"]
        here.post(f"/v1/subscriptions/{new}/release-site", {"site": site})
        assert house.license.staged_subscription()
        here.wait(HOUR)
        house.sync()
        assert house.license.staged_subscription() == ""

    def test_without_a_present_subscription_there_is_nothing_to_follow(self, here: SiteEnv) -> None:
        refused = here.site().license.activate(here.order("later")[1], "successor")
        assert isinstance(refused, Rejected)


class TestRemoving:
    def test_what_is_in_force_stays(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        refused = house.license.remove()
        assert refused is not None
        assert refused.code is RefusalCode.SUBSCRIPTION_IN_FORCE

    def test_what_is_over_can_be_removed_and_another_code_applied(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order()[1])
        here.wait(385 * DAY)
        house.sync()
        assert house.license.remove() is None
        assert house.look().lease is None
        assert house.license.keeper.next_contact_at() is None
        house.activate(here.order()[1])
        assert frozenset(house.look().standing.features) == FEATURES
