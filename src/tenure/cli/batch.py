"""`tenure batch`: many writes from one file, a result for each, with a count of how far it is."""

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import CliRequest
from tenure.cli.argument_types import File, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import CREATING
from tenure.cli.output import CommandOutput
from tenure.cli.problems import invalid_field
from tenure.cli.registration import SELLING, add_verb
from tenure.cli.screen import CommandScreen
from tenure.core.refusals import ExitCode, Refused
from tenure.http.idempotency import content_keys

AT_ONCE = 20
"""Commands of one request: often enough to see how far it is, seldom enough to be quick."""
MOST = 10_000
FILE_CAP = 16 * 1024 * 1024
Commands = Annotated[File, Parameter(help="JSON: a list of {method, path, body}; `-` for standard input.")]


def add(app: App) -> None:
    """Add `tenure batch`."""
    add_verb(app, "batch", CREATING, group=SELLING, example="tenure batch monday.json --dry-run")(run_batch_file)


def run_batch_file(session: CommandSession, file: Commands) -> CommandOutput:
    """Do the writes of a file one after the other, each by itself; a refused one does not stop the others.

    The same file with the same `--idempotency-key` does again only what was refused.
    """
    if session.options.preview:
        raise invalid_field("Dry-run a batch with `--dry-run`.", "preview")
    commands = _read_commands(read_file(session.world, file, most=FILE_CAP))
    key = session.options.idempotency_key or session.world.new_key()
    items = run_commands(session, commands, key)
    return _all_failed(items, key)


def run_commands(session: CommandSession, commands: list[Any], key: str) -> list[Any]:
    """What became of each command, in order; on a terminal it shows how far it is."""
    api = session.api()
    items: list[Any] = []
    commands = _with_keys(commands, key)
    with session.show_count(f"{{task.completed:,}} of {len(commands):,} done") as progress:
        for begin in range(0, len(commands), AT_ONCE):
            body = {"commands": commands[begin : begin + AT_ONCE]}
            query: dict[str, Any] = {"dry_run": True} if session.options.dry_run else {}
            answer = api.send(
                CliRequest(method="POST", path="/v1/batch", query=query, body=body, key=key, tenant=False)
            )
            told = msgspec.json.decode(answer.body)["items"]
            items += [item | {"number": begin + item["number"]} for item in told]
            progress(len(items))
    return items


def _with_keys(commands: list[Any], key: str) -> list[Any]:
    """Each command with a key of its own, over all parts of the file; what is no command is left to the server."""
    sound = [each for each in commands if _without_key(each)]
    said = [(str(each.get("method")), str(each.get("path")), msgspec.json.encode(each.get("body"))) for each in sound]
    keys = iter(content_keys(key, said))
    return [each | {"key": next(keys)} if _without_key(each) else each for each in commands]


def _without_key(command: Any) -> bool:
    return isinstance(command, dict) and not command.get("key")


def _all_failed(items: list[Any], key: str) -> CommandOutput:
    refused = [item for item in items if not item["done"]]
    value = {"done": len(items) - len(refused), "refused": len(refused), "idempotency_key": key, "items": items}
    return CommandOutput(msgspec.json.encode(value), _show_result, ExitCode.STATE if refused else ExitCode.DONE)


def _read_commands(data: bytes) -> list[Any]:
    from tenure.wire.strict_json import parse_json

    read = parse_json(data, len(data))
    if isinstance(read, Refused):
        raise invalid_field(f"The file is not JSON: {read.detail}", "file")
    found = read.get("commands") if isinstance(read, dict) else read
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise invalid_field(f"The file holds a list of 1 to {MOST:,} commands.", "file")
    return found


def _show_result(screen: CommandScreen, value: Any) -> None:
    screen.heading(f"{value['done']:,} done, {value['refused']:,} refused.")
    rows = [
        (str(item["number"]), item["answer"]["code"], item["answer"].get("detail") or item["answer"]["title"])
        for item in value["items"]
        if not item["done"]
    ]
    if rows:
        screen.rows(("No.", "Refused", "Why"), rows)
        screen.line(f"To try these again: the same command with --idempotency-key {value['idempotency_key']}")
