"""Sites without a network that are switched off every night, and new devices there ([spec: new-seats]; ADR 27)."""

from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY, HOUR
from tests.site.site_env import FEATURES, SiteProcess


def one_day(house: SiteProcess, hours: int = 8) -> None:
    """The computer is switched on, its site runs for so many hours, and it is switched off until the next morning."""
    house.hands.restart()
    house.restart()
    for _ in range(2 * hours):
        house.site_env.wait(HOUR // 2)
        house.watch.tick()
    house.site_env.wait(DAY - hours * HOUR)


def new_device(house: SiteProcess, name: str) -> RefusalCode | None:
    refused = house.agent(name).enroll(house.ticket())
    return None if refused is None else refused.code


def test_a_site_that_is_off_every_night_protects_new_devices_after_a_day_of_running(house: SiteProcess) -> None:
    """It began anew each morning: no new device was ever protected there."""
    house.cable.cut = True
    for _ in range(2):
        one_day(house)
    house.restart()
    assert new_device(house, "early") is RefusalCode.UNREACHABLE, "16 hours of running"
    one_day(house)
    one_day(house)
    house.hands.restart()
    house.restart()
    agent = house.agent("fresh")
    assert agent.enroll(house.ticket()) is None
    assert agent.on == FEATURES


def test_what_is_put_back_from_an_older_image_waits_anew(house: SiteProcess) -> None:
    """Devices that the image does not know are to come first: each has to be taken in before a new one is."""
    house.cable.cut = True
    for _ in range(4):
        one_day(house)
    image = house.backed_up()
    house.site_env.wait(4 * DAY)
    house.restore(image)
    assert new_device(house, "fresh") is RefusalCode.UNREACHABLE
    house.site_env.wait(DAY)
    assert new_device(house, "later") is None


def test_an_answer_ends_the_waiting_and_the_next_start_without_one_begins_it_anew(house: SiteProcess) -> None:
    house.cable.cut = True
    for _ in range(4):
        one_day(house)
    house.cable.cut = False
    one_day(house)
    house.cable.cut = True
    house.restart()
    assert new_device(house, "fresh") is RefusalCode.UNREACHABLE
