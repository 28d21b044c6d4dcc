"""`tenure database`: what an operator does with the database itself: upgrade its schema, tell of its restore."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from tenure.cli.argument_types import Folder
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import make_output, sentence_output
from tenure.cli.problems import fail_with
from tenure.cli.registration import SERVER, Ended, add_noun, add_verb
from tenure.cli.screen import CommandScreen
from tenure.core.refusals import Refused

_APP = add_noun("database", "The server's database: upgrade, restored.", SERVER)


def add(app: App) -> None:
    """Add `tenure database`."""
    app.command(_APP)


@add_verb(_APP, "upgrade", LOCAL, example="tenure database upgrade --folder /srv/tenure --dry-run")
def upgrade_database(
    session: CommandSession,
    *,
    folder: Folder,
    dry_run: Annotated[bool, Parameter(negative=(), help="Change nothing; show which steps are missing.")] = False,
) -> Ended:
    """Bring the schema to this version, all steps or none; servers of the version before may go on meanwhile.

    On SQLite the server must not be running.
    """
    from tenure.cli.database_changes import upgrade_state
    from tenure.cli.state import place_of

    done = upgrade_state(place_of(session, folder), dry_run=dry_run)
    return fail_with(done) if isinstance(done, Refused) else make_output(done, _print_upgrade)


@add_verb(_APP, "restored", LOCAL, example="tenure database restored --folder /srv/tenure")
def tell_restored(session: CommandSession, *, folder: Folder) -> Ended:
    """Say that PostgreSQL was restored from a backup, before servers start again: it opens a new epoch.

    `tenure restore` does the same for a SQLite file.
    """
    from tenure.cli.database_changes import open_epoch
    from tenure.cli.state import place_of

    epoch = open_epoch(place_of(session, folder), session.world.now())
    if isinstance(epoch, Refused):
        return fail_with(epoch)
    told = f"Epoch {epoch} is open. Start the servers: sites tell what is missing."
    return make_output({"epoch": epoch}, sentence_output(told))


def _print_upgrade(screen: CommandScreen, value: Any) -> None:
    if value["before"] == value["after"]:
        screen.line(f"The schema is up to date ({value['after']}).")
    elif value["dry_run"]:
        screen.line(f"Nothing was done. The schema would go from {value['before']} to {value['after']}.")
    else:
        screen.line(f"The schema went from {value['before']} to {value['after']}.")
