"""An HTTP proxy as a value, from a setting or from the environment the caller hands in.

With a proxy the proxy resolves, and there is no other way (spec 3.7). The tunnel itself is dug in `dial`.
"""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.sdk.names.private import is_loopback
from tenure.sdk.names.server import Server, at_port, split

PORT = 80


class Proxy(msgspec.Struct, frozen=True):
    """A proxy that understands CONNECT, spoken to in plain HTTP; TLS with the server runs inside the tunnel."""

    host: str
    port: int
    authorization: str = ""
    """Value of Proxy-Authorization; a secret, never shown."""

    @property
    def text(self) -> str:
        """The proxy without its password: for logs and pages."""
        return f"http://{at_port(self.host, self.port)}"

    def __repr__(self) -> str:
        return f"Proxy({self.text!r})"


def read_proxy(text: str, *, field: str = "proxy") -> Proxy | Refused:
    """The proxy at `http://[user:password@]host[:port]` (port 80); `field_invalid` otherwise.

    A text without scheme is read as http, as everywhere. The password is not repeated in the refusal.
    """

    def no(because: str) -> Refused:
        return Refused(Code.FIELD_INVALID, f"This is not the address of an HTTP proxy: {because}.", field=field)

    read = split(text if "://" in text else f"http://{text}")
    if isinstance(read, str):
        return no(read)
    parts, host, port = read
    if parts.scheme != "http":
        return no("it begins with http://; SOCKS, and TLS to the proxy itself, are not spoken")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return no("it holds neither path, query nor fragment")
    return Proxy(host, port or PORT, _basic(parts.username, parts.password))


def _basic(user: str | None, password: str | None) -> str:
    """The value of Proxy-Authorization for a user, or nothing."""
    if user is None:
        return ""
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + b64encode(pair.encode()).decode("ascii")


def proxy_from_environment(environ: Mapping[str, str], server: Server) -> Proxy | Refused | None:
    """The proxy that `https_proxy` or `all_proxy` (either case, lower first) name for `server`, or None.

    `no_proxy` lists hosts and suffixes, or `*`; loopback never goes through a proxy. The environment is the caller's
    value: only a program's main reads the real one. `field_invalid` if the variable holds no HTTP proxy.
    """

    def get(name: str) -> str:
        return environ.get(name) or environ.get(name.upper()) or ""

    text = get("https_proxy") or get("all_proxy")
    if not text or is_loopback(server.host) or server.host == "localhost" or _exempt(server, get("no_proxy")):
        return None
    return read_proxy(text, field="https_proxy")


def _exempt(server: Server, listed: str) -> bool:
    """Whether `no_proxy` names the server: itself, a name above it, or with its port."""
    for entry in (part.strip().lower().lstrip(".") for part in listed.split(",")):
        if entry == "*" or entry in (server.host, at_port(server.host, server.port)):
            return True
        if entry and server.host.endswith("." + entry):
            return True
    return False
