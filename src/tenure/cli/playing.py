"""`tenure demo` and `tenure story`: everything started with data to play with, and the main job told step by step."""

from typing import Annotated

from cyclopts import App, Parameter

from tenure.cli.desk import Desk
from tenure.cli.options import LOCAL
from tenure.cli.output import made, sentence
from tenure.cli.problems import failed, invalid
from tenure.cli.verbs import SANDBOX, Ended, verb
from tenure.core.refusals import Exit, Refused

LOOPBACK = "127.0.0.1"


def add(app: App) -> None:
    """Add `tenure demo` and `tenure story`."""
    verb(app, "demo", LOCAL, group=SANDBOX, example="tenure demo")(demo)
    verb(app, "story", LOCAL, group=SANDBOX, example="tenure story")(story)


def demo(
    desk: Desk,
    *,
    listen: Annotated[
        str, Parameter(help="ADDRESS:PORT of the server, on this computer alone; another port when it is taken.")
    ] = f"{LOOPBACK}:8080",
) -> Ended:
    """Start everything in one process on a scratch folder, and say what there is to try; Ctrl-C ends it."""
    from tenure.http.endpoints import read_endpoint
    from tenure.sandbox.demo import demo as start

    place = read_endpoint(listen)
    if isinstance(place, Refused):
        return failed(place)
    if place.host != LOOPBACK:
        return invalid(f"Everybody knows the demo's passwords, so it listens at {LOOPBACK} alone.", "listen")
    start(desk.world.stdout, port=place.port)
    return made({"ended": True}, sentence("Ended; nothing was kept."))


def story(desk: Desk) -> Ended:
    """Tell the main job through the real programs on a test clock, one line per step."""
    from tenure.sandbox.story import story as tell

    told = tell(desk.world.stdout)
    return made(told, lambda screen, _: None, Exit.FAULT if told.differences else Exit.DONE)
