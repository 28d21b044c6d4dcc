"""A new activation code, shown once to a caller who may see it: whether one waits, and the showing
[spec: code-storage]."""

from typing import Any, Literal

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.http.operation_groups import operation_at
from tenure.http.problems import RefusedError, accept
from tenure.http.responses import ApiResponse, json_response
from tenure.http.views import copy_fields
from tenure.server import account_repository, code_delivery
from tenure.server.api.accounts.places import record_audit
from tenure.server.api.fields import Id
from tenure.server.api.operations import ServerOperations, TenantPost, TenantQuery
from tenure.server.api.subscriptions import READ, WRITE
from tenure.server.context import Tenant
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
    async def read_waiting_code(self, request: TenantQuery, subscription: Id) -> WaitingCodeView:
        """Whether the newest activation code can still be shown; never the code itself."""

        def work(conn: Connection, tenant: Tenant) -> WaitingCodeView:
            _owner_of(conn, tenant, subscription)
            known = pending_codes.get_code(conn, tenant.id, subscription)
            if known is None:
                return WaitingCodeView(state="none")
            return copy_fields(WaitingCodeView, known, state=known.current_state(tenant.real))

        return await self._read_as(request, work)

    @operation_at("POST", "/v1/subscriptions/{subscription}/code", WRITE, refusals=[RefusalCode.CODE_NOT_WAITING])
    async def show_code(self, request: TenantPost, subscription: Id) -> ApiResponse[ShownCodeView]:
        """Shows the newest activation code, once: after this answer the server does not have it any more."""

        def work(conn: Connection, tenant: Tenant) -> ApiResponse[Any]:
            place = TeamPlace(tenant.id, _owner_of(conn, tenant, subscription))
            code, last_group = accept(code_delivery.show_code(conn, self._context, tenant, subscription, tenant.real))
            record_audit(conn, place, request, "code_shown", f"{subscription}: …{last_group}", tenant.real)
            shown = "" if request.dry_run else code
            return json_response(ShownCodeView(subscription=subscription, activation_code=shown, last_group=last_group))

        return await self._write_as(request, work, secret=True)


def _owner_of(conn: Connection, tenant: Tenant, subscription: str) -> str:
    """The customer of a subscription that the caller may see; raises `not_found` for a foreign one, like for none."""
    customer = account_repository.customer_of(conn, tenant.id, subscription)
    if customer is None or not tenant.may_see(customer):
        raise RefusedError(Refused(RefusalCode.NOT_FOUND, field="subscription"))
    return customer
