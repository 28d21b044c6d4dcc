"""What this machine can do at best, Ed25519 alone, and what the pure core costs: a timeline, a decision."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair

from benchmarks.in_process import InProcessServer
from benchmarks.programs import SERVER_CORE
from tenure.core.business import commands as c
from tenure.core.business.decide import Accepted, decide
from tenure.core.refusals import Refused
from tenure.core.subscription.contract import timeline
from tenure.core.subscription.fold import Subscription
from tenure.server import account_repository, main

REQUEST_BYTES, ANSWER_BYTES = 610, 465
"""What is signed of a synchronization's request and of `unchanged`: header and payload in base64url."""


def verify_and_sign(operations: int = 500) -> float:
    """Microseconds of one core for one Ed25519 verification and one signature by PyNaCl, nothing around them."""
    public, secret = crypto_sign_seed_keypair(b"s" * 32)
    request, answer = crypto_sign(b"q" * REQUEST_BYTES, secret), b"a" * ANSWER_BYTES

    def both() -> None:
        crypto_sign_open(request, public)
        crypto_sign(answer, secret)

    with _on_the_servers_core():
        return microseconds(both, operations)


def durable_writes(folder: Path, writes: int = 200) -> float:
    """Durable writes a second: 4 KiB overwritten and brought to the disk, again and again; what a commit waits for."""
    with (folder / "durable").open("wb", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(writes):
            file.seek(0)
            file.write(b"x" * 4_096)
            os.fdatasync(file.fileno())
        return writes / (time.perf_counter() - begun)


def microseconds(work: Callable[[], object], times: int) -> float:
    """Processor time of one call, on average."""
    begun = time.thread_time()
    for _ in range(times):
        work()
    return (time.thread_time() - begun) / times * 1e6


def core(bench: InProcessServer) -> tuple[float, float]:
    """Microseconds of a timeline and of a decision (a cancellation) on one of the server's subscriptions."""
    sub = asyncio.run(_subscription(bench))
    now = int(time.time())
    command, seen = c.Cancel(by="bench"), c.DecisionContext()
    if not isinstance(decide(sub, command, seen, now), Accepted):
        raise RuntimeError("the decision to be measured is refused")
    draws = min(microseconds(lambda: timeline(sub), 500) for _ in range(5))
    decides = min(microseconds(lambda: decide(sub, command, seen, now), 500) for _ in range(5))
    return draws, decides


async def _subscription(bench: InProcessServer) -> Subscription:
    context = await main.open_context(bench.folder)
    if isinstance(context, Refused):
        raise RuntimeError(context.detail)
    name = bench.citizens[0].subscription
    found = await context.read_tx(lambda conn, _: account_repository.load_subscription(conn, bench.provider, name))
    await context.db.close()
    if found is None:
        raise RuntimeError("the subscription is gone")
    return found


@contextmanager
def _on_the_servers_core() -> Iterator[None]:
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
