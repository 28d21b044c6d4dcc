"""Very many sites in the store beside few: what a synchronization costs, how long a start and a single read take.

Two servers as shipped, on copies of one state: one grown to 1,000 sites, the other to 1,000,000. The sites that are
asked are the same; what is added are rows like theirs, in every table that a synchronization or a list touches (about
12 KB a site: have 15 GB free for a million). The file was written just before, so that its pages are cached.
"""

import copy
import random
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from statistics import median

import httpx2

from benchmarks.in_process import InProcessServer
from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import CONNECTIONS, Run
from benchmarks.slices import Load
from tenure.server.state_place import DATABASE

KEYS = ("growth", "million_start", "million_reads")
FEW, MANY, SHORT = 1_000, 1_000_000, 5_000
BYTES_A_SITE = 15_000
STARTS, READS = 3, 300
SEED = 7

_NUMBERS = "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ?)"
_NEW = {
    "customers": {"id": "cus_"},
    "accounts": {"customer": "cus_"},
    "subscriptions": {"id": "sub_", "customer": "cus_", "next_change": None},
    "standings": {"subscription": "sub_", "customer": "cus_"},
    "facts": {"subscription": "sub_"},
    "sites": {"id": "site_", "subscription": "sub_", "customer": "cus_", "thumbprint": ""},
    "leases": {"site": "site_", "subscription": "sub_"},
    "codes": {"id": "cod_", "subscription": "sub_", "digest": None},
}
"""By table, the columns that tell a row from the one it is like: the prefix of its name; None for what is its own."""
_OWN = {"next_change": "null", "digest": "randomblob(32)"}
"""Nothing falls due for the added ones: what is measured is how large the store is, not a sweep."""
_WITH_NAMES = ("customers", "facts")
"""Tables whose `body` holds the names of customer and subscription, too."""


def measure(run: Run) -> Figures:
    """All rows."""
    many = run.sites_most or (SHORT if run.size.short else MANY)
    free = shutil.disk_usage(run.folder).free
    if free < many * BYTES_A_SITE:
        return dict.fromkeys(KEYS, Missing(f"{many * BYTES_A_SITE / 1e9:.0f} GB of disk needed, {free / 1e9:.0f} free"))
    stores = [_grown(run, name, count) for name, count in (("few", FEW), ("many", many))]
    note = f"{many:,} sites, {(stores[1].folder / DATABASE).stat().st_size / 1e6:,.0f} MB"
    starts = _starts(run, stores)
    with (
        Program("serve", str(stores[0].folder), log=run.log) as one,
        Program("serve", str(stores[1].folder), log=run.log) as other,
    ):
        costs = _costs(run, Load(stores[0], one, CONNECTIONS), Load(stores[1], other, CONNECTIONS))
        waits = _reads(other, stores[1])
    shutil.rmtree(stores[1].folder)
    return {
        "growth": Figure(costs[1] / costs[0], f"{costs[0]:,.0f} us, {costs[1]:,.0f} us with {note}, cached pages"),
        "million_start": Figure(starts[1] / starts[0], f"{starts[1]:.2f} s of CPU; {note}"),
        "million_reads": Figure(waits[int(len(waits) * 0.99)], f"p50 {median(waits):.1f} ms; {note}"),
    }


def _grown(run: Run, name: str, count: int) -> InProcessServer:
    made = run.served()
    grown = replace(made, folder=run.folder / f"growth-{name}", citizens=copy.deepcopy(made.citizens))
    shutil.copytree(made.folder, grown.folder)
    grow(grown, count - len(made.citizens))
    return grown


def _starts(run: Run, stores: list[InProcessServer]) -> list[float]:
    """Seconds of processor time of a start on each, the least."""
    taken: list[list[float]] = [[] for _ in stores]
    for _ in range(2 if run.size.short else STARTS):
        for store, kept in zip(stores, taken, strict=True):
            with Program("serve", str(store.folder), log=run.log) as server:
                kept.append(server.start_cpu)
    return [min(each) for each in taken]


def _costs(run: Run, *loads: Load) -> list[float]:
    """Microseconds of one synchronization that brings nothing new at each, in turn, the least."""
    requests = run.size.sites * 8
    for each in loads:
        each.unchanged(requests)
    taken: list[list[float]] = [[] for _ in loads]
    for _ in range(run.size.rounds):
        for load, kept in zip(loads, taken, strict=True):
            kept.append(load.unchanged(requests).server_us)
    return [min(each) for each in taken]


def _reads(server: Program, made: InProcessServer) -> list[float]:
    """Milliseconds of reads of one subscription, its timeline, its reasons and one page, one by one, sorted."""
    dice = random.Random(SEED)  # noqa: S311 - the same reads in each run
    with closing(sqlite3.connect(f"file:{made.folder / DATABASE}?mode=ro", uri=True)) as opened:
        names = [row[0] for row in opened.execute("select id from subscriptions limit 5000")]
    headers = {"Authorization": f"Bearer {made.staff_token}"}
    forms = ("/v1/subscriptions/{}", "/v1/subscriptions/{}/timeline", "/v1/subscriptions/{}/explain")
    taken = []
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=60) as http:
        for number in range(READS):
            path = forms[number % len(forms)].format(dice.choice(names))
            begun = time.perf_counter()
            answer = http.get(path)
            taken.append((time.perf_counter() - begun) * 1_000)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.text[:300]}")
    return sorted(taken)


def grow(made: InProcessServer, more: int) -> int:
    """Adds `more` sites like the first one to the database, each of a customer of its own; the bytes of the file."""
    file, first = made.folder / DATABASE, made.citizens[0]
    with closing(sqlite3.connect(file)) as opened, opened:
        owner = opened.execute("select customer from subscriptions where id = ?", (first.subscription,)).fetchone()[0]
        like = {"sites": ("id", first.id), "leases": ("site", first.id), "subscriptions": ("id", first.subscription)}
        like |= {"customers": ("id", owner), "accounts": ("customer", owner)}
        for table, new in _NEW.items():
            columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
            told = {column: _told(column, new) for column in columns}
            if table in _WITH_NAMES:
                told["body"] = _renamed(owner, first.subscription)
            key, value = like.get(table, ("subscription", first.subscription))
            chosen = ", ".join(told.values())
            fill = f"{_NUMBERS} insert into {table} select {chosen} from {table}, numbers where {key} = ?"  # noqa: S608
            opened.execute(fill, (max(more, 1), value))
        opened.execute("analyze")
    return file.stat().st_size


def _told(column: str, new: dict[str, str | None]) -> str:
    if column not in new:
        return f'"{column}"'
    prefix = new[column]
    return _OWN[column] if prefix is None else _other_name(column, prefix)


def _other_name(text: str, prefix: str) -> str:
    """As SQL: the name in `text` with its first seven symbols replaced by the row's number."""
    return f"printf('{prefix}%07d', n) || substr({text}, {len(prefix) + 8})"


def _renamed(customer: str, subscription: str) -> str:
    """As SQL: a body that speaks of the row's own customer and subscription."""
    body = "cast(body as text)"
    for name in (customer, subscription):
        body = f"replace({body}, '{name}', {_other_name(repr(name), name[:4])})"
    return f"cast({body} as blob)"
