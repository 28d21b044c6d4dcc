"""Copies of administration servers that speak first and go on after one was restored, and what they write down."""

from collections import Counter
from pathlib import Path

import pytest

from tenure.core.timeline import HOUR
from tests.server.server_env import office
from tests.server.test_copies import Computer, told, verifying

ROUND = 26 * HOUR + 24 * 60
"""For so long a site that was restored takes in the devices that hold a seat, and no new one [spec: new-seats]."""


@pytest.mark.parametrize("word", ["restored", "retired"])
async def test_a_site_restored_in_place_of_one_that_is_in_use_gets_no_new_device_before_it_is_said_what_that_is(
    tmp_path: Path, word: str
) -> None:
    """The copy speaks first, grows, and refreshes what it has to its lease's end: 16 devices ran for ten sold."""
    async with office(tmp_path) as env:
        _, code = await env.order(devices=10)
        honest = Computer(env.site())
        honest.heard(await honest.site.activate(code))
        mine, theirs = ([f"{who}-{n}" for n in range(20)] for who in ("honest", "copy"))
        honest.protects(mine[:5], env.clock.now)
        honest.heard(await honest.site.sync())
        copy = honest.copied()
        env.clock.now += HOUR
        copy.heard(await copy.site.sync())  # speaks first
        copy.protects(mine[:5] + theirs, env.clock.now)
        env.clock.now += HOUR
        assert told(await honest.site.sync()).forked
        restored = env.clock.now
        honest.heard(told(await honest.site.sync(resolve="restored")))
        for _ in range(40):
            env.clock.now += 12 * HOUR
            answer = told(await copy.site.sync())
            assert answer.forked
            copy.heard(answer)
            copy.protects(mine[:5] + theirs, env.clock.now)
            env.clock.now += 12 * HOUR
            honest.heard(told(await honest.site.sync()))
            wished = mine if env.clock.now >= restored + ROUND else mine[:5]
            honest.protects(wished, env.clock.now)
            seen = verifying([honest, copy], env.clock.now)
            assert len(seen) <= 11
        if word == "restored":
            return
        assert len(honest.seats) < 11, "nobody has said what the other one is"
        assert told(await honest.site.sync(resolve="retired")).refusal is None
        assert told(await copy.site.sync()).refusal.code == "copy_retired"
        honest.heard(told(await honest.site.sync()))
        honest.protects(mine, env.clock.now)
        assert len(honest.seats) == 11


async def test_an_honest_restore_whose_former_self_is_gone_gets_new_devices_as_ever(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=10)
        site = Computer(env.site())
        site.heard(await site.site.activate(code))
        site.protects([f"{n}" for n in range(5)], env.clock.now)
        site.heard(await site.site.sync())
        backup = site.copied()
        site.heard(await site.site.sync())
        assert told(await backup.site.sync()).forked
        assert told(await backup.site.sync(resolve="restored")).result == "lease"
        assert backup.site.lease is not None
        assert backup.site.lease.lease.allotment == 11


async def test_an_installation_s_own_word_in_a_loop_does_not_make_a_history_without_end(tmp_path: Path) -> None:
    """A successor staged and dropped, a fork found and settled: a fact each, at whatever pace it was asked for."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        new, later = await env.order("later")
        site, other = env.site(), env.site()
        told(await site.activate(code))
        seen = Counter[str]()
        for _ in range(150):
            for answer in (
                await site.activate(later, role="successor"),
                await site.sync(drop_successor=new),
            ):
                seen[answer if isinstance(answer, str) else "done"] += 1
        assert seen["too_many_requests"] > 100
        assert len(await env.facts(new)) < 200
        copy = site.clone()
        told(await site.sync())
        assert told(await copy.sync()).forked
        assert await site.sync(resolve="retired") == "too_many_requests"
        assert told(await site.sync()).refusal is None, "it synchronizes all the same"
        assert told(await other.activate(code)).result == "granted", "and nobody else waits"
        env.clock.now += HOUR
        assert told(await site.sync(resolve="retired")).refusal is None
        assert "ForkResolved" in await env.facts(name)
