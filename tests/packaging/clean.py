"""Environments that hold nothing but wheels and what these require, made without asking an index.

What the wheels require is installed here from the lock already; the environment gets links to it, each package with its
metadata. The wheels themselves are installed by pip, which refuses where a requirement is not met.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = {"tenure", "tenure-sdk"}


class Environment:
    """One virtual environment and how to use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        self.site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, away from the checkout and without its variables."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        command = [str(self.folder / "bin" / words[0]), *words[1:]]
        return subprocess.run(
            command, cwd=self.folder, env=kept, capture_output=True, text=True, timeout=timeout, check=False
        )

    def lend(self, *requirements: str) -> None:
        """Bring what these require, and what that requires, from the environment of the tests."""
        for name in sorted(required(*requirements)):
            for top in {file.parts[0] for file in distribution(name).files or () if file.parts[0] != ".."}:
                source = Path(str(distribution(name).locate_file(top)))
                if top != "__pycache__" and not (self.site / top).exists():
                    (self.site / top).symlink_to(source)

    def install(self, *wheels: Path) -> subprocess.CompletedProcess[str]:
        """Install wheels with pip, which asks no index and refuses where a requirement is missing."""
        return self._pip("install", "--no-index", *map(str, wheels))

    def uninstall(self, name: str) -> subprocess.CompletedProcess[str]:
        """Remove a distribution with pip."""
        return self._pip("uninstall", "--yes", name)

    def _pip(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(self.python), verb, *words]
        if find_spec("pip") is None:  # an environment that uv has built
            pip = ["uv", "pip", verb, "--python", str(self.python), *(word for word in words if word != "--yes")]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.run(pip, capture_output=True, text=True, timeout=120, check=True, env=kept)


def required(*requirements: str) -> set[str]:
    """The distributions of others that an installation of these brings."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            below = list(_below(wanted)) if name not in OURS else []
        except PackageNotFoundError:  # its marker keeps it from this machine
            continue
        waiting += [each for each in below if canonicalize_name(each.name) not in found or each.extras]
        found |= {name} - OURS
    return found


def _below(wanted: Requirement) -> Iterator[Requirement]:
    for each in map(Requirement, distribution(wanted.name).requires or ()):
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
            yield each
