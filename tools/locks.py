"""Checks that the lock files carry what both pyproject.toml files ask for; reads files only and never asks an index.

Resolving is left to `tools/lock`. A lock that passes here installs with `--require-hashes` and nothing else.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<rest>.*)$")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
_FORBIDDEN = (
    (re.compile(r"://|\bfile:"), "an address: a lock names packages, not where they were found"),
    (
        re.compile(r"--(extra-)?index-url|--find-links|--trusted-host"),
        "an index option: that is the machine's business",
    ),
    (re.compile(r"(?:^|[\s=])/\w"), "a path of the machine it was made on"),
    (re.compile(r"\s@\s"), "a direct reference, which has no version"),
)


class Lock(NamedTuple):
    """What one lock file says: versions and numbers of hashes by canonical name."""

    versions: dict[str, set[Version]]
    hashes: dict[str, int]


def read(text: str) -> Lock:
    """Reads a lock file. One package may be pinned more than once, for different machines."""
    lock = Lock({}, {})
    name = ""
    for line in text.splitlines():
        if pin := _PIN.match(line):
            name = canonicalize_name(pin["name"])
            lock.versions.setdefault(name, set()).add(Version(pin["version"]))
            lock.hashes.setdefault(name, 0)
        if name:
            lock.hashes[name] += len(_HASH.findall(line))
    return lock


def read_projects() -> dict[str, dict[str, Any]]:
    """What the pyproject.toml of each distribution of this repository says, by the distribution's name."""
    paths = (ROOT / "pyproject.toml", ROOT / "packages" / "tenure-sdk" / "pyproject.toml")
    projects = [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {each["project"]["name"]: each for each in projects}


def asked(projects: dict[str, dict[str, Any]], *groups: str) -> list[Requirement]:
    """Every requirement of the distributions, their extras and build backends, and of the dependency groups named.

    One distribution requires the other, which no lock file has: both come from this checkout.
    """
    texts: list[str] = []
    for project in projects.values():
        texts += [*project["project"]["dependencies"], *project["build-system"]["requires"]]
        for extra in project["project"].get("optional-dependencies", {}).values():
            texts += extra
        for group in groups:
            texts += project.get("dependency-groups", {}).get(group, [])
    return [each for each in map(Requirement, texts) if each.name not in projects]


def complaints(name: str, text: str, requirements: list[Requirement]) -> list[str]:
    """What is wrong with one lock file, one sentence each; empty when it is right."""
    lock = read(text)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [f"{name}:{number} holds {why}" for pattern, why in _FORBIDDEN if pattern.search(line)]
    for requirement in requirements:
        versions = lock.versions.get(canonicalize_name(requirement.name))
        if versions is None:
            found.append(f"{name} lacks {requirement.name}, which pyproject.toml asks for: run `make lock`")
            continue
        found += [
            f"{name} pins {requirement.name} {version}, but pyproject.toml asks for {requirement.specifier}"
            for version in sorted(versions)
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    found += [f"{name} pins {package} without a hash" for package, count in lock.hashes.items() if not count]
    return found


def disagreements(run: str, dev: str) -> list[str]:
    """Where the two lock files differ on a package that programs need; tests must see what users get."""
    small, large = read(run).versions, read(dev).versions
    return [
        f"requirements.lock pins {package} {', '.join(map(str, sorted(versions)))}, requirements-dev.lock does not"
        for package, versions in small.items()
        if large.get(package) != versions
    ]


def main() -> int:
    """Prints what is wrong and returns 1, or says that all is well and returns 0."""
    projects = read_projects()
    run = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    dev = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    found = [
        *complaints("requirements.lock", run, asked(projects, "build")),
        *complaints("requirements-dev.lock", dev, asked(projects, "build", "dev")),
        *disagreements(run, dev),
    ]
    print("\n".join(found) or f"locks: {len(read(run).versions)} packages to run, {len(read(dev).versions)} to develop")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
