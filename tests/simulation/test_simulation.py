"""A year of the whole chain on a virtual clock, shaken by a seed: no promise breaks, and a seed is one life."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.sandbox.simulation import soak


def test_a_seed_lives_the_same_life_in_every_process(tmp_path: Path) -> None:
    """Names, keys, sets and hashes differ from process to process unless they come from the seed."""
    code = "from tenure.sandbox.simulation import soak; print(soak.live_world(6, 6).checksum)"
    told = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("SOAK"), reason="takes minutes: SOAK=1, or SHORT=1 make soak")
def test_b07_b09_a_hundred_thousand_device_days_without_a_broken_promise() -> None:
    lived = list(soak.run_soak(100_000))
    assert [each.broken for each in lived if each.broken] == []
    assert sum(each.device_days for each in lived) >= 100_000
