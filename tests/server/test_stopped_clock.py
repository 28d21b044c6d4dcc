"""Holds that stop the clock, lived at random: timed, several at once, placed and released while sites are offline.

Nobody loses days that are paid for, nobody gains any, and no successor takes over while the clock stands still
[spec: holds, giving-back]. What sites may do is counted from their own signed leases, never from the server.
"""

import random
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tenure.core.lease.standing import effective_lease
from tenure.core.periods import format_instant, parse_instant
from tenure.core.timeline import DAY, HOUR, Instant, Phase
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.server.server_env import START, Caller, PlainSite, ServerEnv, office

PAID = 31 * DAY
"""What is paid for: January."""


def told(answer: SyncAnswer | ActivateAnswer | str) -> Any:
    assert not isinstance(answer, str), answer
    return answer


@dataclass
class Living:
    """A site, what it may do by what it holds, and how long it was served."""

    site: PlainSite
    offline_until: Instant = 0
    always_online: bool = True
    served: int = 0
    successor: SealedLease | None = None
    ahead: list[tuple[Instant, str]] = field(default_factory=list)
    """When a lease kept ready served it, and of which subscription."""

    def serve(self, since: Instant, until: Instant, mine: str) -> None:
        """Counts the seconds of [since, until) in which its functions are on, as far as `mine` is what grants them."""
        assert self.site.lease is not None
        present, ready = self.site.lease.lease, None if self.successor is None else self.successor.lease
        cuts = sorted({since, until, *_edges(present, since, until), *_edges(ready, since, until)})
        for start, end in pairwise(cuts):
            rules = effective_lease(present, ready, start)
            if rules is None or start >= rules.contact_until:
                continue
            span = next(each for each in rules.spans if each.until is None or start < each.until)
            if span.phase is Phase.ACTIVE and rules.subscription == mine:
                self.served += end - start
            elif span.phase is Phase.ACTIVE:
                self.ahead.append((start, format_instant(start)))

    async def ask(self) -> None:
        ready, present = self.successor, self.site.lease
        assert present is not None
        if ready is not None and effective_lease(present.lease, ready.lease, self.site.office.clock()) is ready.lease:
            self.site.lease, self.successor = ready, None  # it says by which it goes
        for _ in range(2):  # the second acknowledges what the first brought
            answer = told(await self.site.sync())
            if answer.result == "lease":
                self.keep(answer.successor)

    def keep(self, successor: str) -> None:
        """The lease of a successor, or none."""
        read = read_lease(successor.encode(), self.site.root, product="editor")
        self.successor = read if isinstance(read, SealedLease) else None


def _edges(lease: Any, since: Instant, until: Instant) -> list[Instant]:
    if lease is None:
        return []
    edges = [lease.nbf, lease.contact_until, *(each.until for each in lease.spans if each.until is not None)]
    return [each for each in edges if since < each < until]


class Walk:
    """A subscription of a month, one or two sites, a successor that waits, and holds by three sides."""

    def __init__(self, env: ServerEnv, seed: int) -> None:
        self.env, self.dice = env, random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.lives: list[Living] = []
        self.stops = 0
        self.held: set[str] = set()

    async def begin(self, sites: int = 0, *, ready: bool | None = None) -> None:
        """The shop, `sites` (0: as the dice say), and at the first one a successor, if it is to be `ready`."""
        policy = {"rules": {"stop_clock": True, "grace_days": 0}, "customer_actions": ["pause", "resume", "order"]}
        assert (await self.env.staff.send("PUT", "/v1/policy", policy)).status_code == 200
        self.name, code = await self.env.order("brief")
        self.next, later = await self.env.order("later")
        self.sides = {"desk": self.env.staff, "customer": await self.env.token(), "vendor": self.env.vendor}
        for number in range(sites or self.dice.choice([1, 1, 2])):
            site = self.env.site()
            told(await site.activate(code))
            self.lives.append(Living(site))
            if number == 0 and (self.dice.random() < 0.5 if ready is None else ready):
                answer = told(await site.activate(later, role="successor"))
                self.lives[0].keep(answer.successor)
                assert self.lives[0].successor is not None
        self.offline = self.dice.random() < 0.6

    async def live(self, days: int) -> None:
        for _ in range(days):
            before = self.env.clock.now
            self.env.clock.now += self.dice.choice([HOUR, 6 * HOUR, DAY, DAY, 2 * DAY])
            for each in self.lives:
                each.serve(before, self.env.clock.now, self.name)
            if self.dice.random() < 0.3:
                await self.env.sweep()
            await self._something()
            for each in self.lives:
                if self.env.clock.now >= each.offline_until:
                    await each.ask()
            await self._look()

    async def _something(self) -> None:
        now = self.env.clock.now
        if self.offline and self.dice.random() < 0.1:
            cut = self.dice.choice(self.lives)
            cut.offline_until, cut.always_online = now + self.dice.choice([2, 5, 20]) * DAY, False
        side = self.dice.choice(sorted(self.sides))
        path = f"/v1/subscriptions/{self.name}"
        if self.dice.random() < 0.15:
            timed = {"until": format_instant(now + self.dice.choice([HOUR, 3 * DAY + 7, 12 * DAY]))}
            body = {"reason": "holidays", **(timed if self.dice.random() < 0.6 else {})}
            if await self._done(self.sides[side], f"{path}/hold", body):
                self.stops += 1
        elif self.dice.random() < 0.2:
            await self._done(self.sides[side], f"{path}/release", {})

    async def _done(self, who: Caller, path: str, body: Any) -> bool:
        more = {"provider": self.env.provider} if who is self.env.vendor else {}
        answer = await who.send("POST", path, body, **more)
        assert answer.status_code < 300 or answer.json()["code"] in {
            "already_paused", "not_paused", "subscription_ended", "not_activated",
        }, answer.text  # fmt: skip
        return answer.status_code < 300

    async def _look(self) -> None:
        seen = await self.env.staff.get(f"/v1/subscriptions/{self.name}")
        paused = seen["phase"] == "paused"
        if paused:
            gone = any(each.ahead for each in self.lives)
            booked = "SuccessorStarted" in await self.env.facts(self.next)
            assert gone or not booked, "taken over while the clock stood still"

    async def started(self) -> Instant:
        """When the successor was booked to have started."""
        history = (await self.env.staff.get(f"/v1/subscriptions/{self.next}/history", limit=200))["items"]
        moments = [parse_instant(fact["at"]) for fact in history if fact["kind"] == "SuccessorStarted"]
        return min((each for each in moments if isinstance(each, int)), default=self.env.clock.now)

    async def end(self) -> None:
        """Everybody comes back, every hold is released, and what is left is lived to its end."""
        for side in self.sides.values():
            await self._done(side, f"/v1/subscriptions/{self.name}/release", {})
        for _ in range(60):
            for each in self.lives:
                await each.ask()
            before = self.env.clock.now
            self.env.clock.now += DAY
            for each in self.lives:
                each.serve(before, self.env.clock.now, self.name)


@pytest.mark.parametrize("seed", range(8))
async def test_nobody_loses_or_gains_a_paid_day_by_holds(seed: int, tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        walk = Walk(env, seed)
        await walk.begin()
        await walk.live(50)
        await walk.end()
        assert env.clock.now > START + PAID
        for each in walk.lives:
            assert each.served <= PAID, f"{(each.served - PAID) / DAY:.2f} days more than paid for"
            started = await walk.started()
            early = [shown for moment, shown in each.ahead if moment < started]
            assert not early, f"the successor served from {early[0]} and nobody books it"
        if all(each.always_online for each in walk.lives):
            for each in walk.lives:
                lost = PAID - each.served
                assert lost <= walk.stops * (DAY + 2 * DAY), f"{lost / DAY:.2f} days lost in {walk.stops} holds"


@pytest.mark.parametrize(
    ("held", "heard", "started"),
    [(20, 5, 0), (20, None, 0), (50, None, 21)],
    ids=["heard during the hold", "heard after it", "heard when its word was over"],
)
async def test_a_site_that_has_not_heard_of_a_hold_uses_its_successor_from_the_day_of_its_switch(
    held: int, heard: int | None, started: int, tmp_path: Path
) -> None:
    """Days count from the end that was paid for, 31 days after the start. Its lease reached to day 30, so that a hold
    until 50 days after that end moves it by 51; its word for the successor is good for 30 of them."""
    async with office(tmp_path) as env:
        walk = Walk(env, 0)
        await walk.begin(sites=1, ready=True)
        (life,) = walk.lives
        assert life.successor is not None
        end = life.successor.lease.nbf
        env.clock.now = START + 12 * DAY
        await env.staff.post(f"/v1/subscriptions/{walk.name}/hold", {"reason": "not paid"})
        if heard is not None:
            env.clock.now = end + heard * DAY
            await life.ask()
        env.clock.now = end + held * DAY
        await env.staff.post(f"/v1/subscriptions/{walk.name}/release", {})
        env.clock.now += DAY
        await env.sweep()
        assert await walk.started() == end + started * DAY
