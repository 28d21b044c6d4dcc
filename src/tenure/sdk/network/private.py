"""Which names stay inside: a public resolver never learns that they exist [spec: connection-rules].

Customers add their own suffixes; how names are resolved is decided in `connect`.
"""

from collections.abc import Iterable
from ipaddress import ip_address

INSIDE = ("local", "internal", "home.arpa", "localhost")


def is_literal(host: str) -> bool:
    """Whether `host` is an IP address, which needs no resolution at all."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether an IP address is this computer's own; anything else, an odd spelling included, is not."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def why_private(host: str, suffixes: Iterable[str] = ()) -> str | None:
    """Why `host` must not be asked of a public resolver, as a clause; None if it may be.

    `suffixes` are the customer's own, lower case without leading dot; each covers itself and every name below it.
    """
    if is_literal(host):
        return "an IP address needs no resolution"
    if "." not in host:
        return "a name of a single label belongs to the local network"
    for suffix in (*INSIDE, *suffixes):
        if host == suffix or host.endswith("." + suffix):
            return f"names under .{suffix} stay inside"
    return None
