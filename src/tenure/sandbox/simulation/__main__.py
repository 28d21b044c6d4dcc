"""`python -m tenure.sandbox.simulation`: a soak over many seeds, or one seed again with its trace."""

import argparse
import logging
import os
import sys
import time

from tenure.sandbox.simulation import soak

FULL, SHORT = 1_000_000, 100_000
SHOWN = ("died", "outage", "cut off", "switched off", "clock set", "copied", "put back", "restored", "forks", "notices")


def main() -> int:
    """Runs what the arguments ask for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tenure.sandbox.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="live through this one world and print its trace")
    parser.add_argument("--days", type=int, default=0, help="so many days of each world (0: as many as its kind lives)")
    parser.add_argument("--lines", type=int, default=60, help="with --seed: so many lines of the trace")
    parser.add_argument("--device-days", type=int, default=SHORT if os.environ.get("SHORT") else FULL)
    parser.add_argument("--first", type=int, default=0, help="the first seed of a soak")
    parser.add_argument("--processes", type=int, default=0, help="0: one for each core")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    return _one(asked) if asked.seed is not None else _many(asked)


def _one(asked: argparse.Namespace) -> int:
    lived = soak.live_world(asked.seed, asked.days)
    print(lived.broken or "\n".join(lived.trace.splitlines()[-asked.lines :]))
    print(f"seed {lived.seed} ({lived.kind}): {_figures(lived)}, checksum {lived.checksum:08x}")
    return 1 if lived.broken else 0


def _many(asked: argparse.Namespace) -> int:
    began, lived = time.perf_counter(), list[soak.WorldResult]()
    for each in soak.run_soak(asked.device_days, asked.first, asked.processes, asked.days):
        lived.append(each)
        print(f"seed {each.seed:4} ({each.kind}): {_figures(each)}", flush=True)
        if each.broken:
            print(each.broken)
    seconds, total = time.perf_counter() - began, soak.sum_results(lived)
    violations = [each.seed for each in lived if each.broken]
    print(
        f"{total['device-days']:,} device-days in {len(lived)} worlds, {total['looks']:,} looks,"
        f" {total['syncs']:,} synchronizations in {seconds:.0f} s; "
        + ", ".join(f"{name} {total[name]:,}" for name in SHOWN if total[name])
    )
    print(f"violations: {len(violations)}" + (f", seeds {violations}" if violations else ""))
    return 1 if violations else 0


def _figures(lived: soak.WorldResult) -> str:
    return (
        f"{lived.device_days:,} device-days, {lived.looks:,} looks, {lived.synchronizations:,} synchronizations,"
        f" {lived.seconds:.1f} s" + (", BROKEN" if lived.broken else "")
    )


if __name__ == "__main__":
    sys.exit(main())
