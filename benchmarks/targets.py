"""What is due of each figure [spec: performance], as a table: measuring is left to the parts, judging to `rows`."""

from typing import Literal, NamedTuple

Kind = Literal["ratio", "cpu", "clock", "plain"]
"""Of what a figure is made: a ratio within one run, processor time, the clock on the wall, or neither (memory, counts).

Processor time and waiting are judged only where the bare server of the same run is as it was when figures were set.
"""


class Target(NamedTuple):
    """One row of the quality page: what its figure may be at least or at most."""

    name: str
    unit: str
    kind: Kind
    least: float | None = None
    most: float | None = None

    @property
    def text(self) -> str:
        """As it is printed."""
        bound = f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"
        return f"{bound} {self.unit}".rstrip()

    def holds(self, figure: float) -> bool:
        """Whether the figure is on the right side; one that is no number is not."""
        return (self.least is None or figure >= self.least) and (self.most is None or figure <= self.most)


TIMES = "x verify + sign"

TARGETS = {
    "unchanged": Target("unchanged", "of verify + sign", "ratio", least=0.50),
    "unchanged_p99": Target("unchanged, p99 at 80 % of its rate, 64 connections", "ms", "clock", most=50),
    "lease": Target("new lease", TIMES, "ratio", most=8),
    "acknowledgment": Target("contact that acknowledges a lease", TIMES, "ratio", most=2.5),
    "day": Target("mean day of a site", TIMES, "ratio", most=3),
    "day_p99": Target("mean day, p99 at 64 connections and 1,500/s", "ms", "clock", most=10),
    "activation": Target("activation", TIMES, "ratio", most=12),
    "order": Target("order with its preview", "ms of CPU", "cpu", most=20),
    "postgres_unchanged": Target("PostgreSQL: unchanged, of SQLite's", "x", "ratio", least=0.70),
    "postgres_lease": Target("PostgreSQL: new lease, of SQLite's", "x", "ratio", least=0.5),
    "postgres_two": Target("PostgreSQL: CPU of two processes, of one's", "x", "ratio", most=1.15),
    "postgres_waits": Target("PostgreSQL: waits for locks with two processes", "seen", "plain", most=0),
    "peer_byxlozax": Target("against byxlozax (heartbeat of a session)", "x", "ratio", least=15),
    "peer_sealium": Target("against sealium (check of a machine)", "x", "ratio", least=15),
    "peer_stack": Target("against the usual stack (FastAPI, async ORM)", "x", "ratio", least=15),
    "peer_compiled": Target("against the compiled peer's recorded share", "x", "ratio", least=2),
    "claim": Target("first seat claim over TLS, 10,000 seats", TIMES, "ratio", most=6.5),
    "claim_rate": Target("first seat claims over TLS, 10,000 seats", "/s", "clock", least=1_900),
    "claim_growth": Target("first seat claim, 10,000 seats against 100", "x", "ratio", most=1.2),
    "claim_far": Target("first seat claim, 100,000 seats against 10,000", "x", "ratio", most=1.5),
    "refresh": Target("seat refresh over TLS", TIMES, "ratio", most=4),
    "site_reads": Target("site's API and console, 100,000 devices, slowest", "ms", "clock", most=300),
    "allows": Target("SDK, `allows` in Python, median", "ns", "cpu", most=200),
    "allows_io": Target("SDK, `allows`: accesses outside the process", "seen", "plain", most=0),
    "allows_c": Target("SDK, `allows` in C, median", "ns", "cpu", most=100),
    "start_server": Target("server until its first answer", "ms of CPU", "cpu", most=700),
    "memory": Target("server at rest", "MB", "plain", most=90),
    "start_version": Target("tenure --version", "ms of CPU", "cpu", most=150),
    "start_help": Target("tenure --help", "ms of CPU", "cpu", most=150),
    "start_sdk": Target("import tenure.sdk", "ms of CPU", "cpu", most=120),
    "growth": Target("synchronization, 1,000,000 sites against 1,000", "x", "ratio", most=1.3),
    "million_start": Target("start, 1,000,000 subscriptions against 1,000", "x", "ratio", most=1.1),
    "million_reads": Target("single reads, 1,000,000 subscriptions, p99", "ms", "clock", most=5),
    "fair_export": Target("others' p99 while one exports 100,000 rows", "ms", "clock", most=100),
    "fair_writes": Target("others' p99 while one writes 65 times a second", "ms", "clock", most=100),
    "fair_history": Target("others' p99 while one reads 3,000 facts", "ms", "clock", most=100),
    "fair_bodies": Target("others' p99 while one sends 520 half bodies", "ms", "clock", most=100),
    "fair_refused": Target("others refused meanwhile", "answers", "plain", most=0),
    "herd_peak": Target("after an outage of 1 h: peak of arrivals", "x mean", "ratio", most=2.2),
    "herd_lost": Target("after an outage of 1 h: leases lost", "leases", "plain", most=0),
    "herd_real": Target("the same at 1/10 for real: not answered", "clients", "plain", most=0),
    "overload_two": Target("goodput at twice the capacity", "of it", "ratio", least=0.65),
    "overload_three": Target("goodput at three times, Retry-After obeyed", "of it", "ratio", least=0.90),
    "overload_p50": Target("refused under overload within, median", "ms", "clock", most=20),
    "overload_p99": Target("refused under overload within, p99", "ms", "clock", most=100),
    "restart": Target("restart under load: failures an SDK shows", "failures", "plain", most=0),
}
"""By the name that a part gives its figure. A key that no part reports is a row that says "not measured"."""
