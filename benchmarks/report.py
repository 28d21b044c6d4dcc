"""Lines of a report, and the machine that absolute figures are compared on; verdicts are left to `rows`."""

import json
import os
import platform
from pathlib import Path
from statistics import median

RECORDED = Path(__file__).with_name("recorded.json")


def recorded() -> float:
    """Answers a second of the bare server where the figures were set."""
    return float(json.loads(RECORDED.read_text())["bare_server_per_second"])


def record(microseconds: float) -> None:
    """Let this machine be the one that absolute figures are compared on.

    `microseconds` of processor time is what the bare server costs in its least disturbed round: another process slows
    the rate down, but hardly the cost. A core that is its own answers as often as that cost allows.
    """
    told = {"bare_server_per_second": round(1e6 / microseconds), "machine": machine()}
    RECORDED.write_text(json.dumps(told, indent=2) + "\n")


def machine() -> str:
    """This machine in words: processor, cores, kernel, Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [each.partition(":")[2].strip() for each in lines if each.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def line(name: str, value: str, *notes: str) -> None:
    """One row."""
    print(f"  {name:<34}{value:>14}   {'; '.join(note for note in notes if note)}".rstrip(), flush=True)


def heading(text: str) -> None:
    """A group of rows."""
    print(f"\n{text}", flush=True)


def spread(values: list[float]) -> str:
    """The rounds behind a median."""
    return f"rounds {min(values):,.1f} to {max(values):,.1f}" if len(values) > 1 else ""


def middle(values: list[float]) -> float:
    """The median of the rounds."""
    return median(values)
