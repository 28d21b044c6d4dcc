"""Synchronizations at the server as shipped: each kind beside verify + sign, and the longest waits.

Rounds in turn with the bare server and the limit, least processor time of each kind: what a neighbor on the core adds
is added to all of them.
"""

import copy
import shutil
from statistics import median

from benchmarks.programs import Program
from benchmarks.rows import Figure, Figures
from benchmarks.run import CONNECTIONS, Run
from benchmarks.slices import Load, Measured

KEYS = ("unchanged", "unchanged_p99", "lease", "acknowledgment", "day", "day_p99", "peer_compiled")
RATE = 1_500
"""Contacts a second of the mix whose longest waits are told."""
SHARE = 0.8
COMPILED = 0.076
"""Of the do-nothing server's rate: the compiled peer's beside it, recorded once, because no registry has it."""


def measure(run: Run) -> Figures:
    """All rows of the hot path; the limits are left in `run`."""
    made = copy.copy(run.served())
    made.folder, made.citizens = run.folder / "hot", copy.deepcopy(made.citizens)
    shutil.copytree(run.served().folder, made.folder)
    with Program("serve", str(made.folder), log=run.log) as server, Program("bare_server", log=run.log) as nothing:
        rounds = _rounds(run, Load(made, server, CONNECTIONS), Load(made, nothing, CONNECTIONS))
    return _figures(run, rounds)


def _rounds(run: Run, load: Load, idle: Load) -> dict[str, list[Measured]]:
    sites, seconds = run.size.sites, run.size.seconds
    warm = load.unchanged(max(sites * 8, 1_000))
    idle.nothing(2_000)
    rounds: dict[str, list[Measured]] = {}

    def note(name: str, measured: Measured) -> None:
        rounds.setdefault(name, []).append(measured)

    for _ in range(run.size.rounds):
        run.look_at_limit()
        note("nothing", idle.nothing(int(seconds * 8_000)))
        note("unchanged", load.unchanged(int(seconds * warm.rate)))
        note("lease", load.new_lease(max(sites, int(seconds * 300))))
        note("acknowledgment", load.acknowledgment())
        note("day", load.day())
        note("day_wait", load.day(RATE))
    rate = SHARE * median(each.rate for each in rounds["unchanged"])
    for _ in range(run.size.rounds):
        note("wait", load.unchanged(int(seconds * rate), rate))
    return rounds


def _figures(run: Run, rounds: dict[str, list[Measured]]) -> Figures:
    cost = {name: min(each.server_us for each in taken) for name, taken in rounds.items()}
    run.nothing_us += [each.server_us for each in rounds["nothing"]]
    run.nothing_rate += [each.rate for each in rounds["nothing"]]
    run.rates |= {name: 1e6 / cost[key] for name, key in (("do-nothing HTTP server", "nothing"), *_SHOWN)}
    return {
        "unchanged": Figure(run.limit / cost["unchanged"], _note(rounds["unchanged"], cost["unchanged"])),
        "unchanged_p99": _waits(rounds["wait"]),
        "lease": Figure(cost["lease"] / run.limit, _note(rounds["lease"], cost["lease"])),
        "acknowledgment": Figure(
            cost["acknowledgment"] / run.limit, _note(rounds["acknowledgment"], cost["acknowledgment"])
        ),
        "day": Figure(cost["day"] / run.limit, _note(rounds["day"], cost["day"])),
        "day_p99": _waits(rounds["day_wait"]),
        "peer_compiled": Figure(
            cost["nothing"] / COMPILED / cost["unchanged"], f"{COMPILED} of the do-nothing server, by CPU"
        ),
    }


_SHOWN = (("unchanged", "unchanged"), ("mean day of a site", "day"), ("new lease", "lease"))


def _note(taken: list[Measured], cost: float) -> str:
    return f"{cost:,.0f} us, up to {max(each.rate for each in taken):,.0f}/s"


def _waits(taken: list[Measured]) -> Figure:
    late = [each.slice.percentile(0.99) for each in taken]
    half = median(each.slice.percentile(0.50) for each in taken)
    return Figure(median(late), f"p50 {half:.1f} ms, rounds {min(late):.1f} to {max(late):.1f}")
