"""The portal as a program: settings, the client of the activation server, pages, serve. Reads the clock itself."""

import logging
import os
import sys
import time
from urllib.parse import urlsplit

import httpx2

from tenure import __version__
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.logs import handler
from tenure.http.serve import Listen, Server
from tenure.portal.app import Settings, portal
from tenure.sdk.names.surroundings import Surroundings, read_surroundings

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0


def now() -> Instant:
    """The system's clock, whole seconds."""
    return int(time.time())


def client(server: str, around: Surroundings | None = None) -> httpx2.AsyncClient:
    """A client of the activation server at `server`; plain http is for this machine only (see `unsound`).

    `around`: what the environment says of the way; None on this machine, where no proxy stands between.
    """
    secret = {"Proxy-Authorization": around.authorization} if around is not None and around.authorization else {}
    return httpx2.AsyncClient(
        base_url=server,
        timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        headers={"User-Agent": f"tenure-portal/{__version__}", "Accept-Encoding": "identity"},
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


def run(server: str, settings: Settings, listen: Listen) -> Refused | None:
    """Serve until stopped; a refusal instead when it must not start."""
    refused = unsound(server)
    if refused is not None:
        return refused
    around = None if server.startswith("http://") else read_surroundings(server, os.environ)
    if isinstance(around, Refused):
        return around
    root = logging.getLogger()
    root.addHandler(handler(sys.stderr))
    root.setLevel(logging.INFO)
    serving = Server(portal(client(server, around), settings, now, time.monotonic), listen)
    sys.stdout.write(f"listening on {serving.url}\n")
    sys.stdout.flush()
    serving.run()
    return None
