"""The site as a program: its parts, from a folder and this computer to two servers, the watch and the forwardings."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.accounts.passwords import PasswordHashes
from tenure.http.certificates import ServedCertificate
from tenure.http.collector import spare_collector
from tenure.http.endpoints import Endpoint, known_endpoint, openable_url
from tenure.http.logs import log_handler
from tenure.http.serve import CannotListen, HttpServer, ListenAddress, fastest_loop
from tenure.sdk.assembly import ConfigurationError, read_root
from tenure.sdk.background import BackgroundTurns, ThreadRunner
from tenure.sdk.computer import Computer
from tenure.sdk.disk import FolderOnDisk
from tenure.sdk.main import this_computer
from tenure.site import certificate, folder
from tenure.site.app import device_api, local_api
from tenure.site.assembly import OpenedSite, names_of, open_site
from tenure.site.background import TURN, SiteWatch
from tenure.site.console.app import PortRouter, make_console
from tenure.site.folder import LocalAddress
from tenure.site.forwarding.worker import forwarding_worker
from tenure.site.settings import SiteSettings, check_settings, read_settings, write_settings
from tenure.site.store.sqlite import open_store
from tenure.site.tls import console_certificate

TURN_IN_SANDBOX = 0.25
"""Seconds between two looks where a sandbox's clock file may jump."""


class MadeSite(msgspec.Struct, frozen=True):
    """A new site's folder."""

    folder: str
    settings: str
    key: str
    """Id of the site's own key, made just now."""
    token_file: str
    devices: str
    """Name and port at which devices reach the site; the name alone where the system chooses the port."""


def create_site(
    path: Path, settings: SiteSettings, root: bytes, computer: Computer | None = None, *, authorities: bytes = b""
) -> MadeSite | Refused:
    """A new site in an empty or missing folder, with the vendor's root document.

    `authorities` (PEM): by whose certificates the server is believed, kept where `network.ca_file` names it.

    Refuses `already_exists` for a folder with a site in it, and what of settings or root cannot work; then, and where
    the system refuses a file (OSError), nothing that was made stays behind.
    """
    computer = computer or this_computer()
    refused = _refuse_settings(settings, root, computer)
    if refused is not None:
        return refused
    if (path / folder.SETTINGS).exists():
        return Refused(RefusalCode.ALREADY_EXISTS, f"There is a site in {path} already.", "site")
    made = path.exists()
    before = set(path.iterdir()) if made else set()
    try:
        disk = FolderOnDisk(path)
        folder.write_file(disk, settings.root, root)
        if authorities:
            folder.write_file(disk, folder.AUTHORITIES, authorities)
        folder.write_file(disk, folder.SETTINGS, write_settings(settings).encode())
        opened = open_site(path, computer)
    except BaseException:
        _undo_init(path, before, whole=not made)
        raise
    if isinstance(opened, Refused):
        _undo_init(path, before, whole=not made)
        return opened
    opened.store.close()
    port = known_endpoint(settings.devices.listen).port
    return MadeSite(
        folder=str(path),
        settings=str(path / folder.SETTINGS),
        key=opened.secrets.site_signer.key_id,
        token_file=str(path / folder.TOKEN),
        devices=str(Endpoint(opened.device_host, port)) if port else opened.device_host,
    )


def _refuse_settings(settings: SiteSettings, root: bytes, computer: Computer) -> Refused | None:
    """What cannot work, told before a file is made."""
    refused = check_settings(settings)
    names = names_of(settings, computer) if refused is None else refused
    if isinstance(names, Refused):
        return names
    try:
        read_root(root, sandbox=settings.sandbox)
    except ConfigurationError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{fault}.", "root")
    return None


def _undo_init(path: Path, before: set[Path], *, whole: bool) -> None:
    """Takes away what a failed `create_site` has made: a half-made site would stand in the way of the next try."""
    for each in set(path.iterdir()) - before if path.is_dir() else ():
        each.unlink(missing_ok=True)
    if whole and path.is_dir():
        path.rmdir()


class SiteReset(msgspec.Struct, frozen=True):
    """A site that was reset in its folder."""

    folder: str
    key: str
    """Id of the key made just now."""
    kept: tuple[str, ...]
    """Where the former key and state lie."""


def reset_site(path: Path, computer: Computer | None = None) -> SiteReset | Refused:
    """Puts key and state of the site in `path` aside, so that it starts with a key of its own and without a license.

    For a site that was declared lost and for a copy that has to be a site by itself; settings and token stay. Refuses
    `server_busy` while it runs, `not_found` where there is no site.
    """
    settings = read_settings(path / folder.SETTINGS)
    if isinstance(settings, Refused):
        return settings
    computer = computer or this_computer()
    store = open_store(path / folder.STATE)
    if isinstance(store, Refused):
        return store
    store.close()
    ending = f"before-{computer.clocks.wall()}-{computer.draw(2).hex()}"
    kept = []
    for name in (folder.STATE, f"{folder.STATE}-wal", f"{folder.STATE}-shm", folder.KEY):
        if (path / name).exists():
            kept.append(str((path / name).rename(path / f"{name}.{ending}")))
    FolderOnDisk(path).sync_folder()
    opened = open_site(path, computer)
    if isinstance(opened, Refused):
        return opened
    opened.store.close()
    return SiteReset(str(path), opened.secrets.site_signer.key_id, tuple(kept))


def serve_folder(path: Path, *, clock: Path | None = None) -> Refused | None:
    """Serves the site in `path` until stopped (SIGINT, SIGTERM); a refusal instead when it cannot start."""
    root = logging.getLogger()
    root.addHandler(log_handler(sys.stderr))
    root.setLevel(logging.INFO)
    site = open_site(path, this_computer(), clock=clock)
    if isinstance(site, Refused):
        return site
    try:
        with asyncio.Runner(loop_factory=fastest_loop) as runner:
            return runner.run(_serve_site(site, sandbox=clock is not None))
    except CertificateUnusable as fault:
        return fault.refused
    except CannotListen as fault:
        where = f"Where it listens: `listen` of [api] and [devices] in {path / folder.SETTINGS}."
        return Refused(RefusalCode.FIELD_INVALID, f"{fault} {where}", "listen")
    finally:
        site.store.close()


async def _serve_site(site: OpenedSite, *, sandbox: bool) -> Refused | None:
    serving = SiteServers(site, sandbox=sandbox)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.stop)
    spare_collector()
    sys.stdout.write(_addresses_told(site, serving.local.url, serving.devices.port))
    sys.stdout.flush()
    await serving.serve()
    return None


def _addresses_told(site: OpenedSite, local: str, device_port: int) -> str:
    """Where the site is reached, a line each: never the address that stands for all of this computer's.

    The device port is shown as enrollment tokens name it, for its certificate is for that name.
    """
    shown = openable_url(local, site.computer.host)
    devices = Endpoint(site.device_host, device_port)
    return f"local API on {shown}\ndevice port on https://{devices}\nconsole on {shown}/\n"


class CertificateUnusable(OSError):
    """A certificate of the site cannot serve; `refused` says which, why and what to do."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(refused.detail)


def _open_certificate(certificate: ServedCertificate | Refused | None) -> ServedCertificate | None:
    if isinstance(certificate, Refused):
        raise CertificateUnusable(certificate)
    return certificate


def _from_here(url: str) -> str:
    """The address that programs on this computer use, where a server listens on all of its addresses."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


class SiteServers:
    """A site's servers, its watch and its forwarding worker, in one process."""

    def __init__(self, site: OpenedSite, *, sandbox: bool = False, passwords: PasswordHashes | None = None) -> None:
        """Takes the ports at once; raises OSError when one is taken already, `CertificateUnusable` for a certificate.

        `passwords`: see `local_api`.
        """
        self.site = site
        self.watch, self.worker = SiteWatch(site), forwarding_worker(site)
        settings, ticks = site.settings, site.computer.monotonic
        wall, place = site.computer.clocks.wall, known_endpoint(settings.devices.listen)
        shown = _open_certificate(certificate.served_certificate(site.folder, site.pin, wall))
        listen, served = ListenAddress(host=place.host, port=place.port, certificate=shown), device_api(site, ticks)
        self.devices = HttpServer(served, listen, served.hot_requests())
        api = local_api(site, self.watch, ticks, lambda: self.devices.port, passwords)
        own = self.certificate = _open_certificate(console_certificate(site.folder, settings.api, wall))
        place = known_endpoint(settings.api.listen)
        listen = ListenAddress(host=place.host, port=place.port, certificate=own)
        self.local = HttpServer(PortRouter(api, make_console(api, wall, ticks)), listen)
        turns = BackgroundTurns(self.watch.tick, site.computer.online, self.watch.network_returned)
        self._turns = ThreadRunner(turns, TURN_IN_SANDBOX if sandbox else TURN)
        self._write_address("" if own is None else own.loaded.own)
        if own is not None:
            own.on_renewal = lambda renewed: self._write_address(renewed.own)

    def _write_address(self, own: str) -> None:
        """Tell programs of this computer where the local API is, and the one certificate (PEM) that it shows."""
        address = LocalAddress(_from_here(self.local.url), own)
        folder.write_file(FolderOnDisk(self.site.folder), folder.ADDRESS, msgspec.json.encode(address))

    async def serve(self) -> None:
        """Serves until `stop`."""
        self._turns.start()
        forwarding = asyncio.create_task(self.worker.run())
        try:
            await asyncio.gather(self.local.serve(), self.devices.serve())
        finally:
            self._turns.stop()
            forwarding.cancel()
            await asyncio.wait((forwarding,))

    def wait(self, seconds: float) -> bool:
        """Whether both servers answer, waiting so long at most; for a caller that serves in another thread."""
        return self.local.wait(seconds) and self.devices.wait(seconds)

    def stop(self) -> None:
        """Asks both servers to end."""
        self.local.stop()
        self.devices.stop()
