"""A customer's site inside this process, for the demo: an administration server, agents, and a clock they share.

`site_processes` runs the same programs as processes of their own, as the story needs them.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from tenure.core.refusals import Refused
from tenure.sandbox.dns import SERVER_FAILURE, DnsRecord, LocalDns
from tenure.sandbox.provider_client import ProviderClient
from tenure.sandbox.site_processes import LOOPBACK, free_port
from tenure.sandbox.virtual_devices import LONGEST_WAIT, LOOK, VirtualDevices
from tenure.sdk.main import this_computer
from tenure.site import main as site_main
from tenure.site.assembly import open_site
from tenure.site.folder import TOKEN
from tenure.site.settings import ApiSettings, DeviceSettings, NetworkSettings, ProductSettings, SiteSettings

T = TypeVar("T")

NAME = "license.example.com"
"""By which the office knows its activation server."""
FOUND, BROKEN = {NAME: DnsRecord(addresses=(LOOPBACK,))}, {NAME: SERVER_FAILURE}
API_PORT, DEVICE_PORT = 8_481, 8_482


class InProcessSite:
    """One administration server and some devices, from `start` to the end of the block."""

    def __init__(
        self,
        folder: Path,
        server: str,
        root: Path,
        client: ProviderClient,
        devices: tuple[str, ...],
        *,
        containers: tuple[str, ...] = (),
        usual_ports: bool = False,
    ) -> None:
        """`containers`: devices that do not last.

        Listens on the ports that people know (`usual_ports`) where they are free, else on any.
        """
        self.site = folder / "site"
        self.dns_is_broken = folder / "dns-is-broken"
        """As long as there is such a file, the office's own DNS finds nothing; the public resolver does."""
        self._dns, self._public_dns = LocalDns(FOUND), LocalDns(FOUND)
        self._clock = folder / "clock"
        self._client = client
        self._stop = threading.Event()
        self._running: list[tuple[threading.Thread, Callable[[], None]]] = []
        self._tell_time()
        document = root.read_bytes()
        settings = SiteSettings(
            server=f"http://{NAME}:{urlsplit(server).port}",
            products={"editor": ProductSettings(version="12.0")},
            name="Ana's office",
            sandbox=True,
            network=NetworkSettings(
                loopback_http=True,
                proxy="",
                system=self._dns.plain_url,
                dns="list",
                resolvers=(self._public_dns.plain_url,),
            ),
            api=ApiSettings(listen=f"{LOOPBACK}:{_free_port(API_PORT) if usual_ports else 0}"),
            devices=DeviceSettings(listen=f"{LOOPBACK}:{_free_port(DEVICE_PORT) if usual_ports else 0}", name=LOOPBACK),
        )
        _require(site_main.create_site(self.site, settings, document))
        self._folder, self._root, self._devices = folder, document, devices
        self._containers = containers
        self.url = ""

    @property
    def token(self) -> str:
        """The token of the local API."""
        return (self.site / TOKEN).read_text(encoding="ascii").strip()

    def __enter__(self) -> Self:
        site = _require(open_site(self.site, this_computer(), clock=self._clock))
        serving = site_main.SiteServers(site, sandbox=True)
        self.url = serving.local.url
        self._run_thread("site", lambda: asyncio.run(serving.serve()), serving.stop)
        if not serving.wait(LONGEST_WAIT):
            raise RuntimeError("the administration server did not start")
        self._api = ProviderClient(self.url, self.token)
        self._virtual_devices = VirtualDevices(self._folder, self._root, self._clock, self._api)
        self._virtual_devices.join(list(self._devices))
        self._virtual_devices.join(list(self._containers), ephemeral=True)
        self._run_thread("clock", lambda: self._follow_server(serving), self._stop.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._virtual_devices.close()
        for thread, stop in reversed(self._running):
            stop()
            thread.join(LONGEST_WAIT)
        for each in (self._dns, self._public_dns):
            each.stop()
        self._api.close()

    def _run_thread(self, name: str, work: Callable[[], None], stop: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=f"demo {name}", daemon=True)
        thread.start()
        self._running.append((thread, stop))

    def _follow_server(self, serving: site_main.SiteServers) -> None:
        """Keep the clock file up to date; have site and devices ask at once when there is news for them."""
        revision = self._provider_revision()
        while not self._stop.wait(LOOK):
            self._tell_time()
            self._dns.zone = dict(BROKEN if self.dns_is_broken.exists() else FOUND)
            if (latest := self._provider_revision()) != revision:
                revision = latest
                license_ = serving.site.licenses["editor"]
                serving.watch.note_sync(license_, license_.synchronize("edge"))
                serving.watch.note_change(license_)
            self._virtual_devices.follow()

    def _provider_revision(self) -> int:
        """Of the subscription at the provider; 0 while nothing is licensed here."""
        name = self._api.get("/v1/licenses/editor")["subscription"]
        return int(self._client.get(f"/v1/subscriptions/{name}")["revision"]) if name else 0

    def _tell_time(self) -> None:
        """Write the provider's clock into the file that the site and the agents read; never half."""
        fresh = self._clock.with_suffix(".new")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(self._client.get("/v1/sandbox/clock")["now"] + "\n", encoding="ascii")
        fresh.replace(self._clock)


def _free_port(wished: int) -> int:
    """The port wished for, or any when it is taken."""
    try:
        return free_port(wished)
    except OSError:
        return free_port()


def _require(found: T | Refused) -> T:
    if isinstance(found, Refused):
        raise RuntimeError(f"{found.row.sentence} {found.detail}")
    return found
