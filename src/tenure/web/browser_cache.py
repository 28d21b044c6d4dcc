"""What a browser may come back to for a while: pages that answered a form, and forms whose sender had to sign in first.

Kept within bounds of number, bytes and time, each under a name that cannot be guessed: here in the memory of one
process; a program of several implements `BrowserCache` over what they share. What is gone was only a convenience:
nothing is done by showing a page again.
"""

import secrets
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar

import msgspec

from tenure.core.timeline import Instant
from tenure.web.sessions import secret_digest

K = TypeVar("K")
SECONDS = 30 * 60
"""How long something is kept."""
EACH_MOST = 20
"""Things of one browser; one more takes the place of its oldest."""
PAGES_OCTETS, FORMS_OCTETS = 64 * 1024 * 1024, 8 * 1024 * 1024
"""Bytes of compressed pages, and of forms."""
FORMS_MOST = 2_000
"""Forms that are kept, of all users together."""


class KeptPage(msgspec.Struct, frozen=True):
    """The answer to a form: its HTTP status, and the page, compressed; `headers` are those it was made with."""

    status: int
    body: bytes
    headers: dict[str, str]


class KeptForm(msgspec.Struct, frozen=True):
    """A form that was not done: where it was sent, from which page, and what was entered."""

    path: str
    page: str
    values: dict[str, list[str]]


class BrowserCache(Protocol):
    """Where they are kept; `secret` is the browser's, `address` the one it is seen from."""

    async def keep_page(self, secret: str, owner: str, page: KeptPage, now: Instant) -> str:
        """Keep a page for a browser of `owner`; its name, empty when it is not kept."""

    async def find_page(self, secret: str, name: str, now: Instant) -> KeptPage | None:
        """The page of that name, as long as it is kept, and for that browser alone."""

    async def forget_pages(self, secret: str) -> None:
        """Keep nothing more for a browser, as when it signs out."""

    async def keep_form(self, form: KeptForm, size: int, now: Instant, address: str) -> str:
        """Keep a form of about `size` bytes; its name, empty when it is not kept."""

    async def find_form(self, name: str, now: Instant, address: str) -> KeptForm | None:
        """The form of that name, as long as it is kept."""


class MemoryBrowserCache:
    """Those of one process."""

    def __init__(self) -> None:
        self._pages: BoundedValues[KeptPage] = BoundedValues(PAGES_OCTETS)
        self._forms: BoundedValues[KeptForm] = BoundedValues(FORMS_OCTETS, each_most=FORMS_MOST)

    async def keep_page(self, secret: str, _owner: str, page: KeptPage, now: Instant) -> str:
        """See `BrowserCache.keep_page`."""
        return self._pages.keep_value(secret_digest(secret), page, len(page.body), now)

    async def find_page(self, secret: str, name: str, now: Instant) -> KeptPage | None:
        """See `BrowserCache.find_page`."""
        return self._pages.find_value(secret_digest(secret), name, now)

    async def forget_pages(self, secret: str) -> None:
        """See `BrowserCache.forget_pages`."""
        self._pages.forget_browser(secret_digest(secret))

    async def keep_form(self, form: KeptForm, size: int, now: Instant, _address: str) -> str:
        """See `BrowserCache.keep_form`."""
        return self._forms.keep_value("", form, size, now)

    async def find_form(self, name: str, now: Instant, _address: str) -> KeptForm | None:
        """See `BrowserCache.find_form`."""
        return self._forms.find_value("", name, now)


class BoundedValues(Generic[K]):
    """Things by browser and name: at most `bytes_most` bytes altogether, the oldest make room."""

    def __init__(self, bytes_most: int, each_most: int = EACH_MOST) -> None:
        self._most, self._each, self._size = bytes_most, each_most, 0
        self._kept: OrderedDict[tuple[str, str], tuple[K, int, Instant]] = OrderedDict()

    def keep_value(self, browser: str, thing: K, size: int, now: Instant) -> str:
        """Keep `thing` of `size` bytes for `browser`; its name, empty when it is too large to be kept."""
        if size > self._most // 8:
            return ""
        own = [key for key in self._kept if key[0] == browser]
        for key in own[: max(0, len(own) - self._each + 1)]:
            self._drop_value(key)
        name = secrets.token_urlsafe(18)
        self._kept[browser, name] = (thing, size, now)
        self._size += size
        while self._size > self._most or (self._kept and next(iter(self._kept.values()))[2] + SECONDS <= now):
            self._drop_value(next(iter(self._kept)))
        return name

    def find_value(self, browser: str, name: str, now: Instant) -> K | None:
        """What was kept for `browser` under `name`, as long as it is."""
        found = self._kept.get((browser, name))
        return found[0] if found is not None and now < found[2] + SECONDS else None

    def forget_browser(self, browser: str) -> None:
        """Keep nothing more for a browser, as when it signs out."""
        for key in [key for key in self._kept if key[0] == browser]:
            self._drop_value(key)

    def _drop_value(self, key: tuple[str, str]) -> None:
        self._size -= self._kept.pop(key)[1]
