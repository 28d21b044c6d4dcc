"""All clients come back after an outage of an hour: simulated with the schedule that real clients keep, and for real.

The network is away for an hour for 20,000 clients, and returns for all of them in one second. When each asks is decided
by `core.lease.sync_schedule`; the same arrivals at a tenth of the scale, ten times as fast, go to a real server.
"""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import msgspec

from benchmarks import slices
from benchmarks.clients import body_of, connect, http_request, read_whole
from benchmarks.in_process import BenchmarkSite, InProcessServer
from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures
from benchmarks.run import Run
from tenure.core.lease.sync_schedule import (
    Rhythm,
    SyncState,
    after_failure,
    network_returned,
    next_due,
)
from tenure.core.timeline import DAY, HOUR, Instant

KEYS = ("herd_peak", "herd_lost", "herd_real")
CLIENTS, WINDOW = 20_000, 900
SEED = 34
LIVES = (30 * DAY, 7 * DAY, DAY)
"""Of the leases, in seconds; the shortest bears an outage of 17 hours by itself."""


class Client(msgspec.Struct, frozen=True):
    """One that was cut off: its schedule, when its lease ends, and its lot."""

    state: SyncState
    ends: Instant
    lot: float


def measure(run: Run) -> Figures:
    """All rows."""
    returned = 100 * DAY
    clients = draw_clients(returned, random.Random(SEED))  # noqa: S311 - the same clients in each run
    arrivals = [arrival(each, returned) for each in clients]
    lost = sum(at >= each.ends for at, each in zip(arrivals, clients, strict=True))
    peak = max(Counter(arrivals).values()) / (CLIENTS / WINDOW)
    drained = max(arrivals) - returned
    failures, slowest, asked = _for_real(run, arrivals, returned)
    return {
        "herd_peak": Figure(peak, f"{CLIENTS:,} clients, seconds as counted; the last one came after {drained} s"),
        "herd_lost": Figure(lost, f"lives of {', '.join(f'{life // DAY} d' for life in LIVES)}"),
        "herd_real": Figure(failures, f"{asked:,} clients, each on a connection of its own; slowest {slowest:.0f} ms"),
    }


def draw_clients(returned: Instant, dice: random.Random) -> list[Client]:
    """Clients anywhere in their day when the outage began; those that were due have failed, and failed again."""
    return [_draw_client(returned - HOUR, returned, dice) for _ in range(CLIENTS)]


def _draw_client(began: Instant, returned: Instant, dice: random.Random) -> Client:
    life, lot = dice.choice(LIVES), dice.random()
    interval = max(1, min(DAY, life // 28))
    answered = began - dice.randrange(interval)
    state = SyncState(rhythm=Rhythm(spans=(), interval=interval), woke=began - 7 * DAY, answered=answered)
    due = next_due(state, began, lot)
    while due is not None and due < returned:
        state = after_failure(msgspec.structs.replace(state, attempted=due), due)
        lot = dice.random()
        due = next_due(state, due, lot)
    # A lease is signed again when a quarter of its life has passed, so at least three quarters less a day are left.
    return Client(state, answered + life * 3 // 4 - dice.randrange(life // 2), lot)


def arrival(client: Client, returned: Instant) -> Instant:
    """When it asks after the return."""
    due = next_due(network_returned(client.state, returned), returned, client.lot)
    if due is None:
        raise ValueError("a client that does not come back by itself")
    return max(due, returned)


def _for_real(run: Run, arrivals: list[Instant], returned: Instant) -> tuple[int, float, int]:
    """How many were not answered as they should, the longest wait in milliseconds, and how many asked."""
    share = 100 if run.size.short else 10
    chosen = sorted(arrivals)[::share]
    made = run.fleet()
    offsets = [(at - returned) / share + number / len(chosen) / share for number, at in enumerate(chosen)]
    with Program("serve", str(made.folder), log=run.log) as server, ThreadPoolExecutor(32) as hands:
        requests = [_sealed(made, site) for site, _ in zip(cycle(made.citizens), offsets, strict=False)]
        slices.settle()
        begun = time.perf_counter()
        told = list(hands.map(lambda pair: _ask(server, begun + pair[0], pair[1]), zip(offsets, requests, strict=True)))
    failures = sum(answer != "unchanged" for answer, _ in told)
    return failures, max(waited for _, waited in told), len(told)


def _sealed(made: InProcessServer, site: BenchmarkSite) -> bytes:
    request = http_request(site.request(made.keys))
    slices.advance(site, 0)
    return request


def _ask(server: Program, due: float, request: bytes) -> tuple[str, float]:
    """What one was told, and how many milliseconds after it was due."""
    time.sleep(max(0.0, due - time.perf_counter()))
    try:
        sock = connect(server.port)
        with sock:
            sock.sendall(request)
            told = slices.payload(body_of(read_whole(sock))).get("result", "")
    except (OSError, ValueError) as fault:
        told = str(fault)
    return told, (time.perf_counter() - due) * 1_000
