"""A copied site finds no second door: activate, another code, look, stage, by hand, begin anew
[spec: known-key, fork-rule]."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, HOUR, Phase, span_at
from tenure.wire import exchanges
from tenure.wire.armor import armor_message, read_armor
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv, office

SOLD, TOLERATED = 10, 11
DAYS, STEP = 120, 3
SEAT, LEASE = 14 * DAY, 30 * DAY
WEEK = 7 * DAY


def told(answer: SyncAnswer | ActivateAnswer | str) -> Any:
    assert not isinstance(answer, str), answer
    return answer


@dataclass
class Computer:
    """A site with its devices, as its disk has them: signs seats as the rules of 3.8 allow."""

    site: PlainSite
    seats: dict[str, int] = field(default_factory=dict)
    """Device -> end of its seat."""
    open: bool = False
    """New seats may be signed: since the start an answer came that was no fork's."""
    served: int = 0
    """Days on which a device could be protected."""

    def copied(self) -> "Computer":
        """The whole disk on another computer, which starts."""
        return Computer(self.site.clone(), dict(self.seats))

    def heard(self, answer: Any) -> None:
        if isinstance(answer, str):
            return
        if getattr(answer, "preview", None) is not None:
            return  # a look is no answered synchronization
        if answer.refusal is None:
            self.open = not answer.forked
        elif answer.refusal.code in {"lease_forked", "copy_separated", "copy_retired"}:
            self.open = False

    def protects(self, wished: list[str], now: int) -> None:
        """Refreshes what it protects, and signs new seats up to its allotment."""
        lease = None if self.site.lease is None else self.site.lease.lease
        if lease is None or not lease.nbf <= now < lease.contact_until:
            return
        if span_at(lease.spans, now).phase not in {Phase.ACTIVE, Phase.GRACE}:
            return
        self.served += 1
        for device in wished:
            if device in self.seats or (self.open and len(self.seats) < lease.allotment):
                self.seats[device] = min(now + SEAT, lease.contact_until)
        self.site.use = DeviceUse(total=len(self.seats))


def verifying(computers: list[Computer], now: int) -> set[str]:
    return {device for each in computers for device, until in each.seats.items() if now < until}


async def by_hand(env: ServerEnv, site: PlainSite, code: str) -> Any:
    request = armor_message("REQUEST", site.asking_for(code))
    answer = await env.staff.send("POST", "/v1/offline-exchange", {"request": request})
    if answer.status_code != 200:
        return answer.json()["code"]
    blocks = read_armor(answer.json()["answer"])
    assert not isinstance(blocks, Refused)
    read = exchanges.read_activate_answer(blocks[-1].token, site.last, site.root)
    assert not isinstance(read, Refused)
    return site.took(read.message)


async def through(door: str, env: ServerEnv, copy: Computer, code: str, other: str) -> Any:
    """What the copy gets at a door."""
    site = copy.site
    if door == "look":
        reply = await site.apply(code, preview=True)
        assert isinstance(reply, bytes)
        read = exchanges.read_activate_answer(reply, site.last, site.root)
        return read.message  # type: ignore[union-attr]
    if door == "by_hand":
        return await by_hand(env, site, code)
    if door == "sync":
        return await site.sync()
    return await site.activate(code if door == "code" else other, role="successor" if door == "stage" else "active")


DOORS = ["sync", "code", "other_code", "look", "stage", "by_hand"]


@pytest.mark.parametrize("first", ["honest", "copy"])
@pytest.mark.parametrize("door", DOORS)
async def test_a_copied_site_finds_no_second_door(tmp_path: Path, door: str, first: str) -> None:
    """120 days on which a site and its copy ask in turns; whoever is not the newest state is the copy."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=SOLD)
        _, other = await env.order(devices=SOLD)
        honest = Computer(env.site())
        honest.heard(await honest.site.activate(code))
        mine, theirs = ([f"{who}-{n}" for n in range(20)] for who in ("honest", "copy"))
        honest.protects(mine[:6], env.clock.now)
        honest.heard(await honest.site.sync())
        copy = honest.copied()
        refused, truths, excused = 0, 0, 0
        for day in range(0, DAYS, STEP):
            env.clock.now += STEP * DAY - 12 * HOUR
            turns = [honest, copy] if first == "honest" else [copy, honest]
            for each in turns:
                env.clock.now += 6 * HOUR
                if each is copy:
                    answer = await through(door, env, copy, code, other)
                    if not isinstance(answer, str) and answer.forked and answer.refusal is None:
                        truths, excused = truths + 1, max(excused, env.clock.now + WEEK if first == "copy" else 0)
                else:
                    answer = told(await honest.site.sync())
                    if answer.refusal is not None:
                        assert answer.refusal.code == "lease_forked"
                        refused += 1
                        excused = env.clock.now + (90 * DAY if door == "by_hand" else LEASE)
                        answer = told(await honest.site.sync(resolve="restored"))
                    assert answer.refusal is None, "never refused for good"
                each.heard(answer)
                each.protects(mine if each is honest else theirs, env.clock.now)
                # Who was the site, until somebody said that the other one is (twice a year at most), goes on by what
                # was signed for it before, and by its week of truth.
                if env.clock.now >= excused:
                    assert len(verifying([honest, copy], env.clock.now)) <= TOLERATED, day
            if day == 0:
                found = "ForkFound" in await env.facts(name)
                # A look writes nothing; a refusal leaves the token as it was, so that nobody is stale yet.
                assert found == (door != "look" and (first, door) != ("copy", "other_code"))
        assert honest.served == DAYS // STEP + 1
        assert truths <= 2, "a week of truth, once in ninety days"
        assert refused <= 1
        most = (90 if door == "by_hand" and first == "copy" else 30) + 2 * 7
        assert copy.served <= most // STEP + 2, "its own lease, and the weeks of truth"


async def test_begun_anew_a_copy_is_a_site_of_its_own_within_the_limit(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=SOLD)
        honest = Computer(env.site())
        honest.heard(await honest.site.activate(code))
        honest.protects([f"honest-{n}" for n in range(6)], env.clock.now)
        honest.heard(await honest.site.sync())
        copy = honest.copied()
        copy.site, copy.seats = env.site(), {}
        for _ in range(40):
            env.clock.now += DAY
            copy.heard(await (copy.site.sync() if copy.site.id else copy.site.activate(code)))
            copy.protects([f"copy-{n}" for n in range(20)], env.clock.now)
            honest.heard(await honest.site.sync())
            honest.protects([f"honest-{n}" for n in range(20)], env.clock.now)
            assert len(verifying([honest, copy], env.clock.now)) <= TOLERATED


@pytest.mark.parametrize("token", ["older", "missing"])
@pytest.mark.parametrize("which", ["same", "reissued", "another"])
async def test_a_code_typed_at_a_copy_is_told_forked_and_resolves_nothing(
    tmp_path: Path, token: str, which: str
) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order()
        _, another = await env.order()
        site = env.site()
        told(await site.activate(code))
        copy = site.clone()
        told(await site.sync())
        if token == "missing":
            copy.token = ""
        typed = {"same": code, "another": another}.get(which) or (
            await env.staff.post(f"/v1/subscriptions/{name}/reissue-code")
        )["activation_code"]
        answer = told(await copy.activate(typed))
        assert answer.forked
        assert [each.which for each in answer.fork.copies] == ["current", "copy"]
        assert (await env.facts(name))[-1] == "ForkFound"
        if which == "another":
            assert answer.refusal.code == "lease_forked"
            assert told(await copy.sync()).result == "lease", "what synchronization gives is not used up"
        else:
            assert copy.lease is not None
            assert copy.lease.lease.contact_until == env.clock.now + WEEK
        for _ in range(2):
            again = told(await copy.activate(typed))
            assert (again.refusal.code, again.forked) == ("lease_forked", True)
        assert told(await site.sync()).refusal is None
        shown = (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"]
        assert [each["forked"] for each in shown] == [True]
        assert told(await copy.sync(resolve="restored")).result == "lease"


async def test_the_honest_site_takes_its_open_fork_along_to_another_subscription(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order("brief")
        new, fresh = await env.order()
        site = env.site()
        told(await site.activate(code))
        copy = site.clone()
        told(await site.sync())
        assert told(await copy.activate(code)).forked
        env.clock.now += 40 * DAY  # paid until a month; in grace another code may be applied
        assert told(await site.activate(fresh)).result == "granted"
        (shown,) = (await env.staff.get(f"/v1/subscriptions/{new}"))["sites"]
        assert shown["forked"], "no code resolves a fork"
        told(await site.sync(resolve="retired"))
        (shown,) = (await env.staff.get(f"/v1/subscriptions/{new}"))["sites"]
        assert not shown["forked"]
        env.clock.now += DAY
        told(await site.sync())
        assert told(await copy.activate(fresh)).refusal.code == "copy_retired"
        assert (await env.facts(name))[-1] == "SiteLeft"


async def test_a_takeover_takes_an_open_fork_along(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order("brief")
        new, later = await env.order("later")
        site = env.site()
        told(await site.activate(code))
        told(await site.activate(later, role="successor"))
        copy = site.clone()
        told(await site.sync())
        assert told(await copy.activate(code)).forked
        env.clock.now += 40 * DAY
        told(await site.sync())
        (shown,) = (await env.staff.get(f"/v1/subscriptions/{new}"))["sites"]
        assert shown["forked"]


async def test_a_lost_answer_makes_no_copy_of_a_site_that_types_a_code(tmp_path: Path) -> None:
    """The server has replaced the token, the site has not heard of it: it names the request that waits."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        told(await site.activate(code))
        assert await site.sync(lose=True) == "lost"
        answer = told(await site.activate(code, pending=(site.asked,)))
        assert (answer.result, answer.forked) == ("granted", False)
        assert "ForkFound" not in await env.facts(name)
        assert told(await site.sync()).refusal is None


async def test_a_copy_told_to_go_opens_the_fork_again_where_the_other_is_silent(tmp_path: Path) -> None:
    """The wrong one was told to go, or the only one: it is not cut off, and no code alone undoes what was said."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        told(await site.activate(code))
        copy = site.clone()
        told(await site.sync())
        assert told(await copy.sync()).forked
        env.clock.now += DAY
        await env.staff.post(f"/v1/subscriptions/{name}/resolve-fork", {"site": site.id, "resolution": "retired"})
        assert told(await copy.sync()).refusal.code == "copy_retired"
        env.clock.now += DAY
        answer = told(await copy.activate(code))
        assert (answer.refusal.code, answer.forked) == ("lease_forked", True)
        assert told(await copy.sync(resolve="restored")).result == "lease"
        assert told(await copy.sync()).result == "unchanged"
