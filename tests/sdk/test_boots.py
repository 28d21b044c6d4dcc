"""A folder that two computers share: one is served, the other is told whose turn it is, and nobody is locked out."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from conformance.vendor import code
from tenure.core.lease.boots import ALIVE
from tenure.core.lease.clock import SAVING
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import HOUR
from tenure.sdk import ActivationGranted, License, Rejected
from tenure.sdk.hardware import made_up
from tests.sdk.test_license import Office
from tests.sdk.world import Hands


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.web.stop()


class TwoComputers:
    """Two computers with clocks of their own, and one folder on the network."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.hands = {"left": Hands(boot="boot-left"), "right": Hands(boot="boot-right")}
        for hands in self.hands.values():
            hands.uptime = 5.0 * HOUR

    def open(self, staff: str) -> License:
        """A program that begins at that desk."""
        computer = self.hands[staff].computer()
        return self.office.open(
            name="shared", computer=msgspec.structs.replace(computer, hardware=lambda: made_up(staff), host=staff)
        )

    def wait(self, seconds: int) -> None:
        self.office.vendor.now += seconds
        for hands in self.hands.values():
            hands.uptime += seconds
            hands.wall += seconds


@pytest.fixture
def two(office: Office) -> TwoComputers:
    return TwoComputers(office)


def licensed(two: TwoComputers) -> License:
    """The program at the left desk has applied a code."""
    left = two.open("left")
    assert isinstance(left.activate(code("A").reveal()), ActivationGranted)
    return left


def saved(license_: License) -> None:
    license_._keeper.remember_time()


def test_a_second_computer_is_told_whose_turn_it_is_and_changes_nothing_in_the_folder(two: TwoComputers) -> None:
    left = licensed(two)
    before = {path.name: path.read_bytes() for path in (two.office.folder / "shared").glob("state.*")}
    two.wait(60)
    right = two.open("right")
    assert not right.allows("edit")
    standing = right.standing
    assert standing.refusal is not None
    assert standing.refusal.code is RefusalCode.FOLDER_SERVED_ELSEWHERE
    assert standing.refusal.when == two.office.vendor.now + ALIVE - 60
    assert "“left” is using" in standing.message
    assert "console" not in standing.message
    assert standing.features == ()
    for told in (right.synchronize(), right.activate(code("A").reveal()), right.release()):
        assert isinstance(told, Rejected)
        assert (told.code, told.conclusive) == (RefusalCode.FOLDER_SERVED_ELSEWHERE, False)
    right._run_tick()
    assert before == {path.name: path.read_bytes() for path in (two.office.folder / "shared").glob("state.*")}
    assert left.allows("edit")
    assert left.standing.refusal is None


def test_it_stays_so_as_long_as_the_first_one_runs(two: TwoComputers) -> None:
    left, right = licensed(two), two.open("right")
    for _ in range(5):
        two.wait(SAVING)
        saved(left)
        right._run_tick()
        assert (left.allows("edit"), right.allows("edit")) == (True, False)


def test_once_the_first_one_is_off_the_second_is_served_and_the_first_is_told_when_it_wakes(two: TwoComputers) -> None:
    left, right = licensed(two), two.open("right")
    two.wait(ALIVE - 1)
    right._run_tick()
    assert not right.allows("edit")
    two.wait(1)
    right._run_tick()
    assert right.allows("edit")
    left._run_tick()  # it was asleep
    assert not left.allows("edit")
    assert "“right” is using" in left.standing.message
    assert right.allows("edit")


def test_a_computer_that_crashed_goes_on_at_once(two: TwoComputers) -> None:
    licensed(two)
    two.wait(5)
    two.hands["left"].restart()
    again = two.open("left")
    assert again.allows("edit")
    assert again.standing.refusal is None
    saved(again)
    assert two.open("left").allows("edit")


def test_a_computer_that_crashed_and_lost_its_time_goes_on_at_once(two: TwoComputers) -> None:
    licensed(two)
    two.wait(5)
    two.hands["left"].restart(off=-120)
    assert two.open("left").allows("edit")


def test_of_two_whose_clocks_do_not_agree_only_one_is_served(two: TwoComputers) -> None:
    """The clock of the second one is an hour off, so that it takes the first one for long gone: that one sees it."""
    left = licensed(two)
    two.hands["right"].wall += HOUR
    right = two.open("right")
    assert right.allows("edit")
    saved(right)
    left._run_tick()
    assert (left.allows("edit"), right.allows("edit")) == (False, True)
    for _ in range(3):
        two.wait(SAVING)
        saved(right)
        left._run_tick()
        assert (left.allows("edit"), right.allows("edit")) == (False, True)


def test_programs_of_one_boot_share_their_folder(two: TwoComputers) -> None:
    first = licensed(two)
    second = two.open("left")
    for each in (first, second, first):
        two.wait(SAVING)
        saved(each)
        assert (first.allows("edit"), second.allows("edit")) == (True, True)
        assert first.standing.refusal is second.standing.refusal is None


def test_where_a_system_has_no_name_for_its_boot_its_programs_share_all_the_same(two: TwoComputers) -> None:
    first = licensed(two)
    two.wait(ALIVE)
    two.hands["left"].boot = "run 1"
    one = two.open("left")
    saved(one)
    two.hands["left"].boot = "run 2"
    other = two.open("left")
    saved(other)
    one._run_tick()
    assert one.allows("edit")
    assert other.allows("edit")
    assert first.lease is not None
