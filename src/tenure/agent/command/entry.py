"""The entry point `tenure-agent`: the ends of a command that are no error, Ctrl-C and a reader that has gone.

What the command does is `main`'s, imported where an interruption can still end the process at once.
"""

import os
import sys

from tenure.agent.command.interruption import INTERRUPTED, WORDS, end_on_interrupt


def main() -> None:
    """Runs the command and exits with its code, with 130 after Ctrl-C."""
    try:
        with end_on_interrupt():
            from tenure.agent.command.main import main as run
        try:
            run()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write(WORDS)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The interpreter must not complain at its end about what could not be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
