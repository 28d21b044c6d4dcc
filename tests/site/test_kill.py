"""`kill -9` at any moment of a claim or a refresh: what was acknowledged is there, nothing is half done (P3, P4)."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tenure.core.refusals import Refused
from tenure.sdk.names.path import Exchange
from tenure.sdk.transport import Request
from tests.site.town import BY_SYSTEM, FEATURES, UNREACHED, Desk, House, Town

HERE = Path(__file__).parents[2]


class Program:
    """The site's process, and who waits for its answers."""

    def __init__(self, folder: Path, now: int) -> None:
        command = [sys.executable, "-m", "tests.site.kill_site", str(folder), str(now)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env={"PYTHONPATH": "src:."}
        )
        self._answers: dict[str, str] = {}
        self._told = threading.Condition()
        self._sent = 0
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                name, _, reply = line.strip().partition(" ")
                with self._told:
                    self._answers[name] = reply
                    self._told.notify_all()
        with self._told:
            self._answers["over"] = ""
            self._told.notify_all()

    def send(self, request: Request) -> Exchange | Refused:
        with self._told:
            self._sent += 1
            name = f"n{self._sent}"
            try:
                assert self.process.stdin is not None
                self.process.stdin.write(f"{name} {request.body.decode()}\n")
                self.process.stdin.flush()
            except (BrokenPipeError, ValueError):
                return UNREACHED
            self._told.wait_for(lambda: name in self._answers or "over" in self._answers, 20)
            reply = self._answers.get(name)
        return Exchange(200, (), reply.encode(), BY_SYSTEM, 0.0) if reply else UNREACHED

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(house: House, desks: list[Desk]) -> Iterator[Program]:
    program = Program(house.folder, house.town.time.now)
    for desk in desks:
        desk.cable.send = program.send  # type: ignore[method-assign]
    try:
        yield program
    finally:
        program.kill()


def test_killed_while_claiming_and_refreshing_nothing_acknowledged_is_lost_and_no_place_is_given_twice(
    here: Town, tmp_path: Path
) -> None:
    here.folder = tmp_path  # on a real disk
    house = here.house()
    house.activate(here.order(devices=100)[1])
    ticket = house.ticket(uses=100)
    random, most = Random(4), house.allotment  # noqa: S311 - chooses moments, no secrets
    desks = [house.agent(f"desk-{number}") for number in range(most + 5)]
    house.site.store.close()
    for desk in desks:
        assert desk.agent.keeper.prepare(ticket) is None
    for _ in range(6):
        acknowledged = {desk.kept.device for desk in desks if desk.kept.seat}
        with running(house, desks) as program:
            asking = [threading.Thread(target=desk.refresh, daemon=True) for desk in random.sample(desks, 8)]
            for thread in asking:
                thread.start()
            time.sleep(random.random() * 0.04)
            program.kill()
            for thread in asking:
                thread.join(20)
        house.open()
        rows = {device.id: device for device in house.devices()}
        assert house.counted == sum(device.counted for device in rows.values()) <= most
        assert all(rows[name].counted for name in acknowledged)
        house.site.store.close()
    house.open()
    house.license._answered = True
    for desk in desks:
        desk.cable = type(desk.cable)(lambda: house)
        desk.agent.keeper._way = None
        desk.refresh()
    protected = [desk for desk in desks if desk.on == FEATURES]
    assert len(protected) == house.counted == most
    assert "device_copied" not in house.events(), "a lost answer is no copy"
