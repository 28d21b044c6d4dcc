"""The real server in process, on a file, with a clock moved by hand; and a plain site that speaks its protocol."""

import asyncio
import hashlib
import itertools
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
import sqlalchemy as sa

from tenure.core.policy.rules import Role
from tenure.core.refusals import Refused
from tenure.http.accounts.passwords import HashingCost, PasswordHashes
from tenure.http.api import BuiltApi
from tenure.server import keyring, setup
from tenure.server.app import build_app
from tenure.server.context import ServerContext
from tenure.server.keyring import FoundedServer, KeyRing
from tenure.server.roles import SCOPES
from tenure.server.sweep import BackgroundSweep
from tenure.store.engine import Connection, Database
from tenure.store.schema import METADATA, browser_values
from tenure.store.sealed import AnswerCipher
from tenure.wire import b64, exchanges
from tenure.wire import root as roots
from tenure.wire.keys import SeedSigner
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateAnswer, ActivateRequest, DeviceUse, SyncAnswer, SyncRequest
from tenure.wire.seats import ErasureReceipt, seal_erased
from tests.contract.lite import open_fresh
from tests.server.chosen_database import FILE, open_database

T = TypeVar("T")
START = 1_767_225_600  # 2026-01-01
CHEAP = HashingCost(passes=1, memory=64)
"""Passwords are hashed in no time: what a guess costs is shown elsewhere."""


def _select_everything() -> dict[str, sa.Select[Any]]:
    """For each table its rows, by primary key; without when tokens were used, and what browsers have at hand."""
    return {
        table.name: sa.select(*(each for each in table.c if each.name != "last_use")).order_by(*table.primary_key)
        for table in METADATA.sorted_tables
        if table is not browser_values
    }


EVERYTHING = _select_everything()
"""Made once: what is built anew for each look is compiled anew, and takes longer than the look."""


class Clock:
    """Real time, for the server: moved by hand."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class Caller:
    """Somebody with a token."""

    http: httpx2.AsyncClient
    token: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            headers["Idempotency-Key"] = key or f"key-{id(self)}-{next(self.numbers)}"
        content = None if body is None else msgspec.json.encode(body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.http.request(method, path, content=content, headers=headers, params=query)

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        answer = await self.send("POST", path, {} if body is None else body, **query)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.send("GET", path, **query)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def refused(self, path: str, body: Any = None, **query: Any) -> str:
        answer = await self.send("POST", path, {} if body is None else body, **query)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        code: str = answer.json()["code"]
        return code


@dataclass
class ServerEnv:
    """A server with a vendor, a provider and one customer with money, and what they sell."""

    api: BuiltApi
    context: ServerContext
    clock: Clock
    http: httpx2.AsyncClient
    vendor: Caller
    staff: Caller
    provider: str
    customer: str
    offers: dict[str, str]
    sandbox: bool = False

    async def order(self, offer: str = "standard", devices: int = 10, **more: Any) -> tuple[str, str]:
        """(subscription, activation code) of a fresh order."""
        body = {"customer": self.customer, "offer": self.offers[offer], "devices": devices, **more}
        made = await self.staff.post("/v1/subscriptions", body)
        return made["subscription"]["id"], made["activation_code"]

    async def token(self, role: str = "customer", *, of: str = "", scopes: tuple[str, ...] = ()) -> Caller:
        """Somebody of the provider's: a customer (`of` names which), or another desk, with all scopes or some."""
        whose = {"customer": of or self.customer} if role == "customer" else {}
        made = await self.staff.post("/v1/tokens", {"name": role, "role": role, "scopes": scopes or ("*",), **whose})
        return Caller(self.http, made["token"])

    async def facts(self, name: str) -> list[str]:
        """The kinds of a subscription's facts, in order."""
        return [
            fact["kind"] for fact in (await self.staff.get(f"/v1/subscriptions/{name}/history", limit=200))["items"]
        ]

    def second_process(self, database: Database) -> "ServerEnv":
        """A second server process on the same state: its own access to the database, the same keys and clock."""
        context = replace(self.context, db=database, chosen_signers={}, stopped_money=[], notices=[])
        api = build_app(context, lambda: float(self.clock()), sweeping=False)
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.test")
        vendor, staff = (Caller(http, caller.token) for caller in (self.vendor, self.staff))
        return replace(self, api=api, context=context, http=http, vendor=vendor, staff=staff)

    def seen_from(self, address: str) -> "ServerEnv":
        """The same server as it is reached from another address."""
        transport = httpx2.ASGITransport(app=self.api, client=(address, 40_000))
        return replace(self, http=httpx2.AsyncClient(transport=transport, base_url="http://license.test"))

    async def at_once(self, times: int, ask: Callable[[], Awaitable[T]]) -> list[T]:
        """What so many answer who ask in the same moment."""
        return list(await asyncio.gather(*(ask() for _ in range(times))))

    async def sweep(self) -> None:
        """One look of the sweep."""
        await BackgroundSweep(self.context).once()

    async def snapshot(self, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Everything stored but for when tokens were used: two equal ones mean that nothing was done.

        `but` names tables that are left out.
        """

        def read(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
            return {
                name: list(map(tuple, conn.execute(statement)))
                for name, statement in EVERYTHING.items()
                if name not in but
            }

        return await self.context.db.read(read)

    def site(self, **more: Any) -> "PlainSite":
        return PlainSite(self, **more)


class PlainSite:
    """A site in its plainest form: speaks the protocol, keeps nothing but what the next request needs."""

    def __init__(
        self, office: ServerEnv, version: str = "12.0", product: str = "editor", *, alone: bool = False, **hello: Any
    ) -> None:
        """`alone`: an application without an administration server; `hello`: more that it says when it activates."""
        self.office, self.version, self.product = office, version, product
        self.hello: dict[str, Any] = {"installation": "standalone" if alone else "server", **hello}
        self.signer = SeedSigner(secrets.token_bytes(32))
        self.id = ""
        self.token = ""
        self.lease: SealedLease | None = None
        self.use = DeviceUse()
        self.wanted = 0
        self.last: bytes = b""
        self.asked = ""
        """Id of the last synchronization."""

    @property
    def sandbox(self) -> bool:
        return self.office.sandbox

    @property
    def root(self) -> roots.TrustedRoot:
        return self.office.context.keys.root_of(sandbox=self.sandbox)

    def clone(self) -> "PlainSite":
        """A copy of the whole disk."""
        copy = PlainSite(self.office, self.version, self.product)
        copy.hello = dict(self.hello)
        copy.signer, copy.id, copy.token, copy.lease = self.signer, self.id, self.token, self.lease
        return copy

    async def activate(self, code: str, *, resend: bool = False, **more: Any) -> ActivateAnswer | str:
        """The proven answer, or the code of an unsigned refusal; `resend` repeats the last request."""
        reply = await (self._post("/v1/activate", self.last) if resend else self.apply(code, **more))
        if isinstance(reply, str):
            return reply
        told = exchanges.read_activate_answer(reply, self.last, self.root, sandbox=self.sandbox)
        assert not isinstance(told, Refused), told
        return self.took(told.message)

    def took(self, message: ActivateAnswer) -> ActivateAnswer:
        """An answer to an activation, gone by from now on."""
        if message.result == "granted":
            self.id, self.token = message.site, message.token or self.token
            if message.lease:
                self._take(message.lease)
        return message

    async def apply(self, code: str, *, preview: bool = False, **more: Any) -> bytes | str:
        """The answer to an activation (or a `preview` at the code) as it came, or the code of an unsigned refusal."""
        self.asking_for(code, preview=preview, **more)
        return await self._post("/v1/activation-preview" if preview else "/v1/activate", self.last)

    def asking_for(self, code: str, *, preview: bool = False, **more: Any) -> bytes:
        """A request to activate, made and not sent."""
        message = ActivateRequest(
            nonce=_nonce(),
            request=_request(),
            code=code,
            product=self.product,
            version=self.version,
            name=more.pop("name", "Site of Ana"),
            key=exchanges.public_jwk(self.signer.public),
            wall=self.office.clock(),
            uptime=1_000,
            root=1,
            token=more.pop("token", self.token),
            lease="" if self.lease is None else self.lease.token.decode(),
            world=more.pop("world", "sandbox" if self.sandbox else "production"),
            **self.hello | more,
        )
        self.last = (exchanges.seal_preview_request if preview else exchanges.seal_request)(message, self.signer)
        return self.last

    def asking(self, **more: Any) -> bytes:
        """A request to synchronize, made and not sent."""
        assert self.lease is not None
        known = self.lease.lease
        message = SyncRequest(
            nonce=_nonce(),
            request=_request(),
            site=self.id,
            subscription=known.subscription,
            product=self.product,
            serial=known.serial,
            epoch=known.epoch,
            revision=known.revision,
            token=self.token,
            version=self.version,
            wall=self.office.clock(),
            uptime=1_000,
            trigger="timer",
            use=self.use,
            wanted=self.wanted,
        )
        self.last, self.asked = (
            exchanges.seal_request(msgspec.structs.replace(message, **more), self.signer),
            message.request,
        )
        return self.last

    async def sync(self, *, resend: bool = False, lose: bool = False, **more: Any) -> SyncAnswer | str:
        """One synchronization; `resend` repeats the last request, `lose` loses the answer."""
        if not resend:
            self.asking(**more)
        reply = await self._post("/v1/sync", self.last)
        if isinstance(reply, str) or lose:
            return reply if isinstance(reply, str) else "lost"
        told = exchanges.read_sync_answer(reply, self.last, self.root, sandbox=self.sandbox)
        assert not isinstance(told, Refused), told
        self.token = told.message.token or self.token
        if told.message.lease:
            self._take(told.message.lease)
        return told.message

    def receipt(self) -> str:
        """What an application says when its lease is gone from its disk."""
        assert self.lease is not None
        known = self.lease.lease
        said = ErasureReceipt(
            what="lease", jti=known.jti, sha256=self.lease.digest, sub=self.id, iat=self.office.clock()
        )
        return seal_erased(said, self.signer).decode()

    async def release(self, **more: Any) -> SyncAnswer | str:
        """Gives the place back, as `License.release()` does."""
        return await self.sync(erased=self.receipt(), **more)

    def _take(self, token: str) -> None:
        read = read_lease(token.encode(), self.root, product=self.product, sandbox=self.sandbox)
        assert isinstance(read, SealedLease), read
        self.lease = read

    async def _post(self, path: str, body: bytes) -> bytes | str:
        answer = await self.office.http.post(path, content=body, headers={"Content-Type": "application/jose"})
        if answer.status_code == 200:
            return answer.content
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        code: str = answer.json()["code"]
        return code


def _nonce() -> str:
    return b64.encode_text(secrets.token_bytes(32))


def _request() -> str:
    return "req_" + hashlib.sha256(secrets.token_bytes(16)).hexdigest()[:32]


FEATURES = {"features": ["edit", "export"], "base_features": ["read"], "min_version": "10.0"}
PLANS: dict[str, dict[str, Any]] = {
    "standard": {"kind": "limited", "period": "P1Y"},
    "monthly": {"kind": "unlimited", "period": "P1M"},
    "later": {"kind": "limited", "period": "P1Y", "start": "at_first_activation"},
    "brief": {"kind": "limited", "period": "P1M", "start": "at_first_activation"},
    "next": {"kind": "limited", "period": "P1Y", "min_version": "13.0"},
}


@asynccontextmanager
async def office(
    folder: Path,
    *,
    sandbox: bool = False,
    clock: Clock | None = None,
    database: Database | None = None,
    founded: FoundedServer | None = None,
    template: "ServerTemplate | None" = None,
    **more: Any,
) -> AsyncIterator[ServerEnv]:
    """A server in `folder`, furnished; on another empty `database` and with other keys if these are given.

    At START it is a copy of `template`, by default one with nothing more: two copies have the same keys and ids, so a
    test of two servers founds one of them itself. `more` are further parts of its context, such as a mail server.
    """
    clock = clock or Clock()
    if database is None and founded is None and clock() == START:
        made = template or await _plain_template(sandbox=sandbox)
        keys = setup.ring_of(made.founded)
        async with open_database(folder, made.file) as db, _served(db, keys, clock, more) as (api, context, http):
            vendor, staff = Caller(http, made.vendor), Caller(http, made.staff)
            yield ServerEnv(
                api, context, clock, http, vendor, staff, made.provider, made.customer, dict(made.offers), sandbox
            )
        return
    keys = setup.ring_of(founded or keyring.found_server("root-test", secrets.token_bytes, clock()))
    async with open_database(folder) if database is None else nullcontext(database) as opened:
        token = await setup.furnish_database(opened, keys, secrets.token_bytes, clock())
        async with _served(opened, keys, clock, more) as (api, context, http):
            yield await furnished(api, context, clock, http, token, sandbox=sandbox)


@asynccontextmanager
async def _served(
    db: Database, keys: KeyRing, clock: Clock, more: dict[str, Any]
) -> AsyncIterator[tuple[BuiltApi, ServerContext, httpx2.AsyncClient]]:
    context = ServerContext(
        db=db,
        clock=clock,
        keys=keys,
        draw=secrets.token_bytes,
        safe=AnswerCipher(keys.box),
        issuer="https://license.test",
        passwords=PasswordHashes(CHEAP),
        **({"portal_url": "https://portal.test"} | more),
    )
    api = build_app(context, lambda: float(clock()), sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.test") as http:
        yield api, context, http
    await db.close()


@dataclass(frozen=True)
class ServerTemplate:
    """A furnished server at START: its database's file, its keys, and what its tests go by."""

    file: bytes
    founded: FoundedServer
    vendor: str
    staff: str
    provider: str
    customer: str
    offers: dict[str, str]


_PLAIN: dict[bool, ServerTemplate] = {}


async def _plain_template(*, sandbox: bool) -> ServerTemplate:
    if sandbox not in _PLAIN:
        _PLAIN[sandbox], _ = await make_template(_nothing_more, sandbox=sandbox)
    return _PLAIN[sandbox]


async def _nothing_more(env: ServerEnv) -> None:
    """The template as `furnished` leaves it."""


async def make_template(
    furnish: Callable[[ServerEnv], Awaitable[T]], *, sandbox: bool = False
) -> tuple[ServerTemplate, T]:
    """A server to copy, with what `furnish` adds to it and returns; furnishing takes several times as long as a copy.

    Whoever asks keeps it: one is enough for each process.
    """
    founded = keyring.found_server("root-test", secrets.token_bytes, START)
    with tempfile.TemporaryDirectory(prefix="tenure-") as made:
        folder = Path(made)
        file = open_fresh(folder / FILE)
        assert not isinstance(file, Refused)
        async with office(folder, sandbox=sandbox, founded=founded, database=file) as env:
            added = await furnish(env)
            parts = (env.vendor.token, env.staff.token, env.provider, env.customer, env.offers)
        return ServerTemplate(_closed(folder / FILE), founded, *parts), added


def _closed(file: Path) -> bytes:
    """A database that is closed has no log beside it any more: the file is all there is."""
    assert not file.with_name(f"{file.name}-wal").exists()
    return file.read_bytes()


async def neighbor(env: ServerEnv, name: str, *, sandbox: bool) -> ServerEnv:
    """Another provider of the same server, in production or as a sandbox, with the same offers and a rich customer."""
    return await _opened(env.api, env.context, env.clock, env.vendor, name, sandbox=sandbox)


async def furnished(
    api: BuiltApi, context: ServerContext, clock: Clock, http: httpx2.AsyncClient, token: str, *, sandbox: bool = False
) -> ServerEnv:
    """The office of whoever holds the vendor's first token."""
    vendor = Caller(http, token)
    await vendor.post("/v1/products", {"id": "editor", "name": "Editor"})
    for name, more in PLANS.items():
        await vendor.post("/v1/plans", {"id": name, "product": "editor", "name": name.title(), **FEATURES, **more})
    return await _opened(api, context, clock, vendor, "North", sandbox=sandbox)


async def _opened(
    api: BuiltApi, context: ServerContext, clock: Clock, vendor: Caller, provider_name: str, *, sandbox: bool
) -> ServerEnv:
    http = vendor.http
    new = {"name": provider_name, "currency": "EUR", "sandbox": sandbox}
    provider = (await vendor.post("/v1/providers", new))["id"]
    body = {"name": "desk", "role": "provider", "scopes": SCOPES[Role.PROVIDER], "days": 3_650}
    made = await vendor.post("/v1/tokens", body, provider=provider)
    staff = Caller(http, made["token"])
    offers = {}
    for name in PLANS:
        offer = {"plan": name, "currency": "EUR", "bands": [{"unit": 1_200}]}
        offers[name] = (await staff.post("/v1/offers", offer))["id"]
    customer = (await staff.post("/v1/customers", {"name": "ACME"}))["id"]
    await staff.post(f"/v1/customers/{customer}/top-ups", {"amount": 1_000_000, "reference": "bank 1"})
    return ServerEnv(api, context, clock, http, vendor, staff, provider, customer, offers, sandbox)
