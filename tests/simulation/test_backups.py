"""Worlds with a server that is put back from backups: no promise breaks."""

import pytest

from tests.simulation.lives import lived, worlds


@pytest.mark.parametrize(("seed", "days"), worlds(season=2000))
def test_p1_p2_p5_b07_b09_no_promise_breaks_in_a_world_of_this_kind(seed: int, days: int) -> None:
    seen = lived("backups", seed, days).seen
    assert seen["backed up"] and seen["restored"]
