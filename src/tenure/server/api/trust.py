"""The root document and its successors for clients, and the online keys for ordinary JWT readers
[spec: root-document]."""

from typing import Annotated, Any

import msgspec

from tenure.core.policy.rules import Role
from tenure.core.refusals import RefusalCode
from tenure.core.timeline import Instant
from tenure.http.auth import PUBLIC, AccessRule
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept, require_found
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.operations import CallerChange, ServerOperations
from tenure.server.context import ROOT, SANDBOX_ROOT
from tenure.store.catalog import DOCUMENTS, WriteStamp
from tenure.store.engine import Connection
from tenure.wire import root as roots
from tenure.wire.jwks import jwk_set

WRITE = AccessRule("server:write", frozenset({Role.VENDOR}))
_ROOT = (
    RefusalCode.ROOT_REJECTED, RefusalCode.VERSION_STALE, RefusalCode.MESSAGE_MALFORMED, RefusalCode.MESSAGE_TOO_LARGE,
    RefusalCode.TYPE_UNEXPECTED,
    RefusalCode.EXTENSION_UNKNOWN,
)  # fmt: skip
Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class NextRoot(RequestBody, frozen=True, kw_only=True):
    """The next root document, signed: lines of compact JWS joined by line feeds."""

    document: Annotated[str, msgspec.Meta(min_length=1, max_length=roots.CAP)]


class RootView(msgspec.Struct, frozen=True, kw_only=True):
    """The root document in force."""

    version: int
    fingerprint: str


class RootOperations(ServerOperations):
    """The operations on keys."""

    @operation_at("GET", "/v1/root/{number}", PUBLIC, media_type="application/jose")
    async def read_root(self, number: Number) -> ApiResponse[bytes]:
        """Reads one version of the root document; clients walk them one by one."""
        return await self._read_document(ROOT, number)

    @operation_at("GET", "/v1/sandbox/root/{number}", PUBLIC, media_type="application/jose")
    async def read_sandbox_root(self, number: Number) -> ApiResponse[bytes]:
        """Reads one version of the root document of sandboxes, whose signatures are worthless in production (B5)."""
        return await self._read_document(SANDBOX_ROOT, number)

    async def _read_document(self, name: str, number: int) -> ApiResponse[bytes]:
        edition = require_found(await self._read(lambda conn, now: DOCUMENTS.version(conn, name, number)), "number")
        return ApiResponse(body=edition.body, media_type="application/jose", headers=(("Cache-Control", "public"),))

    @operation_at("GET", "/.well-known/jwks.json", PUBLIC)
    async def read_jwks(self) -> ApiResponse[dict[str, Any]]:
        """Lists the keys that sign leases, for any JWT library (RFC 7517)."""
        keys = jwk_set(self._context.keys.root, self._context.clock())
        return ApiResponse(body=msgspec.json.encode(keys), headers=(("Cache-Control", "public, max-age=3600"),))

    @operation_at("GET", "/v1/sandbox/jwks.json", PUBLIC)
    async def read_sandbox_jwks(self) -> ApiResponse[dict[str, Any]]:
        """Lists the keys that sign the leases of sandboxes, marked: in a set of their own, for no production reader may
        take them (B5)."""
        keys = jwk_set(self._context.keys.sandbox_root, self._context.clock(), sandbox=True)
        return ApiResponse(body=msgspec.json.encode(keys), headers=(("Cache-Control", "public, max-age=3600"),))

    @operation_at("PUT", "/v1/root", WRITE, refusals=_ROOT)
    async def publish_root(self, request: CallerChange, body: NextRoot) -> ApiResponse[RootView]:
        """Publishes the next root document, signed by the thresholds of this one and of the next."""
        current = self._context.keys.root

        def work(conn: Connection, now: Instant) -> ApiResponse[Any]:
            following = accept(roots.step_root(current, body.document.encode()))
            stamp = WriteStamp(request.caller.actor_name, now)
            accept(DOCUMENTS.publish(conn, ROOT, current.version, following.token, stamp))
            return json_response(RootView(version=following.version, fingerprint=following.fingerprint()))

        answer = await self._write(request, work)
        if not request.dry_run:
            await self._context.take_root()
        return answer
