"""Random states of a server: where a site's row says that nothing is new, the whole answer finds nothing either
[spec: new-lease, synchronization]."""

import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import sqlalchemy as sa

from tenure.core.answering.lease_issue import claims_of_time
from tenure.core.business.command_table import COMMANDS
from tenure.core.business.command_table.row import CommandField, FieldKind
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.allotment import recalled_margins
from tenure.core.timeline import DAY, HOUR, Instant, Span
from tenure.http.limits import MemoryCounters, RateThrottle
from tenure.http.timestamps import format_rfc3339
from tenure.server import account_repository, allotments
from tenure.server.real_time import RealTime
from tenure.server.sync import ProvenSync, SyncService
from tenure.server.sync_contact import answer_sync
from tenure.server.sync_values import SyncContact
from tenure.store import places, schema, sites, sync_fast_path
from tenure.store.engine import Connection
from tenure.wire import exchanges
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, DeviceUse, SyncAnswer, SyncRequest
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
        short, whole, called_back = found
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


def edge(span: Span) -> tuple[object, ...]:
    """The span without its device limit."""
    return span.since, span.until, span.phase, span.why, span.features


def proven(site: PlainSite) -> ProvenRequest[SyncRequest]:
    """A request of the site, made and not sent."""
    envelope = exchanges.unwrap_sync(site.asking())
    assert not isinstance(envelope, Refused)
    asked = exchanges.read_sync(envelope, site.signer.public)
    assert not isinstance(asked, Refused)
    return asked


class ShortAnswer(NamedTuple):
    """What a request is answered from the row alone, and what is stored then, beside the whole way."""

    answer: SyncAnswer
    shows_lease: bool
    """The site shows its newest lease for the first time."""
    state: list[object]
    whole_state: list[object]


def both_answers(
    env: ServerEnv, conn: Connection, asked: ProvenRequest[SyncRequest], sent: bytes, real: Instant
) -> tuple[ShortAnswer | None, SyncAnswer, bool]:
    """The short answer, if the row says that nothing is new; the whole answer, computed without the row's word; and
    whether another site needs margin that this one does not use."""
    known = sync_fast_path.at_hand(conn, [asked.message.site])[asked.message.site]
    shows = known.acked_serial != known.serial
    conn.exec_driver_sql("savepoint short")
    told = short_answer(env, conn, asked, real)
    state = kept(conn, known.id, shows)
    conn.exec_driver_sql("rollback to short")
    site = sites.lock_many(conn, [known.id])[known.id]
    sub = account_repository.load_subscription(conn, site.provider, site.subscription)
    assert sub is not None
    called_back = recalled_margins(allotments.pool_of(conn, sub, real, env.context.epoch_floor), real)
    contact = SyncContact(
        context=env.context, conn=conn, asked=asked, time=RealTime(real), now=real, sandbox=known.is_sandbox
    )
    answered = answer_sync(contact, site)
    assert not isinstance(answered, Refused)
    body, after = answered
    sites.save_many(conn, [after])
    whole = opened(env, body, sent, sandbox=known.is_sandbox)
    short = None
    if told is not None:
        short = ShortAnswer(
            opened(env, told, sent, sandbox=known.is_sandbox), shows, state, kept(conn, known.id, shows)
        )
    return short, whole, site.id in dict(called_back)


def short_answer(env: ServerEnv, conn: Connection, asked: ProvenRequest[SyncRequest], real: Instant) -> bytes | None:
    """What the row alone tells the site, if it does."""

    class RowAlone(SyncService):
        """Answers nothing that the row alone does not say."""

        def _answer_one(self, *_: object) -> bytes | Refused:
            return Refused(RefusalCode.SERVER_BUSY)

    service = RowAlone(env.context, RateThrottle(MemoryCounters(), lambda: 0.0, env.context.clock))
    known = sync_fast_path.at_hand(conn, [asked.message.site])[asked.message.site]
    (told,) = service.answer_many(conn, [ProvenSync(asked, known.thumbprint)])
    return told if isinstance(told, bytes) else None


def opened(env: ServerEnv, body: bytes, sent: bytes, *, sandbox: bool) -> SyncAnswer:
    """The answer, proven."""
    read = exchanges.read_sync_answer(body, sent, env.context.keys.root_of(sandbox=sandbox), sandbox=sandbox)
    assert not isinstance(read, Refused)
    return read.message


def kept(conn: Connection, site: str, shows: bool) -> list[object]:
    """What the store keeps of a site. How many devices it wants is noted with a lease alone, when it brings no other
    news."""
    row = sites.by_id(conn, site)
    assert row is not None
    words = conn.execute(sa.select(schema.leases).where(schema.leases.c.site == site)).all()
    there = places.of_site(conn, site)
    return [row if shows else msgspec.structs.replace(row, body=b""), [tuple(each) for each in words], there]


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
