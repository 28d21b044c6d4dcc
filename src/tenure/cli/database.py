"""`tenure database`: what an operator does with the database itself: upgrade its schema, tell of its restore."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tenure.cli.argument_types import Folder
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept, explain_folder
from tenure.cli.registration import SERVER, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen
from tenure.core.plurals import format_count
from tenure.core.refusals import Refused

_APP = add_noun("database", "The server's database: move, upgrade, restored.", SERVER)
add = add_words(_APP)


@add_verb(_APP, "upgrade", LOCAL, example="tenure database upgrade --folder /srv/tenure --dry-run")
def upgrade_database(
    session: CommandSession,
    *,
    folder: Folder,
    dry_run: Annotated[bool, Parameter(negative=(), help="Change nothing; show which steps are missing.")] = False,
) -> CommandOutput:
    """Bring the schema to this version, all steps or none; servers of the version before may go on meanwhile.

    On SQLite the server must not be running.
    """
    from tenure.cli.database_changes import upgrade_state
    from tenure.cli.state import place_of

    return make_output(accept(upgrade_state(place_of(session, folder), dry_run=dry_run)), _print_upgrade)


@add_verb(_APP, "move", LOCAL, example="tenure database move tenure.db 'postgresql://tenure@db/tenure?passfile=pgpass'")
def move_database(
    session: CommandSession,
    file: Annotated[Path, Parameter(help="The SQLite file of a server that does not run.")],
    target: Annotated[
        str, Parameter(help="postgresql://user@host/database?…, whose schema is empty [env: TENURE_DATABASE].")
    ] = "",
) -> CommandOutput:
    """Move a server's state into PostgreSQL, verified chain by chain. Killed and begun again, it goes on where it was.

    Paths in the URL are relative to the file's folder. Afterwards the settings there name the database, and the file is
    kept under another name.
    """
    from tenure.cli import database_move
    from tenure.server.state_place import VARIABLE

    variable = session.world.env.get(VARIABLE, "")
    accept(database_move.refuse_target(target, variable))
    with session.show_share("rows") as progress:
        moved = asyncio.run(database_move.move_state(file, target, variable, session.world.now(), progress))
    if isinstance(moved, Refused):
        raise explain_folder(moved, "server", "FILE")
    return make_output(moved, _print_move)


@add_verb(_APP, "restored", LOCAL, example="tenure database restored --folder /srv/tenure")
def tell_restored(session: CommandSession, *, folder: Folder) -> CommandOutput:
    """Say that PostgreSQL was restored from a backup, before servers start again: it opens a new epoch.

    `tenure restore` does the same for a SQLite file.
    """
    from tenure.cli.database_changes import open_epoch
    from tenure.cli.state import place_of

    epoch = accept(open_epoch(place_of(session, folder), session.world.now()))
    told = f"Epoch {epoch} is open. Start the servers: sites tell what is missing."
    return make_output({"epoch": epoch}, sentence_output(told))


def _print_move(screen: CommandScreen, value: Any) -> None:
    screen.heading(f"{format_count(value['rows'], 'row is', 'rows are')} in PostgreSQL, and every chain is the same.")
    screen.line(f"The file is kept as {value['kept']}.")
    named = f"{value['settings']} names the database now." if value["settings"] else "Give its URL to the server."
    screen.line(f"{named} Start the server.")


def _print_upgrade(screen: CommandScreen, value: Any) -> None:
    if value["before"] == value["after"]:
        screen.line(f"The schema is up to date ({value['after']}).")
    elif value["dry_run"]:
        screen.line(f"Nothing was done. The schema would go from {value['before']} to {value['after']}.")
    else:
        screen.line(f"The schema went from {value['before']} to {value['after']}.")
