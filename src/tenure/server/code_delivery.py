"""Handing a new activation code to its customer: sealed until it is shown once, and a mail that leads there
[spec: code-storage].

Drawing codes is `ordering`'s, what they may do is the core's.
"""

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.subscription.fold import Subscription
from tenure.core.timeline import DAY, Instant
from tenure.http.outgoing.smtp import is_mailbox
from tenure.http.timestamps import format_rfc3339
from tenure.server.context import ServerContext, Tenant
from tenure.server.messages.composing import common_values
from tenure.server.values import CustomerValue
from tenure.store import emails, pending_codes, tenants
from tenure.store.engine import Connection
from tenure.store.pending_codes import WaitingCode

WAITS = 14 * DAY
"""Longer than a week's holiday and a mail that went to the wrong user first; a customer who comes later is given a new
code.

Every day more is a day on which a stolen database and secret file together hold codes that work.
"""


def queue_code(
    conn: Connection,
    context: ServerContext,
    tenant: Tenant,
    sub: Subscription,
    code: str,
    real: Instant,
    *,
    in_mail: bool | None = None,
) -> None:
    """The newest code of `sub` waits to be shown once, and its customer is written to, if an address is known.

    `in_mail`: whether the offer lets the code go by mail; None: as the order's did.
    """
    before = pending_codes.get_code(conn, tenant.id, sub.id) if in_mail is None else None
    mailed = bool(before and before.in_mail) if in_mail is None else in_mail
    new = WaitingCode(
        subscription=sub.id,
        provider=tenant.id,
        last_group=sub.codes[-1].last_group,
        sealed=pending_codes.seal_code(context.safe, sub.id, code),
        in_mail=int(mailed),
        created=real,
        until=real + WAITS,
    )
    pending_codes.save_code(conn, new)
    _write_email(conn, context, tenant, sub, new, code if mailed else "")


def show_code(
    conn: Connection, context: ServerContext, tenant: Tenant, name: str, real: Instant
) -> tuple[str, str] | Refused:
    """(code, its last group) of the tenant's subscription, this once; refuses `code_not_waiting`."""
    known = pending_codes.get_code(conn, tenant.id, name)
    if known is None:
        return Refused(RefusalCode.CODE_NOT_WAITING)
    state = known.current_state(real)
    if state == "shown":
        return Refused(RefusalCode.CODE_NOT_WAITING, f"It was shown at {format_rfc3339(known.shown_at or 0)}.")
    if state == "expired":
        return Refused(RefusalCode.CODE_NOT_WAITING, f"It waited until {format_rfc3339(known.until)}.")
    code = known.reveal_code(context.safe)
    if code is None:
        return Refused(
            RefusalCode.CODE_NOT_WAITING, "It cannot be opened: the server's secret file is another one now."
        )
    if not pending_codes.mark_shown(conn, known, real):
        return Refused(RefusalCode.CODE_NOT_WAITING, f"It was shown at {format_rfc3339(real)}.")
    return code, known.last_group


def _write_email(
    conn: Connection, context: ServerContext, tenant: Tenant, sub: Subscription, waits: WaitingCode, code: str
) -> None:
    row = tenants.get_customer(conn, tenant.id, sub.customer)
    customer = None if row is None else msgspec.json.decode(row.body, type=CustomerValue)
    if row is None or customer is None or not is_mailbox(customer.email):
        return
    values = common_values(conn, context, tenant.provider, sub, tenant.now) | {
        "customer": row.name,
        "last_group": waits.last_group,
        "expires": format_rfc3339(waits.until),
        "link": f"{context.portal_url}/subscriptions/{sub.id}/code" if context.portal_url else "",
        **({"activation_code": code} if code else {}),
    }
    emails.add_email(conn, context.safe, tenant.id, customer.email, "code_waiting", values, waits.created)
