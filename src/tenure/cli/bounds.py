"""`tenure policy-bounds`: what the vendor allows in every provider's policy, and what that cuts."""

from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from tenure.cli.command_session import CommandSession
from tenure.cli.options import CHANGING, READING
from tenure.cli.output import CommandOutput
from tenure.cli.problems import invalid_field
from tenure.cli.registration import SELLING, add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.core.whole_numbers import read_whole_number

PATH = "/v1/policy-bounds"
BOUND = (
    TableColumn("Field", "field"),
    TableColumn("Least", "minimum", "count"),
    TableColumn("Most", "maximum", "count"),
    TableColumn("Locked", "locked"),
    TableColumn("Can be", "widest"),
    TableColumn("Default", "default"),
)
CUT = (
    TableColumn("Provider", "provider_name"),
    TableColumn("Plan", "plan"),
    TableColumn("Field", "field"),
    TableColumn("Published", "published"),
    TableColumn("Holds", "holds"),
)

Set = Annotated[
    tuple[str, ...], Parameter(name="--set", help="One field's bounds: grace_days=7..60, =7.. or =..60; repeatable.")
]
Lock = Annotated[
    tuple[str, ...], Parameter(name="--lock", help="A field for which only the vendor's default is valid.")
]
Free = Annotated[tuple[str, ...], Parameter(name="--free", help="A field that is no longer bounded.")]

_APP = add_noun("policy-bounds", "The vendor's bounds on every policy: show, set.", SELLING)
add = add_words(_APP)


@add_verb(_APP, "show", READING, example="tenure policy-bounds show")
def show_bounds(session: CommandSession) -> CommandOutput:
    """Show the bounds of every policy, and which published figures they cut."""
    return session.get_shown(PATH, _print_bounds)


@add_verb(_APP, "set", CHANGING, example="tenure policy-bounds set --set grace_days=7..60 --lock stop_clock --dry-run")
def set_bounds(session: CommandSession, *, bound: Set = (), lock: Lock = (), free: Free = ()) -> CommandOutput:
    """Publish other bounds for the fields named; the others keep theirs. `--dry-run` shows which figures they cut.

    What a provider published stays published: outside the bounds it is cut to them for periods that begin later.
    """
    found = session.get(PATH)
    rows: list[Any] = msgspec.json.decode(found.body)["bounds"]
    wanted = {
        row["field"]: {name: row[name] for name in ("minimum", "maximum", "locked")}
        for row in rows
        if row["locked"] or row["minimum"] is not None or row["maximum"] is not None
    }
    for each in bound:
        name, limits = _parse_limits(each)
        if limits is None:
            raise invalid_field(f"Bounds are written as grace_days=7..60, =7.. or =..60, not {each[:80]!r}.", "set")
        wanted[name] = wanted.get(name, {"locked": False}) | limits
    for name in lock:
        wanted[name] = wanted.get(name, {}) | {"locked": True}
    for name in free:
        wanted.pop(name, None)
    return session.put(PATH, _print_bounds, {"bounds": wanted})


def _parse_limits(text: str) -> tuple[str, dict[str, int | None] | None]:
    name, _, limits = text.partition("=")
    low, dots, high = limits.partition("..")
    minimum, maximum = read_whole_number(low), read_whole_number(high)
    unreadable = bool(low) == (minimum is None) or bool(high) == (maximum is None)
    if not (name and dots) or unreadable:
        return name, None
    return name, {"minimum": minimum, "maximum": maximum}


def _print_bounds(screen: CommandScreen, value: Any) -> None:
    version = value["version"]
    screen.heading(f"Bounds, version {version}" if version else "Nothing is bounded but by the widest bounds.")
    screen.table([_readable_row(row) for row in value["bounds"]], BOUND)
    if value["cuts"]:
        screen.heading("Published figures that are cut for periods that begin from now on")
        rows = [row | {"published": str(row["published"]), "holds": str(row["holds"])} for row in value["cuts"]]
        screen.table(rows, CUT)


def _readable_row(row: Any) -> Any:
    widest = f"{row['least']} to {row['most']}" if row["most"] is not None else "-"
    locked = "yes" if row["locked"] else ""
    return row | {"widest": widest, "locked": locked, "default": str(row["default"])}
