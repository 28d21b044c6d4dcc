"""`python -m conformance [--client COMMAND] [WORD …]`: runs the scenarios, one line each and a closing line.

Without `--client` our own SDK is run, in this process. Words choose scenarios by name. Exit code 1 if any failed.
"""

import argparse
import shlex
import sys
import time

from conformance import sdk_client
from conformance.client import Client, ClientFailed, CommandLine, InProcess
from conformance.runner import play
from conformance.scenario import load


def main() -> int:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(prog="conformance", description="Checks a client against the protocol.")
    parser.add_argument("--client", default="", help="command line of the client; our SDK by default")
    parser.add_argument("words", nargs="*", help="run only scenarios whose names hold one of these")
    asked = parser.parse_args()
    client: Client = CommandLine(shlex.split(asked.client)) if asked.client else InProcess(sdk_client.run)
    chosen = [each for each in load() if not asked.words or any(word in each.name for word in asked.words)]
    began, failed = time.monotonic(), 0
    for scenario in chosen:
        try:
            wrong = play(scenario, client)
        except ClientFailed as error:
            wrong = str(error)
        failed += bool(wrong)
        print(
            f"{'FAIL' if wrong else 'ok  '}  {scenario.name}  [{scenario.rule}]" + (f"\n      {wrong}" if wrong else "")
        )
    print(f"{len(chosen)} scenarios, {failed} failed, {time.monotonic() - began:.1f} s")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
