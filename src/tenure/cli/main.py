"""The command as a parts list: the outside, the commands, one place where every end becomes words and an exit code."""

import os
import re
import secrets
import sys
import time
import traceback
import uuid
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path

import msgspec
from cyclopts import App, CycloptsError, Parameter

from tenure import __version__
from tenure.cli import (
    actions,
    batch,
    board,
    bounds,
    catalogue,
    clock,
    customers,
    deactivating,
    events,
    helping,
    history,
    importing,
    keys,
    mail,
    money,
    offers,
    offline,
    order_requests,
    ordering,
    overview,
    payments,
    people,
    playing,
    policy,
    portal,
    refusals,
    server,
    signin,
    site,
    site_agent,
    site_devices,
    site_dns,
    site_groups,
    site_licenses,
    sites,
    subscriptions,
    team,
    tell,
    upkeep,
    webhooks,
)
from tenure.cli.extras import advice
from tenure.cli.mistyped import Mistyped, mistyped
from tenure.cli.output import Output
from tenure.cli.problems import Failed, Problem, failed, invalid
from tenure.cli.show import Screen
from tenure.cli.world import World
from tenure.core.refusals import Code, Exit, Refused

PARTS = (
    board, ordering, order_requests, subscriptions, actions, customers, money, payments, importing, sites, events,
    catalogue, offers, policy, bounds, batch, people, team,
    webhooks, mail,
    signin, refusals,
    clock, playing,
    server, portal, keys, history, upkeep,
    site, site_licenses, offline, deactivating, site_devices, site_groups, site_dns, site_agent,
    helping,
)  # fmt: skip
"""Modules that add commands to the application, in the order in which help shows them."""

_WELCOME = """Subscription licensing: orders, renewals and prepaid accounts, and the server behind them.

First steps: `tenure demo` starts everything with data to play with; `tenure server init` begins for good, as
`docs/first-steps.md` tells. `tenure help COMMAND` explains one command.
"""
INTERRUPTED = 130
_TOKEN = re.compile(r"(tn[rstipd])_[A-Za-z0-9]+")


def main() -> None:
    """The entry point `tenure`."""
    sys.exit(run(sys.argv[1:], outside()))


def outside() -> World:
    """The system around this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    return World(
        env=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        now=lambda: int(time.time()),
        sleep=time.sleep,
        new_key=lambda: str(uuid.uuid4()),
        draw=secrets.token_bytes,
        ask=_ask,
        ask_secret=lambda question: getpass(question, sys.stderr),
    )


def application() -> App:
    """Every command, put together."""
    app = App(
        name="tenure",
        help=_WELCOME,
        version=__version__,
        default_parameter=Parameter(negative_iterable=()),
    )
    for part in PARTS:
        part.add(app)
    app.register_install_completion_command(add_to_startup=False)
    return app


def run(argv: Sequence[str], world: World) -> int:
    """Do what the arguments say; the exit code. Nothing gets past this as a trace."""
    try:
        return _ended(argv, world)
    except KeyboardInterrupt:
        world.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:
        _silence(world)
        return Exit.DONE
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and advice(error.name or ""):
            world.stderr.write(advice(error.name or ""))
            return Exit.UNREACHABLE
        return _unforeseen(argv, world, error)


def _ended(argv: Sequence[str], world: World) -> int:
    as_json = "--json" in argv
    if not all(_is_text(each) for each in argv):
        return _tell(invalid("The arguments are not all UTF-8 text."), world, as_json=as_json)
    screen = Screen(world.stdout, world.zone, world.env)
    try:
        app = application()
        command, bound, ignored = app.parse_args(list(argv), exit_on_error=False, print_error=False)
    except CycloptsError as fault:
        return _tell_usage(mistyped(fault, app), world, as_json=as_json)
    if tuple(argv) in overview.WORDS:
        overview.show_overview(screen)
        return Exit.DONE
    if "world" not in ignored:  # help, version, completion: the parser's own
        if "console" in bound.arguments:
            bound.arguments["console"] = screen.page()
        command(*bound.args, **bound.kwargs)
        return Exit.DONE
    desk, ended = command(world=world, **bound.arguments)
    if isinstance(ended, Failed):
        return _tell(ended, world, as_json=desk.options.json)
    return _show(ended, desk.screen, world, as_json=desk.options.json)


def _show(ended: Output, screen: Screen, world: World, *, as_json: bool) -> int:
    if as_json:
        world.stdout.write(ended.program().decode())
    else:
        try:
            ended.tell(screen)
        except (LookupError, TypeError, AttributeError, ValueError):
            # It was done: what a newer server says of it, a code shown once perhaps, must not be lost.
            world.stderr.write("The answer has another form than this command knows; this is how it came:\n")
            world.stdout.write(ended.program().decode())
    world.stdout.flush()
    return ended.exit


def _tell(ended: Failed, world: World, *, as_json: bool) -> int:
    raw = masked(ended.raw.decode())
    if as_json:
        world.stderr.write(raw + "\n")
    else:
        tell.refusal(Screen(world.stderr, world.zone, world.env), msgspec.json.decode(raw, type=Problem))
    return ended.exit


def _tell_usage(ended: Mistyped, world: World, *, as_json: bool) -> int:
    if as_json:
        return _tell(ended.failed, world, as_json=True)
    screen = Screen(world.stderr, world.zone, world.env)
    problem = ended.failed.problem
    screen.line(f"{masked(problem.detail)} ({problem.code})", "bold red")
    screen.block(ended.usage)
    return ended.failed.exit


def _unforeseen(argv: Sequence[str], world: World, error: Exception) -> int:
    """The last net: a coded refusal; the trace goes to a file, and only when it was asked for.

    The place where it failed is always named: what fails once in a thousand times is not there again with --debug.
    """
    what = f"{type(error).__name__} {_place(error)}".strip()
    detail = f"The command itself failed ({what}); with --debug the trace is written to a file."
    if "--debug" in argv:
        detail = f"The command itself failed ({what}). {_trace(world, error)}"
    return _tell(failed(Refused(Code.INTERNAL, detail)), world, as_json="--json" in argv)


def _place(error: Exception) -> str:
    """Where it was raised: the last of our own lines and, if it was further in, the last line of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if f"{os.sep}tenure{os.sep}" in each.filename][-1:]
    last = [each for each in frames[-1:] if each not in ours]
    return ", ".join(f"in {Path(each.filename).name}:{each.lineno}" for each in (*ours, *last))


def _trace(world: World, error: Exception) -> str:
    text = masked("".join(traceback.format_exception(error)))
    file = world.state / f"trace-{world.now()}-{os.getpid()}.txt"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as fault:
        return f"Its trace could not be written to {file}: {fault.strerror}."
    return f"Its trace is in {file}."


def masked(text: str) -> str:
    """`text` without tokens and links: what was typed in the wrong place must not end up in a log."""
    return _TOKEN.sub(r"\1_…", text)


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _silence(world: World) -> None:
    """Whoever read the output has gone; the interpreter must not complain about it at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), world.stdout.fileno())
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main()
