"""Two copies of a site: evidence from both sides, and what becomes of each of them ([spec: fork-rule], B9)."""

from pathlib import Path
from typing import Any

import pytest

from tenure.core.timeline import DAY
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv, office


def told(answer: SyncAnswer | ActivateAnswer | str) -> Any:
    assert not isinstance(answer, str), answer
    return answer


async def forked(env: ServerEnv) -> tuple[str, PlainSite, PlainSite]:
    """(subscription, the site, its stale copy that has just been found)."""
    name, code = await env.order()
    site = env.site()
    told(await site.activate(code))
    copy = site.clone()
    told(await site.sync())
    copy.use = DeviceUse(total=3)
    assert told(await copy.sync()).forked
    return name, site, copy


async def resolve(env: ServerEnv, name: str, site: PlainSite, resolution: str) -> None:
    await env.staff.post(f"/v1/subscriptions/{name}/resolve-fork", {"site": site.id, "resolution": resolution})


async def test_b09_the_evidence_of_both_copies_is_shown_to_provider_and_site(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, site, copy = await forked(env)
        (shown,) = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
        assert "the copy: serial 1" in shown["fork_evidence"]
        assert shown["restores_left"] == 2
        fork = (await env.staff.get(f"/v1/sites/{site.id}"))["fork"]
        assert [(each["which"], each["devices"]) for each in fork["copies"]] == [("current", 0), ("copy", 3)]
        assert fork["copies"][1]["running_seconds"] == 1_000
        for answer in (await site.sync(), await copy.sync()):
            seen = told(answer).fork
            assert [each.which for each in seen.copies] == ["current", "copy"]
            assert seen.restores_left == 2


@pytest.mark.parametrize("who", ["site", "copy"])
async def test_b09_restored_either_copy_is_accepted_once_and_the_other_is_then_stale(tmp_path: Path, who: str) -> None:
    async with office(tmp_path) as env:
        name, site, copy = await forked(env)
        epoch = (await env.staff.get(f"/v1/sites/{site.id}"))["epoch"]
        await resolve(env, name, site, "restored")
        first, second = (site, copy) if who == "site" else (copy, site)
        answer = told(await first.sync())
        assert (answer.result, answer.forked, answer.fork) == ("lease", False, None)
        assert first.lease is not None
        assert first.lease.lease.epoch > epoch
        assert told(await first.sync()).result == "unchanged"
        assert told(await second.sync()).forked


async def test_b09_the_copys_own_administrator_says_restored_twice_and_then_the_provider_must(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, site, copy = await forked(env)
        answer = told(await copy.sync(resolve="restored"))
        assert (answer.result, answer.forked, answer.fork) == ("lease", False, None)
        found = told(await site.sync())
        assert found.forked
        assert found.refusal.code == "lease_forked"
        assert found.fork.restores_left == 1
        assert told(await site.sync(resolve="restored")).result == "lease"
        told(await copy.sync())
        again = told(await copy.sync(resolve="restored"))
        assert again.refusal.code == "restored_too_often"
        assert again.refusal.when == env.clock.now + 365 * DAY
        customer = await env.token()
        path = f"/v1/subscriptions/{name}/resolve-fork"
        assert await customer.refused(path, {"site": site.id, "resolution": "restored"}) == "restored_too_often"
        await resolve(env, name, site, "restored")
        assert told(await copy.sync()).result == "lease"


async def test_b09_a_lost_answer_to_a_resolution_costs_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, site, copy = await forked(env)
        assert await copy.sync(resolve="restored", lose=True) == "lost"
        assert told(await copy.sync(resend=True)).result == "lease"
        assert told(await copy.sync()).result == "unchanged"
        assert told(await site.sync()).fork.restores_left == 1


@pytest.mark.parametrize(("resolution", "code"), [("second_site", "copy_separated"), ("retired", "copy_retired")])
@pytest.mark.parametrize("who", ["provider", "site", "copy"])
async def test_b09_a_copy_is_told_what_it_is_and_the_site_goes_on(
    tmp_path: Path, resolution: str, code: str, who: str
) -> None:
    async with office(tmp_path) as env:
        name, site, copy = await forked(env)
        if who == "provider":
            await resolve(env, name, site, resolution)
        elif who == "site":
            assert told(await site.sync(resolve=resolution)).refusal is None
        else:
            assert told(await copy.sync(resolve=resolution)).refusal.code == code
        for _ in range(2):
            refused = told(await copy.sync()).refusal
            assert (refused.code, refused.conclusive) == (code, True)
        assert told(await copy.sync(resolve="restored")).refusal.code == code, "for good"
        answer = told(await site.sync())
        assert (answer.refusal, answer.fork) == (None, None)
        (shown,) = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
        assert not shown["forked"]
        # A copy of its own disk from another day is another copy.
        later = site.clone()
        told(await site.sync())
        assert told(await later.sync()).fork is not None


async def test_b09_a_second_site_gets_a_key_and_an_allotment_of_its_own_within_the_limits(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, site, copy = await forked(env)
        await resolve(env, name, site, "second_site")
        code = (await env.staff.post(f"/v1/subscriptions/{name}/reissue-code"))["activation_code"]
        told(await site.sync())
        fresh = env.site()
        told(await fresh.activate(code))
        assert fresh.id not in {"", site.id, copy.id}
        shown = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
        assert [each["id"] for each in shown] == [site.id, fresh.id]
        assert sum(each["allotment"] for each in shown) <= 11


async def test_a_staged_successor_is_dropped_from_the_site_and_can_be_staged_again(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, first = await env.order()
        new, second = await env.order("later")
        site = env.site()
        told(await site.activate(first))
        assert told(await site.activate(second, role="successor")).successor
        answer = told(await site.sync(drop_successor=new))
        assert (answer.result, answer.successor, answer.refusal) == ("lease", "", None)
        assert (await env.facts(new))[-1] == "SuccessorDropped"
        assert told(await site.sync(drop_successor=new)).refusal.code == "no_successor"
        assert told(await site.sync()).result == "unchanged"
        assert told(await site.activate(second, role="successor")).successor


async def test_after_a_restore_of_the_server_every_word_is_of_the_epoch_it_opened(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = env.site()
        told(await site.activate(code))
        assert told(await site.sync()).result == "unchanged"
        opened = env.clock.now + 5 * DAY
        object.__setattr__(env.context, "epoch_floor", opened)
        answer = told(await site.sync())
        assert answer.result == "lease"
        assert site.lease is not None
        assert site.lease.lease.epoch == opened
        assert answer.token.startswith(f"{opened}.")
        assert told(await site.sync()).result == "unchanged"
        fresh = env.site()
        _, code = await env.order()
        told(await fresh.activate(code))
        assert fresh.lease is not None
        assert fresh.lease.lease.epoch == opened
