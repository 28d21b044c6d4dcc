"""`tenure batch`: many writes from one file, a result for each, with a count of how far it is."""

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.api import Sending
from tenure.cli.desk import Desk
from tenure.cli.kinds import File, read_file
from tenure.cli.options import CREATING
from tenure.cli.output import Output
from tenure.cli.problems import Failed, invalid
from tenure.cli.show import Screen
from tenure.cli.verbs import SELLING, Ended, verb
from tenure.core.refusals import Exit, Refused
from tenure.http.idempotency import content_keys

AT_ONCE = 20
"""Commands of one request: often enough to see how far it is, seldom enough to be quick."""
MOST = 10_000
FILE_CAP = 16 * 1024 * 1024
Commands = Annotated[File, Parameter(help="JSON: a list of {method, path, body}; `-` for standard input.")]


def add(app: App) -> None:
    """Add `tenure batch`."""
    verb(app, "batch", CREATING, group=SELLING, example="tenure batch monday.json --dry-run")(batch)


def batch(desk: Desk, file: Commands) -> Ended:
    """Do the writes of a file one after the other, each by itself; what is refused stops none of the others.

    The same file with the same `--idempotency-key` does again only what was refused.
    """
    if desk.options.preview:
        return invalid("A batch is rehearsed with `--dry-run`.", "preview")
    data = read_file(desk.world, file, most=FILE_CAP)
    commands = data if isinstance(data, Failed) else _commands(data)
    if isinstance(commands, Failed):
        return commands
    key = desk.options.idempotency_key or desk.world.new_key()
    items = run(desk, commands, key)
    return items if isinstance(items, Failed) else _ended(items, key)


def run(desk: Desk, commands: list[Any], key: str) -> list[Any] | Failed:
    """What became of each command, in order; on a terminal it shows how far it is."""
    api = desk.api()
    if isinstance(api, Failed):
        return api
    items: list[Any] = []
    commands = _named(commands, key)
    with desk.counting(f"{{task.completed:,}} of {len(commands):,} done") as progress:
        for begin in range(0, len(commands), AT_ONCE):
            body = {"commands": commands[begin : begin + AT_ONCE]}
            query: dict[str, Any] = {"dry_run": True} if desk.options.dry_run else {}
            answer = api.send(Sending(method="POST", path="/v1/batch", query=query, body=body, key=key, tenant=False))
            if isinstance(answer, Failed):
                return answer
            told = msgspec.json.decode(answer.body)["items"]
            items += [item | {"number": begin + item["number"]} for item in told]
            progress(len(items))
    return items


def _named(commands: list[Any], key: str) -> list[Any]:
    """Each command with a key of its own, over all parts of the file; what is no command is left to the server."""
    sound = [each for each in commands if _nameless(each)]
    said = [(str(each.get("method")), str(each.get("path")), msgspec.json.encode(each.get("body"))) for each in sound]
    keys = iter(content_keys(key, said))
    return [each | {"key": next(keys)} if _nameless(each) else each for each in commands]


def _nameless(command: Any) -> bool:
    return isinstance(command, dict) and not command.get("key")


def _ended(items: list[Any], key: str) -> Output:
    refused = [item for item in items if not item["done"]]
    value = {"done": len(items) - len(refused), "refused": len(refused), "idempotency_key": key, "items": items}
    return Output(msgspec.json.encode(value), _shown, Exit.STATE if refused else Exit.DONE)


def _commands(data: bytes) -> list[Any] | Failed:
    from tenure.wire.strict import parse

    read = parse(data, len(data))
    if isinstance(read, Refused):
        return invalid(f"The file is not JSON: {read.detail}", "file")
    found = read.get("commands") if isinstance(read, dict) else read
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        return invalid(f"The file holds a list of 1 to {MOST:,} commands.", "file")
    return found


def _shown(screen: Screen, value: Any) -> None:
    screen.heading(f"{value['done']:,} done, {value['refused']:,} refused.")
    rows = [
        (str(item["number"]), item["answer"]["code"], item["answer"].get("detail") or item["answer"]["title"])
        for item in value["items"]
        if not item["done"]
    ]
    if rows:
        screen.rows(("No.", "Refused", "Why"), rows)
        screen.line(f"To try these again: the same command with --idempotency-key {value['idempotency_key']}")
