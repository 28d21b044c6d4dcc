"""`tenure agent status` behind what renews itself: renewal and balance are told, and no end as certain."""

from tenure.agent.shown import shown
from tenure.core.timeline import DAY
from tests.site.town import Desk, Town


def enrolled_under(here: Town, offer: str, **order: str) -> Desk:
    house = here.house()
    house.activate(here.order(offer, **order)[1])
    desk = house.agent()
    assert desk.enrol(house.ticket()) is None
    return desk


def asked_after(desk: Desk, days: int) -> None:
    """So many days go by, then the site and the device ask."""
    desk.house.town.wait(days * DAY)
    desk.house.sync()
    assert desk.refresh() is None


def test_a_device_whose_subscription_renews_itself_hears_of_the_renewal_and_of_no_end(here: Town) -> None:
    desk = enrolled_under(here, "monthly", renewal_intent="auto")
    asked_after(desk, 26)
    told = shown(desk.agent.keeper)
    assert (told.phase, told.cause) == ("active", "paid")
    assert "All functions are on: it is paid for. It renews by itself on " in told.message
    assert "the balance covers it until at least " in told.message
    assert "the paid period is over" not in told.message


def test_a_device_whose_subscription_is_renewed_by_hand_hears_when_grace_begins(here: Town) -> None:
    desk = enrolled_under(here, "standard")
    asked_after(desk, 362)
    told = shown(desk.agent.keeper)
    assert "renews by itself" not in told.message
    assert "all functions are on, in grace, the paid period is over." in told.message
