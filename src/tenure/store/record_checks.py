"""Compares customers, providers, payment settings, users, tokens and credit limits with the last link about each.

An edit with SQL leaves no link in the chain `records`, so that the last one about a row no longer has its digest. The
links are written by `audit_log`.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from tenure.store import audit_log, ending_rows, payments, provider_chain, schema, tenants, tokens, users
from tenure.store.audit_log import RecordedEvent
from tenure.store.chain import ChainFault, ChainFinding
from tenure.store.engine import Connection
from tenure.store.schema import accounts
from tenure.store.schema import provider_links as links
from tenure.store.sessions import SecretPurpose

T = TypeVar("T")
LIMIT_SET = "CreditLimitSet"
_ABOUT = {
    "customer_created": "customer",
    "customer_changed": "customer",
    "provider_created": "provider",
    "provider_changed": "provider",
    "brand_changed": "provider",
    "payment_settings_changed": "gateway",
    "gateway_secret_rotated": "gateway",
    "token_made": "token",
    "token_withdrawn": "token",
    "joined": "membership",
    "role_changed": "membership",
    "user_removed": "membership",
    "account_made": "account",
    "account_removed": "account",
    "password_changed": "account",
    "password_reset": "account",
    "second_factor_set": "account",
    "second_factor_removed": "account",
    "signed_in": ending_rows.SESSION,
    "password_reset_asked": ending_rows.SESSION,
    "invited": ending_rows.INVITATION,
    "payment_requested": ending_rows.PAYMENT_REQUEST,
}
"""Audit event, and the kind of row that it changes."""


class RecordedLimit(msgspec.Struct, frozen=True):
    """Of a fact about a credit limit, what the account must agree with."""

    customer: str
    limit: int


_LINKS = (
    sa.select(links.c.provider, links.c.seq, links.c.kind, links.c.recorded_at, links.c.body)
    .where(links.c.topic == provider_chain.RECORDS)
    .order_by(links.c.provider, links.c.seq)
    .execution_options(yield_per=1000)
)
_MADE = (
    ("customer", sa.select(schema.customers.c.id, schema.customers.c.provider)),
    ("provider", sa.select(schema.providers.c.id, schema.providers.c.id)),
    ("gateway", sa.select(schema.gateways.c.provider, schema.gateways.c.provider)),
    ("token", sa.select(schema.tokens.c.id, schema.tokens.c.provider)),
    ("membership", sa.select(schema.memberships.c.id, schema.memberships.c.provider)),
    ("account", sa.select(schema.users.c.id, sa.literal(""))),
    # Half a sign-in opens nothing by itself: it asks for the second factor of whomever it names.
    (
        ending_rows.SESSION,
        sa.select(schema.sessions.c.id, sa.literal("")).where(schema.sessions.c.purpose != SecretPurpose.SECOND_FACTOR),
    ),
    (ending_rows.INVITATION, sa.select(schema.invitations.c.id, schema.invitations.c.provider)),
    (ending_rows.PAYMENT_REQUEST, sa.select(schema.payment_requests.c.id, schema.payment_requests.c.provider)),
)
_TEAMS = schema.memberships.c
_ASTRAY = sa.select(_TEAMS.id, _TEAMS.provider).where(
    _TEAMS.place != sa.func.coalesce(_TEAMS.customer, _TEAMS.provider, users.VENDOR)
)
_FOREIGN_MONEY = (
    sa.select(accounts.c.customer, accounts.c.provider)
    .outerjoin(schema.providers, schema.providers.c.id == accounts.c.provider)
    .outerjoin(
        schema.customers,
        sa.and_(schema.customers.c.id == accounts.c.customer, schema.customers.c.provider == accounts.c.provider),
    )
    .where(sa.or_(schema.providers.c.currency.is_distinct_from(accounts.c.currency), schema.customers.c.id.is_(None)))
)
_PENNILESS = (
    sa.select(schema.customers.c.id, schema.customers.c.provider)
    .outerjoin(accounts, accounts.c.customer == schema.customers.c.id)
    .where(accounts.c.customer.is_(None))
)
_LIMITS = sa.select(accounts.c.provider, accounts.c.customer, accounts.c.credit_limit)


def verify_records(conn: Connection) -> Iterator[ChainFinding]:
    """Every row that is not what the last link about it left; and every limit that no fact set."""
    last: dict[tuple[str, str, str], tuple[int, int, str]] = {}
    open_now = set(conn.scalars(sa.select(schema.sessions.c.id)))
    limits: dict[tuple[str, str], tuple[int, int]] = {}
    for provider, seq, kind, at, body in conn.execute(_LINKS):
        if kind == LIMIT_SET:
            left = _read_record(body, RecordedLimit)
            if left is not None:
                limits[provider, left.customer] = (seq, left.limit)
        elif kind in _ABOUT:
            recorded = _read_record(body, RecordedEvent)
            if recorded is None or not recorded.about:
                continue
            # Of the sessions of years only those that are open are compared, so only they are held in memory.
            if _ABOUT[kind] != ending_rows.SESSION or recorded.about in open_now:
                last[provider, _ABOUT[kind], recorded.about] = (seq, at, recorded.state)
    for about, team in conn.execute(_ASTRAY):
        yield _difference(team or "", 0, f"membership {about} stands in another team than it is of")
    for customer, seller in conn.execute(_FOREIGN_MONEY):
        yield _difference(seller, 0, f"the account of {customer} is not its provider's, or has another currency")
    for customer, seller in conn.execute(_PENNILESS):
        yield _difference(seller, 0, f"the account of {customer} is gone")
    yield from _changed_rows(conn, last)
    yield from _rows_without_link(conn, {(what, about) for _, what, about in last})
    for provider, customer, limit in conn.execute(_LIMITS):
        seq, left_at = limits.get((provider, customer), (0, 0))
        if limit != left_at:
            yield _difference(provider, seq, f"the credit limit of {customer} is {limit}, it was set to {left_at}")


def _changed_rows(conn: Connection, last: dict[tuple[str, str, str], tuple[int, int, str]]) -> Iterator[ChainFinding]:
    """Rows that are not what the newest link about them left.

    An account's links lie in the chain of its own team, which may become another: the newest of all counts.
    """
    newest: dict[tuple[str, str], int] = {}
    for (_, what, about), (_, at, _) in last.items():
        newest[what, about] = max(at, newest.get((what, about), 0))
    states: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    for (provider, what, about), (seq, at, state) in last.items():
        if at == newest[what, about]:
            states.setdefault((what, about), []).append((provider, seq, state))
    for (what, about), found in states.items():
        provider, seq, _ = found[0]
        if what in ending_rows.KINDS and not ending_rows.recorded_state(conn, what, about):
            continue  # over: it was accepted, withdrawn, or its time came
        if audit_log.state_digest(_current_state(conn, provider, what, about)) not in {state for _, _, state in found}:
            yield _difference(provider, seq, f"{what} {about} was changed outside Tenure")


def _rows_without_link(conn: Connection, explained: set[tuple[str, str]]) -> Iterator[ChainFinding]:
    """Rows about which there is no link at all: they were not made through Tenure."""
    for what, rows in _MADE:
        for about, provider in conn.execute(rows):
            if (what, about) not in explained:
                yield _difference(provider or "", 0, f"{what} {about} was made outside Tenure")


def _read_record(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # altered, which the chain itself reports


def _current_state(conn: Connection, provider: str, what: str, about: str) -> bytes:
    """What stands there now; empty when it is gone."""
    if what in ending_rows.KINDS:
        return ending_rows.recorded_state(conn, what, about)
    if what == "customer":
        customer = tenants.get_customer(conn, provider, about)
        return b"" if customer is None else tenants.customer_state(customer)
    if what == "provider":
        found = tenants.get_provider(conn, about)
        return b"" if found is None else tenants.provider_state(found)
    if what == "gateway":
        return payments.gateway_state(payments.get_gateway(conn, about))
    if what == "membership":
        part = users.get_membership(conn, about)
        return b"" if part is None else users.membership_state(part)
    if what == "account":
        user = users.get_user(conn, about)
        return b"" if user is None else users.user_state(user)
    token = tokens.by_id(conn, provider or None, about)
    return b"" if token is None else tokens.recorded_state(token)


def _difference(provider: str, seq: int, detail: str) -> ChainFinding:
    return ChainFinding(provider_chain.name_of(provider, provider_chain.RECORDS), seq, ChainFault.DIFFERS, detail)
