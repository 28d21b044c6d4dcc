"""`tenure verify-history` and `tenure checkpoint`: whether what is stored is what was written (B12)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import checkpoints
from tenure.cli.argument_types import Folder, create_file, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept
from tenure.cli.registration import SERVER, add_verb
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.plurals import format_count
from tenure.core.refusals import ExitCode

if TYPE_CHECKING:
    from tenure.server.state_place import StatePlace
    from tenure.store.chain import Checkpoint
    from tenure.store.engine import Connection

FINDING = (
    TableColumn("History", "chain"),
    TableColumn("Link", "seq", "count"),
    TableColumn("Fault", "fault"),
    TableColumn("Seen", "detail"),
)
_CHECKPOINT_CAP = 1024 * 1024 * 1024


class HistoryVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, and every fault; a sound history has none."""

    sound: bool
    chains: int
    links: int
    findings: tuple[Any, ...]
    drift: tuple[Any, ...]
    """Accounts whose balance is not what their postings sum up to."""
    checkpoint_of: int | None
    """Unix second of the checkpoint compared with; none: the ends of the histories were not compared."""


def add(app: App) -> None:
    """Add the two commands."""
    example = "tenure verify-history --folder /srv/tenure --checkpoint monday.checkpoint"
    add_verb(app, "verify-history", LOCAL, group=SERVER, example=example)(verify_history)
    example = "tenure checkpoint --folder /srv/tenure --out monday.checkpoint"
    add_verb(app, "checkpoint", LOCAL, group=SERVER, example=example)(take_checkpoint)


def verify_history(
    session: CommandSession,
    *,
    folder: Folder,
    checkpoint: Annotated[
        Path | None, Parameter(help="A checkpoint kept elsewhere: shows cut ends and histories rewritten as a whole.")
    ] = None,
) -> CommandOutput:
    """Verify every history against its hash chain; may be run while the server runs. Exit code 11 for any fault."""
    from tenure.cli.state import place_of
    from tenure.server.state_place import read_state

    place = place_of(session, folder)
    then = None if checkpoint is None else _read_histories(session, place, checkpoint)
    with session.show_busy("Verifying every link"):
        verdict = accept(read_state(place, lambda connection: _verify_all(connection, then)))
    return make_output(verdict, _print_verdict, ExitCode.DONE if verdict.sound else ExitCode.TRUST)


def take_checkpoint(
    session: CommandSession,
    *,
    folder: Folder,
    out: Annotated[Path, Parameter(help="A new file; keep it off the server.")],
) -> CommandOutput:
    """Sign the current end of every history, to be kept elsewhere and compared later."""
    from tenure.cli.state import place_of
    from tenure.server.state_place import read_state
    from tenure.store import integrity

    place = place_of(session, folder)
    signer = accept(checkpoints.checkpoint_signer(place, session.world.now()))
    payload = accept(
        read_state(place, lambda connection: integrity.checkpoint_payload(connection, session.world.now()))
    )
    create_file(out, checkpoints.write_checkpoint(payload, signer))
    told = f"The heads of all histories are signed in {out}. Keep it where no user of the database can write."
    return make_output({"file": str(out), "at": session.world.now()}, sentence_output(told))


def _verify_all(connection: "Connection", then: "Checkpoint | None") -> HistoryVerdict:
    from tenure.store import integrity

    findings = [
        *integrity.verify_histories(connection),
        *(integrity.verify_against(connection, then) if then else ()),
    ]
    return _make_verdict(
        findings, integrity.drifted_accounts(connection), integrity.checkpoint_payload(connection, 0), then
    )


def _read_histories(session: CommandSession, place: "StatePlace", file: Path) -> "Checkpoint":
    data = read_file(session.world, file, "checkpoint", _CHECKPOINT_CAP)
    return accept(checkpoints.load_checkpoint(data, place))


def _make_verdict(findings: list[Any], drift: list[Any], heads: bytes, then: "Checkpoint | None") -> HistoryVerdict:
    rows = msgspec.json.decode(heads)["heads"]
    return HistoryVerdict(
        sound=not findings and not drift,
        chains=len(rows),
        links=sum(row["seq"] for row in rows),
        findings=tuple(findings),
        drift=tuple(drift),
        checkpoint_of=None if then is None else then.at,
    )


def _print_verdict(screen: CommandScreen, value: Any) -> None:
    checked = f"{format_count(value['links'], 'link')} in {format_count(value['chains'], 'history', 'histories')}"
    if value["sound"]:
        screen.heading(f"Sound: all stored facts are unchanged, {checked}.")
    else:
        screen.heading(f"Not sound: {format_count(len(value['findings']), 'fault')} in {checked}.")
        screen.table(value["findings"], FINDING, "The chains themselves are sound.")
    for each in value["drift"]:
        screen.line(f"The balance of {each['customer']} is not what its postings sum up to.")
    if value["checkpoint_of"] is None:
        screen.line("Ends that were cut off show only against a checkpoint kept elsewhere: --checkpoint FILE.")
