"""The way from an empty folder to a protected device, exactly as its page has it; the units and proxies beside it."""

import asyncio
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tenure.agent.command.arguments import make_parser
from tenure.cli.application import make_application
from tenure.core.refusals import Refused
from tenure.server.setup import init_folder
from tests.stories.transcript import Shell, Step, steps_of
from tools.locks import read_projects

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "first-steps.md"
DEPLOY = ROOT / "deploy"
TAKEN = ("8443", "8444", "8481", "8482")
"""Ports on the page; a test takes free ones, since others may run the page on the same computer."""
BIN = Path(sys.executable).parent


def free_ports(count: int) -> list[str]:
    """So many different ports that nobody listens at."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [str(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return found


def test_from_an_empty_folder_to_a_protected_device_and_application(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instead = dict(zip(TAKEN, free_ports(len(TAKEN)), strict=True))
    # The port of a site's console has a default, which the page does not name.
    instead["--device-listen"] = f"--listen 127.0.0.1:{instead['8481']} --device-listen"
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "COLUMNS": "200", "LANG": "C.UTF-8"}
    folder = tmp_path / "first-steps"
    folder.mkdir()
    with Shell(folder, env, instead) as shell:
        for step in steps_of(PAGE.read_text()):
            shell.take(step)
        trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        invited = httpx2.get(
            f"https://localhost:{instead['8444']}/invitation/{shell.printed['tni_…']}", verify=trust, trust_env=False
        )
        assert invited.status_code == 200
        assert "Welcome, Owner" in invited.text
        assert "Your new server invites you" in invited.text
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"https://localhost:{instead['8444']}/sign-in", trust_env=False)
    with capsys.disabled():
        told = f"{shell.commands} commands, {shell.typed} values copied, {shell.seconds:.1f} s of the machine"
        sys.stdout.write(f"\nfirst steps: {told}\n")
    assert shell.commands <= 26
    assert shell.typed <= 16


def test_a_page_that_says_something_else_is_found(tmp_path: Path) -> None:
    """The control: an answer that never came, and a command that fails."""
    with Shell(tmp_path, {"PATH": os.environ["PATH"]}, {}) as shell:
        shell.take(Step("echo one two", shown=("one   two",)))
        for wrong in (
            Step("echo one", shown=("one", "one")),
            Step("false"),
            Step("exit 3", stays=True, shown=("ready",)),
        ):
            with pytest.raises(AssertionError):
                shell.take(wrong)


def blocks_of(kind: str) -> list[str]:
    """The page's blocks of that kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_each_further_terminal_is_told_the_environment_and_the_folder() -> None:
    parts = PAGE.read_text().split("```console terminal")
    assert len(parts) == 4
    for before in parts[:-1]:
        sentence = before.rstrip().rpartition("\n\n")[2]
        assert "in the same folder" in sentence
        assert 'export PATH="$HOME/tenure-env/bin:$PATH"' in sentence


def test_the_build_finds_its_program_wherever_the_page_installs() -> None:
    """Without build isolation the backend looks for `uv-build` on the path."""
    installing = [each for each in blocks_of("sh") if "--no-build-isolation" in each]
    assert len(installing) == 2
    for block in installing:
        (folder,) = re.findall(r"^python3 -m venv (\S+)$", block, re.MULTILINE)
        path = f'export PATH="{folder.replace("~", "$HOME")}/bin:$PATH"'
        assert -1 < block.index(path) < block.index("--no-build-isolation")
    assert f"venv {INSTALLED.removesuffix('/bin')}\n" in installing[1]


def test_the_hook_gives_a_renewed_certificate_to_a_server_that_never_had_one(tmp_path: Path) -> None:
    (hook,) = [each for each in blocks_of("sh") if "RENEWED_LINEAGE" in each]
    state, lineage = tmp_path / "state", tmp_path / "lineage"
    for each in (state, lineage):
        each.mkdir()
    for name in ("fullchain.pem", "privkey.pem"):
        (lineage / name).write_text(name)
    command = hook.replace("/var/lib/tenure", str(state)).replace("-o tenure -g tenure ", "")
    subprocess.run(
        ["bash", "-ec", command], env={**os.environ, "RENEWED_LINEAGE": str(lineage)}, check=True, timeout=20
    )
    (settings,) = blocks_of("json")
    (state / "server").mkdir()
    for key in ("certificate", "key"):
        file = state / "server" / json.loads(f"{{{settings}}}")[key]
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_portal_that_serves_tls_itself_has_what_it_needs() -> None:
    (unit,) = blocks_of("ini")
    (last,) = commands_of(unit)
    verb, bound, _ = make_application().parse_args(last[1:], exit_on_error=False, print_error=False)
    assert callable(verb)
    assert bound.arguments["server"].startswith("https://"), "the server speaks https then"
    assert {"certificate", "key", "server_key", "public_url"} <= set(bound.arguments)
    assert "trusted_proxy" not in bound.arguments
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in unit
    (settings,) = blocks_of("json")
    assert bound.arguments["listen"] != json.loads(f"{{{settings}}}")["listen"], "one address has one port 443"


def test_every_page_starts_the_portal_with_its_key() -> None:
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for command in re.findall(r"tenure portal run --server .*", text):
            assert "--server-key" in command, f"{page.name}: {command}"


def test_what_the_pages_send_to_at_the_portal_is_in_its_menu() -> None:
    entries = set(re.findall(r'text="([^"]+)"', (ROOT / "src/tenure/portal/navigation.py").read_text()))
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        told = re.findall(r"at the portal under \*(\w+)\*", page.read_text(encoding="utf-8"))
        assert set(told) <= entries, page.name


def test_operations_lists_every_file_that_init_makes(tmp_path: Path) -> None:
    made = asyncio.run(init_folder(tmp_path / "server", "https://license.example.com", os.urandom, 1_800_000_000))
    assert not isinstance(made, Refused)
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.-]+)` \|", text.partition("\n\n##")[2].partition("\n## ")[0], re.MULTILINE))
    assert {each.name for each in (tmp_path / "server").iterdir()} <= listed


def commands_in(unit: Path) -> list[list[str]]:
    return commands_of(unit.read_text())


def commands_of(text: str) -> list[list[str]]:
    """What a unit's text starts."""
    joined = text.replace("\\\n", " ")
    return [shlex.split(each) for each in re.findall(r"^ExecStart=(.+)$", joined, re.MULTILINE)]


UNITS = sorted(DEPLOY.glob("*.service"))
INSTALLED = "/usr/local/lib/tenure/bin"
NEEDS = {"tenure-agent.service": ("tenure-sdk", "tenure-agent")}
"""Distribution and command of a unit where they are not `tenure`: a device has no server code."""


def test_every_program_has_a_unit() -> None:
    assert [each.name for each in UNITS] == [f"tenure-{name}.service" for name in ("agent", "portal", "server", "site")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_of_the_distribution_that_its_computer_has(unit: Path) -> None:
    (words,) = commands_in(unit)
    distribution, command = NEEDS.get(unit.name, ("tenure", "tenure"))
    assert words[0] == f"{INSTALLED}/{command}"
    assert command in read_projects()[distribution]["project"]["scripts"]
    if command == "tenure-agent":
        asked = make_parser().parse_args(words[1:])
        assert (asked.verb, asked.agent) == ("run", "/var/lib/tenure/agent")
    else:
        verb, bound, _ = make_application().parse_args(words[1:], exit_on_error=False, print_error=False)
        assert callable(verb)
        assert bound.arguments


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one_that_the_service_manager_reads(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace(f"{INSTALLED}/", f"{BIN}/"))
    verifier = shutil.which("systemd-analyze")
    if verifier is not None:
        ran = subprocess.run([verifier, "verify", str(here)], capture_output=True, text=True, timeout=60, check=False)
        # What other units of this computer lack is not ours to say.
        assert unit.name not in ran.stderr, ran.stderr


def test_the_pages_give_a_device_the_command_that_it_has() -> None:
    """`tenure agent` is there only where the distribution `tenure` is: no page may send a device to it."""
    told = [
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "src" / "tenure" / "site" / "console").rglob("*"),
        *DEPLOY.iterdir(),
    ]
    pages = [each for each in told if each.is_file() and each.suffix != ".pyc" and each.name not in EITHER]
    assert [each.name for each in pages if re.search(r"\btenure agent\b", each.read_text(encoding="utf-8"))] == []


EITHER = {"cli.md", "glossary.md"}
"""Pages about the command `tenure` itself, and about all names of the agent."""


@pytest.mark.parametrize("proxy", ["nginx.conf", "Caddyfile"])
def test_a_proxy_leads_to_where_the_units_listen(proxy: str) -> None:
    text = (DEPLOY / proxy).read_text()
    (portal,) = commands_in(DEPLOY / "tenure-portal.service")
    assert portal[portal.index("--server") + 1] == "http://127.0.0.1:8080"
    places = {"127.0.0.1:8080", portal[portal.index("--listen") + 1]}
    assert set(re.findall(r"(?:proxy_pass http://|reverse_proxy )([\d.:]+)", text)) == places
    assert {"license.example.com", portal[portal.index("--public-url") + 1].removeprefix("https://")} <= set(
        re.findall(r"[a-z]+\.example\.com", text)
    )
    assert text.count("{") == text.count("}")
    if proxy == "nginx.conf":
        # A caller must not be able to claim another address.
        assert text.count("X-Forwarded-For $remote_addr;") == text.count("proxy_pass")
