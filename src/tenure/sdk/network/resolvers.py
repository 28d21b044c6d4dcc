"""Resolvers as values and as text: plain DNS, DNS over TLS, DNS over HTTPS, each at a fixed IP address.

A resolver's own name is never looked up: only the server's is [spec: connection-rules]. Asking is done in `lookup`.
"""

from enum import StrEnum

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.sdk.network.private import is_literal
from tenure.sdk.network.server import at_port, in_url, split_url


class ResolverProtocol(StrEnum):
    """How a resolver is asked; the value is the scheme of its text form."""

    PLAIN = "dns"
    DOT = "tls"
    DOH = "https"


PORTS = {ResolverProtocol.PLAIN: 53, ResolverProtocol.DOT: 853, ResolverProtocol.DOH: 443}


class Resolver(msgspec.Struct, frozen=True):
    """One DNS server. DoT and DoH are believed only with a valid certificate for `name`."""

    via: ResolverProtocol
    ip: str
    port: int
    name: str = ""
    """Host the certificate must be for; empty for plain DNS."""
    path: str = ""
    """Path of the DoH endpoint."""

    @property
    def as_url(self) -> str:
        """`dns://8.8.8.8:53`, `tls://9.9.9.9:853#dns.quad9.net`, `https://dns.google/dns-query#8.8.8.8`."""
        if self.via is ResolverProtocol.DOH:
            host = in_url(self.name) if self.port == PORTS[self.via] else at_port(self.name, self.port)
            return f"https://{host}{self.path}#{self.ip}"
        name = f"#{self.name}" if self.name else ""
        return f"{self.via.value}://{at_port(self.ip, self.port)}{name}"


def read_resolver(text: str, *, field: str = "resolvers") -> Resolver | Refused:
    """The resolver in one of the text forms of `Resolver.as_url`; a bare IP address is plain DNS on port 53.

    Ports may be left out (53, 853, 443). DoT without `#name` and DoH at an IP address are checked for a certificate
    for the address itself. `field_invalid` for anything else.
    """

    def no(because: str) -> Refused:
        return Refused(RefusalCode.FIELD_INVALID, f"{text!r} is not a resolver: {because}.", field=field)

    read = split_url(f"dns://{in_url(text)}" if is_literal(text) else text)
    if isinstance(read, str):
        return no(read)
    parts, host, port = read
    if parts.scheme not in tuple(ResolverProtocol):
        return no("it begins with dns://, tls:// or https://")
    if "@" in parts.netloc or parts.query:
        return no("it holds neither user nor query")
    via = ResolverProtocol(parts.scheme)
    if via is not ResolverProtocol.DOH and (not is_literal(host) or parts.path):
        return no("the part after // is an IP address, with or without a port")
    if via is ResolverProtocol.PLAIN and parts.fragment:
        return no("plain DNS knows no certificate, so no name can be demanded")
    other = _tls_name(parts.fragment, host)
    if other is None or (via is ResolverProtocol.DOH and not is_literal(other)):
        return no("after # comes the IP address of a DoH server, or the name in a DoT server's certificate")
    if via is ResolverProtocol.DOH:
        return Resolver(via, other, port or PORTS[via], host, parts.path or "/dns-query")
    return Resolver(via, host, port or PORTS[via], "" if via is ResolverProtocol.PLAIN else other)


def _tls_name(text: str, host: str) -> str | None:
    """The host after `#`, `host` itself where there is none, None if it is unreadable."""
    if not text:
        return host
    read = split_url(f"dns://{in_url(text)}")
    return None if isinstance(read, str) or read[0].path or read[0].query or read[2] else read[1]


_SERVERS: tuple[tuple[str, str, str, str], ...] = (
    ("8.8.8.8", "dns.google", "dns.google", "/dns-query"),
    ("1.1.1.1", "one.one.one.one", "cloudflare-dns.com", "/dns-query"),
    ("223.6.6.6", "dns.alidns.com", "dns.alidns.com", "/dns-query"),
    ("9.9.9.9", "dns.quad9.net", "dns.quad9.net", "/dns-query"),
    ("185.228.168.168", "family-filter-dns.cleanbrowsing.org", "doh.cleanbrowsing.org", "/doh/family-filter/"),
)

DEFAULT: tuple[Resolver, ...] = (
    *(Resolver(ResolverProtocol.PLAIN, ip, 53) for ip, _, _, _ in _SERVERS),
    *(Resolver(ResolverProtocol.DOH, ip, 443, doh, path) for ip, _, doh, path in _SERVERS),
    *(Resolver(ResolverProtocol.DOT, ip, 853, dot) for ip, dot, _, _ in _SERVERS),
)
"""The five servers of [spec: name-resolution] in its order: plain first (quickest, and trust comes from TLS with the
server alone), then the same five where port 53 is filtered or another server answers in their name."""
