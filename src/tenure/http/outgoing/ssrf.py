"""Where a webhook may lead, decided before it is sent; `webhook_client` connects to the address that was judged here.

`WebhookNetworks` is the activation server's rule: https to public addresses, so that no provider can use the server to
look into its network. The site has a rule of its own, for its administrator may well mean their own network.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol
from urllib.parse import urlsplit

from tenure.core.refusals import RefusalCode, Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LookUp = Callable[[str, int], Awaitable[list[str]]]
"""Every address of a host; raises OSError."""

LONGEST_URL = 512
_PLAIN = re.compile(r"[!-~]+")
LOOKUPS = ThreadPoolExecutor(64, "webhook-lookup")
"""A lookup cannot be canceled, and lasts for half a minute where no name server answers. Webhooks wait for one for 10
seconds, 16 at a time, so that names that one provider chose keep 48 threads at most, and no other has to wait."""

_REFUSED: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            # It looks public, and is where Azure answers each of its machines by itself.
            "168.63.129.16/32",
            # Of IPv6 only what is handed out as global unicast is public at all; inside it these are not.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
        ),
    )
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def look_up(host: str, port: int) -> list[str]:
    """Every address of `host`, as the system says; raises OSError."""
    return await asyncio.get_running_loop().run_in_executor(LOOKUPS, _look_up, host, port)


class AllowedNetworks(Protocol):
    """Decides where something may be sent."""

    @property
    def look_up(self) -> LookUp:
        """How names are resolved."""

    def allows_address(self, address: Address) -> bool:
        """Whether anything may be sent to `address`."""

    def check_url(self, url: str) -> Refused | None:
        """`field_invalid` for a URL that nothing is ever sent to."""


@dataclass(frozen=True)
class WebhookNetworks:
    """What the operator of the server lets webhooks reach beyond public https."""

    http: bool = False
    """Plain http too, for demonstrations on one computer."""
    networks: tuple[str, ...] = ()
    """Networks that may be reached although they are not public, such as `10.1.0.0/16`."""
    ca: str = ""
    """A file with further certificate authorities, for receivers within one's own walls."""
    look_up: LookUp = look_up

    def allows_address(self, address: Address) -> bool:
        """Whether `address` is public or explicitly allowed."""
        return is_public(address) or any(address in ip_network(each) for each in self.networks)

    def check_url(self, url: str) -> Refused | None:
        """Refuses `field_invalid`: another scheme, user and password, no host, a literal address out of bounds."""
        fault = self._url_fault(url)
        return Refused(RefusalCode.FIELD_INVALID, fault, "url") if fault else None

    def _url_fault(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "This is not an address."
        if not _PLAIN.fullmatch(url):
            return "An address has no blanks and no signs beyond ASCII: write a host as xn--…, other signs as %…."
        if parts.scheme != "https" and not (self.http and parts.scheme == "http"):
            return "Webhooks are sent to https addresses only."
        if not host or port == 0 or len(url) > LONGEST_URL or parts.fragment or "@" in parts.netloc:
            return "An address has a host, and neither user, password nor fragment."
        literal = _ip_literal(host)
        if literal is not None and not self.allows_address(literal):
            return "This address is not a public one."
        return ""


PUBLIC_HTTPS = WebhookNetworks()


def is_public(address: Address) -> bool:
    """Whether anybody's computer on the internet may have `address`.

    IPv6 addresses that carry an IPv4 address (mapped, translated, tunnelled) are none: they lead where that one leads.
    """
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address.scope_id):
        return False
    return not any(address in network for network in _REFUSED)


def _ip_literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
