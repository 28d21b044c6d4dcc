"""A town: the real activation server, a site and devices, in one process, on one clock that is moved by hand.

The server runs in a loop of its own; everything else is called plainly, as the programs' own threads would.
"""

import asyncio
import secrets
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec

from tenure.agent.feature_runner import FeatureRunner
from tenure.agent.main import SETTINGS, OpenedAgent, open_agent
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.sdk.clock import ComputerClocks
from tenure.sdk.computer import Computer
from tenure.sdk.network.path import HttpExchange, PathUsed, SourceKind
from tenure.sdk.outcomes import ActivationGranted, Rejected, Synchronized
from tenure.sdk.transport import Transport, TransportRequest
from tenure.server.keyring import FoundedServer
from tenure.site import duplicates, enrollment
from tenure.site.app import root_document
from tenure.site.assembly import OpenedSite, open_site
from tenure.site.background import SiteWatch
from tenure.site.folder import SETTINGS as SITE_SETTINGS
from tenure.site.license import LicenseSnapshot, ProductLicense
from tenure.site.settings import ApiSettings, DeviceSettings, ProductSettings, SiteSettings, write_settings
from tenure.site.store import devices, events, pools
from tenure.site.store.devices import DeviceDecision, DeviceRow
from tenure.wire.devices import EnrollmentToken
from tests.server.server_env import START, Clock, ServerEnv, office

T = TypeVar("T")
UNREACHED = Refused(RefusalCode.UNREACHABLE, "The cable is out.")
SITE_UNREACHED = Refused(RefusalCode.SITE_UNREACHABLE, "The cable is out.")
BY_SYSTEM = PathUsed(SourceKind.SYSTEM, "192.0.2.1:443")
FEATURES = frozenset({"edit", "export", "read"})


class Time:
    """The instant that everything in town goes by, and how long each computer has been up."""

    def __init__(self, now: Instant = START) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


class EnvClock(Clock):
    """The server's clock: the town's."""

    def __init__(self, time: Time) -> None:
        super().__init__(time.now)
        self.time = time

    def __call__(self) -> Instant:
        return self.time.now


@dataclass
class FakeComputer:
    """One computer's clocks."""

    time: Time
    boot: str = "boot-1"
    started: int = field(default=0)
    hardware: dict[str, str] = field(default_factory=dict)
    off: int = 0
    """How far its wall clock is ahead."""

    def __post_init__(self) -> None:
        self.started = self.time.now - 1_000

    def computer(self, host: str = "here") -> Computer:
        return Computer(
            clocks=ComputerClocks(
                self.boot, lambda: float(self.time.now - self.started), lambda: self.time.now + self.off
            ),
            monotonic=time.monotonic,
            draw=secrets.token_bytes,
            environment={},
            hardware=lambda: self.hardware,
            online=lambda: True,
            host=host,
        )

    def restart(self) -> None:
        self.boot, self.started = f"{self.boot}+", self.time.now - 20


class SiteEnv:
    """The activation server in a loop of its own, and whoever lives around it."""

    def __init__(self, env: ServerEnv, loop: asyncio.AbstractEventLoop, folder: Path, time: Time) -> None:
        self.env, self.loop, self.folder, self.time = env, loop, folder, time
        self.server_up = True
        self.sites: list[SiteProcess] = []
        self.orders = 0

    def ask(self, coroutine: Awaitable[T]) -> T:
        """Awaits something of the server's."""

        async def waited() -> T:
            return await coroutine

        return asyncio.run_coroutine_threadsafe(waited(), self.loop).result(30)

    def order(self, offer: str = "standard", devices: int = 10, **more: Any) -> tuple[str, str]:
        self.orders += 1
        self.post(
            f"/v1/customers/{self.env.customer}/top-ups", {"amount": 1_000_000, "reference": f"top {self.orders}"}
        )
        return self.ask(self.env.order(offer, devices, **more))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.ask(self.env.staff.post(path, body, **query))

    def get(self, path: str, **query: Any) -> Any:
        return self.ask(self.env.staff.get(path, **query))

    def wait(self, seconds: int) -> None:
        self.time.now += seconds

    def close_sites(self) -> None:
        for house in self.sites:
            house.site.store.close()
        self.sites.clear()

    def site(self, name: str = "site", **more: Any) -> "SiteProcess":
        """A site in a folder of its own, opened."""
        made = SiteProcess(self, self.folder / name, **more)
        self.sites.append(made)
        return made


class ToServer:
    """A site's transport that goes straight to the server, and loses what it is told to lose."""

    def __init__(self, site_env: SiteEnv) -> None:
        self.site_env = site_env
        self.sent: list[TransportRequest] = []
        self.loses_answer = self.cut = False

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        self.sent.append(request)
        if self.cut or not self.site_env.server_up:
            return UNREACHED
        headers = {"Content-Type": request.content_type} if request.method == "POST" else {}
        http: httpx2.AsyncClient = self.site_env.env.http
        answer = self.site_env.ask(http.request(request.method, request.path, content=request.body, headers=headers))
        if self.loses_answer:
            return UNREACHED
        told = tuple((name.lower(), value) for name, value in answer.headers.items())
        return HttpExchange(answer.status_code, told, answer.content, BY_SYSTEM, 0.0)


class SiteProcess:
    """A customer's site, as its process would hold it."""

    def __init__(
        self,
        site_env: SiteEnv,
        folder: Path,
        version: str = "12.0",
        hands: FakeComputer | None = None,
        clock: Path | None = None,
    ) -> None:
        """`clock`: the clock file of a sandbox."""
        self.site_env, self.folder, self.clock = site_env, folder, clock
        self.hands = hands or FakeComputer(site_env.time)
        self.up = True
        folder.mkdir(mode=0o700, exist_ok=True)
        if not (folder / SITE_SETTINGS).exists():
            settings = SiteSettings(
                server="https://license.test",
                products={"editor": ProductSettings(version=version)},
                name="Head office",
                sandbox=clock is not None,
                api=ApiSettings(listen="127.0.0.1:0"),
                devices=DeviceSettings(listen="127.0.0.1:0", name="127.0.0.1"),
            )
            (folder / SITE_SETTINGS).write_text(write_settings(settings))
            root = site_env.env.context.keys.root_of(sandbox=clock is not None)
            (folder / "root.jws").write_bytes(root.token)
        self.cable = ToServer(site_env)
        self.open()

    def open(self) -> None:
        """Starts the site's process."""
        computer = self.hands.computer("site.test")
        opened = open_site(self.folder, computer, clock=self.clock, transports=lambda *_: self.cable)
        assert isinstance(opened, OpenedSite), opened
        self.site = opened
        self.watch = SiteWatch(opened)

    def restart(self) -> None:
        """The process ends and begins again."""
        self.site.store.close()
        self.open()

    @property
    def license(self) -> ProductLicense:
        return self.site.licenses["editor"]

    def look(self) -> LicenseSnapshot:
        return self.license.take_snapshot()

    def activate(self, code: str, role: str = "active") -> ActivationGranted:
        outcome = self.license.activate(code, role)
        assert isinstance(outcome, ActivationGranted), outcome
        self.watch.note_change(self.license)
        return outcome

    def sync(self, trigger: Any = "timer") -> Synchronized | Rejected:
        outcome = self.license.synchronize(trigger)
        self.watch.note_change(self.license)
        return outcome

    def ticket(self, uses: int = 1, until: Instant | None = None, group: str = "default") -> str:
        made = enrollment.new_ticket(self.site, "editor", group=group, uses=uses, until=until)
        assert not isinstance(made, Refused), made
        self.site.store.write(lambda conn: enrollment.store_enrollment(conn, made)).result()
        return made.token

    def agent(self, name: str = "desk", **more: Any) -> "AgentProcess":
        return AgentProcess(self, self.site_env.folder / f"{self.folder.name}-{name}", **more)

    @property
    def allotment(self) -> int:
        terms = self.look().lease_terms
        assert terms is not None
        return terms.allotment

    def withdraw(self, device: DeviceRow) -> None:
        self._put(device, DeviceDecision.WITHDRAWN)

    def remove(self, device: DeviceRow) -> None:
        self._put(device, DeviceDecision.REMOVED)

    def _put(self, device: DeviceRow, state: DeviceDecision) -> None:
        look = self.look()
        figures = (duplicates.amnesty_of(device, look), 60)
        until = duplicates.counting_until(device, state, figures)
        changed = msgspec.structs.replace(device, state=state, counts_until=until)
        self.site.store.write(lambda conn: devices.save_device(conn, changed)).result()

    def backed_up(self) -> Path:
        """A copy of the whole folder."""
        copy = self.folder.with_name(f"{self.folder.name}-{len(list(self.folder.parent.iterdir()))}")
        self.site.store.close()
        shutil.copytree(self.folder, copy)
        self.open()
        self.license._answered = True  # a backup is taken while the site runs on
        return copy

    def restore(self, backup: Path) -> None:
        self.site.store.close()
        shutil.rmtree(self.folder)
        shutil.copytree(backup, self.folder)
        self.open()

    @property
    def counted(self) -> int:
        return self.site.store.read(lambda conn: pools.get_pool(conn, "editor").counted)

    def devices(self) -> list[DeviceRow]:
        return self.site.store.read(lambda conn: devices.device_page(conn, devices.DeviceFilter(), 0, 1_000))

    def events(self) -> list[str]:
        return [event.kind for event in self.site.store.read(lambda conn: events.page(conn, "", None, 1_000))]


class ToSite:
    """A device's transport that goes straight to the site's port."""

    certificate = ""

    def __init__(self, house: Callable[[], SiteProcess]) -> None:
        self.house = house
        self.loses_answer = False
        self.sent: list[TransportRequest] = []

    def send(self, request: TransportRequest) -> HttpExchange | Refused:
        self.sent.append(request)
        house = self.house()
        if not house.up:
            return SITE_UNREACHED
        if request.method == "GET":
            document = root_document(house.site, int(request.path.rpartition("/")[2]))
            return HttpExchange(404 if document is None else 200, (), document or b"", BY_SYSTEM, 0.0)
        reply = house.site.port.answer_blocking(request.body).result(10)
        if self.loses_answer:
            return SITE_UNREACHED
        if isinstance(reply, Refused):
            return HttpExchange(reply.row.status, (), b'{"title":"no"}', BY_SYSTEM, 0.0)
        return HttpExchange(200, (), reply, BY_SYSTEM, 0.0)


class AgentProcess:
    """A device with its agent, as its process would hold it."""

    def __init__(
        self,
        house: SiteProcess,
        folder: Path,
        version: str = "12.0",
        features: str = "",
        hardware: dict[str, str] | None = None,
        hands: FakeComputer | None = None,
    ) -> None:
        self.house, self.folder = house, folder
        self.hands = hands or FakeComputer(house.site_env.time, hardware=hardware or {})
        folder.mkdir(mode=0o700, exist_ok=True)
        if not (folder / SETTINGS).exists():
            sandbox = "true" if house.clock is not None else "false"
            head = f'product = "editor"\nversion = "{version}"\nsandbox = {sandbox}\n'
            (folder / SETTINGS).write_text(head + features)
            shutil.copy(house.folder / "root.jws", folder / "root.jws")
        self.cable = ToSite(lambda: self.house)
        self.open()

    def open(self) -> None:
        """Starts the agent's process."""
        computer = self.hands.computer(self.folder.name)
        opened = open_agent(self.folder, computer, clock=self.house.clock, connect=self._connect)
        assert isinstance(opened, OpenedAgent), opened
        self.agent = opened
        self.board = FeatureRunner(opened.settings, opened.computer.clocks.ticks)

    def _connect(self, _ticket: EnrollmentToken, _certificate: str) -> Transport:
        return self.cable

    def restart(self) -> None:
        self.board.close()
        self.open()

    def copied(self, name: str) -> "AgentProcess":
        """Another computer that starts from a copy of this one's disk."""
        folder = self.folder.with_name(f"{self.folder.name}-{name}")
        shutil.copytree(self.folder, folder)
        return AgentProcess(self.house, folder)

    def enroll(self, ticket: str) -> Refused | None:
        return self.agent.keeper.enroll(ticket)

    def refresh(self) -> Refused | None:
        return self.agent.keeper.refresh()

    @property
    def on(self) -> frozenset[str]:
        """The functions that are on."""
        return self.agent.keeper.holder.refresh_features().features

    @property
    def standing(self) -> Any:
        return self.agent.keeper.holder.refresh_features().standing

    @property
    def kept(self) -> Any:
        return self.agent.keeper.holder.kept


@contextmanager
def site_env(
    folder: Path, now: Instant = START, *, sandbox: bool = False, founded: FoundedServer | None = None
) -> Iterator[SiteEnv]:
    """A town around a server in `folder`, whose provider sells for real or in a sandbox."""
    time = Time(now)
    clock = EnvClock(time)
    loop = asyncio.new_event_loop()
    made: list[SiteEnv] = []
    ready, over = threading.Event(), asyncio.Event()
    faults: list[BaseException] = []

    async def live() -> None:
        server = folder / "server"
        server.mkdir(exist_ok=True)
        async with office(server, clock=clock, sandbox=sandbox, founded=founded) as env:
            made.append(SiteEnv(env, loop, folder, time))
            ready.set()
            await over.wait()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(live())
        except BaseException as fault:
            faults.append(fault)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="office", daemon=True)
    thread.start()
    ready.wait(30)
    if faults:
        raise faults[0]
    try:
        yield made[0]
    finally:
        made[0].close_sites()
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
