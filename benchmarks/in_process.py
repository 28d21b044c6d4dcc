"""A furnished server in a folder and the sites that live by it, made through the real API and the real protocol."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from tenure.core.refusals import Refused
from tenure.server import main
from tenure.server.app import build_app
from tenure.server.context import ServerContext
from tenure.server.keyring import KeyRing
from tenure.store.sqlite import SqliteDatabase
from tenure.wire import b64, exchanges
from tenure.wire.keys import SeedSigner
from tenure.wire.leases import SealedLease, read_lease
from tenure.wire.messages import ActivateRequest, SyncAnswer, SyncRequest

PRODUCT = "editor"
VERSION = "12.0"
AT_ONCE = 32
"""Sites that are made at the same time, so that they share commits."""


@dataclass
class BenchmarkSite:
    """One site as the load generator knows it: everything that its next request says."""

    signer: SeedSigner
    id: str
    subscription: str
    epoch: int
    serial: int
    revision: int
    count: int
    """Number of its state token."""

    def request(self, keys: KeyRing, *, serials_behind: int = 0) -> bytes:
        """Its next synchronization, sealed; one serial behind it shows the lease before the newest."""
        message = SyncRequest(
            nonce=b64.encode_text(secrets.token_bytes(32)),
            request=f"req_{secrets.token_hex(16)}",
            site=self.id,
            subscription=self.subscription,
            product=PRODUCT,
            serial=self.serial - serials_behind,
            epoch=self.epoch,
            revision=self.revision,
            token=keys.state_token(self.id, self.epoch, self.count),
            version=VERSION,
            wall=int(time.time()),
            uptime=1_000,
            trigger="timer",
        )
        return exchanges.seal_request(message, self.signer)


@dataclass
class InProcessServer:
    """A server's folder, its keys, and its sites, every one of which has shown that it holds its newest lease."""

    folder: Path
    keys: KeyRing
    provider: str
    citizens: list[BenchmarkSite]
    staff_token: str = ""
    """Of the provider's programs."""
    offer: str = ""


def found(folder: Path, sites: int, database: str = "") -> InProcessServer:
    """A new server in `folder` with so many sites, each with a customer and a subscription of its own.

    `database`: the URL of a PostgreSQL database, which its settings then name.
    """
    made = main.create_server(folder, "https://license.example", database=database)
    if isinstance(made, Refused):
        raise RuntimeError(made.detail)
    return asyncio.run(_furnished(folder, made.vendor_token, sites))


async def _furnished(folder: Path, token: str, sites: int) -> InProcessServer:
    context = await main.open_context(folder)
    if isinstance(context, Refused):
        raise RuntimeError(context.detail)
    api = build_app(context, time.monotonic, sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.example") as http:
        provider, staff, offer = await furnish(Caller(http, token))
        gate = asyncio.Semaphore(AT_ONCE)
        citizens = await asyncio.gather(
            *(_guarded(gate, lambda: _settle_down(http, context, staff, offer)) for _ in range(sites))
        )
    await context.db.close()
    return InProcessServer(folder, context.keys, provider, list(citizens), staff.token, offer)


async def _guarded(gate: asyncio.Semaphore, work: Callable[[], Awaitable[BenchmarkSite]]) -> BenchmarkSite:
    async with gate:
        return await work()


class Caller:
    """A caller with a token."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self._http, self.token = http, token

    async def post(self, path: str, body: dict[str, Any], **query: str) -> Any:
        """What the server made of `body`."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": secrets.token_hex(16),
            "Content-Type": "application/json",
        }
        answer = await self._http.post(path, content=msgspec.json.encode(body), headers=headers, params=query)
        if answer.status_code >= 300:
            raise RuntimeError(answer.text)
        return answer.json()

    def with_token(self, token: str) -> "Caller":
        """The same way to the server, with another token."""
        return Caller(self._http, token)


async def furnish(vendor: Caller) -> tuple[str, Caller, str]:
    """A provider, its API token's caller, and the offer that it sells."""
    await vendor.post("/v1/products", {"id": PRODUCT, "name": "Editor"})
    plan = {
        "id": "standard",
        "product": PRODUCT,
        "name": "Standard",
        "features": ["edit", "export"],
        "base_features": ["read"],
        "min_version": "10.0",
        "kind": "limited",
        "period": "P1Y",
    }
    await vendor.post("/v1/plans", plan)
    provider = (await vendor.post("/v1/providers", {"name": "North", "currency": "EUR", "sandbox": False}))["id"]
    token = await vendor.post(
        "/v1/tokens", {"name": "bench", "role": "provider", "scopes": ["*"], "days": 30}, provider=provider
    )
    staff = vendor.with_token(token["token"])
    offer = await staff.post("/v1/offers", {"plan": "standard", "currency": "EUR", "bands": [{"unit": 1_200}]})
    return provider, staff, offer["id"]


async def _settle_down(http: httpx2.AsyncClient, context: ServerContext, staff: Caller, offer: str) -> BenchmarkSite:
    """A customer who pays, orders and activates, and whose site has acknowledged its lease."""
    customer = (await staff.post("/v1/customers", {"name": "ACME"}))["id"]
    reference = f"bank {secrets.token_hex(8)}"
    await staff.post(f"/v1/customers/{customer}/top-ups", {"amount": 1_000_000, "reference": reference})
    order = await staff.post("/v1/subscriptions", {"customer": customer, "offer": offer, "devices": 10})
    citizen = await _activate(http, context, order["activation_code"])
    for _ in range(8):
        told = await _synchronize(http, context, citizen)
        if told.result == "unchanged":
            return citizen
        _take(context, citizen, told.lease)
    raise RuntimeError("the site gets a new lease each time")


def activation_request(code: str, signer: SeedSigner) -> bytes:
    """A new site's first request, sealed."""
    message = ActivateRequest(
        nonce=b64.encode_text(secrets.token_bytes(32)),
        request=f"req_{secrets.token_hex(16)}",
        code=code,
        product=PRODUCT,
        version=VERSION,
        name="Site of ACME",
        key=exchanges.public_jwk(signer.public),
        wall=int(time.time()),
        uptime=1_000,
        root=1,
        installation="server",
    )
    return exchanges.seal_request(message, signer)


async def _activate(http: httpx2.AsyncClient, context: ServerContext, code: str) -> BenchmarkSite:
    signer = SeedSigner(secrets.token_bytes(32))
    asked = activation_request(code, signer)
    reply = await _send(http, "/v1/activate", asked)
    told = exchanges.read_activate_answer(reply, asked, context.keys.root)
    if isinstance(told, Refused) or told.message.result != "granted":
        raise RuntimeError(str(told))
    citizen = BenchmarkSite(signer, told.message.site, "", 0, 0, 0, 0)
    _take(context, citizen, told.message.lease)
    citizen.count = _number(told.message.token)
    return citizen


async def _synchronize(http: httpx2.AsyncClient, context: ServerContext, citizen: BenchmarkSite) -> SyncAnswer:
    asked = citizen.request(context.keys)
    told = exchanges.read_sync_answer(await _send(http, "/v1/sync", asked), asked, context.keys.root)
    if isinstance(told, Refused):
        raise RuntimeError(told.detail)
    citizen.count = _number(told.message.token)
    return told.message


def _take(context: ServerContext, citizen: BenchmarkSite, token: str) -> None:
    read = read_lease(token.encode(), context.keys.root, product=PRODUCT)
    if not isinstance(read, SealedLease):
        raise RuntimeError(read.detail)
    lease = read.lease
    citizen.subscription, citizen.epoch = lease.subscription, lease.epoch
    citizen.serial, citizen.revision = lease.serial, lease.revision


def _number(token: str) -> int:
    return int(token.split(".")[1])


async def _send(http: httpx2.AsyncClient, path: str, body: bytes) -> bytes:
    answer = await http.post(path, content=body, headers={"Content-Type": "application/jose"})
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    content: bytes = answer.content
    return content


def durability(folder: Path) -> str:
    """How durable the server's state is, asked of a connection opened the way the server opens its own."""

    async def ask() -> str:
        context = await main.open_context(folder)
        if isinstance(context, Refused) or not isinstance(context.db, SqliteDatabase):
            raise RuntimeError("not a server on SQLite")
        told = await context.db.write(
            lambda conn: (
                " ".join(
                    f"{name}={conn.exec_driver_sql(f'pragma {name}').scalar()}"
                    for name in ("journal_mode", "synchronous")
                )
                + f", SQLite {conn.exec_driver_sql('select sqlite_version()').scalar()}"
            )
        )
        await context.db.close()
        return str(told)

    return asyncio.run(ask())
