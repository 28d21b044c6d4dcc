"""The entry point `tenure`: says what to install where packages are missing, else hands over to `main`.

`pip install tenure` brings all code, and of other packages only those of the SDK: without extras the command can do
nothing, and must say so in a sentence. Nothing but the standard library is imported before that.
"""

import sys
from importlib.util import find_spec
from typing import Final

from tenure import __version__
from tenure.agent.command.interruption import INTERRUPTED, WORDS, end_on_interrupt
from tenure.cli.extras import install_advice

MISSING: Final = 10
"""The exit code of what cannot be reached (`core.refusals.ExitCode.UNREACHABLE`), which cannot be imported before this.
"""


def main() -> None:
    """Run the command; exits with 10 and one sentence when its packages are not installed, with 130 after Ctrl-C."""
    try:
        with end_on_interrupt():
            _require_parser()
            if sys.argv[1:] == ["--version"]:
                print(__version__)
                return
            from tenure.cli.main import main as run
            from tenure.cli.main import prepare_command

            prepare_command(sys.argv[1:])
        run()
    except KeyboardInterrupt:
        sys.stderr.write(WORDS)
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as fault:
        told = install_advice(fault.name or "")
        if not told:
            raise
        sys.stderr.write(told)
        sys.exit(MISSING)


def _require_parser() -> None:
    """Raises ModuleNotFoundError without the extra `cli`, also where the words asked for would be shown without it."""
    if find_spec("cyclopts") is None:
        raise ModuleNotFoundError("No module named 'cyclopts'", name="cyclopts")
