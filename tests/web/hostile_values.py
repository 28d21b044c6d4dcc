"""Addresses, queries, cookies and headers as no page of ours makes them, for every page that a program has."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import tenure
from tests.web.browser import Tab

VALUES = {
    "beyond ASCII": "/%C3%BC%E2%98%83%F0%9F%9A%80/%E2%80%AE",
    "huge": "'" * 30_000,
    "a lone surrogate": "%ED%A0%80",
    "NUL and line ends": "a%00b%0d%0aLocation:%20x",
    "an address with another's bytes": "%FF%FE%5C",
}
HEADERS = {
    "cookie": [b"\xff\xfe=\xfc; x=\x01", b"tenure-portal=\xc3\xbc; __Host-tenure-portal=\xe2\x98\x83", b"a" * 9_000],
    "host": [b"\xc3\xbc.example", b"[::1", b"x" * 3_000, b""],
    "x-forwarded-for": [b"\xff", b"1.2.3.4\x0b, x"],
    "accept-language": [b"\xff" * 500],
    "if-none-match": [b"\xff"],
    "origin": [b"\xc3\xbc"],
    "content-type": [b"\xff/\xfe", b"multipart/form-data; boundary=\xff"],
}
_QUERY = re.compile(r"""query(?:\.get\(|\[)\s*["']([a-z_]+)["']""")


def parameters(room: str) -> list[str]:
    """Every name that some page of a room, or of the kit that all have, reads from the query."""
    folders = [Path(tenure.__file__).parent / each for each in (room, "web")]
    files = chain.from_iterable((*folder.rglob("*.py"), *folder.rglob("*.html")) for folder in folders)
    texts = (each.read_text() for each in files)
    return sorted(set(chain.from_iterable(_QUERY.findall(text) for text in texts)))


def pages(application: Any) -> list[tuple[str, str]]:
    """(method, path) of every route of the application."""
    return sorted((route.method, route.path) for route in application.routes)


def addresses(path: str, names: list[str], value: str) -> Iterator[str]:
    """The page with the value in its query, if it is short in each parameter alone, else in all; then in the path."""
    plain = re.sub(r"\{\w+\}", "x", path)
    if len(value) > 100:
        yield f"{plain}?{names[0]}={value}&" + "&".join(f"{name}={value[:500]}" for name in names[1:])
    elif value.startswith("/"):
        yield from (f"{plain}?{name}={value}" for name in names)
    else:
        yield f"{plain}?" + "&".join(f"{name}={value}" for name in names)
    if plain != path:
        yield re.sub(r"\{\w+\}", value[:3_000], path)


async def status(tab: Tab, method: str, address: str, headers: list[tuple[bytes, bytes]] | None = None) -> int:
    """What the page answers; a strange request sends the form's token along, so that it gets past the fences."""
    extra = {} if headers is None else {"headers": headers}
    answer = await tab.http.request(method, tab.origin + address, follow_redirects=False, **extra)
    for name, value in answer.headers.multi_items():
        assert value.isprintable(), (address, name, value)
    return answer.status_code
