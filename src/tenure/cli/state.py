"""Where commands find a server's state; imported only when used, for it loads the store."""

from pathlib import Path

from tenure.cli.command_session import CommandSession
from tenure.server.state_place import StatePlace, find_place


def place_of(session: CommandSession, folder: Path) -> StatePlace:
    """Where the state of the server in `folder` is, as its settings and this command's environment say."""
    return find_place(Path(folder), session.world.env)
