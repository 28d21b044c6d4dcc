"""Sites that share one subscription and do as they like: grow, shrink, fall silent, lose answers, ask all at once."""

import asyncio
import random
from collections import Counter

from tenure.core.timeline import DAY
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv

LIMIT = 50
CEILING = 55
"""With the ten percent that the policy tolerates by default."""


class ManySites:
    """Up to five sites of one code. What a site holds is counted from its own newest lease, never from the server."""

    def __init__(self, env: ServerEnv, code: str, seed: int) -> None:
        self.env, self.code = env, code
        self.dice = random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.sites: list[PlainSite] = []
        self.seen: Counter[str] = Counter()

    def held(self) -> int:
        """Devices that all sites together may protect now: the allotment, and seats above a lowered one."""
        now = self.env.clock.now
        return sum(
            max(site.lease.lease.allotment, site.use.total)
            for site in self.sites
            if site.lease is not None and now < site.lease.lease.contact_until
        )

    async def step(self) -> None:
        """One thing happens; then time passes: mostly hours, sometimes a silence longer than any lease."""
        act = self.dice.choices([self.join, self.one_asks, self.all_ask], weights=[1, 6, 2])[0]
        await act()
        self.env.clock.now += self.dice.choice([60, 3_600, 6 * 3_600, DAY, 3 * DAY] * 4 + [40 * DAY])

    async def join(self) -> None:
        if len(self.sites) == 5:
            return
        site = self.env.site()
        told = await site.activate(self.code)
        assert isinstance(told, ActivateAnswer), told
        if told.result == "granted":
            self.sites.append(site)
        self.seen[told.result] += 1

    async def one_asks(self) -> None:
        if self.sites:
            await self.ask(self.dice.choice(self.sites))

    async def all_ask(self) -> None:
        await asyncio.gather(*(self.ask(site) for site in self.sites))
        self.seen["at once"] += len(self.sites) > 1

    async def ask(self, site: PlainSite) -> None:
        """A site changes its mind, uses what it has, and synchronizes; one answer in five is lost."""
        self._use(site)
        lost = self.dice.random() < 0.2
        told = await site.sync(lose=lost)
        if lost:
            # It repeats what it sent until it is answered, now or at its next turn.
            told = await site.sync(resend=True)
        assert isinstance(told, SyncAnswer), told
        self.seen[told.result] += 1

    def _use(self, site: PlainSite) -> None:
        assert site.lease is not None
        running = self.env.clock.now < site.lease.lease.contact_until
        allotment = site.lease.lease.allotment if running else 0
        used = site.use.total if running else 0
        site.wanted = self.dice.randrange(LIMIT)
        grown = max(used, min(site.wanted, allotment))
        site.use = DeviceUse(total=grown if self.dice.random() < 0.7 else self.dice.randrange(grown + 1))
