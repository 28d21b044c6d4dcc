"""Keys change while sites go on (P8): published, waited out, used, closed, retired, and nobody is refused anything."""

import warnings
from base64 import b64decode
from pathlib import Path
from secrets import token_bytes

import joserfc.jwt
import jwt
import msgspec
import pytest
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.server import keyring, setup
from tenure.server.keyring import FoundedServer, StoredKey
from tenure.server.main import open_context
from tenure.wire import exchanges, rotation
from tenure.wire import root as roots
from tenure.wire.keys import Purpose, SeedSigner
from tenure.wire.messages import SyncAnswer
from tenure.wire.root import RootDocument, TrustedRoot
from tests.server.server_env import START, PlainSite, ServerEnv, office

pytestmark = pytest.mark.anyio


class Walker(PlainSite):
    """A site with a root document of its own, which it replaces only when an answer gives it reason to."""

    def __init__(self, env: ServerEnv) -> None:
        super().__init__(env)
        self.held = env.context.keys.root

    @property
    def root(self) -> TrustedRoot:
        return self.held

    @property
    def signed_by(self) -> str:
        assert self.lease is not None
        return self.lease.kid

    async def daily(self) -> None:
        """A synchronization, and every root document up to the one that the answer names."""
        told = await self.sync()
        assert isinstance(told, SyncAnswer), told
        assert told.refusal is None, told.refusal
        await self.walk(told.root)

    async def again(self) -> bytes:
        """The stored answer to the last request, as it comes."""
        reply = await self._post("/v1/sync", self.last)
        assert isinstance(reply, bytes)
        return reply

    async def walk(self, newest: int) -> None:
        while self.held.version < newest:
            answer = await self.office.http.get(f"/v1/root/{self.held.version + 1}")
            walked = roots.step_root(self.held, answer.content)
            assert isinstance(walked, TrustedRoot), walked
            self.held = walked


class Vault:
    """Who keeps the root keys: signs the next document and has the vendor publish it."""

    def __init__(self, env: ServerEnv, founded: FoundedServer) -> None:
        self.env, self.founded = env, founded

    @property
    def document(self) -> RootDocument:
        return self.env.context.keys.root.document

    async def put(self, document: RootDocument | Refused) -> str:
        """`published`, or the code of the server's refusal."""
        assert isinstance(document, RootDocument), document
        return await self.send(sign_root(document, self.founded.offline))

    async def send(self, signed: bytes) -> str:
        answer = await self.env.vendor.send("PUT", "/v1/root", {"document": signed.decode()})
        return "published" if answer.status_code == 200 else str(answer.json()["code"])


def sign_root(document: RootDocument, offline: keyring.RootSecrets) -> bytes:
    """`document` signed by every root key at hand, as the vendor does where they are kept."""
    seeds = [b64decode(key.seed) for key in offline.keys]
    return roots.sign_document(
        document, [SeedSigner(seed, key.kid) for seed, key in zip(seeds, offline.keys, strict=True)]
    )


def with_spare(*purposes: Purpose) -> tuple[FoundedServer, list[StoredKey]]:
    """A new server whose secret file holds a further key for each purpose, which no document names yet."""
    founded = keyring.found_server("root-test", token_bytes, START)
    spare = [keyring.new_key(purpose, token_bytes) for purpose in purposes]
    keys = (*founded.secrets.keys, *spare)
    return msgspec.structs.replace(founded, secrets=msgspec.structs.replace(founded.secrets, keys=keys)), spare


async def test_p8_keys_are_rotated_and_no_site_is_refused_anything(tmp_path: Path) -> None:
    founded, (lease_key, answer_key) = with_spare(Purpose.LEASE, Purpose.ANSWER)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        name, code = await env.order(devices=100)
        sites = [Walker(env) for _ in range(3)]
        for site in sites:
            await site.activate(code)
        before = sites[0].signed_by

        async def days(count: int, every: int = 1) -> None:
            for _ in range(0, count, every):
                env.clock.now += every * DAY
                for each in sites:
                    each.wanted = each.wanted + 1
                    await each.daily()

        for key in (lease_key, answer_key):
            entry = keyring.online_entry(key, env.clock.now)
            assert await vault.put(rotation.publish_key(vault.document, entry, env.clock.now, START + 700 * DAY)) == (
                "published"
            )
        await days(1)
        assert {site.held.version for site in sites} == {3}
        assert {site.signed_by for site in sites} == {before}, "nothing is signed by a key not everybody knows"
        await days(3)
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 120})
        await days(1)
        assert {site.signed_by for site in sites} == {lease_key.kid}
        assert (
            await vault.put(rotation.close_key(vault.document, before, env.clock.now, START + 700 * DAY)) == "published"
        )
        await days(40, every=10)
        early = rotation.retire_key(vault.document, before, env.clock.now, START + 800 * DAY)
        assert isinstance(early, Refused)
        assert early.when is not None
        while env.clock.now < early.when:
            await days(20, every=20)
        gone = rotation.retire_key(vault.document, before, env.clock.now, START + 800 * DAY)
        assert await vault.put(gone) == "published"
        await days(3)
        assert {site.held.version for site in sites} == {vault.document.version}
        assert all(site.held.document.find_key(before) is None for site in sites)


async def test_p8_a_site_that_slept_through_a_change_of_keys_walks_to_them_and_goes_on(tmp_path: Path) -> None:
    founded, spare = with_spare(Purpose.ANSWER, Purpose.LEASE, Purpose.NOTICE)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        _, code = await env.order()
        site = Walker(env)
        await site.activate(code)
        for key in spare:
            entry = keyring.online_entry(key, env.clock.now)
            await vault.put(rotation.publish_key(vault.document, entry, env.clock.now, START + 700 * DAY))
        env.clock.now += 20 * DAY
        await site.sync(lose=True)
        reply = await site.again()
        unknown = exchanges.read_sync_answer(reply, site.last, site.root, sandbox=False)
        assert isinstance(unknown, Refused)
        assert unknown.code is RefusalCode.KEY_UNKNOWN
        await site.walk(4)
        known = exchanges.read_sync_answer(reply, site.last, site.root, sandbox=False)
        assert not isinstance(known, Refused)
        await site.sync(resend=True)
        await site.daily()
        assert site.signed_by == spare[1].kid


async def test_a_document_that_no_client_would_follow_is_refused_by_the_server_too(tmp_path: Path) -> None:
    founded, (spare,) = with_spare(Purpose.LEASE)
    async with office(tmp_path, founded=founded) as env:
        vault = Vault(env, founded)
        entry = keyring.online_entry(spare, env.clock.now)
        following = rotation.publish_key(vault.document, entry, env.clock.now, START + 700 * DAY)
        assert isinstance(following, RootDocument)
        stranger = keyring.found_server("root-test", token_bytes, START)
        assert await vault.send(sign_root(following, stranger.offline)) == "root_rejected"
        assert await vault.send(stranger.root) == "root_rejected"
        assert await vault.send(founded.sandbox_root) == "root_rejected"
        skipped = msgspec.structs.replace(following, version=3)
        assert await vault.put(skipped) in {"root_rejected", "version_stale"}
        assert env.context.keys.root.version == 1
        assert await vault.put(following) == "published"
        assert await vault.put(following) in {"root_rejected", "version_stale"}


async def test_b08_ordinary_jwt_libraries_verify_a_lease_with_the_published_keys(tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = env.site()
        await site.activate(code)
        assert site.lease is not None
        token = site.lease.token.decode()
        published = (await env.http.get("/.well-known/jwks.json")).json()
        kid = jwt.get_unverified_header(token)["kid"]
        key = next(each for each in jwt.PyJWKSet.from_dict(published).keys if each.key_id == kid)
        # The office's clock is not that of whoever runs this test.
        unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims = jwt.decode(token, key.key, algorithms=["EdDSA"], audience="editor", options=unchecked)
        assert claims["features"] == ["edit", "export", "read"]
        assert claims["sub"] == site.id
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library prefers a newer name for the algorithm
            read = joserfc.jwt.decode(
                token,
                KeySet.import_key_set(published),
                algorithms=["EdDSA"],
                registry=JWSRegistry(algorithms=["EdDSA"]),
            )
        assert read.claims == claims


async def test_a_production_server_does_not_start_with_development_keys(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    made = await setup.init_folder(folder, "https://license.example.com", token_bytes, START)
    assert not isinstance(made, Refused)
    path = folder / setup.SECRETS
    secrets = keyring.read_secrets(path)
    assert not isinstance(secrets, Refused)
    first, *others = secrets.keys
    toy = msgspec.structs.replace(first, kid=f"dev-{first.kid}"[:32])
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(secrets, keys=(toy, *others))))
    refused = await open_context(folder)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.KEY_NOT_FOR_THIS
    assert toy.kid in refused.detail
    context = await open_context(folder, development=True)
    assert not isinstance(context, Refused)
    await context.db.close()
