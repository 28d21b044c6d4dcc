"""The parent of several processes by itself: what it does when there is no room, and when all ends at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tenure.server.workers import WorkerGroup

PROGRAM = """
import os, signal, sys
from tenure.server import workers

workers.PAUSE, workers.SHORT_LIFE = 0.01, 0
fork, made, out = os.fork, [], os.dup(1)

def fork_at_times():
    made.append(1)
    if len(made) in (2, 4):
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return fork()

def serve():
    os.write(out, f"{os.getpid()}\\n".encode())
    signal.pause()

os.fork = fork_at_times
workers.WorkerGroup(2, serve).run()
"""


def test_where_no_process_can_be_made_it_is_tried_again(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        group = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=log, text=True)
    assert group.stdout is not None
    first, second = (int(group.stdout.readline()) for _ in range(2))
    os.kill(first, signal.SIGKILL)
    third = int(group.stdout.readline())
    assert len({first, second, third}) == 3
    group.send_signal(signal.SIGTERM)
    assert group.wait(20) == -signal.SIGTERM
    assert (tmp_path / "log").read_text().count("no worker can be made (Resource temporarily unavailable)") == 2


def test_a_signal_reaches_the_others_though_one_has_ended_just_now() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lives = subprocess.Popen(["sleep", "60"])
    group = WorkerGroup(2, lambda: None)
    group._begun = {ended.pid: 0.0, lives.pid: 0.0}
    group._stop_all(signal.SIGTERM, None)
    assert lives.wait(20) == -signal.SIGTERM
