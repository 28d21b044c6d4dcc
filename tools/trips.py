"""Writes into docs/architecture.md what follows from other places: the table of layers, and a diagram for each trip.

A trip is a table of calls (`from`, `to`, `call`); the layers are `tools/house.py`'s. `--check` only compares.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.house import ROOMS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"

_CALL = re.compile(r"^\| `([\w.]+)` \| `([\w.]+)` \| (?:`([\w.]+)`|((?:GET|POST) /\S+)) \|$")
_LAYERS = re.compile(r"(<!-- layers: [^>]*-->\n)(.*?)(<!-- end -->)", re.DOTALL)
_DIAGRAM = re.compile(r"(<!-- diagram -->\n)(.*?)(<!-- end -->\n)(.*?)(?=\n#|\Z)", re.DOTALL)


class Call(NamedTuple):
    """One row of a trip."""

    caller: str
    """Module."""
    called: str
    """Module."""
    name: str
    """Full dotted path of the function; empty for a route."""
    route: str

    @property
    def label(self) -> str:
        """The call as the diagram shows it."""
        return self.route or self.name.removeprefix(self.called + ".")


def calls(section: str) -> list[Call]:
    """The rows of the table in a section, in order."""
    found = (_CALL.match(line) for line in section.splitlines())
    return [Call(row[1], row[2], row[3] or "", row[4] or "") for row in found if row]


def trips(text: str) -> Iterator[list[Call]]:
    """Each trip of the page."""
    return (calls(match[4]) for match in _DIAGRAM.finditer(text))


def diagram(trip: list[Call]) -> str:
    """The trip as a Mermaid sequence diagram."""
    modules = list(dict.fromkeys(module for call in trip for module in (call.caller, call.called)))
    short = {module: f"m{number}" for number, module in enumerate(modules)}
    lines = ["```mermaid", "sequenceDiagram", "    autonumber"]
    lines += [f"    participant {short[module]} as {module.removeprefix('tenure.')}" for module in modules]
    for call in trip:
        arrow = "-)" if call.route else "->>"
        lines.append(f"    {short[call.caller]}{arrow}{short[call.called]}: {call.label}")
    return "\n".join([*lines, "```"]) + "\n"


def layers() -> str:
    """The layers as a table: what each may import of ours, and why."""
    lines = ["| layer | may import | why |", "|---|---|---|"]
    for name, room in ROOMS.items():
        if not name.startswith("__"):
            ours = ", ".join(f"`{each}`" for each in sorted(room.ours)) or "none of ours"
            lines.append(f"| `{name}` | {ours} | {room.why} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with everything drawn again."""
    text = _LAYERS.sub(lambda match: match[1] + layers() + match[3], text)
    return _DIAGRAM.sub(lambda match: match[1] + diagram(calls(match[4])) + match[3] + match[4], text)


def main(arguments: list[str]) -> int:
    """Writes the page, or with `--check` only compares; returns 1 when it differs."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text)
    if "--check" in arguments:
        print("docs/architecture.md is up to date" if made == text else "docs/architecture.md: run `make docs`")
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    print("written: docs/architecture.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
