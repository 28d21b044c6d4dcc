"""`python -m benchmarks.start`: what `import tenure.sdk` adds to the start of a program, beside `python -c pass`.

By processor time, the least of many starts in turn: waiting for a neighbor on the core does not count, and what the
neighbor makes slower is in both figures, so that the ratio stands where milliseconds do not. Exit code 1 if the import
takes 120 ms or more [spec: performance].
"""

import os
import statistics
import subprocess
import sys
import tempfile

LIMIT = 120
"""Milliseconds."""
STARTS = 7 if os.environ.get("SHORT") else 25
BARE = "pass"
SDK = "import tenure.sdk"
SENDING = "import tenure.sdk, tenure.sdk.http_transport"
"""What is loaded once something is sent."""


def cpu_milliseconds(program: str, environment: dict[str, str]) -> float:
    """Processor time from the start of Python to the end of `program`."""
    script = f"{program}\nimport time\nprint(time.process_time())"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return 1_000 * float(ran.stdout)


def measure_starts(programs: tuple[str, ...], starts: int) -> dict[str, list[float]]:
    """Milliseconds of each start of each program, in turn; modules are compiled before, as in an installation."""
    figures: dict[str, list[float]] = {program: [] for program in programs}
    with tempfile.TemporaryDirectory(prefix="tenure-start-") as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for program in programs:
            cpu_milliseconds(program, environment)
        for _ in range(starts):
            for program in programs:
                figures[program].append(cpu_milliseconds(program, environment))
    return figures


def main() -> int:
    """Measures and prints."""
    figures = measure_starts((BARE, SDK, SENDING), STARTS)
    least = {program: min(each) for program, each in figures.items()}
    for program, each in figures.items():
        ratio = least[program] / least[BARE]
        print(f"{program}: least {least[program]:.0f} ms, median {statistics.median(each):.0f} ms, {ratio:.1f} x bare")
    added = least[SDK] - least[BARE]
    print(f"added by the import: {added:.0f} ms (below {LIMIT}); load average {os.getloadavg()[0]:.1f}")
    return 0 if added < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
