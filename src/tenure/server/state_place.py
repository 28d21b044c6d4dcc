"""Where a server's state is: the SQLite file in its folder, or the PostgreSQL database that its settings name.

Every program and command that opens it does so here, so that all go by the same order: `--database`, then
`TENURE_DATABASE`, then `database` in `server.json`, then the file.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server.settings import read_settings
from tenure.store.engine import Connection, Database
from tenure.store.postgres_target import PostgresTarget, read_target
from tenure.store.prepare import Upgrade
from tenure.store.schema import APPLICATION_ID
from tenure.store.sqlite import driver as driver  # type: ignore[attr-defined]  # the store alone chooses the library
from tenure.store.sqlite import open_lite, open_read_only

DATABASE, SETTINGS = "tenure.db", "server.json"
VARIABLE = "TENURE_DATABASE"
T = TypeVar("T")


class StatePlace(NamedTuple):
    """A server's folder, and what was said of its database outside of the settings."""

    folder: Path
    option: str = ""
    """The value of `--database`."""
    variable: str = ""
    """The value of `TENURE_DATABASE`, the one place where a password may stand in the URL."""

    @property
    def file(self) -> Path:
        """The SQLite file, where no PostgreSQL database is named."""
        return self.folder / DATABASE

    def find_target(self) -> PostgresTarget | Refused | None:
        """The PostgreSQL database; None: it is the file. Refuses as `read_settings` and `read_target`."""
        if self.option:
            return read_target(self.option, self.folder)
        if self.variable:
            return read_target(self.variable, self.folder, allows_password=True)
        if not (self.folder / SETTINGS).exists():
            return None
        settings = read_settings(self.folder / SETTINGS)
        if isinstance(settings, Refused) or not settings.database:
            return settings if isinstance(settings, Refused) else None
        return read_target(settings.database, self.folder)


def find_place(folder: Path, environment: Mapping[str, str]) -> StatePlace:
    """Where the state of the server in `folder` is, as settings and environment say."""
    return StatePlace(folder, variable=environment.get(VARIABLE, ""))


async def open_state(
    place: StatePlace,
    upgrade: Upgrade | None = None,
    *,
    make: bool = False,
    copying: bool = False,
    now: Instant | None = None,
) -> Database | Refused:
    """The state, opened for writing; `make`: an empty place becomes a new database. Refuses as both databases do.

    `copying`: an unfinished copy is opened, too, to be finished (`store.copying`).
    """
    target = place.find_target()
    if isinstance(target, Refused):
        return target
    if target is not None:
        from tenure.store.postgres import open_postgres  # noqa: PLC0415 - its driver is an extra

        return await open_postgres(target, upgrade, make=make, copying=copying, now=now)
    missing = None if make else refuse_unfit(place.file)
    return missing if missing is not None else open_lite(place.file, upgrade)


def read_state(place: StatePlace, work: Callable[[Connection], T]) -> T | Refused:
    """What `work` finds, all of it as of one moment, while servers may run; for programs without an event loop.

    Refuses what is missing, `not_found`, and what cannot be read.
    """
    target = place.find_target()
    if isinstance(target, Refused):
        return target
    if target is not None:
        return asyncio.run(_read_postgres(target, work))
    refused = refuse_unfit(place.file)
    if refused is not None:
        return refused
    try:
        with open_read_only(place.file) as connection, connection.begin():
            return work(connection)
    except sa.exc.DatabaseError as fault:
        told = f"{place.file} is not a database of Tenure: {fault.orig}."
        return Refused(RefusalCode.FIELD_INVALID, told, "folder")


async def _read_postgres(target: PostgresTarget, work: Callable[[Connection], T]) -> T | Refused:
    from tenure.store.postgres import open_postgres  # noqa: PLC0415 - its driver is an extra

    db = await open_postgres(target, make=False)
    if isinstance(db, Refused):
        return db
    try:
        return await db.read(work)
    finally:
        await db.close()


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
