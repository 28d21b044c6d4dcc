"""Synchronization in the background: it happens, it never raises or blocks, and it never keeps a program alive."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.vendor import Vendor, code
from conformance.web import Web, honest
from tenure.sdk.background import BackgroundTurns, ThreadRunner
from tenure.sdk.network.bounds import ExchangeBounds
from tenure.sdk.task_runner import TaskRunner

AT_ONCE = ExchangeBounds().total / 2
"""Seconds, as far as a busy machine lets that be told: a program that waits for its exchange takes twice as long."""


def waited(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not look() and time.monotonic() < deadline:
        time.sleep(0.005)
    return look()


class Day:
    """Counts turns, and fails in some."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.ticks = 0
        self.returns = 0
        self.online = True
        self.threads: set[str] = set()

    def tick(self) -> None:
        self.ticks += 1
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise RuntimeError("something nobody foresaw")

    def returned(self) -> None:
        self.returns += 1

    def turns(self) -> BackgroundTurns:
        return BackgroundTurns(self.tick, lambda: self.online, self.returned)


class TestAThread:
    def test_it_takes_its_turns_until_it_is_stopped(self) -> None:
        day = Day()
        thread = ThreadRunner(day.turns(), 0.01)
        thread.start()
        assert waited(lambda: day.ticks > 3)
        thread.stop()
        time.sleep(0.05)
        seen = day.ticks
        time.sleep(0.05)
        assert day.ticks == seen

    def test_a_second_start_changes_nothing_and_one_after_a_stop_begins_again(self) -> None:
        day = Day()
        thread = ThreadRunner(day.turns(), 0.01)
        before = threading.active_count()
        thread.start()
        thread.start()
        assert threading.active_count() == before + 1
        thread.stop()
        assert waited(lambda: threading.active_count() == before)
        seen = day.ticks
        thread.start()
        assert waited(lambda: day.ticks > seen)
        thread.stop()

    def test_a_turn_that_fails_is_followed_by_the_next(self) -> None:
        day = Day(fails=True)
        thread = ThreadRunner(day.turns(), 0.01)
        thread.start()
        assert waited(lambda: day.ticks > 3)
        thread.stop()

    def test_the_network_s_return_is_noticed_once(self) -> None:
        day = Day()
        turns = day.turns()
        for online in (True, False, False, True, True, False, True):
            day.online = online
            turns.take_turn()
        assert day.returns == 2
        assert day.ticks == 7


class TestATask:
    async def test_it_takes_its_turns_beside_the_loop(self) -> None:
        day = Day()
        async with TaskRunner(day.turns(), 0.01):
            for _ in range(200):
                await asyncio.sleep(0.01)
                if day.ticks > 3:
                    break
        assert day.ticks > 3
        assert threading.current_thread().name not in day.threads

    async def test_a_slow_turn_neither_blocks_the_loop_nor_the_way_out(self) -> None:
        release, entered = threading.Event(), threading.Event()

        def stuck() -> None:
            entered.set()
            release.wait(2 * AT_ONCE)

        began = time.monotonic()
        async with TaskRunner(BackgroundTurns(stuck, lambda: True, lambda: None), 0.01):
            for _ in range(1_000):
                await asyncio.sleep(0.001)
                if entered.is_set():
                    break
        assert entered.is_set()
        assert time.monotonic() - began < AT_ONCE
        release.set()

    async def test_a_turn_that_fails_is_followed_by_the_next(self) -> None:
        day = Day(fails=True)
        async with TaskRunner(day.turns(), 0.001):
            for _ in range(200):
                await asyncio.sleep(0.005)
                if day.ticks > 3:
                    break
        assert day.ticks > 3

    async def test_canceling_the_program_s_own_task_is_not_swallowed(self) -> None:
        async def program() -> None:
            async with TaskRunner(Day().turns(), 0.01):
                await asyncio.sleep(60)

        task = asyncio.create_task(program())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


PROGRAM = """
import sys, time
from tenure.sdk import License, Network
from tenure.sdk.main import this_computer

license = License.open(product="editor", version="12.0", server=sys.argv[1], root=sys.argv[2], folder=sys.argv[3],
                       network=Network(dns="off", proxy="", loopback_http=True))
"""


def program(tail: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + textwrap.dedent(tail), *arguments],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=25,
        check=False,
    )


class TestAProgram:
    """Whole programs against a server that takes questions and says nothing."""

    @pytest.fixture
    def arguments(self, tmp_path: Path) -> list[str]:
        vendor = Vendor(now=int(time.time()))
        web = Web(lambda asked: honest(vendor, asked))
        (tmp_path / "root.jws").write_bytes(vendor.roots[1])
        arguments = [web.url, str(tmp_path / "root.jws"), str(tmp_path / "editor")]
        done = program(f"print(license.activate({code('A').reveal()!r}).message)", *arguments)
        assert "accepted" in done.stdout, done.stderr
        web.stop()
        silent = Web(lambda asked: lambda connection: time.sleep(30))
        return [silent.url, *arguments[1:]]

    def test_it_ends_at_once_while_an_exchange_is_under_way_in_a_thread(self, arguments: list[str]) -> None:
        done = program(
            """
            import threading
            license.start()
            threading.Thread(target=license.synchronize, daemon=True).start()
            time.sleep(0.3)
            print(license.allows("edit"), time.monotonic())
            """,
            *arguments,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("True"), done.stdout
        assert time.monotonic() - float(done.stdout.split()[1]) < AT_ONCE
        assert done.stderr == ""

    def test_it_ends_at_once_while_an_exchange_is_under_way_in_a_task(self, arguments: list[str]) -> None:
        done = program(
            """
            import asyncio
            from tenure.sdk.background import BackgroundTurns
            from tenure.sdk.task_runner import TaskRunner

            async def main():
                turns = BackgroundTurns(license.synchronize, lambda: True, lambda: None)
                async with TaskRunner(turns, 30), license.background():
                    await asyncio.sleep(0.3)
                    print(license.allows("edit"), time.monotonic())

            asyncio.run(main())
            """,
            *arguments,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("True"), done.stdout
        assert time.monotonic() - float(done.stdout.split()[1]) < AT_ONCE
        assert done.stderr == ""

    def test_a_child_process_asks_for_itself_and_shares_what_is_learned(self, arguments: list[str]) -> None:
        done = program(
            """
            import os, threading
            license.start()
            threading.Thread(target=license.synchronize, daemon=True).start()
            time.sleep(0.2)
            child = os.fork()
            if not child:
                # The parent's thread holds its locks for good as far as this process can tell.
                print(license.allows("edit"), license.standing.licensed, flush=True)
                os._exit(0)
            print(os.waitpid(child, 0)[1])
            """,
            *arguments,
        )
        assert done.stdout.split() == ["True", "True", "0"], done.stderr

    @pytest.mark.parametrize("how", ["os.fork", "multiprocessing"])
    def test_what_was_started_before_a_fork_goes_on_in_the_child(self, arguments: list[str], how: str) -> None:
        done = program(
            """
            import multiprocessing, os, threading

            def names():
                return sorted(each.name for each in threading.enumerate() if each.name == "tenure")

            def work(queue):
                queue.put(names())

            license.start()
            if "HOW" == "os.fork":
                reader, writer = os.pipe()
                if not os.fork():
                    os.write(writer, repr(names()).encode())
                    os._exit(0)
                os.wait()
                print(os.read(reader, 100).decode())
            else:
                fork = multiprocessing.get_context("fork")
                queue = fork.Queue()
                child = fork.Process(target=work, args=(queue,))
                child.start()
                print(queue.get(timeout=10))
                child.join()
            license.stop()
            if not os.fork():
                print(names(), flush=True)
                os._exit(0)
            os.wait()
            """.replace("HOW", how),
            *arguments,
        )
        assert done.stdout.split("\n")[:2] == ["['tenure']", "[]"], done.stdout + done.stderr
