"""Offline exchange: a site without a network asks and is answered by files that people carry ([spec: offline-exchange],
B16).

What is asked and answered is what `sync` and `activation` ask and answer, proven in the same way; here is who may bring
it, and how it is wrapped for the way back.
"""

from typing import Annotated, TypeVar

import msgspec

from tenure.core import activation_codes
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import DAY, Instant
from tenure.http.auth import AccessRule
from tenure.http.body_types import RequestBody
from tenure.http.operation_groups import operation_at
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.timestamps import format_rfc3339
from tenure.http.views import copy_fields
from tenure.server import account_repository, environments
from tenure.server.activation import ActivationService
from tenure.server.activation_values import TypedCode
from tenure.server.api.operations import ServerOperations, TenantChange
from tenure.server.context import ROOT, SANDBOX_ROOT, ServerContext, Tenant
from tenure.server.sync import SyncService
from tenure.server.sync_reply import overtaken_by
from tenure.store import codes as stored_codes
from tenure.store import sites
from tenure.store.catalog import DOCUMENTS
from tenure.store.engine import Connection
from tenure.wire import exchanges
from tenure.wire.armor import CAP, armor_message, read_armor
from tenure.wire.exchanges import ProvenRequest
from tenure.wire.jws import TokenType, typ_of
from tenure.wire.messages import ActivateRequest

T = TypeVar("T")
EXCHANGE = AccessRule("subscriptions:write")
GOOD_FOR = 30 * DAY
ROOTS = 16
"""Newer root documents that go with an answer."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=CAP)]
_REFUSALS = (
    RefusalCode.OFFLINE_OLDER, RefusalCode.OFFLINE_OTHER_SITE, RefusalCode.OFFLINE_UNKNOWN_SIGNER,
    RefusalCode.OFFLINE_CHANGED_MEANWHILE,
    RefusalCode.MESSAGE_MALFORMED, RefusalCode.MESSAGE_TOO_LARGE, RefusalCode.TYPE_UNEXPECTED,
    RefusalCode.EXTENSION_UNKNOWN, RefusalCode.CODE_MALFORMED,
    RefusalCode.ENVIRONMENT_MISMATCH, RefusalCode.LEDGER_DRIFT,
    RefusalCode.CODE_UNKNOWN, RefusalCode.SERVER_BUSY, RefusalCode.KEY_UNKNOWN,
)  # fmt: skip


class OfflineRequest(RequestBody, frozen=True, kw_only=True):
    """A request as the site wrote it: the text of its file, or its one line."""

    request: Text


class OfflineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to be carried back; empty for a dry run."""

    kind: str
    """`synchronization` or `activation`."""
    product: str
    site: str
    """Empty for a site that activates for the first time."""
    answer: str
    file_name: str
    import_by: str
    """Until when the site takes it."""


class CarriedQuestion(msgspec.Struct, frozen=True):
    """What a request is about, as far as it was proven."""

    kind: str
    product: str
    site: str
    sandbox: bool
    now: Instant
    """Its provider's: in a sandbox the sandbox's date stands on what is carried."""


class OfflineExchange(ServerOperations):
    """The one operation."""

    def __init__(self, context: ServerContext, synchronization: SyncService, activations: ActivationService) -> None:
        super().__init__(context)
        self._synchronization, self._activations = synchronization, activations

    @operation_at("POST", "/v1/offline-exchange", EXCHANGE, exempt=["idempotency_key"], refusals=_REFUSALS)
    async def exchange_offline(self, request: TenantChange, body: OfflineRequest) -> ApiResponse[OfflineAnswer]:
        """Answers a site's request that was carried here; the same request always gets the same answer.

        Good for 30 days and for one import. The site must be one of the caller's own.
        """
        found = accept(read_armor(body.request))
        token = found[0].token
        if typ_of(token) is TokenType.ACTIVATE_REQUEST:
            return await self._answer_activation(request, token)
        return await self._answer_sync(request, token)

    async def _answer_sync(self, request: TenantChange, token: bytes) -> ApiResponse[OfflineAnswer]:
        proven = accept(_name_cause(await self._synchronization.prove_request(token)))
        message = proven.asked.message

        def look(conn: Connection, tenant: Tenant) -> CarriedQuestion | Refused:
            site = sites.of_tenant(conn, tenant.id, message.site)
            if site is None or not tenant.may_see(site.customer):
                return Refused(RefusalCode.OFFLINE_OTHER_SITE, field="request")
            if site.last_request != message.request:
                accept(overtaken_by(site, message))
            return CarriedQuestion("synchronization", site.product, site.id, tenant.provider.sandbox, tenant.now)

        carried = await self._read_as(request, look)
        if request.dry_run:
            return await self._wrap_answer(carried, b"")
        answer = await self._synchronization.answer_request(msgspec.structs.replace(proven, carried=True))
        return await self._wrap_answer(carried, accept(answer))

    async def _answer_activation(self, request: TenantChange, token: bytes) -> ApiResponse[OfflineAnswer]:
        asked = accept(_name_cause(exchanges.read_activate(token)))
        code = accept(_name_cause(activation_codes.parse_code(asked.message.code)))
        carried = await self._owner_of(request, asked, code)
        if request.dry_run:
            return await self._wrap_answer(carried, b"")
        answer = await self._activations.answer_request(TypedCode(asked=asked, code=code, carried=True))
        return await self._wrap_answer(carried, accept(answer))

    async def _owner_of(
        self, request: TenantChange, asked: ProvenRequest[ActivateRequest], code: activation_codes.ActivationCode
    ) -> CarriedQuestion:
        digest = bytes.fromhex(activation_codes.code_digest(code, self._context.keys.pepper))

        def look(conn: Connection, tenant: Tenant) -> CarriedQuestion | Refused:
            found = stored_codes.by_digest(conn, digest)
            customer = None if found is None else account_repository.customer_of(conn, tenant.id, found.subscription)
            # A foreign code cannot be told from none [spec: code-throttle].
            if found is None or found.provider != tenant.id or customer is None or not tenant.may_see(customer):
                return Refused(RefusalCode.CODE_UNKNOWN, field="request")
            accept(environments.refuse_mixed(asked.message.world, None, tenant.provider))
            return CarriedQuestion("activation", asked.message.product, "", tenant.provider.sandbox, tenant.now)

        return await self._read_as(request, look)

    async def _wrap_answer(self, carried: CarriedQuestion, token: bytes) -> ApiResponse[OfflineAnswer]:
        name = SANDBOX_ROOT if carried.sandbox else ROOT
        roots = await self._read(lambda conn, _: DOCUMENTS.all(conn, name)[1:][-ROOTS:])
        told = (("Product", carried.product), ("Site", carried.site or "new"), ("Made", format_rfc3339(carried.now)))
        blocks = [*(armor_message("ROOT", each.body) for each in roots), armor_message("ANSWER", token, told)]
        return json_response(
            copy_fields(
                OfflineAnswer,
                carried,
                answer="".join(blocks) if token else "",
                file_name=f"{carried.product}-answer.txt",
                import_by=format_rfc3339(carried.now + GOOD_FOR),
            )
        )


_UNKNOWN_SIGNER = frozenset({RefusalCode.KEY_UNKNOWN, RefusalCode.SIGNATURE_INVALID})


def _name_cause(found: T | Refused) -> T | Refused:
    """What was found; a refusal of the proof as one of the five causes where it is one."""
    if isinstance(found, Refused) and found.code in _UNKNOWN_SIGNER:
        return Refused(RefusalCode.OFFLINE_UNKNOWN_SIGNER, found.detail, "request")
    return found
