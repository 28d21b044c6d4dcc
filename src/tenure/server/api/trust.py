"""The root document and its successors for clients, and the online keys for ordinary JWT readers
[spec: root-document]."""

from typing import Annotated, Any

import msgspec

from tenure.core.policy import Role
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import PUBLIC, Principal, Rule
from tenure.http.fields import Body
from tenure.http.operations import Operation, operation
from tenure.server.context import ROOT, SANDBOX_ROOT, Context
from tenure.store.catalogue import DOCUMENTS, Stamp
from tenure.store.engine import Connection
from tenure.wire import root as roots
from tenure.wire.jwks import jwks

WRITE = Rule("server:write", frozenset({Role.VENDOR}))
_ROOT = (
    Code.ROOT_REJECTED, Code.VERSION_STALE, Code.MESSAGE_MALFORMED, Code.MESSAGE_TOO_LARGE, Code.TYPE_UNEXPECTED,
    Code.EXTENSION_UNKNOWN,
)  # fmt: skip
Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class NextRoot(Body, frozen=True, kw_only=True):
    """The next root document, signed: lines of compact JWS joined by line feeds."""

    document: Annotated[str, msgspec.Meta(min_length=1, max_length=roots.CAP)]


class RootView(msgspec.Struct, frozen=True, kw_only=True):
    """The root document in force."""

    version: int
    fingerprint: str


class Trust:
    """The operations on keys."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_root(self, number: Number) -> Answer[bytes] | Refused:
        """Reads one version of the root document; clients walk them one by one."""
        edition = await self._context.read(lambda conn, now: DOCUMENTS.version(conn, ROOT, number))
        if edition is None:
            return Refused(Code.NOT_FOUND, field="number")
        return Answer(body=edition.body, media_type="application/jose", headers=(("Cache-Control", "public"),))

    async def read_sandbox_root(self, number: Number) -> Answer[bytes] | Refused:
        """Reads one version of the root document of sandboxes, whose signatures are worthless in production (B5)."""
        edition = await self._context.read(lambda conn, now: DOCUMENTS.version(conn, SANDBOX_ROOT, number))
        if edition is None:
            return Refused(Code.NOT_FOUND, field="number")
        return Answer(body=edition.body, media_type="application/jose", headers=(("Cache-Control", "public"),))

    async def read_jwks(self) -> Answer[dict[str, Any]]:
        """Lists the keys that sign leases, for any JWT library (RFC 7517)."""
        keys = jwks(self._context.keys.root, self._context.clock())
        return Answer(body=msgspec.json.encode(keys), headers=(("Cache-Control", "public, max-age=3600"),))

    async def read_sandbox_jwks(self) -> Answer[dict[str, Any]]:
        """Lists the keys that sign the leases of sandboxes, marked: in a set of their own, for no production reader may
        take them (B5)."""
        keys = jwks(self._context.keys.sandbox_root, self._context.clock(), sandbox=True)
        return Answer(body=msgspec.json.encode(keys), headers=(("Cache-Control", "public, max-age=3600"),))

    async def publish_root(
        self, caller: Principal, body: NextRoot, dry_run: bool = False
    ) -> Answer[RootView] | Refused:
        """Publishes the next root document, signed by the thresholds of this one and of the next."""
        current = self._context.keys.root

        def work(conn: Connection, now: Instant) -> Answer[Any] | Refused:
            following = roots.step(current, body.document.encode())
            if isinstance(following, Refused):
                return following
            stamp = Stamp(caller.by, now)
            kept = DOCUMENTS.publish(conn, ROOT, current.version, following.token, stamp)
            if isinstance(kept, Refused):
                return kept
            return made(RootView(version=following.version, fingerprint=following.fingerprint()))

        answer: Answer[RootView] | Refused = await self._context.write(dry_run, work)
        if not dry_run and not isinstance(answer, Refused):
            await self._context.take_root()
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        return (
            operation("GET", "/v1/root/{number}", PUBLIC, self.read_root, media_type="application/jose"),
            operation(
                "GET", "/v1/sandbox/root/{number}", PUBLIC, self.read_sandbox_root, media_type="application/jose"
            ),
            operation("GET", "/.well-known/jwks.json", PUBLIC, self.read_jwks),
            operation("GET", "/v1/sandbox/jwks.json", PUBLIC, self.read_sandbox_jwks),
            operation("PUT", "/v1/root", WRITE, self.publish_root, refusals=_ROOT),
        )
