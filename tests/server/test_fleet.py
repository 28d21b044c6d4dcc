"""One device limit, five sites that do as they like: nothing is ever out above it (B7, P5)."""

from pathlib import Path

import pytest

from tests.server import code_changes
from tests.server.many_sites import CEILING, LIMIT, ManySites
from tests.server.server_env import office

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("seed", range(4))
async def test_b07_whatever_sites_do_the_sum_of_their_allotments_stays_below_the_ceiling(
    seed: int, tmp_path: Path
) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=LIMIT)
        fleet = ManySites(env, code, seed)
        most = 0
        for step in range(60):
            await fleet.step()
            most = max(most, fleet.held())
            assert fleet.held() <= CEILING, step
        assert most > LIMIT // 2, "sites that share a limit are to get something of it"
        assert fleet.seen["lease"] >= 5 and fleet.seen["at once"] >= 5


@pytest.mark.parametrize("seed", range(6))
async def test_b07_wherever_sites_go_no_subscription_is_out_at_more_devices_than_it_has(
    seed: int, tmp_path: Path
) -> None:
    async with office(tmp_path) as env:
        sold = [await env.order(offer, devices=code_changes.LIMIT) for offer in ("brief", "brief", "later")]
        group = code_changes.CodeChangingSites(env, sold, seed)
        for step in range(120):
            await group.step()
            assert max(group.held().values()) <= code_changes.CEILING, (step, group.held())
        assert group.seen["sync lease"] >= 5
