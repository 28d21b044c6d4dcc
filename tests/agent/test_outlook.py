"""`tenure-agent status` behind what renews itself: renewal and balance are told, and no end as certain."""

from tenure.agent.status import device_status
from tenure.core.timeline import DAY
from tests.site.site_env import AgentProcess, SiteEnv


def enrolled_under(here: SiteEnv, offer: str, **order: str) -> AgentProcess:
    house = here.site()
    house.activate(here.order(offer, **order)[1])
    host = house.agent()
    assert host.enroll(house.ticket()) is None
    return host


def asked_after(host: AgentProcess, days: int) -> None:
    """So many days go by, then the site and the device ask."""
    host.house.site_env.wait(days * DAY)
    host.house.sync()
    assert host.refresh() is None


def test_a_device_whose_subscription_renews_itself_hears_of_the_renewal_and_of_no_end(here: SiteEnv) -> None:
    host = enrolled_under(here, "monthly", renewal_intent="auto")
    asked_after(host, 26)
    told = device_status(host.agent.keeper)
    assert (told.phase, told.cause) == ("active", "paid")
    assert "All functions are on: it is paid for. It renews by itself on " in told.message
    assert "the balance covers it until at least " in told.message
    assert "the paid period is over" not in told.message


def test_a_device_whose_subscription_is_renewed_by_hand_hears_when_grace_begins(here: SiteEnv) -> None:
    host = enrolled_under(here, "standard")
    asked_after(host, 362)
    told = device_status(host.agent.keeper)
    assert "renews by itself" not in told.message
    assert "all functions are on, in grace, the paid period is over." in told.message
