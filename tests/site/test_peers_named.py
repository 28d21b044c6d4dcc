"""What cannot be reached is named: by a device its administration server, by a site the activation server."""

import pytest

from tenure.agent.status import device_status
from tenure.core.audience import Audience, remedy_for
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, PhaseCause
from tenure.sdk.outcomes import Rejected
from tests.site.site_env import SiteEnv, SiteProcess
from tests.site.test_device_port import over_tls, running, ticket_to

ACTIVATION, ADMINISTRATION = "The activation server cannot be reached.", "The administration server cannot be reached."


@pytest.fixture
def house(here: SiteEnv) -> SiteProcess:
    site = here.site()
    site.activate(here.order(devices=5)[1])
    return site


def test_a_device_at_whose_address_nothing_listens_names_its_administration_server(house: SiteProcess) -> None:
    agent = over_tls(house)
    with running(house) as serving:
        ticket = ticket_to(house, serving.devices.port)
    refused = agent.keeper.enroll(ticket)
    assert isinstance(refused, Refused)
    assert refused.row.sentence == ADMINISTRATION
    assert "activation server" not in f"{refused.detail} {remedy_for(refused, Audience.DEVICE)}"


def test_a_device_whose_seat_has_ended_in_silence_names_its_administration_server(house: SiteProcess) -> None:
    agent = house.agent()
    assert agent.enroll(house.ticket()) is None
    house.up = False
    assert "renews the seat of this device before" in device_status(agent.agent.keeper).message
    refused = agent.refresh()
    assert refused is not None
    assert refused.row.sentence == ADMINISTRATION
    house.site_env.wait(60 * DAY)
    status = device_status(agent.agent.keeper)
    assert status.cause == PhaseCause.SYNC_OVERDUE
    assert status.message.startswith("Ended: the administration server has not renewed the seat of this device")
    assert "activation server" not in str(status)


def test_a_device_is_told_when_it_is_the_activation_server_that_is_missing(house: SiteProcess) -> None:
    """By its administration server, which it has reached."""
    house.cable.cut = True
    house.restart()
    agent = house.agent("fresh")
    refused = agent.enroll(house.ticket())
    assert isinstance(refused, Refused)
    assert refused.row.sentence == ACTIVATION
    told = device_status(agent.agent.keeper)
    assert ACTIVATION in told.message
    assert ADMINISTRATION not in told.message
    assert not any("Connect this device" in each.how for each in told.remedies), "it is connected"


def test_a_site_names_the_activation_server(house: SiteProcess) -> None:
    house.cable.cut = True
    outcome = house.sync()
    assert isinstance(outcome, Rejected)
    assert ACTIVATION in outcome.message


@pytest.mark.parametrize("audience", Audience)
def test_both_have_a_remedy_for_every_reader(audience: Audience) -> None:
    told = {
        code: remedy_for(Refused(code), audience) for code in (RefusalCode.UNREACHABLE, RefusalCode.SITE_UNREACHABLE)
    }
    assert len(set(told.values())) == 2
