"""Sites that go from one subscription to another, keep successors ready and drop them, and lose answers on the way."""

import random
from collections import Counter
from dataclasses import dataclass, field

from tenure.core.lease.claims import SEAT_LIFE, Lease
from tenure.core.timeline import DAY, Instant
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.server_env import PlainSite, ServerEnv

LIMIT, CEILING = 20, 22


@dataclass
class CodeChangingSite:
    """A site, what it keeps ready, and seats that it has still out under leases it went by before."""

    site: PlainSite
    successor: Lease | None = None
    lease: Lease | None = None
    """The one it goes by."""
    unanswered: str = ""
    """The code it applied last, while no answer has come."""
    out: list[tuple[str, int, Instant]] = field(default_factory=list)
    """(subscription, devices, until)."""
    seats_until: Instant = 0
    """Until when seats run that were signed before it went by what it goes by now."""

    def settle(self, now: Instant) -> None:
        """It goes by its newest lease, or by its successor's once that has begun; what is not covered runs out."""
        assert self.site.lease is not None
        goes_by, before = self.site.lease.lease, self.lease
        ready = self.successor
        if ready is not None and ready.nbf <= now and ready.serial == goes_by.serial:
            goes_by = ready
        if before is not None and before.subscription != goes_by.subscription:
            self._leave(before, goes_by, now)
        self.lease = goes_by
        over = sum(many for _, many, until in self.out if until <= now)
        self.site.use = DeviceUse(total=max(0, self.site.use.total - over))
        self.out = [each for each in self.out if now < each[2]]
        self._covered(self.site.use.total - goes_by.allotment)

    def _covered(self, left: int) -> None:
        """Devices that the new lease covers do not count where their seats are."""
        kept: list[tuple[str, int, Instant]] = []
        for name, many, until in reversed(self.out):
            kept.insert(0, (name, min(many, max(0, left)), until))
            left -= many
        self.out = [each for each in kept if each[1]]

    def _leave(self, before: Lease, goes_by: Lease, now: Instant) -> None:
        beside = sum(many for _, many, _ in self.out)
        if now >= before.contact_until:
            self.site.use = DeviceUse(total=beside)
        self.out = [each for each in self.out if each[0] != goes_by.subscription]
        uncovered = self.site.use.total - goes_by.allotment - sum(many for _, many, _ in self.out)
        if uncovered > 0:
            self.out.append((before.subscription, uncovered, max(before.contact_until, self.seats_until)))
        # Devices that are covered here from now on may yet hold a seat of the one before, whichever lease ends first.
        self.seats_until = max(self.seats_until, min(before.contact_until, now + SEAT_LIFE))

    def held(self, subscription: str, now: Instant) -> int:
        """Devices that may be protected here under that subscription."""
        beside = sum(many for _, many, _ in self.out)
        own = sum(many for name, many, _ in self.out if name == subscription)
        if self.lease is None or self.lease.subscription != subscription or now >= self.lease.contact_until:
            return own
        return own + max(self.lease.allotment, self.site.use.total - beside)


class CodeChangingSites:
    """Four sites and three subscriptions of one customer."""

    def __init__(self, env: ServerEnv, sold: list[tuple[str, str]], seed: int) -> None:
        self.env, self.sold = env, sold
        self.dice = random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.movers: list[CodeChangingSite] = []
        self.seen: Counter[str] = Counter()

    def held(self) -> dict[str, int]:
        """What may be protected now, by subscription."""
        now = self.env.clock.now
        for mover in self.movers:
            mover.settle(now)
        return {name: sum(mover.held(name, now) for mover in self.movers) for name, _ in self.sold}

    async def step(self) -> None:
        """One thing happens; then time passes."""
        acts = {self.join: 2, self.ask: 10, self.stage: 2, self.switch: 2, self.drop: 1, self.sell: 3}
        await self.dice.choices(list(acts), weights=list(acts.values()))[0]()
        self.env.clock.now += self.dice.choice([60, 3_600, 6 * 3_600, DAY, 3 * DAY] * 3 + [12 * DAY])

    async def join(self) -> None:
        """Another site applies a code."""
        if len(self.movers) < 4:
            mover = CodeChangingSite(self.env.site())
            if await self._apply(mover, self.dice.choice(self.sold)[1], lost=False):
                self.movers.append(mover)

    async def _apply(self, mover: CodeChangingSite, code: str, *, lost: bool, role: str = "active") -> bool:
        if mover.unanswered:  # what was sent is sent again before anything else is
            return await self._again(mover)
        if lost:
            mover.unanswered = code
            await mover.site.apply(code, role=role)
            self.seen[f"{role} lost"] += 1
            return False
        return self._answered(mover, await mover.site.activate(code, role=role), role)

    async def _again(self, mover: CodeChangingSite) -> bool:
        told = await mover.site.activate(mover.unanswered, resend=True)
        mover.unanswered = ""
        return self._answered(mover, told, "again")

    def _answered(self, mover: CodeChangingSite, told: ActivateAnswer | str, role: str) -> bool:
        granted = isinstance(told, ActivateAnswer) and told.result == "granted"
        if granted:
            self._ready(mover, told)
        said = told if isinstance(told, str) else told.refusal.code if told.refusal else "granted"
        self.seen[f"{role} {said}"] += 1
        return granted

    def _ready(self, mover: CodeChangingSite, told: ActivateAnswer | SyncAnswer | str) -> None:
        if not isinstance(told, str) and told.lease:
            mover.successor = None
            if told.successor:
                read = read_lease(
                    told.successor.encode(), mover.site.root, product="editor", sandbox=mover.site.sandbox
                )
                assert isinstance(read, SealedLease), read
                mover.successor = read.lease

    async def ask(self) -> None:
        """A site changes its mind and synchronizes; one answer in five is lost and asked for again."""
        if not self.movers:
            return
        mover = self.dice.choice(self.movers)
        if mover.unanswered:
            await self._again(mover)
            return
        self._use(mover)
        lost = self.dice.random() < 0.2
        told = await mover.site.sync(lose=lost)
        if lost:
            told = await mover.site.sync(resend=True)
        self._ready(mover, told)
        self.seen[f"sync {told if isinstance(told, str) else told.result}"] += 1

    def _use(self, mover: CodeChangingSite) -> None:
        now = self.env.clock.now
        mover.settle(now)
        lease = mover.lease
        running = lease is not None and now < lease.contact_until
        most = lease.allotment if lease is not None and running else 0
        beside = sum(many for _, many, _ in mover.out)
        used = mover.site.use.total if running else beside
        mover.site.wanted = self.dice.randrange(LIMIT)
        # Nobody new is protected while more count than may, whichever lease their seats are of.
        grown = max(used, min(mover.site.wanted, most))
        total = grown if self.dice.random() < 0.8 else self.dice.randrange(beside, grown + 1)
        mover.site.use = DeviceUse(total=total)

    async def stage(self) -> None:
        """A site keeps another code ready."""
        if self.movers:
            mover = self.dice.choice(self.movers)
            await self._apply(mover, self.dice.choice(self.sold)[1], lost=self.dice.random() < 0.3, role="successor")

    async def switch(self) -> None:
        """A subscription is canceled, a site goes to another one, and it is all taken back."""
        if not self.movers:
            return
        mover = self.dice.choice(self.movers)
        mover.settle(self.env.clock.now)
        assert mover.lease is not None
        name = mover.lease.subscription
        await self._do(name, "cancel")
        await self._apply(mover, self.dice.choice(self.sold)[1], lost=self.dice.random() < 0.5)
        await self._do(name, "undo-cancellation")

    async def drop(self) -> None:
        """The provider takes what was kept ready away."""
        ready = [mover for mover in self.movers if mover.successor is not None]
        if ready:
            mover = self.dice.choice(ready)
            assert mover.successor is not None
            await self._do(mover.successor.subscription, "release-site", site=mover.site.id)

    async def sell(self) -> None:
        """A subscription is renewed."""
        await self._do(self.dice.choice(self.sold)[0], "renew")

    async def _do(self, name: str, action: str, **body: str) -> None:
        answer = await self.env.staff.send("POST", f"/v1/subscriptions/{name}/{action}", body)
        assert answer.status_code < 500, answer.text
        self.seen[f"{action} {answer.status_code}"] += 1
