"""The server's commands on PostgreSQL: made, run, verified, upgraded; and what belongs to SQLite alone is refused."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tenure.core.refusals import ExitCode, Refused
from tenure.server.state_place import StatePlace, open_state
from tests.cli.terminal import Terminal
from tests.contract.databases import named_schema

pytestmark = pytest.mark.postgres
NAME = ("--name", "https://license.example.com")


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """A schema of its own; the tests' server wants no password."""
    with named_schema(postgres_url) as name:
        yield f"{postgres_url.replace(':@', '@')}{'&' if '?' in postgres_url else '?'}schema={name}"


@pytest.fixture
def place(terminal: Terminal, tmp_path: Path, url: str) -> Path:
    """The folder of a server whose state is in PostgreSQL."""
    folder = tmp_path / "server"
    terminal.now = lambda: int(time.time())
    terminal.good("server", "init", "--folder", str(folder), *NAME, "--database", url)
    return folder


def test_a_server_is_made_in_postgresql_and_its_commands_find_it(terminal: Terminal, place: Path, url: str) -> None:
    assert json.loads((place / "server.json").read_text())["database"] == url
    assert not (place / "tenure.db").exists()
    at = ("--folder", str(place))
    assert terminal.good("verify-history", *at)["sound"]
    terminal.good("checkpoint", *at, "--out", str(place / "a.checkpoint"))
    assert terminal.good("verify-history", *at, "--checkpoint", str(place / "a.checkpoint"))["checkpoint_of"]
    assert terminal.good("rebuild", *at) == {"subscriptions": 0}
    assert terminal.good("keys", "show", *at)["version"] == 1
    assert terminal.good("database", "upgrade", *at, "--dry-run")["dry_run"]
    assert terminal.good("database", "upgrade", *at)["before"] == terminal.good("database", "upgrade", *at)["after"]


def test_files_that_the_address_names_are_in_the_servers_folder(
    terminal: Terminal, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a command is called: the server is made, run and looked after by one address."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    (folder / "db.password").write_text("unused")
    (folder / "db.password").chmod(0o600)
    terminal.now = lambda: int(time.time())
    named = f"{url}&password_file=db.password"
    terminal.good("server", "init", "--folder", str(folder), *NAME, "--database", named)
    assert terminal.good("verify-history", "--folder", str(folder))["sound"]
    beside = terminal.refused("server", "run", "--folder", str(folder), "--database", f"{url}&password_file=other")
    assert str(folder / "other") in beside["detail"]


def test_a_restored_database_opens_an_epoch_above_the_last(terminal: Terminal, place: Path) -> None:
    first = terminal.good("database", "restored", "--folder", str(place))["epoch"]
    assert terminal.good("database", "restored", "--folder", str(place))["epoch"] > first


def test_a_second_server_does_not_share_the_schema_and_leaves_nothing(
    terminal: Terminal, place: Path, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "second"
    problem = terminal.refused("server", "init", "--folder", str(folder), *NAME, "--database", url)
    assert (problem["code"], problem["field"], problem["exit"]) == ("already_exists", "database", ExitCode.STATE)
    assert list(folder.iterdir()) == []
    made = terminal.good("server", "init", "--folder", str(folder), *NAME)
    assert made["folder"] == str(folder)
    refused = terminal.refused("server", "run", "--folder", str(folder), "--database", url)
    assert "do not belong together" in refused["detail"]


def test_copies_of_a_file_are_no_copies_of_postgresql(terminal: Terminal, place: Path, tmp_path: Path) -> None:
    at = ("--folder", str(place))
    problem = terminal.refused("backup", str(tmp_path / "b.db"), *at)
    assert "pg_dump" in problem["detail"]
    problem = terminal.refused("restore", str(tmp_path / "b.db"), *at)
    assert "tenure database restored" in problem["detail"]


def test_a_password_on_the_command_line_is_refused_and_never_shown(terminal: Terminal, tmp_path: Path) -> None:
    url = "postgresql://ana:hush-hush@db.example.com/tenure"
    problem = terminal.refused("server", "init", "--folder", str(tmp_path / "s"), *NAME, "--database", url)
    assert "password_file=" in problem["detail"]
    assert "hush" not in json.dumps(problem)
    assert not (tmp_path / "s" / "server.json").exists()


def test_the_environment_names_the_database_before_the_settings(
    terminal: Terminal, place: Path, url: str, tmp_path: Path
) -> None:
    terminal.env["TENURE_DATABASE"] = "postgresql://ana:hush@127.0.0.1:1/nowhere"
    problem = terminal.refused("verify-history", "--folder", str(place))
    assert (problem["code"], problem["exit"]) == ("database_unreachable", ExitCode.LATER)
    assert "hush" not in json.dumps(problem)
    terminal.env["TENURE_DATABASE"] = url
    assert terminal.good("verify-history", "--folder", str(place))["sound"]


def test_the_program_serves_from_postgresql(place: Path) -> None:
    command = [
        Path(sys.executable).with_name("tenure"),
        "server",
        "run",
        "--folder",
        str(place),
        "--listen",
        "127.0.0.1:0",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said, process.communicate()
        address = said.split()[-1]
        assert httpx2.get(f"{address}/readyz").status_code == 200
        assert httpx2.get(f"{address}/v1/me").status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert '"level":"error"' not in errors


@pytest.mark.parametrize("notify", ["on", "off"])
def test_what_needs_the_state_alone_is_refused_while_a_server_runs(
    terminal: Terminal, place: Path, url: str, notify: str
) -> None:
    """As on SQLite, and without LISTEN, too; what runs beside a server still does."""
    at = ("--folder", str(place))

    async def beside() -> None:
        db = await open_state(StatePlace(place, f"{url}&notify={notify}"))
        assert not isinstance(db, Refused), db
        await db.wait_for_news(0)
        for words in (("rebuild", *at), ("database", "restored", *at)):
            refused = await asyncio.to_thread(terminal.refused, *words)
            assert (refused["code"], refused["exit"]) == ("folder_in_use", ExitCode.LATER)
        assert (await asyncio.to_thread(terminal.good, "verify-history", *at))["sound"]
        await db.close()

    asyncio.run(beside())
    assert terminal.good("rebuild", *at) == {"subscriptions": 0}
