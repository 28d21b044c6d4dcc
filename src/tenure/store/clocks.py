"""Statements over rows of many providers whose instants are to be compared with one clock [spec: sandbox].

Production has one clock; each sandbox has its own, and no job of another clock may touch its rows.
"""

from typing import Any

import sqlalchemy as sa

from tenure.store.schema import providers

_SANDBOXES = sa.select(providers.c.id).where(providers.c.sandbox == 1)


def by_clock(statement: Any, provider: sa.ColumnElement[str]) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """The SELECT `statement` for all production, and for the one sandbox that its parameter `tenant` names.

    `provider` is the column that says whose a row is.
    """
    return statement.where(provider.not_in(_SANDBOXES)), statement.where(provider == sa.bindparam("tenant"))
