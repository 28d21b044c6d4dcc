"""Devices that do not last, as containers: seats of an hour, which count until they end or are erased, no longer."""

from itertools import count

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.device_usage import EPHEMERAL_REFRESH, EPHEMERAL_SEAT
from tenure.core.timeline import DAY, HOUR
from tenure.site.store.devices import DeviceDecision
from tests.site.site_env import FEATURES, AgentProcess, SiteProcess

NUMBERS = count()
CONTAINERS = {"machine": "one-host", "disk": "one-disk", "network": "one-card"}


def started(house: SiteProcess, number: int, ticket: str = "") -> list[AgentProcess]:
    """So many containers of one host, enrolled."""
    ticket = ticket or house.ticket(uses=number)
    containers = [house.agent(f"container-{next(NUMBERS)}") for _ in range(number)]
    for container in containers:
        container.hands.hardware = CONTAINERS
        assert container.agent.keeper.enroll(ticket, ephemeral=True) is None
    return containers


def test_a_container_has_a_seat_of_an_hour_and_comes_for_the_next_after_a_quarter(house: SiteProcess) -> None:
    (container,) = started(house, 1)
    now = house.site_env.time.now
    assert container.on == FEATURES
    (row,) = house.devices()
    assert (row.ephemeral, row.counted, row.seat_until, row.counts_until) == (1, 1, now + HOUR, now + HOUR)
    due = container.agent.keeper.next_contact_at()
    assert due is not None
    assert now + EPHEMERAL_REFRESH * 9 // 10 <= due <= now + EPHEMERAL_REFRESH * 11 // 10
    for _ in range(8):
        house.site_env.wait(EPHEMERAL_REFRESH * 11 // 10)
        container.agent.keeper.tick()
        house.watch.tick()
    (row,) = house.devices()
    assert row.seat_until > now + 2 * HOUR
    assert (container.on, house.counted) == (FEATURES, 1)


def test_a_container_that_is_gone_counts_until_its_seat_ends_and_no_longer(house: SiteProcess) -> None:
    (container,) = started(house, 1)
    house.site_env.wait(EPHEMERAL_SEAT - 1)
    house.watch.tick()
    assert house.counted == 1
    house.site_env.wait(1)
    house.watch.tick()
    assert house.counted == 0
    assert container.on == {"read"}  # what stays without a seat
    assert not {"device_idle", "device_enrolled"} & set(house.events())
    assert container.refresh() is None  # it was only asleep
    assert (container.on, house.counted) == (FEATURES, 1)


def test_a_container_that_says_goodbye_counts_no_longer_at_once(house: SiteProcess) -> None:
    (container,) = started(house, 1)
    assert container.agent.keeper.release() is None
    assert house.counted == 0
    assert [each.state for each in house.devices()] == [DeviceDecision.RELEASED]
    assert "device_released" not in house.events()


def test_a_limits_worth_of_containers_runs_every_hour_and_never_more_at_once(house: SiteProcess) -> None:
    ticket = house.ticket(uses=60)
    for _ in range(3):
        started(house, 10, ticket)
        house.watch.tick()
        started(house, 1, ticket)
        beyond = house.agent(f"beyond-{house.site_env.time.now}")
        refused = beyond.agent.keeper.enroll(ticket, ephemeral=True)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.DEVICE_LIMIT_REACHED
        house.site_env.wait(EPHEMERAL_SEAT)
        house.watch.tick()
        assert house.counted == 0
    assert not {"device_cloned", "device_merged"} & set(house.events())  # they share the hardware of their host
    house.site_env.wait(DAY + HOUR)
    house.watch.tick()
    assert house.devices() == []


@pytest.mark.parametrize("first", [True, False])
def test_a_device_enrolled_as_what_it_was_not_begins_anew_so_that_no_seat_counts_for_less_than_it_lives(
    house: SiteProcess, first: bool
) -> None:
    ticket, device = house.ticket(uses=2), house.agent("device")
    assert device.agent.keeper.enroll(ticket, ephemeral=first) is None
    assert device.agent.keeper.enroll(ticket, ephemeral=not first) is None
    kinds = sorted((row.ephemeral, row.counted, row.seat_until - house.site_env.time.now) for row in house.devices())
    assert kinds == [(0, 1, 14 * DAY), (1, 1, HOUR)]


def test_a_site_put_back_takes_a_container_in_again_as_one(house: SiteProcess) -> None:
    before = house.backed_up()
    (container,) = started(house, 1)
    house.restore(before)
    house.sync()
    assert container.refresh() is None
    (row,) = house.devices()
    assert (row.ephemeral, row.counted) == (1, 1)
    house.site_env.wait(EPHEMERAL_SEAT)
    house.watch.tick()
    assert house.counted == 0
