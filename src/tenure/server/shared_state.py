"""What several processes of one server have in common and each keeps in memory: root, notices, stopped money, pace.

Each looks for itself twice a second, and at once when another one has told that something changed. With one process
(SQLite) there is nothing to look for.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.limits import MemoryCounters
from tenure.server.context import ROOT, ServerContext
from tenure.server.notices import NOTICES
from tenure.store import meta, rate_counters
from tenure.store.catalog import DOCUMENTS
from tenure.store.engine import Connection
from tenure.store.postgres_checks import explain_clock

EVERY = 0.5
"""Seconds between looks: what one process publishes, all go by within a second."""
RUSH, RUSH_PAUSE = 8, 0.05
"""Requests of one key since the last exchange that are told at once, and seconds between two such tellings."""
_log = logging.getLogger("tenure.server.shared_state")


class SharedVersions(msgspec.Struct, frozen=True):
    """What there is to go by."""

    root: int
    notices: int
    stopped_money: list[str] | None
    clock: Instant
    """The database's."""


class SharedCounters(MemoryCounters):
    """Counters that all processes charge: what was spent here is told to the others, and theirs is taken over.

    Between two exchanges each process goes by what it knows. A rush of one key is told at once (`RUSH`), so what each
    process lets through beyond the limit is `RUSH` and what comes until the database has answered; it is charged to all
    of them afterwards, and the average holds.
    """

    def __init__(self, ticks: Callable[[], float], capacity: int = 100_000) -> None:
        super().__init__(capacity)
        self._ticks = ticks
        self._spent: dict[tuple[str, str], float] = {}
        self._times: dict[tuple[str, str], int] = {}
        self.rushed = asyncio.Event()
        """Set when one key has been charged `RUSH` times since the last exchange."""

    def write_counter(self, key: tuple[str, str], full_at: float) -> None:
        """See `MemoryCounters`; what it costs is remembered until the next exchange."""
        now = self._ticks()
        before = max(self.read_counter(key) or now, now)
        self._add_spent(key, max(0.0, full_at - before))
        if key in self._spent:
            self._times[key] = self._times.get(key, 0) + 1
            if self._times[key] >= RUSH:
                self.rushed.set()
        super().write_counter(key, full_at)

    def take_spent(self) -> dict[tuple[str, str], float]:
        """Seconds spent since the last time, by key."""
        spent, self._spent, self._times = self._spent, {}, {}
        return spent

    def give_back(self, spent: dict[tuple[str, str], float]) -> None:
        """It could not be told: it is told the next time."""
        for key, seconds in spent.items():
            self._add_spent(key, seconds)

    def _add_spent(self, key: tuple[str, str], seconds: float) -> None:
        """Of no more keys than are counted: while the database is away nothing is told."""
        if key in self._spent or len(self._spent) < self._capacity:
            self._spent[key] = self._spent.get(key, 0.0) + seconds

    def take_over(self, key: tuple[str, str], owed: float) -> None:
        """What all processes together have spent of `key`: seconds until its whole burst is free again."""
        super().write_counter(key, self._ticks() + owed + self._spent.get(key, 0.0))


class SharedStateWatch:
    """Keeps one process at what the others have changed."""

    def __init__(self, context: ServerContext, counters: SharedCounters) -> None:
        self._context, self._counters = context, counters
        self._seen: SharedVersions | None = None
        self._database_clock = 0
        self._tells_clock = False
        self._exchanging = asyncio.Lock()

    async def exchange_rushes(self) -> None:
        """Until canceled: what is spent in a rush is told at once, and what the others have spent taken over."""
        while True:
            await self._counters.rushed.wait()
            self._counters.rushed.clear()
            try:
                await self._exchange_counters()
            except Exception:  # the database may be away: it is told with the next look
                _log.warning("a rush could not be told to the other processes", exc_info=True)
            await asyncio.sleep(RUSH_PAUSE)

    async def run(self) -> None:
        """Until canceled; a look that fails is repeated."""
        while True:
            try:
                await self.look_once()
            except Exception:  # the database may be away: the next look finds out
                _log.warning("the shared state could not be read; it is tried again", exc_info=True)
            await self._context.db.wait_for_news(EVERY)

    async def look_once(self) -> None:
        """Go by what is stored now, and exchange what was spent; a root that cannot be followed holds up neither."""
        found = await self._context.db.read(_read_versions)
        self._compare_clocks(found.clock)
        if found.stopped_money is not None:
            self._context.stopped_money[:] = found.stopped_money
        await self._exchange_counters()
        if self._seen is None or found.root != self._seen.root:
            await self._context.take_root()
        elif found.notices != self._seen.notices:
            await self._context.take_notices()
        self._seen = found

    async def _exchange_counters(self) -> None:
        # One after the other: an answer must not take the place of a later one.
        async with self._exchanging:
            spent = self._counters.take_spent()
            if not spent:
                return
            try:
                owed = await self._context.db.write(rate_counters.charge_counters, spent, self._database_clock)
            except Exception:  # it was not stored, so it is owed still
                self._counters.give_back(spent)
                raise
            if isinstance(owed, Refused):
                self._counters.give_back(spent)
                return
            self._database_clock = owed.clock
            for key, seconds in owed.by_key.items():
                self._counters.take_over(key, seconds)

    def _compare_clocks(self, database: Instant) -> None:
        """Told once each time that they part: as at the start, one of them would date leases wrong."""
        wrong = explain_clock(database - self._context.clock())
        if wrong and not self._tells_clock:
            _log.critical("the database: %s", wrong)
        self._tells_clock = bool(wrong)


def _read_versions(conn: Connection) -> SharedVersions:
    root, notices = (DOCUMENTS.last(conn, name) for name in (ROOT, NOTICES))
    return SharedVersions(
        root=0 if root is None else root.version,
        notices=0 if notices is None else notices.version,
        stopped_money=meta.stopped_money(conn),
        clock=meta.database_clock(conn),
    )
