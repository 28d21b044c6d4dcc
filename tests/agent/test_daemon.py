"""Software without the SDK is switched at the true instant, and again after a restart; what fails is tried again."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tenure.agent.daemon import AgentDaemon
from tenure.agent.main import daemon_of
from tenure.core.timeline import DAY
from tests.site.site_env import AgentProcess, SiteProcess

SCRIPT = '#!/bin/sh\necho "$TENURE_FEATURE $TENURE_STATE $*" >> {log}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def script(tmp_path: Path, log: Path) -> Path:
    path = tmp_path / "switch"
    path.write_text(SCRIPT.format(log=log))
    path.chmod(0o755)
    return path


def agent_with(house: SiteProcess, features: str) -> AgentProcess:
    host = house.agent(features=features)
    assert host.enroll(house.ticket()) is None
    return host


def looked(host: AgentProcess) -> None:
    """One look of the daemon, and the commands that it has started, to their end."""
    daemon = AgentDaemon(host.agent.keeper, host.board, host.agent.computer.clocks.ticks)
    daemon.switch_features()
    deadline = time.monotonic() + 20
    while host.board.is_busy and time.monotonic() < deadline:
        time.sleep(0.005)
    host.board.run_due(host.agent.keeper.holder.ready)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def until_withdrawn(house: SiteProcess) -> int:
    seat_until: int = house.devices()[0].seat_until
    house.up = False
    return seat_until


def test_m05_commands_run_at_the_second_of_grant_and_withdrawal_and_again_after_a_restart(
    house: SiteProcess, script: Path, log: Path
) -> None:
    host = agent_with(house, f'[features.export]\ngrant = ["{script}", "on"]\nwithdraw = ["{script}", "off"]\n')
    looked(host)
    assert lines(log) == ["export on on"]
    seat_until = until_withdrawn(house)
    house.site_env.time.now = seat_until - 1
    looked(host)
    assert lines(log) == ["export on on"]
    house.site_env.wait(1)
    looked(host)
    looked(host)
    assert lines(log) == ["export on on", "export off off"]
    host.agent.keeper.tick()
    host.restart()
    looked(host)
    assert lines(log) == ["export on on", "export off off", "export off off"]


def test_units_are_started_and_stopped_by_the_service_manager(house: SiteProcess, script: Path, log: Path) -> None:
    host = agent_with(house, f'service_command = ["{script}"]\n[features.edit]\nunit = "editor.service"\n')
    looked(host)
    house.site_env.time.now = until_withdrawn(house)
    looked(host)
    assert lines(log) == ["edit on start editor.service", "edit off stop editor.service"]


def test_a_status_file_says_what_holds_and_until_when(house: SiteProcess, tmp_path: Path) -> None:
    path = tmp_path / "status"
    host = agent_with(house, f'[features.export]\nstatus_file = "{path}"\n[features.read]\nstatus_file = "{path}2"\n')
    looked(host)
    told = json.loads(path.read_text())
    assert (told["feature"], told["on"], told["phase"], told["cause"]) == ("export", True, "active", "paid")
    assert told["until"]
    house.site_env.time.now = until_withdrawn(house)
    looked(host)
    told = json.loads(path.read_text())
    assert (told["on"], told["phase"], told["cause"], told["until"]) == (False, "ended", "sync_overdue", None)
    assert json.loads(Path(f"{path}2").read_text())["on"] is True, "base features stay"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_feature_that_is_not_licensed_is_withdrawn_from_the_start(
    house: SiteProcess, script: Path, log: Path
) -> None:
    host = agent_with(house, f'[features.collaborate]\ngrant = ["{script}"]\nwithdraw = ["{script}"]\n')
    looked(host)
    assert [line.strip() for line in lines(log)] == ["collaborate off"]


def test_what_fails_is_tried_again_and_harms_no_other(house: SiteProcess, script: Path, log: Path) -> None:
    later = script.with_name("later")
    features = (
        '[features.edit]\ngrant = ["/bin/false"]\n'
        f'[features.read]\ngrant = ["{later}"]\n'
        f'[features.export]\ngrant = ["{script}"]\n'
    )
    host = agent_with(house, features)
    looked(host)
    assert lines(log) == ["export on "]
    later.symlink_to(script)
    house.site_env.wait(1)
    looked(host)
    assert lines(log) == ["export on "], "not before its time"
    house.site_env.wait(1)
    looked(host)
    assert lines(log) == ["export on ", "read on "]
    assert not host.board.is_settled(host.agent.keeper.holder.ready), "edit goes on failing"


def test_a_command_that_hangs_is_ended_with_all_it_started(house: SiteProcess, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    hangs = tmp_path / "hangs"
    hangs.write_text(f"#!/bin/sh\nsleep 600 &\necho $! >> {pids}\necho $$ >> {pids}\nwait\n")
    hangs.chmod(0o755)
    host = agent_with(house, f'[features.edit]\ngrant = ["{hangs}"]\ntimeout = 1\n')
    looked(host)
    time.sleep(0.05)
    for pid in map(int, pids.read_text().split()):
        state = Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_withdrawal_does_not_wait_for_a_grant_that_hangs(
    house: SiteProcess, script: Path, log: Path, tmp_path: Path
) -> None:
    hangs = tmp_path / "hangs"
    hangs.write_text("#!/bin/sh\nsleep 600\n")
    hangs.chmod(0o755)
    features = f'[features.export]\ngrant = ["{hangs}"]\nwithdraw = ["{script}"]\ntimeout = 600\n'
    host = agent_with(house, features)
    host.board.run_due(host.agent.keeper.holder.refresh_features())
    assert host.board.is_busy
    house.site_env.time.now = until_withdrawn(house)
    began = time.monotonic()
    host.board.run_due(host.agent.keeper.holder.refresh_features())
    while not lines(log) and time.monotonic() < began + 20:
        host.board.run_due(host.agent.keeper.holder.refresh_features())
        time.sleep(0.005)
    assert [line.strip() for line in lines(log)] == ["export off"]
    host.board.close()


def test_commands_inherit_nothing_of_ours(house: SiteProcess, tmp_path: Path) -> None:
    out, script = tmp_path / "env", tmp_path / "env.sh"
    script.write_text(f"#!/bin/sh\nenv > {out}\npwd >> {out}\n")
    script.chmod(0o755)
    os.environ["TENURE_TEST_SECRET"] = "hidden"
    try:
        looked(agent_with(house, f'[features.edit]\ngrant = ["{script}"]\n'))
    finally:
        del os.environ["TENURE_TEST_SECRET"]
    told = out.read_text()
    assert "hidden" not in told
    assert "TENURE_FEATURE=edit" in told
    assert told.rstrip().endswith("/")


def test_the_daemon_switches_while_its_site_does_not_answer(house: SiteProcess, script: Path, log: Path) -> None:
    host = agent_with(house, f'[features.export]\ngrant = ["{script}"]\nwithdraw = ["{script}"]\n')
    held = threading.Event()
    host.cable.send = lambda request: held.wait(20) and None  # type: ignore[method-assign,assignment,return-value]
    daemon = daemon_of(host.agent)
    running = threading.Thread(target=daemon.run, daemon=True)
    house.site_env.wait(2 * DAY)  # a refresh is due, and hangs
    running.start()
    try:
        wait_for(lambda: len(lines(log)) == 1)
        house.site_env.time.now = house.devices()[0].seat_until
        wait_for(lambda: len(lines(log)) == 2)
    finally:
        daemon.stop()
        held.set()
        running.join(10)
    assert [line.strip() for line in lines(log)] == ["export on", "export off"]


def wait_for(done: "object") -> None:
    deadline = time.monotonic() + 20
    while not done() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.01)
    assert done()  # type: ignore[operator]


PROGRAM = (
    "import sys; from pathlib import Path; from tenure.agent.main import serve_agent;"
    " sys.exit(serve_agent(Path(sys.argv[1])) and 1)"
)


def test_the_agent_listens_on_nothing(house: SiteProcess, tmp_path: Path) -> None:
    status = tmp_path / "status"
    host = agent_with(house, f'[features.edit]\nstatus_file = "{status}"\n')
    host.board.close()
    agent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(host.folder)],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2] / "src",
    )
    try:
        wait_for(status.exists)
        assert listening(agent.pid) == []
        # The check itself sees a process that does listen.
        with subprocess.Popen([sys.executable, "-c", LISTENS], stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            assert len(listening(other.pid)) == 2
            other.kill()
    finally:
        agent.terminate()
        assert agent.wait(20) == 0


LISTENS = (
    "import socket, time; a = socket.create_server(('127.0.0.1', 0)); b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"  # noqa: E501
    " b.bind(('127.0.0.1', 0)); print(flush=True); time.sleep(60)"
)


def listening(pid: int) -> list[str]:
    """Sockets of a process that others can send to: TCP in state LISTEN (0A), bound UDP, bound UNIX sockets."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(link)  # noqa: PTH115
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        table = Path(f"/proc/{pid}/net/{name}")
        for row in table.read_text().splitlines()[1:] if table.exists() else ():
            cells = row.split()
            if cells[9] in inodes and (cells[3] == "0A" or name.startswith("udp")):
                found.append(f"{name} {cells[1]}")
    for row in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
        cells = row.split()
        if cells[6] in inodes and len(cells) > 7:
            found.append(f"unix {cells[7]}")
    return found
