"""The activation server as a program: settings, state, keys, application, serve. Reads clock and randomness itself."""

import asyncio
import gc
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.certificates import CertificateFiles, open_certificate
from tenure.http.collector import pause_collector, spare_collector
from tenure.http.endpoints import Endpoint, known_endpoint, openable_url
from tenure.http.group_metrics import MetricsGroup
from tenure.http.logs import log_handler
from tenure.http.outgoing.smtp import MailServer
from tenure.http.outgoing.ssrf import WebhookNetworks
from tenure.http.portal_key import BehindPortal
from tenure.http.serve import HttpServer, ListenAddress, listening_url, take_port
from tenure.server import keyring, setup
from tenure.server.app import build_app
from tenure.server.context import ROOT, SANDBOX_ROOT, ServerContext
from tenure.server.keyring import KeyRing, ServerSecrets
from tenure.server.self_check import SelfCheck
from tenure.server.settings import (
    ServerSettings,
    certificate_files,
    mail_server,
    read_settings,
    trusted_proxies,
    webhook_networks,
)
from tenure.server.setup import SECRETS, InitializedServer
from tenure.server.state_place import SETTINGS, StatePlace, find_place, open_state
from tenure.server.workers import WorkerGroup
from tenure.store.catalog import DOCUMENTS
from tenure.store.engine import Database
from tenure.store.meta import epoch_floor, stopped_money
from tenure.store.sealed import AnswerCipher
from tenure.wire import root as roots

log = logging.getLogger("tenure.server")
HERE = ("127.0.0.1", "::1", "localhost")


def system_now() -> Instant:
    """The system's clock, whole seconds."""
    return int(time.time())


def create_server(
    folder: Path, name: str, *, portal_url: str = "", root_keys: int = 1, threshold: int = 1, database: str = ""
) -> InitializedServer | Refused:
    """Make a new server in `folder`; see `setup.init_folder`. `database`: the URL of a PostgreSQL database."""
    made = setup.init_folder(
        folder,
        name,
        secrets.token_bytes,
        system_now(),
        portal_url=portal_url,
        root_keys=root_keys,
        threshold=threshold,
        place=_find_place(folder, database),
    )
    return asyncio.run(made)


def _find_place(folder: Path, option: str = "") -> StatePlace:
    return find_place(folder, os.environ)._replace(option=option)


async def open_context(folder: Path, *, development: bool = False, database: str = "") -> ServerContext | Refused:
    """State and keys of the server in `folder`; refuses what is missing, damaged or readable by others.

    `database`: the URL of its PostgreSQL database, where settings and environment are not to say it.
    Unless this is for `development`, keys made for it are refused too (`key_not_for_this`, [spec: client-keys]).
    """
    secret = keyring.read_secrets(folder / SECRETS)
    if isinstance(secret, Refused):
        return secret
    unfit = [] if development else keyring.unfit_for_production(secret)
    if unfit:
        return Refused(
            RefusalCode.KEY_NOT_FOR_THIS, f"Development keys sign nothing in production: {', '.join(unfit)}.", "secrets"
        )
    outside = _read_environment(folder)
    if isinstance(outside, Refused):
        return outside
    db = await open_state(_find_place(folder, database), now=system_now())
    if isinstance(db, Refused):
        return db
    context = await _make_context(db, secret, outside, folder / SECRETS)
    if isinstance(context, Refused):
        await db.close()
    else:
        await db.release_idle()
    return context


class ServerEnvironment(NamedTuple):
    """What the settings say of the world around the server."""

    name: str
    portal_url: str
    post: MailServer | None
    reach: WebhookNetworks


def _read_environment(folder: Path) -> ServerEnvironment | Refused:
    """The settings, and the files that they name."""
    settings = read_settings(folder / SETTINGS)
    if isinstance(settings, Refused):
        return settings
    post, allowed = mail_server(settings, folder), webhook_networks(settings, folder)
    if isinstance(post, Refused):
        return post
    if isinstance(allowed, Refused):
        return allowed
    return ServerEnvironment(settings.name, settings.portal_url.rstrip("/"), post, allowed)


async def _make_context(
    db: Database, secret: ServerSecrets, outside: ServerEnvironment, secret_file: Path
) -> ServerContext | Refused:
    edition = await db.read(lambda conn: DOCUMENTS.last(conn, ROOT))
    sandbox_edition = await db.read(lambda conn: DOCUMENTS.last(conn, SANDBOX_ROOT))
    if edition is None or sandbox_edition is None:
        return Refused(RefusalCode.NOT_FOUND, "There is no root document in the database.")
    root, sandbox_root = roots.pin_root(edition.body), roots.pin_root(sandbox_edition.body)
    if isinstance(root, Refused):
        return root
    if isinstance(sandbox_root, Refused):
        return sandbox_root
    try:
        keys = KeyRing(secret, root, sandbox_root, lambda: keyring.read_secrets(secret_file))
    except ValueError as fault:
        told = (
            f"The keys in {secret_file} and the root document in the database do not belong together: {fault}. Name "
            "this server's own database (`database`), or bring the secrets.json that belongs to that one."
        )
        return Refused(RefusalCode.KEY_UNKNOWN, told, "secrets")
    stopped = await db.read(stopped_money)
    context = ServerContext(
        db=db,
        clock=system_now,
        keys=keys,
        draw=secrets.token_bytes,
        safe=AnswerCipher(keys.box),
        issuer=outside.name,
        epoch_floor=await db.read(epoch_floor),
        portal_url=outside.portal_url,
        post=outside.post,
        reach=outside.reach,
        # What another process has found counts from the first request on, not from the first look at what is shared.
        stopped_money=stopped or [],
    )
    await context.take_notices()
    return context


class ListenOptions(NamedTuple):
    """What the command line says of where and how to listen; None and "": as the settings say."""

    listen: Endpoint | None = None
    certificate: str = ""
    key: str = ""
    database: str = ""
    """The URL of the PostgreSQL database."""
    workers: int = 1
    """Processes that serve; more than one on PostgreSQL only."""
    trusted_proxies: tuple[str, ...] = ()
    """Believed in their `X-Forwarded-For`, with those that the settings name."""


def serve_api(folder: Path, address: ListenOptions | None = None, *, development: bool = False) -> Refused | None:
    """Serve until stopped; a refusal instead when the server cannot start. `development`: see `open_context`."""
    root = logging.getLogger()
    root.addHandler(log_handler(sys.stderr))
    root.setLevel(logging.INFO)

    settings = read_settings(folder / SETTINGS)
    listen = (
        settings if isinstance(settings, Refused) else _listen_address(settings, folder, address or ListenOptions())
    )
    if isinstance(listen, Refused):
        return listen
    options = address or ListenOptions()
    if options.workers > 1:
        return _serve_with_workers(folder, listen, options, development=development)
    with pause_collector():
        # The state needs no loop of its own; the server brings the faster one, and obeys signals.
        context = asyncio.run(open_context(folder, development=development, database=options.database))
        if isinstance(context, Refused):
            return context
        server = _make_http(context, folder, listen, options)
    spare_collector()
    _tell_address(server.url)
    server.run()
    return None


def _make_http(
    context: ServerContext,
    folder: Path,
    listen: ListenAddress,
    options: ListenOptions,
    listener: socket.socket | None = None,
    group: MetricsGroup | None = None,
) -> HttpServer:
    check = SelfCheck(_find_place(folder, options.database), system_now, time.monotonic)
    app = build_app(context, time.monotonic, certificate=listen.certificate, self_check=check, group=group)
    return HttpServer(BehindPortal(app, context.keys.portal_key), listen, app.hot_requests(), listener)


def _tell_address(url: str) -> None:
    sys.stdout.write(f"listening on {openable_url(url, socket.gethostname())}\n")
    sys.stdout.flush()


def _serve_with_workers(
    folder: Path, listen: ListenAddress, options: ListenOptions, *, development: bool
) -> Refused | None:
    """As `serve_api`, in several processes on one socket; what prevents them is found out once, before they begin."""

    async def look() -> Refused | None:
        context = await open_context(folder, development=development, database=options.database)
        if isinstance(context, Refused):
            return context
        await context.db.close()
        if context.db.is_shared:
            return None
        told = "Several workers need PostgreSQL (--database): a SQLite file has one process that writes."
        return Refused(RefusalCode.FIELD_INVALID, told, "workers")

    refused = asyncio.run(look())
    if refused is not None:
        return refused
    listener = take_port(listen)
    samples = Path(tempfile.mkdtemp(prefix=f"tenure-metrics-{os.getpid()}-"))

    def serve() -> None:
        context = asyncio.run(open_context(folder, development=development, database=options.database))
        if isinstance(context, Refused):
            log.error("a worker cannot start: %s %s", context.code, context.detail)
            raise SystemExit(1)
        server = _make_http(context, folder, listen, options, listener, MetricsGroup(samples))
        gc.enable()
        spare_collector()
        server.run()

    _tell_address(listening_url(listen, listener))
    WorkerGroup(options.workers, serve, lambda: shutil.rmtree(samples, ignore_errors=True)).run()
    return None


def _listen_address(settings: ServerSettings, folder: Path, address: ListenOptions) -> ListenAddress | Refused:
    """Where and how to listen: options before settings; refuses what cannot serve."""
    trusted = trusted_proxies((*settings.trusted_proxies, *address.trusted_proxies))
    if isinstance(trusted, Refused):
        return trusted
    files = certificate_files(settings, folder, address.certificate, address.key)
    certificate = open_certificate(files, system_now) if isinstance(files, CertificateFiles) else files
    if isinstance(certificate, Refused):
        return certificate
    place = address.listen or known_endpoint(settings.listen)
    named = urlsplit(settings.name).hostname or ""
    if certificate is not None and named and not certificate.loaded.is_for(named):
        log.warning("the certificate is not for %s, by which clients know this server: they will refuse it", named)
    if certificate is None and place.host not in HERE:
        log.warning("it listens at %s without TLS: clients speak https, so a proxy must stand before it", place.host)
    return ListenAddress(host=place.host, port=place.port, certificate=certificate, trusted_proxies=trusted)
