"""A stolen key [spec: root-document]: revoked or replaced at once, for every purpose: the server never fails."""

from pathlib import Path

import msgspec
import pytest

from tenure.core.refusals import Refused
from tenure.core.timeline import DAY
from tenure.server import keyring
from tenure.server.keyring import StoredKey
from tenure.server.messages.webhook_worker import signer_of
from tenure.wire import exchanges, rotation
from tenure.wire.keys import Purpose
from tenure.wire.messages import ActivateAnswer, SyncAnswer
from tenure.wire.notices import read_notice
from tests.server.server_env import START, office
from tests.server.test_keys import Vault, Walker, with_spare

pytestmark = pytest.mark.anyio

PURPOSES = [each for each in Purpose if each is not Purpose.SANDBOX]
UNTIL = START + 700 * DAY


def of(vault: Vault, purpose: Purpose) -> str:
    """The id of the one key for a purpose."""
    (kid,) = [key.kid for key in vault.document.keys if key.purpose is purpose]
    return kid


class Careful(Walker):
    """A site as the SDK is one: a key that it does not know makes it look for newer root documents first."""

    async def contact(self) -> SyncAnswer | str:
        """One synchronization, sent again as it was while it is not answered."""
        reply = await self._post("/v1/sync", self.asking())
        return reply if isinstance(reply, str) else await self.take(reply)

    async def repeat(self) -> SyncAnswer | str:
        """The last request once more, byte for byte."""
        reply = await self._post("/v1/sync", self.last)
        return reply if isinstance(reply, str) else await self.take(reply)

    async def take(self, reply: bytes) -> SyncAnswer:
        heard = exchanges.read_sync_answer(reply, self.last, self.held)
        if isinstance(heard, Refused):
            await self.walk(self.office.context.keys.root.version)
            heard = exchanges.read_sync_answer(reply, self.last, self.held)
        assert not isinstance(heard, Refused), heard
        await self.walk(heard.message.root)
        self.token = heard.message.token or self.token
        if heard.message.lease:
            self._take(heard.message.lease)
        return heard.message

    @property
    def serves(self) -> bool:
        """Whether the lease it holds is still believed under the newest root document it has."""
        assert self.lease is not None
        return self.held.document.find_key(self.lease.kid) is not None


async def compromised(vault: Vault, purpose: Purpose, spare: StoredKey, how: str) -> None:
    """The vendor's answer to a stolen key, in one of the orders that there are."""
    now, gone = vault.env.clock.now, of(vault, purpose)
    entry = keyring.online_entry(spare, now)
    if how == "replaced":
        steps = [lambda: rotation.replace_key(vault.document, gone, entry, now, UNTIL)]
    elif how == "revoked, then published":
        steps = [
            lambda: rotation.revoke_key(vault.document, gone, now, UNTIL),
            lambda: rotation.publish_key(vault.document, entry, now, UNTIL),
        ]
    else:
        steps = [
            lambda: rotation.publish_key(vault.document, entry, now, UNTIL),
            lambda: rotation.revoke_key(vault.document, gone, now, UNTIL),
        ]
    for step in steps:
        assert await vault.put(step()) == "published"


ORDERS = ("replaced", "revoked, then published", "published, then revoked")


@pytest.mark.parametrize("how", ORDERS)
@pytest.mark.parametrize("purpose", PURPOSES)
async def test_after_an_emergency_every_site_is_served_on_its_next_contact(
    tmp_path: Path, purpose: Purpose, how: str
) -> None:
    """In every order; sites that are there, that sleep, that wait for an answer, and new ones."""
    founded, (spare,) = with_spare(purpose)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        _, code = await env.order(devices=100)
        awake, asleep, waiting, ahead, begun = (Careful(env) for _ in range(5))
        for each in (awake, asleep, waiting, ahead):
            await each.activate(code)
            await each.contact()
        since, until = (f"2025-12-31T{hour}:00:00Z" for hour in ("00", "12"))
        await env.vendor.post("/v1/notices", {"since": since, "until": until, "text": "We were out."})
        env.clock.now += 3_600
        for each in (waiting, ahead):
            await each._post("/v1/sync", each.asking(wanted=40))  # the answer is lost on the way back
        await begun.apply(code)
        await compromised(vault, purpose, spare, how)
        for each in (ahead, begun):  # they have heard of the new root document already
            await each.walk(vault.document.version)
        assert isinstance(await ahead.repeat(), SyncAnswer)
        assert ahead.serves
        assert isinstance(await begun.activate("", resend=True), ActivateAnswer)
        assert begun.serves
        assert isinstance(await begun.contact(), SyncAnswer)
        assert isinstance(await awake.contact(), SyncAnswer)
        assert isinstance(await waiting.repeat(), SyncAnswer)
        assert awake.serves
        assert waiting.serves
        fresh = Careful(env)
        assert isinstance(await fresh.activate(code), ActivateAnswer)
        env.clock.now += 6 * DAY
        told = await asleep.contact()
        assert isinstance(told, SyncAnswer)
        assert asleep.serves
        for notice in told.notices:
            assert not isinstance(read_notice(notice.encode(), asleep.held, product="editor"), Refused)
        assert len(told.notices) == 1
        assert isinstance(await awake.contact(), SyncAnswer)
        for each in (waiting, ahead):
            assert isinstance(await each.contact(), SyncAnswer), "it is nobody's copy"


LEFT: dict[Purpose, set[str]] = {
    Purpose.LEASE: {"nothing new", "webhook"},
    Purpose.ANSWER: {"webhook"},
    Purpose.NOTICE: {"nothing new", "activation", "new lease", "webhook"},
    Purpose.CHECKPOINT: {"nothing new", "activation", "new lease", "webhook"},
    Purpose.WEBHOOK: {"nothing new", "activation", "new lease"},
}
"""What still works while no key may sign for a purpose; all else is refused as `no_signing_key`, and never fails."""


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_with_no_key_left_what_needs_it_waits_and_the_rest_goes_on(tmp_path: Path, purpose: Purpose) -> None:
    founded, (spare,) = with_spare(purpose)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        _, code = await env.order(devices=100)
        site, other = Careful(env), Careful(env)
        for each in (site, other):
            await each.activate(code)
            await each.contact()
        before = await env.snapshot(but=("documents", "provider_links", "chains"))
        assert (
            await vault.put(rotation.revoke_key(vault.document, of(vault, purpose), env.clock.now, UNTIL))
            == "published"
        )
        works = set()
        if purpose is not Purpose.LEASE:
            works |= {"nothing new"} if isinstance(await site.contact(), SyncAnswer) else set()
        elif await other.contact() == "no_signing_key":
            # Its lease is one of the revoked key: only a new one would help it.
            works.add("nothing new")
        reply = await Careful(env).activate(code)
        works |= {"activation"} if isinstance(reply, ActivateAnswer) else set()
        assert works & {"activation"} or reply == "no_signing_key"
        other.wanted = 60
        told = await other.contact()
        works |= {"new lease"} if isinstance(told, SyncAnswer) and told.lease else set()
        if purpose in (Purpose.LEASE, Purpose.ANSWER):
            assert await env.snapshot(but=("documents", "provider_links", "chains")) == before, "nothing was half done"
        works |= {"webhook"} if signer_of(env.context, env.clock.now, sandbox=False) else set()
        assert works == LEFT[purpose]
        amnesty = {"since": "2025-12-31T00:00:00Z", "until": "2025-12-31T12:00:00Z", "text": "We were out."}
        answer = await env.vendor.send("POST", "/v1/notices", amnesty)
        assert answer.status_code == (503 if purpose is Purpose.NOTICE else 201)
        if purpose is Purpose.NOTICE:
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("no_signing_key", "60")
        entry = keyring.online_entry(spare, env.clock.now)
        assert await vault.put(rotation.publish_key(vault.document, entry, env.clock.now, UNTIL)) == "published"
        # The request that was not answered is sent again as it was.
        assert isinstance(await other.repeat(), SyncAnswer)
        assert other.serves


async def test_sandboxes_and_other_products_are_answered_while_one_has_no_key(tmp_path: Path) -> None:
    """Requests are answered in sets: one that cannot be answered stops none of the others."""
    founded, (only_viewer, rest) = with_spare(Purpose.ANSWER, Purpose.ANSWER)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        _, code = await env.order(devices=100)
        site = Careful(env)
        await site.activate(code)
        await site.contact()
        entry = msgspec.structs.replace(keyring.online_entry(only_viewer, env.clock.now), products=("viewer",))
        await vault.put(rotation.replace_key(vault.document, of(vault, Purpose.ANSWER), entry, env.clock.now, UNTIL))
        assert await site.contact() == "no_signing_key"
        await vault.put(
            rotation.publish_key(vault.document, keyring.online_entry(rest, env.clock.now), env.clock.now, UNTIL)
        )
        assert isinstance(await site.repeat(), SyncAnswer)


async def test_a_planned_change_still_waits_until_every_client_has_heard(tmp_path: Path) -> None:
    """The control: while another key may sign, a fresh one signs nothing, and the old one cannot be closed early."""
    founded, (spare,) = with_spare(Purpose.LEASE)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        old = of(vault, Purpose.LEASE)
        entry = keyring.online_entry(spare, env.clock.now)
        await vault.put(rotation.publish_key(vault.document, entry, env.clock.now, UNTIL))
        assert env.context.keys.signer_for(Purpose.LEASE, "editor", env.clock.now).key_id == old
        assert isinstance(rotation.close_key(vault.document, old, env.clock.now, UNTIL), Refused)
