"""The arguments of `tenure-agent`: its verbs, their options, and where the agent's folder is.

The verbs and options are those of `tenure agent`, so that either command may be used on one folder.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from tenure import __version__


def make_parser() -> argparse.ArgumentParser:
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(prog="tenure-agent", description="The agent of this device.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_init(_add_verb(verbs, "init", "Make the agent's folder: settings and the vendor's root document."))
    enroll = _add_verb(verbs, "enroll", "Enroll this device at its site and get a seat; the token is read from input.")
    enroll.add_argument("enrollment", nargs="?", default="", help="the enrollment token; better given on input")
    enroll.add_argument("--later", action="store_true", help="keep the token and ask nothing yet: for a disk image")
    enroll.add_argument("--ephemeral", action="store_true", help="it does not last (a container): seats of an hour")
    _add_verb(verbs, "run", "Run the agent until it is stopped; it listens on nothing.")
    _add_verb(verbs, "status", "Show what this device may do, why, until when; sends no request.")
    _add_verb(verbs, "release", "Give this device's seat up.")
    return parser


def agent_folder(named: str, environment: Mapping[str, str]) -> Path:
    """The folder named by the option or TENURE_AGENT, else `tenure/agent` among the user's state."""
    state = environment.get("XDG_STATE_HOME", "")
    parent = Path(state) if state.startswith("/") else Path(environment.get("HOME") or "/") / ".local/state"
    return Path(named or environment.get("TENURE_AGENT", "") or parent / "tenure" / "agent").expanduser()


def _add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=about, description=about, allow_abbrev=False)
    verb.add_argument("--agent", default="", metavar="FOLDER", help="the agent's folder [env: TENURE_AGENT]")
    if name != "init":
        verb.add_argument("--clock", type=Path, metavar="FILE", help="a file that tells the time; for a sandbox alone")
    if name != "run":
        verb.add_argument("--json", action="store_true", help="print JSON")
    return verb


def _add_init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--root", type=Path, required=True, metavar="FILE", help="the vendor's root document")
    verb.add_argument("--product", required=True, help="the product that this device is protected by")
    verb.add_argument("--version", required=True, help="its version here")
    verb.add_argument("--name", default="", help="the device's name, for people; the computer's by default")
    verb.add_argument("--sandbox", action="store_true", help="with the root of a sandbox, and only then")
    verb.add_argument("--hardware", default="", help="in a sandbox: made-up hardware, so that one computer plays many")
