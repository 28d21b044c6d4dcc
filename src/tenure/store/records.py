"""Compares customers, providers, payment settings, tokens and credit limits with the last link about each of them.

An edit with SQL leaves no link in the chain `records`, so that the last one about a row no longer has its digest. The
links are written by `trail`.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from tenure.store import chronicle, payments, people, tokens, trail
from tenure.store.chain import Fault, Finding
from tenure.store.engine import Connection
from tenure.store.schema import accounts
from tenure.store.schema import chronicle as links
from tenure.store.trail import Recorded

T = TypeVar("T")
LIMIT_SET = "CreditLimitSet"
_ABOUT = {
    "customer_created": "customer",
    "customer_changed": "customer",
    "provider_created": "provider",
    "brand_changed": "provider",
    "payment_settings_changed": "gateway",
    "gateway_secret_rotated": "gateway",
    "token_made": "token",
    "token_withdrawn": "token",
}
"""What a deed changes."""


class LimitLeft(msgspec.Struct, frozen=True):
    """Of a fact about a credit limit, what the account must agree with."""

    customer: str
    limit: int


_LINKS = (
    sa.select(links.c.provider, links.c.seq, links.c.kind, links.c.body)
    .where(links.c.topic == chronicle.RECORDS)
    .order_by(links.c.provider, links.c.seq)
    .execution_options(yield_per=1000)
)
_LIMITS = sa.select(accounts.c.provider, accounts.c.customer, accounts.c.credit_limit)


def verify(conn: Connection) -> Iterator[Finding]:
    """Every row that is not what the last link about it left; and every limit that no fact set."""
    last: dict[tuple[str, str, str], tuple[int, str]] = {}
    limits: dict[tuple[str, str], tuple[int, int]] = {}
    for provider, seq, kind, body in conn.execute(_LINKS):
        if kind == LIMIT_SET:
            left = _read(body, LimitLeft)
            if left is not None:
                limits[provider, left.customer] = (seq, left.limit)
        elif kind in _ABOUT:
            recorded = _read(body, Recorded)
            if recorded is not None and recorded.state:
                last[provider, _ABOUT[kind], recorded.about] = (seq, recorded.state)
    for (provider, what, about), (seq, state) in last.items():
        if trail.digest(_state(conn, provider, what, about)) != state:
            yield _differs(provider, seq, f"{what} {about} was changed outside Tenure")
    for provider, customer, limit in conn.execute(_LIMITS):
        seq, left_at = limits.get((provider, customer), (0, 0))
        if limit != left_at:
            yield _differs(provider, seq, f"the credit limit of {customer} is {limit}, it was set to {left_at}")


def _read(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None  # altered, which the chain itself reports


def _state(conn: Connection, provider: str, what: str, about: str) -> bytes:
    """What stands there now; empty when it is gone."""
    if what == "customer":
        customer = people.customer(conn, provider, about)
        return b"" if customer is None else people.customer_state(customer)
    if what == "provider":
        found = people.provider(conn, about)
        return b"" if found is None else people.provider_state(found)
    if what == "gateway":
        return payments.gateway_state(payments.gateway(conn, about))
    token = tokens.by_id(conn, provider or None, about)
    return b"" if token is None else tokens.state(token)


def _differs(provider: str, seq: int, detail: str) -> Finding:
    return Finding(chronicle.name_of(provider, chronicle.RECORDS), seq, Fault.DIFFERS, detail)
