"""The usual stack, written straight: FastAPI and an async ORM on SQLite, a machine's check with one durable write.

It verifies and signs nothing: what it does is what such a service does before it begins to be careful.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from benchmarks.peers.serving import DEVICES, REQUESTS, serve

FOLDER = Path(sys.argv[1])
ENGINE = create_async_engine(f"sqlite+aiosqlite:///{FOLDER}/peer.db", connect_args={"timeout": 30})
SESSION = async_sessionmaker(ENGINE, expire_on_commit=False)


@event.listens_for(ENGINE.sync_engine, "connect")
def _durable(connection: object, _: object) -> None:
    for pragma in ("journal_mode=wal", "synchronous=full"):
        connection.execute(f"pragma {pragma}")  # type: ignore[attr-defined]


class Entity(DeclarativeBase):
    """All tables."""


class License(Entity):
    """What was bought."""

    __tablename__ = "licenses"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    valid_until: Mapped[datetime]


class Machine(Entity):
    """Where it is used."""

    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    license_id: Mapped[int] = mapped_column(ForeignKey("licenses.id"))
    fingerprint: Mapped[str] = mapped_column(index=True)
    last_seen: Mapped[datetime]
    license: Mapped[License] = relationship(lazy="joined")


class Check(BaseModel):
    """What a machine sends."""

    key: str
    fingerprint: str
    version: str


class Verdict(BaseModel):
    """What it is told."""

    valid: bool
    valid_until: datetime


app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    """One of a request's own."""
    async with SESSION() as opened:
        yield opened


@app.post("/check")
async def check(asked: Check, db: AsyncSession = Depends(session)) -> Verdict:  # noqa: B008
    """Look the machine up, note that it was seen."""
    found = await db.scalar(
        select(Machine).join(License).where(License.key == asked.key, Machine.fingerprint == asked.fingerprint)
    )
    if found is None:
        raise HTTPException(404)
    found.last_seen = datetime.now(UTC)
    await db.commit()
    return Verdict(valid=found.license.valid_until > datetime(2020, 1, 1), valid_until=found.license.valid_until)  # noqa: DTZ001


async def furnish() -> list[bytes]:
    """Licenses with a machine each, and the machines' checks."""
    now = datetime.now(UTC)
    async with ENGINE.begin() as connection:
        await connection.run_sync(Entity.metadata.create_all)
    async with SESSION() as db:
        for number in range(DEVICES):
            license_ = License(key=f"key-{number}", valid_until=now.replace(year=now.year + 1, day=1))
            db.add(Machine(license=license_, fingerprint=f"machine-{number}", last_seen=now))
        await db.commit()
    await ENGINE.dispose()
    asked = [{"key": f"key-{n}", "fingerprint": f"machine-{n}", "version": "1.0"} for n in range(DEVICES)]
    return [json.dumps(each).encode() for each in asked]


if __name__ == "__main__":
    requests = islice(cycle(asyncio.run(furnish())), REQUESTS)
    serve(app, FOLDER, "/check", "application/json", requests, {"text": '"valid":true'})
