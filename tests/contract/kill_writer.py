"""A server that is going to be killed: writes as fast as it can and prints what was acknowledged, one number a line.

Arguments: `lite PATH` or `postgres URL SCHEMA`; `eager` before them makes it one that acknowledges too early. Singles
and sets alternate, so that both ways to write are cut short.
"""

import asyncio
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tenure.store.engine import Connection, Database
from tenure.store.schema import meta
from tests.contract.databases import LiteFile, PostgresSchema

TASKS = 8


def put(conn: Connection, number: int) -> int:
    """Two rows that belong together."""
    rows = [{"key": f"{half}{number}", "value": ""} for half in ("a", "b")]
    for row in rows:
        conn.execute(meta.insert(), row)
    return number


def put_all(conn: Connection, numbers: Sequence[int]) -> list[int]:
    """The same for a set."""
    return [put(conn, number) for number in numbers]


async def _write(db: Database, numbers: "count[int]", *, eager: bool) -> None:
    for number in numbers:
        if eager:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        done = await (db.write(put, number) if number % 2 else db.submit_set(put_all, number))
        if not eager:
            sys.stdout.write(f"{done}\n")
            sys.stdout.flush()


async def run(*words: str) -> None:
    """Until killed."""
    eager = words[0] == "eager"
    kind, where, *schema = words[1:] if eager else words
    opener = LiteFile(Path(where)) if kind == "lite" else PostgresSchema(where, schema[0])
    db = await opener.open()
    numbers = count(1)
    await asyncio.gather(*[_write(db, numbers, eager=eager) for _ in range(TASKS)])
