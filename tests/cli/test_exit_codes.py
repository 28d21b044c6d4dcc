"""Every family of refusals ends the command with its own code, through the real server wherever it can say so."""

from pathlib import Path

import msgspec
import pytest

from tenure.cli.problems import fail_with
from tenure.core.refusals import TABLE, ExitCode, RefusalCode, Refused
from tenure.http.problems import describe_refusal
from tests.cli.hostile_server import PROBLEM, hostile_server, reply
from tests.cli.terminal import Terminal
from tests.cli.vendor import ProviderTerminal


@pytest.mark.parametrize("code", sorted(TABLE))
def test_each_refusal_of_a_server_ends_with_its_family(code: RefusalCode) -> None:
    with hostile_server(
        reply(msgspec.json.encode(describe_refusal(Refused(code), "req_1")), TABLE[code].status, PROBLEM)
    ) as server:
        terminal = Terminal(Path("/nonexistent"), {"TENURE_URL": server.url, "TENURE_TOKEN": "tnr_x"})
        ran = terminal.run("subscriptions", "show", "sub_1")
    assert ran.code == TABLE[code].exit
    assert f"{TABLE[code].sentence} ({code})" in ran.err


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_refusal_found_here_has_the_words_and_shape_of_the_servers(code: RefusalCode) -> None:
    refused = Refused(code, "Why.", "some.field", 1_767_225_600)
    ours, theirs = msgspec.json.decode(fail_with(refused).raw), msgspec.to_builtins(describe_refusal(refused, "req_1"))
    assert {**ours, "request_id": "req_1"} == theirs


def test_families_that_a_day_at_the_desk_meets(staff: ProviderTerminal, tmp_path: Path) -> None:
    sub, tell = staff.subscription(), staff.terminal
    seen = {
        tell.run("subscriptions", "show", sub).code,
        tell.run("order").code,
        tell.run("products", "add", "x", "X").code,
        tell.run("subscriptions", "show", "nonsense").code,
        tell.run("release", sub).code,
        tell.run("order", staff.customer, staff.offer("year"), "100000").code,
        tell.run("customers", "list", "--url", "http://127.0.0.1:1").code,
        Terminal(tmp_path, {**tell.env, "TENURE_URL": "http://127.0.0.1:1"}).run("customers", "list").code,
    }
    assert seen == {
        ExitCode.DONE,
        ExitCode.INPUT,
        ExitCode.PERMISSION,
        ExitCode.UNKNOWN,
        ExitCode.STATE,
        ExitCode.MONEY,
        ExitCode.UNREACHABLE,
    }
