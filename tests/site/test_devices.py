"""Devices at a site: who is protected, who is not, and how a place becomes free again
[spec: device-counting, enrollment]."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import msgspec
import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, HOUR
from tenure.site.store import devices, enrollments, events, pools
from tenure.site.store.devices import COMPARED_MOST, DeviceDecision, DeviceRow
from tenure.site.store.writer import Connection
from tests.site.site_env import FEATURES, AgentProcess, SiteEnv, SiteProcess


def code_of(refused: Refused | None) -> RefusalCode | None:
    return None if refused is None else refused.code


NUMBERS = count(100)


def enrolled(house: SiteProcess, many: int, ticket: str = "") -> list[AgentProcess]:
    ticket = ticket or house.ticket(uses=many)
    agents = [house.agent(f"desk-{next(NUMBERS)}") for _ in range(many)]
    assert [agent.enroll(ticket) for agent in agents] == [None] * many
    return agents


def truly_counted(house: SiteProcess) -> int:
    """Counted row by row, to hold against the number that claims go by."""
    rows = sum(device.counted for device in house.devices())
    assert rows == house.counted
    return rows


class TestTheLimit:
    def test_m01_devices_are_protected_up_to_the_limit_with_its_tolerance_and_refused_beyond(
        self, house: SiteProcess
    ) -> None:
        ticket = house.ticket(uses=20)
        enrolled(house, 10, ticket)
        house.watch.tick()  # asks for more, now that less than half of the margin is free
        last = house.agent("desk-10")
        assert last.enroll(ticket) is None
        house.watch.tick()
        beyond = house.agent("desk-11")
        assert code_of(beyond.enroll(ticket)) is RefusalCode.DEVICE_LIMIT_REACHED
        assert beyond.on == frozenset()
        assert last.on == FEATURES
        assert truly_counted(house) == 11
        assert "device_limit_reached" in house.events()

    def test_who_was_refused_gets_the_place_that_becomes_free(self, house: SiteProcess) -> None:
        agents = enrolled(house, 10)
        house.watch.tick()
        ticket = house.ticket(uses=2)
        enrolled(house, 1, ticket)
        waiting = house.agent("waiting")
        assert code_of(waiting.enroll(ticket)) is RefusalCode.DEVICE_LIMIT_REACHED
        assert agents[0].agent.keeper.release() is None
        waiting.house.site_env.wait(2 * HOUR)
        waiting.agent.keeper.tick()
        assert waiting.on == FEATURES
        assert truly_counted(house) == 11

    def test_the_site_asks_for_the_places_that_devices_wait_for(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order(devices=100)
        house.activate(code)
        first = house.allotment
        ticket = house.ticket(uses=30)
        enrolled(house, first, ticket)
        refused = [house.agent(f"more-{number}").enroll(ticket) for number in range(5)]
        assert {code_of(each) for each in refused} == {RefusalCode.DEVICE_LIMIT_REACHED}
        house.watch.tick()
        assert house.allotment >= first + 5 + 10
        site = here.get(f"/v1/subscriptions/{name}")["sites"][0]["id"]
        assert here.get(f"/v1/sites/{site}")["devices"] == first

    def test_the_last_place_is_given_once_to_sixteen_who_come_at_the_same_moment(self, here: SiteEnv) -> None:
        house = here.site()
        house.activate(here.order(devices=10)[1])
        ticket = house.ticket(uses=40)
        enrolled(house, house.allotment - 1, ticket)
        racers = [house.agent(f"racer-{number}") for number in range(16)]
        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(lambda agent: agent.enroll(ticket), racers))
        assert [code_of(each) for each in outcomes].count(None) == 1
        assert {code_of(each) for each in outcomes} == {None, RefusalCode.DEVICE_LIMIT_REACHED}
        assert truly_counted(house) == house.allotment

    def test_b07_two_sites_never_protect_more_than_the_limit_together(self, here: SiteEnv) -> None:
        _, code = here.order(devices=10)
        one, other = here.site("one"), here.site("other")
        one.activate(code)
        other.activate(code)
        for house in (one, other):
            ticket = house.ticket(uses=20)
            for number in range(12):
                house.agent(f"desk-{number}").enroll(ticket)
                here.wait(700)
                house.watch.tick()
        assert truly_counted(one) + truly_counted(other) == 11

    def test_protected_devices_stay_when_the_limit_falls_below_their_number(self, here: SiteEnv) -> None:
        house = here.site()
        name, code = here.order(devices=30)
        house.activate(code)
        agents = enrolled(house, 10)
        here.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 10, "at_once": True})
        house.sync()
        assert [agent.refresh() for agent in agents] == [None] * 10


class TestEnrollment:
    def test_a_token_for_one_device_is_good_for_one(self, house: SiteProcess) -> None:
        ticket = house.ticket()
        assert house.agent("one").enroll(ticket) is None
        second = house.agent("two")
        assert code_of(second.enroll(ticket)) is RefusalCode.NOT_AUTHENTICATED
        assert second.on == frozenset()

    def test_a_groups_token_has_a_count_and_an_end(self, house: SiteProcess) -> None:
        now = house.site_env.time.now
        ticket = house.ticket(uses=2, until=now + DAY, group="Bureau")
        assert house.agent("one").enroll(ticket) is None
        assert house.devices()[0].group == "Bureau"
        house.site_env.wait(DAY)
        assert code_of(house.agent("two").enroll(ticket)) is RefusalCode.NOT_AUTHENTICATED

    def test_a_withdrawn_token_enrolls_nobody(self, house: SiteProcess) -> None:
        ticket = house.ticket(uses=5)
        assert house.agent("one").enroll(ticket) is None
        (token,) = house.site.store.read(lambda conn: enrollments.page(conn, "", 10))
        assert house.site.store.write(lambda conn: enrollments.withdraw(conn, token.id)).result()
        assert code_of(house.agent("two").enroll(ticket)) is RefusalCode.NOT_AUTHENTICATED

    def test_before_the_code_nothing_is_protected_and_nothing_conclusive_is_said(self, here: SiteEnv) -> None:
        house, agent = here.site(), None
        agent = house.agent()
        refused = agent.enroll(house.ticket())
        assert refused is not None
        assert refused.code is RefusalCode.SITE_UNREACHABLE
        house.activate(here.order()[1])
        here.wait(HOUR)
        agent.agent.keeper.tick()
        assert agent.on == FEATURES

    def test_a_lost_answer_is_asked_for_again_and_costs_one_place(self, house: SiteProcess) -> None:
        agent = house.agent()
        agent.cable.loses_answer = True
        assert agent.enroll(house.ticket()) is not None
        agent.cable.loses_answer = False
        house.site_env.wait(HOUR)
        agent.restart()
        agent.agent.keeper.tick()
        assert agent.on == FEATURES
        assert truly_counted(house) == 1
        assert agent.cable.sent[0].body == agent.cable.sent[-1].body
        assert agent.refresh() is None

    def test_what_is_no_token_is_refused_before_anything_is_sent(self, house: SiteProcess) -> None:
        agent = house.agent()
        for text in ("", "hello", "x" * 5_000, house.ticket()[:-4]):
            assert code_of(agent.enroll(text)) is RefusalCode.FIELD_INVALID
        assert agent.cable.sent == []


class TestGivingBack:
    def test_a_receipt_frees_at_once(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        assert agent.agent.keeper.release() is None
        assert agent.on == frozenset()
        assert truly_counted(house) == 0
        assert agent.agent.keeper.next_contact_at() is None

    def test_without_a_receipt_a_removed_device_counts_until_its_seats_end(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        device = house.devices()[0]
        house.remove(device)
        house.site_env.wait(14 * DAY - 1)
        house.watch.tick()
        assert truly_counted(house) == 1
        assert agent.on == FEATURES
        house.site_env.wait(1)
        assert agent.on == {"read"}
        house.watch.tick()
        assert house.devices() == []
        assert truly_counted(house) == 0

    def test_a_removed_device_stays_away_although_its_token_is_still_good(self, house: SiteProcess) -> None:
        ticket = house.ticket(uses=9)
        (agent,) = enrolled(house, 1, ticket)
        house.remove(house.devices()[0])
        assert code_of(agent.refresh()) is RefusalCode.NOT_FOUND
        assert agent.on == frozenset()
        for _ in range(5):
            house.site_env.wait(DAY)
            agent.agent.keeper.tick()
        assert house.devices() == []
        assert truly_counted(house) == 0
        assert agent.agent.keeper.next_contact_at() is None
        assert agent.enroll(ticket) is None, "enrolled by hand it is welcome, under a new key"
        assert truly_counted(house) == 1

    def test_a_withdrawn_device_erases_its_seat_when_it_hears_of_it(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        house.withdraw(house.devices()[0])
        assert agent.on == FEATURES
        agent.refresh()
        assert agent.on == frozenset()
        assert truly_counted(house) == 0
        assert house.devices()[0].state == DeviceDecision.WITHDRAWN
        assert code_of(agent.refresh()) is RefusalCode.ACTION_NOT_PERMITTED

    def test_the_receipt_is_sent_until_the_site_has_it(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        house.up = False
        assert code_of(agent.agent.keeper.release()) is RefusalCode.SITE_UNREACHABLE
        assert agent.on == frozenset()
        house.up = True
        agent.restart()
        house.site_env.wait(HOUR)
        agent.agent.keeper.tick()
        assert truly_counted(house) == 0
        assert agent.kept.receipt == b""

    def test_a_refresh_whose_answer_was_lost_does_not_keep_the_place_of_a_device_that_left(
        self, house: SiteProcess
    ) -> None:
        (agent,) = enrolled(house, 1)
        agent.cable.loses_answer = True
        agent.refresh()
        agent.cable.loses_answer = False
        assert agent.agent.keeper.release() is None
        assert agent.on == frozenset()
        assert truly_counted(house) == 0

    def test_silence_frees_after_sixty_days_and_the_place_is_claimed_again(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        for _ in range(61):
            house.site_env.wait(DAY)
            house.sync()
            house.watch.tick()
        assert truly_counted(house) == 0
        assert house.devices()[0].state == DeviceDecision.IDLE
        assert agent.refresh() is None
        assert truly_counted(house) == 1


class TestCopies:
    def test_the_copy_of_a_device_is_found_and_gets_a_seat_of_its_own(self, house: SiteProcess) -> None:
        ticket = house.ticket(uses=5)
        (agent,) = enrolled(house, 1, ticket)
        copy = agent.copied("copy")
        assert agent.refresh() is None
        assert copy.on == FEATURES
        assert copy.refresh() is None  # found stale, takes a new key, enrolls with the group's token
        assert truly_counted(house) == 2
        assert "device_copied" in house.events()
        assert agent.refresh() is None
        assert copy.refresh() is None
        assert truly_counted(house) == 2

    def test_stale_tokens_of_one_device_are_one_event_an_hour_with_a_count(self, house: SiteProcess) -> None:
        """One enrolled device made 500 warnings a second, each kept for 90 days and forwarded."""
        ticket = house.ticket(uses=9)
        (agent,) = enrolled(house, 1, ticket)
        copies = [agent.copied(f"copy {number}") for number in range(4)]
        assert agent.refresh() is None
        for each in copies[:3]:
            each.refresh()
        assert [event.times for event in _found(house, "device_copied")] == [3]
        house.site_env.wait(HOUR)
        copies[3].refresh()
        assert [event.times for event in _found(house, "device_copied")] == [1, 3]

    def test_a_copy_whose_token_is_spent_keeps_what_was_promised_and_no_more(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1, house.ticket())
        copy = agent.copied("copy")
        assert agent.refresh() is None
        assert code_of(copy.refresh()) is RefusalCode.NOT_AUTHENTICATED
        assert copy.on == FEATURES
        house.site_env.wait(14 * DAY)
        copy.refresh()
        assert copy.on == {"read"}
        assert truly_counted(house) == 1

    def test_a_golden_image_makes_as_many_devices_as_start_from_it(self, house: SiteProcess) -> None:
        image = house.agent("image")
        assert image.agent.keeper.prepare_enrollment(house.ticket(uses=9)) is None
        assert image.cable.sent == []
        agents = [image.copied(f"made-{number}") for number in range(3)]
        assert [agent.refresh() for agent in agents] == [None] * 3
        assert truly_counted(house) == 3


def fill(house: SiteProcess) -> None:
    """Every seat is taken."""
    ticket = house.ticket(uses=100)
    number = 0
    while house.agent(f"seated-{number}").enroll(ticket) is None:
        number += 1
        assert number < 60


PARTS = {"machine": "m-1", "board": "b-1", "network": "n-1"}


class TestTheSameHardware:
    def test_a_reinstalled_device_is_one_with_its_old_self_once_that_ones_seat_is_over(
        self, house: SiteProcess
    ) -> None:
        ticket = house.ticket(uses=5)
        old = house.agent("old", hardware=PARTS)
        assert old.enroll(ticket) is None
        house.site_env.wait(DAY)
        new = house.agent("new", hardware={**PARTS, "network": "n-2"})
        assert new.enroll(ticket) is None
        assert truly_counted(house) == 2
        for _ in range(14):
            house.site_env.wait(DAY)
            assert new.refresh() is None
        assert truly_counted(house) == 1
        assert [device.name for device in house.devices()] == [house.devices()[0].name]
        assert "device_merged" in house.events()

    def test_one_that_waits_is_not_struck_out_by_a_clone_of_its_image(self, house: SiteProcess) -> None:
        """Both made from one image, with one-use tokens; the limit is reached, so that they wait for a seat."""
        fill(house)
        old, new = house.agent("old", hardware=PARTS), house.agent("new", hardware=PARTS)
        assert old.enroll(house.ticket()) is not None
        house.site_env.wait(HOUR)
        assert new.enroll(house.ticket()) is not None
        for _ in range(3):
            house.site_env.wait(600)
            assert new.refresh() is not None
        assert {"site-old", "site-new"} <= {device.name for device in house.devices()}
        refused = old.refresh()
        assert refused is not None
        assert refused.code is RefusalCode.DEVICE_LIMIT_REACHED, "it is known, and waits"

    def test_one_struck_out_while_it_was_off_comes_back_on_its_own_key(self, house: SiteProcess) -> None:
        fill(house)
        old, new = house.agent("old", hardware=PARTS), house.agent("new", hardware=PARTS)
        assert old.enroll(house.ticket()) is not None
        house.site_env.wait(HOUR)
        assert new.enroll(house.ticket()) is not None
        house.site_env.wait(2 * DAY)
        house.sync()
        assert new.refresh() is not None
        assert "device_merged" in house.events()
        assert "site-old" not in {device.name for device in house.devices()}
        refused = old.refresh()
        assert refused is not None
        assert refused.code is RefusalCode.DEVICE_LIMIT_REACHED, "known by its key, without its spent token"
        assert "device_returned" in house.events()
        for _ in range(4):
            house.site_env.wait(2 * DAY)
            house.sync()
            new.refresh()
            old.refresh()
        assert {"site-old", "site-new"} <= {device.name for device in house.devices()}, "and is not struck out again"

    def test_a_site_that_was_down_takes_nobody_s_silence_for_proof(self, house: SiteProcess) -> None:
        fill(house)
        old, new = house.agent("old", hardware=PARTS), house.agent("new", hardware=PARTS)
        assert old.enroll(house.ticket()) is not None
        assert new.enroll(house.ticket()) is not None
        house.site_env.wait(2 * DAY)
        house.restart()
        house.sync()
        new.refresh()
        assert "site-old" in {device.name for device in house.devices()}

    def test_clones_that_are_both_alive_count_both(self, house: SiteProcess) -> None:
        ticket = house.ticket(uses=5)
        old, new = house.agent("old", hardware=PARTS), house.agent("new", hardware=PARTS)
        assert old.enroll(ticket) is None
        house.site_env.wait(HOUR)
        assert new.enroll(ticket) is None
        for _ in range(20):
            house.site_env.wait(DAY)
            assert old.refresh() is None
            assert new.refresh() is None
        assert truly_counted(house) == 2
        assert "device_cloned" in house.events()

    def test_a_fleet_of_clones_is_looked_at_in_part(self, house: SiteProcess) -> None:
        hardware = {"machine": "m" * 43, "board": "b" * 43}
        one = house.agent(hardware=hardware)
        one.enroll(house.ticket())
        first = house.devices()[0]
        fleet = [
            msgspec.structs.replace(first, number=0, id=f"dev_{number}", thumbprint=str(number), last_seen=number)
            for number in range(COMPARED_MOST)
        ]

        def grown(conn: Connection) -> DeviceRow | None:
            for each in fleet:
                devices.save_device(conn, each)
            return devices.twin_of(conn, msgspec.structs.replace(first, number=0))

        found = house.site.store.write(grown).result()
        assert isinstance(found, DeviceRow)
        assert found.id == fleet[-1].id  # the first one was seen later, but a hundred came after it

    def test_one_part_alike_is_no_likeness(self, house: SiteProcess) -> None:
        ticket = house.ticket(uses=5)
        house.agent("one", hardware=PARTS).enroll(ticket)
        other = {"machine": "m-1", "board": "b-9", "network": "n-9"}
        house.agent("two", hardware=other).enroll(ticket)
        assert [device.twin for device in house.devices()] == ["", ""]


class TestAfterAStart:
    def test_no_new_seat_until_a_synchronization_was_answered_but_refreshes_go_on(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        house.restart()
        ticket = house.ticket(uses=5)
        fresh = house.agent("fresh")
        assert code_of(fresh.enroll(ticket)) is RefusalCode.UNREACHABLE
        assert fresh.on == frozenset()
        assert agent.refresh() is None
        house.sync()
        assert fresh.refresh() is None
        assert truly_counted(house) == 2

    def test_an_offline_site_protects_new_devices_a_day_after_its_start(self, house: SiteProcess) -> None:
        house.restart()
        house.site_env.server_up = False
        fresh = house.agent("fresh")
        fresh.enroll(house.ticket())
        house.site_env.wait(DAY - 1)
        fresh.refresh()
        assert fresh.on == frozenset()
        house.site_env.wait(1)
        assert fresh.refresh() is None
        assert fresh.on == FEATURES

    def test_a_restored_site_takes_in_the_devices_that_it_has_forgotten(self, house: SiteProcess) -> None:
        before = house.backed_up()
        agents = enrolled(house, 3)
        house.restore(before)
        assert house.counted == 0
        house.sync()
        assert [agent.refresh() for agent in agents] == [None] * 3
        assert truly_counted(house) == 3
        assert house.events().count("device_adopted") == 3

    def test_a_device_that_waited_for_a_seat_at_a_site_that_was_restored_enrolls(self, house: SiteProcess) -> None:
        before = house.backed_up()
        ticket = house.ticket(uses=99)
        enrolled(house, house.allotment, ticket)
        waits = house.agent("waits")
        assert code_of(waits.enroll(ticket)) is RefusalCode.DEVICE_LIMIT_REACHED
        house.restore(before)
        house.sync()
        assert code_of(waits.refresh()) is RefusalCode.NOT_AUTHENTICATED, "the token was made after the backup"
        assert waits.enroll(house.ticket()) is None
        assert waits.on == FEATURES

    def test_a_restored_site_believes_newer_tokens_of_its_own(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        before = house.backed_up()
        for _ in range(3):
            assert agent.refresh() is None
        house.restore(before)
        assert agent.refresh() is None
        assert "device_copied" not in house.events()


def test_claiming_is_one_statement_and_never_looks_at_other_devices(house: SiteProcess) -> None:
    seen: list[str] = []

    def work(conn: object) -> None:
        conn.set_trace_callback(seen.append)  # type: ignore[attr-defined]
        assert pools.claim_place(conn, "editor", 10)  # type: ignore[arg-type]
        conn.set_trace_callback(None)  # type: ignore[attr-defined]

    house.site.store.dry_run(work).result()
    assert len(seen) == 1
    assert seen[0].startswith("update pools set counted = counted + 1")


class TestAfterTheEnd:
    def test_devices_have_their_functions_back_within_minutes_of_a_late_renewal(self, house: SiteProcess) -> None:
        (agent,) = enrolled(house, 1)
        house.site_env.wait(380 * DAY)
        house.watch.tick()
        agent.agent.keeper.tick()
        assert agent.on == {"read"}
        due = agent.agent.keeper.next_contact_at()
        assert due is not None
        assert due - house.site_env.time.now <= 11 * 60


def _found(house: SiteProcess, kind: str) -> list[events.EventRow]:
    everything = house.site.store.read(lambda conn: events.page(conn, "", None, 1_000))
    return [each for each in everything if each.kind == kind]


REPEATED: dict[str, tuple[str, str]] = {
    "a device's, whatever it calls itself": ("dev_1", "dev_1"),
    "a stranger's, about one person": ("", ""),
}


@pytest.mark.parametrize("whose", REPEATED)
def test_what_can_be_brought_about_again_and_again_is_one_event_an_hour(house: SiteProcess, whose: str) -> None:
    device, _ = REPEATED[whose]
    kinds = ("device_copied", "device_cloned", "device_limit_reached", "sign_in_refused")

    def work(conn: Connection) -> list[events.EventRow]:
        for moment in range(0, 2 * HOUR, 60):
            for kind in kinds:
                text = f"It is called {moment}." if device else "A sign-in failed for ana."
                events.add_once_an_hour(conn, moment, "warning", kind, text, device=device)
        events.add_once_an_hour(conn, HOUR, "warning", "device_copied", "Another.", device="dev_2")
        return events.page(conn, "", None, 1_000)

    found = house.site.store.write(work).result()
    for kind in kinds:
        assert [each.times for each in found if each.kind == kind and each.device == device] == [60, 60]
    assert [each.times for each in found if each.device == "dev_2"] == [1]
