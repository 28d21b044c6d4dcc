"""`tenure verify-history` and `tenure checkpoint`: whether what is stored is what was written (B12)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli import checkpoints
from tenure.cli.desk import Desk
from tenure.cli.kinds import Folder, create, read_file
from tenure.cli.options import LOCAL
from tenure.cli.output import made, sentence
from tenure.cli.problems import Failed, failed
from tenure.cli.show import Column, Screen
from tenure.cli.verbs import SERVER, Ended, verb
from tenure.core.plurals import format_count
from tenure.core.refusals import Exit, Refused

if TYPE_CHECKING:
    from tenure.store.chain import Checkpoint

FINDING = (
    Column("History", "chain"),
    Column("Link", "seq", "count"),
    Column("Fault", "fault"),
    Column("Seen", "detail"),
)
_CHECKPOINT_CAP = 1024 * 1024 * 1024


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and every fault; a sound history has none."""

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
    verb(app, "verify-history", LOCAL, group=SERVER, example=example)(verify_history)
    example = "tenure checkpoint --folder /srv/tenure --out monday.checkpoint"
    verb(app, "checkpoint", LOCAL, group=SERVER, example=example)(take_checkpoint)


def verify_history(
    desk: Desk,
    *,
    folder: Folder,
    checkpoint: Annotated[
        Path | None, Parameter(help="A checkpoint kept elsewhere: shows cut ends and histories rewritten as a whole.")
    ] = None,
) -> Ended:
    """Verify every history against its hash chain; may be run beside the running server. Exit code 11 for any fault."""
    from tenure.cli.state import reading
    from tenure.store import audit

    then = None if checkpoint is None else _read(desk, Path(folder), checkpoint)
    if isinstance(then, Failed):
        return then
    with desk.busy("Verifying every link"), reading(Path(folder)) as connection:
        if isinstance(connection, Refused):
            return failed(connection)
        findings = [*audit.verify(connection), *(audit.verify_against(connection, then) if then else ())]
        drift = audit.drift(connection)
        heads = audit.checkpoint(connection, 0)
    verdict = _verdict(findings, drift, heads, then)
    return made(verdict, _show, Exit.DONE if verdict.sound else Exit.TRUST)


def take_checkpoint(
    desk: Desk,
    *,
    folder: Folder,
    out: Annotated[Path, Parameter(help="A new file; keep it off the server.")],
) -> Ended:
    """Sign where every history stands now, to be kept elsewhere and compared later."""
    from tenure.cli.state import reading
    from tenure.store import audit

    signer = checkpoints.signer(Path(folder), desk.world.now())
    if isinstance(signer, Refused):
        return failed(signer)
    with reading(Path(folder)) as connection:
        if isinstance(connection, Refused):
            return failed(connection)
        payload = audit.checkpoint(connection, desk.world.now())
    fault = create(out, checkpoints.write(payload, signer))
    if fault is not None:
        return fault
    told = f"The heads of all histories are signed in {out}. Keep it where nobody who can write the database can."
    return made({"file": str(out), "at": desk.world.now()}, sentence(told))


def _read(desk: Desk, folder: Path, file: Path) -> "Checkpoint | Failed":
    data = read_file(desk.world, file, "checkpoint", _CHECKPOINT_CAP)
    if isinstance(data, Failed):
        return data
    read = checkpoints.read(data, folder)
    return failed(read) if isinstance(read, Refused) else read


def _verdict(findings: list[Any], drift: list[Any], heads: bytes, then: "Checkpoint | None") -> Verdict:
    rows = msgspec.json.decode(heads)["heads"]
    return Verdict(
        sound=not findings and not drift,
        chains=len(rows),
        links=sum(row["seq"] for row in rows),
        findings=tuple(findings),
        drift=tuple(drift),
        checkpoint_of=None if then is None else then.at,
    )


def _show(screen: Screen, value: Any) -> None:
    looked = f"{format_count(value['links'], 'link')} in {format_count(value['chains'], 'history', 'histories')}"
    if value["sound"]:
        screen.heading(f"Sound: what was written is there unchanged, {looked}.")
    else:
        screen.heading(f"Not as it was written: {format_count(len(value['findings']), 'fault')} in {looked}.")
        screen.table(value["findings"], FINDING, "The chains themselves are sound.")
    for each in value["drift"]:
        screen.line(f"The balance of {each['customer']} is not what its postings sum up to.")
    if value["checkpoint_of"] is None:
        screen.line("Ends that were cut off show only against a checkpoint kept elsewhere: --checkpoint FILE.")
