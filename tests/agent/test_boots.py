"""A device's folder that two computers reach: one has the functions, the other is told, and a restart goes on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tenure.agent.kept import Memory
from tenure.agent.main import daemon_of
from tenure.agent.shown import shown
from tenure.core.boots import ALIVE
from tenure.core.refusals import Code
from tenure.sdk.disk import FolderOnDisk
from tests.site.town import Desk, House

RUNS = """
import os, sys, time
from pathlib import Path
from tenure.agent.main import run
from tenure.sdk.clock import Clocks
from tenure.sdk.computer import Computer

folder, boot, uptime, wall = sys.argv[1:]
clocks = Clocks(boot, lambda: float(uptime), lambda: int(wall))
run(Path(folder), computer=Computer(clocks=clocks, monotonic=time.monotonic, draw=os.urandom, environment={},
                                    hardware=dict, online=lambda: True, host=boot))
"""


def enrolled(house: House) -> Desk:
    desk = house.agent()
    assert desk.enrol(house.ticket()) is None
    assert desk.on
    return desk


def beside(desk: Desk) -> Desk:
    """Another computer, running for a while, at the same folder."""
    hands = replace(desk.hands, boot="boot-2", hardware={"machine": "another", "board": "other"})
    return Desk(desk.house, desk.folder, hands=hands)


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


def test_a_daemon_that_is_stopped_gives_the_folder_up_at_once(house: House) -> None:
    desk = enrolled(house)
    daemon = daemon_of(desk.agent)
    daemon.stop()
    daemon.run()
    other = beside(desk)
    assert other.on
    assert other.agent.keeper.refresh() is None


def test_a_command_beside_the_daemon_does_not(house: House) -> None:
    desk = enrolled(house)
    command = Desk(house, desk.folder, hands=desk.hands)
    command.agent.keeper.leave()
    assert not beside(desk).on


@pytest.mark.parametrize(("how", "freed"), [(signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGKILL, False)])
def test_the_agents_process_gives_it_up_when_it_is_told_to_stop(house: House, how: signal.Signals, freed: bool) -> None:
    desk = enrolled(house)
    desk.agent.keeper.leave()
    house.town.wait(60)
    clocks = desk.hands.computer().clocks.read()
    arguments = [str(desk.folder), "boot-3", str(clocks.uptime), str(clocks.wall)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", RUNS, *arguments], env=environment) as process:
        deadline = time.monotonic() + 20
        while not (boot_in(desk) == "boot-3" and handles(process.pid, signal.SIGTERM)) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(how)
        process.wait(20)
    assert bool(beside(desk).on) is freed


def boot_in(desk: Desk) -> str:
    beat = Memory(FolderOnDisk(desk.folder), os.urandom).load().beat
    return "" if beat is None else beat.boot


def handles(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << number - 1)
