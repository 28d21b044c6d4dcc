"""Statements from their parts: constants of this folder and question marks; values only ever travel as parameters."""

from collections.abc import Iterable


def join_sql(*parts: str) -> str:
    """One statement."""
    return " ".join(parts)


def question_marks(values: Iterable[object]) -> str:
    """A question mark for each value, in parentheses."""
    return f"({', '.join('?' for _ in values)})"


def all_conditions(conditions: Iterable[str]) -> str:
    """The clause that holds where all `conditions` do."""
    return f"where {' and '.join(conditions) or '1'}"
