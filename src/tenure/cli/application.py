"""The commands put together for the parser: those of the module that is named, or all; nothing is run here."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from inspect import BoundArguments
from typing import Any

import msgspec
from cyclopts import App, CycloptsError, Parameter

from tenure import __version__
from tenure.cli.command_modules import COMMAND_MODULES, OF_THE_WHOLE, SUBSCRIPTION_COMMANDS
from tenure.cli.usage_errors import UsageError, usage_error
from tenure.core.business.command_table import COMMANDS

_WELCOME = """Subscription licensing: orders, renewals and prepaid accounts, and the server behind them.

First steps: `tenure demo` starts everything with data to play with; `tenure server init` begins for good, as
`docs/first-steps.md` tells. `tenure help COMMAND` explains one command.
"""


class ParsedCommand(msgspec.Struct, frozen=True):
    """A command with its arguments, as the parser read them."""

    command: Callable[..., Any]
    bound: BoundArguments
    is_ours: bool
    """Not help, version or completion, which are the parser's own."""


def read_arguments(argv: Sequence[str]) -> ParsedCommand | UsageError:
    """What the arguments say, or what is wrong with them and how the command is written."""
    app = find_application(argv)
    try:
        command, bound, ignored = app.parse_args(list(argv), exit_on_error=False, print_error=False)
    except CycloptsError as fault:
        return usage_error(fault, app)
    return ParsedCommand(command, bound, "world" in ignored)


def find_application(argv: Sequence[str]) -> App:
    """The application with the command that is named first; with every one where none is, or an unknown one."""
    module = "" if not argv or argv[0] in OF_THE_WHOLE else _module_of(argv[0])
    return make_application(module) if module else make_application()


@cache
def make_application(module: str = "") -> App:
    """The commands of one module, or all of them; once in a process, which may run many."""
    app = App(
        name="tenure",
        help=_WELCOME,
        version=__version__,
        default_parameter=Parameter(negative_iterable=()),
    )
    for each in (module,) if module else COMMAND_MODULES:
        import_module(f"tenure.cli.{each}").add(app)
    app.register_install_completion_command(add_to_startup=False)
    return app


def _module_of(word: str) -> str:
    """The module that brings the command `word`; empty when there is no such command."""
    if word and any(word in (row.verb, row.short) for row in COMMANDS):
        return SUBSCRIPTION_COMMANDS
    return next((module for module, words in COMMAND_MODULES.items() if word in words), "")
