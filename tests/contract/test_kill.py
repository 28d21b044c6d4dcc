"""P3: what was acknowledged survives `kill -9`, and nothing is half done."""

import asyncio
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.store.engine import Connection
from tenure.store.schema import meta
from tests.contract.databases import LiteFile, Opener, PostgresSchema

CYCLES = 3
LINES = 40
ROOT = Path(__file__).resolve().parents[2]
WRITER = (
    "import asyncio, sys; sys.path[:0] = ['src', '.'];"
    "from tests.contract.kill_writer import run; asyncio.run(run(*sys.argv[1:]))"
)


def rows(conn: Connection) -> set[str]:
    return set(conn.scalars(sa.select(meta.c.key).where(meta.c.key != "application")))


def forget(conn: Connection) -> None:
    conn.execute(meta.delete().where(meta.c.key != "application"))


async def acknowledged_before_the_kill(opener: Opener, *options: str) -> set[int]:
    """Let a server write for a while, kill it, and return the numbers it had printed."""
    if isinstance(opener, LiteFile):
        where = ["lite", str(opener.path)]
    else:
        assert isinstance(opener, PostgresSchema)
        where = ["postgres", opener.url, opener.schema]
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, *options, *where, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert writer.stdout is not None
    lines = [await asyncio.wait_for(writer.stdout.readline(), 60) for _ in range(LINES)]
    writer.kill()
    rest = await writer.stdout.read()
    await writer.wait()
    whole = b"".join(lines) + rest[: rest.rfind(b"\n") + 1]
    return set(map(int, whole.split()))


async def test_p3_nothing_acknowledged_is_lost_and_nothing_is_half_done(opener: Opener) -> None:
    for _ in range(CYCLES):
        acknowledged = await acknowledged_before_the_kill(opener)
        assert len(acknowledged) >= LINES
        db = await opener.open()
        found = await db.read(rows)
        assert {f"{half}{number}" for number in acknowledged for half in "ab"} <= found
        assert {key[1:] for key in found if key[0] == "a"} == {key[1:] for key in found if key[0] == "b"}
        if opener.kind == "lite":
            check = await db.read(lambda conn: conn.exec_driver_sql("pragma integrity_check").scalar())
            assert check == "ok"
        await db.write(forget)
        await db.close()


async def test_the_control_acknowledges_too_early_and_is_caught(tmp_path: Path) -> None:
    """A kill need not fall between word and deed, so it has several chances; one that waits is never caught above."""
    for cycle in range(20):
        opener = LiteFile(tmp_path / f"{cycle}.db")
        acknowledged = await acknowledged_before_the_kill(opener, "eager")
        db = await opener.open()
        found = await db.read(rows)
        await db.close()
        if {f"a{number}" for number in acknowledged} - found:
            return
    pytest.fail("the same comparison must see what is missing")
