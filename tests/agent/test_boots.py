"""A device's folder that two computers reach: one has the functions, the other is told, and a restart goes on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tenure.agent.device_state import DeviceStateFolder
from tenure.agent.main import daemon_of
from tenure.agent.status import device_status
from tenure.core.lease.boots import ALIVE
from tenure.core.refusals import RefusalCode
from tenure.sdk.disk import FolderOnDisk
from tests.site.site_env import AgentProcess, SiteProcess

RUNS = """
import os, sys, time
from pathlib import Path
from tenure.agent.main import serve_agent
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer

folder, boot, uptime, wall = sys.argv[1:]
clocks = ComputerClocks(boot, lambda: float(uptime), lambda: int(wall))
serve_agent(Path(folder), computer=Computer(clocks=clocks, monotonic=time.monotonic, draw=os.urandom, environment={},
                                    hardware=dict, online=lambda: True, host=boot))
"""


def enrolled(house: SiteProcess) -> AgentProcess:
    host = house.agent()
    assert host.enroll(house.ticket()) is None
    assert host.on
    return host


def beside(host: AgentProcess) -> AgentProcess:
    """Another computer, running for a while, at the same folder."""
    hands = replace(host.hands, boot="boot-2", hardware={"machine": "another", "board": "other"})
    return AgentProcess(host.house, host.folder, hands=hands)


def test_the_second_computer_at_a_devices_folder_is_told_and_has_no_functions(house: SiteProcess) -> None:
    host = enrolled(house)
    other = beside(host)
    assert not other.on
    told = device_status(other.agent.keeper)
    assert told.reason == "folder_served_elsewhere"
    assert "Another computer is using the folder" in told.message
    assert any("folder of its own" in each.how for each in told.remedies)
    refused = other.agent.keeper.refresh()
    assert refused is not None
    assert refused.code is RefusalCode.FOLDER_SERVED_ELSEWHERE
    other.agent.keeper.tick()
    host.agent.keeper.tick()
    assert host.on
    assert host.agent.keeper.refresh() is None


def test_it_is_served_once_the_first_one_is_off(house: SiteProcess) -> None:
    other = beside(enrolled(house))
    house.site_env.wait(ALIVE)
    other.agent.keeper.tick()
    assert other.on
    assert other.agent.keeper.refresh() is None


def test_a_device_that_crashed_goes_on_at_once(house: SiteProcess) -> None:
    host = enrolled(house)
    house.site_env.wait(30)
    host.hands.restart()
    host.restart()
    assert host.on
    assert device_status(host.agent.keeper).reason == ""
    assert host.agent.keeper.refresh() is None


def test_a_daemon_that_is_stopped_gives_the_folder_up_at_once(house: SiteProcess) -> None:
    host = enrolled(house)
    daemon = daemon_of(host.agent)
    daemon.stop()
    daemon.run()
    other = beside(host)
    assert other.on
    assert other.agent.keeper.refresh() is None


def test_a_command_beside_the_daemon_does_not(house: SiteProcess) -> None:
    host = enrolled(house)
    command = AgentProcess(house, host.folder, hands=host.hands)
    command.agent.keeper.leave_folder()
    assert not beside(host).on


@pytest.mark.parametrize(("how", "freed"), [(signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGKILL, False)])
def test_the_agents_process_gives_it_up_when_it_is_told_to_stop(
    house: SiteProcess, how: signal.Signals, freed: bool
) -> None:
    host = enrolled(house)
    host.agent.keeper.leave_folder()
    house.site_env.wait(60)
    clocks = host.hands.computer().clocks.read_clocks()
    arguments = [str(host.folder), "boot-3", str(clocks.uptime), str(clocks.wall)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", RUNS, *arguments], env=environment) as process:
        deadline = time.monotonic() + 20
        while not (boot_in(host) == "boot-3" and handles(process.pid, signal.SIGTERM)) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(how)
        process.wait(20)
    assert bool(beside(host).on) is freed


def boot_in(host: AgentProcess) -> str:
    beat = DeviceStateFolder(FolderOnDisk(host.folder), os.urandom).load_state().beat
    return "" if beat is None else beat.boot


def handles(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << number - 1)
