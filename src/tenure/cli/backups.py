"""Copies of a server's SQLite file: one made while it is written, and one put back in a new epoch
[spec: epoch, restored-server].

The epoch is left in the table `meta` under `epoch_floor`: every lease signed from now on carries at least that one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.server import key_rotation, keyring
from tenure.server.context import ROOT
from tenure.server.setup import SECRETS
from tenure.server.state_place import DATABASE, StatePlace, driver, refuse_unfit
from tenure.store.sqlite import lock_writer

PAGES = 2_000
"""Pages copied at a time, between which the server writes on."""

_EPOCHS = (
    "select max(seen) from (select max(epoch) as seen from sites"
    " union all select cast(value as integer) from meta where key = 'epoch_floor')"
)
_SET_FLOOR = (
    "insert into meta (key, value) values ('epoch_floor', ?) on conflict (key) do update set value = excluded.value"
)
_LOOK_AT_EACH = "update sites set revision = 0"
"""Every site's next synchronization is processed in full, so that it gets a lease of the new epoch."""
_ROOTS = "select body from documents where name = ? order by version"

_BACKUP = "back it up with its own programs (pg_dump --schema, pg_basebackup, or an archive of its log)."
_RESTORE = (
    "stop the servers, restore it with its own programs, and say so with `tenure database restored`, which opens a new "
    "epoch."
)
Progress = Callable[[int], None]
"""Hears how many pages are left."""


class RestoreResult(msgspec.Struct, frozen=True):
    """What a restore did: the epoch it opened, and where the former database is kept (empty: there was none)."""

    epoch: Instant
    kept: str


def backup_database(place: StatePlace, file: Path, progress: Progress) -> Refused | None:
    """The database in one new file, mode 0600, checked and durable. Raises OSError; refuses what cannot be copied."""
    source = place.file
    return _refuse_elsewhere(place, _BACKUP) or refuse_unfit(source) or _copy_database(source, file, progress)


def restore_database(within: StatePlace, file: Path, now: Instant, progress: Progress) -> RestoreResult | Refused:
    """The backup in place of the database, in an epoch above every one seen.

    Refuses `server_busy` while the server runs, `folder_unlockable` where that cannot be told, `not_found` and
    `field_invalid` for a file that is no backup, and
    `root_rejected` for one whose keys are not in the folder's secret file.
    """
    folder = within.folder
    refused = _refuse_elsewhere(within, _RESTORE) or refuse_unfit(file) or _refuse_foreign(folder, file)
    if refused is not None:
        return refused
    place, fresh = folder / DATABASE, folder / f"{DATABASE}.new"
    with _refuse_in_use(place) as prevented:
        if prevented is not None:
            return prevented
        fresh.unlink(missing_ok=True)
        damaged = _copy_database(file, fresh, progress)
        if damaged is not None:
            return damaged
        epoch = max(now, 1 + max(_greatest_epoch(fresh), _greatest_epoch(place)))
        with closing(driver.connect(str(fresh))) as opened, opened:
            opened.execute(_SET_FLOOR, (str(epoch),))
            opened.execute(_LOOK_AT_EACH)
        _sync_file(fresh)
        kept = _set_aside(place, now)
        fresh.replace(place)
        _sync_file(folder)
    return RestoreResult(epoch, kept)


def _refuse_elsewhere(place: StatePlace, remedy: str) -> Refused | None:
    """None where the state is a file; these copies are of no use to PostgreSQL."""
    target = place.find_target()
    if target is None or isinstance(target, Refused):
        return target
    return Refused(RefusalCode.FIELD_INVALID, f"The state is in PostgreSQL: {remedy} It is {target.name}.", "database")


def _copy_database(source: Path, file: Path, progress: Progress) -> Refused | None:
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(driver.connect(str(source))) as reader, closing(driver.connect(str(file))) as writer:
            reader.backup(writer, pages=PAGES, progress=lambda status, left, total: progress(left))
            # One file by itself: no separate log file that could be forgotten or mixed up.
            writer.execute("pragma journal_mode=delete").fetchall()
            verdict = writer.execute("pragma quick_check").fetchone()[0]
    except driver.Error as fault:
        file.unlink(missing_ok=True)
        return Refused(RefusalCode.FIELD_INVALID, f"{source} cannot be copied: {fault}.", "file")
    if verdict != "ok":
        file.unlink(missing_ok=True)
        return Refused(RefusalCode.FIELD_INVALID, f"{source} is damaged: {verdict}.", "file")
    _sync_file(file)
    return None


def _refuse_foreign(folder: Path, file: Path) -> Refused | None:
    """None when the folder's secret file holds keys of the backup's root document."""
    secrets = keyring.read_secrets(folder / SECRETS)
    if isinstance(secrets, Refused):
        return secrets
    walked = key_rotation.verify_versions([row[0] for row in _select_rows(file, _ROOTS, (ROOT,))])
    if isinstance(walked, Refused):
        return walked
    if not {key.kid for key in secrets.keys} & {key.kid for key in walked[-1].document.keys}:
        return Refused(
            RefusalCode.ROOT_REJECTED, f"The backup belongs to other keys than those in {folder / SECRETS}.", "file"
        )
    return None


def _greatest_epoch(path: Path) -> Instant:
    """The greatest epoch that the database knows; 0 where nothing can be read, as after the damage that is repaired."""
    if refuse_unfit(path) is not None:
        return 0
    try:
        return int(_select_rows(path, _EPOCHS)[0][0] or 0)
    except driver.Error:
        return 0


def _select_rows(path: Path, statement: str, values: tuple[str, ...] = ()) -> list[Any]:
    with closing(driver.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
        return list(opened.execute(statement, values))


@contextmanager
def _refuse_in_use(place: Path) -> Iterator[Refused | None]:
    """None while no server has the database open for writing, and none can start; else why that cannot be told."""
    handle = lock_writer(place)
    if isinstance(handle, Refused):
        running = Refused(RefusalCode.FOLDER_IN_USE, "The server is running; stop it first.", "folder")
        yield running if handle.code is RefusalCode.FOLDER_IN_USE else handle
        return
    try:
        yield None
    finally:
        os.close(handle)


def _set_aside(place: Path, now: Instant) -> str:
    """The present database under another name, its log with it: applied to the restored file it would destroy it."""
    if not place.exists():
        return ""
    wished = place.with_name(f"{place.name}.before-{now}")
    others = (wished.with_name(f"{wished.name}-{number}") for number in count(2))
    aside = next(name for name in chain([wished], others) if not name.exists())
    for ending in ("-wal", "-shm"):
        log = place.with_name(place.name + ending)
        if log.exists():
            log.rename(aside.with_name(aside.name + ending))
    os.link(place, aside)
    return str(aside)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
