"""`tenure database move`: the state of a server from its SQLite file into PostgreSQL, verified, or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server.state_place import DATABASE, SETTINGS, StatePlace, open_state, refuse_unfit
from tenure.store import copying
from tenure.store.engine import Database
from tenure.store.sqlite import lock_writer, open_lite

Progress = Callable[[int, int], None]
"""Hears how many rows are copied, of how many."""


class MovedState(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a move."""

    rows: int
    kept: str
    """Where the file is now: no server opens it under that name by mistake."""
    settings: str
    """The settings that name the database now; empty where there are none beside the file."""


async def move_state(file: Path, url: str, variable: str, now: Instant, progress: Progress) -> MovedState | Refused:
    """The state in `file`, in the database at `url`; begun again after a kill it goes on where it was.

    Refuses `folder_in_use` while the server runs, what cannot be opened, and a target that is not empty.
    """
    refused = refuse_unfit(file)
    lock = refused if refused is not None else lock_writer(file)
    if isinstance(lock, Refused):
        return lock
    try:  # no server writes into the file before it has its other name
        rows = await _copy_file(file, lock, StatePlace(file.parent, url, variable), progress)
        if isinstance(rows, Refused):
            return rows
        settings = _name_database(file.parent, url) if file.name == DATABASE else ""
        kept = _set_aside(file, now)
    finally:
        os.close(lock)
    return MovedState(rows=rows, kept=str(kept), settings=settings)


async def _copy_file(file: Path, lock: int, place: StatePlace, progress: Progress) -> int | Refused:
    """How many rows of the file are at `place` now, all of them."""
    source = open_lite(file, lock=lock)
    if isinstance(source, Refused):
        return source
    try:
        target = await open_state(place, make=True, copying=True)
        if isinstance(target, Refused):
            return target
        try:
            return await _copy_all(source, target, progress)
        finally:
            await target.close()
    finally:
        await source.close()


async def _copy_all(source: Database, target: Database, progress: Progress) -> int | Refused:
    digest = await source.read(copying.state_digest)
    total = sum((await source.read(copying.count_rows)).values())
    if await _is_done(target, digest):
        return total
    begun = await target.write(copying.begin_copy, digest)
    if isinstance(begun, Refused):
        return msgspec.structs.replace(begun, field="database")
    done = sum((await target.read(copying.count_rows)).values())
    for table in copying.TABLES:
        key = await target.read(copying.last_key, table)
        while rows := await source.read(copying.rows_after, table, key):
            written = await target.write(copying.write_rows, table, rows)
            if isinstance(written, Refused):
                return written
            key = copying.key_of(table, rows[-1])
            done += len(rows)
            progress(done, total)
    finished = await target.write(copying.finish_copy, digest, await source.read(copying.read_database_facts))
    return msgspec.structs.replace(finished, field="database") if isinstance(finished, Refused) else total


async def _is_done(target: Database, digest: str) -> bool:
    """Whether an earlier run has finished the copy and was killed before it set the file aside."""
    return not await target.read(copying.is_copy_unfinished) and await target.read(copying.state_digest) == digest


def _name_database(folder: Path, url: str) -> str:
    """Write the URL into the settings beside the file; not one that came by the environment, which names it still."""
    path = folder / SETTINGS
    if not url or not path.exists():
        return ""
    value = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode({**value, "database": url}), indent=2) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    return str(path)


def _set_aside(file: Path, now: Instant) -> Path:
    """The file under another name."""
    kept = file.with_name(f"{file.name}.moved-{now}")
    file.rename(kept)
    for ending in ("-wal", "-shm"):
        log = file.with_name(file.name + ending)
        if log.exists():
            log.rename(kept.with_name(kept.name + ending))
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # or a machine that fails now would go on with the file, beside what PostgreSQL has by then
    finally:
        os.close(folder)
    return kept


def refuse_target(url: str, variable: str) -> Refused | None:
    """`field_invalid` where no database is named to move to."""
    if url or variable:
        return None
    return Refused(RefusalCode.FIELD_INVALID, "Name the database: postgresql://user@host/database?….", "target")
