"""What is told about arguments that cannot be read: what is wrong with them, and the usage of the command meant.

A program gets the same sentence as `field_invalid`; the parser's own messages, which are written for programmers, are
not shown.
"""

import re

import msgspec
from cyclopts import App, CoercionError, CycloptsError, MissingArgumentError, UnknownCommandError, UnusedCliTokensError

from tenure.cli.problems import CommandError, invalid_field

_WHERE = re.compile(r'^Command "[^"]*" parameter |^Parameter ')
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
_PREFIX = "Invalid value for {}: "
_MORE = re.compile(r" Available commands: .*$", re.DOTALL)


class UsageError(msgspec.Struct, frozen=True):
    """The refusal, and how the command is written."""

    failed: CommandError
    usage: str
    """Two lines: the command with what it takes, and where more is said."""


def usage_error(fault: CycloptsError, app: App) -> UsageError:
    """What `fault` comes to for people and for programs.

    `tenure stat` is told `Unknown command "stat". Did you mean "status"?`; `tenure order cus_1` is told
    `OFFER is missing.`, each with a line of usage.
    """
    return UsageError(
        invalid_field(_fault_sentence(fault), _field_of(fault)), _usage_line(app, _command_words(fault, app))
    )


def _fault_sentence(fault: CycloptsError) -> str:
    if isinstance(fault, UnknownCommandError):
        return _MORE.sub("", str(fault).strip())
    if isinstance(fault, UnusedCliTokensError):
        return f"Too much was given: {' '.join(fault.unused_tokens or ())[:80]}"
    argument = fault.argument
    if isinstance(fault, CoercionError) and argument is not None and (plain := _number_with_comma(fault)):
        return f"{_argument_name(fault)}: write {plain}, without a comma."
    if isinstance(fault, CoercionError) and fault.msg is not None and argument is not None:
        return f"{_argument_name(fault)}: {str(fault.msg).removeprefix(_PREFIX.format(argument.name))}"
    if type(fault) is MissingArgumentError and argument is not None and not argument.tokens:
        return f"{_argument_name(fault)} is missing."
    return _WHERE.sub("", str(fault).strip())


def _number_with_comma(fault: CoercionError) -> str:
    """`1000` where `1,000` was given for a whole number; empty for everything else."""
    value = "" if fault.token is None else fault.token.value
    return value.replace(",", "") if _THOUSANDS.fullmatch(value) else ""


def _argument_name(fault: CycloptsError) -> str:
    """An argument as the usage writes it: in its place in capitals, otherwise with its hyphens."""
    argument = fault.argument
    if argument is None:
        return ""
    return argument.name.lstrip("-").upper() if argument.field_info.is_positional else argument.name


def _field_of(fault: CycloptsError) -> str:
    argument = fault.argument
    return "" if argument is None else argument.name.lstrip("-").lower().replace("-", "_")


def _command_words(fault: CycloptsError, app: App) -> tuple[str, ...]:
    """The command that was found before what was not: `customers` of `tenure customers lisst`."""
    known: list[str] = []
    for word in fault.command_chain or fault.root_input_tokens or ():
        if word.startswith("-") or word not in tuple(app):
            break
        known.append(word)
        app = app[word]
    return tuple(known)


def _usage_line(app: App, words: tuple[str, ...]) -> str:
    from cyclopts.help import format_usage

    usage = format_usage(app, words).plain.strip()
    return f"Usage: {usage}\nMore: {' '.join(('tenure', *words, '--help'))}"
