"""The entry point `tenure-agent`: arguments, environment and the three streams, read here and handed on.

Exit codes are those of every command [spec: exit-codes]. What is refused is told on standard error, under `--json` as
an object with `code`, `message` and `field`.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any, TextIO

import msgspec

from tenure.agent.command.arguments import agent_folder, make_parser
from tenure.agent.main import OpenedAgent, create_agent, open_agent, serve_agent
from tenure.agent.status import DeviceStatus, device_status
from tenure.core.audience import Audience, remedy_for
from tenure.core.refusals import ExitCode, RefusalCode, Refused
from tenure.sdk.presentation import refusal_words
from tenure.wire.root import CAP

TOKEN_CAP = 4_096
"""Characters of an enrollment token that are read."""
NO_TOKEN = Refused(RefusalCode.FIELD_INVALID, "No enrollment token was given.", "enrollment")


def main() -> None:
    """Runs the command and exits with its code; the entry point, with what ends it from outside, is `entry`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a site may have a name that this terminal cannot show
    sys.exit(run_command(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr))


def run_command(
    arguments: list[str], environment: Mapping[str, str], given: TextIO, out: TextIO, err: TextIO
) -> ExitCode:
    """Does what `arguments` say; raises SystemExit, as `argparse` does, for help and for arguments it cannot read."""
    asked = make_parser().parse_args(arguments)
    done = _run_verb(asked, environment, given, err)
    if isinstance(done, Refused):
        _print_refusal(done, err, as_json=getattr(asked, "json", False))
        return done.row.exit
    print(_as_json(done) if getattr(asked, "json", False) else _as_text(done), file=out)
    return ExitCode.DONE


def _run_verb(
    asked: argparse.Namespace, environment: Mapping[str, str], given: TextIO, err: TextIO
) -> DeviceStatus | str | Refused:
    """What is to be shown: the device's status, or one sentence."""
    folder = agent_folder(asked.agent, environment)
    if asked.verb == "init":
        made = _create_folder(asked, environment)
        enroll = f"Enroll this device: tenure-agent enroll{_agent_option(asked)}"
        return made if isinstance(made, Refused) else f"The settings are in {made}. {enroll}"
    if asked.verb == "run":
        return serve_agent(folder, clock=asked.clock) or "The agent has stopped."
    opened = open_agent(folder, clock=asked.clock)
    if isinstance(opened, Refused):
        return opened
    try:
        refused = _change_seat(asked, opened, given, err)
        return device_status(opened.keeper) if refused is None else refused
    finally:
        opened.keeper.leave_folder()


def _agent_option(asked: argparse.Namespace) -> str:
    """What names the folder again in another command, quoted for a shell; nothing where the option was not given."""
    return f" --agent {shlex.quote(asked.agent)}" if asked.agent else ""


def _create_folder(asked: argparse.Namespace, environment: Mapping[str, str]) -> str | Refused:
    try:
        with asked.root.expanduser().open("rb") as file:
            root = file.read(CAP + 1)
    except OSError as fault:
        return Refused(RefusalCode.FIELD_INVALID, f"{asked.root} cannot be read: {fault.strerror}.", "root")
    return create_agent(
        agent_folder(asked.agent, environment),
        root,
        product=asked.product,
        version=asked.version,
        name=asked.name,
        sandbox=asked.sandbox,
        hardware=asked.hardware,
    )


def _change_seat(asked: argparse.Namespace, opened: OpenedAgent, given: TextIO, err: TextIO) -> Refused | None:
    if asked.verb == "release":
        return opened.keeper.release()
    if asked.verb != "enroll":
        return None
    token = asked.enrollment or _read_token(given, err)
    if not token:
        return NO_TOKEN
    enroll = opened.keeper.prepare_enrollment if asked.later else opened.keeper.enroll
    return enroll(token, ephemeral=asked.ephemeral)


def _read_token(given: TextIO, err: TextIO) -> str:
    if given.isatty():
        print("Enrollment token: ", end="", file=err, flush=True)
    return given.readline(TOKEN_CAP).strip()


def _print_refusal(refused: Refused, err: TextIO, *, as_json: bool) -> None:
    message = _refusal_message(refused)
    told = {"code": refused.code.value, "message": message, "field": refused.field}
    print(_as_json(told) if as_json else _plain_text(message), file=err)


def _refusal_message(refused: Refused) -> str:
    """In full; of a thing not found that is named, the name alone, and of a field no sentence that fits every field."""
    remedy = remedy_for(refused, Audience.DEVICE)
    if refused.code is RefusalCode.NOT_FOUND and refused.detail:
        return refused.detail
    if refused.code is RefusalCode.FIELD_INVALID and refused.detail:
        is_own = remedy != remedy_for(Refused(RefusalCode.FIELD_INVALID), Audience.DEVICE)
        return f"{refused.detail} {remedy}" if is_own else refused.detail
    return refusal_words(refused, remedy)


def _as_json(value: Any) -> str:
    return msgspec.json.encode({"message": value} if isinstance(value, str) else value).decode()


def _as_text(done: DeviceStatus | str) -> str:
    if isinstance(done, str):
        return _plain_text(done)
    rows = {
        "Product": done.product,
        "Site": done.site,
        "Phase": done.phase,
        "Until": _moment_words(done.until),
        "Functions": ", ".join(done.features),
        "Seat until": _moment_words(done.seat_until),
        "Last contact": _moment_words(done.last_contact),
        "Next contact": _moment_words(done.next_contact),
    }
    lines = [done.message, *(f"{name:14}{value or '-'}" for name, value in rows.items())]
    return "\n".join(map(_plain_text, lines))


def _moment_words(instant: str | None) -> str:
    """An instant of the status as people read it everywhere else: `2027-01-01 00:00:00 UTC`."""
    return "" if instant is None else instant.replace("T", " ").replace("Z", " UTC")


def _plain_text(text: str) -> str:
    """What a terminal may be given: a name may hold control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


if __name__ == "__main__":
    main()
