"""A new activation code, shown once to a caller who may see it: whether one waits, and the showing
[spec: code-storage]."""

from typing import Any, Literal

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.auth import Principal
from tenure.http.idempotency import IdempotentRequest
from tenure.http.inputs import Address
from tenure.http.operation_groups import operation_at
from tenure.http.responses import ApiResponse, json_response
from tenure.server import account_repository, code_delivery
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.subscriptions import READ, WRITE
from tenure.server.context import ServerOperations, Tenant, tenant_of
from tenure.server.views import optional_rfc3339
from tenure.store import pending_codes
from tenure.store.engine import Connection
from tenure.store.users import TeamPlace


class WaitingCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the newest code can still be shown."""

    state: Literal["waiting", "shown", "expired", "none"]
    last_group: str = ""
    until: str | None = None
    """Until when it waits, or waited."""
    shown_at: str | None = None


class ShownCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """The activation code, in this answer only; a dry run leaves it out."""

    subscription: str
    activation_code: str
    last_group: str


class CodeOperations(ServerOperations):
    """The operations on a code that waits."""

    @operation_at("GET", "/v1/subscriptions/{subscription}/code", READ)
    async def read_waiting_code(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> WaitingCodeView | Refused:
        """Whether the newest activation code can still be shown; never the code itself."""

        def work(conn: Connection, real: Instant) -> WaitingCodeView | Refused:
            found = _owner_of(conn, caller, provider, subscription, real)
            if isinstance(found, Refused):
                return found
            known = pending_codes.get_code(conn, found[0].id, subscription)
            if known is None:
                return WaitingCodeView(state="none")
            state: Any = known.current_state(real)
            return WaitingCodeView(
                state=state,
                last_group=known.last_group,
                until=optional_rfc3339(known.until),
                shown_at=optional_rfc3339(known.shown_at),
            )

        return await self._context.read_tx(work)

    @operation_at("POST", "/v1/subscriptions/{subscription}/code", WRITE, refusals=[RefusalCode.CODE_NOT_WAITING])
    async def show_code(
        self,
        caller: Principal,
        subscription: Id,
        ticket: IdempotentRequest,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> ApiResponse[ShownCodeView] | Refused:
        """Shows the newest activation code, once: after this answer the server does not have it any more."""

        def work(conn: Connection, real: Instant) -> ApiResponse[Any] | Refused:
            found = _owner_of(conn, caller, provider, subscription, real)
            if isinstance(found, Refused):
                return found
            tenant, customer = found
            told = code_delivery.show_code(conn, self._context, tenant, subscription, real)
            if isinstance(told, Refused):
                return told
            code, last_group = told
            record_audit(
                conn,
                TeamPlace(tenant.id, customer),
                caller,
                address,
                "code_shown",
                f"{subscription}: …{last_group}",
                real,
            )
            view = ShownCodeView(
                subscription=subscription, activation_code="" if dry_run else code, last_group=last_group
            )
            return json_response(view)

        return await self._context.run_once(ticket, dry_run, work, secret=True)


def _owner_of(
    conn: Connection, caller: Principal, named: str | None, subscription: str, real: Instant
) -> tuple[Tenant, str] | Refused:
    """(tenant, customer) of a subscription that the caller may see; a foreign one is `not_found`, like none."""
    tenant = tenant_of(conn, caller, named, real)
    if isinstance(tenant, Refused):
        return tenant
    customer = account_repository.customer_of(conn, tenant.id, subscription)
    if customer is None or not tenant.may_see(customer):
        return Refused(RefusalCode.NOT_FOUND, field="subscription")
    return tenant, customer
