"""What a row that ends by itself was when it was made, for the chain: sessions, invitations, payment requests.

Such a row goes without a word when its time is over, so that one that is gone says nothing; one that is there must be
the one that was made. The links are written by `audit_log`, and compared by `record_checks`.
"""

from typing import Final

import msgspec
import sqlalchemy as sa

from tenure.store.engine import Connection
from tenure.store.schema import invitations, payment_requests, sessions

SESSION, INVITATION, PAYMENT_REQUEST = "session", "invitation", "payment_request"
_KEPT: Final[dict[str, tuple[sa.Column[str], tuple[sa.Column[object], ...]]]] = {
    SESSION: (sessions.c.id, tuple(sessions.c[n] for n in ("digest", "user", "purpose", "created", "expires"))),
    INVITATION: (
        invitations.c.id,
        tuple(
            invitations.c[name]
            for name in ("digest", "mailed", "email", "place", "kind", "provider", "customer", "role", "expires")
        ),
    ),
    PAYMENT_REQUEST: (
        payment_requests.c.id,
        tuple(payment_requests.c[name] for name in ("provider", "customer", "subscription", "reference", "amount")),
    ),
}

KINDS: Final = frozenset(_KEPT)


def recorded_state(conn: Connection, what: str, about: str) -> bytes:
    """What the row of that id says of money and identity; empty when there is none."""
    key, columns = _KEPT[what]
    row = conn.execute(sa.select(*columns).where(key == about)).one_or_none()
    return b"" if row is None else msgspec.json.encode((about, *row))
