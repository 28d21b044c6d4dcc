"""One run of the command: the outside, and one place where every end becomes words and an exit code.

Commands and parser are in `application`, imported once something more than the overview is asked for.
"""

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
from typing import TYPE_CHECKING

import msgspec

from tenure.agent.command.interruption import INTERRUPTED, WORDS
from tenure.cli import overview
from tenure.cli.environment import CommandEnvironment
from tenure.cli.extras import install_advice
from tenure.cli.problems import CommandError, fail_with, invalid_field
from tenure.cli.screen import CommandScreen
from tenure.core.refusals import ExitCode, RefusalCode, Refused
from tenure.http.problems import Problem

if TYPE_CHECKING:
    from tenure.cli.output import CommandOutput
    from tenure.cli.usage_errors import UsageError

_TOKEN = re.compile(r"(tn[rstipd])_[A-Za-z0-9]+")


def main() -> None:
    """The entry point `tenure`."""
    sys.exit(run_command(sys.argv[1:], make_world()))


def make_world() -> CommandEnvironment:
    """The system around this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    return CommandEnvironment(
        env=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        now=lambda: int(time.time()),
        sleep=time.sleep,
        new_key=lambda: str(uuid.uuid4()),
        draw=secrets.token_bytes,
        ask=_ask_question,
        ask_secret=lambda question: getpass(question, sys.stderr),
    )


def prepare_command(argv: Sequence[str]) -> None:
    """Import now what `run_command` will need, where an interruption can still end the process at once."""
    if tuple(argv) not in overview.WORDS:
        from tenure.cli.application import find_application

        find_application(argv)


def run_command(argv: Sequence[str], world: CommandEnvironment) -> int:
    """Do what the arguments say; the exit code. Nothing gets past this as a trace."""
    try:
        return _run_to_end(argv, world)
    except KeyboardInterrupt:
        world.stderr.write(WORDS)
        return INTERRUPTED
    except BrokenPipeError:
        _silence_streams(world)
        return ExitCode.DONE
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and install_advice(error.name or ""):
            world.stderr.write(install_advice(error.name or ""))
            return ExitCode.UNREACHABLE
        return _handle_unforeseen(argv, world, error)


def _run_to_end(argv: Sequence[str], world: CommandEnvironment) -> int:
    as_json = "--json" in argv
    if not all(_is_text(each) for each in argv):
        return _tell_problem(invalid_field("The arguments are not all UTF-8 text."), world, as_json=as_json)
    screen = CommandScreen(world.stdout, world.zone, world.env)
    if tuple(argv) in overview.WORDS:
        overview.show_overview(screen)
        return ExitCode.DONE
    from tenure.cli.application import ParsedCommand, read_arguments

    parsed = read_arguments(argv)
    if not isinstance(parsed, ParsedCommand):
        return _tell_usage(parsed, world, as_json=as_json)
    if not parsed.is_ours:
        if "console" in parsed.bound.arguments:
            parsed.bound.arguments["console"] = screen.help_console()
        parsed.command(*parsed.bound.args, **parsed.bound.kwargs)
        return ExitCode.DONE
    session, ended = parsed.command(world=world, **parsed.bound.arguments)
    if isinstance(ended, CommandError):
        return _tell_problem(ended, world, as_json=session.options.json)
    return _show_output(ended, session.screen, world, as_json=session.options.json)


def _show_output(ended: "CommandOutput", screen: CommandScreen, world: CommandEnvironment, *, as_json: bool) -> int:
    if as_json:
        world.stdout.write(ended.as_json().decode())
    else:
        try:
            ended.tell(screen)
        except (LookupError, TypeError, AttributeError, ValueError):
            # It was done: what a newer server says of it, a code shown once perhaps, must not be lost.
            world.stderr.write("The answer has another form than this command knows; this is how it came:\n")
            world.stdout.write(ended.as_json().decode())
    world.stdout.flush()
    return ended.exit


def _tell_problem(ended: CommandError, world: CommandEnvironment, *, as_json: bool) -> int:
    raw = mask_secrets(ended.raw.decode())
    if as_json:
        world.stderr.write(raw + "\n")
    else:
        from tenure.cli import problem_view

        problem_view.print_refusal(
            CommandScreen(world.stderr, world.zone, world.env), msgspec.json.decode(raw, type=Problem)
        )
    return ended.exit_code


def _tell_usage(ended: "UsageError", world: CommandEnvironment, *, as_json: bool) -> int:
    if as_json:
        return _tell_problem(ended.failed, world, as_json=True)
    screen = CommandScreen(world.stderr, world.zone, world.env)
    problem = ended.failed.problem
    screen.line(f"{mask_secrets(problem.detail)} ({problem.code})", "bold red")
    screen.block(ended.usage)
    return ended.failed.exit_code


def _handle_unforeseen(argv: Sequence[str], world: CommandEnvironment, error: Exception) -> int:
    """The last net: a coded refusal; the trace goes to a file, and only when it was asked for.

    The place where it failed is always named: what fails once in a thousand times is not there again with --debug.
    """
    foreseen = getattr(error, "refused", None)  # as of a database that goes away in the middle of a command
    if isinstance(foreseen, Refused):
        return _tell_problem(fail_with(foreseen), world, as_json="--json" in argv)
    what = f"{type(error).__name__} {_raised_at(error)}".strip()
    detail = f"The command itself failed ({what}); with --debug the trace is written to a file."
    if "--debug" in argv:
        detail = f"The command itself failed ({what}). {_write_trace(world, error)}"
    return _tell_problem(fail_with(Refused(RefusalCode.INTERNAL, detail)), world, as_json="--json" in argv)


def _raised_at(error: Exception) -> str:
    """Where it was raised: the last of our own lines and, if it was further in, the last line of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if f"{os.sep}tenure{os.sep}" in each.filename][-1:]
    last = [each for each in frames[-1:] if each not in ours]
    return ", ".join(f"in {Path(each.filename).name}:{each.lineno}" for each in (*ours, *last))


def _write_trace(world: CommandEnvironment, error: Exception) -> str:
    text = mask_secrets("".join(traceback.format_exception(error)))
    file = world.trace_folder / f"trace-{world.now()}-{os.getpid()}.txt"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as fault:
        return f"Its trace could not be written to {file}: {fault.strerror}."
    return f"Its trace is in {file}."


def mask_secrets(text: str) -> str:
    """`text` without tokens and links: what was typed in the wrong place must not end up in a log."""
    return _TOKEN.sub(r"\1_…", text)


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _ask_question(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _silence_streams(world: CommandEnvironment) -> None:
    """The reader of the output has gone; the interpreter must not complain about it at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), world.stdout.fileno())
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main()
