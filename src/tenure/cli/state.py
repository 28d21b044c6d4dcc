"""The database of a server in its folder, opened for reading while a server may run; imported only when used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenure.core.refusals import RefusalCode, Refused
from tenure.server.setup import DATABASE
from tenure.store.engine import Connection
from tenure.store.schema import APPLICATION_ID
from tenure.store.sqlite import driver as driver  # type: ignore[attr-defined]  # the store alone chooses the library
from tenure.store.sqlite import open_read_only


@contextmanager
def open_reading(folder: Path) -> Iterator[Connection | Refused]:
    """A connection that sees one moment and can only read; `not_found` or `field_invalid` in its place."""
    path = folder / DATABASE
    refused = refuse_unfit(path)
    if refused is not None:
        yield refused
        return
    with open_read_only(path) as connection, connection.begin():
        yield connection


def refuse_unfit(path: Path) -> Refused | None:
    """None when the file at `path` is a database of Tenure; opening what is not there would make it."""
    if not path.is_file():
        return Refused(RefusalCode.NOT_FOUND, f"There is no {path}.", "folder")
    try:
        opened = driver.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            found = opened.execute("pragma application_id").fetchone()[0]
        finally:
            opened.close()
    except driver.Error as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{path} cannot be read as a database: {fault}.", "folder")
    if found != APPLICATION_ID:
        return Refused(RefusalCode.FIELD_INVALID, f"{path} is not a database of Tenure.", "folder")
    return None
