"""The table of routes of APIs and pages: which handlers a path has, by method, at a price that does not grow with it.

What a handler is, who may call it, and how an unknown path or method is refused, is left to `api` and the pages.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from tenure.http.asgi import Scope

H = TypeVar("H")
_HOST = re.compile(rb"[0-9A-Za-z!$&'()*+,;=\-._~:\[\]@%]*")
"""The characters of a host and port in an address (RFC 3986, section 3.2.2)."""


class RouteEntry(msgspec.Struct, Generic[H], frozen=True):
    """One handler and where it stands: `path` is a template such as `/v1/things/{thing}`."""

    method: str
    path: str
    handler: H


class Matched(msgspec.Struct, Generic[H], frozen=True):
    """The template that a path fits, the handlers it has by method, and what stands in its braces."""

    path: str
    handlers: dict[str, H]
    parameters: dict[str, str]


class _Segment(Generic[H]):
    """One segment of some templates, and what may follow it."""

    __slots__ = ("any", "fixed", "handlers", "names", "path")

    def __init__(self) -> None:
        self.fixed: dict[str, _Segment[H]] = {}
        self.any: _Segment[H] | None = None
        self.path = ""
        self.names: tuple[str, ...] = ()
        self.handlers: dict[str, H] = {}


class Routes(Generic[H]):
    """Routes by path. A fixed segment is preferred to one in braces; a path is read without empty segments."""

    def __init__(self, routes: Iterable[RouteEntry[H]]) -> None:
        """Raises ValueError where two routes share method and path, or give the same path different names in braces."""
        self._routes = tuple(routes)
        self._root: _Segment[H] = _Segment()
        for route in self._routes:
            self._add(route)

    def __iter__(self) -> Iterator[RouteEntry[H]]:
        return iter(self._routes)

    def _add(self, route: RouteEntry[H]) -> None:
        place, names = self._root, []
        for segment in _segments(route.path):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                place.any = place.any or _Segment()
                place = place.any
            else:
                place = place.fixed.setdefault(segment, _Segment())
        if route.method in place.handlers or place.path not in ("", route.path):
            raise ValueError(f"{route.method} {route.path} is already taken by {place.path}")
        place.path, place.names = route.path, tuple(names)
        place.handlers[route.method] = route.handler

    def find(self, path: str) -> Matched[H] | None:
        """The template that `path` fits; None when there is none."""
        place, values = self._root, []
        for segment in _segments(path):
            following = place.fixed.get(segment)
            if following is None:
                following = place.any
                values.append(segment)
            if following is None:
                return None
            place = following
        if not place.handlers:
            return None
        return Matched(place.path, place.handlers, dict(zip(place.names, values, strict=True)))


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def tidy(path: str) -> str:
    """`path` as it is compared and shown: `//a/b/` is `/a/b`."""
    return "/" + "/".join(_segments(path))


def has_readable_host(scope: Scope) -> bool:
    """Whether the Host header, if there is one, can be part of an address at all."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return _HOST.fullmatch(host) is not None
