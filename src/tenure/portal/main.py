"""The portal as a program: settings, the client of the activation server, pages, serve. Reads the clock itself."""

import logging
import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec

from tenure import __version__
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.collector import spare_collector
from tenure.http.endpoints import openable_url
from tenure.http.logs import log_handler
from tenure.http.portal_key import KEY_HEADER
from tenure.http.serve import HttpServer, ListenAddress
from tenure.portal.app import PortalSettings, make_portal
from tenure.sdk.network.environment import NetworkEnvironment, read_surroundings

log = logging.getLogger("tenure.portal")
KEY_LENGTH = 64
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0


def system_now() -> Instant:
    """The system's clock, whole seconds."""
    return int(time.time())


def make_client(server: str, around: NetworkEnvironment | None = None, key: str = "") -> httpx2.AsyncClient:
    """A client of the activation server at `server`; plain http is for this machine only (see `refuse_insecure`).

    `around`: what the environment says of the way; None on this machine, where no proxy stands between.
    `key` proves to the server that this is its portal, whose word on its visitors' addresses it takes.
    """
    proof = {KEY_HEADER: key} if key else {}
    secret = {"Proxy-Authorization": around.authorization} if around is not None and around.authorization else {}
    return httpx2.AsyncClient(
        base_url=server,
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        headers={"User-Agent": f"tenure-portal/{__version__}", "Accept-Encoding": "identity", **proof},
        trust_env=False,
        proxy=httpx2.Proxy(around.proxy, headers=secret) if around is not None and around.proxy else None,
        verify=not server.startswith("http://") if around is None else around.trusted,
        follow_redirects=False,
    )


def refuse_insecure(server: str) -> Refused | None:
    """Why passwords must not be sent to `server`; None when it is https, or on this machine."""
    parts = urlsplit(server)
    if parts.scheme == "https" and parts.hostname:
        return None
    if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}:
        return None
    return Refused(
        RefusalCode.FIELD_INVALID, "The server's address begins with https://; http is for this machine.", "server"
    )


def read_key(path: Path) -> str | Refused:
    """The key in a file as the server wrote it; refuses `field_invalid` for what is none or can be read by others."""
    try:
        if path.stat().st_mode & 0o077:
            return Refused(
                RefusalCode.FIELD_INVALID, f"{path} can be read by others; set its mode to 0600.", "server_key"
            )
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        text = ""
    if len(text) == KEY_LENGTH and text.isalnum():
        return text
    told = f"There is no key in {path}: it is portal.key of the server's folder."
    return Refused(RefusalCode.FIELD_INVALID, told, "server_key")


def serve_portal(server: str, settings: PortalSettings, listen: ListenAddress, key: str = "") -> Refused | None:
    """Serve until stopped; a refusal instead when it must not start. `key`: see `make_client`."""
    refused = refuse_insecure(server)
    if refused is not None:
        return refused
    around = None if server.startswith("http://") else read_surroundings(server, os.environ)
    if isinstance(around, Refused):
        return around
    root = logging.getLogger()
    root.addHandler(log_handler(sys.stderr))
    root.setLevel(logging.INFO)
    if not key:
        log.warning("no --server-key: every visitor has this portal's address at the server, who guesses delays all")
        log.warning("no --server-key: sessions are kept in this process alone and end with it")
    settings = msgspec.structs.replace(settings, shared=bool(key))
    serving = HttpServer(make_portal(make_client(server, around, key), settings, system_now, time.monotonic), listen)
    spare_collector()
    sys.stdout.write(f"listening on {openable_url(serving.url, socket.gethostname())}\n")
    sys.stdout.flush()
    serving.run()
    return None
