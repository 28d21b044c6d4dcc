"""One clock file for site and devices of a sandbox: it jumps, and everything happens at its second (B5,
[spec: sandbox-clock])."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenure.agent.main import OpenedAgent, open_agent
from tenure.core.periods import format_instant, parse_instant
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Phase
from tenure.sdk.hardware import hardware_digests, made_up
from tenure.site.store.devices import ALIKE
from tests.server.server_env import START
from tests.site.site_env import FEATURES, SiteEnv, SiteProcess, site_env

JUMP = 400 * DAY


@pytest.fixture
def sandbox(folder: Path) -> Iterator[tuple[SiteEnv, SiteProcess]]:
    with site_env(folder, sandbox=True) as made:
        made.folder = folder
        clock = folder / "clock"
        clock.write_text(format_instant(START))
        yield made, made.site(clock=clock)


def moved(made: SiteEnv, house: SiteProcess, to: int) -> None:
    """The provider's clock and the clock file, to one instant; everybody's real clock stands still."""
    made.ask(made.env.staff.send("PUT", "/v1/sandbox/clock", {"now": format_instant(to), "rate": 0}))
    assert house.clock is not None
    house.clock.write_text(format_instant(to))


def test_b05_the_clock_file_rules_site_and_device_and_jumps_without_harm(sandbox: tuple[SiteEnv, SiteProcess]) -> None:
    made, house = sandbox
    moved(made, house, START)
    house.activate(made.order()[1])
    agent = house.agent()
    assert agent.enroll(house.ticket()) is None
    assert agent.on == FEATURES
    seat_until = house.devices()[0].seat_until
    moved(made, house, seat_until - 1)
    assert agent.on == FEATURES
    moved(made, house, seat_until)
    assert agent.on == {"read"}
    house.sync()
    agent.agent.keeper.tick()
    assert agent.on == FEATURES
    moved(made, house, START + JUMP)
    house.watch.tick()
    assert house.look().standing.phase is Phase.ENDED
    assert house.look().now == START + JUMP


def test_after_a_start_a_frozen_clock_does_not_keep_new_devices_out(sandbox: tuple[SiteEnv, SiteProcess]) -> None:
    made, house = sandbox
    moved(made, house, START)
    house.activate(made.order()[1])
    house.restart()
    assert house.agent("early").enroll(house.ticket()) is not None
    house.sync()
    assert house.agent("late").enroll(house.ticket()) is None


def test_a_clock_file_is_refused_by_an_agent_of_production(here: SiteEnv, house: SiteProcess, tmp_path: Path) -> None:
    agent = house.agent()
    agent.board.close()
    clock = tmp_path / "clock"
    clock.write_text(format_instant(START))
    assert isinstance(parse_instant(clock.read_text()), int)
    refused = open_agent(agent.folder, agent.hands.computer(), clock=clock)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.SANDBOX_ONLY
    assert isinstance(open_agent(agent.folder, agent.hands.computer()), OpenedAgent)


def test_made_up_hardware_is_refused_by_an_agent_of_production(house: SiteProcess) -> None:
    agent = house.agent()
    agent.board.close()
    with (agent.folder / "agent.toml").open("a") as settings:
        settings.write('hardware = "laptop-7"\n')
    refused = open_agent(agent.folder, agent.hands.computer())
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (RefusalCode.SANDBOX_ONLY, "hardware")


def test_computers_that_do_not_exist_have_nothing_in_common_but_with_themselves() -> None:
    one, other = made_up("laptop-1"), made_up("laptop-2")
    assert one == made_up("laptop-1")
    assert len(one) >= ALIKE, "reinstalled, it is found to be the same"
    assert not {*hardware_digests(one, "root", "editor").values()} & {
        *hardware_digests(other, "root", "editor").values()
    }


def test_a_sandbox_seat_is_worth_nothing_in_production(sandbox: tuple[SiteEnv, SiteProcess], tmp_path: Path) -> None:
    made, house = sandbox
    moved(made, house, START)
    house.activate(made.order()[1])
    agent = house.agent()
    agent.enroll(house.ticket())
    (agent.folder / "root.jws").write_bytes(made.env.context.keys.root.token)
    text = (agent.folder / "agent.toml").read_text().replace("sandbox = true", "sandbox = false")
    (agent.folder / "agent.toml").write_text(text)
    (agent.folder / "world").unlink()  # whoever hides which world the folder was of, so that it is not set aside
    opened = open_agent(agent.folder, agent.hands.computer())
    assert isinstance(opened, OpenedAgent)
    ready = opened.keeper.holder.refresh_features()
    assert ready.features == frozenset()
    assert ready.standing.refusal is not None
