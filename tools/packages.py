"""The packages of other people that Tenure needs at run time: how many each extra brings, and under which licenses.

    python -m tools.packages            writes docs/licenses.md and prints the numbers
    python -m tools.packages --check    fails where the page is stale, a license is not allowed, or they are too many

It reads the lock and what is installed; resolving is left to `tools/lock`.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.locks import read_projects

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licenses.md"
MOST = 30
"""Packages of a server or a site; the command line and PostgreSQL are extras."""
SETS = {"": (), "site": ("site",), "server": ("server",), "cli,server": ("cli", "server"),
        "cli,server,postgres": ("cli", "server", "postgres")}  # fmt: skip
COUNTED = ("", "site", "server")
ALLOWED = frozenset(["MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "Zlib"])
"""Licenses that ask for a notice and nothing more; `BSD` is either of the two, where a package does not say which."""
CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
READ_BY_US = {"pysqlite3": "Zlib"}
"""Packages whose metadata names no license: what their LICENSE file says."""
NOT_AT_RUN_TIME = frozenset({"uv-build"})
ENVIRONMENTS = tuple(
    {
        "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", "sys_platform": "linux",
        "platform_machine": "x86_64", "implementation_name": "cpython", "extra": "",
    }
    for minor in (11, 12, 13)
)  # fmt: skip
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?", re.M)


class Licensed(NamedTuple):
    """One package of the lock."""

    name: str
    version: str
    license: str
    """As an SPDX expression; empty where the package says nothing that is known."""


def pinned(lock: str) -> list[tuple[str, str]]:
    """Name and version of what the lock installs on a supported machine, the build backend aside."""
    return [
        (pin["name"], pin["version"])
        for pin in _PIN.finditer(lock)
        if pin["name"] not in NOT_AT_RUN_TIME
        and (pin["marker"] is None or any(Marker(pin["marker"].strip()).evaluate(each) for each in ENVIRONMENTS))
    ]


def license_of(name: str) -> str:
    """The license of an installed package as an SPDX expression; empty when it is not installed or says nothing."""
    if name in READ_BY_US:
        return READ_BY_US[name]
    try:
        said = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    if "License-Expression" in said:
        return str(said["License-Expression"])
    names = [each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or [] if each.startswith("License :: ")]
    return " OR ".join(sorted(CLASSIFIERS[each] for each in names if each in CLASSIFIERS))


def is_allowed(expression: str) -> bool:
    """Whether every license of an `AND`, or one of an `OR`, is among those allowed."""
    return bool(expression) and all(
        any(each.strip(" ()") in ALLOWED for each in part.split(" OR ")) for part in expression.split(" AND ")
    )


def needed(extras: tuple[str, ...]) -> set[str]:
    """Every package that Tenure with these extras brings, by its name; Tenure itself is not among them."""
    projects = {name: each["project"] for name, each in read_projects().items()}
    found: set[str] = set()
    wanted = [("", extras)]
    while wanted:
        name, asked = wanted.pop()
        texts = _asked(name) if name else _declared(projects, extras)
        for requirement in map(Requirement, texts):
            marker = requirement.marker
            if requirement.name in projects:
                continue
            if marker is None or any(marker.evaluate({**ENVIRONMENTS[0], "extra": extra}) for extra in ("", *asked)):
                below = canonicalize_name(requirement.name)
                if below not in found or requirement.extras:
                    found.add(below)
                    wanted.append((below, tuple(requirement.extras)))
    return found


def _declared(projects: dict[str, dict[str, Any]], extras: tuple[str, ...]) -> list[str]:
    texts = [text for project in projects.values() for text in project["dependencies"]]
    return texts + [text for extra in extras for text in projects["tenure"]["optional-dependencies"][extra]]


def _asked(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # for a machine of another kind
        return []


def page(packages: list[Licensed]) -> str:
    """docs/licenses.md."""
    rows = "\n".join(f"| {each.name} | {each.version} | {each.license} |" for each in packages)
    return (
        "# Licenses of what Tenure needs\n\n"
        "Written by `make docs` from `requirements.lock` and the packages' own metadata; `make check` compares it,\n"
        f"and refuses a license other than: {', '.join(sorted(ALLOWED))}.\n"
        "Tenure itself is under Apache-2.0 (`LICENSE`).\n\n"
        f"| package | version | license |\n|---|---|---|\n{rows}\n"
    )


def complaints(packages: list[Licensed], counts: dict[str, int]) -> list[str]:
    """What is wrong with licenses and numbers, one sentence each."""
    found = [
        f"{each.name}: its license ({each.license or 'none said'}) is not among those allowed"
        for each in packages
        if not is_allowed(each.license)
    ]
    found += [
        f"tenure[{extras}] brings {counts[extras]} packages; at most {MOST} are wanted"
        for extras in COUNTED
        if counts[extras] > MOST
    ]
    return found


def main(arguments: list[str]) -> int:
    """Writes the page, or with `--check` compares it; 1 where something is wrong, and what is printed."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = [Licensed(name, version, license_of(name)) for name, version in pinned(lock)]
    counts = {extras: len(needed(asked)) for extras, asked in SETS.items()}
    found = complaints(packages, counts)
    if "--check" not in arguments:
        PAGE.write_text(page(packages), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page(packages):
        found.append("docs/licenses.md is stale: run `make docs`")
    told = ", ".join(f"tenure[{extras}] {count}" if extras else f"tenure {count}" for extras, count in counts.items())
    print("\n".join(found) or f"packages: {told}; {len(packages)} licenses, all allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
