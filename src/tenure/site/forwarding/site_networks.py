"""Where a site sends what happened: https anywhere, its own network included, but never where credentials lie about.

Receivers and mail servers stand in the administrator's own network, so private addresses are as good as public ones.
Link-local addresses and those that clouds keep for their metadata are not: they answer every program on the machine,
some of them with the machine's own credentials, and a user of the console must not read those through it.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.outgoing.ssrf import LONGEST_URL, Address, LookUp, Network, look_up

_URL = re.compile(r"[a-z]+://[!-~]+")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_NEVER: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "100.100.100.200/32", "192.0.0.192/32",
            "168.63.129.16/32", "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "fd20:ce::/32",
        ),
    )
)  # fmt: skip
"""This network, link-local, multicast, reserved; metadata services of AWS, Azure, Google, Alibaba and Oracle."""


@dataclass(frozen=True)
class SiteNetworks:
    """A site's rule: https anywhere, its administrator's own network included; plain http within this computer."""

    loopback: bool = False
    """This computer's own addresses alone, because nothing is encrypted."""
    look_up: LookUp = look_up

    def allows_address(self, address: Address) -> bool:
        """Whether `address` is no link-local, multicast or metadata one; loopback where only that may be."""
        plain = _effective_address(address)
        if self.loopback:
            return plain.is_loopback
        scoped = isinstance(address, IPv6Address) and address.scope_id
        return not scoped and not any(plain in network for network in _NEVER)

    def check_url(self, url: str) -> Refused | None:
        """Refuses `field_invalid`: another scheme, http beyond this computer, user and password, no host."""
        fault = self._url_fault(url)
        return Refused(RefusalCode.FIELD_INVALID, fault, "url") if fault else None

    def _url_fault(self, url: str) -> str:
        parts = plain_parts(url)
        if parts is None:
            return "This is not an address: write it like https://alerts.example.com/hook."
        scheme, host = parts
        literal = literal_of(host)
        if (
            scheme == "http"
            and host != "localhost"
            and (literal is None or not _effective_address(literal).is_loopback)
        ):
            return "Without TLS a message stays within this computer: use https, or http://127.0.0.1."
        if scheme not in ("https", "http"):
            return "Webhooks are sent to https addresses."
        if literal is not None and not self.allows_address(literal):
            return "This address is link-local, multicast or a cloud's metadata service; nothing is sent there."
        return ""


def networks_of(url: str) -> SiteNetworks:
    """The rule for one address: plain http reaches loopback only, whatever its name resolves to."""
    return SiteNetworks(loopback=not url.startswith("https:"))


def plain_parts(url: str) -> tuple[str, str] | None:
    """Scheme and host of a URL that holds no user, password, fragment, blanks or signs beyond ASCII; else None."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    odd = not _URL.fullmatch(url) or len(url) > LONGEST_URL or port == 0
    return None if odd or not host or parts.fragment or "@" in parts.netloc else (parts.scheme, host)


def _effective_address(address: Address) -> Address:
    """Where an address leads in the end: the IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv6Address):
        translated = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _TRANSLATED else None
        carried = address.ipv4_mapped or address.sixtofour or translated
        return address if carried is None else carried
    return address


def literal_of(host: str) -> Address | None:
    """The address that `host` is spelled as; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
