"""A server stopped and started again under load: what sites and an application's license notice of it.

Sites repeat a request that brought no answer, the same bytes after a short while, as the SDK does; each must be told
`unchanged` in the end. An application asks its license for a feature all the time.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks import slices
from benchmarks.api_costs import order_at
from benchmarks.clients import body_of, connect, http_request, read_whole
from benchmarks.in_process import BenchmarkSite, InProcessServer
from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures
from benchmarks.run import Run
from tenure.sdk import License, Network

KEYS = ("restart",)
SITES = 16
PAUSE = 0.05
"""Seconds until a request without an answer is repeated; real clients take a minute, and would see less."""
GIVEN_UP = 30.0
"""Seconds in which a request is to be answered."""
BETWEEN = 0.5
"""Seconds of load between two restarts."""


def measure(run: Run) -> Figures:
    """The row."""
    made, restarts = run.fleet(), 2 if run.size.short else 20
    first = Program("serve", str(made.folder), log=run.log)
    port, stop = first.port, threading.Event()
    opened = open_license(run, made, port)
    with ThreadPoolExecutor(SITES + 1) as hands:
        asking = [hands.submit(ask_until, made, site, port, stop.is_set) for site in made.citizens[:SITES]]
        watching = hands.submit(watch, opened, stop.is_set)
        server = first
        try:
            for _ in range(restarts):
                time.sleep(BETWEEN)
                server.__exit__(None, None, None)
                server = Program("serve", str(made.folder), str(port), log=run.log)
            time.sleep(BETWEEN)
        finally:
            stop.set()
        told = [each.result() for each in asking]
        noticed = watching.result()
        server.__exit__(None, None, None)
    opened.stop()
    answered, repeated, failed = (sum(counts) for counts in zip(*told, strict=True))
    note = f"{restarts} restarts, {answered:,} answers, {repeated} requests repeated, {noticed} times not allowed"
    return {"restart": Figure(failed + noticed, note)}


def open_license(run: Run, made: InProcessServer, port: int) -> License:
    """An application's license from this server."""
    opened = License.open(
        product="editor",
        version="12.0",
        server=f"http://127.0.0.1:{port}",
        root=made.keys.root_of(sandbox=False).token,
        folder=run.folder / "application",
        network=Network(dns="off", proxy="", loopback_http=True),
    )
    outcome = opened.activate(order_at(port, made))
    if not opened.allows("edit"):
        raise RuntimeError(f"the application is not licensed: {outcome.message}")
    opened.start()
    return opened


def watch(opened: License, stopped: Callable[[], bool]) -> int:
    """How often the application would have been told no."""
    refused = 0
    while not stopped():
        refused += not opened.allows("edit")
        time.sleep(PAUSE / 10)
    return refused


def ask_until(
    made: InProcessServer, site: BenchmarkSite, port: int, stopped: Callable[[], bool]
) -> tuple[int, int, int]:
    """Answers, repetitions, and requests that were answered wrongly or not at all."""
    answered = repeated = failed = 0
    while not stopped():
        request = http_request(site.request(made.keys))
        slices.advance(site, 0)
        until = time.monotonic() + GIVEN_UP
        while (told := _ask(port, request)) is None and time.monotonic() < until:
            repeated += 1
            time.sleep(PAUSE)
        answered += told == "unchanged"
        failed += told != "unchanged"
    return answered, repeated, failed


def _ask(port: int, request: bytes) -> str | None:
    """The result; None where there was no answer, or one that says to come again."""
    try:
        with connect(port) as sock:
            sock.sendall(request)
            answer = read_whole(sock)
    except OSError:
        return None
    if answer.startswith(b"HTTP/1.1 503"):
        return None
    result: str = slices.payload(body_of(answer)).get("result", "")
    return result
