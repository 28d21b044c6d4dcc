"""Writes `docs/commands.md` from the table of commands; with `--files NAME` prints which files name a command.

A page that is behind fails (`tests/docs`). The files are those that git knows, generated pages left out.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tenure.core.business.command_table import COMMANDS, ROWS
from tenure.core.business.command_table.row import CommandField, CommandRow, CommandTopic, FieldKind
from tenure.core.business.commands import COMMAND_TYPES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "commands.md"
GENERATED = ("docs/commands.md", "docs/cli.md", "docs/model.md", "docs/mission.md")
HEAD = """\
# Commands on a subscription

Written by `make docs` from the table in `tenure.core.business.command_table`, which the API, the command line, and the
portal read as well. Each command is `POST /v1/subscriptions/{id}/<name>` and `tenure <name>`; each can be tried with
`dry_run`. Who may give it follows from the provider's policy, which allows actions to providers and customers.
"""
_TITLES = {
    CommandTopic.RENEWAL: "The next period, or none",
    CommandTopic.PAYMENT: "Payments outside the balance",
    CommandTopic.TERMS: "Another size or plan",
    CommandTopic.COURSE: "Pauses, goodwill, another customer or day",
    CommandTopic.CODES: "Activation codes",
    CommandTopic.SITES: "Installations",
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for topic, title in _TITLES.items() for line in _section(topic, title))])


def _section(topic: CommandTopic, title: str) -> Iterator[str]:
    yield from (f"## {title}", "", "| command | effect | fields | allowed by | records | cannot be undone |")
    yield "|---|---|---|---|---|---|"
    for row in COMMANDS:
        if row.topic is topic:
            fields = "<br>".join(map(_field, row.fields))
            yield f"| `{row.verb}` | {row.effect} | {fields} | {_allowed(row)} | {_facts(row)} | {_final(row)} |"
    yield ""


def _field(field: CommandField) -> str:
    need = "" if field.required else ", optional"
    if field.kind is FieldKind.CHOICE:
        return f"`{field.name}`: {', '.join(field.values)}{need}"
    if field.kind in {FieldKind.DAYS, FieldKind.DEVICES}:
        return f"`{field.name}`: {field.least:,} to {field.most:,}{need}"
    return f"`{field.name}`{need}"


def _allowed(row: CommandRow) -> str:
    if row.providers_only:
        return "providers only"
    actions = [row.action] if row.action else [form.action for form in row.forms if form.action]
    return " or ".join(f"`{action}`" for action in actions) or "by its effect"


def _facts(row: CommandRow) -> str:
    return ", ".join(f"`{kind}`" for kind in row.makes)


def _final(row: CommandRow) -> str:
    chosen = [f"{each.label}: {each.final}" for field in row.fields for each in field.choices if each.final]
    return "<br>".join(filter(None, [*(form.final for form in row.forms), *chosen]))


def files_naming(name: str) -> list[str]:
    """Files of the repository that name the command or a fact of its own, by class, name, route or verb."""
    row = ROWS[name]
    own = [kind for kind in row.makes if not any(kind in other.makes for other in COMMANDS if other is not row)]
    words = [COMMAND_TYPES[name].__name__, row.name, row.verb, *own]
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    found = []
    for path in sorted(listed):
        if path.endswith((".py", ".html", ".md", ".txt", ".toml")) and path not in GENERATED:
            text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
            if pattern.search(text):
                found.append(path)
    return found


def main(argv: list[str]) -> int:
    """The command; exit code 1 when the page is behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say whether the page is up to date")
    parser.add_argument("--files", metavar="NAME", choices=sorted(ROWS), help="print which files name a command")
    asked = parser.parse_args(argv)
    if asked.files:
        found = files_naming(asked.files)
        source = sum(path.startswith("src/") for path in found)
        sys.stdout.write("\n".join([*found, f"{len(found)} files, {source} of them source"]) + "\n")
        return 0
    if asked.check:
        behind = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
        sys.stdout.write("docs/commands.md is behind: run make docs\n" if behind else "")
        return int(behind)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
