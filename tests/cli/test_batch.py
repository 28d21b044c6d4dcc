"""A file of writes at the command line: each has its result, and the exit code says when some were refused."""

import json
from pathlib import Path

from tenure.core.refusals import ExitCode
from tests.cli.vendor import ProviderTerminal


def test_a_file_of_writes_is_rehearsed_done_and_repeated(staff: ProviderTerminal, tmp_path: Path) -> None:
    file = tmp_path / "monday.json"
    names = [{"method": "POST", "path": "/v1/customers", "body": {"name": f"C {n}"}} for n in range(25)]
    file.write_text(json.dumps([*names, {"method": "POST", "path": "/v1/nowhere", "body": {}}]), encoding="utf-8")
    tell = staff.terminal.run
    assert tell("batch", str(file), "--dry-run").code == ExitCode.STATE
    ran = tell("batch", str(file), "--idempotency-key", "monday", "--json")
    assert (ran.code, ran.json["done"], ran.json["refused"]) == (ExitCode.STATE, 25, 1)
    assert ran.json["items"][25]["number"] == 26
    again = tell("batch", str(file), "--idempotency-key", "monday", "--json")
    assert again.json["items"][24] == ran.json["items"][24], "the same customer, not another one"
    assert "26" in tell("batch", str(file), "--idempotency-key", "monday").out
    file.write_text("{", encoding="utf-8")
    assert staff.terminal.refused("batch", str(file))["field"] == "file"
