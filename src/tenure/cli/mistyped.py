"""What is told about arguments that cannot be read: what is wrong with them, and the usage of the command meant.

A program gets the same sentence as `field_invalid`; the parser's own words, written for whoever builds a parser, stop
here.
"""

import re

import msgspec
from cyclopts import App, CoercionError, CycloptsError, MissingArgumentError, UnknownCommandError, UnusedCliTokensError

from tenure.cli.problems import Failed, invalid

_WHERE = re.compile(r'^Command "[^"]*" parameter |^Parameter ')
_PREFIX = "Invalid value for {}: "
_MORE = re.compile(r" Available commands: .*$", re.DOTALL)


class Mistyped(msgspec.Struct, frozen=True):
    """The refusal, and how the command is written."""

    failed: Failed
    usage: str
    """Two lines: the command with what it takes, and where more is said."""


def mistyped(fault: CycloptsError, app: App) -> Mistyped:
    """What `fault` comes to for people and for programs.

    `tenure stat` is told `Unknown command "stat". Did you mean "status"?`; `tenure order cus_1` is told
    `OFFER is missing.`, each with a line of usage.
    """
    return Mistyped(invalid(_sentence(fault), _field(fault)), _usage(app, _words(fault, app)))


def _sentence(fault: CycloptsError) -> str:
    if isinstance(fault, UnknownCommandError):
        return _MORE.sub("", str(fault).strip())
    if isinstance(fault, UnusedCliTokensError):
        return f"Too much was given: {' '.join(fault.unused_tokens or ())[:80]}"
    argument = fault.argument
    if isinstance(fault, CoercionError) and fault.msg is not None and argument is not None:
        return f"{_shown(fault)}: {str(fault.msg).removeprefix(_PREFIX.format(argument.name))}"
    if type(fault) is MissingArgumentError and argument is not None and not argument.tokens:
        return f"{_shown(fault)} is missing."
    return _WHERE.sub("", str(fault).strip())


def _shown(fault: CycloptsError) -> str:
    """An argument as the usage writes it: in its place in capitals, otherwise with its hyphens."""
    argument = fault.argument
    if argument is None:
        return ""
    return argument.name.lstrip("-").upper() if argument.field_info.is_positional else argument.name


def _field(fault: CycloptsError) -> str:
    argument = fault.argument
    return "" if argument is None else argument.name.lstrip("-").lower().replace("-", "_")


def _words(fault: CycloptsError, app: App) -> tuple[str, ...]:
    """The command that was found before what was not: `customers` of `tenure customers lisst`."""
    known: list[str] = []
    for word in fault.command_chain or fault.root_input_tokens or ():
        if word.startswith("-") or word not in tuple(app):
            break
        known.append(word)
        app = app[word]
    return tuple(known)


def _usage(app: App, words: tuple[str, ...]) -> str:
    from cyclopts.help import format_usage

    usage = format_usage(app, words).plain.strip()
    return f"Usage: {usage}\nMore: {' '.join(('tenure', *words, '--help'))}"
