"""What everybody else waits while one tenant or stranger does the worst it can.

One real server process on one core; on the other core another caller's requests at a steady pace, before and during,
and the hog in a process of its own. Each row says both: the machine's noise is in `before` as well.
"""

import asyncio
import multiprocessing
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import msgspec

from benchmarks.board import fill
from benchmarks.in_process import Caller, furnish
from benchmarks.programs import LOAD_CORE, Program
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import Run
from tenure.core.refusals import Refused
from tenure.server import main as server
from tenure.server import setup
from tenure.server.app import build_app
from tenure.store.schema import accounts

ROWS, FACTS = 100_000, 3_000
KEYS = ("fair_bodies", "fair_export", "fair_writes", "fair_history", "fair_refused")
RATE = 50
"""Requests a second of everybody else."""
MOST_MS, QUIET_MS = 100, 25
"""The promise; and up to which `before` a figure says something of the server and not of its neighbors."""
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


class Stage(NamedTuple):
    """What the parties know."""

    port: int
    other: str
    """Token of a provider that has nothing to do with the hog."""
    staff: str
    """Token of the hog's provider, who has 100,000 subscriptions."""
    customer: str
    """Token of the hog's customer, of default rights."""
    long: str
    """The customer's subscription with a history of 3,000 facts."""
    plain: str
    """Another subscription of the customer's."""


class Waits(NamedTuple):
    """Answers to the other caller's requests."""

    milliseconds: list[float]
    statuses: Counter[int]

    def at(self, share: float) -> float:
        """Milliseconds within which that share of the answers came."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


def measure(run: Run) -> Figures:
    """A row for each hog, and the answers to others that were refusals; late before the hog came: not measured."""
    seconds, rows, facts = (2.0, 10_000, 300) if run.size.short else (10.0, ROWS, FACTS)
    folder = run.folder / "fair"
    made = asyncio.run(_furnished(folder, rows, facts))
    found: dict[str, Figure | Missing] = {}
    refusals: Counter[int] = Counter()
    with Program("serve", str(folder), log=run.log) as program:
        stage = made._replace(port=program.port)
        _waits(stage, 1.0)
        for key, hog in HOGS.items():
            noted = _wait_with_hog(stage, hog, seconds, program.cpu)
            refusals.update({status: count for status, count in noted.during.statuses.items() if status != 200})
            found[key] = make_figure(noted, f"{rows:,} rows, {facts:,} facts" if run.size.short else "")
    return {**found, "fair_refused": Figure(refusals.total(), _counted(refusals) if refusals else "")}


class WaitsWithHog(NamedTuple):
    """Others' waits before and during one hog, and what became of the hog."""

    before: Waits
    during: Waits
    hog: str
    busy: float
    """Of one core, by the server."""


def make_figure(noted: WaitsWithHog, size: str) -> Figure | Missing:
    """Others' p99; none where they waited too long before the hog came, as well: that is the machine."""
    before, during = (f"{each.at(0.5):.1f}/{each.at(0.99):.1f}" for each in (noted.before, noted.during))
    note = f"p50/p99 {before} before, {during} during; hog: {noted.hog}; server {noted.busy:.0%} of a core"
    late = noted.during.at(0.99)
    if late > MOST_MS and noted.before.at(0.99) > QUIET_MS:
        return Missing(f"late before it came, too: {note}")
    return Figure(late, "; ".join(filter(None, (note, size))))


def _wait_with_hog(
    stage: Stage, hog: Callable[[Stage, Any, Any], None], seconds: float, cpu: Callable[[], float]
) -> WaitsWithHog:
    before = _waits(stage, seconds)
    context = multiprocessing.get_context("spawn")
    ready, stop, told = context.Event(), context.Event(), context.Queue()
    process = context.Process(target=_hogging, args=(hog.__name__, stage, ready, stop, told))
    process.start()
    ready.wait(60)
    used, begun = cpu(), time.perf_counter()
    during = _waits(stage, seconds)
    busy = (cpu() - used) / (time.perf_counter() - begun)
    stop.set()
    result = told.get(timeout=60)
    process.join(60)
    return WaitsWithHog(before, during, result, busy)


def _waits(stage: Stage, seconds: float) -> Waits:
    """Another caller at a steady pace; each wait counts from the instant at which the request was due."""
    taken: list[float] = []
    statuses: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {stage.other}"}
    paths = ("/v1/me", "/v1/subscriptions?limit=25", "/livez", "/v1/events")
    lock = threading.Lock()
    # Opened before the clock starts: a client's own beginning takes as long as the promise that is measured.
    opened = [httpx2.Client(base_url=f"http://127.0.0.1:{stage.port}", headers=headers, timeout=60) for _ in range(6)]
    for http in opened:
        http.get("/livez")
    begun = time.perf_counter()
    numbers = iter(range(int(seconds * RATE)))

    def work(http: httpx2.Client) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = begun + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            status = http.get(paths[number % len(paths)]).status_code
            with lock:
                taken.append(1_000 * (time.perf_counter() - due))
                statuses[status] += 1

    threads = [threading.Thread(target=work, args=(http,)) for http in opened]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for http in opened:
        http.close()
    return Waits(sorted(taken), statuses)


def _hogging(name: str, stage: Stage, ready: Any, stop: Any, told: Any) -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    told.put(globals()[name](stage, ready, stop))


def half_bodies(stage: Stage, ready: Any, stop: Any) -> str:
    """520 connections from three addresses, each with the head of a request and one byte; those cut come again."""
    half = b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: 100\r\n\r\na"
    with ExitStack() as stack:

        def connect(number: int) -> socket.socket:
            where = (ADDRESSES[number % 3], 0)
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", stage.port), 5, where))
            sock.sendall(half)
            sock.setblocking(False)
            return sock

        held, cut = [connect(number) for number in range(520)], 0
        ready.set()
        while not stop.wait(0.2):
            for number, sock in enumerate(held):
                try:
                    gone = sock.recv(4_096) is not None
                except BlockingIOError:
                    gone = False
                except OSError:
                    gone = True
                if gone:
                    sock.close()
                    cut += 1
                    held[number] = connect(number)
    return f"520 held, {cut} cut and made again"


def exports(stage: Stage, ready: Any, stop: Any) -> str:
    """The whole list as CSV, two at a time, again and again."""
    return _asking(stage, stage.staff, ["/v1/subscriptions.csv"], 2, ready, stop)


def writes(stage: Stage, ready: Any, stop: Any) -> str:
    """Automatic renewal of one subscription switched 65 times a second."""
    answers: Counter[int] = Counter()
    with httpx2.Client(base_url=f"http://127.0.0.1:{stage.port}", timeout=60) as http:
        ready.set()
        for number in count():
            if stop.wait(1 / 65):
                break
            answers[_switch(http, stage, number).status_code] += 1
    return _counted(answers)


def long_history(stage: Stage, ready: Any, stop: Any) -> str:
    """Everything that can be read of a subscription with 3,000 facts, eight at a time."""
    one = f"/v1/subscriptions/{stage.long}"
    paths = [one, f"{one}/history?limit=200", f"{one}/timeline", f"{one}/explain"]
    return _asking(stage, stage.customer, paths, 8, ready, stop)


HOGS: dict[str, Callable[[Stage, Any, Any], Any]] = {
    "fair_bodies": half_bodies,
    "fair_export": exports,
    "fair_writes": writes,
    "fair_history": long_history,
}


def _asking(stage: Stage, token: str, paths: list[str], at_once: int, ready: Any, stop: Any) -> str:
    answers: Counter[int] = Counter()

    def work(number: int) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{stage.port}", headers=headers, timeout=120) as http:
            for turn in count(number):
                if stop.is_set():
                    return
                answers[http.get(paths[turn % len(paths)]).status_code] += 1

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(at_once)]
    for each in threads:
        each.start()
    time.sleep(0.3)
    ready.set()
    stop.wait()
    for each in threads:
        each.join(30)
    return _counted(answers)


def _switch(http: httpx2.Client, stage: Stage, number: int) -> httpx2.Response:
    headers = {
        "Authorization": f"Bearer {stage.customer}",
        "Idempotency-Key": f"fair-{time.perf_counter_ns()}",
        "Content-Type": "application/json",
    }
    body = msgspec.json.encode({"intent": ("auto", "manual")[number % 2]})
    return http.post(f"/v1/subscriptions/{stage.plain}/set-renewal-intent", content=body, headers=headers)


def _counted(answers: Counter[int]) -> str:
    return ", ".join(f"{n} x {status}" for status, n in sorted(answers.items())) or "nothing answered yet"


async def _furnished(folder: Path, rows: int, facts: int) -> Stage:
    made = await setup.init_folder(folder, "https://license.example", secrets.token_bytes, server.system_now())
    if isinstance(made, Refused):
        raise RuntimeError(made.detail)
    context = await server.open_context(folder)
    if isinstance(context, Refused):
        raise RuntimeError(context.detail)
    hours = count(step=3_600)
    # A counter that runs an hour at each look: what took months is made here at once.
    api = build_app(context, lambda: float(next(hours)), sweeping=False)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://license.example") as http:
        vendor = Caller(http, made.vendor_token)
        provider, staff, offer = await furnish(vendor)
        acme = (await staff.post("/v1/customers", {"name": "ACME"}))["id"]
        await staff.post(f"/v1/customers/{acme}/top-ups", {"amount": 1_000_000, "reference": "bank 1"})
        order = {"customer": acme, "offer": offer, "devices": 10}
        names = [(await staff.post("/v1/subscriptions", order))["subscription"]["id"] for _ in range(2)]
        for number in range(facts):
            intent = ("auto", "manual")[number % 2]
            await staff.post(f"/v1/subscriptions/{names[0]}/set-renewal-intent", {"intent": intent})
        token = (await staff.post("/v1/tokens", {"name": "c", "role": "customer", "customer": acme, "scopes": ["*"]}))[
            "token"
        ]
        other = (await vendor.post("/v1/providers", {"name": "South", "currency": "EUR"}))["id"]
        asked = {"name": "fairness", "role": "provider", "scopes": ["*"]}
        caller = (await vendor.post("/v1/tokens", asked, provider=other))["token"]
        hogs = (await vendor.post("/v1/tokens", asked, provider=provider))["token"]
        await context.db.write(fill, provider, rows - len(names), context.clock())
        # Money without a booking stops all writes on money as soon as the server looks.
        await context.db.write(
            lambda conn: conn.execute(accounts.update().where(accounts.c.customer != acme).values(balance=0))
        )
    await context.db.close()
    return Stage(0, caller, hogs, token, names[0], names[1])
