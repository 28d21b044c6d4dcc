"""A fresh SQLite database as a copy of one that was made before: making all tables anew takes ten times as long."""

import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from tenure.core.refusals import Refused
from tenure.store.prepare import prepare_database
from tenure.store.sqlite import SqliteDatabase, open_lite


@cache
def template() -> bytes:
    """The file of an empty database, made by the store itself once in each process."""
    with tempfile.TemporaryDirectory(prefix="tenure-") as folder:
        path = Path(folder) / "template.db"
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            assert prepare_database(connection) is None
        engine.dispose()
        return path.read_bytes()


def open_fresh(path: Path, file: bytes = b"", **bounds: int) -> SqliteDatabase | Refused:
    """`open_lite`, on a copy of `file` (by default an empty database) where there is none yet."""
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(file or template())
    return open_lite(path, None, **bounds)
