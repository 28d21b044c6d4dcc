"""The vendor's activation server as a process that dies and is started again, on a database that can be put back.

Its operations are the real ones, called without sockets: signed messages go straight to them, the provider's requests
through the whole HTTP application.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import httpx2
import msgspec
import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.limits import MemoryCounters, RateThrottle
from tenure.sandbox.simulation.clocks import TrueTime
from tenure.sandbox.simulation.disks import ServerDatabase, ServerDisk
from tenure.sandbox.simulation.seeded_random import Died, SeededRandom
from tenure.server import keyring, setup
from tenure.server.activation import ActivationService
from tenure.server.app import build_app
from tenure.server.context import ServerContext
from tenure.server.sweep import BackgroundSweep
from tenure.server.sync import SyncService
from tenure.store.engine import Connection
from tenure.store.meta import epoch_floor
from tenure.store.sealed import AnswerCipher

T = TypeVar("T")
ISSUER = "https://license.test"
_EPOCHS = "select max(epoch) from sites"
_SET_FLOOR = (
    "insert into meta (key, value) values ('epoch_floor', ?) on conflict (key) do update set value = excluded.value"
)
_LOOK_AT_EACH = "update sites set revision = 0"


class SimulatedVendor:
    """The server's machine: one database, one process at a time."""

    def __init__(self, random: SeededRandom, time: TrueTime) -> None:
        self._random, self._time = random, time
        self.loop = asyncio.new_event_loop()
        self.up = True
        self.mortal = False
        """Whether it dies at commits; not while the scene is set."""
        self.keys = setup.ring_of(keyring.found_server("root-simulated", random.draw, time.now))
        self.database = self._make_database()
        self.context = ServerContext(
            db=self.database,
            clock=time,
            keys=self.keys,
            draw=random.draw,
            safe=AnswerCipher(self.keys.box),
            issuer=ISSUER,
        )
        self._http: httpx2.AsyncClient | None = None
        self._open_process()
        self.token = run_to_end(setup.furnish_database(self.context.db, self.keys, random.draw, time.now))

    @property
    def root(self) -> bytes:
        """The root document that everybody is given."""
        return self.keys.root.token

    def close(self) -> None:
        """End the loop that the provider's requests run in."""
        self.loop.close()

    def _make_database(self) -> ServerDatabase:
        return ServerDatabase(ServerDisk(), self._death_step)

    @property
    def disk(self) -> ServerDisk:
        """The database's file."""
        return self.database.disk

    # the process

    def _death_step(self) -> None:
        if self.mortal:
            self._random.step()

    def _open_process(self) -> None:
        """A process begins: it knows what the database says, and nothing else."""
        self.context = replace(self.context, epoch_floor=run_to_end(self.context.db.read(epoch_floor)))
        self.context.chosen_signers.clear()
        self.context.stopped_money.clear()
        run_to_end(self.context.take_notices())
        throttle = RateThrottle(MemoryCounters(), lambda: float(self._time.now), self._time)
        self.activations = ActivationService(self.context, throttle)
        self.synchronization = SyncService(self.context, throttle)
        self.sweep = BackgroundSweep(self.context)
        self.up = True

    def restart(self) -> None:
        """The process ends, if it has not yet, and begins again."""
        self._open_process()

    def restore(self, backup: ServerDisk) -> Instant:
        """The backup takes the place of the database, as `tenure restore` does it; the epoch that it opens."""
        epochs = [disk.raw.execute(_EPOCHS).fetchone()[0] or 0 for disk in (self.disk, backup)]
        epoch: Instant = max(self._time.now, 1 + max(epochs))
        self.database.disk = backup.snapshot()
        self.disk.raw.execute(_SET_FLOOR, (str(epoch),))
        self.disk.raw.execute(_LOOK_AT_EACH)
        self._open_process()
        return epoch

    # what it answers

    def answer(self, path: str, body: bytes) -> bytes | Refused:
        """A signed message's answer; raises `Died` when the process dies over it."""
        work = self.activations.activate if path == "/v1/activate" else self.synchronization.synchronize
        try:
            return run_to_end(work(body, "192.0.2.7"))
        except Died:
            self.up = False
            raise

    def ask(self, method: str, path: str, body: Any = None, key: str = "", **query: str) -> httpx2.Response | None:
        """Send a request with the vendor's token through the HTTP application; None when the server died over it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or f"key-{self._random.draw(12).hex()}"
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self.loop.run_until_complete(
                self._http_client().request(method, path, content=content, headers=headers, params=query)
            )
        except Died:
            self.up = False
            return None

    def sweep_once(self) -> bool:
        """A look of the sweep; False when the process died over it."""
        try:
            run_to_end(self.sweep.once())
        except Died:
            self.up = False
        return self.up

    def read(self, statement: str, *values: Any) -> list[Any]:
        """Rows of the database, for the judge."""
        return list(self.disk.raw.execute(statement, values))

    def inspect(self, work: "Any") -> Any:
        """What `work` finds in the database, for the judge; nothing of its effect stays."""
        connection: Connection = self.disk.connection
        transaction: sa.RootTransaction = connection.begin()
        try:
            return work(connection)
        finally:
            transaction.rollback()

    def _http_client(self) -> httpx2.AsyncClient:
        if self._http is None:
            api = build_app(self.context, lambda: float(self._time.now), sweeping=False)
            self._http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url=ISSUER)
        return self._http


def run_to_end(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for, because its database has not."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    coroutine.close()
    raise RuntimeError("the server waits for something that does not happen in a simulation")


GONE = Refused(RefusalCode.UNREACHABLE, "Nothing came back.")
