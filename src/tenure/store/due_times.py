"""What is due by an instant in a row, also where that was written while the clock was wrong.

How long a pause lasts is left to those that write the instant.
"""

from typing import Any, Final

import sqlalchemy as sa

from tenure.core.timeline import DAY

FARTHEST: Final = 2 * DAY
"""Seconds for which nothing is put off; what is due later was put off by a clock that was ahead."""


def is_due(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Due at `now`, or put off beyond `far`, which is `now` plus `FARTHEST`."""
    return sa.or_(column <= sa.bindparam("now"), column > sa.bindparam("far"))
