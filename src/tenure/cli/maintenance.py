"""`tenure rebuild`, `backup` and `restore`: what an operator does with a server's state; loaded only when used."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.argument_types import Folder
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept, invalid_field
from tenure.cli.registration import SERVER, add_verb
from tenure.core.plurals import format_count


def add(app: App) -> None:
    """Add the three commands."""
    add_verb(app, "rebuild", LOCAL, group=SERVER, example="tenure rebuild --folder /srv/tenure")(run_rebuild)
    example = "tenure backup /mnt/backup/monday.db --folder /srv/tenure"
    add_verb(app, "backup", LOCAL, group=SERVER, example=example)(run_backup)
    example = "tenure restore /mnt/backup/monday.db --folder /srv/tenure"
    add_verb(app, "restore", LOCAL, group=SERVER, example=example)(run_restore)


def run_rebuild(session: CommandSession, *, folder: Folder) -> CommandOutput:
    """Compute lists and due dates again from the facts; the server must not be running."""
    from tenure.cli import rebuild
    from tenure.cli.state import place_of

    place = place_of(session, folder)
    with session.show_count() as progress:
        count = accept(asyncio.run(rebuild.rebuild_projections(place, session.world.now(), progress)))
    return make_output(
        {"subscriptions": count},
        sentence_output(
            f"{format_count(count, 'subscription was', 'subscriptions were')} computed again from their facts."
        ),
    )


def run_backup(
    session: CommandSession,
    file: Annotated[Path, Parameter(help="A new file, readable by you alone.")],
    *,
    folder: Folder,
) -> CommandOutput:
    """Copy the database into one file while the server runs; the keys are not in it."""
    from tenure.cli import backups
    from tenure.cli.state import place_of

    if file.exists():
        raise invalid_field(f"There is something at {file} already.", "file")
    with session.show_count("{task.completed:,} pages left") as progress:
        try:
            accept(backups.backup_database(place_of(session, folder), file, progress))
        except OSError as fault:
            raise invalid_field(f"{file} cannot be written: {fault.strerror}.", "file") from fault
    told = (
        f"The database is copied to {file}. The keys are not in it: keep secrets.json elsewhere too, but apart from it."
    )
    return make_output({"file": str(file), "bytes": file.stat().st_size}, sentence_output(told))


def run_restore(
    session: CommandSession,
    file: Annotated[Path, Parameter(help="A file that `tenure backup` made.")],
    *,
    folder: Folder,
) -> CommandOutput:
    """Put a backup in place of the database; the current one is kept next to it. The server must not be running.

    Opens a new epoch, so that sites that have seen more than the backup knows are neither refused nor taken for clones.
    """
    from tenure.cli import backups
    from tenure.cli.state import place_of

    with session.show_count("{task.completed:,} pages left") as progress:
        try:
            done = accept(backups.restore_database(place_of(session, folder), file, session.world.now(), progress))
        except OSError as fault:
            raise invalid_field(f"It cannot be restored: {fault.strerror}.", "file") from fault
    kept = f" The previous one is kept as {done.kept}." if done.kept else ""
    told = f"{file} is in place, in epoch {done.epoch}.{kept} Start the server: sites tell what is missing."
    return make_output(done, sentence_output(told))
