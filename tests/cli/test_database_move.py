"""A server's state moves from its file into PostgreSQL: every chain equal, killed or not, and never over another."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.cli import database_move
from tenure.core.refusals import ExitCode, Refused
from tenure.server.state_place import StatePlace, read_state
from tenure.store import copying
from tenure.store.engine import Connection
from tenure.store.postgres import PostgresDatabase
from tests.cli.terminal import Terminal
from tests.cli.vendor import vendor
from tests.contract.databases import named_schema, run_sql

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that was used and stopped."""
    home = tmp_path_factory.mktemp("used")
    with vendor(home) as opened:
        staff = opened.staff(home / "desk")
        for devices in (1, 2, 3):
            sub = staff.subscription("year", devices)
        staff.terminal.good("hold", sub, "an invoice is open", "--until", "2026-02-28")
    return opened.folder


@pytest.fixture
def place(used: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    folder = tmp_path / "server"
    folder.mkdir()
    for each in used.iterdir():
        (folder / each.name).write_bytes(each.read_bytes())
        (folder / each.name).chmod(0o600)
    return folder


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with named_schema(postgres_url) as name:
        yield f"{postgres_url.replace(':@', '@')}{'&' if '?' in postgres_url else '?'}schema={name}"


def test_a_move_keeps_every_chain_and_the_server_goes_on_there(terminal: Terminal, place: Path, url: str) -> None:
    before = read_state(StatePlace(place), copying.state_digest)
    done = terminal.good("database", "move", str(place / "tenure.db"), url)
    assert done["rows"] > 50
    assert Path(done["kept"]).exists()
    assert not (place / "tenure.db").exists()
    assert json.loads((place / "server.json").read_text())["database"] == url
    assert read_state(StatePlace(place), copying.state_digest) == before
    assert terminal.good("verify-history", "--folder", str(place))["sound"]
    assert terminal.refused("server", "run", "--folder", str(place), "--workers", "0")["field"] == "workers"


def test_a_target_that_is_not_empty_is_refused_and_left_as_it_is(terminal: Terminal, place: Path, url: str) -> None:
    other = place.parent / "other"
    terminal.good("server", "init", "--folder", str(other), "--name", "https://x.example", "--database", url)
    before = read_state(StatePlace(other), copying.state_digest)
    refused = terminal.refused("database", "move", str(place / "tenure.db"), url)
    assert (refused["code"], refused["field"]) == ("database_unusable", "database")
    assert "holds a state already" in refused["detail"]
    assert read_state(StatePlace(other), copying.state_digest) == before
    assert (place / "tenure.db").exists()


def test_a_file_whose_server_runs_is_refused(terminal: Terminal, place: Path, url: str) -> None:
    held = database_move.open_lite(place / "tenure.db")
    assert not isinstance(held, Refused)
    refused = terminal.refused("database", "move", str(place / "tenure.db"), url)
    assert (refused["code"], refused["exit"]) == ("folder_in_use", ExitCode.LATER)
    asyncio.run(held.close())


def test_a_move_that_breaks_off_is_refused_to_servers_and_goes_on(
    terminal: Terminal, place: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off after each of its first batches: what is there stays, nothing is copied twice."""
    monkeypatch.setattr(copying, "BATCH", 5)
    file = place / "tenure.db"
    seen: list[int] = []

    def stop(done: int, _total: int) -> None:
        seen.append(done)
        raise KeyboardInterrupt

    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(database_move.move_state(file, url, "", 1, stop))
    assert seen == sorted(set(seen)), "it goes on where it was"
    refused = terminal.refused("server", "run", "--folder", str(place), "--database", url)
    assert "was not finished" in refused["detail"]
    before = read_state(StatePlace(place), copying.state_digest)
    assert terminal.good("database", "move", str(file), url)["rows"] > seen[-1]
    assert read_state(StatePlace(place), copying.state_digest) == before


@pytest.mark.parametrize("edited", ["providers set name = 'Mallory'", "idempotency set created = created + 1"])
def test_a_copy_that_was_edited_meanwhile_is_not_finished(
    terminal: Terminal, place: Path, url: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    monkeypatch.setattr(copying, "BATCH", 5)

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(database_move.move_state(place / "tenure.db", url, "", 1, stop))
    schema = url.rpartition("schema=")[2]
    asyncio.run(run_sql(postgres_url, f"update {schema}.{edited}"))
    refused = terminal.refused("database", "move", str(place / "tenure.db"), url)
    assert "are not those of the file" in refused["detail"]
    assert (place / "tenure.db").exists()


def test_a_file_that_was_changed_between_two_tries_is_not_mixed_with_what_it_was(
    terminal: Terminal, place: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server ran again meanwhile: what it changed is in no chain, and was copied before."""
    monkeypatch.setattr(copying, "BATCH", 5)

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    file = place / "tenure.db"
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(database_move.move_state(file, url, "", 1, stop))

    async def change() -> None:
        db = database_move.open_lite(file)
        assert not isinstance(db, Refused)
        changed = await db.write(
            lambda conn: conn.exec_driver_sql("update idempotency set created = created + 1").rowcount
        )
        assert changed
        await db.close()

    asyncio.run(change())
    refused = terminal.refused("database", "move", str(file), url)
    assert refused["code"] == "database_unusable"
    assert "before the file was changed" in refused["detail"]
    assert file.exists()


def test_paths_of_the_address_are_relative_to_the_files_folder(terminal: Terminal, place: Path, url: str) -> None:
    """As they are when the server reads the settings, wherever the command was called."""
    (place / "db.password").write_text("unused")
    (place / "db.password").chmod(0o600)
    terminal.good("database", "move", str(place / "tenure.db"), f"{url}&password_file=db.password")
    assert terminal.good("verify-history", "--folder", str(place))["sound"]


def test_no_server_begins_on_the_file_before_it_has_its_other_name(
    terminal: Terminal, place: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []
    rename = database_move._set_aside

    def begin_first(file: Path, now: int) -> Path:
        tried.append(database_move.open_lite(file))
        return rename(file, now)

    monkeypatch.setattr(database_move, "_set_aside", begin_first)
    terminal.good("database", "move", str(place / "tenure.db"), url)
    (begun,) = tried
    assert isinstance(begun, Refused) and begun.code == "folder_in_use"


def test_a_database_that_goes_away_in_the_middle_is_told_as_that(
    terminal: Terminal, place: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(conn: Connection, *_: object) -> None:
        conn.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patched:
        patched.setattr(copying, "write_rows", cut)
        refused = terminal.refused("database", "move", str(place / "tenure.db"), url)
    assert (refused["code"], refused["exit"]) == ("server_busy", ExitCode.LATER)
    assert terminal.good("database", "move", str(place / "tenure.db"), url)["rows"] > 50


@pytest.mark.parametrize("done_first", [False, True])
def test_a_move_that_ends_at_any_step_goes_on(
    terminal: Terminal, place: Path, url: str, monkeypatch: pytest.MonkeyPatch, done_first: bool
) -> None:
    """Run n ends at its nth write, before it or after it is done; the last ones while the file gets its other name."""
    monkeypatch.setattr(copying, "BATCH", 15)
    file = place / "tenure.db"
    before = read_state(StatePlace(place), copying.state_digest)
    write, left = PostgresDatabase.write, [0]

    async def die(db: PostgresDatabase, *work: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not done_first:
            raise KeyboardInterrupt
        answer = await write(db, *work)
        if left[0] == 0:
            raise KeyboardInterrupt
        return answer

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PostgresDatabase, "write", die)
    for name in ("_set_aside", "_name_database"):
        with monkeypatch.context() as patched:
            patched.setattr(database_move, name, end)
            for turn in range(1, 100):
                left[0] = turn
                with pytest.raises(KeyboardInterrupt):
                    asyncio.run(database_move.move_state(file, url, "", 1, lambda *_: None))
                if left[0] > 0:  # it came to the end of the copy
                    break
    assert terminal.good("database", "move", str(file), url)["rows"] > 50
    assert read_state(StatePlace(place), copying.state_digest) == before


def test_a_move_killed_at_any_moment_comes_to_the_same_end(terminal: Terminal, place: Path, url: str) -> None:
    file = place / "tenure.db"
    before = read_state(StatePlace(place), copying.state_digest)
    command = [Path(sys.executable).with_name("tenure"), "database", "move", file, url]
    for tenths in (7, 9, 11, 13):
        if not file.exists():
            break
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
        time.sleep(tenths / 10)
        process.send_signal(signal.SIGKILL)
        process.wait()
    if file.exists():
        terminal.good("database", "move", str(file), url)
    assert read_state(StatePlace(place, url), copying.state_digest) == before
    assert terminal.good("verify-history", "--folder", str(place))["sound"]
