"""A new activation code shown once to whoever may see it: whether one waits, and the showing [spec: code-storage]."""

from typing import Any, Literal

import msgspec

from tenure.core.refusals import Code, Refused
from tenure.core.timeline import Instant
from tenure.http.answers import Answer, made
from tenure.http.auth import Principal
from tenure.http.idempotency import Ticket
from tenure.http.inputs import Address
from tenure.http.operations import Operation, operation
from tenure.server import books, handing
from tenure.server.api.accounts.places import note
from tenure.server.api.fields import Id
from tenure.server.api.subscriptions import READ, WRITE
from tenure.server.context import Context, Tenant, tenant_of
from tenure.server.views import shown
from tenure.store import waiting
from tenure.store.engine import Connection
from tenure.store.persons import Place


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


class Codes:
    """The operations on a code that waits."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_waiting_code(
        self, caller: Principal, subscription: Id, provider: Id | None = None
    ) -> WaitingCodeView | Refused:
        """Whether the newest activation code can still be shown; never the code itself."""

        def work(conn: Connection, real: Instant) -> WaitingCodeView | Refused:
            found = _whose(conn, caller, provider, subscription, real)
            if isinstance(found, Refused):
                return found
            known = waiting.get(conn, found[0].id, subscription)
            if known is None:
                return WaitingCodeView(state="none")
            state: Any = known.state(real)
            return WaitingCodeView(
                state=state, last_group=known.last_group, until=shown(known.until), shown_at=shown(known.shown_at)
            )

        return await self._context.read(work)

    async def show_code(
        self,
        caller: Principal,
        subscription: Id,
        ticket: Ticket,
        address: Address,
        provider: Id | None = None,
        dry_run: bool = False,
    ) -> Answer[ShownCodeView] | Refused:
        """Shows the newest activation code, once: after this answer the server does not have it any more."""

        def work(conn: Connection, real: Instant) -> Answer[Any] | Refused:
            found = _whose(conn, caller, provider, subscription, real)
            if isinstance(found, Refused):
                return found
            tenant, customer = found
            told = handing.show(conn, self._context, tenant, subscription, real)
            if isinstance(told, Refused):
                return told
            code, last_group = told
            note(
                conn, Place(tenant.id, customer), caller, address, "code_shown", f"{subscription}: …{last_group}", real
            )
            view = ShownCodeView(
                subscription=subscription, activation_code="" if dry_run else code, last_group=last_group
            )
            return made(view)

        answer: Answer[ShownCodeView] | Refused = await self._context.once(ticket, dry_run, work, secret=True)
        return answer

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        one = "/v1/subscriptions/{subscription}/code"
        return (
            operation("GET", one, READ, self.read_waiting_code),
            operation("POST", one, WRITE, self.show_code, refusals=[Code.CODE_NOT_WAITING]),
        )


def _whose(
    conn: Connection, caller: Principal, named: str | None, subscription: str, real: Instant
) -> tuple[Tenant, str] | Refused:
    """(tenant, customer) of a subscription that the caller may see; a foreign one is `not_found`, like none."""
    tenant = tenant_of(conn, caller, named, real)
    if isinstance(tenant, Refused):
        return tenant
    customer = books.customer_of(conn, tenant.id, subscription)
    if customer is None or not tenant.owns(customer):
        return Refused(Code.NOT_FOUND, field="subscription")
    return tenant, customer
