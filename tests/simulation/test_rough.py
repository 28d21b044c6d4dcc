"""Worlds with a bad network, dying processes and a busy provider: no promise breaks."""

import pytest

from tests.simulation.lives import lived, worlds


@pytest.mark.parametrize(("seed", "days"), worlds())
def test_p1_p2_p5_b07_b09_no_promise_breaks_in_a_world_of_this_kind(seed: int, days: int) -> None:
    assert lived("rough", seed, days).seen["outage"]
