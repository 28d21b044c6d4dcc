"""Sites whose devices hold seats one by one, and go from subscription to subscription: who may run offline now?

The other walks count by subscription, as the server does. Here each device runs for as long as the longest seat that
was ever signed for it, whichever subscription that was under, and nobody is asked where it counts.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from tenure.core.lease.claims import SEAT_LIFE, Lease
from tenure.core.lease.standing import OutageAmnesty, effective_lease, moved_by
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.wire.leases import read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv

LIMIT, CEILING = 20, 22


@dataclass
class SeatedSite:
    """An honest site: it reports the devices that may run, and signs seats within the allotment it goes by."""

    site: PlainSite
    seats: list[Instant] = field(default_factory=list)
    """When the last seat of each device ends."""
    gone: bool = False
    """It was told that it was made to leave, and signs nothing."""
    unanswered: str = ""
    """`sync` or a code: what was sent and has no answer yet; it is sent again before anything else."""
    successor: Lease | None = None
    """Of what it keeps ready, by which it goes on without a server."""

    def lease_at(self, now: Instant) -> Lease | None:
        """The lease that it goes by."""
        return effective_lease(None if self.site.lease is None else self.site.lease.lease, self.successor, now)

    def running(self, now: Instant) -> int:
        """Devices that hold a seat still."""
        self.seats = [until for until in self.seats if now < until]
        return len(self.seats)

    def allowed(self, now: Instant) -> int:
        """How many devices it may sign seats for by its lease."""
        lease = self.lease_at(now)
        return lease.allotment if lease is not None and not self.gone and now < lease.contact_until else 0

    def may_run(self, now: Instant) -> int:
        """Devices that run or could be let run without asking anybody."""
        return max(self.running(now), self.allowed(now))

    def add_devices(self, new: int, now: Instant) -> None:
        """Devices that come for the first time get seats, as far as the allotment goes."""
        lease = self.lease_at(now)
        if lease is not None:
            until = min(now + SEAT_LIFE, lease.contact_until)
            self.seats += [until] * max(0, min(new, self.allowed(now) - self.running(now)))

    def forgive(self, outage: OutageAmnesty) -> None:
        """Its devices, whose seats are all of before the outage, heard of an amnesty."""
        self.seats = [until + moved_by(0, (outage,)) for until in self.seats]

    def sign_seats(self, dice: random.Random, new: int, now: Instant) -> None:
        """Some devices come and are refreshed; up to `new` others come for the first time, as far as there is room."""
        running, allowed, lease = self.running(now), self.allowed(now), self.lease_at(now)
        if not allowed or lease is None:
            return
        until = min(now + SEAT_LIFE, lease.contact_until)
        for index in range(min(running, allowed)):
            if dice.random() < 0.5:
                # The answer may be lost on its way to the device, which then goes by its seat of before.
                self.seats[index] = max(self.seats[index], until)
        self.add_devices(new, now)


class SeatedSites:
    """Three sites that move among `sold`, (subscription, code) each, of one customer."""

    def __init__(self, env: ServerEnv, sold: list[tuple[str, str]], seed: int, *, many: int = 3) -> None:
        self.env, self.sold, self.many = env, sold, many
        self.dice = random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.sites: list[SeatedSite] = []
        self.seen: Counter[str] = Counter()
        self.story: list[str] = []

    def may_run(self) -> int:
        """All devices that may run now, wherever they count."""
        return sum(each.may_run(self.env.clock.now) for each in self.sites)

    async def step(self) -> None:
        """One thing happens; then time passes."""
        acts = {
            self.join: 2, self.ask: 10, self.switch: 4, self.stage: 1, self.release: 1, self.free: 1, self.renew: 2,
        }  # fmt: skip
        await self.dice.choices(list(acts), weights=list(acts.values()))[0]()
        self.env.clock.now += self.dice.choice([60, 3_600, 6 * 3_600, DAY, 3 * DAY] * 3 + [7 * DAY])

    async def join(self) -> None:
        """Another site applies a code."""
        if len(self.sites) < self.many:
            mover = SeatedSite(self.env.site())
            if self._took(mover, await mover.site.activate(self.dice.choice(self.sold)[1])):
                self.sites.append(mover)

    async def ask(self) -> None:
        """A site signs seats, changes its mind and synchronizes; one answer in five is late."""
        for mover in self._any():
            mover.sign_seats(self.dice, self.dice.randrange(4 * LIMIT // 3), self.env.clock.now)
            mover.site.wanted = self.dice.randrange(LIMIT)
            if self.dice.random() < 0.1:
                self._erase(mover)
            await self.sync(mover, late=self.dice.random() < 0.2)

    async def sync(self, mover: SeatedSite, *, late: bool = False) -> None:
        """One synchronization, or what waits for its answer sent again."""
        if mover.unanswered:
            await self._again(mover)
            return
        mover.site.use = DeviceUse(total=mover.running(self.env.clock.now))
        told = await mover.site.sync(lose=late)
        if late:
            mover.unanswered = "sync"
            return
        self._took(mover, told)

    async def answered(self, mover: SeatedSite) -> None:
        """What the site sent has its answer now."""
        if mover.unanswered:
            await self._again(mover)

    async def _again(self, mover: SeatedSite) -> None:
        waiting, mover.unanswered = mover.unanswered, ""
        if waiting == "sync":
            self._took(mover, await mover.site.sync(resend=True))
        else:
            self._took(mover, await mover.site.activate(waiting, resend=True))

    async def switch(self) -> None:
        """A subscription is canceled, a site goes to another one, late perhaps, and the cancellation is taken back."""
        for mover in self._any():
            if mover.unanswered:
                await self._again(mover)
                return
            if self.dice.random() < 0.7:
                mover.sign_seats(self.dice, self.dice.randrange(LIMIT), self.env.clock.now)
            assert mover.site.lease is not None
            name = mover.site.lease.lease.subscription
            await self.do(name, "cancel")
            await self.apply(mover, self.dice.choice(self.sold)[1], late=self.dice.random() < 0.3)
            if self.dice.random() < 0.7:
                await self.sync(mover)
            await self.do(name, "undo-cancellation")

    async def apply(self, mover: SeatedSite, code: str, *, late: bool = False, role: str = "active") -> None:
        """A code is applied; `late`: the answer does not come yet."""
        if late:
            await mover.site.apply(code, role=role)
            mover.unanswered = code
            return
        self._took(mover, await mover.site.activate(code, role=role))

    async def stage(self) -> None:
        """A site keeps another code ready."""
        for mover in self._any():
            if not mover.unanswered:
                await self.apply(mover, self.dice.choice(self.sold)[1], role="successor")

    async def release(self) -> None:
        """The provider makes a site leave, and lets it take another code."""
        for mover in self._any():
            assert mover.site.lease is not None
            name = mover.site.lease.lease.subscription
            await self.do(name, "release-site", site=mover.site.id, another_code=self.dice.random() < 0.5)

    async def free(self) -> None:
        """Somebody agrees that a silent site is waited for no longer, at any of the subscriptions."""
        for mover in self._any():
            await self.do(self.dice.choice(self.sold)[0], "free-allotment", site=mover.site.id)

    async def renew(self) -> None:
        """A subscription is renewed."""
        await self.do(self.dice.choice(self.sold)[0], "renew")

    async def fill(self, days: int) -> int:
        """Newcomers take all that every subscription has left, day by day; the most that may run on any of the days."""
        fillers = [SeatedSite(self.env.site()) for _ in self.sold]
        movers, most = tuple(self.sites), 0
        self.sites += fillers
        for _ in range(days):
            for filler, (_, code) in zip(fillers, self.sold, strict=True):
                await self._take_all(filler, code)
            for mover in movers:
                if self.dice.random() < 0.2:
                    await self.sync(mover)
            most = max(most, self.may_run())
            self.env.clock.now += DAY
        return most

    async def _take_all(self, filler: SeatedSite, code: str) -> None:
        if filler.site.lease is None:
            self._took(filler, await filler.site.activate(code))
        if filler.site.lease is not None:
            filler.site.wanted = 2 * LIMIT
            for _ in range(2):
                await self.sync(filler)
                filler.sign_seats(self.dice, 2 * LIMIT, self.env.clock.now)

    def _any(self) -> list[SeatedSite]:
        return [self.dice.choice(self.sites)] if self.sites else []

    def _erase(self, mover: SeatedSite) -> None:
        keep = self.dice.randrange(len(mover.seats) + 1)
        mover.seats = self.dice.sample(mover.seats, keep)

    def _took(self, mover: SeatedSite, told: ActivateAnswer | SyncAnswer | str) -> bool:
        said = told if isinstance(told, str) else told.refusal.code if told.refusal else told.result
        self.seen[said] += 1
        self.story.append(f"{self.env.clock.now} {id(mover) % 997} {said}")
        if said == "installation_released":
            mover.gone = True
        elif not isinstance(told, str) and told.lease:
            mover.gone, mover.successor = False, self._successor(mover, told.successor)
        return said == "granted"

    def _successor(self, mover: SeatedSite, token: str) -> Lease | None:
        site = mover.site
        read = read_lease(token.encode(), site.root, product="editor", sandbox=site.sandbox) if token else None
        assert not isinstance(read, Refused), read
        return None if read is None else read.lease

    async def do(self, name: str, action: str, **body: object) -> None:
        """A command of the provider's, whatever comes of it."""
        answer = await self.env.staff.send("POST", f"/v1/subscriptions/{name}/{action}", body)
        assert answer.status_code < 500, answer.text
        self.seen[f"{action} {answer.status_code}"] += 1
        self.story.append(f"{self.env.clock.now} {name[-4:]} {action} {answer.status_code}")
