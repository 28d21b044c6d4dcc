"""The same load at programs of others, in the same run: how many times what ours costs, by processor time.

They are installed into an environment of their own under `build/`. Where a registry does not give them, their rows say
so and are no pass.
"""

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import slices
from benchmarks.clients import ClientGroup, body_of, http_request
from benchmarks.programs import ROOT, Program
from benchmarks.rows import Figure, Figures, Missing
from benchmarks.run import CONNECTIONS, Run
from benchmarks.slices import Load

PEERS = {"peer_byxlozax": "byxlozax_peer", "peer_sealium": "sealium_peer", "peer_stack": "stack_peer"}
KEYS = tuple(PEERS)
ENVIRONMENT = ROOT / "build" / "peers"
REQUIREMENTS = Path(__file__).parent / "peers" / "requirements.txt"
ROUNDS = 3
LONGEST_INSTALL = 600.0
"""Seconds."""


class PeerCost(NamedTuple):
    """What a peer's answer cost."""

    us: float
    rate: float
    """Answers a second by the clock."""


def measure(run: Run) -> Figures:
    """A row for each peer; ours is measured in the rounds of each."""
    python = install_peers(ENVIRONMENT, REQUIREMENTS.read_text())
    if isinstance(python, Missing):
        return dict.fromkeys(KEYS, python)
    made = replace(run.served(), folder=run.folder / "beside-peers", citizens=copy.deepcopy(run.served().citizens))
    shutil.copytree(run.served().folder, made.folder)
    requests = max(run.size.sites * 8, 1_000)
    with Program("serve", str(made.folder), log=run.log) as ours:
        load = Load(made, ours, CONNECTIONS)
        load.unchanged(requests)
        return {key: _against(run, str(python), module, load, requests) for key, module in PEERS.items()}


def install_peers(environment: Path, requirements: str) -> Path | Missing:
    """The interpreter that finds them; once for each text of requirements."""
    python, stamp = environment / "bin" / "python", environment / "installed.txt"
    if stamp.exists() and stamp.read_text() == requirements:
        return python
    listed = environment / "requirements.txt"
    environment.mkdir(parents=True, exist_ok=True)
    listed.write_text(requirements)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(listed)]
    for command in ([sys.executable, "-m", "venv", str(environment)], install):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_INSTALL, check=False)
        except subprocess.TimeoutExpired:
            return Missing(f"the registry did not give the peers within {LONGEST_INSTALL:.0f} s")
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason told"]
            return Missing(f"the registry did not give the peers: {errors[-1][:120]}")
    stamp.write_text(requirements)
    return python


def _against(run: Run, python: str, module: str, load: Load, requests: int) -> Figure | Missing:
    folder = run.folder / module
    folder.mkdir()
    try:
        with Program(f"peers.{module}", str(folder), log=run.log, python=python) as peer:
            costs, ours = _rounds(run, peer, folder, lambda: load.unchanged(requests).server_us)
    except (OSError, RuntimeError, ValueError) as fault:
        return Missing(f"it does not run here: {str(fault)[:120]}", broke=True)
    least = min(each.us for each in costs)
    run.rates[module.removesuffix("_peer")] = 1e6 / least
    rate = max(each.rate for each in costs)
    note = f"{least:,.0f} us, up to {rate:,.0f}/s, {CONNECTIONS} connections; ours {min(ours):,.0f} us"
    return Figure(least / min(ours), note)


def _rounds(run: Run, peer: Program, folder: Path, ask_ours: Callable[[], float]) -> tuple[list[PeerCost], list[float]]:
    """What answers cost the peer, and us, in turn."""
    load: dict[str, Any] = json.loads((folder / "load.json").read_text())
    requests = iter(_requests(folder / "requests", load))
    each = 2 if run.size.short else 8
    _slice(peer, list(islice(requests, CONNECTIONS)), load)
    costs, ours = [], []
    for _ in range(ROUNDS):
        ours.append(ask_ours())
        costs.append(_slice(peer, list(islice(requests, CONNECTIONS * each)), load))
    return costs, ours


def _slice(peer: Program, requests: list[bytes], load: dict[str, Any]) -> PeerCost:
    group = ClientGroup(peer.port, [requests[at::CONNECTIONS] for at in range(CONNECTIONS)])
    slices.settle()
    before = peer.cpu()
    taken = group.flood()
    used = peer.cpu() - before
    group.close()
    for _, answer in group.answered():
        check_answer(body_of(answer), load)
    return PeerCost(used / taken.answered * 1e6, taken.rate)


def check_answer(body: bytes, load: dict[str, Any]) -> None:
    """Raises ValueError for one that is not what the peer says to those that it knows."""
    fits = len(body) == load["length"] if "length" in load else load["text"].encode() in body
    if not fits:
        raise ValueError(f"a peer's answer is no success: {body[:200]!r}")


def _requests(file: Path, load: dict[str, Any]) -> list[bytes]:
    data, found = file.read_bytes(), []
    while data:
        length = int.from_bytes(data[:4], "big")
        found.append(http_request(data[4 : 4 + length], load["path"], load["media_type"]))
        data = data[4 + length :]
    return found
