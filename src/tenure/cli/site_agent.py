"""`tenure agent`: the daemon of this device: made, enrolled, run, looked at, and given up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.kinds import File, read_file
from tenure.cli.options import LOCAL
from tenure.cli.output import Output, made, sentence
from tenure.cli.problems import Failed, failed, invalid
from tenure.cli.show import Column, Screen
from tenure.cli.site_desk import HERE, folder_of, in_folder
from tenure.cli.verbs import Ended, noun, verb
from tenure.core.refusals import Refused

if TYPE_CHECKING:
    from tenure.agent.main import Agent

Folder = Annotated[str, Parameter(name="--agent", help="The agent's folder [env: TENURE_AGENT].")]
Clock = Annotated[Path | None, Parameter(help="A file that tells the time; for a sandbox alone.")]

STATUS = (
    Column("Product", "product"),
    Column("Device", "device"),
    Column("Site", "site"),
    Column("Phase", "phase"),
    Column("Because", "cause"),
    Column("Until", "until", "moment"),
    Column("Functions", "features", "list"),
    Column("Seat until", "seat_until", "moment"),
    Column("Last contact", "last_contact", "moment"),
    Column("Next contact", "next_contact", "moment"),
    Column("Why not", "reason"),
)

_APP = noun("agent", "The agent of this device: init, enrol, run, status, release.", HERE)


def add(app: App) -> None:
    """Add `tenure agent`."""
    app.command(_APP)


@verb(_APP, "init", LOCAL, example="tenure agent init --root root.jws --product editor --version 12.4")
def init_agent(
    desk: Desk,
    *,
    root: File,
    product: Annotated[str, Parameter(help="The product that this device is protected by.")],
    version: Annotated[str, Parameter(help="Its version here.")],
    name: Annotated[str, Parameter(help="The device's name, for people; the computer's by default.")] = "",
    sandbox: Annotated[bool, Parameter(help="With the root of a sandbox, and only then.")] = False,
    hardware: Annotated[str, Parameter(help="In a sandbox: made-up hardware, so that one computer plays many.")] = "",
    agent: Folder = "",
) -> Ended:
    """Make the agent's folder: settings to be completed by hand, and the vendor's root document."""
    from tenure.agent.main import init

    data = read_file(desk.world, root, "root")
    if isinstance(data, Failed):
        return data
    folder = folder_of(desk.world, agent, "TENURE_AGENT", "agent")
    done = init(folder, data, product=product, version=version, name=name, sandbox=sandbox, hardware=hardware)
    if isinstance(done, Refused):
        return failed(done)
    return made({"settings": done}, lambda screen, value: _initialised(screen, value, agent))


@verb(_APP, "enrol", LOCAL, example="tenure agent enrol")
def enrol(
    desk: Desk,
    enrolment: Annotated[str, Parameter(help="The enrolment token; asked for, or read from standard input.")] = "",
    *,
    later: Annotated[bool, Parameter(help="Keep the token and ask nothing yet: for a disk image.")] = False,
    ephemeral: Annotated[bool, Parameter(help="It does not last (a container): seats of an hour.")] = False,
    agent: Folder = "",
    clock: Clock = None,
) -> Ended:
    """Enrol this device at its site and get a seat."""
    typed = enrolment or _asked(desk)
    with _opened(desk, agent, clock) as opened:
        if isinstance(opened, Failed):
            return opened
        if not typed:
            return invalid("No enrolment token was given.", "enrolment")
        keeper = opened.keeper
        refused = (keeper.prepare if later else keeper.enrol)(typed, ephemeral=ephemeral)
        if refused is not None:
            return failed(refused)
        return made(_shown(opened), sentence("The token is kept.") if later else _status)


@verb(_APP, "run", LOCAL, example="tenure agent run")
def run_agent(desk: Desk, *, agent: Folder = "", clock: Clock = None) -> Ended:
    """Run the agent until it is stopped; it listens on nothing."""
    from tenure.agent.main import run

    refused = run(folder_of(desk.world, agent, "TENURE_AGENT", "agent"), clock=clock)
    return failed(refused) if refused is not None else Output(b"", sentence("The agent has stopped."))


@verb(_APP, "status", LOCAL, example="tenure agent status --json")
def status(desk: Desk, *, agent: Folder = "", clock: Clock = None) -> Ended:
    """Show what this device may do, why, until when; asks nobody."""
    with _opened(desk, agent, clock) as opened:
        return opened if isinstance(opened, Failed) else made(_shown(opened), _status)


@verb(_APP, "release", LOCAL, example="tenure agent release")
def release(desk: Desk, *, agent: Folder = "", clock: Clock = None) -> Ended:
    """Give this device's seat up: it is erased here first, and free for another once the site has heard of it."""
    with _opened(desk, agent, clock) as opened:
        if isinstance(opened, Failed):
            return opened
        refused = opened.keeper.release()
        return failed(refused) if refused is not None else made(_shown(opened), sentence("The seat is given up."))


@contextmanager
def _opened(desk: Desk, agent: str, clock: Path | None) -> "Iterator[Agent | Failed]":
    """The agent, whose folder is given up afterwards unless the agent itself is running."""
    from tenure.agent.main import open_agent

    opened = open_agent(folder_of(desk.world, agent, "TENURE_AGENT", "agent"), clock=clock)
    if isinstance(opened, Refused):
        yield failed(opened)
        return
    try:
        yield opened
    finally:
        opened.keeper.leave()


def _shown(opened: "Agent") -> Any:
    from tenure.agent.shown import shown

    return msgspec.to_builtins(shown(opened.keeper))


def _asked(desk: Desk) -> str:
    if desk.world.interactive:
        return desk.world.ask("Enrolment token: ").strip()
    return desk.world.stdin.readline(4_096).strip()


def _status(screen: Screen, value: Any) -> None:
    screen.line(value["message"])
    screen.card(value, STATUS)


def _initialised(screen: Screen, value: Any, agent: str) -> None:
    screen.line(f"Say in {value['settings']} what is to be done for each function.")
    screen.line(f"Then enrol this device: {in_folder('tenure agent enrol', '--agent', agent)}")
    screen.line("The enrolment token says which site and where; the site's administrator gets one by:")
    screen.line("tenure devices token")
