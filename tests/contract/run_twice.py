"""Every transaction on SQLite is run twice, and the first run leaves nothing: as where it met another on PostgreSQL.

What differs then is a side effect of a function that may run more than once (`engine.Database`).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from tenure.store import batch
from tenure.store.engine import Connection
from tenure.store.transaction_memo import forget_reads

_run_work, _run_handler = batch._SingleJob.run_work, batch._run_handler


def run_twice(patched: pytest.MonkeyPatch) -> None:
    """From now on, until `patched` is undone."""

    def run_single(job: batch._SingleJob, connection: Connection) -> Any:
        return _again(connection, lambda: _run_work(job, connection))

    def run_set(handler: batch.Handler, connection: Connection, jobs: Sequence[Any]) -> Sequence[Any]:
        answers: Sequence[Any] = _again(connection, lambda: _run_handler(handler, connection, jobs))
        return answers

    patched.setattr(batch._SingleJob, "run_work", run_single)
    patched.setattr(batch, "_run_handler", run_set)


def _again(connection: Any, run: Callable[[], Any]) -> Any:
    connection.raw.execute("savepoint first")
    with suppress(Exception):  # raised again by the second run
        run()
    connection.raw.execute("rollback to first")
    connection.raw.execute("release first")
    forget_reads(connection)
    return run()
