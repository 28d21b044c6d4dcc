"""`tenure demo` and `tenure story`: everything started with data to play with, and the main job told step by step."""

import shutil
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import App, Parameter

from tenure.agent.command.interruption import end_on_signals
from tenure.cli.command_session import CommandSession
from tenure.cli.options import LOCAL
from tenure.cli.output import CommandOutput, make_output, sentence_output
from tenure.cli.problems import accept, invalid_field
from tenure.cli.registration import SANDBOX, add_verb
from tenure.core.refusals import ExitCode

LOOPBACK = "127.0.0.1"


def add(app: App) -> None:
    """Add `tenure demo` and `tenure story`."""
    add_verb(app, "demo", LOCAL, group=SANDBOX, example="tenure demo")(run_demo)
    add_verb(app, "story", LOCAL, group=SANDBOX, example="tenure story")(run_story)


def run_demo(
    session: CommandSession,
    *,
    listen: Annotated[
        str, Parameter(help="ADDRESS:PORT of the server, on this computer alone; another port when it is taken.")
    ] = f"{LOOPBACK}:8080",
) -> CommandOutput:
    """Start everything in one process on a temporary folder, with a list of things to try; Ctrl-C ends it."""
    from tenure.http.endpoints import read_endpoint

    place = accept(read_endpoint(listen))
    if place.host != LOOPBACK:
        raise invalid_field(f"The demo's passwords are public, so it listens at {LOOPBACK} alone.", "listen")
    with TemporaryDirectory(prefix="tenure-demo-") as scratch:
        # While it starts there is nothing that would have to be ended in order.
        end_on_signals(lambda: shutil.rmtree(scratch, ignore_errors=True), signal.SIGTERM)
        from tenure.sandbox.demo import serve_demo

        serve_demo(session.world.stdout, Path(scratch), port=place.port)
    return make_output({"ended": True}, sentence_output("CommandOutput; nothing was kept."))


def run_story(session: CommandSession) -> CommandOutput:
    """Run the main use case through the real programs on a test clock, one line per step."""
    from tenure.sandbox.story import tell_story

    told = tell_story(session.world.stdout)
    return make_output(told, lambda screen, _: None, ExitCode.FAULT if told.differences else ExitCode.DONE)
