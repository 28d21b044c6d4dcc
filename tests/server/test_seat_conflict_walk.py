"""Applications that do as they like while a lower limit comes near: never more are served than are ordered."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenure.core.timeline import DAY, HOUR, Phase, PhaseCause, span_at
from tenure.store import integrity
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.contract.databases import SharedSchema
from tests.server.server_env import PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio
END = 1_798_761_600  # 2027-01-01: the paid year is over, and the lower limit begins
BEFORE, AFTER = 11, 6
"""Ten with the ten percent tolerated; six with none to spare."""


class Street:
    """Everybody under one order. What is served is counted from the leases in hand, never from the server's books."""

    def __init__(self, env: ServerEnv, seed: int) -> None:
        self.env, self.dice = env, random.Random(seed)  # noqa: S311 - dice, and repeatable
        self.apps: list[PlainSite] = []
        self.server: PlainSite | None = None
        self.seen: Counter[str] = Counter()

    async def begin(self) -> None:
        """A full house a month and a half before the end; six are agreed for the day after."""
        self.name, self.code = await self.env.order(devices=10)
        self.env.clock.now = END - 45 * DAY
        mixed = self.dice.random() < 0.5
        for _ in range(6 if mixed else 11):
            await self.join()
        if mixed:
            server = self.server = self.env.site()
            await server.activate(self.code)
            assert server.lease is not None
            server.use = DeviceUse(total=self.dice.randrange(1, server.lease.lease.allotment + 1))
            await server.sync()
            await server.sync()
        await self.env.staff.post(f"/v1/subscriptions/{self.name}/change-devices", {"devices": 6})
        await self.env.staff.post(f"/v1/subscriptions/{self.name}/renew")

    def served(self) -> int:
        return sum(self.goes_on(each) for each in self.apps) + self.behind_the_server()

    def goes_on(self, site: PlainSite) -> bool:
        now = self.env.clock.now
        if site.lease is None or now >= site.lease.lease.contact_until:
            return False
        return span_at(site.lease.lease.spans, now).phase in {Phase.ACTIVE, Phase.GRACE}

    def behind_the_server(self) -> int:
        if self.server is None or self.server.lease is None:
            return 0
        lease = self.server.lease.lease
        coming = lease.coming
        over = coming is not None and coming.at <= self.env.clock.now
        return min(self.server.use.total, coming.allotment if over and coming is not None else lease.allotment)

    async def join(self) -> None:
        site = self.env.site(alone=True, ephemeral=self.dice.random() < 0.2)
        told = await site.activate(self.code)
        assert isinstance(told, ActivateAnswer), told
        self.seen[told.result if told.refusal is None else told.refusal.code] += 1
        if told.result == "granted":
            self.apps.append(site)

    async def sync(self, site: PlainSite) -> None:
        if site is self.server:
            site.use = DeviceUse(total=self.behind_the_server())  # on the day it withdraws what is above its share
        told = await site.sync()
        assert isinstance(told, SyncAnswer), told
        self.seen[told.result if told.refusal is None else told.refusal.code] += 1

    async def sync_some(self) -> None:
        for each in self.apps:
            if each.lease is not None and self.dice.random() < 0.7:
                await self.sync(each)
        if self.server is not None:
            await self.sync(self.server)

    async def release(self) -> None:
        alive = [each for each in self.apps if self.goes_on(each)]
        if alive and self.dice.random() < 0.5:
            site = self.dice.choice(alive)
            await site.release()
            self.apps.remove(site)

    async def edit(self) -> None:
        shown = await self.env.staff.get(f"/v1/subscriptions/{self.name}/seat-conflict")
        if shown["go"]:
            named = self.dice.sample([each["site"] for each in shown["applications"]], shown["go"])
            await self.env.staff.post(f"/v1/subscriptions/{self.name}/edit-seat-conflict", {"going": named})
            self.seen["edited"] += 1

    async def step(self) -> None:
        await self.dice.choice([self.join, self.release, self.edit, self.sync_some, self.sync_some, self.sync_some])()
        self.watch()
        self.env.clock.now += self.dice.choice([HOUR, 6 * HOUR, DAY, 2 * DAY])
        self.watch()

    def watch(self) -> None:
        now = self.env.clock.now
        assert self.served() <= (BEFORE if now < END else AFTER), (now - END, self.seen)

    async def everybody(self) -> None:
        for each in [*self.apps, *([self.server] if self.server else [])]:
            if each.lease is not None:
                await self.sync(each)

    async def live(self) -> None:
        await self.begin()
        while self.env.clock.now < END - DAY:
            await self.step()
        for self.env.clock.now in (END - DAY + HOUR, END - 8 * HOUR, END - HOUR):
            await self.everybody()  # who knows of the day, and shows that he does
        lasting = [each for each in self.apps if each.lease is not None and not each.lease.lease.ephemeral]
        kept = [each for each in lasting if self.goes_on(each) and _date(each) is None]
        self.env.clock.now = END
        self.watch()
        assert all(map(self.goes_on, kept)), "nobody within the order is cut"
        room = AFTER - self.behind_the_server()
        assert len(kept) >= min(room, sum(each.lease is not None for each in lasting)) - 1, "a place stays unused"
        for _ in range(15):
            await self.step()


def _date(site: PlainSite) -> int | None:
    assert site.lease is not None
    return next((span.since for span in site.lease.lease.spans if span.why is PhaseCause.SEAT_CONFLICT), None)


@pytest.mark.parametrize("seed", range(4))
async def test_p5_never_more_are_served_after_the_date_than_ordered_and_none_within_is_cut(
    tmp_path: Path, seed: int
) -> None:
    async with office(tmp_path) as env:
        street = Street(env, seed)
        await street.live()
        assert street.seen["granted"] >= 6
        assert list(await env.context.db.read(lambda conn: list(integrity.verify_histories(conn)))) == []


@pytest.fixture
async def on_postgres(shared_schema: SharedSchema, tmp_path: Path) -> AsyncIterator[ServerEnv]:
    opener = await shared_schema.emptied()
    async with office(tmp_path, database=await opener.open()) as env:
        yield env


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [3])
async def test_p5_the_same_on_postgresql(on_postgres: ServerEnv, seed: int) -> None:
    street = Street(on_postgres, seed)
    await street.live()
    assert street.seen["granted"] >= 6
