"""The few kinds of column there are, the same on both databases; which tables use them is said elsewhere.

SQLite's STRICT tables take INTEGER, TEXT and BLOB only. Instants are whole Unix seconds, money is in minor units,
both 64 bit; truth is 0 or 1. Text is compared byte by byte: PostgreSQL would otherwise sort by the language of its
database, where ids come in another order than code and cursors count on.
"""

from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLLATION = "C"
"""Of every text column on PostgreSQL: byte by byte as SQLite does, whatever language the database was made for."""
TEXT = sa.Text().with_variant(sa.Text(collation=COLLATION), "postgresql")
BYTES = sa.LargeBinary()

STRICT: dict[str, Any] = {"sqlite_strict": True}
KEYED: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""For small rows found by their key only: the table is its index."""


def text_column(*about: Any, key: bool = False) -> sa.Column[str]:
    """Words, names, ids."""
    return sa.Column(TEXT, *about, nullable=False, primary_key=key)


def maybe_text(*about: Any) -> sa.Column[str | None]:
    """Words that may be missing."""
    return sa.Column(TEXT, *about, nullable=True)


def integer_column(*about: Any, key: bool = False) -> sa.Column[int]:
    """Instants, counts, minor units, 0 or 1."""
    return sa.Column(WHOLE, *about, nullable=False, primary_key=key, autoincrement=False)


def maybe_whole(*about: Any) -> sa.Column[int | None]:
    """A whole number or instant that may be missing."""
    return sa.Column(WHOLE, *about, nullable=True)


def added_text(before: str) -> sa.Column[str]:
    """Words that a later version added: `before` is what they were in rows of an earlier one."""
    return sa.Column(TEXT, nullable=False, server_default=before)


def added_whole(before: int) -> sa.Column[int]:
    """A whole number that a later version added: `before` is what it was in rows of an earlier one."""
    return sa.Column(WHOLE, nullable=False, server_default=str(before))


def bytes_column(*about: Any, key: bool = False) -> sa.Column[bytes]:
    """Bytes kept exactly as they came."""
    return sa.Column(BYTES, *about, nullable=False, primary_key=key)


def maybe_octets(*about: Any) -> sa.Column[bytes | None]:
    """Bytes that may be missing."""
    return sa.Column(BYTES, *about, nullable=True)


def foreign_key(column: str) -> sa.ForeignKey:
    """A reference that nothing may leave dangling."""
    return sa.ForeignKey(column)
