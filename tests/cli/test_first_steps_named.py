"""What the first commands name next works as it is printed, and a wrong beginning is told by its own cause."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.terminal import Ran, Terminal
from tests.cli.vendor import Vendor


def _named(ran: Ran, option: str) -> list[Path]:
    """The folders that the printed commands name by an option."""
    lines = [shlex.split(line.partition(": ")[2]) for line in ran.out.splitlines() if f" {option} " in line]
    return [Path(words[words.index(option) + 1]) for words in lines]


@pytest.mark.parametrize("folder", ["here", "a folder's name"])
def test_the_next_command_after_init_means_the_same_folder_wherever_it_is_typed(
    folder: str, server: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, root = Terminal(tmp_path), str(server.folder / "root.jws")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    server = ("--server", "https://license.example.com")
    site = terminal.run("site", "init", "--root", root, *server, "--product", "editor=12.4", "--site", f"s-{folder}")
    assert site.code == 0, site.err
    assert "Start it with: tenure site run --site " in site.out
    words = ("--product", "editor", "--version", "12.4", "--agent", f"a-{folder}")
    agent = terminal.run("agent", "init", "--root", root, *words)
    assert agent.code == 0, agent.err
    assert "Then enroll this device: tenure agent enroll --agent " in agent.out
    monkeypatch.chdir(tmp_path / "elsewhere")
    for ran, option, kept in ((site, "--site", "site.toml"), (agent, "--agent", "agent.toml")):
        assert _named(ran, option), ran.out
        assert all((each / kept).is_file() for each in _named(ran, option)), ran.out


def test_an_address_without_a_server_of_ours_is_told_by_that_address(tmp_path: Path) -> None:
    ran = Terminal(tmp_path, {"TENURE_TOKEN": "tnr_x"}).run("customers", "list", "--url", "http://127.0.0.1:1")
    assert ran.err.startswith("There is no answer of a Tenure server at http://127.0.0.1:1.")
    assert "--url" in ran.err
    assert "doctor" not in ran.err


@pytest.mark.parametrize(
    "typed",
    [("offers", "add", "year", "--currency", "EUR", "--price", "12.00"), ("customers", "list"), ("policy", "show")],
    ids=" ".join,
)
def test_the_vendor_is_told_how_a_provider_is_named(typed: tuple[str, ...], server: Vendor) -> None:
    ran = server.terminal.run(*typed)
    assert ran.code == 2
    assert ran.err.startswith("This token is the vendor's: name the provider whose data is meant."), ran.err
    assert "--provider prv_" in ran.err
    assert "tenure login URL --provider" in ran.err
    assert not re.search("type, length|correct the field", ran.err)
