"""What befalls a world seldom, brought about by hand: a retired copy, a server put back from its backup."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.timeline import DAY, HOUR
from tenure.sandbox.simulation.copies import DiskCopier
from tenure.sandbox.simulation.invariants import BrokenPromise
from tenure.sandbox.simulation.scenarios import WorldPlan
from tenure.sandbox.simulation.seeded_random import CALM
from tenure.sandbox.simulation.sites import SimulatedSite
from tenure.sandbox.simulation.world import SimulatedWorld
from tests.simulation import broken

QUIET = WorldPlan(days=40, devices_per_site=(("yearly", 6, (4, 4)),), provider_acts=False)
BASE = {"read"}


def lived(world: SimulatedWorld, days: int) -> None:
    world.live(world.time.now + days * DAY)


def seen(world: type[SimulatedWorld], folder: Path) -> SimulatedWorld | str:
    """The world after a copy of its first site was retired, or the promise that was broken."""
    with world(1, QUIET, folder) as made:
        made.begin()
        made.resting = True
        try:
            _retire(made)
        except BrokenPromise as found:
            return str(found).partition(" broken by")[0]
        return made


def _retire(world: SimulatedWorld) -> None:
    """The first site's disk is put back from an image, and whoever is then found to be a copy is retired."""
    lived(world, 6)
    site, copier = world.sites[0], DiskCopier(world)
    copier.image_site(site)
    lived(world, 4)
    copier.put_site_back(site)
    lived(world, 4)
    copier.resolve("retired")
    until = world.time.now + 10 * DAY
    while world.time.now < until and not site.withdrawn:
        world.live(world.time.now + HOUR)


def test_a_retired_copy_keeps_base_features_and_no_others(tmp_path: Path) -> None:
    world = seen(SimulatedWorld, tmp_path)
    assert isinstance(world, SimulatedWorld), world
    assert world.judge.forks
    gone = world.sites[0]
    assert gone.withdrawn and gone.features == BASE
    assert world.sites[1].features > BASE, "the other site goes on"


def test_a_disk_imaged_before_its_first_answer_is_a_copy_when_it_is_put_back(tmp_path: Path) -> None:
    with SimulatedWorld(1, QUIET, tmp_path) as world:
        world.begin()
        world.resting, calm = True, msgspec.structs.replace(CALM, lost_answer=1.0)
        site, copier, world.random.odds = world.sites[0], DiskCopier(world), calm
        while not site.license.keeper.holder.kept.activation:
            world.live(world.time.now + HOUR)
        copier.image_site(site)
        world.random.odds = CALM
        lived(world, 4)
        assert site.features > BASE
        before = world.judge.forks
        copier.put_site_back(site)
        lived(world, 2)  # it sends its activation again, then asks without any token
        assert world.judge.forks > before


@pytest.mark.parametrize(
    ("site", "promise"),
    [(broken.DefiantSite, "P2"), (broken.TimidSite, "P1")],
    ids=["goes on although retired", "stops although nobody said so"],
)
def test_the_judge_knows_by_the_wire_who_was_retired(site: type[SimulatedSite], promise: str, tmp_path: Path) -> None:
    assert seen(broken.world_with(site=site), tmp_path) == promise


def test_a_disk_put_back_twice_in_a_season_agrees_once_somebody_has_spoken(tmp_path: Path) -> None:
    """Small copies world, seed 2: the second time it gets no lease, and the calm began before it was found."""
    with SimulatedWorld(1, QUIET, tmp_path) as made:
        made.begin()
        made.resting = True
        lived(made, 6)
        site, copier = made.sites[0], DiskCopier(made)
        copier.image_site(site)
        lived(made, 9)
        copier.put_site_back(site)
        lived(made, 3)
        copier.resolve("restored")
        lived(made, 3)
        copier.image_site(site)
        lived(made, 9)
        copier.put_site_back(site)
        made.rest()


def put_back(world: type[SimulatedWorld], folder: Path) -> str:
    """Which promise is broken after the server was put back from a backup of a minute ago; empty when none is."""
    with world(1, QUIET, folder) as made:
        made.begin()
        made.resting = True
        try:
            lived(made, 10)
            made.fault_injector.restore(made.fault_injector.back_up())
            lived(made, 20)
        except BrokenPromise as found:
            return str(found).partition(" broken by")[0]
        return ""


def test_p5_the_limit_holds_at_once_after_a_restore_that_forgot_nothing(tmp_path: Path) -> None:
    assert put_back(SimulatedWorld, tmp_path) == ""


def test_the_judge_sees_a_restored_server_that_does_not_know_what_it_granted(tmp_path: Path) -> None:
    assert put_back(broken.world_with(vendor=broken.ForgetsGrantsVendor), tmp_path) == "P5"
