"""`python -m tenure.sandbox.lives`: so many random lives before the judge of their money, or one seed told in full."""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial

from tenure.sandbox.lives import walk

FULL, SHORT = 100_000, 2_000
WIDTH = 40


def main() -> int:
    """Lives what the arguments ask for; 1 when a life was unfair."""
    parser = argparse.ArgumentParser(prog="python -m tenure.sandbox.lives", description=__doc__)
    parser.add_argument("--seed", type=int, help="live this one life and tell it")
    parser.add_argument("--lives", type=int, default=SHORT if os.environ.get("SHORT") else FULL)
    parser.add_argument("--first", type=int, default=0, help="the first seed; shares of seeds can run apart")
    parser.add_argument("--length", type=int, default=walk.LENGTH, help="steps of a life after its orders")
    parser.add_argument("--processes", type=int, default=0, help="0: one for each core")
    asked = parser.parse_args()
    return _one(asked) if asked.seed is not None else _many(asked)


def _one(asked: argparse.Namespace) -> int:
    life = walk.run_life(asked.seed, asked.length)
    print("\n".join(life.told))
    print(f"seed {life.seed}: {life.unfair or 'fair'}")
    return 1 if life.unfair else 0


def _many(asked: argparse.Namespace) -> int:
    began, steps, accepted, looks = time.perf_counter(), 0, 0, 0
    unfair: list[int] = []
    for life in _shown(_lived(asked), asked.lives):
        steps, accepted, looks = steps + life.steps, accepted + life.accepted, looks + life.looks
        if life.unfair:
            unfair.append(life.seed)
            print(f"seed {life.seed}: {life.unfair}", flush=True)
    print(
        f"{asked.lives:,} lives from seed {asked.first}, {steps:,} steps, {accepted:,} commands accepted,"
        f" {looks:,} looks at what was served, {time.perf_counter() - began:.0f} s"
    )
    print(f"unfair lives: {len(unfair)}" + (f", seeds {unfair}" if unfair else ""))
    return 1 if unfair else 0


def _lived(asked: argparse.Namespace) -> Iterator[walk.LifeLived]:
    seeds = range(asked.first, asked.first + asked.lives)
    one = partial(walk.run_life, length=asked.length)
    processes = asked.processes or os.cpu_count() or 1
    if processes == 1:
        yield from map(one, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(one, seeds, chunksize=50)


def _shown(lives: Iterable[walk.LifeLived], total: int) -> Iterator[walk.LifeLived]:
    """The lives, with a bar on a terminal while they come in."""
    began, bar = time.perf_counter(), sys.stderr.isatty()
    for number, life in enumerate(lives, 1):
        yield life
        if bar and (number % 50 == 0 or number == total):
            full = WIDTH * number // total
            left = (time.perf_counter() - began) * (total - number) / number
            end = "\n" if number == total else ""
            print(f"\r[{'#' * full:{WIDTH}}] {number:,} of {total:,}, {left:,.0f} s left ", end=end, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
