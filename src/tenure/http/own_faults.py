"""Whether a connection failed because of the computer that makes it, so that its fault is not told as the other side's.

Who is told what, and when it is tried again, is left to those that connect.
"""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator

_WITHOUT_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EACCES, errno.EPERM})
"""No free files or memory, or a rule of this computer that forbids it: whatever the other side is like."""
_WITHOUT_WAY = frozenset({errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.ENETUNREACH, errno.EAFNOSUPPORT})
"""No network, or none of that family of addresses: IPv6 is often missing where IPv4 works."""
_ANYWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses for documentation: they are of no computer, and a way to them is a way to the internet."""


def has_way() -> bool:
    """Whether this computer has a way to the internet by any family of addresses; nothing is sent to find out."""
    return any(_leads_anywhere(*each) for each in _ANYWHERE)


def is_own_fault(fault: BaseException, has_way: Callable[[], bool] = has_way) -> bool:
    """Whether this computer itself could not even begin to ask; `has_way` says whether it has a network.

    Where a name has several addresses the fault may be the last one's alone. Worked example: a server that is down has
    an IPv4 and an IPv6 address, and this computer has no IPv6: it says "network is unreachable", and yet it is not
    cut off.
    """
    found = {_system_number(each) for each in exception_tree(fault)}
    return bool(found & _WITHOUT_ROOM) or (bool(found & _WITHOUT_WAY) and not has_way())


def exception_tree(fault: BaseException) -> Iterator[BaseException]:
    """The exception and those behind it; a connection tried to several addresses failed for each of them."""
    waiting, seen = [fault], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        behind = each.__cause__ or each.__context__
        waiting += [*(each.exceptions if isinstance(each, BaseExceptionGroup) else ()), *([behind] if behind else ())]


def _system_number(fault: BaseException) -> int | None:
    # Numbers of TLS and of name resolution are of other tables.
    if isinstance(fault, OSError) and not isinstance(fault, ssl.SSLError | socket.gaierror):
        return fault.errno
    return None


def _leads_anywhere(address: str, family: socket.AddressFamily) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((address, 9))
    except OSError:
        return False
    return True
