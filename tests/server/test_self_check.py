"""The server looks at its own histories without being asked: an edit past it is told, and stops nobody."""

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from tenure.server.self_check import SelfCheck, pause_after
from tenure.server.state_place import StatePlace
from tenure.store.engine import Connection
from tenure.store.schema import trials
from tests.server.server_env import START, office

pytestmark = pytest.mark.anyio


async def test_an_edit_past_a_running_server_is_told_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path) as env:
        check, registry = SelfCheck(StatePlace(tmp_path), env.clock, lambda: 0.0), CollectorRegistry()
        check.register_gauges(registry)
        assert registry.get_sample_value("tenure_history_verified_seconds") == 0
        sound = await check.once()
        assert sound is not None
        assert (sound.findings, registry.get_sample_value("tenure_history_verified_seconds")) == (0, START)

        def edit(conn: Connection) -> None:
            conn.execute(sa.insert(trials).values(provider=env.provider, customer=env.customer, product="editor"))

        await env.context.db.write(edit)
        with caplog.at_level(logging.CRITICAL, "tenure.server.self_check"):
            found = await check.once()
        assert found is not None
        assert found.findings == 1
        assert "trial of editor" in found.first[0]
        assert registry.get_sample_value("tenure_history_faults") == 1
        assert "not as they were written, 1 faults" in caplog.text
        await env.order()


async def test_a_database_that_cannot_be_read_is_told_and_is_no_sound_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check = SelfCheck(StatePlace(tmp_path / "none"), lambda: START, lambda: 0.0)
    assert await check.once() is None
    assert "could not be verified" in caplog.text
    assert (check.last, check.ended_at) == (None, 0)


def test_a_look_that_takes_long_is_repeated_seldom() -> None:
    assert pause_after(2) == 3_600
    assert pause_after(600) == 11_400
