"""Where a program listens, as people write it everywhere: ADDRESS:PORT, such as `127.0.0.1:8080` or `[::1]:8080`."""

import re
from typing import NamedTuple

from tenure.core.refusals import RefusalCode, Refused

FORM = "An address and a port, such as 127.0.0.1:8080, [::1]:8080 for IPv6, or 0.0.0.0:8080 for all of this computer's."
LONGEST = 255
_V6 = re.compile(r"\[[0-9A-Fa-f:.]+(%[0-9A-Za-z._-]+)?\]")
_NAME = re.compile(r"[0-9A-Za-z._-]+")
_PORT = re.compile(r"[0-9]{1,9}")


class Endpoint(NamedTuple):
    """An address of this computer and a port of it; 0 lets the system choose the port."""

    host: str
    port: int

    @property
    def host_in_url(self) -> str:
        """The host as it stands before a port: an IPv6 address in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.host_in_url}:{self.port}"


def openable_url(url: str, host: str) -> str:
    """`url` as it can be opened: with `host`, this computer's name, for the address that stands for all of its own."""
    for everywhere in ("//0.0.0.0:", "//[::]:"):
        url = url.replace(everywhere, f"//{Endpoint(host, 0).host_in_url}:")
    return url


def read_endpoint(text: str, field: str = "listen") -> Endpoint | Refused:
    """The endpoint that `text` names; refuses `field_invalid` of `field`, saying how it is written."""
    host, colon, port = text.rpartition(":")
    if len(text) > LONGEST or not colon or not host:
        return Refused(RefusalCode.FIELD_INVALID, FORM, field)
    if ":" in host and not host.startswith("["):
        detail = f"An IPv6 address stands in brackets before the port, such as [::1]:8080. {FORM}"
        return Refused(RefusalCode.FIELD_INVALID, detail, field)
    if not (_V6.fullmatch(host) or _NAME.fullmatch(host)):
        return Refused(RefusalCode.FIELD_INVALID, FORM, field)
    if not _PORT.fullmatch(port) or int(port) > 65_535:
        detail = f"{port[:20]!r} is no port: a number from 1 to 65535, or 0 for any that is free."
        return Refused(RefusalCode.FIELD_INVALID, detail, field)
    return Endpoint(host.strip("[]"), int(port))


def known_endpoint(text: str) -> Endpoint:
    """The endpoint in settings that were checked when they were read; ValueError for what no check would pass."""
    found = read_endpoint(text)
    if isinstance(found, Refused):
        raise ValueError(found.detail)
    return found
