"""`tenure rebuild`, `backup` and `restore`: what an operator does with a server's state; loaded only when used."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.kinds import Folder
from tenure.cli.options import LOCAL
from tenure.cli.output import made, sentence
from tenure.cli.problems import failed, invalid
from tenure.cli.verbs import SERVER, Ended, verb
from tenure.core.plurals import format_count
from tenure.core.refusals import Refused


def add(app: App) -> None:
    """Add the three commands."""
    verb(app, "rebuild", LOCAL, group=SERVER, example="tenure rebuild --folder /srv/tenure")(rebuild)
    example = "tenure backup /mnt/backup/monday.db --folder /srv/tenure"
    verb(app, "backup", LOCAL, group=SERVER, example=example)(backup)
    example = "tenure restore /mnt/backup/monday.db --folder /srv/tenure"
    verb(app, "restore", LOCAL, group=SERVER, example=example)(restore)


def rebuild(desk: Desk, *, folder: Folder) -> Ended:
    """Compute lists and due dates anew from the facts; the server must not be running."""
    from tenure.cli import rebuilding

    with desk.counting() as progress:
        count = asyncio.run(rebuilding.rebuild(Path(folder), desk.world.now(), progress))
    if isinstance(count, Refused):
        return failed(count)
    return made(
        {"subscriptions": count},
        sentence(f"{format_count(count, 'subscription was', 'subscriptions were')} computed anew from their facts."),
    )


def backup(
    desk: Desk, file: Annotated[Path, Parameter(help="A new file, readable by you alone.")], *, folder: Folder
) -> Ended:
    """Copy the database into one file while the server runs; the keys are not in it."""
    from tenure.cli import copies

    if file.exists():
        return invalid(f"There is something at {file} already.", "file")
    with desk.counting("{task.completed:,} pages left") as progress:
        try:
            refused = copies.backup(Path(folder), file, progress)
        except OSError as fault:
            return invalid(f"{file} cannot be written: {fault.strerror}.", "file")
    if refused is not None:
        return failed(refused)
    told = (
        f"The database is copied to {file}. The keys are not in it: keep secrets.json elsewhere too, but apart from it."
    )
    return made({"file": str(file), "bytes": file.stat().st_size}, sentence(told))


def restore(
    desk: Desk, file: Annotated[Path, Parameter(help="A file that `tenure backup` made.")], *, folder: Folder
) -> Ended:
    """Put a backup in place of the database; the present one is kept beside it. The server must not be running.

    Opens a new epoch, so that sites that have seen more than the backup knows are neither refused nor taken for clones.
    """
    from tenure.cli import copies

    with desk.counting("{task.completed:,} pages left") as progress:
        try:
            done = copies.restore(Path(folder), file, desk.world.now(), progress)
        except OSError as fault:
            return invalid(f"It cannot be restored: {fault.strerror}.", "file")
    if isinstance(done, Refused):
        return failed(done)
    kept = f" What was there is kept as {done.kept}." if done.kept else ""
    told = f"{file} is in place, in epoch {done.epoch}.{kept} Start the server: sites tell what is missing."
    return made(done, sentence(told))
