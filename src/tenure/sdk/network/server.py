"""The one server whose name is ever asked: its address as configured, read strictly once.

How it is reached is decided in `connect`; nothing here touches the network.
"""

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.private import is_literal, is_loopback

PORTS = {"https": 443, "http": 80}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


class ServerAddress(msgspec.Struct, frozen=True):
    """Scheme, host, port and path prefix of an activation server; made by `read_server`."""

    scheme: str
    host: str
    """Lower case, ASCII (A-labels), without final dot; or an IP address without brackets."""
    port: int
    prefix: str = ""
    """Path before every operation's own, such as `/licensing`; no final slash."""

    @property
    def uses_tls(self) -> bool:
        """Whether TLS is spoken; only a loopback demo does without."""
        return self.scheme == "https"

    @property
    def host_header(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        return in_url(self.host) if self.port == PORTS[self.scheme] else at_port(self.host, self.port)


def in_url(host: str) -> str:
    """`host` as it is written in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def at_port(host: str, port: int) -> str:
    """`host` and `port` as one text."""
    return f"{in_url(host)}:{port}"


def read_host(text: str) -> str | None:
    """A host name (lower case, A-labels, no final dot) or IP address in its one spelling; None if it is neither.

    Numbers that only old resolvers take for addresses (`127.1`, `0x7f000001`) are neither.
    """
    if is_literal(text):
        address = ip_address(text)
        return None if isinstance(address, IPv6Address) and address.scope_id else str(address)
    try:
        name = text.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(name) > 253 or _NUMBER.fullmatch(labels[-1]) or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return name


def split_url(text: str) -> tuple[SplitResult, str, int | None] | str:
    """A URL's parts with host and port read strictly, or what is wrong with it as a clause."""
    if len(text) > 2048 or not text.isprintable() or any(character in text for character in " \\"):
        return "it holds blanks or signs that no address has"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "its port or its brackets cannot be read"
    host = read_host(parts.hostname or "")
    if host is None:
        return "it names no host"
    if port == 0 or parts.netloc.endswith(":"):
        return "its port is not one of 1 to 65535"
    return parts, host, port


def read_server(url: str, *, allow_loopback_http: bool = False, field: str = "server") -> ServerAddress | Refused:
    """The server behind `https://host[:port][/prefix]`; `field_invalid` for anything else.

    Plain HTTP is taken only with `allow_loopback_http` (the demo); every address connected to must then be loopback.
    """

    def no(because: str) -> Refused:
        return Refused(RefusalCode.FIELD_INVALID, f"{url!r} is not the address of a server: {because}.", field=field)

    read = split_url(url)
    if isinstance(read, str):
        return no(read)
    parts, host, port = read
    if parts.scheme not in PORTS:
        return no("it begins with https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        return no("it holds neither user, query nor fragment")
    prefix = parts.path.rstrip("/")
    if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        return no("its path is not plain")
    if parts.scheme == "http" and not (allow_loopback_http and (is_loopback(host) or not is_literal(host))):
        return no("plain HTTP is not spoken")
    return ServerAddress(parts.scheme, host, port or PORTS[parts.scheme], prefix)
