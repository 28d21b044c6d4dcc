"""Sums of whole numbers are whole numbers on both databases: PostgreSQL adds them up to a decimal."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tenure.store.dialects import whole_sum
from tenure.store.schema import entries

STORE = Path(__file__).parents[2] / "src" / "tenure" / "store"


def test_a_sum_is_cast_to_a_whole_number() -> None:
    for window in (None, {}, {"order_by": entries.c.account}):
        statement = sa.select(whole_sum(entries.c.amount, window))
        told = str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert told.startswith("SELECT CAST(sum(entries.amount)")
        assert "AS BIGINT)" in told


def test_the_store_adds_up_in_that_way_alone() -> None:
    found = [path.name for path in STORE.rglob("*.py") if "func.sum(" in path.read_text()]
    assert found == ["dialects.py"]
