"""Offline exchange: a site without a network asks and is answered by files that people carry ([spec: offline-exchange],
B16).

What is asked and answered is what `sync` and `activation` ask and answer, proven in the same way; here is who may bring
it, and how it is wrapped for the way back.
"""

from typing import Annotated

import msgspec

from tenure.core import codes
from tenure.core.refusals import Code, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal, Rule
from tenure.http.fields import Body
from tenure.http.instants import rfc3339
from tenure.http.operations import Operation, operation
from tenure.server import books, worlds
from tenure.server.activation import Activations
from tenure.server.api.fields import Id
from tenure.server.context import ROOT, SANDBOX_ROOT, Context, tenant_of
from tenure.server.sync import Synchronisation, overtaken_by
from tenure.store import codes as stored_codes
from tenure.store import sites
from tenure.store.catalogue import DOCUMENTS
from tenure.store.engine import Connection
from tenure.wire import answers
from tenure.wire.answers import Asked
from tenure.wire.armour import CAP, armour, read_armour
from tenure.wire.messages import ActivateRequest
from tenure.wire.seal import Typ, typ_of

EXCHANGE = Rule("subscriptions:write")
GOOD_FOR = 30 * DAY
ROOTS = 16
"""Newer root documents that go with an answer."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=CAP)]
_REFUSALS = (
    Code.OFFLINE_OLDER, Code.OFFLINE_OTHER_SITE, Code.OFFLINE_UNKNOWN_SIGNER, Code.OFFLINE_CHANGED_MEANWHILE,
    Code.MESSAGE_MALFORMED, Code.MESSAGE_TOO_LARGE, Code.TYPE_UNEXPECTED, Code.EXTENSION_UNKNOWN, Code.CODE_MALFORMED,
    Code.ENVIRONMENT_MISMATCH, Code.LEDGER_DRIFT,
)  # fmt: skip


class OfflineRequest(Body, frozen=True, kw_only=True):
    """A request as the site wrote it: the text of its file, or its one line."""

    request: Text


class OfflineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to be carried back; empty for a rehearsal."""

    kind: str
    """`synchronisation` or `activation`."""
    product: str
    site: str
    """Empty for a site that activates for the first time."""
    answer: str
    file_name: str
    import_by: str
    """Until when the site takes it."""


class Carried(msgspec.Struct, frozen=True):
    """What a request is about, as far as it was proven."""

    kind: str
    product: str
    site: str
    sandbox: bool
    now: Instant
    """Its provider's: in a sandbox the sandbox's date stands on what is carried."""


class Offline:
    """The one operation."""

    def __init__(self, context: Context, synchronisation: Synchronisation, activations: Activations) -> None:
        self._context, self._synchronisation, self._activations = context, synchronisation, activations

    async def exchange_offline(
        self, caller: Principal, body: OfflineRequest, provider: Id | None = None, dry_run: bool = False
    ) -> Answer[OfflineAnswer] | Refused:
        """Answers a site's request that was carried here; the same request always gets the same answer.

        Good for 30 days and for one import. The site must be one of the caller's own.
        """
        found = read_armour(body.request)
        if isinstance(found, Refused):
            return found
        token = found[0].token
        if typ_of(token) is Typ.ACTIVATE_REQUEST:
            return await self._activate(caller, token, provider, dry_run=dry_run)
        return await self._synchronise(caller, token, provider, dry_run=dry_run)

    async def _synchronise(
        self, caller: Principal, token: bytes, provider: str | None, *, dry_run: bool
    ) -> Answer[OfflineAnswer] | Refused:
        proven = await self._synchronisation.prove(token)
        if isinstance(proven, Refused):
            return _named(proven)
        message = proven.asked.message

        def look(conn: Connection, real: Instant) -> Carried | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            site = sites.of_tenant(conn, tenant.id, message.site)
            if site is None or not tenant.owns(site.customer):
                return Refused(Code.OFFLINE_OTHER_SITE, field="request")
            overtaken = None if site.last_request == message.request else overtaken_by(site, message)
            return overtaken or Carried("synchronisation", site.product, site.id, tenant.provider.sandbox, tenant.now)

        carried: Carried | Refused = await self._context.read(look)
        if isinstance(carried, Refused) or dry_run:
            return carried if isinstance(carried, Refused) else await self._wrapped(carried, b"")
        answer = await self._synchronisation.answer(msgspec.structs.replace(proven, carried=True))
        return answer if isinstance(answer, Refused) else await self._wrapped(carried, answer)

    async def _activate(
        self, caller: Principal, token: bytes, provider: str | None, *, dry_run: bool
    ) -> Answer[OfflineAnswer] | Refused:
        asked = answers.read_activate(token)
        if isinstance(asked, Refused):
            return _named(asked)
        code = codes.parse(asked.message.code)
        if isinstance(code, Refused):
            return _named(code)
        carried = await self._whose(caller, asked, code, provider)
        if isinstance(carried, Refused) or dry_run:
            return carried if isinstance(carried, Refused) else await self._wrapped(carried, b"")
        answer = await self._activations.answer(asked, code, carried=True)
        return answer if isinstance(answer, Refused) else await self._wrapped(carried, answer)

    async def _whose(
        self, caller: Principal, asked: Asked[ActivateRequest], code: codes.ActivationCode, provider: str | None
    ) -> Carried | Refused:
        digest = bytes.fromhex(codes.digest(code, self._context.keys.pepper))

        def look(conn: Connection, real: Instant) -> Carried | Refused:
            tenant = tenant_of(conn, caller, provider, real)
            if isinstance(tenant, Refused):
                return tenant
            found = stored_codes.by_digest(conn, digest)
            customer = None if found is None else books.customer_of(conn, tenant.id, found.subscription)
            # A foreign code cannot be told from none [spec: code-throttle].
            if found is None or found.provider != tenant.id or customer is None or not tenant.owns(customer):
                return Refused(Code.CODE_UNKNOWN, field="request")
            mixed = worlds.mixed(asked.message.world, None, tenant.provider)
            return mixed or Carried("activation", asked.message.product, "", tenant.provider.sandbox, tenant.now)

        answer: Carried | Refused = await self._context.read(look)
        return answer

    async def _wrapped(self, carried: Carried, token: bytes) -> Answer[OfflineAnswer]:
        name = SANDBOX_ROOT if carried.sandbox else ROOT
        roots = await self._context.read(lambda conn, _: DOCUMENTS.all(conn, name)[1:][-ROOTS:])
        told = (("Product", carried.product), ("Site", carried.site or "new"), ("Made", rfc3339(carried.now)))
        blocks = [*(armour("ROOT", each.body) for each in roots), armour("ANSWER", token, told)]
        return made(
            OfflineAnswer(
                kind=carried.kind,
                product=carried.product,
                site=carried.site,
                answer="".join(blocks) if token else "",
                file_name=f"{carried.product}-answer.txt",
                import_by=rfc3339(carried.now + GOOD_FOR),
            )
        )

    def operations(self) -> tuple[Operation, ...]:
        """The operation. The request's own id takes the place of an idempotency key, as in 3.3 and 3.5."""
        return (
            operation(
                "POST", "/v1/offline-exchange", EXCHANGE, self.exchange_offline, exempt=["idempotency_key"],
                refusals=(*_REFUSALS, Code.CODE_UNKNOWN, Code.SERVER_BUSY, Code.KEY_UNKNOWN),
            ),
        )  # fmt: skip


_UNKNOWN_SIGNER = frozenset({Code.KEY_UNKNOWN, Code.SIGNATURE_INVALID})


def _named(refused: Refused) -> Refused:
    """A refusal of the proof, as one of the five causes where it is one."""
    if refused.code in _UNKNOWN_SIGNER:
        return Refused(Code.OFFLINE_UNKNOWN_SIGNER, refused.detail, "request")
    return refused
