"""Making a server, running it, and keeping its keys, histories and copies."""

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from tenure.core.refusals import ExitCode, RefusalCode, Refused
from tenure.core.timeline import DAY
from tenure.server import key_rotation
from tenure.server.state_place import StatePlace, driver
from tenure.wire import root as roots
from tests.cli.terminal import NOW, Terminal
from tests.cli.vendor import Vendor, vendor

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(terminal: Terminal, tmp_path: Path) -> Path:
    """The folder of a new server that does not run."""
    folder = tmp_path / "server"
    terminal.now = lambda: int(time.time())
    made = terminal.good("server", "init", "--folder", str(folder), "--name", "https://license.example.com")
    assert made["folder"] == str(folder)
    return folder


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a server that was used for a day and stopped."""
    home = tmp_path_factory.mktemp("used")
    with vendor(home) as opened:
        staff = opened.staff(home / "desk")
        sandbox = opened.staff(home / "sandbox", sandbox=True, name="Sandbox")
        for each in (staff, sandbox):
            for devices in (1, 2, 3):
                sub = each.subscription("year", devices)
            each.subscription("month")
            each.terminal.good("hold", sub, "an invoice is open", "--until", "2026-02-28")
        sandbox.terminal.good("clock", "set", "2026-03-01", "--rate", "0")
        sandbox.terminal.good("account", sandbox.customer)
        swept_up_to(opened.folder, sandbox.provider, 1_772_323_200)
    yield opened.folder


def swept_up_to(folder: Path, provider: str, now: int) -> None:
    """Wait until the running server's sweep has told everything that came true for the provider before `now`."""
    late = "select 1 from subscriptions where provider = ? and next_change <= ?"
    ends = time.monotonic() + 30
    while query(folder, late, provider, now):
        assert time.monotonic() < ends, "the sweep looks once a second"
        time.sleep(0.05)


def copy_of(folder: Path, to: Path) -> Path:
    to.mkdir(mode=0o700)
    for each in folder.iterdir():
        (to / each.name).write_bytes(each.read_bytes())
        (to / each.name).chmod(0o600)
    return to


def query(folder: Path, statement: str, *values: Any, file: str = "tenure.db") -> list[Any]:
    opened = driver.connect(str(folder / file), isolation_level=None)
    try:
        return list(opened.execute(statement, values))
    finally:
        opened.close()


def projected(folder: Path) -> list[list[Any]]:
    return [
        query(folder, "select * from standings order by subscription"),
        query(folder, "select * from subscriptions order by id"),
    ]


# init and run


def test_a_new_server_has_its_secrets_for_its_owner_alone(place: Path) -> None:
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for name in ("secrets.json", "root-secrets.json", "tenure.db"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600


def test_a_new_server_shows_an_invitation_for_its_owner_once(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "founded"
    told = terminal.run("server", "init", "--folder", str(folder), "--name", "https://license.example.com").out
    link = told.partition("https://PORTAL/invitation/")[2].split()[0]
    assert link.startswith("tni_")
    assert "The invitation's link begins with the portal's address" in told
    ((email, role, place),) = query(folder, "select email, role, place from invitations")
    assert (email, role, place) == ("", "owner", "vendor")
    assert not any(link.encode() in each.read_bytes() for each in folder.iterdir())


def test_with_the_portal_s_address_the_invitation_is_a_link_to_open(terminal: Terminal, tmp_path: Path) -> None:
    words = ("server", "init", "--folder", str(tmp_path / "founded"), "--name", "https://license.example.com")
    told = terminal.run(*words, "--portal-url", "https://portal.example.com/").out
    assert "https://portal.example.com/invitation/tni_" in told
    assert "PORTAL" not in told
    kept = json.loads((tmp_path / "founded" / "server.json").read_text())
    assert kept == {"name": "https://license.example.com", "portal_url": "https://portal.example.com"}
    other = ("server", "init", "--folder", str(tmp_path / "other"), "--name", "https://license.example.com")
    assert terminal.refused(*other, "--portal-url", "http://portal.example.com")["field"] == "portal_url"


def test_it_is_made_once_and_only_soundly(terminal: Terminal, place: Path, tmp_path: Path) -> None:
    words = ("server", "init", "--name", "https://license.example.com")
    assert terminal.refused(*words, "--folder", str(place))["code"] == "already_exists"
    other = str(tmp_path / "other")
    assert terminal.refused(*words, "--folder", other, "--root-keys", "2", "--threshold", "3")["field"] == "threshold"
    assert terminal.refused(*words, "--folder", other, "--root-keys", "99")["field"] == "threshold"
    assert terminal.refused("server", "init", "--name", "no address", "--folder", other)["field"] == "name"
    (tmp_path / "file").write_text("")
    assert terminal.refused(*words, "--folder", str(tmp_path / "file" / "x"))["field"] == "folder"
    assert not Path(other).exists()


def test_people_are_told_what_to_put_where(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.run("server", "init", "--folder", str(tmp_path / "s"), "--name", "https://license.example.com").out
    for part in ("root.jws", "root-secrets.json", "tnr_", "shown this once", "tenure server run --folder"):
        assert part in said


def test_a_port_of_another_program_is_told_by_server_portal_and_site(terminal: Terminal, place: Path) -> None:
    """Such as the site of a demo that still runs: no fault of ours, and nothing for the operator of the server."""
    site = place.parent / "site"
    words = ("--server", "https://license.example.com", "--root", str(place / "root.jws"), "--product", "editor=1.0")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        names = ("--device-name", "localhost", "--device-listen", f"127.0.0.1:{port}")
        assert terminal.run("site", "init", "--site", str(site), *words, *names).code == ExitCode.DONE
        for program, field, where in (
            (("server", "run", "--folder", str(place), "--listen", f"127.0.0.1:{port}"), "listen", "server.json"),
            (
                ("portal", "run", "--server", "https://license.example.com", "--listen", f"127.0.0.1:{port}"),
                "listen",
                "",
            ),
            (("site", "run", "--site", str(site)), "listen", str(site / "site.toml")),
        ):
            problem = terminal.refused(*program)
            assert (problem["code"], problem["field"]) == ("field_invalid", field)
            assert f"127.0.0.1:{port} cannot be listened at: another program listens there already" in problem["detail"]
            assert where in problem["detail"]


@pytest.mark.parametrize("words", [("--listen", "127.0.0.1:70000"), ("--listen", "8080"), ()])
def test_what_cannot_be_run_is_refused(terminal: Terminal, tmp_path: Path, words: tuple[str, ...]) -> None:
    found = terminal.refused("server", "run", "--folder", str(tmp_path / "none"), *words)
    assert found["code"] == "field_invalid"


def test_the_real_program_serves_and_stops(terminal: Terminal, place: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "tenure.cli.main",
        "server",
        "run",
        "--folder",
        str(place),
        "--listen",
        "127.0.0.1:0",
    ]
    with subprocess.Popen(words, cwd=ROOT / "src", stdout=-1, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        ran = terminal.run("products", "list", "--url", url)
        assert "not_authenticated" in ran.err
        busy = terminal.refused("rebuild", "--folder", str(place))
        assert (busy["code"], busy["exit"]) == ("folder_in_use", ExitCode.LATER)
        assert terminal.refused("restore", str(place / "tenure.db"), "--folder", str(place))["code"] == "folder_in_use"
        second = terminal.refused("server", "run", "--folder", str(place), "--listen", "127.0.0.1:0")
        assert (second["code"], second["title"]) == ("folder_in_use", "A server already runs with this folder.")
        assert second["remedy"] == "End it first, or name another folder with --folder."
        assert terminal.good("verify-history", "--folder", str(place))["sound"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)


def test_behind_a_portal_a_wrong_password_counts_for_whoever_typed_it(terminal: Terminal, place: Path) -> None:
    assert (
        terminal.refused("server", "run", "--folder", str(place), "--trusted-proxy", "*")["field"] == "trusted_proxies"
    )
    words = [
        sys.executable,
        "-m",
        "tenure.cli.main",
        "server",
        "run",
        "--folder",
        str(place),
        "--listen",
        "127.0.0.1:0",
    ]
    words += ["--trusted-proxy", "127.0.0.1"]
    body = {"email": "nobody@north.example", "password": "wrong and long"}
    with subprocess.Popen(words, cwd=ROOT / "src", stdout=-1, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().split()[-1]
            told = httpx2.post(f"{url}/v1/sign-in", json=body, headers={"X-Forwarded-For": "203.0.113.9"}, timeout=30)
        finally:
            process.send_signal(signal.SIGTERM)
    assert told.status_code == 401
    assert query(place, "select address from audit where what = 'sign_in_refused'") == [("203.0.113.9",)]


# histories


def test_b12_a_sound_history_is_found_sound(terminal: Terminal, used: Path) -> None:
    verdict = terminal.good("verify-history", "--folder", str(used))
    assert verdict["sound"]
    assert verdict["findings"] == verdict["drift"] == []
    assert verdict["links"] > 30
    assert "Sound: all stored facts are unchanged" in terminal.run("verify-history", "--folder", str(used)).out


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("update facts set body = cast(replace(cast(body as text), 'Ordered', 'Orderex') || ' ' as blob)", "altered"),
        ("update facts set at = at + 1 where seq = 1", "altered"),
        ("delete from facts where seq = 1", "missing"),
        ("update postings set recorded_at = recorded_at + 1", "altered"),
        ("update plans set body = cast(cast(body as text) || ' ' as blob)", "differs"),
    ],
)
def test_b12_an_edit_behind_the_servers_back_is_found(
    terminal: Terminal, used: Path, tmp_path: Path, change: str, fault: str
) -> None:
    folder = copy_of(used, tmp_path / "edited")
    for (name,) in query(folder, "select name from sqlite_master where type = 'trigger'"):
        query(folder, f"drop trigger {name}")
    query(folder, change)
    ran = terminal.run("verify-history", "--folder", str(folder), "--json")
    assert ran.code == ExitCode.TRUST
    assert not ran.json["sound"]
    assert fault in {each["fault"] for each in ran.json["findings"]}
    assert "Not sound:" in terminal.run("verify-history", "--folder", str(folder)).out


def test_b12_a_tail_cut_off_shows_only_against_a_checkpoint(terminal: Terminal, used: Path, tmp_path: Path) -> None:
    folder, file = copy_of(used, tmp_path / "cut"), tmp_path / "monday"
    terminal.good("checkpoint", "--folder", str(folder), "--out", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    words = ("verify-history", "--folder", str(folder))
    assert terminal.good(*words, "--checkpoint", str(file))["checkpoint_of"] == NOW
    for (name,) in query(folder, "select name from sqlite_master where type = 'trigger'"):
        query(folder, f"drop trigger {name}")
    ((sub, last),) = query(
        folder, "select subscription, max(seq) from facts group by subscription having max(seq) > 1 limit 1"
    )
    (kept,) = query(folder, "select seq, hash from facts where subscription = ? and seq = ?", sub, last - 1)
    query(folder, "delete from facts where subscription = ? and seq = ?", sub, last)
    query(folder, "update subscriptions set revision = ?, head_hash = ? where id = ?", *kept, sub)
    assert terminal.good(*words)["sound"]
    ran = terminal.run(*words, "--checkpoint", str(file), "--json")
    assert ran.code == ExitCode.TRUST
    assert [each["fault"] for each in ran.json["findings"]] == ["cut"]


def test_a_checkpoint_may_be_of_any_size_and_is_never_overwritten(
    terminal: Terminal, used: Path, tmp_path: Path
) -> None:
    file = tmp_path / "monday"
    terminal.good("checkpoint", "--folder", str(used), "--out", str(file))
    first, second = file.read_bytes().splitlines()
    assert len(first) < 600
    assert len(json.loads(second)["heads"]) > 8
    assert terminal.refused("checkpoint", "--folder", str(used), "--out", str(file))["field"] == "out"


@pytest.mark.parametrize("edit", ["flip", "heads", "other", "empty", "payload only", "missing"])
def test_a_checkpoint_that_was_not_signed_here_is_refused(
    terminal: Terminal, used: Path, place: Path, tmp_path: Path, edit: str
) -> None:
    file = tmp_path / "monday"
    terminal.now = (lambda: int(time.time())) if edit == "other" else (lambda: NOW)
    terminal.good("checkpoint", "--folder", str(place if edit == "other" else used), "--out", str(file))
    token, payload, _ = file.read_bytes().split(b"\n")
    changed = {
        "flip": token[:-2] + (b"AA" if token[-2:] != b"AA" else b"BA") + b"\n" + payload,
        "heads": token + b"\n" + payload.replace(b'"seq":1', b'"seq":2', 1),
        "other": token + b"\n" + payload,
        "empty": b"",
        "payload only": payload,
    }
    file.write_bytes(changed.get(edit, b""))
    if edit == "missing":
        file.unlink()
    found = terminal.refused("verify-history", "--folder", str(used), "--checkpoint", str(file))
    assert found["exit"] == (ExitCode.INPUT if edit == "missing" else ExitCode.TRUST)


@pytest.mark.parametrize("words", [("verify-history",), ("keys", "show"), ("rebuild",), ("checkpoint", "--out", "x")])
def test_a_folder_without_a_server_is_not_found(terminal: Terminal, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert terminal.refused(*words, "--folder", str(tmp_path))["exit"] == ExitCode.UNKNOWN
    (tmp_path / "tenure.db").write_bytes(b"this is no database, only text" * 100)
    assert terminal.refused(*words, "--folder", str(tmp_path))["exit"] == ExitCode.INPUT
    (tmp_path / "tenure.db").unlink()
    query(tmp_path, "create table other (x)")
    assert terminal.refused(*words, "--folder", str(tmp_path))["exit"] == ExitCode.INPUT


# rebuild, backup, restore


def test_what_is_computed_anew_is_what_was_there(terminal: Terminal, used: Path, tmp_path: Path) -> None:
    folder = copy_of(used, tmp_path / "again")
    before = projected(folder)
    assert terminal.good("rebuild", "--folder", str(folder)) == {"subscriptions": 8}
    assert projected(folder) == before
    query(folder, "delete from standings")
    query(folder, "update subscriptions set next_change = null")
    terminal.good("rebuild", "--folder", str(folder))
    assert projected(folder) == before
    assert terminal.good("verify-history", "--folder", str(folder))["sound"]


def test_a_rebuild_after_a_sleep_tells_what_came_true_meanwhile(terminal: Terminal, used: Path, tmp_path: Path) -> None:
    folder = copy_of(used, tmp_path / "slept")
    terminal.now = lambda: NOW + 500 * DAY
    terminal.good("rebuild", "--folder", str(folder))
    kinds = {kind for (kind,) in query(folder, "select kind from outbox")}
    assert "subscription.now_ended" in kinds
    told = query(folder, "select count(*) from outbox")
    terminal.good("rebuild", "--folder", str(folder))
    assert query(folder, "select count(*) from outbox") == told


def test_a_backup_is_one_file_that_can_be_put_back(terminal: Terminal, used: Path, tmp_path: Path) -> None:
    folder, file = copy_of(used, tmp_path / "kept"), tmp_path / "monday.db"
    words = ("backup", str(file), "--folder", str(folder))
    assert terminal.good(*words)["bytes"] == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("monday")] == ["monday.db"]
    assert terminal.refused(*words)["field"] == "file"
    query(folder, "update sites set epoch = 0")
    query(folder, "delete from standings")
    done = terminal.good("restore", str(file), "--folder", str(folder))
    assert done["epoch"] == NOW
    assert Path(done["kept"]).exists()
    assert query(folder, "select count(*) from standings") == [(8,)]
    assert query(folder, "select value from meta where key = 'epoch_floor'") == [(str(NOW),)]
    assert query(folder, "pragma application_id") == query(used, "pragma application_id")
    assert terminal.good("verify-history", "--folder", str(folder))["sound"]


def test_every_restore_opens_an_epoch_above_all_before(terminal: Terminal, used: Path, tmp_path: Path) -> None:
    folder, file = copy_of(used, tmp_path / "kept"), tmp_path / "monday.db"
    terminal.good("backup", str(file), "--folder", str(folder))
    epochs = []
    for later in (0, 0, -100, 500):
        terminal.now = lambda at=NOW + later: at  # type: ignore[misc]
        epochs.append(terminal.good("restore", str(file), "--folder", str(folder))["epoch"])
    assert epochs == sorted(set(epochs))
    assert epochs[:3] == [NOW, NOW + 1, NOW + 2]


def test_a_restore_after_the_disk_was_lost_needs_only_the_secrets(
    terminal: Terminal, used: Path, tmp_path: Path
) -> None:
    file = tmp_path / "monday.db"
    terminal.good("backup", str(file), "--folder", str(used))
    folder = tmp_path / "fresh"
    folder.mkdir()
    assert terminal.refused("restore", str(file), "--folder", str(folder))["field"] == "secrets"
    (folder / "secrets.json").write_bytes((used / "secrets.json").read_bytes())
    (folder / "secrets.json").chmod(0o600)
    assert terminal.good("restore", str(file), "--folder", str(folder)) == {"epoch": NOW, "kept": ""}
    (folder / "tenure.db").write_bytes(b"the disk writes nonsense now" * 1_000)
    assert terminal.good("restore", str(file), "--folder", str(folder))["kept"]
    assert terminal.good("verify-history", "--folder", str(folder))["sound"]


def test_what_is_no_backup_of_this_server_is_refused(
    terminal: Terminal, used: Path, place: Path, tmp_path: Path
) -> None:
    strangers = tmp_path / "strangers.db"
    terminal.good("backup", str(strangers), "--folder", str(used))
    words = ("--folder", str(place))
    before = (place / "tenure.db").read_bytes()
    assert terminal.refused("restore", str(strangers), *words)["code"] == "root_rejected"
    assert terminal.refused("restore", str(tmp_path / "none.db"), *words)["code"] == "not_found"
    (tmp_path / "text").write_text("no database")
    assert terminal.refused("restore", str(tmp_path / "text"), *words)["code"] == "field_invalid"
    cut = tmp_path / "cut.db"
    cut.write_bytes(strangers.read_bytes()[:40_000])
    assert terminal.refused("restore", str(cut), "--folder", str(used))["exit"] in (ExitCode.INPUT, ExitCode.TRUST)
    assert (place / "tenure.db").read_bytes() == before
    assert not (place / "tenure.db.new").exists()
    assert terminal.refused("backup", str(tmp_path / "no" / "folder.db"), *words)["field"] == "file"


def test_a_backup_is_made_beside_the_running_server(server: Vendor, terminal: Terminal, tmp_path: Path) -> None:
    staff = server.staff(tmp_path, name="Backed up")
    staff.subscription()
    file = tmp_path / "running.db"
    terminal.good("backup", str(file), "--folder", str(server.folder))
    assert query(tmp_path, "select count(*) > 0 from facts", file="running.db") == [(1,)]
    assert query(tmp_path, "pragma quick_check", file="running.db") == [("ok",)]


# keys


def keys(terminal: Terminal, folder: Path) -> dict[str, dict[str, str]]:
    return {each["kid"]: each for each in terminal.good("keys", "show", "--folder", str(folder))["keys"]}


def test_p8_a_key_is_published_waited_out_used_closed_and_retired(terminal: Terminal, place: Path) -> None:
    """A whole life, one step at a time, each refused before its time with the instant at which it is possible."""
    made = int((place / "tenure.db").stat().st_mtime)
    at = [made]
    terminal.now = lambda: at[0]
    here = ("--folder", str(place), "--root-secrets", str(place / "root-secrets.json"))
    (old,) = [kid for kid in keys(terminal, place) if kid.startswith("lease-")]
    assert terminal.refused("keys", "close", old, *here)["code"] == "key_not_for_this"
    assert terminal.good("keys", "rotate", "lease", *here)["version"] == 2
    (new,) = [kid for kid in keys(terminal, place) if kid.startswith("lease-") and kid != old]
    assert keys(terminal, place)[new]["state"] == "waiting"
    early = terminal.refused("keys", "use", new, "--folder", str(place))
    assert early["code"] == "key_not_for_this"
    assert terminal.refused("keys", "rotate", "lease", *here)["possible_at"] == early["possible_at"]
    at[0] += 2 * DAY
    assert terminal.good("keys", "use", new, "--folder", str(place))["state"] == "signing"
    assert keys(terminal, place)[old]["state"] == "spare"
    assert terminal.good("keys", "rotate", "lease", *here)["version"] == 3
    assert keys(terminal, place)[old]["state"] == "closed"
    when = terminal.refused("keys", "retire", old, *here)["possible_at"]
    assert when == keys(terminal, place)[old]["retired_from"]
    at[0] += 300 * DAY
    assert terminal.good("keys", "rotate", "lease", *here)["version"] == 4
    assert old not in keys(terminal, place)
    assert old not in (place / "secrets.json").read_text()
    assert new in (place / "secrets.json").read_text()
    assert "sandbox-" in (place / "secrets.json").read_text()
    assert stat.S_IMODE((place / "secrets.json").stat().st_mode) == 0o600
    walked = key_rotation.root_versions(StatePlace(place))
    assert not isinstance(walked, Refused)
    assert [each.version for each in walked] == [1, 2, 3, 4]


def test_a_stolen_key_is_revoked_only_after_a_question(terminal: Terminal, place: Path) -> None:
    here = ("--folder", str(place), "--root-secrets", str(place / "root-secrets.json"))
    (kid,) = [kid for kid in keys(terminal, place) if kid.startswith("notice-")]
    assert terminal.refused("keys", "revoke", kid, *here)["field"] == "yes"
    no = terminal.run("keys", "revoke", kid, *here, terminal=True, answers=("n",))
    assert (no.code, no.out.strip()) == (ExitCode.DONE, "Nothing was done.")
    assert "No other key may sign for notice now" in terminal.asked[-1]
    yes = terminal.run("keys", "revoke", kid, *here, "--yes")
    assert yes.code == ExitCode.DONE
    assert kid not in keys(terminal, place)
    assert terminal.refused("keys", "revoke", kid, *here, "--yes")["code"] == "key_unknown"


def test_root_keys_in_several_hands_sign_one_after_the_other(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    words = ("server", "init", "--folder", str(folder), "--name", "https://license.example.com")
    terminal.good(*words, "--root-keys", "3", "--threshold", "2")
    everyone = json.loads((folder / "root-secrets.json").read_text())["keys"]
    hands = []
    for number, key in enumerate(everyone):
        hands.append(tmp_path / f"hand-{number}.json")
        hands[-1].write_text(json.dumps({"keys": [key]}))
    here, draft = ("--folder", str(folder)), tmp_path / "next.jws"
    alone = terminal.refused("keys", "extend", *here, "--root-secrets", str(hands[0]))
    assert alone["code"] == "root_rejected"
    terminal.good("keys", "extend", *here, "--root-secrets", str(hands[0]), "--out", str(draft))
    assert terminal.refused("keys", "install", str(draft), *here)["code"] == "root_rejected"
    assert terminal.good("keys", "sign", str(draft), "--root-secrets", str(hands[2]))["signatures"] == 2
    assert terminal.good("keys", "install", str(draft), *here)["version"] == 2
    assert terminal.refused("keys", "install", str(draft), *here)["code"] == "root_rejected"
    both = ("--root-secrets", str(hands[1]), "--root-secrets", str(hands[2]))
    assert terminal.good("keys", "publish", "answer", *here, *both)["version"] == 3


def test_a_rehearsal_changes_neither_keys_nor_secrets(terminal: Terminal, place: Path) -> None:
    before = (place / "secrets.json").read_bytes()
    here = ("--folder", str(place), "--root-secrets", str(place / "root-secrets.json"))
    planned = terminal.good("keys", "publish", "lease", *here, "--product", "editor", "--dry-run")
    assert (planned["version"], planned["fingerprint"]) == (2, "")
    assert [each["products"] for each in planned["keys"] if each["state"] == "waiting"] == [["editor"]]
    assert (place / "secrets.json").read_bytes() == before
    assert terminal.good("keys", "show", "--folder", str(place))["version"] == 1


@pytest.mark.parametrize("content", [None, "", "{}", '{"keys": "tnr_secret"}', "[" * 50_000, '{"keys": []}'])
def test_files_without_root_keys_are_refused_without_repeating_them(
    terminal: Terminal, place: Path, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "root.json"
    if content is not None:
        file.write_text(content)
    before = (place / "secrets.json").read_bytes()
    found = terminal.refused("keys", "publish", "lease", "--folder", str(place), "--root-secrets", str(file))
    assert found["code"] in ("field_invalid", "root_rejected")
    assert "tnr_secret" not in str(found)
    assert (place / "secrets.json").read_bytes() == before


def test_what_is_no_draft_is_refused(terminal: Terminal, place: Path, tmp_path: Path) -> None:
    file = tmp_path / "next.jws"
    for content in (b"", b"a.b.c", b"\xff", b"e30.e30.e30"):
        file.write_bytes(content)
        assert terminal.run("keys", "install", str(file), "--folder", str(place)).code in (
            ExitCode.INPUT,
            ExitCode.TRUST,
        )
        words = ("keys", "sign", str(file), "--root-secrets", str(place / "root-secrets.json"))
        assert terminal.run(*words).code in (ExitCode.INPUT, ExitCode.TRUST)
    assert terminal.refused("keys", "install", str(tmp_path / "none"), "--folder", str(place))["field"] == "draft"
    for words in (("close", "lease-x"), ("retire", "lease-x"), ("use", "lease-x")):
        more = () if words[0] == "use" else ("--root-secrets", str(place / "root-secrets.json"))
        assert terminal.refused("keys", *words, "--folder", str(place), *more)["code"] == "key_unknown"


def test_a_root_document_from_elsewhere_is_never_installed(
    terminal: Terminal, place: Path, used: Path, tmp_path: Path
) -> None:
    document = key_rotation.current_root(StatePlace(used))
    assert not isinstance(document, Refused)
    file = tmp_path / "other.jws"
    file.write_bytes(document.token)
    assert terminal.refused("keys", "install", str(file), "--folder", str(place))["code"] == "root_rejected"


def test_while_the_server_runs_the_document_goes_through_its_api(tmp_path: Path) -> None:
    with vendor(tmp_path) as opened:
        here = ("--folder", str(opened.folder), "--root-secrets", str(opened.folder / "root-secrets.json"))
        made = opened.terminal.good("keys", "publish", "lease", *here)
        assert made["version"] == 2
        stranger = Terminal(tmp_path, {}, opened.clock)
        assert stranger.refused("keys", "extend", *here)["field"] == "url"
        nobody = Terminal(tmp_path, {"TENURE_URL": opened.url, "TENURE_TOKEN": "tnr_x"}, opened.clock)
        assert nobody.refused("keys", "extend", *here)["code"] == "not_authenticated"
        root = key_rotation.current_root(StatePlace(opened.folder))
        assert not isinstance(root, Refused)
        assert root.version == 2


def test_a_readable_secret_file_is_refused(terminal: Terminal, place: Path) -> None:
    (place / "secrets.json").chmod(0o644)
    here = ("--folder", str(place), "--root-secrets", str(place / "root-secrets.json"))
    assert terminal.refused("keys", "publish", "lease", *here)["code"] == "action_not_permitted"
    assert terminal.refused("checkpoint", "--folder", str(place), "--out", "x")["code"] == "action_not_permitted"
    assert not Path("x").exists()


def test_a_draft_is_only_read_never_believed() -> None:
    assert isinstance(key_rotation.read_draft(b"a.b.c"), Refused)
    assert isinstance(key_rotation.verify_versions([]), Refused)
    assert isinstance(key_rotation.verify_versions([b"x"]), Refused)
    forged = b"e30." + msgspec.json.encode({"id": "x"}) + b".e30"
    found = key_rotation.read_draft(forged)
    assert isinstance(found, Refused)
    assert found.code is RefusalCode.FIELD_INVALID
    assert isinstance(roots.pin_root(forged), Refused)


@pytest.mark.parametrize(
    ("words", "field", "told"),
    [
        (("--certificate", "server.pem"), "key", "--certificate is given without --key"),
        (("--key", "server.key"), "certificate", "--key is given without --certificate"),
        (("--certificate", "nowhere.pem", "--key", "server.key"), "certificate", "nowhere.pem cannot be read"),
    ],
)
def test_a_certificate_that_cannot_serve_is_refused_before_it_listens(
    terminal: Terminal, place: Path, words: tuple[str, ...], field: str, told: str
) -> None:
    """Of the server by option and by setting, and of the portal."""
    key = place / "portal.key"
    for program in (
        ("server", "run", "--folder", str(place)),
        ("portal", "run", "--server", "https://license.example.com", "--server-key", str(key)),
    ):
        problem = terminal.refused(*program, *words)
        assert (problem["code"], problem["field"]) == ("field_invalid", field)
        assert told in problem["detail"]
    given = {name.strip("-"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    (place / "server.json").write_text(json.dumps({"name": "https://license.example.com"} | given))
    problem = terminal.refused("server", "run", "--folder", str(place))
    assert problem["code"] == "field_invalid"
    assert problem["field"] == field
    assert str(place / "nowhere.pem") in problem["detail"] or f"without {field}" in problem["detail"]
