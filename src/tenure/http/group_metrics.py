"""Metrics of several processes behind one port, told as one: whichever is asked, it adds up what all have counted.

Each process writes its samples into a folder of the group, once a second and before it answers. What a process had
counted when it ended stays in the sum, so that no counter goes back. One process alone needs none of this.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

EVERY: Final = 1.0
"""Seconds between two writings: what a process that is killed takes along at most."""
SUMMED: Final = frozenset({"tenure_http_in_flight"})
"""Gauges that are added up; all others are about the state that the processes share, and the greatest counts."""
_ENDED = "ended"
_log = logging.getLogger("tenure.http.group_metrics")


class StoredSample(msgspec.Struct, frozen=True, array_like=True):
    """One figure: the metric it is of, its own name, its labels."""

    metric: str
    kind: str
    about: str
    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class MetricsGroup:
    """The processes whose samples are in `folder`; each has its own file there, named by its process id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write_samples(self, registry: CollectorRegistry) -> None:
        """Write this process's samples until canceled, after those of processes that have ended were put together."""
        gathered = False
        while True:
            try:
                if not gathered:
                    self._gather_ended()
                gathered = True
                self._write_own(registry)
            except OSError as fault:
                _log.warning("the metrics of this process cannot be written for the others: %s", fault)
            await asyncio.sleep(EVERY)

    def render_metrics(self, registry: CollectorRegistry) -> bytes:
        """The sum of all processes in Prometheus' text format; `registry` is this process's. Raises OSError where the
        folder cannot be used: half a sum would look like counters that went back.
        """
        self._write_own(registry)
        with self._locked(fcntl.LOCK_SH):
            found = [(pid, self._read(f"{pid}.json")) for pid in self._members()]
            ended = self._read(f"{_ENDED}.json")
        living = [sample for pid, samples in found if _is_alive(pid) for sample in samples]
        over = [sample for pid, samples in found if not _is_alive(pid) for sample in _counted(samples)]
        summed = CollectorRegistry()
        summed.register(_SummedSamples(add_samples([*living, *over, *ended])))
        return generate_latest(summed)

    def _write_own(self, registry: CollectorRegistry) -> None:
        self._write(f"{os.getpid()}.json", list(_samples_of(registry)))

    def _gather_ended(self) -> None:
        """Put the counters of ended processes into one file, so that restarts do not fill the folder.

        A file of this process's own number is of one that had it before.
        """
        with self._locked(fcntl.LOCK_EX):
            over = [pid for pid in self._members() if pid == os.getpid() or not _is_alive(pid)]
            counted = [sample for pid in over for sample in _counted(self._read(f"{pid}.json"))]
            self._write(f"{_ENDED}.json", add_samples([*self._read(f"{_ENDED}.json"), *counted]))
            for pid in over:
                (self._folder / f"{pid}.json").unlink()

    def _members(self) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdecimal())

    def _read(self, name: str) -> list[StoredSample]:
        try:
            return msgspec.json.decode((self._folder / name).read_bytes(), type=list[StoredSample])
        except FileNotFoundError:
            return []

    def _write(self, name: str, samples: list[StoredSample]) -> None:
        made = self._folder / f"{os.getpid()}.new"
        made.write_bytes(msgspec.json.encode(samples))
        made.replace(self._folder / name)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def add_samples(samples: Iterable[StoredSample]) -> list[StoredSample]:
    """One sample of each name and labels: counters, histograms and `SUMMED` added up, of other gauges the greatest."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], StoredSample] = {}
    for each in samples:
        key = (each.name, each.labels)
        known = found.get(key)
        if known is None:
            found[key] = each
            continue
        summed = each.kind != "gauge" or each.metric in SUMMED
        value = known.value + each.value if summed else max(known.value, each.value)
        found[key] = msgspec.structs.replace(known, value=min(known.value, each.value) if _is_date(each) else value)
    return list(found.values())


def _is_date(sample: StoredSample) -> bool:
    """When a counter began: of a sum it is the earliest."""
    return sample.name.endswith("_created")


def _counted(samples: Iterable[StoredSample]) -> list[StoredSample]:
    """What stays of a process that has ended: it has nothing at work any more."""
    return [each for each in samples if each.kind != "gauge"]


def _samples_of(registry: CollectorRegistry) -> Iterator[StoredSample]:
    for metric in registry.collect():
        for each in metric.samples:
            labels = tuple(sorted(each.labels.items()))
            yield StoredSample(metric.name, metric.type, metric.documentation, each.name, labels, each.value)


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


class _SummedSamples(Collector):
    """Samples as metrics that can be written out."""

    def __init__(self, samples: list[StoredSample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        metrics: dict[str, Metric] = {}
        for each in self._samples:
            if each.metric not in metrics:
                metrics[each.metric] = Metric(each.metric, each.about, each.kind)
            metrics[each.metric].add_sample(each.name, dict(each.labels), each.value)
        yield from metrics.values()
