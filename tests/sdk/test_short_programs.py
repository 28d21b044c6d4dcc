"""Programs that run for a second, a minute, a few minutes: each a process of its own, and the folder all between.

The clocks are moved by hand; one class at the end runs whole programs.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from conformance.vendor import Vendor, code, paid
from conformance.web import Asked, Reply, Web, honest
from tenure.core.periods import format_instant
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Instant, Phase
from tenure.sdk import License, Network
from tenure.sdk.license_keeper import LicenseKeeper
from tenure.sdk.network.path import HttpExchange
from tenure.sdk.outcomes import ActivationGranted
from tenure.sdk.transport import TransportRequest
from tests.sdk.world import Hands, World


class Ended(BaseException):
    """The program is over, whatever it was in the midst of."""


def activated(**parts: object) -> World:
    """A world whose application holds a lease of a contract that outlasts every test."""
    world = World(**parts)  # type: ignore[arg-type]
    now = world.vendor.now
    world.vendor.contracts[code("A").reveal()].change(paid(now, 9_000, 14), now + 9_000 * DAY)
    granted = world.keeper.activate(code("A").reveal())
    assert isinstance(granted, ActivationGranted), granted
    return world


def run(world: World, *, ends_before_the_answer: bool = False) -> LicenseKeeper:
    """One process: it opens the license, starts the background, asks for a function and is gone."""
    keeper = world.started()
    keeper.remember_time()
    if ends_before_the_answer:
        world.cable.loses_answer = _ending
    try:
        keeper.tick()
    except Ended:
        pass
    finally:
        world.cable.loses_answer = lambda: False
    return keeper


def _ending() -> bool:
    raise Ended


def contacts(world: World) -> int:
    return len([each for each in world.cable.sent if each.path == "/v1/sync"])


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[str]:
    """A server on a socket that answers so, and its address."""
    web = Web(answer)
    try:
        yield web.url
    finally:
        web.stop()


def licensed(folder: Path, hands: Hands, vendor: Vendor) -> Callable[[], License]:
    """Activates in `folder`; what opens the license there again."""
    (folder / "root.jws").write_bytes(vendor.roots[1])

    def opened(server: str = "http://127.0.0.1:9") -> License:
        return License.open(
            product="editor",
            version="12.0",
            server=server,
            root=folder / "root.jws",
            folder=folder / "editor",
            network=Network(dns="off", proxy="", loopback_http=True),
            computer=hands.computer(),
        )

    with serving(lambda asked: honest(vendor, asked)) as url:
        assert isinstance(opened(url).activate(code("A").reveal()), ActivationGranted)
    return opened


class TestEveryDayForASecond:
    @pytest.mark.parametrize("lost", [0, 3, 2])
    def test_for_four_hundred_days_it_is_never_cut_off(self, lost: int) -> None:
        """`lost`: every so many-th program ends before the answer is there."""
        world, dice = activated(), Random(3)  # noqa: S311 - no secrets here
        for day in range(400):
            keeper = run(world, ends_before_the_answer=bool(lost) and day % lost == 0)
            assert keeper.holder.standing().phase is Phase.ACTIVE, day
            world.wait(DAY - 1_800 + dice.randrange(3_600))
            world.hands.restart()
        assert 180 <= contacts(world) <= 401

    def test_one_that_runs_only_on_fridays_asks_every_time(self) -> None:
        world = activated()
        for _ in range(20):
            world.wait(7 * DAY)
            before = contacts(world)
            run(world)
            assert contacts(world) == before + 1


class TestALoopOfCrashes:
    @pytest.mark.parametrize("every", [1, 7, 61, 600])
    @pytest.mark.parametrize("fate", ["healthy", "ends in the midst", "unreachable"])
    def test_a_day_of_it_never_hammers_the_server(self, every: int, fate: str) -> None:
        world = activated()
        world.wait(2 * DAY)
        times: list[Instant] = []
        send = world.cable.send
        world.cable.loses_question = lambda: fate == "unreachable"

        def noted(request: TransportRequest) -> HttpExchange | Refused:
            times.append(world.vendor.now)
            return send(request)

        world.cable.send = noted  # type: ignore[method-assign]
        for _ in range(min(3_000, DAY // every)):
            run(world, ends_before_the_answer=fate == "ends in the midst")
            world.wait(every)
        assert times
        attempts = sorted(set(times))
        assert all(after - before >= 60 for before, after in pairwise(attempts))
        if fate == "unreachable":
            assert len(attempts) <= 60, "its back-off outlives the process"
        if fate == "healthy":
            assert len(attempts) <= 2 + 3_000 * every // 900

    def test_ten_programs_that_start_together_ask_once(self) -> None:
        world = activated()
        world.wait(2 * DAY)
        programs = [world.started() for _ in range(10)]
        before = contacts(world)
        for each in programs:
            each.tick()
        assert contacts(world) == before + 1


class TestTime:
    """What was cut off comes to its end, whoever runs, and for how short (P2)."""

    @pytest.mark.parametrize("wall", ["honest", "set back at each start", "a year ahead"])
    @pytest.mark.parametrize("minutes", [1, 9])
    def test_cut_off_and_started_every_second_day_for_minutes(self, wall: str, minutes: int) -> None:
        world = activated(vendor=Vendor(life=14 * DAY))
        world.cable.loses_question = lambda: True
        began, ran = world.vendor.now, 0
        for _ in range(6_000):
            true = world.vendor.now
            world.hands.restart()
            world.hands.wall = {"honest": true, "set back at each start": began, "a year ahead": true + 365 * DAY}[wall]
            keeper = world.started()
            keeper.remember_time()
            for _ in range(minutes * 2):
                keeper.tick()
                world.wait(30)
            ran += minutes * 60
            if keeper.holder.standing().phase is Phase.ENDED:
                break
            world.wait(2 * DAY)
        assert keeper.holder.standing().phase is Phase.ENDED
        assert ran <= 15 * DAY

    @pytest.mark.parametrize("asks", ["allows", "standing"])
    def test_an_application_that_never_starts_the_background_comes_to_its_end(self, tmp_path: Path, asks: str) -> None:
        """Its clock is set back at each start; it runs for three days at a time, and only asks."""
        hands = Hands()
        opened = licensed(tmp_path, hands, Vendor())
        began = hands.wall
        starts = 0
        while starts < 30:
            starts += 1
            hands.restart()
            hands.wall = began
            license_ = opened()
            for _ in range(9):
                hands.uptime += DAY // 3
                hands.wall += DAY // 3
                on = license_.allows("edit") if asks == "allows" else "edit" in license_.standing.features
                license_._aside.wait()
            if not on:
                break
        assert not on
        assert starts == 10

    def test_allows_does_no_input_and_output_of_its_own(self, tmp_path: Path) -> None:
        hands = Hands()
        license_ = licensed(tmp_path, hands, Vendor())()
        works: list[Callable[[], object]] = []
        license_._aside.run = works.append  # type: ignore[method-assign]
        hands.uptime += HOUR
        before = {each.name: each.stat().st_mtime_ns for each in (tmp_path / "editor").iterdir()}
        assert license_.allows("edit")
        assert {each.name: each.stat().st_mtime_ns for each in (tmp_path / "editor").iterdir()} == before
        assert len(works) == 1, "running time is to be saved, by somebody else"
        works[0]()
        hands.uptime += 300
        assert license_.allows("edit")
        assert len(works) == 1, "not before another ten minutes"


PROGRAM = """
import sys
from tenure.sdk import License, Network

license = License.open(product="editor", version="12.0", server=sys.argv[1], root=sys.argv[2], folder=sys.argv[3],
                       sandbox=True, clock=sys.argv[4], network=Network(dns="off", proxy="", loopback_http=True))
"""
TAILS = {
    "started and at its end": "license.start()",
    "in a with": "with license:\n    print(license.allows('edit'))",
    "in a task": (
        "import asyncio\nasync def main():\n    async with license.background():\n        pass\nasyncio.run(main())"
    ),
}


class TestAWholeProgram:
    @pytest.mark.parametrize("tail", TAILS)
    def test_that_ends_at_once_has_its_one_exchange(self, tmp_path: Path, tail: str) -> None:
        vendor = Vendor(sandbox=True)
        clock = tmp_path / "clock"
        (tmp_path / "root.jws").write_bytes(vendor.roots[1])
        clock.write_text(format_instant(vendor.now))
        asked: list[str] = []

        def answer(request: Asked) -> Reply:
            asked.append(request.path)
            return honest(vendor, request)

        with serving(answer) as url:
            arguments = [url, str(tmp_path / "root.jws"), str(tmp_path / "editor"), str(clock)]
            self._run(f"print(license.activate({code('A').reveal()!r}).message)", arguments)
            vendor.now += 2 * DAY
            clock.write_text(format_instant(vendor.now))
            self._run(TAILS[tail], arguments)
        assert asked == ["/v1/activate", "/v1/sync"]

    def _run(self, tail: str, arguments: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM + tail, *arguments],
            capture_output=True,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=25,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
