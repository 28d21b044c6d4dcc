"""Every action on a subscription through the API: previewed, applied by its plan, refused once something changed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tenure.core.business.command_table import COMMANDS, ROWS
from tenure.core.business.command_table.row import CommandRow, FieldKind
from tenure.core.timeline import DAY
from tenure.server import allotments
from tenure.store import sites
from tenure.store.engine import Connection
from tests.server.server_env import START, PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio


class Stage:
    """A subscription held by two sites, and what a scenario needs to name."""

    def __init__(self, env: ServerEnv, name: str, code: str, sites: list[PlainSite]) -> None:
        self.env, self.name, self.code, self.sites = env, name, code, sites
        self.path = f"/v1/subscriptions/{name}"

    async def do(self, action: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        return await self.env.staff.post(f"{self.path}/{action}", body, **query)

    async def code_id(self) -> str:
        return str((await self.env.staff.get(self.path))["codes"][-1]["id"])


async def staged(env: ServerEnv, offer: str = "standard", **more: Any) -> Stage:
    name, code = await env.order(offer, **more)
    sites = [env.site(), env.site()] if offer != "external" else []
    for site in sites:
        await site.activate(code)
    return Stage(env, name, code, sites)


Body = dict[str, Any]


async def nothing(_: Stage) -> Body:
    return {}


async def monthly(stage: Stage) -> Body:
    """Another subscription, whose renewal is open from the first day."""
    stage.name, _ = await stage.env.order("short")
    stage.path = f"/v1/subscriptions/{stage.name}"
    return {}


async def automatic(_: Stage) -> Body:
    return {"intent": "auto"}


async def canceled(stage: Stage) -> Body:
    await stage.do("cancel")
    return {}


async def away(_: Stage) -> Body:
    return {"reason": "away", "until": "2026-03-01T00:00:00Z"}


async def held(stage: Stage) -> Body:
    await stage.do("hold", {"reason": "away"})
    return {}


async def more(_: Stage) -> Body:
    return {"devices": 20}


async def dearer(stage: Stage) -> Body:
    offer = {"plan": "later", "currency": "EUR", "bands": [{"unit": 2_400}]}
    return {"offer": (await stage.env.staff.post("/v1/offers", offer))["id"]}


async def lowered(stage: Stage) -> Body:
    coming = await stage.do("change-devices", {"devices": 5})
    return {"effective": coming["subscription"]["scheduled"][0]["effective"]}


async def its_blocked_code(stage: Stage) -> Body:
    code = await stage.code_id()
    await stage.do("block-code", {"code": code})
    return {"code": code}


async def to_another(stage: Stage) -> Body:
    return {"customer": (await stage.env.staff.post("/v1/customers", {"name": "Heir"}))["id"]}


async def paid_outside(stage: Stage) -> Body:
    return {"reference": f"transfer for {stage.path}", "covers": "order"}


async def copied(stage: Stage) -> Body:
    copy = stage.sites[0].clone()
    await stage.sites[0].sync()
    await copy.sync()
    return {"site": stage.sites[0].id, "resolution": "restored"}


async def heir_named(stage: Stage) -> Body:
    return {"site": stage.sites[0].id, "recipient": stage.sites[1].id}


async def other_one_goes(stage: Stage) -> Body:
    """Two applications on their own use another subscription, of which one device is to be left."""
    stage.name, code = await stage.env.order()
    stage.path = f"/v1/subscriptions/{stage.name}"
    apps = [stage.env.site(alone=True), stage.env.site(alone=True)]
    for each in apps:
        await each.activate(code)
    await stage.do("change-devices", {"devices": 1})
    listed = (await stage.env.staff.get(f"{stage.path}/seat-conflict"))["applications"]
    return {"going": [each["site"] for each in listed if not each["goes"]]}


async def silent(stage: Stage) -> Body:
    """Its first site was not heard of until its lease and its seats were over."""
    quiet = stage.sites[0].id

    def fall_silent(conn: Connection) -> None:
        row = sites.lock_many(conn, [quiet])[quiet]
        part = allotments.pools_of(row).part_of(stage.name)
        share = msgspec.structs.replace(part, word_until=stage.env.clock() - 1)
        sites.save_many(conn, [allotments.with_part(row, stage.name, share)])

    await stage.env.context.db.write(fall_silent)
    return {"site": quiet}


def by_its_row(row: CommandRow) -> Callable[[Stage], Awaitable[Body]]:
    """What a command must name, by the kinds of its fields, on the first site of the subscription."""

    async def body(stage: Stage) -> Body:
        samples = {
            FieldKind.TEXT: "Front desk",
            FieldKind.DAYS: 5,
            FieldKind.DEVICES: 20,
            FieldKind.INSTANT: "2026-01-15T00:00:00Z",
            FieldKind.SITE: stage.sites[0].id,
            FieldKind.CODE: await stage.code_id(),
        }
        return {each.name: samples[each.kind] for each in row.fields if each.required}

    return body


SCENARIOS: dict[str, tuple[Callable[[Stage], Awaitable[Body]], tuple[str, ...]]] = {
    "renew": (monthly, ("Renewed",)),
    "set_renewal_intent": (automatic, ("RenewalIntentSet",)),
    "undo_cancellation": (canceled, ("CancellationUndone",)),
    "hold": (away, ("HoldPlaced",)),
    "release": (held, ("HoldReleased",)),
    "change_devices": (more, ("TermsChanged",)),
    "change_plan": (dearer, ("TermsChanged",)),
    "drop_change": (lowered, ("ChangeDropped",)),
    "unblock_code": (its_blocked_code, ("CodeUnblocked",)),
    "transfer": (to_another, ("Transferred",)),
    "confirm_payment": (paid_outside, ("PaymentConfirmed",)),
    "resolve_fork": (copied, ("ForkResolved",)),
    "edit_seat_conflict": (other_one_goes, ("SeatConflictListed",)),
    "free_allotment": (silent, ("AllotmentFreed",)),
    "declare_site_lost": (heir_named, ("SiteDeclaredLost",)),
}
"""Those that need more than their fields; every other command is given with what it must name."""
SCENARIOS |= {row.name: (by_its_row(row), row.makes[:1]) for row in COMMANDS if row.name not in SCENARIOS}


def test_every_action_has_its_scenario() -> None:
    assert set(SCENARIOS) == {row.name for row in COMMANDS}
    assert all(set(facts) <= set(ROWS[name].makes) for name, (_, facts) in SCENARIOS.items())


@pytest.fixture(scope="module")
async def env(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerEnv]:
    """One office for all scenarios, each with a subscription of its own; its clock moves by minutes only."""
    async with office(tmp_path_factory.mktemp("actions")) as env:
        short = {"id": "short", "product": "editor", "name": "Short", "kind": "limited", "period": "P1M"}
        await env.vendor.post("/v1/plans", short | {"features": ["edit"]})
        for name, plan, settlement in (("short", "short", "prepaid"), ("external", "standard", "external")):
            sold = {"plan": plan, "currency": "EUR", "bands": [{"unit": 1_200}], "settlement": settlement}
            env.offers[name] = (await env.staff.post("/v1/offers", sold))["id"]
        yield env


async def fresh_customer(env: ServerEnv) -> str:
    made: str = (await env.staff.post("/v1/customers", {"name": "Fresh"}))["id"]
    await env.staff.post(f"/v1/customers/{made}/top-ups", {"amount": 100_000, "reference": made})
    return made


async def set_up(env: ServerEnv, action: str) -> tuple[Stage, str, Body]:
    env.customer = await fresh_customer(env)  # whoever asks pays for all subscriptions of an account
    stage = await staged(env, "external" if action == "confirm_payment" else "standard")
    env.clock.now += 3_600
    body = await SCENARIOS[action][0](stage)
    return stage, action.replace("_", "-"), body


@pytest.mark.parametrize("action", sorted(SCENARIOS))
async def test_b04_each_action_is_previewed_then_applied_by_its_plan(env: ServerEnv, action: str) -> None:
    stage, path, body = await set_up(env, action)
    seen = await env.staff.get(stage.path)
    before = await env.snapshot()
    shown = await stage.do(path, body, dry_run="true")
    assert await env.snapshot() == before, "a preview changes nothing"
    assert shown["facts"][: len(SCENARIOS[action][1])] == list(SCENARIOS[action][1])
    assert shown["activation_code"] == ""
    assert shown["subscription"]["revision"] == seen["revision"] + len(shown["facts"])

    env.clock.now += 15 * 60  # the last second of its life
    answer = await env.staff.send(
        "POST",
        f"{stage.path}/{path}",
        body | {"outcome_hash": shown["outcome_hash"]},
        key=f"do-{action}",
        dry_run="false",
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()
    told = ("facts", "affected_leases")
    assert [done[name] for name in told] == [shown[name] for name in told]
    moved = ("kind", "amount", "reserve")
    assert [[one[name] for name in moved] for one in done["postings"]] == [
        [one[name] for name in moved] for one in shown["postings"]
    ]
    assert bool(done["activation_code"]) == (action == "reissue_code")
    assert answer.headers["etag"] == f'"{done["subscription"]["revision"]}"'
    assert (await env.facts(stage.name))[-len(done["facts"]) :] == done["facts"]

    stored = await env.snapshot()
    again = await env.staff.send(
        "POST",
        f"{stage.path}/{path}",
        body | {"outcome_hash": shown["outcome_hash"]},
        key=f"do-{action}",
        dry_run="false",
    )
    assert again.content == answer.content, "sent twice it is done once"
    assert await env.snapshot() == stored


@pytest.mark.parametrize("action", sorted(SCENARIOS))
async def test_b04_a_plan_is_worth_nothing_once_something_changed(env: ServerEnv, action: str) -> None:
    stage, path, body = await set_up(env, action)
    shown = await stage.do(path, body, dry_run="true")
    planned = body | {"outcome_hash": shown["outcome_hash"]}
    env.clock.now += 15 * 60 + 1
    assert await env.staff.refused(f"{stage.path}/{path}", planned) == "outcome_changed_meanwhile", "too old"
    env.clock.now -= 60
    tampered = body | {"outcome_hash": shown["outcome_hash"][:-1] + ("0" if shown["outcome_hash"][-1] != "0" else "1")}
    assert await env.staff.refused(f"{stage.path}/{path}", tampered) == "outcome_changed_meanwhile"
    elsewhere = await staged(env, "standard")
    assert (
        await env.staff.refused(f"{elsewhere.path}/cancel", {"outcome_hash": shown["outcome_hash"]})
        == "outcome_changed_meanwhile"
    )

    other = {"reason": "x"} if path not in {"hold", "release"} else {}
    await env.vendor.post(f"{stage.path}/{'hold' if other else 'reissue-code'}", other, provider=env.provider) if (
        action != "confirm_payment"
    ) else await stage.do("reissue-code")
    before = await env.snapshot()
    refused = await env.staff.refused(f"{stage.path}/{path}", planned)
    assert refused == "outcome_changed_meanwhile" or (action, refused) == ("renew", "subscription_paused")
    stale = await env.staff.send("POST", f"{stage.path}/{path}", body, dry_run="true")
    assert stale.status_code == 200, "the control: without the plan it would still be done"
    assert await env.snapshot() == before


@pytest.mark.parametrize("action", sorted(SCENARIOS))
async def test_nobody_overwrites_what_he_has_not_seen(env: ServerEnv, action: str) -> None:
    stage, path, body = await set_up(env, action)
    seen = (await env.staff.send("GET", stage.path)).headers["etag"]
    before = await env.snapshot()
    address = f"{stage.path}/{path}"
    token = {"Authorization": f"Bearer {env.staff.token}"}
    other = '"2"' if seen == '"1"' else '"1"'
    stale = await env.http.post(
        address, json=body, headers=token | {"If-Match": other, "Idempotency-Key": f"a-{action}"}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert seen in stale.json()["detail"]
    assert await env.snapshot() == before
    fresh = await env.http.post(
        address, json=body, headers=token | {"If-Match": seen, "Idempotency-Key": f"c-{action}"}
    )
    assert fresh.status_code == 200, fresh.text
    assert fresh.headers["etag"] != seen


async def test_a_transferred_subscription_and_its_sites_are_the_heirs(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        stage = await staged(env)
        heir = (await env.staff.post("/v1/customers", {"name": "Heir"}))["id"]
        await env.staff.post(f"/v1/customers/{heir}/top-ups", {"amount": 50_000, "reference": "heir"})
        old, new = await env.token(), await env.token(of=heir)
        assert await old.refused(f"{stage.path}/transfer", {"customer": heir}) == "action_not_permitted"
        await stage.do("transfer", {"customer": heir})
        for path in (stage.path, f"{stage.path}/history", f"/v1/sites/{stage.sites[0].id}"):
            assert (await new.send("GET", path)).status_code == 200, path
            assert (await old.send("GET", path)).status_code == 404, path
        for path in ("/v1/subscriptions", "/v1/sites"):
            assert len((await new.get(path))["items"]) >= 1, path
            assert (await old.get(path))["items"] == [], path
        # Its sites go on, and what it costs from now on is the heir's.
        told = await stage.sites[0].sync()
        assert not isinstance(told, str)
        assert told.refusal is None
        before = await env.staff.get(f"/v1/customers/{env.customer}/account")
        await new.post(f"{stage.path}/change-devices", {"devices": 20})
        assert await env.staff.get(f"/v1/customers/{env.customer}/account") == before
        assert (await env.staff.get(f"/v1/customers/{heir}/account"))["balance"] == 50_000 - 10 * 1_200


async def test_a_transferred_unlimited_one_is_paid_by_the_heir_from_then_on(tmp_path: Path) -> None:
    """Not for the time before: the first customer's money had failed, the heir buys one period, the one that runs."""
    async with office(tmp_path) as env:
        poor = (await env.staff.post("/v1/customers", {"name": "Poor"}))["id"]
        await env.staff.post(f"/v1/customers/{poor}/top-ups", {"amount": 12_000, "reference": "poor"})
        heir = (await env.staff.post("/v1/customers", {"name": "Heir"}))["id"]
        await env.staff.post(f"/v1/customers/{heir}/top-ups", {"amount": 50_000, "reference": "heir"})
        env.customer = poor
        stage = await staged(env, "monthly")
        env.clock.now = START + 35 * DAY
        assert (await env.staff.get(stage.path))["phase"] == "grace"
        await stage.do("transfer", {"customer": heir})
        assert (await env.staff.get(stage.path))["phase"] == "grace"
        env.clock.now += DAY  # it is tried daily
        assert (await env.staff.get(stage.path))["phase"] == "active"
        lines = (await env.staff.get(f"/v1/customers/{heir}/statement"))["items"]
        assert [(line["posting"]["kind"], line["posting"]["amount"]) for line in lines] == [
            ("top_up", 50_000), ("charge", -12_000),
        ]  # fmt: skip
        assert lines[1]["posting"]["at"] == "2026-02-06T00:00:00Z"
        env.clock.now = START + 95 * DAY
        assert (await env.staff.get(stage.path))["phase"] == "active"
        assert (await env.staff.get(f"/v1/customers/{poor}/account"))["balance"] == 0


async def test_a_lost_site_never_comes_back_and_its_part_is_the_heirs(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        stage = await staged(env, devices=100)
        lost, heir = stage.sites
        lost.wanted, heir.wanted = 60, 20
        for site in (lost, heir, lost, heir):
            await site.sync()
        assert lost.lease is not None and heir.lease is not None
        parts = lost.lease.lease.allotment + heir.lease.lease.allotment
        await stage.do("declare-site-lost", {"site": lost.id, "recipient": heir.id})
        told = await lost.sync()
        assert not isinstance(told, str) and told.refusal is not None
        assert told.refusal.code == "site_lost"
        again = await lost.activate(stage.code)
        assert not isinstance(again, str) and again.refusal is not None
        assert again.refusal.code == "site_lost"
        heir.wanted = 80
        for _ in range(2):
            await heir.sync()
        assert heir.lease.lease.allotment >= min(parts, 80), "its allotment goes at once to the site named"
        fresh = env.site()
        answer = await fresh.activate(stage.code)
        assert not isinstance(answer, str) and answer.result == "granted", "the place of the lost one is free"


async def test_a_site_that_left_no_longer_counts(tmp_path: Path) -> None:
    """Its devices do not stand in the way of a lower limit; its allotment is free when its last word is over."""
    async with office(tmp_path) as env:
        stage = await staged(env, devices=20)
        gone, stays = stage.sites
        gone.use, stays.use = type(gone.use)(total=9), type(stays.use)(total=4)
        await gone.sync()
        await stays.sync()
        assert (
            await env.staff.refused(f"{stage.path}/change-devices", {"devices": 6, "at_once": True})
            == "seat_conflict_open"
        )
        await stage.do("release-site", {"site": gone.id})
        told = await gone.sync()
        assert not isinstance(told, str) and told.refusal is not None
        assert told.refusal.code == "installation_released"
        assert (  # it has yet to show that it has heard, and its devices have yet to erase their seats
            await env.staff.refused(f"{stage.path}/change-devices", {"devices": 6, "at_once": True})
            == "seat_conflict_open"
        )
        gone.use = type(gone.use)()
        await gone.sync()
        await stage.do("change-devices", {"devices": 6, "at_once": True})


async def test_a_fork_resolved_as_restored_lets_the_restored_one_go_on(tmp_path: Path) -> None:
    """The site keeps its allotment, its epoch rises, and nobody is asked about this fork again."""
    async with office(tmp_path) as env:
        stage = await staged(env)
        site = stage.sites[0]
        copy = site.clone()
        await site.sync()
        await copy.sync()
        assert (await env.staff.get(f"/v1/sites/{site.id}"))["forked"]
        epoch = (await env.staff.get(f"/v1/sites/{site.id}"))["epoch"]
        await stage.do("resolve-fork", {"site": site.id, "resolution": "restored"})
        assert not (await env.staff.get(f"/v1/sites/{site.id}"))["forked"]
        told = await copy.sync()
        assert not isinstance(told, str)
        assert (told.refusal, told.forked) == (None, False)
        shown = await env.staff.get(f"/v1/sites/{site.id}")
        assert shown["epoch"] > epoch
        assert not shown["forked"]
        told = await copy.sync()
        assert not isinstance(told, str)
        assert (told.result, told.forked, told.messages) == ("unchanged", False, ())
