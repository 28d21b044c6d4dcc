"""The cookies of a program's pages: their names, their attributes, and which origin is our own.

Over https the name begins with `__Host-`, so that no neighboring host can set it. Over plain http, which is for this
machine only, the browser refuses that prefix: there the cookie has a plain name.
"""

import re
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import msgspec

_LOOPBACK = re.compile(r"127(\.[0-9]{1,3}){3}")


class CookiePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pages are reached, as the browser sees it."""

    secure: bool
    host: str
    """Host and port, as in the Host header."""

    @property
    def origin(self) -> str:
        """Such as `https://portal.example.com`."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    @property
    def own_machine(self) -> bool:
        """Whether browser and server are one machine, so that nothing crosses a network in the clear."""
        try:
            name = urlsplit(f"//{self.host}").hostname or ""
        except ValueError:  # a Host that is none
            return False
        return name in {"localhost", "::1"} or name.endswith(".localhost") or bool(_LOOPBACK.fullmatch(name))


def place_of(public_url: str, scheme: str, host: str) -> CookiePlace:
    """From the configured address if there is one (behind a proxy that ends TLS), else from the request."""
    if public_url:
        parts = urlsplit(public_url)
        return CookiePlace(secure=parts.scheme == "https", host=parts.netloc.lower())
    return CookiePlace(secure=scheme == "https", host=host.lower())


def cookie_name(program: str, place: CookiePlace) -> str:
    """The cookie's name; programs on one machine share its cookies whatever their port, so each has its own."""
    return f"__Host-tenure-{program}" if place.secure else f"tenure-{program}"


KNOWN_SECONDS = 365 * 86_400
"""How long a browser keeps what it is known by."""


def device_name(program: str, place: CookiePlace) -> str:
    """The cookie by which a browser is known to have signed in before; good for nothing else."""
    return f"{cookie_name(program, place)}-device"


MARKS_MOST = 8
"""Choices that are kept in a browser at most; the oldest gives way."""
_MARK = re.compile(r"[a-z-]{1,12}\.[0-9a-f]{10}")


def marks_name(program: str, place: CookiePlace) -> str:
    """The cookie with choices about what is shown, such as a list put away; it opens nothing."""
    return f"{cookie_name(program, place)}-marks"


def read_marks(value: str) -> tuple[str, ...]:
    """The choices in that cookie's value; what is none of ours is left out.

    Worked example: `vendor.0123456789_x` is one choice, `vendor.0123456789`.
    """
    return tuple(each for each in value.split("_") if _MARK.fullmatch(each))[-MARKS_MOST:]


def write_marks(marks: Iterable[str]) -> str:
    """The cookie's value for these choices, without what is none of ours; the last ones of too many."""
    return "_".join([each for each in marks if _MARK.fullmatch(each)][-MARKS_MOST:])


def set_cookie(name: str, value: str, place: CookiePlace, seconds: int | None = None) -> str:
    """The value of Set-Cookie; without `seconds` it lasts as long as the browser, with 0 it is taken away."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if place.secure:
        parts.append("Secure")
    if seconds is not None:
        parts.append(f"Max-Age={seconds}")
    return "; ".join(parts)


def read_cookie(header: str, name: str) -> str:
    """The cookie's value among those the browser sent; empty when it is not there."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value[:200] if found else ""
