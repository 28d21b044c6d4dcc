"""Metrics of several processes are told as one, whichever is asked; what an ended one has counted stays in the sum."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from tenure.http.group_metrics import MetricsGroup
from tenure.http.logs import ServedRequest
from tenure.http.metrics import HttpMetrics

SIBLING = """
import sys
from pathlib import Path
from tenure.http.group_metrics import MetricsGroup
from tests.http.test_group_metrics import counted
registry = counted(int(sys.argv[2]), faults=int(sys.argv[3]))
MetricsGroup(Path(sys.argv[1])).render_metrics(registry)
print("written", flush=True)
sys.stdin.read()
"""


def counted(requests: int, *, faults: int = 0) -> CollectorRegistry:
    """What a process has counted that has answered so many requests and has two at work."""
    registry = CollectorRegistry()
    metrics = HttpMetrics(registry)
    for _ in range(requests):
        metrics(served())
    metrics.watch_in_flight(lambda: 2)
    Gauge("tenure_history_faults", "Faults.", registry=registry).set(faults)
    return registry


def served() -> ServedRequest:
    return ServedRequest(method="GET", route="/x", status=200, milliseconds=1.5)


def sibling(folder: Path, requests: int, faults: int = 0) -> subprocess.Popen[str]:
    """Another process of the group, which has counted so much and lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", SIBLING, str(folder), str(requests), str(faults)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def figures(text: bytes) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


ANSWERED = 'tenure_http_requests_total{method="GET",route="/x",status="200"}'
COUNT = 'tenure_http_request_seconds_count{route="/x"}'


def test_counters_and_work_are_added_up_and_the_greatest_of_other_gauges_counts(tmp_path: Path) -> None:
    other = sibling(tmp_path, 5, faults=3)
    try:
        found = figures(MetricsGroup(tmp_path).render_metrics(counted(2)))
    finally:
        ended(other)
    assert (found[ANSWERED], found[COUNT], found["tenure_http_in_flight"]) == (7, 7, 4)
    assert found["tenure_history_faults"] == 3


def test_an_ended_process_has_no_work_and_its_counts_stay(tmp_path: Path) -> None:
    ended(sibling(tmp_path, 5))
    found = figures(MetricsGroup(tmp_path).render_metrics(counted(2)))
    assert (found[ANSWERED], found["tenure_http_in_flight"]) == (7, 2)


async def test_files_of_ended_processes_are_put_together_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    for requests in (5, 6):
        ended(sibling(tmp_path, requests))
    group, registry = MetricsGroup(tmp_path), counted(2)
    for _ in range(2):
        task = asyncio.create_task(group.write_samples(registry))
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert files_in(tmp_path) == {"lock", "ended.json", f"{os.getpid()}.json"}
    # The second beginning in this process took the first for an earlier one of the same number.
    assert figures(group.render_metrics(registry))[ANSWERED] == 5 + 6 + 2 + 2


@pytest.mark.parametrize("requests", [0, 3])
def test_one_process_alone_is_told_as_without_a_group(tmp_path: Path, requests: int) -> None:
    registry = counted(requests)
    alone = {name: value for name, value in figures(generate_latest(registry)).items() if "_created" not in name}
    told = figures(MetricsGroup(tmp_path).render_metrics(registry))
    assert {name: value for name, value in told.items() if "_created" not in name} == alone
