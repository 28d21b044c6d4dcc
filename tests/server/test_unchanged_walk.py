"""Random states of a server: where a site's row says that nothing is new, the whole answer finds nothing either; and a
lease that is signed past the whole answer is that answer's to the byte [spec: new-lease, synchronization]."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tenure.core.answering.lease_issue import claims_of_time
from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandField, FieldKind
from tenure.core.timeline import DAY, HOUR, Span
from tenure.http.timestamps import format_rfc3339
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer
from tests.server.both_ways import both_answers, proven
from tests.server.server_env import PlainSite, ServerEnv, office

STEPS = 40


class Walk:
    """Sites, applications and containers under subscriptions that people change as they like."""

    def __init__(self, env: ServerEnv, seed: int) -> None:
        self.env = env
        self.random = random.Random(seed)  # noqa: S311 - repeatable
        self.names: list[str] = []
        self.codes: list[str] = []
        self.sites: list[PlainSite] = []
        self.seen: Counter[str] = Counter()

    async def step(self) -> None:
        """One change by a person or a site; then time passes, and every site asks."""
        changes = [self.order, self.join, self.join, self.change_devices, self.renew, self.top_up, self.hold]
        changes += [self.cancel, self.publish, self.use_more, self.use_more, self.set_intent, self.fork, self.rest]
        changes += [self.command] * 5 + [self.switch, self.excuse]
        await self.random.choice(changes)()
        self.env.clock.now += self.random.choice([60, HOUR, 6 * HOUR, DAY, DAY, 3 * DAY, 9 * DAY])
        for site in list(self.sites):
            await self.synchronize(site)

    async def synchronize(self, site: PlainSite) -> None:
        """Both answers are compared before one is given; a second request acknowledges a new lease."""
        for _ in range(2):
            await self.compare(site)
            answer = await site.sync()
            assert isinstance(answer, SyncAnswer), answer
            self.seen[answer.result] += 1
            if answer.result == "refused":
                self.sites = [each for each in self.sites if each is not site]
                return

    async def compare(self, site: PlainSite) -> None:
        asked = proven(site)
        found = await self.env.context.write_tx(
            True, lambda conn, real: both_answers(self.env, conn, asked, site.last, real)
        )
        assert isinstance(found, tuple), found
        short, plain, whole, called_back = found
        if plain is not None:
            self.seen["plain " + ("heard" if plain.heard else "again")] += 1
            assert plain.state == plain.whole_state
            assert plain.answer == plain.whole_answer
        self.seen[("word" if short.shows_lease else "short") if short else "whole"] += 1
        if not short:
            return
        if whole.result == "lease" and not called_back:
            self.only_shared_again(site, whole)
            return
        assert whole.result == "unchanged", (whole, self.seen)
        assert (whole.next_sync, whole.messages, whole.fork, whole.changes) == (short.answer.next_sync, (), None, ())
        assert short.answer == whole
        assert short.state == short.whole_state

    def only_shared_again(self, site: PlainSite, whole: SyncAnswer) -> None:
        """A full answer shares the pool out again: margin that no other site needs may move, and nothing else."""
        read = read_lease(whole.lease.encode(), site.root, product=site.product, sandbox=site.sandbox)
        assert isinstance(read, SealedLease)
        assert site.lease is not None
        old, new = site.lease.lease, read.lease
        assert new.allotment != old.allotment, (old, new)
        assert max(site.use.total, site.wanted) <= new.allotment
        assert claims_of_time(old) == claims_of_time(new)
        assert [edge(span) for span in old.spans] == [edge(span) for span in new.spans]
        self.seen["shared again"] += 1

    async def order(self) -> None:
        offer = self.random.choice(["standard", "monthly", "later", "brief"])
        made = await self.env.order(offer, devices=self.random.choice([5, 10, 20]))
        self.names.append(made[0])
        self.codes.append(made[1])

    async def join(self) -> None:
        if len(self.sites) < 5 and self.codes:
            alone = self.random.random() < 0.5
            short = {"ephemeral": True} if alone and self.random.random() < 0.3 else {}
            site = self.env.site(alone=alone, **short)
            told = await site.activate(self.random.choice(self.codes))
            if isinstance(told, ActivateAnswer) and told.result == "granted":
                self.sites.append(site)

    async def post(self, path: str, body: dict[str, object]) -> None:
        """Whether it is permitted is not the question here."""
        if self.names:
            name = self.random.choice(self.names)
            answer = await self.env.staff.send("POST", f"/v1/subscriptions/{name}/{path}", body)
            self.seen[f"{path} {answer.status_code}"] += 1

    async def change_devices(self) -> None:
        await self.post("change-devices", {"devices": self.random.choice([3, 5, 10, 20])})

    async def command(self) -> None:
        """Any command of the table, with fields that may fit."""
        if not self.names:
            return
        row, name = self.random.choice(COMMANDS), self.random.choice(self.names)
        sub = await self.env.staff.get(f"/v1/subscriptions/{name}")
        given = {each.name: self.value(each, sub) for each in row.fields if each.required or self.random.random() < 0.5}
        answer = await self.env.staff.send("POST", f"/v1/subscriptions/{name}/{row.verb}", given)
        assert answer.status_code < 500, (row.name, given, answer.text)
        self.seen[f"{row.name} {answer.status_code < 300}"] += 1

    def value(self, field: CommandField, sub: dict[str, Any]) -> Any:
        """Something for a field of a command."""
        later = format_rfc3339(self.env.clock.now + self.random.randrange(1, 40) * DAY)
        known = {
            FieldKind.CODE: [each["id"] for each in sub["codes"]],
            FieldKind.SITE: [each["id"] for each in sub["sites"]] or ["site_01kdvdna00ee5b778wh897z5zx"],
            FieldKind.OFFER: list(self.env.offers.values()),
            FieldKind.CUSTOMER: [self.env.customer],
            FieldKind.CHOICE: list(field.values),
            FieldKind.FLAG: [False, True],
            FieldKind.DAYS: [1, 5, 14],
            FieldKind.DEVICES: [3, 5, 10, 20],
            FieldKind.INSTANT: [*(each["effective"] for each in sub["scheduled"]), later],
            FieldKind.LAST_DAY: [later],
            FieldKind.TEXT: ["as agreed"],
            FieldKind.SITES: [[each["id"] for each in sub["sites"]][:1]],
        }
        return self.random.choice(known[field.kind])

    async def switch(self) -> None:
        """A site applies another code, which its subscription may forbid."""
        if self.sites and self.codes:
            told = await self.random.choice(self.sites).activate(self.random.choice(self.codes))
            assert isinstance(told, ActivateAnswer), told
            self.seen[f"switch {told.result}"] += 1

    async def excuse(self) -> None:
        """The vendor makes an outage good."""
        now = self.env.clock.now
        body = {"since": format_rfc3339(now - HOUR), "until": format_rfc3339(now), "text": "we were out"}
        await self.env.vendor.post("/v1/notices", body)

    async def renew(self) -> None:
        await self.post("renew", {})

    async def hold(self) -> None:
        paused = self.random.random() < 0.5
        await self.post("hold", {"reason": "as agreed"}) if paused else await self.post("release", {})

    async def cancel(self) -> None:
        await self.post(self.random.choice(["cancel", "undo-cancellation"]), {})

    async def set_intent(self) -> None:
        await self.post("set-renewal-intent", {"intent": self.random.choice(["auto", "manual"])})

    async def top_up(self) -> None:
        body = {"amount": 50_000, "reference": f"bank {self.random.random()}"}
        await self.env.staff.send("POST", f"/v1/customers/{self.env.customer}/top-ups", body)

    async def publish(self) -> None:
        rules = {"tolerance_percent": self.random.choice([0, 10]), "lease_days": self.random.choice([15, 30])}
        await self.env.staff.send("PUT", "/v1/policy", {"rules": rules})

    async def use_more(self) -> None:
        if self.sites:
            site = self.random.choice(self.sites)
            site.use = DeviceUse(total=self.random.choice([0, 1, 3, 6]))
            site.wanted = self.random.choice([0, 2, 8])

    async def fork(self) -> None:
        if self.sites and self.random.random() < 0.3:
            copy = self.random.choice(self.sites).clone()
            await self.synchronize(copy)

    async def rest(self) -> None:
        self.env.clock.now += self.random.choice([DAY, 20 * DAY])


class WalkOfOnes(Walk):
    """The same where each administration server has a subscription of its own."""

    async def join(self) -> None:
        if len(self.sites) < 5:
            await self.order()
            site = self.env.site()
            told = await site.activate(self.codes[-1])
            if isinstance(told, ActivateAnswer) and told.result == "granted":
                self.sites.append(site)

    async def switch(self) -> None:
        """Only to a subscription that no other site has."""
        await self.order()
        self.codes = self.codes[-1:]
        await super().switch()


def edge(span: Span) -> tuple[object, ...]:
    """The span without its device limit."""
    return span.since, span.until, span.phase, span.why, span.features


@pytest.mark.parametrize("seed", range(3))
async def test_what_a_row_calls_unchanged_is_unchanged(tmp_path: Path, seed: int) -> None:
    async with office(tmp_path) as env:
        walk = Walk(env, seed)
        await walk.order()
        for _ in range(STEPS):
            await walk.step()
        assert walk.seen["short"] > STEPS // 4, walk.seen
        assert walk.seen["lease"] > STEPS // 8, walk.seen
        assert walk.seen["word"] > STEPS // 20, walk.seen


@pytest.mark.parametrize("seed", range(3))
async def test_a_lease_for_a_site_alone_is_the_whole_answers(tmp_path: Path, seed: int) -> None:
    async with office(tmp_path) as env:
        walk = WalkOfOnes(env, seed)
        for _ in range(STEPS):
            await walk.step()
        assert walk.seen["plain again"] > STEPS // 8, walk.seen
