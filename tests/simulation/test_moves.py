"""Worlds whose administrators change the code, now or by a successor kept ready: no promise breaks."""

import pytest

from tests.simulation.lives import lived, worlds


@pytest.mark.parametrize(("seed", "days"), worlds())
def test_p1_p2_p5_b07_b09_m10_no_promise_breaks_in_a_world_of_this_kind(seed: int, days: int) -> None:
    seen = lived("moves", seed, days).seen
    assert seen["applies another code"] and seen["keeps a code ready"]
