"""The portal as a program: settings, the client of the activation server, pages, serve. Reads the clock itself."""

import logging
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from tenure import __version__
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.logs import handler
from tenure.http.portal_key import KEY_HEADER
from tenure.http.serve import Listen, Server
from tenure.portal.app import Settings, portal
from tenure.sdk.names.surroundings import Surroundings, read_surroundings

log = logging.getLogger("tenure.portal")
KEY_LENGTH = 64
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0


def now() -> Instant:
    """The system's clock, whole seconds."""
    return int(time.time())


def client(server: str, around: Surroundings | None = None, key: str = "") -> httpx2.AsyncClient:
    """A client of the activation server at `server`; plain http is for this machine only (see `unsound`).

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


def unsound(server: str) -> Refused | None:
    """Why passwords must not be sent to `server`; None when it is https, or on this machine."""
    parts = urlsplit(server)
    if parts.scheme == "https" and parts.hostname:
        return None
    if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}:
        return None
    return Refused(Code.FIELD_INVALID, "The server's address begins with https://; http is for this machine.", "server")


def read_key(path: Path) -> str | Refused:
    """The key in a file as the server wrote it; refuses `field_invalid` for what is none or can be read by others."""
    try:
        if path.stat().st_mode & 0o077:
            return Refused(Code.FIELD_INVALID, f"{path} can be read by others; set its mode to 0600.", "server_key")
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        text = ""
    if len(text) == KEY_LENGTH and text.isalnum():
        return text
    told = f"There is no key in {path}: it is portal.key of the server's folder."
    return Refused(Code.FIELD_INVALID, told, "server_key")


def run(server: str, settings: Settings, listen: Listen, key: str = "") -> Refused | None:
    """Serve until stopped; a refusal instead when it must not start. `key`: see `client`."""
    refused = unsound(server)
    if refused is not None:
        return refused
    around = None if server.startswith("http://") else read_surroundings(server, os.environ)
    if isinstance(around, Refused):
        return around
    root = logging.getLogger()
    root.addHandler(handler(sys.stderr))
    root.setLevel(logging.INFO)
    if not key:
        log.warning("no --server-key: every visitor has this portal's address at the server, who guesses delays all")
    serving = Server(portal(client(server, around, key), settings, now, time.monotonic), listen)
    sys.stdout.write(f"listening on {serving.url}\n")
    sys.stdout.flush()
    serving.run()
    return None
