"""`docs/cli.md`, made from the commands themselves: `python -m tenure.cli.reference > docs/cli.md`; a test compares."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from cyclopts import App
from cyclopts.argument import Argument

from tenure.cli import options
from tenure.cli.application import make_application
from tenure.core.refusals import TABLE, ExitCode

_OPENING = """\
# The command line

`tenure` is one command with verbs by noun, over the public API. This page is generated from it
(`python -m tenure.cli.reference`); `tenure <words> --help` says the same.

- **Which server, as whom:** `tenure login` keeps address and token in a profile, in
  `~/.config/tenure/config.toml` (mode 0600). Options come before the environment (`TENURE_PROFILE`, `TENURE_URL`,
  `TENURE_TOKEN`, `TENURE_PROVIDER`), the environment before the profile. A token is never an argument, and a
  profile's token is sent to that profile's server only.
- **Programs** add `--json`: the API's own JSON on standard output, a refusal as problem+json on standard error.
  Lists come with all their pages as one.
- **Before it is done:** `--dry-run` shows facts, money and the resulting timeline; `--outcome` with the name it gave
  does exactly that or nothing. `--preview` shows, asks and does.
- **Once:** every POST carries an Idempotency-Key. If no answer came, the same command with `--idempotency-key` and
  the key that was named has one effect.
- **Times** are shown in the reader's zone, followed by UTC. A date alone stands for its whole day where it is an end,
  and for its midnight UTC where it is a beginning.
- **Completion:** `tenure --install-completion`.
"""
_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAULT: "an unexpected error",
    ExitCode.INPUT: "the input is not acceptable",
    ExitCode.PERMISSION: "not known, or not permitted",
    ExitCode.UNKNOWN: "there is no such thing, or it is not yours",
    ExitCode.STATE: "the state of things forbids it",
    ExitCode.CODE: "the activation code",
    ExitCode.LIMIT: "a limit is reached",
    ExitCode.MONEY: "money",
    ExitCode.LATER: "not now: the same may work in a moment",
    ExitCode.UNREACHABLE: "the server cannot be reached",
    ExitCode.TRUST: "a signature, a key or a history is not as it must be",
}


def reference_page() -> str:
    """The whole page."""
    app = make_application()
    return "\n".join([_OPENING, *_exit_code_table(), *_shared_options(app), *_command_sections(app)])


def _exit_code_table() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "One for each family of refusals; the refusal's own code is in the output, `tenure refusals` explains each.\n"
    yield "| exit | means | refusals |"
    yield "|---|---|---|"
    for code in ExitCode:
        family = " ".join(f"`{row.code}`" for row in TABLE.values() if row.exit is code)
        yield f"| {code.value} | {_MEANINGS[code]} | {family} |"
    yield "| 130 | interrupted | |\n"


def _shared_options(app: App) -> Iterator[str]:
    """The options that many commands have, once."""
    arguments = {each.name: each for each in app["renew"].assemble_argument_collection()}
    for group in (options.COMMON, options.WRITING):
        yield f"## {group.name}\n"
        yield from _argument_rows(each for each in arguments.values() if group in _argument_groups(each))
        yield ""


def _command_sections(app: App) -> Iterator[str]:
    groups: dict[str, list[tuple[str, App]]] = {}
    for name, command in _command_names(app):
        groups.setdefault(_group_of(command), []).append((name, command))
    for title, commands in groups.items():
        yield f"## {title}\n"
        for name, command in commands:
            if not _command_names(command):
                yield from _command_section(f"tenure {name}", command, _second_name(app, name))
            yield from _subcommand_sections(f"tenure {name}", command)


def _subcommand_sections(name: str, noun: App) -> Iterator[str]:
    """The verbs of a noun, and those of the nouns under it."""
    for verb, command in _command_names(noun):
        if _command_names(command):
            yield from _subcommand_sections(f"{name} {verb}", command)
        else:
            yield from _command_section(f"{name} {verb}", command)


def _command_names(app: App) -> list[tuple[str, App]]:
    """Names under an application with what they stand for; a second name of the same is told with the first."""
    found: dict[int, tuple[str, App]] = {}
    for name in app:
        if not name.startswith("-"):
            found.setdefault(id(app[name]), (name, app[name]))
    return list(found.values())


def _second_name(app: App, name: str) -> str:
    """A second name of the command `name`; empty when it has none."""
    return next((other for other in app if other != name and app[other] is app[name]), "")


def _command_section(name: str, command: App, short: str = "") -> Iterator[str]:
    arguments = [each for each in command.assemble_argument_collection() if _is_own(each)]
    yield f"### `{name}`\n"
    yield f"{command.help}\n"
    if short:
        yield f"Shorter: `tenure {short}`.\n"
    yield f"```\n{command.help_epilogue.removeprefix('Example: ') if command.help_epilogue else name}\n```\n"
    if arguments:
        yield from _argument_rows(arguments)
        yield ""
    shared = {group.name for each in command.assemble_argument_collection() for group in _argument_groups(each)}
    if options.WRITING.name in shared:
        names = [
            each.name for each in command.assemble_argument_collection() if options.WRITING in _argument_groups(each)
        ]
        yield f"Also {', '.join(f'`{each}`' for each in names)}.\n"


def _argument_rows(arguments: Iterable[Argument]) -> Iterator[str]:
    yield "| option | | meaning |"
    yield "|---|---|---|"
    for each in arguments:
        text = (each.parameter.help or "").replace("|", "\\|")
        yield f"| {_argument_name(each)} | {_argument_need(each)} | {text} |"


def _argument_name(argument: Argument) -> str:
    name = argument.name.lstrip("-")
    if argument.field_info.kind is argument.field_info.POSITIONAL_OR_KEYWORD:
        return f"`{name.upper()}`"
    return f"`--{name}`"


def _argument_need(argument: Argument) -> str:
    choices = _argument_choices(argument.hint)
    told = " ".join(f"`{each}`" for each in choices)
    default = argument.field_info.default
    if argument.required:
        return f"required {told}".strip()
    return f"{told} default `{default}`".strip() if default and default is not argument.field_info.empty else told


def _argument_choices(hint: Any) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((found for each in get_args(hint) if (found := _argument_choices(each))), ())


def _is_own(argument: Argument) -> bool:
    return argument.parameter.parse is not False and not {options.COMMON, options.WRITING} & {
        *_argument_groups(argument)
    }


def _argument_groups(argument: Argument) -> tuple[Any, ...]:
    group = argument.parameter.group
    return group if isinstance(group, tuple) else (group,)


def _group_of(command: App) -> str:
    group = command.group[0] if isinstance(command.group, tuple) else command.group
    return str(group.name if hasattr(group, "name") else group)


if __name__ == "__main__":
    sys.stdout.write(reference_page())
