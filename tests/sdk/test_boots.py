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


class Desks:
    """Two computers with clocks of their own, and one folder on the network."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.hands = {"left": Hands(boot="boot-left"), "right": Hands(boot="boot-right")}
        for hands in self.hands.values():
            hands.uptime = 5.0 * HOUR

    def open(self, desk: str) -> License:
        """A program that begins at that desk."""
        computer = self.hands[desk].computer()
        return self.office.open(
            name="shared", computer=msgspec.structs.replace(computer, hardware=lambda: made_up(desk), host=desk)
        )

    def wait(self, seconds: int) -> None:
        self.office.vendor.now += seconds
        for hands in self.hands.values():
            hands.uptime += seconds
            hands.wall += seconds


@pytest.fixture
def desks(office: Office) -> Desks:
    return Desks(office)


def licensed(desks: Desks) -> License:
    """The program at the left desk has applied a code."""
    left = desks.open("left")
    assert isinstance(left.activate(code("A").reveal()), ActivationGranted)
    return left


def saved(license_: License) -> None:
    license_._keeper.remember_time()


def test_a_second_computer_is_told_whose_turn_it_is_and_changes_nothing_in_the_folder(desks: Desks) -> None:
    left = licensed(desks)
    before = {path.name: path.read_bytes() for path in (desks.office.folder / "shared").glob("state.*")}
    desks.wait(60)
    right = desks.open("right")
    assert not right.allows("edit")
    standing = right.standing
    assert standing.refusal is not None
    assert standing.refusal.code is RefusalCode.FOLDER_SERVED_ELSEWHERE
    assert standing.refusal.when == desks.office.vendor.now + ALIVE - 60
    assert "“left” is using" in standing.message
    assert "console" not in standing.message
    assert standing.features == ()
    for told in (right.synchronize(), right.activate(code("A").reveal()), right.release()):
        assert isinstance(told, Rejected)
        assert (told.code, told.conclusive) == (RefusalCode.FOLDER_SERVED_ELSEWHERE, False)
    right._run_tick()
    assert before == {path.name: path.read_bytes() for path in (desks.office.folder / "shared").glob("state.*")}
    assert left.allows("edit")
    assert left.standing.refusal is None


def test_it_stays_so_as_long_as_the_first_one_runs(desks: Desks) -> None:
    left, right = licensed(desks), desks.open("right")
    for _ in range(5):
        desks.wait(SAVING)
        saved(left)
        right._run_tick()
        assert (left.allows("edit"), right.allows("edit")) == (True, False)


def test_once_the_first_one_is_off_the_second_is_served_and_the_first_is_told_when_it_wakes(desks: Desks) -> None:
    left, right = licensed(desks), desks.open("right")
    desks.wait(ALIVE - 1)
    right._run_tick()
    assert not right.allows("edit")
    desks.wait(1)
    right._run_tick()
    assert right.allows("edit")
    left._run_tick()  # it was asleep
    assert not left.allows("edit")
    assert "“right” is using" in left.standing.message
    assert right.allows("edit")


def test_a_computer_that_crashed_goes_on_at_once(desks: Desks) -> None:
    licensed(desks)
    desks.wait(5)
    desks.hands["left"].restart()
    again = desks.open("left")
    assert again.allows("edit")
    assert again.standing.refusal is None
    saved(again)
    assert desks.open("left").allows("edit")


def test_a_computer_that_crashed_and_lost_its_time_goes_on_at_once(desks: Desks) -> None:
    licensed(desks)
    desks.wait(5)
    desks.hands["left"].restart(off=-120)
    assert desks.open("left").allows("edit")


def test_of_two_whose_clocks_do_not_agree_only_one_is_served(desks: Desks) -> None:
    """The clock of the second one is an hour off, so that it takes the first one for long gone: that one sees it."""
    left = licensed(desks)
    desks.hands["right"].wall += HOUR
    right = desks.open("right")
    assert right.allows("edit")
    saved(right)
    left._run_tick()
    assert (left.allows("edit"), right.allows("edit")) == (False, True)
    for _ in range(3):
        desks.wait(SAVING)
        saved(right)
        left._run_tick()
        assert (left.allows("edit"), right.allows("edit")) == (False, True)


def test_programs_of_one_boot_share_their_folder(desks: Desks) -> None:
    first = licensed(desks)
    second = desks.open("left")
    for each in (first, second, first):
        desks.wait(SAVING)
        saved(each)
        assert (first.allows("edit"), second.allows("edit")) == (True, True)
        assert first.standing.refusal is second.standing.refusal is None


def test_where_a_system_has_no_name_for_its_boot_its_programs_share_all_the_same(desks: Desks) -> None:
    first = licensed(desks)
    desks.wait(ALIVE)
    desks.hands["left"].boot = "run 1"
    one = desks.open("left")
    saved(one)
    desks.hands["left"].boot = "run 2"
    other = desks.open("left")
    saved(other)
    one._run_tick()
    assert one.allows("edit")
    assert other.allows("edit")
    assert first.lease is not None
