"""Sites with very many devices: a real server that licenses them, real sites in folders, and devices that only speak.

A device here is a key and what its last answer said: it seals the requests that an agent seals and proves answers like
one, without an agent's process, disk and schedule.
"""

import asyncio
import hashlib
import secrets
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, Self

import httpx2
import msgspec

from benchmarks.in_process import PRODUCT, VERSION, Caller, furnish
from tenure.core.refusals import Refused
from tenure.core.timeline import DAY, Instant
from tenure.sdk.main import this_computer
from tenure.sdk.outcomes import ActivationGranted, Rejected
from tenure.server import main as server
from tenure.server.app import build_app
from tenure.site import enrollment, main
from tenure.site.assembly import OpenedSite, open_site
from tenure.site.folder import STATE
from tenure.site.settings import ApiSettings, DeviceSettings, NetworkSettings, ProductSettings, SiteSettings
from tenure.site.store import groups, uses
from tenure.site.store.writer import Connection
from tenure.wire import b64, devices, exchanges
from tenure.wire.devices import DeviceRequest, read_ticket
from tenure.wire.keys import SeedSigner

GROUPS = tuple(f"Group {number}" for number in range(1, 21))
BY_HAND = "By hand"
PROVEN_EACH = 50
"""Every so many answers one is proven like a device does; of all others only what they say is looked at."""


@dataclass
class Licensed:
    """A server's folder with what its one customer has ordered."""

    folder: Path
    root: bytes
    codes: list[str]


def ordered(folder: Path, orders: Iterable[int]) -> Licensed:
    """A new server in `folder` with a subscription for each number of devices, and their activation codes."""
    made = server.create_server(folder, "https://license.example")
    if isinstance(made, Refused):
        raise RuntimeError(made.detail)
    return asyncio.run(_ordered(folder, made.vendor_token, orders))


async def _ordered(folder: Path, token: str, orders: Iterable[int]) -> Licensed:
    context = await server.open_context(folder)
    if isinstance(context, Refused):
        raise RuntimeError(context.detail)
    api = build_app(context, time.monotonic, sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.example") as http:
        _, staff, offer = await furnish(Caller(http, token))
        customer = (await staff.post("/v1/customers", {"name": "ACME"}))["id"]
        body = {"amount": 10_000_000_000, "reference": "bank 1"}
        await staff.post(f"/v1/customers/{customer}/top-ups", body)
        codes = [
            (await staff.post("/v1/subscriptions", {"customer": customer, "offer": offer, "devices": number}))[
                "activation_code"
            ]
            for number in orders
        ]
    root = context.keys.root_of(sandbox=False).token
    await context.db.close()
    return Licensed(folder, root, codes)


class BigStore:
    """A site's folder, and the devices that live by it."""

    def __init__(self, folder: Path, licensed: Licensed, at: int, server_port: int) -> None:
        """A site that applies the code number `at` at the server on that port."""
        self.folder, self.port = folder, _free_port()
        self.devices: list[Device] = []
        """Those that have a seat, in the order in which they came."""
        settings = SiteSettings(
            server=f"http://127.0.0.1:{server_port}",
            products={PRODUCT: ProductSettings(version=VERSION)},
            name="Head office",
            network=NetworkSettings(loopback_http=True),
            api=ApiSettings(listen="127.0.0.1:0"),
            devices=DeviceSettings(listen=f"127.0.0.1:{self.port}", name="127.0.0.1"),
        )
        folder.mkdir(mode=0o700)
        made = main.create_site(folder, settings, licensed.root)
        if isinstance(made, Refused):
            raise RuntimeError(made.detail)
        site = self.opened()
        outcome = site.licenses[PRODUCT].activate(licensed.codes[at])
        if not isinstance(outcome, ActivationGranted):
            raise RuntimeError(str(outcome))
        site.store.write(lambda conn: groups.put(conn, BY_HAND, automatic=False)).result()
        site.store.write(lambda conn: _used(conn, site.now())).result()
        self._secrets = {name: _ticket(site, name) for name in (*GROUPS, BY_HAND)}
        self._public = site.secrets.site_signer.public
        self._numbers = count()
        site.store.close()

    def opened(self) -> OpenedSite:
        """The site, opened in this process."""
        site = open_site(self.folder, this_computer())
        if isinstance(site, Refused):
            raise RuntimeError(site.detail)
        outcome = site.licenses[PRODUCT].synchronize("startup")
        if isinstance(outcome, Rejected) and site.licenses[PRODUCT].take_snapshot().lease is not None:
            raise RuntimeError(str(outcome))
        return site

    def newcomers(self, number: int, group: str = "") -> list["Device"]:
        """So many new devices, each with its enrollment sealed; spread over the groups where none is named."""
        made = [Device(each) for each in islice(self._numbers, number)]
        return [device.enrolling(self._secrets[group or GROUPS[device.number % len(GROUPS)]]) for device in made]

    def hear(self, asking: Iterable["Device"], answers: Iterable[bytes], result: str = "seat") -> None:
        """Every device takes its answer; raises ValueError for one that is not as expected."""
        pairs = list(zip(asking, answers, strict=True))
        new = [device for device, _ in pairs if not device.id]
        judge(self._public, pairs, result)
        if result == "seat":
            self.devices += new

    def drop(self, number: int) -> list["Device"]:
        """The devices that came last, which are no longer."""
        self.devices, gone = self.devices[:-number], self.devices[-number:]
        return gone

    def known_bad_are_caught(self) -> None:
        """The control: `judge` must refuse another result, another question's answer, and an altered signature."""
        device = self.devices[0]
        answer, asked = device.answer, device.asked
        other = Device(0)
        other.asked = Device(0).enrolling("x" * 32).asked
        forged = answer[:-8] + (b"AAAAAAAA" if answer[-8:] != b"AAAAAAAA" else b"BBBBBBBB")
        for bad in ((device, answer, "refused"), (other, answer, "seat"), (device, forged, "seat")):
            try:
                judge(self._public, [bad[:2]], bad[2])
            except ValueError:
                continue
            raise RuntimeError("the benchmark takes a bad answer for a good one")
        device.asked = asked
        judge(self._public, [(device, answer)], "seat")

    def megabytes(self) -> float:
        """What the site's state takes on disk."""
        return sum(each.stat().st_size for each in self.folder.glob(f"{STATE}*")) / 1e6


class Device:
    """One device as the load knows it."""

    __slots__ = ("answer", "asked", "id", "lease", "number", "signer", "token")

    def __init__(self, number: int) -> None:
        self.number, self.signer = number, SeedSigner(secrets.token_bytes(32))
        self.id = self.token = self.lease = ""
        self.asked = self.answer = b""

    def enrolling(self, secret: str) -> Self:
        """With its first request sealed: an enrollment with a token's secret, which asks for a seat at once."""
        return self._sealed(ask="enroll", enrollment=secret, name=f"Device {self.number}", hardware=_parts(self.number))

    def refreshing(self) -> Self:
        """With its daily request sealed."""
        return self._sealed(ask="refresh", device=self.id, token=self.token, lease=self.lease)

    def _sealed(self, **more: Any) -> Self:
        message = DeviceRequest(
            nonce=b64.encode_text(secrets.token_bytes(32)),
            request=f"req_{secrets.token_hex(16)}",
            product=PRODUCT,
            key=exchanges.public_jwk(self.signer.public),
            wall=int(time.time()),
            uptime=1_000,
            root=1,
            version=VERSION,
            **more,
        )
        self.asked = devices.seal_device_request(message, self.signer)
        return self

    def hears(self, answer: bytes) -> dict[str, Any]:
        """Keeps what an answer says; raises ValueError for one that does not even have the form."""
        parts = answer.split(b".")
        told: dict[str, Any] = msgspec.json.decode((b64.b64_decode(parts[1]) if len(parts) == 3 else None) or b"{}")
        self.id, self.token, self.answer = told.get("device", ""), told.get("token", ""), answer
        if told.get("lease"):
            self.lease = b64.encode_text(hashlib.sha256(told["lease"].encode()).digest())
        return told


def judge(site: bytes, pairs: Iterable[tuple[Device, bytes]], result: str = "seat") -> None:
    """Takes answers to heart; raises ValueError unless each says `result`. One in fifty is proven as devices do."""
    for number, (device, answer) in enumerate(pairs):
        told = device.hears(answer)
        if told.get("result") != result:
            raise ValueError(f"expected `{result}`, was told {told}")
        if number % PROVEN_EACH:
            continue
        read = devices.read_answer(answer, device.asked, site)
        seat = read if isinstance(read, Refused) else devices.read_lone_seat(read.seat.encode(), site)
        if result == "seat" and isinstance(seat, Refused):
            raise ValueError(f"an answer is not proven: {seat.code} {seat.detail}")


def _ticket(site: OpenedSite, group: str) -> str:
    """The secret of an enrollment token for as many devices as one token may enroll."""
    given = enrollment.new_ticket(site, PRODUCT, group=group, uses=enrollment.MOST)
    if isinstance(given, Refused):
        raise RuntimeError(given.detail)
    site.store.write(lambda conn: enrollment.store_enrollment(conn, given)).result()
    read = read_ticket(given.token)
    if isinstance(read, Refused):
        raise RuntimeError(read.detail)
    return read.secret


def _used(conn: Connection, now: Instant) -> None:
    """Use by day as it would have been noted until yesterday."""
    days = range(now // DAY - uses.KEPT_DAYS + 1, now // DAY)
    rows = [(PRODUCT, day, group, 5_000 + day % 7, 5_000) for day in days for group in GROUPS]
    conn.executemany("insert into uses values (?, ?, ?, ?, ?)", rows)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _parts(number: int) -> dict[str, str]:
    """Three parts of hardware of its own, as salted digests."""
    return {
        part: b64.encode_text(hashlib.sha256(f"{part} {number}".encode()).digest())
        for part in ("machine", "board", "network")
    }
