"""A server put back from a backup, and keys made while it runs: sites go on, in a later epoch and under the new key."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from tenure.cli import backups
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY
from tenure.server import key_rotation, keyring, setup
from tenure.server.app import build_app
from tenure.server.context import ServerContext
from tenure.server.main import open_context, system_now
from tenure.server.setup import ROOT_SECRETS
from tenure.server.state_place import StatePlace
from tenure.store import integrity
from tenure.store import schema as tables
from tenure.wire import exchanges, rotation
from tenure.wire.keys import Purpose
from tenure.wire.leases import SealedLease
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tests.server import server_env as offices
from tests.server.server_env import Caller, Clock, PlainSite, ServerEnv


async def made(folder: Path) -> str:
    """The vendor's token of a new server in `folder`."""
    done = await setup.init_folder(folder, "https://license.test", secrets.token_bytes, system_now())
    assert not isinstance(done, Refused)
    return done.vendor_token


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[ServerContext, httpx2.AsyncClient]]:
    """The server of `folder`, as its program opens it."""
    context = await open_context(folder)
    assert not isinstance(context, Refused), context
    api = build_app(context, lambda: 0.0, sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.test") as http:
        yield context, http
    await context.db.close()


async def shop_at(context: ServerContext, http: httpx2.AsyncClient, token: str) -> ServerEnv:
    """A provider with something to sell and a customer, on the real clock."""
    clock = Clock(system_now())
    return await offices.furnished(build_app(context, lambda: 0.0, sweeping=False), context, clock, http, token)


def epoch_of(site: PlainSite) -> int:
    assert isinstance(site.lease, SealedLease)
    return site.lease.lease.epoch


async def test_after_a_restore_the_sites_epoch_exceeds_every_one_ever_issued(tmp_path: Path) -> None:
    folder, file = tmp_path / "server", tmp_path / "backup.db"
    token = await made(folder)
    async with running(folder) as (context, http):
        env = await shop_at(context, http, token)
        name, code = await env.order()
        site = env.site()
        assert isinstance(await site.activate(code), ActivateAnswer)
        assert backups.backup_database(StatePlace(folder), file, lambda _: None) is None
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 12})
        assert isinstance(await site.sync(), SyncAnswer)
        lost = epoch_of(site)
    restored = backups.restore_database(StatePlace(folder), file, system_now() + DAY, lambda _: None)
    assert not isinstance(restored, Refused), restored
    assert restored.epoch > lost
    async with running(folder) as (context, http):
        site.office = replace(env, context=context, http=http)
        asked = await site.sync()
        assert isinstance(asked, SyncAnswer)
        assert asked.result == "send_lease"
        assert isinstance(site.lease, SealedLease)
        told = await site.sync(lease=site.lease.token.decode())
        assert isinstance(told, SyncAnswer)
        assert (told.result, told.forked) == ("lease", False)
        assert epoch_of(site) == restored.epoch
        again = await site.sync()
        assert isinstance(again, SyncAnswer)
        assert again.result == "unchanged"


async def test_a_key_published_while_the_server_runs_is_used_without_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    token = await made(folder)
    secret = key_rotation.read_root_secrets(folder / ROOT_SECRETS)
    assert not isinstance(secret, Refused)
    async with running(folder) as (context, http):
        fresh = keyring.new_key(Purpose.LEASE, secrets.token_bytes)
        assert key_rotation.keep_key(folder, fresh) is None
        entry = keyring.online_entry(fresh, system_now())
        following = rotation.publish_key(
            context.keys.root.document, entry, system_now(), system_now() + keyring.ROOT_LIFE
        )
        assert not isinstance(following, Refused)
        answer = await http.put(
            "/v1/root",
            content=msgspec.json.encode({"document": key_rotation.sign_root(following, [secret]).decode()}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        assert context.keys.signer_for(Purpose.LEASE, "editor", system_now()).key_id != fresh.kid, (
            "clients have not heard of it"
        )
        assert context.keys.signer_for(Purpose.LEASE, "editor", system_now() + 3 * DAY).key_id == fresh.kid


@pytest.mark.parametrize("before", [0, 2])
async def test_after_a_restore_no_event_has_a_number_that_was_given_before(tmp_path: Path, before: int) -> None:
    """Backup, three events, restore, five events: whoever follows the docs is told of all eight."""
    folder, file = tmp_path / "server", tmp_path / "backup.db"
    token = await made(folder)
    heard: list[int] = []

    async def listen(env: ServerEnv) -> None:
        """A receiver as the docs advise: it keeps the page's `after`, and does nothing for a number it knows."""
        page = await env.staff.get("/v1/events", after=heard[-1] if heard else 0)
        heard.extend(each["seq"] for each in page["items"] if each["seq"] not in heard)
        assert page["after"] == (heard[-1] if heard else 0)
        assert (await env.staff.get("/v1/events", after=page["after"]))["items"] == []

    async with running(folder) as (context, http):
        env = await shop_at(context, http, token)
        for _ in range(before):
            await env.order()
        await listen(env)
        assert backups.backup_database(StatePlace(folder), file, lambda _: None) is None
        for _ in range(3):
            await env.order()
        await listen(env)
    assert len(heard) == before + 3
    restored = backups.restore_database(StatePlace(folder), file, system_now(), lambda _: None)
    assert not isinstance(restored, Refused), restored
    async with running(folder) as (context, http):
        env = replace(env, context=context, http=http, staff=Caller(http, env.staff.token))
        for _ in range(5):
            await env.order()
        await listen(env)
        assert len(heard) == before + 8
        assert heard == sorted(set(heard))
        assert heard[-5:] == list(range(heard[-5], heard[-5] + 5)), "and from there on without a gap"
        assert heard[-1] < 2**53, "as far as every reader of JSON counts exactly"
        beyond = await env.staff.send("GET", "/v1/events", after=heard[-1] + 1)
        assert (beyond.status_code, beyond.json()["field"]) == (422, "after")


def introduced(site: PlainSite) -> dict[str, Any]:
    """What a site brings to a server that has said that it does not know it."""
    assert site.lease is not None
    return {"key": exchanges.public_jwk(site.signer.public), "lease": site.lease.token.decode()}


@asynccontextmanager
async def forgotten(
    folder: Path, *, alone: bool = False, offer: str = "standard"
) -> AsyncIterator[tuple[PlainSite, str, Caller]]:
    """A site activated after the backup that the server was then put back from, its subscription, the provider."""
    file, token = folder / "backup.db", await made(folder / "server")
    async with running(folder / "server") as (context, http):
        env = await shop_at(context, http, token)
        name, code = await env.order(offer)
        assert backups.backup_database(StatePlace(folder / "server"), file, lambda _: None) is None
        site = PlainSite(env, alone=alone)
        assert isinstance(await site.activate(code), ActivateAnswer)
        assert isinstance(await site.sync(), SyncAnswer)
    assert not isinstance(
        backups.restore_database(StatePlace(folder / "server"), file, system_now() + DAY, lambda _: None), Refused
    )
    async with running(folder / "server") as (context, http):
        site.office = replace(env, context=context, http=http)
        env.staff.http = http
        yield site, name, env.staff


@pytest.mark.parametrize("offer", ["standard", "later"])
@pytest.mark.parametrize("alone", [False, True])
async def test_a_site_activated_after_the_backup_is_taken_in_by_its_lease(
    tmp_path: Path, alone: bool, offer: str
) -> None:
    """Nobody is locked out who has paid: before, it ran to its lease's end, and nothing told anybody to type a code.

    The term of the other offer begins with the activation, so that the backup knows of neither.
    """
    async with forgotten(tmp_path, alone=alone, offer=offer) as (site, name, staff):
        begun = site.lease.lease.prepaid_until if site.lease is not None else None
        assert await site.sync() == "key_unknown"
        told = await site.sync(**introduced(site))
        assert isinstance(told, SyncAnswer)
        assert (told.result, told.forked) == ("lease", False)
        assert site.lease is not None
        assert (site.lease.lease.prepaid_until, site.lease.lease.features) == (begun, ("edit", "export", "read"))
        again = await site.sync()
        assert isinstance(again, SyncAnswer)
        assert again.result == "unchanged"
        (listed,) = (await staff.get("/v1/sites", subscription=name))["items"]
        assert listed["id"] == site.id
        context = site.office.context
        assert await context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []


@asynccontextmanager
async def gone_on(
    folder: Path, offer: str, *, alone: bool = False, ordered_later: bool = False, canceled_later: bool = False
) -> AsyncIterator[tuple[PlainSite, str, str, Caller]]:
    """A site that went from a subscription that has ended to another one after the backup; the two, the provider."""

    async def cancel(name: str) -> None:
        await env.staff.post(f"/v1/subscriptions/{name}/cancel", {"at_once": True})

    file, token = folder / "backup.db", await made(folder / "server")
    async with running(folder / "server") as (context, http):
        env = await shop_at(context, http, token)
        (old, first), site = await env.order(), PlainSite(env, alone=alone)
        assert isinstance(await site.activate(first), ActivateAnswer)
        if not canceled_later:
            await cancel(old)
        new, second = ("", "") if ordered_later else await env.order(offer)
        assert isinstance(await site.sync(), SyncAnswer)
        assert backups.backup_database(StatePlace(folder / "server"), file, lambda _: None) is None
        if canceled_later:
            await cancel(old)
        if ordered_later:
            new, second = await env.order(offer)
        answer = await site.activate(second)
        assert isinstance(answer, ActivateAnswer) and answer.result == "granted"
        assert isinstance(await site.sync(), SyncAnswer)
    restored = backups.restore_database(StatePlace(folder / "server"), file, system_now() + DAY, lambda _: None)
    assert not isinstance(restored, Refused)
    async with running(folder / "server") as (context, http):
        site.office = replace(env, context=context, http=http)
        env.staff.http = http
        yield site, old, new, env.staff


@pytest.mark.parametrize("offer", ["standard", "later"])
@pytest.mark.parametrize("alone", [False, True])
async def test_a_site_that_went_to_another_subscription_after_the_backup_stays_there(
    tmp_path: Path, alone: bool, offer: str
) -> None:
    """Going by what the backup knows it would be cut off: its former subscription has ended, this one is paid for."""
    async with gone_on(tmp_path, offer, alone=alone) as (site, old, new, staff):
        assert site.lease is not None
        paid = site.lease.lease.prepaid_until
        asked = await site.sync()
        assert isinstance(asked, SyncAnswer) and asked.result == "send_lease"
        told = await site.sync(lease=site.lease.token.decode())
        assert isinstance(told, SyncAnswer) and told.result == "lease"
        lease = site.lease.lease
        assert (lease.subscription, lease.prepaid_until, lease.features) == (new, paid, ("edit", "export", "read"))
        again = await site.sync()
        assert isinstance(again, SyncAnswer) and again.result == "unchanged"
        for name, sites in ((old, []), (new, [site.id])):
            assert [each["id"] for each in (await staff.get("/v1/sites", subscription=name))["items"]] == sites
        context = site.office.context
        assert await context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []


@pytest.mark.parametrize("offer", ["standard", "later"])
async def test_m10_a_code_typed_at_it_is_judged_by_the_subscription_that_it_went_to(tmp_path: Path, offer: str) -> None:
    async with gone_on(tmp_path, offer) as (site, _, new, staff):
        assert site.lease is not None
        paid = site.lease.lease.prepaid_until
        _, third = await site.office.order()
        refused = await site.activate(third)
        assert isinstance(refused, ActivateAnswer) and refused.refusal is not None
        assert (refused.refusal.code, refused.refusal.when) == ("subscription_in_force", paid)
        (listed,) = (await staff.get("/v1/sites", subscription=new))["items"]
        assert listed["id"] == site.id
        told = await site.sync()
        if isinstance(told, SyncAnswer) and told.result == "send_lease":
            told = await site.sync(lease=site.lease.token.decode())
        assert isinstance(told, SyncAnswer) and told.result == "lease"
        assert (site.lease.lease.subscription, site.lease.lease.prepaid_until) == (new, paid)
        context = site.office.context
        assert await context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []


async def test_a_site_whose_subscription_was_ordered_after_the_backup_goes_on_by_its_lease(tmp_path: Path) -> None:
    """Nothing signed takes it away, however often it asks."""
    async with gone_on(tmp_path, "standard", ordered_later=True) as (site, _, new, _):
        assert site.lease is not None
        assert isinstance(await site.sync(), SyncAnswer)
        for _ in range(2):
            assert await site.sync(lease=site.lease.token.decode()) == "key_unknown"
            assert await site.sync(**introduced(site)) == "key_unknown"
        assert site.lease.lease.subscription == new


@pytest.mark.parametrize("canceled_later", [False, True])
@pytest.mark.parametrize("alone", [False, True])
async def test_m10_what_a_site_left_for_a_forgotten_subscription_binds_it_no_more(
    tmp_path: Path, alone: bool, canceled_later: bool
) -> None:
    """The provider orders again what the backup lacks; that its former subscription was canceled is forgotten, too."""
    async with gone_on(tmp_path, "standard", alone=alone, ordered_later=True, canceled_later=canceled_later) as (
        site,
        old,
        _,
        staff,
    ):
        again, third = await site.office.order()
        granted = await site.activate(third)
        assert isinstance(granted, ActivateAnswer)
        assert (granted.result, granted.refusal) == ("granted", None)
        assert site.lease is not None
        assert (site.lease.lease.subscription, site.lease.lease.features) == (again, ("edit", "export", "read"))
        told = await site.sync()
        assert isinstance(told, SyncAnswer)
        assert (told.result, told.forked) == ("unchanged", False)
        for name, sites in ((old, []), (again, [site.id])):
            assert [each["id"] for each in (await staff.get("/v1/sites", subscription=name))["items"]] == sites
        _, fourth = await site.office.order()
        refused = await site.activate(fourth)
        assert isinstance(refused, ActivateAnswer) and refused.refusal is not None
        assert refused.refusal.code == "subscription_in_force", "the rule binds it as before"
        context = site.office.context
        assert await context.db.read(lambda conn: list(integrity.verify_histories(conn))) == []


async def test_m10_without_a_lease_of_this_server_the_former_subscription_binds(tmp_path: Path) -> None:
    async with gone_on(tmp_path, "standard", ordered_later=True, canceled_later=True) as (site, _, _, _):
        _, third = await site.office.order()
        site.lease = None
        refused = await site.activate(third)
        assert isinstance(refused, ActivateAnswer) and refused.refusal is not None
        assert refused.refusal.code == "subscription_in_force"


@pytest.mark.parametrize("canceled_later", [False, True])
async def test_a_successor_of_a_forgotten_subscription_brings_no_lease_of_the_one_before(
    tmp_path: Path, canceled_later: bool
) -> None:
    """The answer to staging carries the present lease, and would put the site back to what it has left."""
    async with gone_on(tmp_path, "standard", ordered_later=True, canceled_later=canceled_later) as (site, _, new, _):
        assert site.lease is not None
        _, third = await site.office.order()
        assert await site.activate(third, role="successor") == "key_unknown"
        assert site.lease.lease.subscription == new


async def test_a_copy_of_it_is_found_as_any_other(tmp_path: Path) -> None:
    async with forgotten(tmp_path) as (site, _, _):
        copy = site.clone()
        assert isinstance(await site.sync(**introduced(site)), SyncAnswer)
        told = await copy.sync(**introduced(copy))
        assert isinstance(told, SyncAnswer)
        assert told.forked


@pytest.mark.parametrize("what", ["token", "lease", "key", "nothing"])
async def test_what_does_not_belong_to_it_takes_nobody_in(tmp_path: Path, what: str) -> None:
    async with forgotten(tmp_path) as (site, _, staff):
        sender = PlainSite(site.office) if what == "key" else site
        shown = introduced(site) if what != "nothing" else {}
        if what == "token":
            shown["token"] = f"1.1.{'0' * 43}"
        if what == "lease":
            shown["lease"] = ""
        if what == "key":
            sender.id, sender.token, sender.lease = site.id, site.token, site.lease
            shown["key"] = exchanges.public_jwk(sender.signer.public)
        assert await sender.sync(**shown) == "key_unknown"
        assert (await staff.get("/v1/sites"))["items"] == []


async def test_a_server_that_was_not_put_back_takes_nobody_in(tmp_path: Path) -> None:
    """A site whose row is gone for another reason, as when it was forgotten after years, has its code."""
    token = await made(tmp_path)
    async with running(tmp_path) as (context, http):
        env = await shop_at(context, http, token)
        site = env.site()
        assert isinstance(await site.activate((await env.order())[1]), ActivateAnswer)
        for table in (tables.leases, tables.sites):
            await context.db.write(lambda conn, gone=table: conn.execute(gone.delete()))
        assert await site.sync(**introduced(site)) == "key_unknown"
