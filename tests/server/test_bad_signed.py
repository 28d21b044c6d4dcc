"""Everything that can be wrong with the two signed messages: refused with a code, nothing changed, nothing learned."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect as shapes

from tenure.core.activation_codes import from_random
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import DAY
from tenure.wire import b64, exchanges, jws
from tenure.wire.keys import SeedSigner
from tenure.wire.messages import ActivateAnswer, ActivateRequest, SyncAnswer, SyncRequest
from tests.server.server_env import START, PlainSite, ServerEnv, office
from tests.server.wrong import cells

pytestmark = pytest.mark.anyio

PATHS = {"activate": "/v1/activate", "preview": "/v1/activation-preview", "sync": "/v1/sync"}
TYPES = {
    "activate": jws.TokenType.ACTIVATE_REQUEST,
    "preview": jws.TokenType.PREVIEW_REQUEST,
    "sync": jws.TokenType.SYNC_REQUEST,
}
MESSAGES: dict[str, Any] = {"activate": ActivateRequest, "preview": ActivateRequest, "sync": SyncRequest}
UNKNOWN = from_random(bytes(range(19))).reveal()


@dataclass
class Scene:
    """An office with one activated site, and a sound message of each kind."""

    env: ServerEnv
    site: PlainSite
    code: str
    subscription: str

    def example(self, kind: str) -> dict[str, Any]:
        """A sound message, as the site would send it now, every field given."""
        digest = b64.encode_text(bytes(32))
        assert self.site.lease is not None
        known = self.site.lease.lease
        common = {
            "nonce": b64.encode_text(secrets.token_bytes(32)), "request": f"req_{secrets.token_hex(16)}",
            "product": "editor", "version": "12.0", "wall": START, "uptime": 10,
            "lease": self.site.lease.token.decode(),
        }  # fmt: skip
        key = {"kty": "OKP", "crv": "Ed25519", "x": b64.encode_text(self.site.signer.public)}
        if kind != "sync":
            return common | {
                "code": self.code, "name": "Site of Ana", "key": key, "root": 1, "device_port": digest,
                "token": self.site.token, "hardware": {"board": digest}, "role": "active",
                "world": "production", "pending": [], "installation": "server", "ephemeral": False,
            }  # fmt: skip
        return common | {
            "site": self.site.id, "subscription": self.subscription, "serial": known.serial, "epoch": known.epoch,
            "revision": known.revision, "token": self.site.token, "trigger": "timer", "wanted": 0,
            "use": {"total": 1, "by_product": {"editor": 1}, "digest": digest},
            "path": {"kind": "system", "resolver": ""}, "resolve": "", "drop_successor": "", "erased": "",
            "key": key, "pending": [],
        }  # fmt: skip

    async def send(self, kind: str, body: bytes, media: str = "application/jose", **headers: str) -> str:
        """The code of the unsigned refusal; `signed` when there was a signed answer."""
        answer = await self.env.http.post(PATHS[kind], content=body, headers={"Content-Type": media, **headers})
        if answer.status_code == 200:
            return "signed"
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, str] = answer.json()
        promised = self.env.api.document["paths"][PATHS[kind]]["post"]["responses"][str(answer.status_code)]
        assert problem["code"] in promised["$ref"].rpartition("/")[2].split("-")
        assert problem["remedy"]
        return problem["code"]

    def sealed(self, kind: str, payload: bytes | dict[str, Any], signer: SeedSigner | None = None) -> bytes:
        """A message by the site's key, whatever it says."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return jws.sign_token(TYPES[kind], raw, signer or self.site.signer)


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with office(tmp_path_factory.mktemp("signed")) as env:
        name, code = await env.order()
        site = env.site()
        await site.activate(code)
        yield Scene(env, site, code, name)


@pytest.mark.parametrize("kind", list(PATHS))
async def test_the_examples_are_sound(tmp_path: Path, kind: str) -> None:
    """The control: every field of the examples is known and they are answered."""
    async with office(tmp_path) as env:
        name, code = await env.order()
        site = env.site()
        await site.activate(code)
        scene = Scene(env, site, code, name)
        example = scene.example(kind)
        assert set(example) == set(MESSAGES[kind].__struct_encode_fields__)
        assert await scene.send(kind, scene.sealed(kind, example)) == "signed"
        later = scene.example(kind) | {"something": {"of": "the future"}}
        assert await scene.send(kind, scene.sealed(kind, later)) == "signed", "unknown fields are ignored"


@pytest.mark.parametrize("kind", list(PATHS))
async def test_each_field_of_each_message(scene: Scene, kind: str) -> None:
    """Signed by the right key: wrong type, too long, wrong alphabet, beyond bounds, missing, twice."""
    info = shapes.type_info(MESSAGES[kind])
    assert isinstance(info, shapes.StructType)
    await scene.site.sync()  # from now on the site's key is at hand
    before, looked_at = await scene.env.snapshot(), 0
    for wrong, payload in cells(info.fields, scene.example(kind), closed=False):
        if len(payload) > 11_000:
            continue  # more than the envelope holds, see below
        assert await scene.send(kind, scene.sealed(kind, payload)) == "message_malformed", wrong
        looked_at += 1
    assert looked_at > 200
    assert await scene.env.snapshot() == before


def envelopes(token: bytes) -> Iterator[tuple[bytes, set[str]]]:
    """Envelopes that are none, made from a sound one, each with the codes that may refuse it."""
    header, payload, signature = token.split(b".")
    bad = {"message_malformed"}
    yield b"", bad
    yield b".", bad
    yield b"..", bad
    yield b"a.b.c", bad
    yield header + b"." + payload, bad
    yield token + b".", bad
    yield token + b"." + signature, bad
    yield token + b"\n", bad
    yield b" " + token, bad
    yield token + b"=", bad
    yield token.replace(b".", b"..", 1), bad
    yield token.decode().encode("utf-16"), bad
    yield json.dumps({"payload": payload.decode(), "signature": signature.decode()}).encode(), bad
    yield b"\x00" * 100, bad
    yield "💥.💥.💥".encode(), bad
    yield b"a" * 16_385, {"body_too_large", "message_too_large"}
    yield header + b"." + b"A" * 16_384 + b"." + signature, {"body_too_large", "message_too_large"}
    for part in range(1, 12):
        yield token[: len(token) * part // 12], bad
    known = json.loads(_unpacked(header))
    for change, codes in (
        ({"alg": "none"}, bad), ({"alg": "HS256"}, bad), ({"alg": "ES256"}, bad), ({"alg": None}, bad),
        ({"typ": "JWT"}, {"type_unexpected"}), ({"typ": "tenure-lease+jwt"}, {"type_unexpected"}),
        ({"typ": "tenure-sync-answer+jws"}, {"type_unexpected"}), ({"kid": "a" * 33}, bad), ({"kid": ""}, bad),
        ({"kid": "lease-1"}, {"key_unknown"}), ({"crit": ["exp"]}, {"extension_unknown"}), ({"crit": []}, bad),
        ({"jwk": {}}, bad), ({"b64": False}, bad), ({"x5u": "https://evil.example"}, bad), ({"zip": "DEF"}, bad),
        ({"note": "x"}, {"signature_invalid"}),
    ):  # fmt: skip
        yield _packed(json.dumps(known | change).encode()) + b"." + payload + b"." + signature, codes
    for number in range(0, 64, 7):
        flipped = bytearray(_unpacked(signature))
        flipped[number] ^= 1
        yield header + b"." + payload + b"." + _packed(bytes(flipped)), {"signature_invalid"}
    for number in range(0, len(_unpacked(payload)), 41):
        changed = bytearray(_unpacked(payload))
        changed[number] ^= 1
        proven = {"signature_invalid", "message_malformed", "key_unknown", "code_malformed"}
        yield header + b"." + _packed(bytes(changed)) + b"." + signature, proven


def _packed(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unpacked(data: bytes) -> bytes:
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))


@pytest.mark.parametrize("kind", list(PATHS))
async def test_envelopes_that_are_none(scene: Scene, kind: str) -> None:
    before, looked_at = await scene.env.snapshot(), 0
    for body, codes in envelopes(scene.sealed(kind, scene.example(kind))):
        assert await scene.send(kind, body) in codes, body[:120]
        looked_at += 1
    assert looked_at > 60
    for media in ("application/json", "text/plain", "", "application/jose; charset=utf-16"):
        body = scene.sealed(kind, scene.example(kind))
        assert await scene.send(kind, body, media) == "media_type_unsupported", media
    squeezed = {"Content-Encoding": "gzip"}
    assert await scene.send(kind, scene.sealed(kind, scene.example(kind)), **squeezed) == "media_type_unsupported"
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = await scene.env.http.request(method, PATHS[kind])
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert await scene.env.snapshot() == before


@pytest.mark.parametrize("kind", list(PATHS))
async def test_another_key_than_the_one_named(scene: Scene, kind: str) -> None:
    """Signed by a stranger under his own id, under the site's id, and by the site under a stranger's."""
    stranger = SeedSigner(secrets.token_bytes(32))
    posing = SeedSigner(secrets.token_bytes(32), scene.site.signer.key_id)
    before = await scene.env.snapshot()
    example = scene.example(kind)
    assert await scene.send(kind, scene.sealed(kind, example, stranger)) == "key_unknown"
    assert await scene.send(kind, scene.sealed(kind, example, posing)) == "signature_invalid"
    assert await scene.env.snapshot() == before


async def test_a_site_cannot_speak_for_another(scene: Scene, tmp_path: Path) -> None:
    """Another site's id under one's own key, another product, somebody else's subscription."""
    async with office(tmp_path) as env:
        _, code = await env.order()
        ours, theirs = env.site(), env.site()
        await ours.activate(code)
        await theirs.activate((await env.order())[1])
        before = await env.snapshot()
        assert await ours.sync(site=theirs.id) == "key_unknown"
        assert await ours.sync(site="site_" + "7" * 26) == "key_unknown"
        assert await ours.sync(site="nobody") == "key_unknown"
        assert await ours.sync(product="viewer") == "key_unknown", "a site is a key's use of one product"
        assert await env.snapshot() == before
        assert theirs.lease is not None
        told = await ours.sync(subscription=theirs.lease.lease.subscription)
        assert isinstance(told, SyncAnswer)
        assert ours.lease is not None
        assert ours.lease.lease.subscription != theirs.lease.lease.subscription


async def test_a_replayed_synchronization_changes_nothing(scene: Scene, tmp_path: Path) -> None:
    """The last recorded request is answered as before; an older one looks like a copy and takes nothing from us."""
    async with office(tmp_path) as env:
        _, code = await env.order()
        site = env.site()
        await site.activate(code)
        await site.sync()
        recorded = site.last
        first = await env.http.post("/v1/sync", content=recorded, headers={"Content-Type": "application/jose"})
        stored = await env.snapshot()
        again = await env.http.post("/v1/sync", content=recorded, headers={"Content-Type": "application/jose"})
        assert again.content == first.content
        assert await env.snapshot() == stored
        env.clock.now += DAY
        assert isinstance(await site.sync(), SyncAnswer)
        await env.http.post("/v1/sync", content=recorded, headers={"Content-Type": "application/jose"})
        told = await site.sync()
        assert isinstance(told, SyncAnswer)
        assert told.refusal is None
        assert not told.forked


async def test_old_serials_get_the_present_lease(scene: Scene, tmp_path: Path) -> None:
    """A site that lost its newest lease says so by its serial; figures from nowhere are no different."""
    async with office(tmp_path) as env:
        name, code = await env.order(devices=10)
        site = env.site()
        await site.activate(code)
        await env.staff.post(f"/v1/subscriptions/{name}/change-devices", {"devices": 20})
        await site.sync()
        figures = ("serial", "epoch", "revision", "wall", "uptime")
        most = {"wall": 253_402_300_799, "uptime": 3_162_240_000}
        for claimed in ({name: value} for name in figures for value in (0, 1, most.get(name, 2**53 - 1))):
            told = await site.sync(**claimed)
            assert isinstance(told, SyncAnswer), claimed
            assert told.refusal is None, claimed
            assert site.lease is not None
            assert site.lease.lease.limit == 20


async def test_huge_counts_are_recorded_and_grant_nothing(scene: Scene, tmp_path: Path) -> None:
    async with office(tmp_path) as env:
        name, code = await env.order(devices=10)
        site = env.site()
        await site.activate(code)
        site.wanted = 10_000_000
        site.use = msgspec.structs.replace(site.use, total=10_000_000)
        told = await site.sync()
        assert isinstance(told, SyncAnswer)
        assert site.lease is not None
        assert site.lease.lease.allotment <= 11
        assert (await env.staff.get(f"/v1/sites/{site.id}"))["devices"] == 10_000_000
        assert (await env.staff.get(f"/v1/subscriptions/{name}"))["sites"][0]["allotment"] <= 11


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"product": "viewer"}, "code_not_for_product"),
        ({"version": "9.9"}, "version_too_old"),
        ({"version": ""}, "version_unreadable"),
        ({"version": "latest"}, "version_unreadable"),
        ({"version": "1..2"}, "version_unreadable"),
        ({"role": "successor"}, "no_successor"),
        ({"code": UNKNOWN}, "code_unknown"),
    ],
)
async def test_activations_that_are_refused_signed(scene: Scene, change: dict[str, str], code: str) -> None:
    """Who has a real code is told the true reason, by a signature, and nothing is written."""
    before = await scene.env.snapshot()
    site = scene.env.site(version=change.get("version", "12.0"), product=change.get("product", "editor"))
    more = {name: value for name, value in change.items() if name == "role"}
    told = await site.activate(change.get("code", scene.code), **more)
    assert isinstance(told, ActivateAnswer)
    assert told.refusal is not None
    assert told.refusal.code == code
    assert await scene.env.snapshot() == before


async def test_malformed_codes_are_not_worth_a_signature(scene: Scene) -> None:
    """A conforming client never sends them [spec: activation-response]; neither do they count as attempts."""
    before = await scene.env.snapshot()
    wrong = f"{scene.code[:-1]}{'0' if scene.code[-1] != '0' else '1'}"
    at = next(place for place in range(3) if scene.code[place] != scene.code[place + 1])
    swapped = scene.code[:at] + scene.code[at + 1] + scene.code[at] + scene.code[at + 2 :]
    for code in (wrong, "x", "AAAAA", scene.code + "A", "'; drop table codes; --", swapped):
        for _ in range(5):
            assert await scene.env.site().activate(code) == "code_malformed"
    told = await scene.env.site().activate(scene.code.lower().replace("-", " "))
    assert isinstance(told, ActivateAnswer)
    assert told.result == "granted", "reading is forgiving"
    assert len(before["sites"]) + 1 == len((await scene.env.snapshot())["sites"])


async def test_strangers_cannot_tell_codes_products_or_themselves_apart(scene: Scene) -> None:
    """Every code that matches nothing gets the same answer but for nonce, request hash and signature; same length."""
    seen = set()
    for number, (product, version) in enumerate((("editor", "12.0"), ("viewer", "12.0"), ("editor", "0"), ("x", ""))):
        site = scene.env.site(version=version, product=product)
        told = await site.activate(from_random(bytes([number + 7] * 19)).reveal())
        assert isinstance(told, ActivateAnswer)
        blank = msgspec.structs.replace(told, nonce="", request_sha256="")
        seen.add((msgspec.json.encode(blank), len(msgspec.json.encode(told))))
    assert len(seen) == 1


async def test_an_answer_is_of_no_use_for_another_question(scene: Scene) -> None:
    first, second = (scene.sealed("sync", scene.example("sync")) for _ in range(2))
    answer = await scene.env.http.post("/v1/sync", content=first, headers={"Content-Type": "application/jose"})
    wrong = exchanges.read_sync_answer(answer.content, second, scene.site.root)
    assert getattr(wrong, "code", None) is RefusalCode.NOT_THE_ANSWER
