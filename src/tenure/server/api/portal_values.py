"""What the portal keeps for its browsers: operations that only the server's own portal may call, by its key.

They belong to the portal as its memory did, and open nothing. What is kept is sealed with a secret of the browser, so
that neither this server nor a reader of its database can use it.
"""

from typing import Annotated, Final

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.auth import PUBLIC
from tenure.http.body_types import RequestBody
from tenure.http.inputs import FromPortal
from tenure.http.operation_groups import operation_at
from tenure.server.api.operations import ServerOperations
from tenure.store import browser_values
from tenure.store.browser_values import LARGEST, NOTED_EVERY, BrowserValue, BrowserValueKind

CAP: Final = LARGEST * 4 // 3 + 2_048
"""Bytes of a body: the largest value as base64, and what stands beside it."""
WITHOUT_RECORD: Final = ("idempotency_key", "dry_run")
"""Repeating one changes nothing, and there is nothing to look at before."""
NOT_THE_PORTAL: Final = Refused(RefusalCode.NOT_AUTHENTICATED, "The portal's key is needed.")

_REFUSALS: Final = (RefusalCode.NOT_AUTHENTICATED,)

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Sealed = Annotated[bytes, msgspec.Meta(max_length=LARGEST)]


class KeptValue(RequestBody, frozen=True, kw_only=True):
    """A value to be kept; `owner` is whom it counts against, `browser` what it is forgotten with."""

    kind: BrowserValueKind
    name: Digest
    owner: Digest
    browser: Digest
    sealed: Sealed


class ValueName(RequestBody, frozen=True, kw_only=True):
    """A value, or all that a browser has, by digest: in a body, since addresses end up in logs."""

    name: Digest


class ChangedValue(RequestBody, frozen=True, kw_only=True):
    """Another value under the same name."""

    name: Digest
    sealed: Sealed


class FoundValue(msgspec.Struct, frozen=True):
    """What is kept under a name; None where nothing is (any more)."""

    sealed: bytes | None


class PortalValueOperations(ServerOperations):
    """Keep, find, change, forget."""

    @operation_at("POST", "/v1/portal/values", PUBLIC, exempt=WITHOUT_RECORD, cap=CAP, refusals=_REFUSALS)
    async def keep_portal_value(self, portal: FromPortal, body: KeptValue) -> Refused | None:
        """Keeps a value; the owner's oldest of that kind make room."""
        if not portal:
            return NOT_THE_PORTAL
        now = self._context.clock()
        digest, browser = bytes.fromhex(body.name), bytes.fromhex(body.browser)
        kept = BrowserValue(
            digest=digest, kind=body.kind, owner=body.owner, browser=browser, sealed=body.sealed,
            created=now, last_use=now,
        )  # fmt: skip
        done = await self._context.db.write(browser_values.keep_value, kept)
        return done if isinstance(done, Refused) else None

    @operation_at("POST", "/v1/portal/values/find", PUBLIC, exempt=WITHOUT_RECORD, refusals=_REFUSALS)
    async def find_portal_value(self, portal: FromPortal, body: ValueName) -> FoundValue | Refused:
        """The value of that name; that it was used is noted once in a while, since that is a write."""
        if not portal:
            return NOT_THE_PORTAL
        digest, now = bytes.fromhex(body.name), self._context.clock()
        found = await self._context.db.read(browser_values.find_value, digest, now)
        if found is not None and now - found.last_use >= NOTED_EVERY:
            await self._context.db.write(browser_values.note_use, digest, now)
        return FoundValue(None if found is None else found.sealed)

    @operation_at("POST", "/v1/portal/values/change", PUBLIC, exempt=WITHOUT_RECORD, cap=CAP, refusals=_REFUSALS)
    async def change_portal_value(self, portal: FromPortal, body: ChangedValue) -> Refused | None:
        """Another value under the same name, where there is one still: what was ended is not brought back."""
        if not portal:
            return NOT_THE_PORTAL
        done = await self._context.db.write(browser_values.change_value, bytes.fromhex(body.name), body.sealed)
        return done if isinstance(done, Refused) else None

    @operation_at("POST", "/v1/portal/values/forget", PUBLIC, exempt=WITHOUT_RECORD, refusals=_REFUSALS)
    async def forget_portal_browser(self, portal: FromPortal, body: ValueName) -> Refused | None:
        """All that a browser has is gone at once, whichever process is asked next."""
        if not portal:
            return NOT_THE_PORTAL
        done = await self._context.db.write(browser_values.forget_browser, bytes.fromhex(body.name))
        return done if isinstance(done, Refused) else None
