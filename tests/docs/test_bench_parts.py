"""Controls of the single measurements: each is given something bad that it must not take for good."""

import os
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import against_peers, fairness, growth, in_process, outage, overload, postgres, restart
from benchmarks.clients import read_whole
from benchmarks.outage import Client
from benchmarks.programs import cpu_of
from benchmarks.rows import Figure, Missing, Yardstick, judge
from benchmarks.run import SHORT
from tenure.core.lease.sync_schedule import Rhythm, SyncState
from tenure.core.timeline import DAY
from tenure.wire import b64


def test_clients_that_all_come_at_once_are_a_peak_and_a_lease_that_ended_before_is_lost() -> None:
    returned = 100 * DAY
    clients = outage.draw_clients(returned, random.Random(1))  # noqa: S311 - the same clients in each run
    arrivals = [outage.arrival(each, returned) for each in clients]
    assert max(Counter(arrivals).values()) <= 2.2 * outage.CLIENTS / outage.WINDOW
    assert all(returned <= at < returned + outage.WINDOW for at in arrivals)
    assert all(at < each.ends for at, each in zip(arrivals, clients, strict=True))
    # The control: without a lot of its own each comes in one and the same second.
    same = Counter(outage.arrival(Client(each.state, each.ends, 0.5), returned) for each in clients)
    assert max(same.values()) > outage.CLIENTS / 2
    state = SyncState(rhythm=Rhythm(spans=()), woke=0, answered=returned - DAY)
    assert outage.arrival(Client(state, returned, 0.5), returned) >= returned


def test_a_refusal_without_retry_after_and_any_other_answer_end_the_measurement() -> None:
    good = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\ncontent-length: 0\r\n\r\n"
    assert overload.is_refusal(good)
    assert overload.retry_after_of(good) == 60
    assert not overload.is_refusal(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    for bad in (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"HTTP/1.1 500 Internal Server Error\r\n\r\n"):
        with pytest.raises(ValueError):
            overload.is_refusal(bad)


def test_overload_that_was_not_offered_or_refused_nothing_is_not_measured() -> None:
    told = overload.Told
    good = [told(2_000, 800, [5.0, 6.0])]
    found = overload.judge_stages(1_000, good, [told(3_000, 950, [])], "")
    assert found["overload_two"] == Figure(0.8, "800/s of 2,000/s offered; ")
    assert isinstance(overload.judge_stages(1_000, [told(1_100, 800, [5.0])], good, "")["overload_two"], Missing)
    assert isinstance(overload.judge_stages(1_000, [told(2_000, 800, [])], good, "")["overload_p99"], Missing)


def test_an_answer_of_a_peer_that_is_no_success_ends_the_measurement() -> None:
    against_peers.check_answer(b'{"allowed":true}', {"text": '"allowed":true'})
    against_peers.check_answer(b"12345", {"length": 5})
    for body, load in ((b'{"allowed":false}', {"text": '"allowed":true'}), (b"1234", {"length": 5})):
        with pytest.raises(ValueError):
            against_peers.check_answer(body, load)


def test_peers_that_no_registry_gives_are_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    found = against_peers.install_peers(tmp_path / "peers", "no-such-distribution-of-tenure==1.0\n")
    assert isinstance(found, Missing)
    assert "registry" in found.reason


def test_peers_that_are_installed_are_not_installed_again(tmp_path: Path) -> None:
    (tmp_path / "installed.txt").write_text("one\n")
    assert against_peers.install_peers(tmp_path, "one\n") == tmp_path / "bin" / "python"


def test_nothing_of_the_peers_is_required_by_the_project() -> None:
    root = Path(__file__).resolve().parents[2]
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        text = (root / name).read_text()
        assert not [peer for peer in ("byxlozax", "sealium", "aiosqlite") if peer in text], name
    assert "byxlozax_server" not in sys.modules


def test_growth_says_when_there_is_no_room_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoRoom:
        free = 1_000

    class Asked:
        folder, size, sites_most = tmp_path, SHORT, 0

    monkeypatch.setattr(growth.shutil, "disk_usage", lambda folder: NoRoom)
    found = growth.measure(Asked)  # type: ignore[arg-type]
    assert set(found) == set(growth.KEYS)
    assert all(isinstance(each, Missing) for each in found.values())


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    ours, theirs = socket.socketpair()
    sending = threading.Thread(
        target=lambda: (theirs.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal"), theirs.close())
    )
    sending.start()
    with ours, pytest.raises(ConnectionError):
        read_whole(ours)
    sending.join()


def test_a_lock_that_was_waited_for_once_fails_its_row() -> None:
    lite, costs = {"unchanged": 150.0, "lease": 700.0}, {"unchanged": 200.0, "lease": 1_400.0}
    found = postgres.make_figures(lite, costs, 210.0, Counter({"Client": 900, "Lock": 1}))
    rows = judge(found, Yardstick(35_000, 35_000, 35_000), postgres.KEYS)
    assert [row.figure for row in rows] == [0.75, 0.5, 1.05, 1.0]
    assert [row.verdict for row in rows] == ["holds", "holds", "holds", "fails"]
    quiet = postgres.make_figures(lite, costs, 210.0, Counter({"Client": 900}))
    assert quiet["postgres_waits"] == Figure(0, "900 looks: Client 100%")


def test_no_look_at_what_was_waited_for_is_no_pass() -> None:
    lite, costs = {"unchanged": 150.0, "lease": 700.0}, {"unchanged": 200.0, "lease": 1_400.0}
    found = postgres.make_figures(lite, costs, 210.0, Counter())
    assert isinstance(found["postgres_waits"], Missing)


def test_the_processes_that_a_program_has_started_are_counted_with_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in postgres.children_of(os.getpid())


def waits(late: float, *, statuses: tuple[int, ...] = (200,)) -> fairness.Waits:
    return fairness.Waits([1.0] * 90 + [late] * 10, Counter(statuses))


def test_others_that_wait_too_long_fail_and_where_they_did_before_nothing_is_said() -> None:
    late = fairness.make_figure(fairness.WaitsWithHog(waits(5), waits(150), "9 x 200", 0.5), "")
    in_time = fairness.make_figure(fairness.WaitsWithHog(waits(5), waits(90), "9 x 200", 0.5), "")
    noisy = fairness.make_figure(fairness.WaitsWithHog(waits(60), waits(150), "9 x 200", 0.5), "")
    quiet = Yardstick(35_000, 35_000, 35_000)
    for found, verdict in ((late, "fails"), (in_time, "holds"), (noisy, "not measured")):
        assert judge({"fair_writes": found}, quiet, ["fair_writes"])[0].verdict == verdict


def answering(answers: list[bytes | None]) -> tuple[int, threading.Thread]:
    """A server that gives these answers in turn, one on each connection; None: it hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer or b"")

    thread = threading.Thread(target=serve)
    thread.start()
    return listening.getsockname()[1], thread


def signed(claims: bytes) -> bytes:
    body = b"e30." + b64.b64_encode(claims) + b"." + b64.b64_encode(bytes(64))
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def test_a_site_repeats_what_brought_no_answer_and_counts_a_wrong_one_as_failed(tmp_path: Path) -> None:
    made = in_process.found(tmp_path / "server", 1)
    busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\ncontent-length: 0\r\n\r\n"
    port, thread = answering([None, busy, signed(b'{"result":"unchanged"}'), signed(b'{"result":"refused"}')])
    ends = iter((False, False, True))
    counts = restart.ask_until(made, made.citizens[0], port, lambda: next(ends))
    thread.join()
    assert counts == (1, 2, 1), "answered, repeated, failed"


def test_a_license_that_says_no_once_is_noticed() -> None:
    class Flickering:
        said = iter((True, False, True))

        def allows(self, feature: str) -> bool:
            return next(self.said)

    ends = iter((False, False, False, True))
    assert restart.watch(Flickering(), lambda: next(ends)) == 1  # type: ignore[arg-type]


BUSY_THREAD = """
import os, threading, time
def work():
    until = time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
thread = threading.Thread(target=work)
thread.start()
thread.join()
while len(os.listdir("/proc/self/task")) > 1:  # the kernel's thread ends after Python's
    os.sched_yield()
print("done", flush=True)
input()
"""


def test_the_processor_time_of_threads_that_have_ended_counts() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY_THREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"done\n"
        threads = Path(f"/proc/{child.pid}/task").iterdir()
        living = sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9
        assert cpu_of(child.pid) >= living + 0.09
