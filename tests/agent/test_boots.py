"""A device's folder that two computers reach: one has the functions, the other is told, and a restart goes on."""

from dataclasses import replace

from tenure.agent.shown import shown
from tenure.core.boots import ALIVE
from tenure.core.refusals import Code
from tests.site.town import Desk, House


def enrolled(house: House) -> Desk:
    desk = house.agent()
    assert desk.enrol(house.ticket()) is None
    assert desk.on
    return desk


def beside(desk: Desk) -> Desk:
    """Another computer, running for a while, at the same folder."""
    other = Desk(desk.house, desk.folder)
    other.hands = replace(desk.hands, boot="boot-2", hardware={"machine": "another", "board": "other"})
    other.open()
    return other


def test_the_second_computer_at_a_devices_folder_is_told_and_has_no_functions(house: House) -> None:
    desk = enrolled(house)
    other = beside(desk)
    assert not other.on
    told = shown(other.agent.keeper)
    assert told.reason == "folder_served_elsewhere"
    assert "Another computer is using the folder" in told.message
    assert any("folder of its own" in each.how for each in told.remedies)
    refused = other.agent.keeper.refresh()
    assert refused is not None
    assert refused.code is Code.FOLDER_SERVED_ELSEWHERE
    other.agent.keeper.tick()
    desk.agent.keeper.tick()
    assert desk.on
    assert desk.agent.keeper.refresh() is None


def test_it_is_served_once_the_first_one_is_off(house: House) -> None:
    other = beside(enrolled(house))
    house.town.wait(ALIVE)
    other.agent.keeper.tick()
    assert other.on
    assert other.agent.keeper.refresh() is None


def test_a_device_that_crashed_goes_on_at_once(house: House) -> None:
    desk = enrolled(house)
    house.town.wait(30)
    desk.hands.restart()
    desk.restart()
    assert desk.on
    assert shown(desk.agent.keeper).reason == ""
    assert desk.agent.keeper.refresh() is None
