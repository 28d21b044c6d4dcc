"""The drills of `make drill` in their short form, and that they would notice a loss."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.inventory import take_inventory
from drills.load import PLAN, Acknowledged, Load, Refusal, Vendor
from drills.packages import Missing, install_packages
from drills.processes import wait_until
from drills.sqlite_drill import make_server
from tenure.sandbox.programs import RunningProgram
from tenure.sandbox.provider_client import ProviderClient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    token = make_server(tmp_path / "server", "https://license.example.com")
    with RunningProgram(
        "server", "run", "--folder", str(tmp_path / "server"), "--listen", "127.0.0.1:0", folder=tmp_path
    ) as server:
        yield Load(Vendor(server.url, token, tmp_path / "server" / "sandbox-root.jws"), tmp_path)


def test_what_was_lost_or_done_twice_or_refused_is_counted(load: Load) -> None:
    load.start()
    load.recovery_after(time.monotonic())
    load.stop()
    whole = take_inventory(load, ended=True)
    assert whole.acknowledged >= 4
    assert (whole.lost, whole.doubled, whole.unlicensed, whole.wrong_balances, load.refusals) == ([], 0, 0, 0, [])

    never_ordered = Acknowledged(0, "order", "sub_never", 0.0, 1.0)
    never_paid = Acknowledged(0, "payment", "payment 9-9", 0.0, 1.0)
    load.acknowledged += [never_ordered, never_paid]
    client = ProviderClient(load.vendor.url, load.provider.token)
    order = {"customer": load.customers[0], "offer": load.provider.offers[PLAN], "devices": 1}
    client.post("/v1/subscriptions", order)
    client.close()
    found = take_inventory(load, ended=True)
    assert found.lost == [never_ordered, never_paid]
    assert found.doubled == 1


def test_a_caller_who_is_refused_for_good_is_counted(load: Load) -> None:
    load.customers = ["cus_nobody"] * len(load.customers)
    load.start()
    wait_until(lambda: len(load.refusals) == len(load.customers), "every worker's refusal", 20)
    load.stop()
    assert len(load.refusals) == len(load.customers)
    assert all(isinstance(each, Refusal) and "RefusedCallError" in each.text for each in load.refusals)


@pytest.mark.parametrize("which", ["sqlite", "postgres"])
def test_short_drill(which: str) -> None:
    if which == "postgres":
        try:
            install_packages()
        except Missing as missing:
            pytest.skip(str(missing))  # only root installs packages; CI is root
    done = subprocess.run(
        [sys.executable, "-m", "drills", which],
        cwd=ROOT,
        env={**os.environ, "SHORT": "1"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((ROOT / "build" / f"drill-{which}.json").read_text())["rows"]
    assert len(rows) > 8
    assert all(row["holds"] for row in rows)
