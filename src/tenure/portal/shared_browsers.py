"""What browsers are signed in with, and may come back to, kept by the server: any process of the portal serves any
request, and what one process ends is over for all.

Each value is sealed with the browser's own secret before it leaves this process: the server keeps what it cannot read.
How long and how much is kept is the server's (`tenure.store.browser_values`).
"""

import base64
import hashlib
import logging
import secrets
import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from tenure.core.timeline import Instant
from tenure.http.client.api_exchange import ApiCaller
from tenure.http.client.transports import AsyncTransport
from tenure.http.fairness import block_of
from tenure.portal.session import ACTIVATION_SERVER, PortalSession
from tenure.web.browser_cache import KeptForm, KeptPage
from tenure.web.page_api import PageApi
from tenure.web.replies import PageRefusal, RefusedPageError
from tenure.web.sessions import FlashMessage, PageSession, secret_digest

V = TypeVar("V")
log = logging.getLogger("tenure.portal.shared_browsers")
LARGEST: Final = 250_000
"""Bytes of a value; the server takes a little more (`tenure.store.browser_values.LARGEST`)."""
SESSION, PAGE, FORM = "session", "page", "form"
"""What a value is for, as the server names its kinds."""
NOT_KNOWN: Final = PageRefusal(
    title="This website is not known to the activation server.",
    status=503,
    code="unreachable",
    cause="The key that this website was started with is not the one of that server.",
    remedy="Tell those who operate this website: `--server-key` names the server's file `portal.key`.",
)


class SealedSession(msgspec.Struct, frozen=True):
    """What is kept of a session; later versions add fields with defaults, since several may serve at once."""

    value: PortalSession
    opened: Instant
    flashes: list[FlashMessage]


class PortalValues:
    """The server's memory for browsers, as `tenure.server.api.portal_values` offers it. Raises `RefusedPageError`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def keep_value(self, kind: str, name: str, *, owner: str, browser: str, sealed: bytes, address: str) -> None:
        """Keep a value, against the bounds of `owner`, until the browser is forgotten or its time is over."""
        about = {"kind": kind, "name": name, "owner": secret_digest(owner), "browser": browser}
        body = {**about, "sealed": base64.b64encode(sealed).decode()}
        await self._post("", body, address)

    async def find_value(self, name: str, address: str) -> bytes | None:
        """The value of that name, None when there is none (any more)."""
        found = (await self._post("/find", {"name": name}, address))["sealed"]
        return None if found is None else base64.b64decode(found)

    async def change_value(self, name: str, sealed: bytes) -> None:
        """Another value, where there is one still."""
        await self._post("/change", {"name": name, "sealed": base64.b64encode(sealed).decode()}, "")

    async def forget_browser(self, browser: str) -> None:
        """All that is kept for a browser is gone."""
        await self._post("/forget", {"name": browser}, "")

    async def _post(self, step: str, body: dict[str, str], address: str) -> Any:
        api = PageApi(self._transport, ACTIVATION_SERVER, ApiCaller(address=address))
        try:
            return (await api.post_public(f"/v1/portal/values{step}", body)).value
        except RefusedPageError as error:
            if error.refusal.code == "not_authenticated":
                raise RefusedPageError(NOT_KNOWN) from error
            raise


@dataclass
class StoredSession(PageSession[PortalSession]):
    """A session with the bytes that it was made of, so that it is written only when it was changed."""

    stored: bytes = b""


class SharedSessions:
    """Sessions that the server keeps; see `web.sessions.SessionStore`."""

    def __init__(self, values: PortalValues) -> None:
        self._values = values

    async def open_session(self, value: PortalSession, now: Instant, owner: str, address: str) -> str | None:
        """See `SessionStore.open_session`; beyond so many the owner's own oldest ends."""
        secret = secrets.token_urlsafe(32)
        name, sealed = secret_digest(secret), seal_value(_encode_session(PageSession(value, now, now)), SESSION, secret)
        await self._values.keep_value(SESSION, name, owner=owner, browser=name, sealed=sealed, address=address)
        return secret

    async def find_session(self, secret: str, now: Instant, address: str = "") -> PageSession[PortalSession] | None:
        """See `SessionStore.find_session`. Raises `RefusedPageError` where the server cannot be asked."""
        sealed = await self._values.find_value(secret_digest(secret), address)
        plain = None if sealed is None else open_value(sealed, SESSION, secret)
        kept = None if plain is None else _decode_value(plain, SealedSession)
        if plain is None or kept is None:
            return None
        return StoredSession(kept.value, kept.opened, now, kept.flashes, plain)

    async def save_session(self, secret: str, session: PageSession[PortalSession]) -> None:
        """See `SessionStore.save_session`; what the visit did stays done where this cannot be kept."""
        plain = _encode_session(session)
        if isinstance(session, StoredSession) and session.stored == plain:
            return
        try:
            await self._values.change_value(secret_digest(secret), seal_value(plain, SESSION, secret))
        except RefusedPageError as error:
            log.warning("a session could not be kept as it is now: %s", error.refusal.title)

    async def close_session(self, secret: str) -> None:
        """See `SessionStore.close_session`; the pages of the browser are forgotten with it."""
        if not secret:
            return
        try:
            await self._values.forget_browser(secret_digest(secret))
        except RefusedPageError as error:
            log.warning("a session could not be ended and ends by itself: %s", error.refusal.title)


class SharedBrowserCache:
    """Answers and unsent forms that the server keeps; see `web.browser_cache.BrowserCache`.

    What cannot be kept has an empty name: the page is then shown in place, the form is entered again.
    """

    def __init__(self, values: PortalValues) -> None:
        self._values = values

    async def keep_page(self, secret: str, owner: str, page: KeptPage, _now: Instant) -> str:
        """See `BrowserCache.keep_page`."""
        name = secrets.token_urlsafe(18)
        sealed = seal_value(msgspec.msgpack.encode(page), PAGE, secret + name)
        kept = await self._keep_value(PAGE, secret + name, owner, secret_digest(secret), sealed, "")
        return name if kept else ""

    async def find_page(self, secret: str, name: str, _now: Instant) -> KeptPage | None:
        """See `BrowserCache.find_page`."""
        return await self._find_value(PAGE, secret + name, "", KeptPage)

    async def forget_pages(self, _secret: str) -> None:
        """See `BrowserCache.forget_pages`: `SharedSessions.close_session` has forgotten all of the browser."""

    async def keep_form(self, form: KeptForm, _size: int, _now: Instant, address: str) -> str:
        """See `BrowserCache.keep_form`: found by its name alone, since signing in gives the browser another secret."""
        name = secrets.token_urlsafe(24)
        sealed = seal_value(msgspec.msgpack.encode(form), FORM, name)
        owner = f"forms of {block_of(address)}"
        return name if await self._keep_value(FORM, name, owner, secret_digest(name), sealed, address) else ""

    async def find_form(self, name: str, _now: Instant, address: str) -> KeptForm | None:
        """See `BrowserCache.find_form`."""
        return await self._find_value(FORM, name, address, KeptForm) if name else None

    async def _keep_value(self, kind: str, key: str, owner: str, browser: str, sealed: bytes, address: str) -> bool:
        if len(sealed) > LARGEST:
            return False
        name = secret_digest(key)
        try:
            await self._values.keep_value(kind, name, owner=owner, browser=browser, sealed=sealed, address=address)
        except RefusedPageError as error:
            log.warning("a %s could not be kept for its browser: %s", kind, error.refusal.title)
            return False
        return True

    async def _find_value(self, purpose: str, key: str, address: str, kind: type[V]) -> V | None:
        try:
            sealed = await self._values.find_value(secret_digest(key), address)
        except RefusedPageError as error:
            log.warning("a %s could not be looked for: %s", purpose, error.refusal.title)
            return None
        plain = None if sealed is None else open_value(sealed, purpose, key)
        return None if plain is None else _decode_value(plain, kind)


def seal_value(plain: bytes, purpose: str, secret: str) -> bytes:
    """`plain`, compressed, encrypted and authenticated: it opens for the same purpose and secret alone."""
    return bytes(_box_of(purpose, secret).encrypt(zlib.compress(plain)))


def open_value(sealed: bytes, purpose: str, secret: str) -> bytes | None:
    """What was sealed; None when the bytes, the purpose or the secret are others."""
    try:
        return zlib.decompress(_box_of(purpose, secret).decrypt(sealed))
    except (CryptoError, ValueError, zlib.error):
        return None


def _box_of(purpose: str, secret: str) -> SecretBox:
    # Not the digest under which it is kept: who has the database must not have the key.
    return SecretBox(hashlib.blake2b(f"{purpose} {secret}".encode(), digest_size=32, person=b"tenure portal").digest())


def _encode_session(session: PageSession[PortalSession]) -> bytes:
    return msgspec.msgpack.encode(SealedSession(session.value, session.opened, session.flashes))


def _decode_value(plain: bytes, kind: type[V]) -> V | None:
    try:
        return msgspec.msgpack.decode(plain, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):  # kept by a version that writes it otherwise
        return None
