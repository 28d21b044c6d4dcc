"""The server verifies its own histories, hourly, in a process of its own: it reports edits made with SQL unasked.

A finding is told, in the log and by metrics, and stops nothing: an attacker who can edit one row must not be able to
cut every customer off by it. Money alone is stopped, by the check of balances (`sweep`).
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, Gauge

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.server.state_place import StatePlace, read_state
from tenure.store import integrity
from tenure.store.engine import Connection

EVERY = 3_600
"""Seconds between the end of one look and the beginning of the next, at least."""
SHARE = 20
"""A look that takes long is repeated so much more seldom that it takes a twentieth of one core.

Example: at 10 minutes a look, the next begins 190 minutes after its end.
"""
FIRST_AFTER = 60
"""Seconds after the start: at first a server that was restarted answers the requests that wait."""
TOLD = 20
"""Findings that are named in the log and by the process; the rest is counted."""
_WORDS_MOST = 1024 * 1024

log = logging.getLogger("tenure.server.self_check")


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found: how many faults, and the first of them in words."""

    findings: int
    first: tuple[str, ...]


class SelfCheck:
    """Verifies the database at `place` again and again; what came of it stands in its attributes."""

    def __init__(self, place: StatePlace, clock: Callable[[], Instant], ticks: Callable[[], float]) -> None:
        self._place, self._clock, self._ticks = place, clock, ticks
        self.last: CheckResult | None = None
        """What the last look that ended found; None before the first."""
        self.ended_at: Instant = 0
        """When it ended."""

    def register_gauges(self, registry: CollectorRegistry) -> None:
        """Two gauges: faults found by the last look, and when it ended (seconds since 1970; 0: none has yet)."""
        faults = Gauge("tenure_history_faults", "Faults that the last look at all histories found.", registry=registry)
        faults.set_function(lambda: self.last.findings if self.last else 0)
        ended = Gauge(
            "tenure_history_verified_seconds", "When all histories were last verified, seconds since 1970; 0: never.",
            registry=registry,
        )  # fmt: skip
        ended.set_function(lambda: self.ended_at)

    async def run(self, claim: Callable[[], Awaitable[bool]]) -> None:
        """Until canceled; of several processes those look whose turn it is (`claim`)."""
        await asyncio.sleep(FIRST_AFTER)
        while True:
            began = self._ticks()
            if await claim():
                await self.once()
            await asyncio.sleep(pause_after(self._ticks() - began))

    async def once(self) -> CheckResult | None:
        """One look, in a process of lowest priority; None when it came to no end, which is logged."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            said, fault = await process.communicate(_encode_place(self._place))
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            log.error("the histories could not be verified: %s", fault[-500:].decode(errors="replace"))
            return None
        self.last, self.ended_at = msgspec.json.decode(said[:_WORDS_MOST], type=CheckResult), self._clock()
        if self.last.findings:
            log.critical(
                "the histories are not as they were written, %d faults: %s",
                self.last.findings,
                "; ".join(self.last.first),
            )
        return self.last


def pause_after(seconds: float) -> float:
    """Seconds between a look that took so long and the next."""
    return max(EVERY, seconds * (SHARE - 1))


def _encode_place(place: StatePlace) -> bytes:
    """What the other process is told through a pipe, where no one else sees a password."""
    return msgspec.json.encode([os.fspath(place.folder), place.option, place.variable])


def verify_database(connection: Connection) -> CheckResult:
    """One look at everything, in one transaction that only reads."""
    count, first = 0, list[str]()
    for found in integrity.verify_histories(connection):
        count += 1
        if len(first) < TOLD:
            first.append(f"{found.chain} link {found.seq} {found.fault} {found.detail}".rstrip())
    for drifted in integrity.drifted_accounts(connection):
        count += 1
        first.append(f"the balance of {drifted.customer} is not what its postings sum up to")
    return CheckResult(findings=count, first=tuple(first[:TOLD]))


def _verify_place(told: bytes) -> CheckResult:
    folder, option, variable = msgspec.json.decode(told, type=tuple[str, str, str])
    result = read_state(StatePlace(Path(folder), option, variable), verify_database)
    if isinstance(result, Refused):
        sys.exit(f"{result.code}: {result.detail}")
    return result


if __name__ == "__main__":
    os.nice(19)
    sys.stdout.buffer.write(msgspec.json.encode(_verify_place(sys.stdin.buffer.read())))
