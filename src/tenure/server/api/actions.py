"""What the table of commands is to the API: the body each takes and the command that becomes of it [spec: commands].

How a command is decided, stored and shown is `subscriptions`' and `subscription_service`'s.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from tenure.core.business import commands as c
from tenure.core.business.command_table.row import CommandField, CommandRow, FieldKind
from tenure.core.periods import parse_until
from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.http.bodies import BODY_CAP
from tenure.http.body_types import OptionalLine, RequestBody, line_of
from tenure.http.problems import accept
from tenure.http.timestamps import Moment, instant_of
from tenure.server import policies
from tenure.server.api.fields import Id, LastDay, OutcomeHash
from tenure.server.context import Tenant
from tenure.server.ordering import terms_for
from tenure.store import tenants
from tenure.store.engine import Connection

ALWAYS = (RefusalCode.OUTCOME_CHANGED_MEANWHILE, RefusalCode.LEDGER_DRIFT)
"""What any command may be refused for, its own rules aside."""
LIST_CAP = 512 * 1024
"""Bytes of a request's body, where the usual number does not hold the list that it may name."""
_TYPES: Mapping[FieldKind, Any] = {
    FieldKind.FLAG: bool,
    FieldKind.LAST_DAY: LastDay,
    FieldKind.INSTANT: Moment,
    FieldKind.CODE: Id,
    FieldKind.SITE: Id,
    FieldKind.CUSTOMER: Id,
    FieldKind.OFFER: Id,
}


class ReasonBody(RequestBody, frozen=True, kw_only=True):
    """A command that needs nothing but its reason; `outcome_hash` applies exactly what was previewed."""

    why: OptionalLine = ""
    outcome_hash: OutcomeHash = ""


def body_of(row: CommandRow) -> Any:
    """The type of the body that a command takes: its fields, with their ranges, beside reason and outcome hash."""
    if not row.fields:
        return ReasonBody
    name = "".join(map(str.capitalize, row.name.split("_"))) + "Body"
    body: Any = msgspec.defstruct(
        name,
        [_body_field(field) for field in row.fields],
        bases=(ReasonBody,),
        module=__name__,
        namespace={"__doc__": row.effect},
        frozen=True,
        kw_only=True,
    )
    return body


def body_cap(row: CommandRow) -> int:
    """The most bytes of a command's body."""
    return LIST_CAP if any(field.kind is FieldKind.SITES for field in row.fields) else BODY_CAP


def _body_field(field: CommandField) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind = _field_type(field)
    if field.required:
        return field.name, kind
    return (field.name, kind, False) if field.kind is FieldKind.FLAG else (field.name, kind | None, None)


def _field_type(field: CommandField) -> Any:
    match field.kind:
        case FieldKind.DAYS | FieldKind.DEVICES:
            return Annotated[int, msgspec.Meta(ge=field.least, le=field.most)]
        case FieldKind.TEXT:
            return line_of(field.most)
        case FieldKind.SITES:
            return Annotated[tuple[Id, ...], msgspec.Meta(max_length=field.most)]
        case FieldKind.CHOICE if field.enum is not None:
            return field.enum
        case FieldKind.CHOICE:
            return Annotated[str, msgspec.Meta(pattern=rf"^({'|'.join(field.values)})$(?!\n)")]
        case _:
            return _TYPES[field.kind]


def command_header(tenant: Tenant, body: ReasonBody) -> dict[str, Any]:
    """Who asks, in which role, and why."""
    return {"by": tenant.by, "role": tenant.role, "why": body.why}


def make_command(row: CommandRow, body: ReasonBody, conn: Connection, tenant: Tenant, sub: Subscription) -> c.Command:
    """The command that a body asks for.

    Raises RefusedError with `not_found` for a customer who is not the tenant's, `unknown_plan`.
    """
    given: dict[str, Any] = {}
    for field in row.fields:
        given |= accept(_field_value(conn, tenant, sub, row, field, body))
    command: c.Command = c.COMMAND_TYPES[row.name](**command_header(tenant, body), **given)
    return command


def _field_value(
    conn: Connection, tenant: Tenant, sub: Subscription, row: CommandRow, field: CommandField, body: Any
) -> dict[str, Any] | Refused:
    """What a field is to the command; nothing where it was left out, so that the command's own default holds."""
    value = getattr(body, field.name)
    if value is None:
        return {}
    match field.kind:
        case FieldKind.LAST_DAY:
            value = parse_until(value)
        case FieldKind.INSTANT:
            value = instant_of(value)
        case FieldKind.CUSTOMER:
            value = _own_customer(conn, tenant, row, value)
        case FieldKind.OFFER:
            return _offered_terms(conn, tenant, sub, value, body.devices)
        case FieldKind.DEVICES if row.name == "change_plan":
            return {}  # part of the offered terms
        case _:
            pass
    return value if isinstance(value, Refused) else {field.name: value}


def _own_customer(conn: Connection, tenant: Tenant, row: CommandRow, customer: str) -> str | Refused:
    # Who may not ask is told so by `decide`, and must not learn here which other customers there are.
    permitted = row.action in policies.load_policies(conn, tenant.id).permitted_actions(tenant.role)
    if permitted and tenants.get_customer(conn, tenant.id, customer) is None:
        return Refused(RefusalCode.NOT_FOUND, field="customer")
    return customer


def _offered_terms(
    conn: Connection, tenant: Tenant, sub: Subscription, offer: str, devices: int | None
) -> dict[str, Any] | Refused:
    count = sub.terms_at(tenant.now).devices if devices is None else devices
    found = terms_for(conn, tenant, offer, count)
    return found if isinstance(found, Refused) else {"terms": found.terms, "devices_as_agreed": devices is None}
