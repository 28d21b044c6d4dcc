"""Every environment variable that the command reads, with values that nobody foresaw: a refusal or no matter."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

VALUES = ("", " ", "/nowhere", "~nobody", "x" * 5_000, "http://[", "socks5://127.0.0.1:1080", "https://p", "-1", "ü\t")
READ = (
    "TENURE_PROFILE", "TENURE_URL", "TENURE_TOKEN", "TENURE_PROVIDER", "TENURE_SITE", "TENURE_AGENT",
    "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
    "NO_PROXY", "http_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "NO_COLOR", "FORCE_COLOR", "COLUMNS",
    "LINES", "TERM", "LANG", "LC_ALL", "TZ",
)  # fmt: skip
COMMANDS = (("providers", "list"), ("status",), ("agent", "status"), ("profiles", "list"))
SERVER = "https://licensing.invalid"


@pytest.mark.parametrize("variable", READ)
def test_no_variable_ends_a_command_as_a_fault_of_ours(tmp_path: Path, variable: str) -> None:
    for value in VALUES:
        env = {"TENURE_URL": SERVER, "TENURE_TOKEN": "tnr_x", variable: value}
        terminal = Terminal(tmp_path, env)
        for command in COMMANDS:
            ran = terminal.run(*command, "--json")
            assert "Traceback" not in ran.err, (variable, value, command)
            if ran.code:
                assert ran.problem["code"] != "internal", (variable, value, command, ran.err)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("https_proxy", "https://proxy.example"),
        ("SSL_CERT_FILE", "/nowhere"),
        ("SSL_CERT_DIR", "/nowhere"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path: Path, variable: str, value: str) -> None:
    env = {"TENURE_URL": SERVER, "TENURE_TOKEN": "tnr_x", variable: value}
    problem = Terminal(tmp_path, env).refused("providers", "list")
    assert problem["code"] == "environment_unusable"
    assert problem["field"] == variable
    assert variable in problem["detail"]


def test_every_variable_that_is_read_stands_in_the_table() -> None:
    """What the source asks an environment for, by name."""
    root = Path(__file__).resolve().parents[2] / "src" / "tenure"
    text = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py") if "sandbox" not in path.parts)
    named = {word for word in READ if f'"{word}"' in text}
    asked = set(re.findall(r'(?:env(?:ironment|iron)?\.get\(|env\[|folder\()"([A-Za-z_]+)"', text))
    assert asked <= set(READ), asked - set(READ)
    assert {"TENURE_PROFILE", "https_proxy", "SSL_CERT_FILE"} <= named


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "https://proxy.example"])
def test_the_real_program_as_well(tmp_path: Path, value: str) -> None:
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    env |= {"ALL_PROXY": value, "TENURE_URL": SERVER, "TENURE_TOKEN": "t"}
    command = [sys.executable, "-m", "tenure.cli.main", "providers", "list"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert "ALL_PROXY" in done.stderr, done
    assert "Traceback" not in done.stderr
