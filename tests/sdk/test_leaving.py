"""A program that ends by its own will gives its folder up at once; one that is killed cannot, and a copy is no door."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tenure.core.lease.boots import ALIVE
from tenure.core.refusals import RefusalCode
from tenure.sdk import License, Synchronized
from tenure.sdk.presence import IN_USE, FolderPresence
from tests.sdk.test_boots import TwoComputers, licensed, office, saved, two
from tests.sdk.test_license import Office

__all__ = ["office", "two"]

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from tenure.sdk import License, Network
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer

boot, url, root, folder, wall, how = sys.argv[1:]
clocks = ComputerClocks(boot, lambda: 18_000.0, lambda: int(wall))
computer = Computer(clocks=clocks, monotonic=time.monotonic, draw=os.urandom, environment={}, hardware=dict,
                    online=lambda: True, host=boot)


def main():
    license = License.open(product="editor", version="12.0", server=url, root=root, folder=folder, computer=computer,
                           network=Network(dns="off", proxy="", loopback_http=True))
    if how == "SIGTERM":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(license.allows("edit"), license.standing.message, flush=True)
    if how in ("SIGTERM", "SIGKILL", "waits"):
        sys.stdin.readline() if how == "waits" else time.sleep(60)
    if how == "forks" and not os.fork():
        sys.stdin.readline()
        license.standing
        os._exit(0)
    if how == "raises":
        raise SystemExit(3)


main()
"""


def served(license_: License) -> bool:
    return license_.allows("edit") and license_.standing.refusal is None


class TestThePlaceInTheFolder:
    def test_a_program_that_stops_frees_it_at_once(self, two: TwoComputers) -> None:
        left = licensed(two)
        right = two.open("right")
        assert not served(right)
        left.stop()
        right._run_tick()
        assert served(right)
        assert served(two.open("right"))

    def test_so_does_the_end_of_a_with_block_and_of_a_task(self, two: TwoComputers) -> None:
        with licensed(two):
            pass
        right = two.open("right")
        assert served(right)

        async def program() -> None:
            async with right.background():
                pass

        asyncio.run(program())
        assert served(two.open("left"))

    def test_the_last_program_of_a_computer_frees_it_and_none_before(self, two: TwoComputers) -> None:
        first = licensed(two)
        second = two.open("left")
        first.stop()
        assert not served(two.open("right"))
        assert served(second)
        second.stop()
        assert served(two.open("right"))

    def test_a_license_that_is_used_after_its_stop_takes_the_folder_again(self, two: TwoComputers) -> None:
        left = licensed(two)
        left.stop()
        assert left.allows("edit")
        left._aside.wait()
        assert not served(two.open("right"))

    def test_or_is_told_that_another_computer_has_it_by_now(self, two: TwoComputers) -> None:
        left = licensed(two)
        left.stop()
        right = two.open("right")
        left.allows("edit")
        left._aside.wait()
        assert not left.allows("edit")
        assert "“right” is using" in left.standing.message
        saved(right)
        assert served(right)

    def test_a_program_that_was_refused_frees_nothing_when_it_ends(self, two: TwoComputers) -> None:
        left = licensed(two)
        two.open("right").stop()
        right = two.open("right")
        assert not served(right)
        assert served(left)

    def test_a_folder_that_was_removed_is_not_made_again(self, two: TwoComputers) -> None:
        left = licensed(two)
        shutil.rmtree(two.office.folder / "shared")
        left.stop()
        assert not (two.office.folder / "shared").exists()

    def test_where_there_are_no_locks_the_other_computer_waits(
        self, two: TwoComputers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = licensed(two)
        (two.office.folder / "shared" / IN_USE).unlink()
        (two.office.folder / "shared" / IN_USE).mkdir()
        left.stop()
        assert not served(two.open("right"))


def test_a_copy_of_a_folder_that_was_given_up_is_found_by_the_server(two: TwoComputers) -> None:
    """Both are served for a moment, as copies of any folder are; the server tells them apart by their state tokens."""
    left = licensed(two)
    left.stop()
    shutil.copytree(two.office.folder / "shared", two.office.folder / "copied")
    right = two.open("right")
    computer = msgspec.structs.replace(two.hands["left"].computer(), host="copy", draw=os.urandom)
    copy = two.office.open(name="copied", computer=computer)
    assert isinstance(right.synchronize(), Synchronized)
    assert isinstance(copy.synchronize(), Synchronized)
    assert RefusalCode.LEASE_FORKED in [each.code for each in copy.standing.warnings]


def test_programs_that_leave_in_the_same_moment_leave_one_last(tmp_path: Path) -> None:
    both = FolderPresence(tmp_path), FolderPresence(tmp_path)
    for each in both:
        each.begin()
    with both[0].end_alone() as first:
        assert not first
        with both[1].end_alone() as second:
            assert second


class TestProcesses:
    """Real ones, each with the boot id of a computer of its own."""

    def started(self, office: Office, boot: str, how: str) -> "subprocess.Popen[str]":
        root = office.folder / "root.jws"
        root.write_bytes(office.vendor.roots[1])
        arguments = (boot, office.web.url, str(root), str(office.folder / "shared"), str(office.vendor.now), how)
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    @pytest.mark.parametrize(
        ("how", "freed"),
        [("ends", True), ("raises", True), ("SIGTERM", True), ("SIGKILL", False), ("forks", False)],
    )
    def test_who_ends_frees_the_folder_and_who_is_killed_or_lives_on_in_a_child_does_not(
        self, two: TwoComputers, how: str, freed: bool
    ) -> None:
        licensed(two).stop()
        with self.started(two.office, "other", how) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("True")
            if how.startswith("SIG"):
                process.send_signal(getattr(signal, how))
            process.wait(20)
            right = two.open("right")
            assert served(right) is freed
            assert process.stdin is not None
            process.stdin.close()
        two.wait(ALIVE)
        right._run_tick()
        assert served(right)

    def test_two_processes_of_one_computer_free_it_with_the_second(self, two: TwoComputers) -> None:
        licensed(two).stop()
        with self.started(two.office, "other", "waits") as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("True")
            with self.started(two.office, "other", "ends") as second:
                second.communicate(timeout=20)
            assert not served(two.open("right"))
            process.communicate("\n", timeout=20)
        assert served(two.open("right"))
