"""Every check of the simulation has a broken part that it must catch; without one it would only look like a check."""

from pathlib import Path

import pytest

from tenure.sandbox.simulation.granted_places import GrantedPlaces
from tenure.sandbox.simulation.invariants import BrokenPromise
from tenure.sandbox.simulation.scenarios import WorldPlan
from tenure.sandbox.simulation.world import SimulatedWorld
from tests.simulation import broken

SMALL = WorldPlan(days=40, devices_per_site=(("yearly", 6, (4, 4)),), provider_acts=False)
MOVED = WorldPlan(days=70, devices_per_site=(("yearly", 6, (4, 4)),), provider_acts=False, clocks=True)
COPIED = WorldPlan(days=150, devices_per_site=(("yearly", 12, (3, 2, 2)),), copies=True)


def found(world: type[SimulatedWorld], plan: WorldPlan, folder: Path, seeds: range = range(8)) -> str:
    """Which promise was seen broken, at the first seed where one was; empty when none was."""
    for seed in seeds:
        place = folder / str(seed)
        place.mkdir()
        with world(seed, plan, place) as made:
            try:
                made.run()
            except BrokenPromise as seen:
                return str(seen).partition(" broken by")[0]
    return ""


def test_sound_worlds_break_nothing(tmp_path: Path) -> None:
    assert found(SimulatedWorld, SMALL, tmp_path, range(1)) == ""


@pytest.mark.parametrize(
    ("world", "plan", "promise"),
    [
        (broken.world_with(device=broken.DeafDevice), SMALL, "P2"),
        (broken.world_with(device=broken.NervousDevice), SMALL, "P1"),
        (broken.world_with(device=broken.ForgetfulDevice), SMALL, "P1"),
        (broken.world_with(site=broken.CarelessSite), SMALL, "P5"),
        (broken.world_with(vendor=broken.GenerousVendor), SMALL, "P5"),
        (broken.world_with(vendor=broken.BlindVendor), COPIED, "B9"),
        (broken.world_with(vendor=broken.ForgetfulVendor), SMALL, "P4"),
        (broken.world_with(vendor=broken.ForgetsActivationsVendor), SMALL, "P4"),
        (broken.world_with(vendor=broken.ThievingVendor), SMALL, "the ledger"),
        (broken.world_with(vendor=broken.LyingVendor), SMALL, "P7"),
    ],
    ids=[
        "deaf",
        "nervous",
        "throws away",
        "loses count",
        "generous",
        "blind",
        "forgetful",
        "forgets activations",
        "thief",
        "liar",
    ],
)
def test_the_judge_sees_what_is_broken(
    world: type[SimulatedWorld], plan: WorldPlan, promise: str, tmp_path: Path
) -> None:
    assert found(world, plan, tmp_path) == promise


@pytest.mark.slow
def test_a_device_that_believes_the_wall_clock_is_seen(tmp_path: Path) -> None:
    world = broken.world_with(device=broken.GullibleDevice)
    assert found(world, MOVED, tmp_path) in ("P1", "P2")


SEATS = {"first": 2, "second": 9}
"""Eleven devices of one site, by the subscription whose seat they hold; two have not come since it left the first."""


@pytest.mark.parametrize(
    ("leases", "counted"),
    [
        ((("first", 13),), (11, 0, 0)),
        ((("first", 13), ("second", 16)), (0, 11, 0)),
        ((("first", 13), ("second", 10)), (1, 10, 0)),
        ((("first", 13), ("second", 16), ("second", 5)), (0, 11, 0)),
        ((("first", 13), ("second", 16), ("third", 0)), (0, 11, 0)),
        ((("first", 13), ("second", 16), ("third", 4)), (0, 7, 4)),
        ((("first", 13), ("second", 5), ("third", 0)), (2, 9, 0)),
        ((("first", 13), ("second", 16), ("first", 8)), (8, 3, 0)),
        ((), (2, 9, 0)),
    ],
    ids=[
        "before it left",
        "the second covers all",
        "the second covers ten",
        "the second was lowered to five afterwards",
        "the third covers none",
        "the third covers four",
        "the second gave five, and nine hold its seats",
        "back in the first, with eight",
        "its lease has not been seen",
    ],
)
def test_p5_each_of_eleven_devices_counts_once_where_its_site_was_granted_places_last(
    leases: tuple[tuple[str, int], ...], counted: tuple[int, int, int]
) -> None:
    granted = GrantedPlaces()
    for subscription, allotment in leases:
        granted.note_lease("site", subscription, allotment)
    found = tuple(granted.count_devices("site", name, SEATS) for name in ("first", "second", "third"))
    assert found == counted
