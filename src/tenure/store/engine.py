"""The port to state: read and write with plain functions of a `Connection`, whatever the database behind it.

`sqlite.SqliteDatabase` and `postgres.PostgresDatabase` implement it. What is stored, and how, is said by the functions
handed in.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from tenure.core.refusals import RefusalCode, Refused

Connection = sa.Connection
T = TypeVar("T")
Item = TypeVar("Item")
Answer = TypeVar("Answer")
P = ParamSpec("P")
Told = Callable[[Any, Exception | None], None]
"""Who is told how a job ended: its answer, or the exception it raised. It must not raise."""


class Later(Enum):
    """A set's answer to an item that costs too much for this transaction: nothing was done, and it comes again."""

    LATER = "later"


LATER: Final = Later.LATER


class WriteConflict(Exception):
    """Another transaction wrote first: nothing of this job was done; read again and decide again."""


class DatabaseUnavailable(Exception):
    """The database failed under a job: whether it was done is not known, so repeat it under the same key."""

    refused = Refused(
        RefusalCode.SERVER_BUSY,
        "The store is not available. Whether this was done is not known; repeated under the same key it is done once.",
    )
    """What a caller is told."""


class Database(Protocol):
    """One process's access to the state. Functions may run more than once; only their last run counts.

    A function given to `write` that returns `Refused` leaves nothing behind, and neither does one that raises: what
    must stay although the caller is refused is returned as another type. Everything is durable when it is answered.
    Raises `WriteConflict` and `DatabaseUnavailable`; `Refused` with `server_busy` when too many jobs wait already.
    """

    @property
    def is_shared(self) -> bool:
        """Whether other processes may have it open for writing, too."""

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn` finds, all of it as of one moment; `fn` cannot write."""

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """What `fn` answers, after its effect is durable."""

    async def dry_run(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Refused:
        """What `fn` would answer; nothing of its effect stays (dry run, B4)."""

    async def submit_set(
        self, handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]], item: Item, owner: str = ""
    ) -> Answer | Refused:
        """The answer to `item` out of one call of `handler` for all items that wait, after it is durable.

        `handler` answers each item at its place and leaves nothing behind for an item that it refuses; the first one
        it answers, others it may put off (`LATER`). Items of one `owner`, if they have one, are answered in the order
        in which they came, also where they are put off or lose a race.
        """

    def post_to_set(
        self,
        handler: Callable[[Connection, Sequence[Item]], Sequence[Answer | Later]],
        item: Item,
        told: Told,
        owner: str = "",
    ) -> Refused | None:
        """`submit_set` without waiting: `told` is called once with the answer, or the exception that it would raise.

        `server_busy`, and `told` is never called, when too many jobs wait already.
        """

    async def wait_for_news(self, seconds: float) -> None:
        """Until another process has told that something changed (`meta.tell_processes`), or so long."""

    async def release_idle(self) -> None:
        """Let go of what belongs to the running event loop: the next use may be in another one."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
