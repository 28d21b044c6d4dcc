"""Applications on their own, administration servers and containers under one limit, who do as they like
[spec: places, allotments]."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tenure.core.timeline import DAY, HOUR
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv, office

LIMIT, CEILING = 10, 11
"""With the ten percent that the policy tolerates by default."""


class ManyApplications:
    """Everybody under one code. What runs is counted from the leases in hand, never from the server's books."""

    def __init__(self, env: ServerEnv, code: str, seed: int) -> None:
        self.env, self.code = env, code
        self.dice = random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.apps: list[PlainSite] = []
        self.servers: list[PlainSite] = []
        self.seen: Counter[str] = Counter()
        self.excess: list[int] = []
        """Ends of leases that may run beside those that took their places: the declared excess."""

    def running(self) -> int:
        """Devices that verify now: each lease of an application is one, a server's is its allotment or its seats."""
        now = self.env.clock.now
        alone = sum(each.lease is not None and now < each.lease.lease.contact_until for each in self.apps)
        served = sum(
            max(each.lease.lease.allotment, each.use.total)
            for each in self.servers
            if each.lease is not None and now < each.lease.lease.contact_until
        )
        return alone + served

    def allowed(self) -> int:
        return CEILING + sum(self.env.clock.now < end for end in self.excess)

    async def step(self) -> None:
        """One thing happens; then time passes, mostly hours, sometimes a silence longer than any lease."""
        acts = [self.join, self.join, self.release, self.reinstall, self.sync_some, self.sync_some, self.last_place]
        await self.dice.choice(acts)()
        assert self.running() <= self.allowed(), self.seen
        self.env.clock.now += self.dice.choice([HOUR, 6 * HOUR, DAY, 3 * DAY] * 6 + [31 * DAY, 70 * DAY])

    async def join(self) -> None:
        if self.dice.random() < 0.15 and len(self.servers) < 3:
            server = self.env.site()
            await self._granted(server, self.servers)
            return
        await self._granted(self._app(), self.apps)

    def _app(self, hardware: int | None = None) -> PlainSite:
        own = self.dice.randrange(10**6) if hardware is None else hardware
        parts = dict.fromkeys(("machine", "disk"), f"{own:043d}"[:42] + "A")
        if self.dice.random() < 0.3 and hardware is None:
            return self.env.site(alone=True, ephemeral=True)
        return self.env.site(alone=True, hardware=parts)

    async def _granted(self, site: PlainSite, among: list[PlainSite]) -> None:
        room = self.running() < CEILING and not self.servers and self._nobody_counts_beyond_what_runs()
        told = await site.activate(self.code)
        assert isinstance(told, ActivateAnswer), told
        if told.result == "granted":
            among.append(site)
        else:
            assert told.refusal is not None
            assert not room, "refused although a place was free"
        self.seen[told.result if told.refusal is None else told.refusal.code] += 1

    def _nobody_counts_beyond_what_runs(self) -> bool:
        """Whether no place is taken but by what runs: whoever fell silent is waited for."""
        now = self.env.clock.now
        return all(each.lease is not None and now < each.lease.lease.contact_until for each in self.apps)

    async def release(self) -> None:
        alive = [each for each in self.apps if each.lease is not None]
        if not alive:
            return
        site = self.dice.choice(alive)
        told = await site.release()
        assert isinstance(told, SyncAnswer), told
        self.seen[told.result] += 1
        if told.result == "released":
            site.lease = None
            self.apps.remove(site)

    async def reinstall(self) -> None:
        """A computer is set up anew; the old folder may still run somewhere: a copy of the disk."""
        lasting = [each for each in self.apps if "hardware" in each.hello and each.lease is not None]
        if not lasting:
            return
        old = self.dice.choice(lasting)
        new = self.env.site(alone=True, hardware=old.hello["hardware"])
        told = await new.activate(self.code)
        assert isinstance(told, ActivateAnswer), told
        if told.result != "granted":
            return
        self.apps.append(new)
        assert old.lease is not None
        facts = await self.env.staff.get(f"/v1/subscriptions/{new.lease.lease.subscription}/history", limit=200)
        replaced = [
            each for each in facts["items"] if each["kind"] == "SiteReplaced" and each["body"]["replacement"] == new.id
        ]
        for each in replaced:
            gone = next((one for one in self.apps if one.id == each["body"]["site"]), None)
            if gone is not None and gone.lease is not None:
                self.excess.append(gone.lease.lease.contact_until)
        self.seen["reinstalled"] += 1

    async def sync_some(self) -> None:
        for site in self.dice.sample(self.apps, min(4, len(self.apps))) + self.servers:
            if site.lease is None:
                continue
            if site in self.servers:
                site.use = DeviceUse(total=min(self.dice.randrange(4), site.lease.lease.allotment))
                site.wanted = self.dice.randrange(6)
            told = await site.sync()
            assert isinstance(told, SyncAnswer), told
            self.seen[told.result if told.refusal is None else told.refusal.code] += 1
            if told.refusal is not None and told.refusal.code == "installation_replaced":
                site.lease = None
                self.apps.remove(site)

    async def last_place(self) -> None:
        """Many ask in the same moment."""
        await asyncio.gather(*(self._join_at_once() for _ in range(5)))
        self.seen["at once"] += 1

    async def _join_at_once(self) -> None:
        site = self.env.site(alone=True)
        told = await site.activate(self.code)
        assert isinstance(told, ActivateAnswer), told
        if told.result == "granted":
            self.apps.append(site)


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_runs_beyond_limit_and_tolerance_and_nobody_is_refused_a_free_place(
    tmp_path: Path, seed: int
) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order(devices=LIMIT, until="2029-12-31")
        applications = ManyApplications(env, code, seed)
        for _ in range(50):
            await applications.step()
        assert {"granted", "device_limit_reached", "released", "at once"} <= applications.seen.keys()


WORKERS = 16


async def _race(env: ServerEnv) -> Counter[str]:
    _, code = await env.order(devices=LIMIT)
    for _ in range(CEILING - 1):
        await env.site(alone=True).activate(code)

    async def ask() -> str:
        told = await env.site(alone=True).activate(code)
        assert isinstance(told, ActivateAnswer), told
        return told.result if told.refusal is None else told.refusal.code

    return Counter(await asyncio.gather(*(ask() for _ in range(WORKERS))))


async def test_sixteen_ask_at_once_for_the_last_place(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        assert await _race(env) == {"granted": 1, "device_limit_reached": WORKERS - 1}
