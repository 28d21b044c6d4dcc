"""Switched off means no packet: the kernel is the witness, not our own code."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.sandbox.dns import SERVER_FAILURE, LocalDns
from tenure.sdk.network.policy import PublicDnsMode
from tenure.sdk.network.resolvers import DEFAULT
from tests.sdk.names.servers import NAME, Target

STRACE = shutil.which("strace")
ROOT = Path(__file__).parents[3]


def addressed(mode: PublicDnsMode, system: LocalDns, public: LocalDns, port: int, trace: Path) -> set[str]:
    """Every IPv4 address that a site with this mode asked the kernel to connect or send to."""
    program = [sys.executable, "-m", "tests.sdk.names.one_site", mode, system.plain_url, public.plain_url, str(port)]
    environ = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    traced = [str(STRACE), "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    subprocess.run([*traced, *program], cwd=ROOT, env=environ, check=True, timeout=60)
    return set(re.findall(r'inet_addr\("([0-9.]+)"\)', trace.read_text()))


@pytest.mark.skipif(STRACE is None, reason="strace is not installed: apt-get install strace")
@pytest.mark.parametrize("mode", [PublicDnsMode.OFF, PublicDnsMode.LIST])
def test_b10_the_kernel_sees_public_dns_addressed_only_when_it_is_allowed(
    mode: PublicDnsMode, system: LocalDns, public: LocalDns, home: Target, tmp_path: Path
) -> None:
    system.zone[NAME] = SERVER_FAILURE
    seen = addressed(mode, system, public, home.port, tmp_path / "trace")
    assert "127.0.0.1" in seen, "the system's DNS is asked in either mode, so the witness is awake"
    assert ("127.0.0.8" in seen) == (public.count_arrivals > 0) == (mode is PublicDnsMode.LIST)
    assert not seen & {resolver.ip for resolver in DEFAULT}
