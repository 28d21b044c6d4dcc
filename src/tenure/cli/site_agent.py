"""`tenure agent`: the daemon of this device: made, enrolled, run, shown, and given up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from tenure.cli.argument_types import File, read_file
from tenure.cli.command_session import CommandSession
from tenure.cli.options import ASKING, LOCAL
from tenure.cli.output import CommandOutput, make_output, nothing_done, sentence_output
from tenure.cli.problems import accept, invalid_field
from tenure.cli.registration import add_noun, add_verb, add_words
from tenure.cli.screen import CommandScreen, TableColumn
from tenure.cli.site_session import HERE, folder_of, in_folder

if TYPE_CHECKING:
    from tenure.agent.main import OpenedAgent

Folder = Annotated[str, Parameter(name="--agent", help="The agent's folder [env: TENURE_AGENT].")]
Clock = Annotated[Path | None, Parameter(help="A file with the time; only for a sandbox.")]

STATUS = (
    TableColumn("Product", "product"),
    TableColumn("Device", "device"),
    TableColumn("Site", "site"),
    TableColumn("Phase", "phase"),
    TableColumn("Because", "cause"),
    TableColumn("Until", "until", "when"),
    TableColumn("Functions", "features", "list"),
    TableColumn("Seat until", "seat_until", "when"),
    TableColumn("Last contact", "last_contact", "moment"),
    TableColumn("Next contact", "next_contact", "moment"),
    TableColumn("Why not", "reason"),
)

_APP = add_noun("agent", "The agent of this device: init, enroll, run, status, release.", HERE)
add = add_words(_APP)


@add_verb(_APP, "init", LOCAL, example="tenure agent init --root root.jws --product editor --version 12.4")
def init_agent(
    session: CommandSession,
    *,
    root: File,
    product: Annotated[str, Parameter(help="The product that this device is protected by.")],
    version: Annotated[str, Parameter(help="Its version here.")],
    name: Annotated[str, Parameter(help="The device's name, for people; the computer's by default.")] = "",
    sandbox: Annotated[bool, Parameter(help="Only with the root document of a sandbox.")] = False,
    hardware: Annotated[
        str, Parameter(help="In a sandbox: made-up hardware, so that one computer can simulate many devices.")
    ] = "",
    agent: Folder = "",
) -> CommandOutput:
    """Make the agent's folder: settings to be completed by hand, and the vendor's root document."""
    from tenure.agent.main import create_agent

    data = read_file(session.world, root, "root")
    folder = folder_of(session.world, agent, "TENURE_AGENT", "agent")
    done = accept(
        create_agent(folder, data, product=product, version=version, name=name, sandbox=sandbox, hardware=hardware)
    )
    return make_output({"settings": done}, lambda screen, value: _print_initialized(screen, value, agent))


@add_verb(_APP, "enroll", LOCAL, example="tenure agent enroll")
def enroll_device(
    session: CommandSession,
    enrollment: Annotated[str, Parameter(help="The enrollment token; asked for, or read from standard input.")] = "",
    *,
    later: Annotated[bool, Parameter(help="Keep the token and send nothing yet: for a disk image.")] = False,
    ephemeral: Annotated[bool, Parameter(help="A short-lived device (a container): seats of an hour.")] = False,
    agent: Folder = "",
    clock: Clock = None,
) -> CommandOutput:
    """Enroll this device at its site and get a seat."""
    typed = enrollment or _read_enrollment(session)
    with _open_agent(session, agent, clock) as opened:
        if not typed:
            raise invalid_field("No enrollment token was given.", "enrollment")
        keeper = opened.keeper
        accept((keeper.prepare_enrollment if later else keeper.enroll)(typed, ephemeral=ephemeral))
        return make_output(_print_shown(opened), sentence_output("The token is kept.") if later else _print_status)


@add_verb(_APP, "run", LOCAL, example="tenure agent run")
def run_agent(session: CommandSession, *, agent: Folder = "", clock: Clock = None) -> CommandOutput:
    """Run the agent until it is stopped; it listens on nothing."""
    from tenure.agent.main import serve_agent

    accept(serve_agent(folder_of(session.world, agent, "TENURE_AGENT", "agent"), clock=clock))
    return CommandOutput(b"", sentence_output("The agent has stopped."))


@add_verb(_APP, "status", LOCAL, example="tenure agent status --json")
def show_status(session: CommandSession, *, agent: Folder = "", clock: Clock = None) -> CommandOutput:
    """Show what this device may do, why, until when; sends no request."""
    with _open_agent(session, agent, clock) as opened:
        return make_output(_print_shown(opened), _print_status)


@add_verb(_APP, "release", ASKING, example="tenure agent release")
def release_seat(session: CommandSession, *, agent: Folder = "", clock: Clock = None) -> CommandOutput:
    """Give up this device's seat: it is erased here first, and free once the site knows."""
    with _open_agent(session, agent, clock) as opened:
        held = _print_shown(opened)
        if not session.is_confirmed(
            f"The seat of this device ({held['device']}) for {held['product']} will be erased."
        ):
            return nothing_done()
        accept(opened.keeper.release())
        return make_output(_print_shown(opened), sentence_output("The seat is given up."))


@contextmanager
def _open_agent(session: CommandSession, agent: str, clock: Path | None) -> "Iterator[OpenedAgent]":
    """The agent, whose folder is given up afterwards unless the agent itself is running."""
    from tenure.agent.main import open_agent

    opened = accept(open_agent(folder_of(session.world, agent, "TENURE_AGENT", "agent"), clock=clock))
    try:
        yield opened
    finally:
        opened.keeper.leave_folder()


def _print_shown(opened: "OpenedAgent") -> Any:
    from tenure.agent.status import device_status

    return msgspec.to_builtins(device_status(opened.keeper))


def _read_enrollment(session: CommandSession) -> str:
    if session.world.is_interactive:
        return session.world.ask("Enrollment token: ").strip()
    return session.world.stdin.readline(4_096).strip()


def _print_status(screen: CommandScreen, value: Any) -> None:
    screen.line(value["message"])
    screen.card(value, STATUS)


def _print_initialized(screen: CommandScreen, value: Any, agent: str) -> None:
    screen.line(f"Say in {value['settings']} what is to be done for each function.")
    screen.line(f"Then enroll this device: {in_folder('tenure agent enroll', '--agent', agent)}")
    screen.line("The enrollment token says which site and where; the site's administrator gets one by:")
    screen.line("tenure devices token")
