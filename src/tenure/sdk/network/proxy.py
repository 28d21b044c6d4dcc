"""An HTTP proxy as a value, from a setting or from the environment the caller hands in.

With a proxy the proxy resolves, and there is no other way [spec: connection-rules]. The tunnel itself is dug in
`connect_secure`.
"""

from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.private import is_literal, is_loopback
from tenure.sdk.network.server import ServerAddress, at_port, read_host, split_url

PORT = 80


class Proxy(msgspec.Struct, frozen=True):
    """A proxy that understands CONNECT, spoken to in plain HTTP; TLS with the server runs inside the tunnel."""

    host: str
    port: int
    authorization: str = ""
    """Value of Proxy-Authorization; a secret, never shown."""

    @property
    def without_password(self) -> str:
        """The proxy without its password: for logs and pages."""
        return f"http://{at_port(self.host, self.port)}"

    def __repr__(self) -> str:
        return f"Proxy({self.without_password!r})"


def read_proxy(text: str, *, field: str = "proxy") -> Proxy | Refused:
    """The proxy at `http://[user:password@]host[:port]` (port 80); `field_invalid` otherwise.

    A text without scheme is read as http, as everywhere. The password is not repeated in the refusal.
    """

    def no(because: str) -> Refused:
        return Refused(RefusalCode.FIELD_INVALID, f"This is not the address of an HTTP proxy: {because}.", field=field)

    read = split_url(text if "://" in text else f"http://{text}")
    if isinstance(read, str):
        return no(read)
    parts, host, port = read
    if parts.scheme != "http":
        return no("it begins with http://; SOCKS, and TLS to the proxy itself, are not spoken")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return no("it holds neither path, query nor fragment")
    return Proxy(host, port or PORT, _basic_credentials(parts.username, parts.password))


def _basic_credentials(user: str | None, password: str | None) -> str:
    """The value of Proxy-Authorization for a user, or nothing."""
    if user is None:
        return ""
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + b64encode(pair.encode()).decode("ascii")


def proxy_from_environment(environ: Mapping[str, str], server: ServerAddress) -> Proxy | Refused | None:
    """The proxy that `https_proxy` or `all_proxy` (either case, lower first) name for `server`, or None.

    `no_proxy` lists what is reached without one (`_is_exempt`); loopback never goes through a proxy. The environment is
    the caller's value: only a program's main reads the real one. `environment_unusable`, with the variable's name, if
    it holds no HTTP proxy; what is blank says nothing.
    """
    name = next((each for each in _VARIABLES if environ.get(each, "").strip()), "")
    listed = environ.get("no_proxy", "").strip() or environ.get("NO_PROXY", "")
    if not name or is_loopback(server.host) or server.host == "localhost" or _is_exempt(server, listed):
        return None
    read = read_proxy(environ[name].strip(), field=name)
    return (
        Refused(RefusalCode.ENVIRONMENT_UNUSABLE, f"{name}: {read.detail}", name) if isinstance(read, Refused) else read
    )


_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def _is_exempt(server: ServerAddress, listed: str) -> bool:
    """Whether `no_proxy` names the server, in any of the forms that programs take.

    Entries are set apart by commas or blanks: `*`; a host or address, with or without its port; a domain, which
    includes what is beneath it, as `corp.example`, `.corp.example`, `*.corp.example` or with a final dot; a network as
    `10.0.0.0/8` for servers named by address.
    """
    return any(entry == "*" or _entry_matches(entry, server) for entry in listed.replace(",", " ").split())


def _entry_matches(entry: str, server: ServerAddress) -> bool:
    if "/" in entry:
        return is_literal(server.host) and _is_within(server.host, entry)
    bare = entry.removeprefix("*").removeprefix(".")
    if is_literal(bare.strip("[]")):
        host: str | None = read_host(bare.strip("[]"))
    else:
        bare, _, port = bare.rpartition(":") if ":" in bare else (bare, "", "")
        if port and port != str(server.port):
            return False
        host = read_host(bare.strip("[]"))
    return host is not None and (server.host == host or (not is_literal(host) and server.host.endswith(f".{host}")))


def _is_within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
