"""`python -m benchmarks.start`: what starts cost: the command, the SDK, a server; each beside `python -c pass`.

By processor time, the least of several starts in turn: waiting for a neighbor on the core does not count, and what the
neighbor makes slower is in every figure, so that the ratios stand where milliseconds do not. Exit code 1 if a row does
not hold [spec: performance].
"""

import os
import resource
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

STARTS = 5 if os.environ.get("SHORT") else 15
COMMAND = "import sys; sys.argv = ['tenure', *{words!r}]\nfrom tenure.cli.entry import main\nmain()"
MEBIBYTE = 1_048_576


@dataclass(frozen=True)
class Row:
    """One figure with what is due."""

    name: str
    figure: float
    unit: str
    target: float
    """At most."""

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.figure <= self.target


def cpu_milliseconds(program: str, environment: Mapping[str, str]) -> float:
    """Processor time of a whole Python process that runs `program`, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1_000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def start_server(folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds of processor time until a server has answered its first request, and its memory then, in MB."""
    program = COMMAND.format(words=["server", "run", "--folder", str(folder), "--listen", "127.0.0.1:0"])
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as started:
        url = (started.stdout.readline() if started.stdout else "").split()[-1]
        urllib.request.urlopen(f"{url}/livez").read()  # noqa: S310 - our own child
        threads = Path(f"/proc/{started.pid}/task").iterdir()
        nanoseconds = sum(int((each / "schedstat").read_text().split()[0]) for each in threads)
        status = Path(f"/proc/{started.pid}/status").read_text()
        started.terminate()
    return nanoseconds / 1e6, int(status.split("VmRSS:")[1].split()[0]) * 1_024 / MEBIBYTE


def measure_starts(folder: Path, environment: Mapping[str, str], starts: int) -> list[Row]:
    """Each program started so often, in turn, after one start that compiles its modules."""
    server = folder / "server"
    words = ["server", "init", "--folder", str(server), "--name", "https://license.example"]
    cpu_milliseconds(COMMAND.format(words=words), environment)
    programs: dict[str, Callable[[], tuple[float, ...]]] = {
        "python -c pass": lambda: (cpu_milliseconds("pass", environment),),
        "tenure --version": lambda: (cpu_milliseconds(COMMAND.format(words=["--version"]), environment),),
        "tenure --help": lambda: (cpu_milliseconds(COMMAND.format(words=["--help"]), environment),),
        "tenure renew --help": lambda: (cpu_milliseconds(COMMAND.format(words=["renew", "--help"]), environment),),
        "import tenure.sdk": lambda: (cpu_milliseconds("import tenure.sdk", environment),),
        "server": lambda: start_server(server, environment),
    }
    figures: dict[str, list[tuple[float, ...]]] = {name: [] for name in programs}
    for turn in range(starts + 1):
        for name, start in programs.items():
            taken = start()
            if turn:
                figures[name].append(taken)
    least = {name: min(each) for name, each in figures.items()}
    return [
        Row("python -c pass", least["python -c pass"][0], "ms", float("inf")),
        Row("tenure --version", least["tenure --version"][0], "ms", 150),
        Row("tenure --help", least["tenure --help"][0], "ms", 150),
        Row("tenure renew --help", least["tenure renew --help"][0], "ms", float("inf")),
        Row("import tenure.sdk", least["import tenure.sdk"][0], "ms", 120),
        Row("server until its first answer", least["server"][0], "ms", 700),
        Row("server at rest", max(memory for _, memory in figures["server"]), "MB", 90),
    ]


def main() -> int:
    """Measures and prints."""
    with tempfile.TemporaryDirectory(prefix="tenure-start-") as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        rows = measure_starts(Path(folder), environment, STARTS)
    print(f"least of {STARTS} starts, processor time; load average {os.getloadavg()[0]:.1f}")
    for row in rows:
        due = "" if row.target == float("inf") else f"at most {row.target:g}: {'holds' if row.holds else 'MISSED'}"
        print(f"{row.name:<32}{row.figure:8.0f} {row.unit}   {due}")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
