"""`python -m benchmarks --growth`: what a synchronization costs with very many sites in the store, beside few.

Two servers as shipped, on copies of one state: one grown to 1,000 sites, the other to 1,000,000. The sites that are
asked are the same; what is added are rows like theirs, in every table that a synchronization or a list touches (about
12 KB a site: have 15 GB free for a million, or say `--sites 100000`).
"""

import os
import shutil
import sqlite3
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from benchmarks import in_process, slices
from benchmarks.in_process import InProcessServer
from benchmarks.programs import Program
from benchmarks.report import Promise, heading, line, middle, spread
from benchmarks.slices import Load, Measured
from tenure.server.setup import DATABASE

FEW, MANY = 1_000, 1_000_000
CONNECTIONS = 64
GROWTH = Promise("at most 1.3 times", most=1.3, absolute=False)

_NUMBERS = "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ?)"
_OTHER_NAME = "printf('{prefix}%07d', n) || substr({column}, {after})"
_NEW = {
    "subscriptions": {"id": "sub_", "next_change": None},
    "standings": {"subscription": "sub_"},
    "facts": {"subscription": "sub_"},
    "sites": {"id": "site_", "subscription": "sub_", "thumbprint": ""},
    "leases": {"site": "site_", "subscription": "sub_"},
    "codes": {"id": "cod_", "subscription": "sub_", "digest": None},
}
"""By table, the columns that tell a row from the one it is like: the prefix of its name; None for what is its own."""
_OWN = {"next_change": "null", "digest": "randomblob(32)"}
"""Nothing falls due for the added ones: what is measured is how large the store is, not a sweep."""


def run(folder: Path, sites: int, rounds: int, seconds: float, many: int = MANY) -> int:
    """Prints the cost with few and with `many` sites, and their ratio; 1 when it is missed."""
    few = in_process.found(folder / "few", sites)
    slices.known_bad_are_caught(few)
    shutil.copytree(few.folder, folder / "many")
    large = replace(few, folder=folder / "many", citizens=deepcopy(few.citizens))
    stored = [grow(each, most - sites) for each, most in ((few, FEW), (large, many))]
    print(f"{sites} of the sites on {CONNECTIONS} connections; load average {os.getloadavg()[0]:.1f}")
    log = (folder / "server.log").open("w")
    with Program("serve", str(few.folder), log=log) as one, Program("serve", str(large.folder), log=log) as other:
        loads = [Load(few, one, CONNECTIONS), Load(large, other, CONNECTIONS)]
        warm = [each.unchanged(max(sites * 4, 1_000)) for each in loads]
        requests = int(seconds * min(each.rate for each in warm))
        taken: list[list[Measured]] = [[], []]
        for _ in range(rounds):
            for load, held in zip(loads, taken, strict=True):
                held.append(load.unchanged(requests))
        starts = [one.cold_start, other.cold_start]
    return _tell([FEW, many], stored, taken, starts)


def grow(made: InProcessServer, more: int) -> int:
    """Adds `more` sites like the first one to the server's database; the file's bytes afterwards."""
    file = made.folder / DATABASE
    first = made.citizens[0]
    like = {"sites": ("id", first.id), "leases": ("site", first.id), "subscriptions": ("id", first.subscription)}
    with closing(sqlite3.connect(file)) as opened, opened:
        for table, new in _NEW.items():
            columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
            told = ", ".join(_told(column, new) for column in columns)
            key, value = like.get(table, ("subscription", first.subscription))
            fill = f"{_NUMBERS} insert into {table} select {told} from {table}, numbers where {key} = ?"  # noqa: S608
            opened.execute(fill, (max(more, 1), value))
        opened.execute("analyze")
    return file.stat().st_size


def _told(column: str, new: dict[str, str | None]) -> str:
    if column not in new:
        return f'"{column}"'
    prefix = new[column]
    if prefix is None:
        return _OWN[column]
    return _OTHER_NAME.format(prefix=prefix, column=column, after=len(prefix) + 8)


def _tell(counts: list[int], stored: list[int], taken: list[list[Measured]], starts: list[float]) -> int:
    heading("one synchronization that brings nothing new (processor time of the server, all threads)")
    cost = []
    for count, size, measured, start in zip(counts, stored, taken, starts, strict=True):
        each = [one.server_us for one in measured]
        cost.append(middle(each))
        notes = (spread(each), f"{size / 1e6:,.0f} MB of database", f"started in {start:.2f} s")
        line(f"with {count:,} sites", f"{cost[-1]:,.1f} us", *notes)
    ratio = cost[1] / cost[0]
    verdict = GROWTH.verdict(ratio, comparable=True)
    line("growth", f"{ratio:.2f} x", f"{verdict} ({GROWTH.text})", "the file was written just before: cached pages")
    return int(verdict == "MISSED")
